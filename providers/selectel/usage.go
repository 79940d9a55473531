package selectel

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// statistic is one measurement of Gnocchi.
type statistic struct {
	scope      string
	metric     pipeline.MetricName
	operations string
	factor     float64 // to our unit
}

// statistics: CPU in percent as Selectel computes it, memory in MB.
func statistics() []statistic {
	return []statistic{
		{
			scopeCPU, pipeline.CPUPercent,
			"(max (metric cpu_util mean) (/ (clip_min (rateofchangesec (metric cpu_average mean)) 0) 10000000))", 1,
		},
		{scopeMemory, pipeline.MemoryUsedBytes, "(metric memory.usage mean)", 1 << 20},
	}
}

// granularities are tried in order: a server may not have all of them, which is a 404.
func granularities() []string { return []string{"300", "60", "3600"} }

// gnocchiTime is how Gnocchi is told an instant.
const gnocchiTime = "2006-01-02T15:04:05.000Z"

// collectUsage reads the statistics of every known server for one window. One that fails leaves the others.
func (s *session) collectUsage(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	rep := &report{names: map[string]string{}}
	if _, err := s.accountToken(ctx); err != nil {
		return s.refused(ctx, rep, err)
	}
	for i := range task.Known {
		k := &task.Known[i]
		if k.Type != pipeline.Server || !strings.HasPrefix(k.Scope, "servers/") || k.ProjectID == "" {
			continue
		}
		rep.names[k.ProjectID] = k.ProjectName
		for _, st := range statistics() {
			samples := s.readStatistic(ctx, rep, k, st, task)
			if err := s.ended(ctx); err != nil {
				return s.outcome(rep), err
			}
			for part := range slices.Chunk(samples, batch) {
				if err := sink.Samples(ctx, part); err != nil {
					return s.outcome(rep), pipeline.AsFault(err)
				}
			}
		}
	}
	if len(rep.scopes) == 0 {
		rep.scope(scopeCPU).close(nil) // no server: nothing to measure, and that is all of it
	}
	out := s.outcome(rep)
	if now := s.now(); task.To.After(now) {
		out.CompleteThrough = now
	}
	return out, nil
}

func (s *session) readStatistic(ctx context.Context, rep *report, k *pipeline.KnownResource, st statistic, task pipeline.Task) []pipeline.Sample {
	scope := scopeOf(st.scope, k.RegionID, k.ProjectID)
	sc := rep.scope(scope)
	if sc.skipped {
		return nil
	}
	c, err := s.cloud(ctx, k.ProjectID)
	if err != nil {
		sc.close(noProject(err, project{ID: text(k.ProjectID), Name: text(k.ProjectName)}))
		return nil
	}
	metrics := listing{kinds: []string{"metric"}}
	i := slices.IndexFunc(metrics.endpoints(c), func(e endpoint) bool { return e.region == k.RegionID })
	if i < 0 {
		rep.note("no_metrics", scope, 1, "В каталоге Selectel нет метрик для этого региона: загрузка его серверов не собрана.",
			"Selectel's catalog has no metrics of this region: the load of its servers was not collected.")
		return nil
	}
	at := site{scope: scope, region: k.RegionID, cloud: c, client: serviceClient(c, metrics.endpoints(c)[i].url, "v1", "", "")}
	for _, g := range granularities() {
		samples, err := s.aggregate(ctx, at, k.ID, st, g, task)
		if f := fault(err); f != nil && f.Code == pipeline.FaultNotFound {
			continue
		}
		sc.close(err)
		sc.found += int64(len(samples))
		return samples
	}
	sc.close(nil)
	rep.note("no_statistics", scope, 1, "У части серверов Selectel не нашёл метрик: они новые, удалены или выключены.",
		"Selectel found no metrics of some servers: they are new, removed or switched off.")
	return nil
}

// aggregate asks for one statistic of one server.
func (s *session) aggregate(ctx context.Context, at site, id string, st statistic, granularity string, task pipeline.Task) ([]pipeline.Sample, error) {
	query := url.Values{
		"details": {"false"}, "granularity": {granularity}, "start": {task.From.UTC().Format(gnocchiTime)}, "stop": {task.To.UTC().Format(gnocchiTime)},
	}
	body := map[string]string{"operations": st.operations, "search": "id=" + id, "resource_type": "generic"}
	var raw json.RawMessage
	opts := okOptions()
	_, err := at.client.Post(scoped(ctx, at.scope), at.client.ServiceURL("aggregates")+"?"+query.Encode(), body, &raw, opts) //nolint:bodyclose // gophercloud reads and closes the body of an answer that it decodes
	if err != nil {
		if at.cloud.fault != nil {
			err = at.cloud.fault
		}
		return nil, s.openstackFault(ctx, at.scope, err)
	}
	points, ok := parseMeasures(raw)
	if !ok {
		return nil, s.edge.Malformed(at.scope, "no measures in the answer")
	}
	return samplesOf(points, id, st, task.From, task.To), nil
}

// point is one measurement; null where Gnocchi has none.
type point struct {
	at    time.Time
	value float64
}

// parseMeasures reads {"measures":{"aggregated":[...]}} and {"measures":{"<id>":{"<metric>":{"mean":[...]}}}}: the first list
// of points, however deep it stands.
func parseMeasures(raw []byte) ([]point, bool) {
	var a struct {
		Measures json.RawMessage `json:"measures"`
	}
	if json.Unmarshal(raw, &a) != nil || len(a.Measures) == 0 {
		return nil, false
	}
	return findPoints(a.Measures, 4)
}

func findPoints(raw json.RawMessage, depth int) ([]point, bool) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || depth < 0:
		return nil, false
	case raw[0] == '[':
		return readPoints(raw)
	case raw[0] != '{':
		return nil, false
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil, false
	}
	if len(m) == 0 {
		return nil, true // nothing was measured
	}
	for _, v := range m {
		if points, ok := findPoints(v, depth-1); ok {
			return points, true
		}
	}
	return nil, false
}

// readPoints reads [[time, granularity, value], ...] and leaves nulls out.
func readPoints(raw json.RawMessage) ([]point, bool) {
	var rows [][]json.RawMessage
	if json.Unmarshal(raw, &rows) != nil {
		return nil, false
	}
	out := make([]point, 0, len(rows))
	for _, r := range rows {
		var at text
		var value *float64
		if len(r) < 3 || json.Unmarshal(r[0], &at) != nil || json.Unmarshal(r[len(r)-1], &value) != nil || value == nil {
			continue
		}
		if t := at.utc(); !t.IsZero() && !math.IsNaN(*value) && !math.IsInf(*value, 0) {
			out = append(out, point{t, *value})
		}
	}
	return out, true
}

// samplesOf keeps the points within the window, one an instant.
func samplesOf(points []point, id string, st statistic, from, to time.Time) []pipeline.Sample {
	slices.SortStableFunc(points, func(a, b point) int { return a.at.Compare(b.at) })
	var out []pipeline.Sample
	for _, p := range points {
		if p.at.Before(from) || !p.at.Before(to) || len(out) > 0 && out[len(out)-1].Time.Equal(p.at) {
			continue
		}
		out = append(out, pipeline.Sample{ResourceID: id, Metric: st.metric, Time: p.at, Value: p.value * st.factor})
	}
	return out
}
