package vk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

// sourceFile begins the name of the source of a report's charges.
const sourceFile = "file:"

// DefaultMapping is how a report is read unless the connection says something else. VK documents that the report is by day, with resource
// identifiers and labels, as CSV or XLSX (balance.md, consumption-report; detail.md), and names no column: these are ours.
func DefaultMapping(currency string) table.Mapping {
	return table.Mapping{
		Version: table.Version, Period: table.Day, Decimal: ",", Currency: currency, Provider: "VK Cloud",
		Columns: map[table.Role]string{
			table.RoleStart: "Дата", table.RoleService: "Сервис", table.RoleResourceType: "Тип ресурса", table.RoleResourceID: "ID ресурса",
			table.RoleResourceName: "Имя ресурса", table.RoleSku: "Статья расхода", table.RoleQuantity: "Количество",
			table.RoleUnit: "Единица измерения", table.RoleCost: "Стоимость",
		},
		Tags:     []table.TagColumn{{Column: "Метки"}},
		LeaveOut: []table.LeaveOut{{Column: "Дата", Prefix: "Итого"}},
	}
}

// readMapping reads the mapping of the settings, or gives the default one. The version stands for a mapping of the user's own.
func readMapping(text, currency string) (m table.Mapping, version string, err error) {
	if text = strings.TrimSpace(text); text == "" {
		return DefaultMapping(currency), "", nil
	}
	if m, err = table.ParseMapping(text); err != nil {
		return m, "", err
	}
	sum := sha256.Sum256([]byte(m.JSON()))
	return m, hex.EncodeToString(sum[:8]), nil
}

// Preview implements pipeline.Previewer: without a mapping the default one is tried, and then a guess.
func (p Provider) Preview(ctx context.Context, name string, file io.ReadSeeker, mapping string, _ *time.Location) (pipeline.Preview, error) {
	zone, err := time.LoadLocation(p.place.zone)
	if err != nil {
		return pipeline.Preview{}, fmt.Errorf("cannot use the zone %q: %w", p.place.zone, err)
	}
	if strings.TrimSpace(mapping) != "" {
		return table.Preview(ctx, name, file, mapping, zone)
	}
	shown, err := table.Preview(ctx, name, file, DefaultMapping(p.place.currency).JSON(), zone)
	if err != nil || shown.Fault == nil {
		return shown, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return pipeline.Preview{}, fmt.Errorf("cannot read the file %s once more: %w", name, err)
	}
	return table.Preview(ctx, name, file, "", zone)
}

// uploaded lists the reports, the oldest first.
func (s *session) uploaded(ctx context.Context) ([]pipeline.Upload, error) {
	if s.env.Uploads == nil {
		return nil, nil // no connection yet: settings are being tried
	}
	all, err := s.env.Uploads.List(ctx)
	if err != nil {
		return nil, pipeline.AsFault(fmt.Errorf("cannot list uploads: %w", err))
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b pipeline.Upload) int {
		return cmp.Or(a.UploadedAt.Compare(b.UploadedAt), cmp.Compare(a.Name, b.Name))
	})
	return all, nil
}

// Objects implements pipeline.Session: the uploaded reports. What a report holds depends on the newer ones, which are believed where
// periods overlap, and on the mapping: the versions say both, so that a report is read again when one of them changes.
func (s *session) Objects(ctx context.Context) ([]pipeline.Object, error) {
	all, err := s.uploaded(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]pipeline.Object, 0, len(all))
	for i, u := range all {
		o := pipeline.Object{Key: u.Name, Version: u.Version, Size: u.Size, Modified: u.UploadedAt.UTC()}
		if !u.Removed && s.mappingVersion != "" {
			o.Version += "; mapping " + s.mappingVersion
		}
		if newer := living(all[i+1:]); !u.Removed && len(newer) > 0 {
			h := sha256.New()
			for _, n := range newer {
				_, _ = fmt.Fprintf(h, "%d:%s%d:%s", len(n.Name), n.Name, len(n.Version), n.Version) // a hash takes everything
			}
			o.Version += "; behind " + hex.EncodeToString(h.Sum(nil)[:8])
		}
		out = append(out, o)
	}
	return out, nil
}

func living(us []pipeline.Upload) []pipeline.Upload {
	return slices.DeleteFunc(slices.Clone(us), func(u pipeline.Upload) bool { return u.Removed })
}

