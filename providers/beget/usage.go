package beget

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// target is one thing that has statistics.
type target struct {
	id     string
	prefix string // "/v1/vps/statistic/cpu/ID" and "/v1/cloud/mysql/ID/statistic/cpu" differ
	engine string // "" for a server
}

func (t target) path(endpoint, word string) string {
	q := "?period=" + word
	if t.engine == "" {
		return "/v1/vps/statistic/" + endpoint + "/" + url.PathEscape(t.id) + q
	}
	return "/v1/cloud/" + t.engine + "/" + url.PathEscape(t.id) + "/statistic/" + endpoint + q
}

func (t target) scope(endpoint string) string { return t.prefix + endpoint }

// collectUsage reads the statistics of every known server and cloud database for one window. One that fails leaves the
// others.
func (s *session) collectUsage(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	var rep report
	if _, err := s.bearer(ctx); err != nil {
		if stop := stopped(ctx); stop != nil {
			err = stop
		}
		return s.outcome(&rep), err
	}
	for _, t := range s.targets(ctx, task, &rep) {
		for _, st := range statistics() {
			samples := s.readStatistic(ctx, t, st, task, &rep)
			if err := stopped(ctx); err != nil {
				return s.outcome(&rep), err
			}
			if err := handSamples(ctx, sink, samples); err != nil {
				return s.outcome(&rep), err
			}
		}
		if f := s.authFault; f != nil && needsPerson(f) {
			return s.outcome(&rep), f
		}
	}
	rep.nothingPermitted()
	out := s.outcome(&rep)
	if now := s.edge.Now(); task.To.After(now) {
		out.CompleteThrough = now
	}
	return out, nil
}

// targets are the known servers, and the known cloud databases that are still there.
func (s *session) targets(ctx context.Context, task pipeline.Task, rep *report) []target {
	var out []target
	databases := map[string]bool{}
	for _, k := range task.Known {
		switch {
		case k.Type == pipeline.Server && k.Scope == scopeVPS:
			out = append(out, target{id: k.ID, prefix: scopeVPSStat})
		case k.Type == pipeline.Database && k.Scope == scopeCloud:
			databases[k.ID] = true
		}
	}
	if len(databases) == 0 {
		return out
	}
	engines, err := s.databaseEngines(ctx)
	rep.closeScope(scopeCloud, err, int64(len(engines)))
	for _, id := range sortedKeys(databases) {
		if e := engines[id]; e != "" {
			out = append(out, target{id: id, prefix: scopeCloudStat, engine: e})
		}
	}
	return out
}

// databaseEngines tells which engine each cloud database runs, from the list of services, kept as long as statistics are.
func (s *session) databaseEngines(ctx context.Context) (map[string]string, error) {
	now := s.edge.Now()
	if s.engines != nil && now.Sub(s.enginesAt) < statCacheAge && !now.Before(s.enginesAt) {
		return s.engines, nil
	}
	list, err := s.listCloud(ctx, scopeCloud)
	engines := map[string]string{}
	for _, c := range list {
		if e := c.engine(); e != "" {
			engines[string(c.ID)] = e
		}
	}
	if err == nil {
		s.engines, s.enginesAt = engines, now
	}
	return engines, err
}

// readStatistic reads one statistic of one target for the window, from the periods that fit it.
func (s *session) readStatistic(ctx context.Context, t target, st statistic, task pipeline.Task, rep *report) []pipeline.Sample {
	scope := t.scope(st.endpoint)
	if sc := rep.scope(scope); sc.skipped {
		return nil
	}
	whole := points{}
	for _, p := range slices.Backward(periodsFor(task.From, task.To, s.edge.Now())) {
		got, err := s.statistic(ctx, t, st, p, task.To, rep)
		if isCode(err, pipeline.FaultNotFound) {
			rep.note("no_statistics", scope, 1, "Beget не знает части машин или баз: их нагрузка не собрана, скорее всего они удалены.",
				"Beget does not know some machines or databases: their load was not collected, most likely they are removed.")
			err, got = nil, nil
		}
		rep.closeScope(scope, err, 0)
		if err != nil {
			break
		}
		for metric, ss := range got {
			whole[metric] = overlay(whole[metric], ss)
		}
	}
	var out []pipeline.Sample
	for _, se := range st.series {
		out = append(out, within(whole[se.metric], t.id, task.From, task.To)...)
	}
	rep.scope(scope).found += int64(len(out))
	return out
}

// statistic asks for one period of one statistic, or takes it from the cache.
func (s *session) statistic(ctx context.Context, t target, st statistic, p period, to time.Time, rep *report) (points, error) {
	path, scope := t.path(st.endpoint, p.word), t.scope(st.endpoint)
	if got, ok := s.stats.get(path, to, s.edge.Now()); ok {
		return got, nil
	}
	var body map[string]json.RawMessage
	if err := s.get(ctx, scope, path, nil, &body); err != nil {
		return nil, err
	}
	got, odd, ok := parseStatistic(st, body)
	if !ok {
		return nil, s.edge.Malformed(scope, "no series in the answer")
	}
	rep.note("unequal_series", scope, odd.unequal, "Beget прислал времена и значения разного числа: взята общая часть.",
		"Beget sent times and values of unequal number: the common part was taken.")
	rep.note("undated_points", scope, odd.undated, "Точки без понятного времени пропущены.", "Points without a readable time were left out.")
	if p.long > time.Hour {
		s.stats.put(path, got, s.edge.Now())
	}
	return got, nil
}

func handSamples(ctx context.Context, sink pipeline.Sink, samples []pipeline.Sample) error {
	for part := range slices.Chunk(samples, batch) {
		if err := sink.Samples(ctx, part); err != nil {
			return pipeline.AsFault(err)
		}
	}
	return nil
}
