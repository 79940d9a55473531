package vk

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/infrazen/infrazen/pipeline"
)

// namespace is where Cloud Monitoring keeps what the agent in a server sends (monitoring2-api.json).
const namespace = "mcs/vm"

// Monitoring keeps points for 30 days, in steps of 1 minute, 5 minutes and 1 hour.
const (
	pointsKept = 30 * 24 * time.Hour
	fineAge    = 7 * 24 * time.Hour
	fineStep   = 5 * time.Minute
	wideStep   = time.Hour
)

// measure is one metric with the agent's names for it. A name of what is free is taken from a hundred.
type measure struct {
	scope  string
	metric pipeline.MetricName
	names  []string
	free   []bool
}

// measures are the metrics of Telegraf's plugins cpu and mem, which the agent has (mon-metrics.md).
func measures() []measure {
	return []measure{
		{scopeCPU, pipeline.CPUPercent, []string{"cpu_usage_active", "cpu_usage_idle"}, []bool{false, true}},
		{scopeMemory, pipeline.MemoryUsedBytes, []string{"mem_used_percent", "mem_available_percent"}, []bool{false, true}},
	}
}

// collectUsage reads the load of the known servers for one window.
func (s *session) collectUsage(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	var rep report
	if err := s.connect(ctx); err != nil {
		return s.outcome(&rep), err
	}
	s.learnMemory(ctx, &rep)
	if err := s.ended(ctx); err != nil {
		return s.outcome(&rep), err
	}
	who := newTargets(task.Known)
	for _, m := range measures() {
		samples, err := s.measure(ctx, m, task, who, &rep)
		if stop := s.ended(ctx); stop != nil {
			return s.outcome(&rep), stop
		}
		rep.close(m.scope, err, int64(len(samples)))
		if err := sink.Samples(ctx, samples); err != nil {
			return s.outcome(&rep), pipeline.AsFault(err)
		}
	}
	rep.note("series_unmatched", "", who.strangers, "Мониторинг прислал ряды машин, которых нет среди известных серверов: они пропущены.",
		"Monitoring sent series of machines that are not among the known servers: they were left out.")
	out := s.outcome(&rep)
	if now := s.edge.Now(); task.To.After(now) {
		out.CompleteThrough = now
	}
	return out, nil
}

// learnMemory reads the servers' sizes, without which a percentage of memory says no bytes, unless they are known from before.
func (s *session) learnMemory(ctx context.Context, rep *report) {
	if s.memory != nil {
		return
	}
	inv := &inventory{session: s, seen: map[string]bool{}}
	inv.readFlavors(ctx)
	if s.ended(ctx) == nil {
		inv.readServers(ctx)
	}
	rep.scopes = append(rep.scopes, inv.scopes...)
}

// measure reads one metric: the first of its names that has series of known servers.
func (s *session) measure(ctx context.Context, m measure, task pipeline.Task, who *targets, rep *report) ([]pipeline.Sample, error) {
	now := s.edge.Now()
	if !task.To.After(now.Add(-pointsKept)) || len(who.ids) == 0 {
		return nil, nil
	}
	for i, name := range m.names {
		series, err := s.query(ctx, m.scope, name, task.From, task.To, now)
		if err != nil {
			return nil, err
		}
		if samples := s.samples(series, m, m.free[i], task, who, rep); len(samples) > 0 {
			return samples, nil
		}
	}
	return nil, nil
}

// series is one row of a matrix of Prometheus.
type series struct {
	Metric map[string]string    `json:"metric"`
	Values [][2]json.RawMessage `json:"values"`
}

type matrix struct {
	Status string `json:"status"`
	Error  string `json:"error"`
	Data   *struct {
		ResultType string   `json:"resultType"`
		Result     []series `json:"result"`
	} `json:"data"`
}

func (s *session) query(ctx context.Context, scope, name string, from, to, now time.Time) ([]series, error) {
	step := fineStep
	if from.Before(now.Add(-fineAge)) {
		step = wideStep
	}
	q := url.Values{
		"namespace": {namespace}, "query": {name}, "start": {strconv.FormatInt(from.Unix(), 10)},
		"end": {strconv.FormatInt(to.Unix()-1, 10)}, "step": {fmt.Sprintf("%ds", int(step/time.Second))}, "timeout": {"30s"},
	}
	var m matrix
	_, err := s.cloud.Request(withScope(ctx, scope), http.MethodGet, s.monitoring+"/"+url.PathEscape(s.project)+"/query_range?"+q.Encode(), &gophercloud.RequestOpts{ //nolint:bodyclose // gophercloud reads and closes the body of an answer that it decodes
		JSONResponse: &m, OkCodes: []int{http.StatusOK},
	})
	if err != nil {
		return nil, s.monitoringFault(scope, err)
	}
	if m.Status != "success" || m.Data == nil || m.Data.ResultType != "matrix" {
		return nil, s.edge.Malformed(scope, "no matrix in the answer")
	}
	return m.Data.Result, nil
}