// collectReport loads one report, whole or not at all. The charges of one that was removed are taken back.
func (s *session) collectReport(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	key := task.Object.Key
	var rep report
	all, err := s.uploaded(ctx)
	if err != nil {
		return s.outcome(&rep), err
	}
	w, err := sink.Slice(ctx, pipeline.Slice{Source: sourceFile + key})
	if err != nil {
		return s.outcome(&rep), pipeline.AsFault(err)
	}
	defer w.Abort()
	at := slices.IndexFunc(all, func(u pipeline.Upload) bool { return u.Name == key })
	var out pipeline.Outcome
	if at >= 0 && !all[at].Removed {
		r, err := s.load(ctx, w, all[at], living(all[at+1:]), &rep)
		if err != nil {
			return s.outcome(&rep), err
		}
		out = s.outcome(&rep)
		out.CompleteThrough = r.Last
	} else {
		rep.close(sourceFile+key, nil, 0)
		out = s.outcome(&rep)
	}
	if err := w.Commit(ctx); err != nil {
		return out, pipeline.AsFault(err)
	}
	return out, nil
}

// load reads a report into its slice, without the days that newer reports have.
func (s *session) load(ctx context.Context, w pipeline.SliceWriter, u pipeline.Upload, newer []pipeline.Upload, rep *report) (table.Report, error) {
	taken := map[int64]bool{}
	for _, n := range newer {
		days, err := s.daysOf(ctx, n)
		if err != nil {
			return table.Report{}, err
		}
		for d := range days {
			taken[d] = true
		}
	}
	scope := sourceFile + u.Name
	var found, left int64
	r, err := s.read(ctx, u, func(c pipeline.Charge) error {
		for _, d := range daysBetween(c.Start, c.End, s.zone) {
			if taken[d] {
				left++
				return nil
			}
		}
		found++
		s.complete(&c)
		return w.Add(ctx, c)
	})
	if err != nil {
		return r, err
	}
	rep.notes = append(rep.notes, r.Notes...)
	rep.close(scope, nil, found)
	rep.note("newer_report", scope, left, "Часть строк этого отчёта не учтена: за те же дни есть отчёт, загруженный позже, верен он.",
		"Some rows of this report do not count: a report uploaded later has the same days and is believed.")
	if r.Last.After(u.UploadedAt) {
		rep.note("report_day_unfinished", scope, 1, "Последний день отчёта ещё не кончился, когда отчёт загрузили: сумма за этот день неполна. Загрузите отчёт ещё раз на следующий день.",
			"The report's last day had not ended when it was uploaded: the sum of that day is not whole. Upload the report again on the next day.")
	}
	return r, nil
}

func (s *session) read(ctx context.Context, u pipeline.Upload, add func(pipeline.Charge) error) (table.Report, error) {
	in, err := s.env.Uploads.Open(ctx, u.Name, u.Version)
	if errors.Is(err, pipeline.ErrNotFound) {
		return table.Report{}, &pipeline.Fault{
			Code: pipeline.FaultUnavailable, Scope: u.Name, Retry: true, Err: err,
			Text: pipeline.Text{RU: "Список отчётов изменился во время чтения. Прочитаем заново сами.", EN: "The list of reports changed meanwhile. It will be read again by itself."},
		}
	}
	if err != nil {
		return table.Report{}, pipeline.AsFault(fmt.Errorf("cannot open the report %s: %w", u.Name, err))
	}
	defer func() { _ = in.Close() }() // what was read stands
	r, err := table.Read(ctx, in, u.Name, s.mapping, s.zone, add)
	if err != nil {
		return r, pipeline.AsFault(err)
	}
	return r, nil
}

// daysOf are the days that a report has lines of, by their first second. A report that cannot be read has none: it is not loaded either.
func (s *session) daysOf(ctx context.Context, u pipeline.Upload) (map[int64]bool, error) {
	if days, ok := s.days[u.Version]; ok {
		return days, nil
	}
	days := map[int64]bool{}
	_, err := s.read(ctx, u, func(c pipeline.Charge) error {
		for _, d := range daysBetween(c.Start, c.End, s.zone) {
			days[d] = true
		}
		return nil
	})
	switch {
	case err != nil && (ctx.Err() != nil || pipeline.AsFault(err).Retry):
		return nil, err
	case err != nil:
		clear(days)
	}
	if s.days == nil || len(s.days) > 1000 {
		s.days = map[string]map[int64]bool{}
	}
	s.days[u.Version] = days
	return days, nil
}

// daysBetween gives the first seconds of the days of a zone that a period touches.
func daysBetween(from, to time.Time, zone *time.Location) []int64 {
	y, m, d := from.In(zone).Date()
	out := []int64{time.Date(y, m, d, 0, 0, 0, 0, zone).Unix()}
	for i := 1; i < 4000; i++ {
		day := time.Date(y, m, d+i, 0, 0, 0, 0, zone)
		if !day.Before(to) {
			break
		}
		out = append(out, day.Unix())
	}
	return out
}
