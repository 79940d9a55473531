package yandex

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// sourceExport is the source of all charges of the export. A day is replaced whole, whichever file tells it: an export that was
// set up anew under another prefix does not count a day twice.
const sourceExport = "export"

// maxFile bounds a file of the export.
const maxFile = 4 << 30

// file is one file of the export being read.
type file struct {
	object pipeline.Object
	export *export
	sink   pipeline.Sink
	// date is the day that the file is of, through the instant until which it tells it.
	date, through time.Time
	slices        map[time.Time]pipeline.SliceWriter
	rows          int64
	unpriced      int64
	strayed       int64
	rounded       int64
}

// collectFile reads one file of the export: a day in UTC+3, summed up so far. Nothing is replaced unless it was read whole.
func (s *session) collectFile(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	var rep report
	if s.bucket == nil {
		rep.skip(scopeExport, scopeLabel(scopeExport), pipeline.Text{
			RU: "Бакет с детализацией не указан: расходы берутся из отчётов API.", EN: "No bucket with the export is given: costs come from the API's reports.",
		})
		return s.outcome(&rep), nil
	}
	f := &file{object: task.Object, sink: sink, slices: map[time.Time]pipeline.SliceWriter{}}
	err := s.readFile(ctx, f)
	if stop := stopped(ctx); stop != nil {
		f.abort()
		return s.outcome(&rep), stop
	}
	if err == nil {
		if err := f.commit(ctx); err != nil {
			return s.outcome(&rep), err
		}
	}
	f.abort()
	rep.scope(scopeExport, scopeLabel(scopeExport), f.rows, err)
	f.notes(&rep)
	out := s.outcome(&rep)
	if err == nil && !f.date.IsZero() {
		out.CompleteThrough = f.completeThrough()
	}
	return out, nil
}

func (s *session) readFile(ctx context.Context, f *file) error {
	e, err := s.bucket.open(ctx, f.object.Key)
	if err != nil {
		return err
	}
	defer func() { _ = e.body.Close() }() // what was read stands
	f.export = e
	in := &counting{in: io.LimitReader(e.body, maxFile+1)}
	err = f.read(ctx, in)
	switch {
	case in.err != nil:
		return s.bucket.fault(ctx, f.object.Key, in.err)
	case in.n > maxFile:
		return plain(pipeline.FaultTooLarge, false,
			"Файл детализации больше 4 ГБ и не прочитан. Сообщите в поддержку InfraZen.", "The file of the export is over 4 GB and was not read. Tell InfraZen's support.")
	case err != nil:
		return s.fileFault(f.object.Key, err)
	case e.etag == f.object.Version && in.n != f.object.Size:
		return s.fileFault(f.object.Key, fmt.Errorf("%d bytes of %d came", in.n, f.object.Size))
	}
	return nil
}

// counting counts what is read and keeps the error of the connection apart from those of the content.
type counting struct {
	in  io.Reader
	n   int64
	err error
}

// Read implements io.Reader.
func (c *counting) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

func (s *session) fileFault(key string, err error) error {
	var known *pipeline.Fault
	if errors.As(err, &known) {
		return known
	}
	f := plain(pipeline.FaultMalformed, true,
		"Файл детализации не читается: он оборван или это не выгрузка Yandex Cloud Billing. Загруженное за этот день осталось как было; повторим сами. Если не пройдёт, проверьте бакет и префикс.",
		"The file of the export cannot be read: it is torn, or no export of Yandex Cloud Billing. What was loaded of this day stays as it was; it will be read again. If it stays, check the bucket and the prefix.")
	f.Scope, f.Err = key, errors.New(s.edge.Clean(err.Error()))
	return f
}

// dateInName finds a day in a file's name: 20260110 or 2026-01-10.
func dateInName() *regexp.Regexp { return regexp.MustCompile(`(20\d\d)-?([01]\d)-?([0-3]\d)\D*$`) }

func (f *file) read(ctx context.Context, in io.Reader) error {
	r, err := newExportReader(in)
	if err != nil {
		return err
	}
	if m := dateInName().FindStringSubmatch(f.object.Key); m != nil {
		if t, err := parseDay(m[1] + m[2] + m[3]); err == nil {
			f.date = t
		}
	}
	for {
		one, err := r.next()
		if errors.Is(err, io.EOF) {
			return f.nothing(ctx)
		}
		if err != nil {
			return err
		}
		if f.rows++; f.rows%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := f.add(ctx, &one); err != nil {
			return err
		}
	}
}

// nothing opens the day of a file without rows, so that what was there is taken back.
func (f *file) nothing(ctx context.Context) error {
	if f.rows > 0 || f.date.IsZero() {
		return nil
	}
	_, err := f.slice(ctx, f.date)
	return err
}

func (f *file) add(ctx context.Context, r *row) error {
	if f.date.IsZero() {
		f.date = r.date
	}
	if f.through.IsZero() {
		f.through = r.exported
	}
	if r.cost == nil {
		f.unpriced++
	}
	if !r.date.Equal(f.date) {
		f.strayed++
	}
	f.rounded += r.rounded
	w, err := f.slice(ctx, r.date)
	if err != nil {
		return err
	}
	for _, c := range r.charges() {
		if err := w.Add(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// slice opens the slice of a day. Rows of another day than the file's are kept beside that day's own, not in place of it.
func (f *file) slice(ctx context.Context, date time.Time) (pipeline.SliceWriter, error) {
	if w, ok := f.slices[date]; ok {
		return w, nil
	}
	if f.through.IsZero() {
		f.through = f.export.modified
	}
	s := pipeline.Slice{Source: sourceExport, From: date, To: date.Add(day), Cumulative: true, Through: f.through}
	if !date.Equal(f.date) {
		s.Source += ":" + f.object.Key
	}
	w, err := f.sink.Slice(ctx, s)
	if err == nil {
		f.slices[date] = w
	}
	return w, err
}

func (f *file) commit(ctx context.Context) error {
	for _, w := range f.slices {
		if err := w.Commit(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (f *file) abort() {
	for _, w := range f.slices {
		w.Abort()
	}
}

// completeThrough is when the file was written, in whole hours, within its day.
func (f *file) completeThrough() time.Time {
	end := f.date.Add(day)
	if f.through.IsZero() || f.through.After(end) {
		return end
	}
	if f.through.Before(f.date) {
		return f.date
	}
	return f.through.Truncate(time.Hour)
}

func (f *file) notes(rep *report) {
	rep.note("cost_missing", scopeExport, f.unpriced, pipeline.Text{
		RU: "В строках детализации нет стоимости: они показаны как строки без цены.", EN: "Lines of the export have no cost: they are shown as lines without a price.",
	})
	rep.note("other_day", scopeExport, f.strayed, pipeline.Text{
		RU: "В файле детализации есть строки другого дня; они учтены в своём дне.", EN: "The file of the export has lines of another day; they count in their own day.",
	})
	rep.note("rounded", scopeExport, f.rounded, pipeline.Text{
		RU: "Числа детализации округлены до 18 знаков после запятой.", EN: "Numbers of the export were rounded to 18 digits after the point.",
	})
}