// monitoringFault tells of a Monitoring that was never switched on: VK's support does that.
func (s *session) monitoringFault(scope string, err error) error {
	f := s.fault(scope, err)
	if f.Code != pipeline.FaultForbidden && f.Code != pipeline.FaultNotFound {
		return f
	}
	f.Code = pipeline.FaultForbidden
	f.Text = pipeline.Text{
		RU: "VK Cloud не открывает мониторинг этого проекта. Cloud Monitoring включает поддержка VK Cloud, а на серверах нужен его агент; без них нагрузки не будет.",
		EN: "VK Cloud does not open this project's monitoring. Cloud Monitoring is switched on by VK Cloud's support, and servers need its agent; without them there is no load.",
	}
	return f
}

// targets finds servers by what a series says of its machine.
type targets struct {
	ids       map[string]bool
	byName    map[string]string // "" when several have it
	strangers int64
}

func newTargets(known []pipeline.KnownResource) *targets {
	t := &targets{ids: map[string]bool{}, byName: map[string]string{}}
	for _, k := range known {
		if k.Type != pipeline.Server || k.Scope != scopeServers {
			continue
		}
		t.ids[k.ID] = true
		name := strings.ToLower(k.Name)
		if _, twice := t.byName[name]; twice {
			t.byName[name] = ""
		} else {
			t.byName[name] = k.ID
		}
	}
	return t
}

// find gives the server of a series; "" when none is known. VK names no label: any value that is a server's identifier is taken, and
// else the name of the host, with or without its domain.
func (t *targets) find(labels map[string]string) string {
	for _, k := range slices.Sorted(mapKeys(labels)) {
		if t.ids[labels[k]] {
			return labels[k]
		}
	}
	for _, k := range []string{"host", "hostname", "instance_name", "instance", "vm_name", "name"} {
		name := strings.ToLower(labels[k])
		if id := t.byName[name]; id != "" {
			return id
		}
		short, _, _ := strings.Cut(name, ".")
		if id := t.byName[short]; id != "" {
			return id
		}
	}
	t.strangers++
	return ""
}

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// samples takes the points of the window that lie in it, in order, one of each instant.
func (s *session) samples(all []series, m measure, free bool, task pipeline.Task, who *targets, rep *report) []pipeline.Sample {
	type id struct {
		resource string
		at       int64
	}
	seen := map[id]bool{}
	var out []pipeline.Sample
	for i := range all {
		if cpu := all[i].Metric["cpu"]; cpu != "" && cpu != "cpu-total" {
			continue // of one core
		}
		server := who.find(all[i].Metric)
		if server == "" {
			continue
		}
		factor := 1.0
		if m.metric == pipeline.MemoryUsedBytes {
			if factor = float64(s.memory[server]) / 100; factor == 0 {
				continue
			}
		}
		for _, v := range all[i].Values {
			at, value, ok := parsePoint(v)
			if !ok {
				rep.note("unreadable_points", m.scope, 1, "Точки без понятного времени или значения пропущены.", "Points without a readable time or value were left out.")
				continue
			}
			if k := (id{server, at.Unix()}); at.Before(task.From) || !at.Before(task.To) || math.IsNaN(value) || seen[k] {
				continue
			} else {
				seen[k] = true
			}
			if free {
				value = 100 - value
			}
			out = append(out, pipeline.Sample{ResourceID: server, Metric: m.metric, Time: at, Value: max(value, 0) * factor})
		}
	}
	slices.SortFunc(out, func(a, b pipeline.Sample) int {
		return cmp.Or(cmp.Compare(a.ResourceID, b.ResourceID), a.Time.Compare(b.Time))
	})
	return out
}

// parsePoint reads a point of Prometheus: Unix seconds, perhaps with a fraction, and the value as text. Values that are no numbers are
// NaN.
func parsePoint(v [2]json.RawMessage) (at time.Time, value float64, ok bool) {
	var seconds float64
	var text string
	if json.Unmarshal(v[0], &seconds) != nil || json.Unmarshal(v[1], &text) != nil || math.Abs(seconds) > 1e11 {
		return time.Time{}, 0, false
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return time.Time{}, 0, false
	}
	if math.IsInf(value, 0) || math.Abs(value) > 1e6 {
		value = math.NaN()
	}
	return time.Unix(int64(seconds), 0).UTC(), value, true
}
