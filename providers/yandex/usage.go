package yandex

import (
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

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// The limits of one read (yandex.cloud/en/docs/monitoring/concepts/limits), with room to spare.
const (
	maxSeries = 400
	maxPoints = 9000
)

// metric is a series of Monitoring. Disks and network cards of a machine are series of their own and add up.
type metric struct {
	name   string
	into   pipeline.MetricName
	series int // about how many series one machine has
}

// metrics are those that machines have without an agent. Memory is not among them.
func metrics() []metric {
	return []metric{
		{"cpu_usage", pipeline.CPUPercent, 1},
		{"disk.read_bytes", pipeline.DiskReadBytes, 3},
		{"disk.write_bytes", pipeline.DiskWriteBytes, 3},
		{"network_received_bytes", pipeline.NetworkReceiveBytes, 2},
		{"network_sent_bytes", pipeline.NetworkTransmitBytes, 2},
	}
}

// collectUsage reads the load of the machines that the inventory found.
func (s *session) collectUsage(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	var rep report
	machines := map[string][]pipeline.KnownResource{}
	for _, k := range task.Known {
		if k.Type == pipeline.Server && strings.HasPrefix(k.Scope, "compute/instances/") {
			folder := folderOf(k.Scope)
			machines[folder] = append(machines[folder], k)
		}
	}
	folders := make([]string, 0, len(machines))
	for f := range machines {
		folders = append(folders, f)
	}
	slices.Sort(folders)
	for _, f := range folders {
		for _, m := range metrics() {
			found, err := s.readMetric(ctx, task, sink, f, m, machines[f])
			if stop := stopped(ctx); stop != nil {
				return s.outcome(&rep), stop
			}
			scope := "monitoring/" + m.name + "/" + f
			rep.scope(scope, pipeline.Text{RU: "Нагрузка " + m.name + ": " + f, EN: "Load " + m.name + ": " + f}, found, err)
		}
	}
	if len(rep.scopes) == 0 {
		rep.scope("monitoring", pipeline.Text{RU: "Нагрузка машин", EN: "Load of machines"}, 0, nil)
	}
	rep.nothingPermitted()
	return s.outcome(&rep), nil
}

// stepOf is how far apart the points of a window are.
func stepOf(window time.Duration) time.Duration {
	switch {
	case window <= 3*time.Hour:
		return 5 * time.Minute
	case window <= 2*day:
		return 15 * time.Minute
	}
	return time.Hour
}

// readMetric reads one metric of the machines of a folder, some machines at a time.
func (s *session) readMetric(ctx context.Context, task pipeline.Task, sink pipeline.Sink, folder string, m metric, machines []pipeline.KnownResource) (int64, error) {
	step := stepOf(task.To.Sub(task.From))
	points := int(task.To.Sub(task.From)/step) + 1
	batch := max(1, min(maxSeries, maxPoints/points)/m.series)
	found := int64(0)
	for some := range slices.Chunk(machines, batch) {
		samples, err := s.readSamples(ctx, task, folder, m, step, some)
		if err != nil {
			return found, err
		}
		if err := sink.Samples(ctx, samples); err != nil {
			return found, err
		}
		found += int64(len(samples))
	}
	return found, nil
}

// timeseries is an answer of data/read. A gap is null or the text "NaN"; whole numbers come as strings.
type timeseries struct {
	Metrics []struct {
		Labels     map[string]string `json:"labels"`
		Timeseries struct {
			Timestamps   []lenientNumber `json:"timestamps"`
			DoubleValues []lenientNumber `json:"doubleValues"`
			Int64Values  []lenientNumber `json:"int64Values"`
		} `json:"timeseries"`
	} `json:"metrics"`
}

// lenientNumber is a number, a number in a string, or a gap.
type lenientNumber struct {
	v  float64
	ok bool
}

// UnmarshalJSON implements json.Unmarshaler. What is no finite number is a gap.
func (n *lenientNumber) UnmarshalJSON(b []byte) error {
	var v float64
	if json.Unmarshal([]byte(strings.Trim(string(b), `"`)), &v) == nil && string(b) != "null" && !math.IsInf(v, 0) {
		n.v, n.ok = v, true
	}
	return nil
}

func (s *session) readSamples(ctx context.Context, task pipeline.Task, folder string, m metric, step time.Duration, machines []pipeline.KnownResource) ([]pipeline.Sample, error) {
	scope := "monitoring/" + m.name + "/" + folder
	body, err := json.Marshal(map[string]any{
		"query":    selector(m.name, machines),
		"fromTime": task.From.UTC().Format(time.RFC3339), "toTime": task.To.UTC().Format(time.RFC3339),
		"downsampling": map[string]string{"gridAggregation": "AVG", "gapFilling": "NULL", "gridInterval": number(count(step.Milliseconds()))},
	})
	if err != nil {
		return nil, pipeline.AsFault(err)
	}
	a, err := s.call(ctx, httpedge.Request{
		Scope: scope, Method: http.MethodPost, URL: s.conf.monitoring + "/monitoring/v2/data/read?folderId=" + url.QueryEscape(folder), Body: body,
	})
	if err != nil {
		return nil, err
	}
	var got timeseries
	if err := s.edge.JSON(scope, a, &got); err != nil {
		return nil, err
	}
	return samplesOf(&got, task, m, machines), nil
}

// selector asks for a metric of machines. A name with dots stands in quotes.
func selector(name string, machines []pipeline.KnownResource) string {
	if strings.Contains(name, ".") {
		name = strconv.Quote(name)
	}
	return fmt.Sprintf("%s{service=\"compute\", resource_id=%q}", name, idsOf(machines))
}

// idsOf names the machines both ways: Monitoring knows a machine by its name when it has one, else by its identifier.
func idsOf(machines []pipeline.KnownResource) string {
	var ids []string
	for _, k := range machines {
		for _, id := range []string{k.Name, k.ID} {
			if id != "" && !strings.ContainsAny(id, "|\"*\\") && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return strings.Join(ids, "|")
}

// samplesOf brings the series back to the machines and adds up those of one machine.
func samplesOf(got *timeseries, task pipeline.Task, m metric, machines []pipeline.KnownResource) []pipeline.Sample {
	byLabel := map[string]string{}
	for _, k := range machines {
		byLabel[k.Name] = k.ID
	}
	for _, k := range machines {
		byLabel[k.ID] = k.ID // an identifier is nobody's name
	}
	type place struct {
		id string
		at int64
	}
	sums := map[place]float64{}
	for i := range got.Metrics {
		one := &got.Metrics[i]
		id, ok := byLabel[one.Labels["resource_id"]]
		if !ok {
			continue
		}
		values := one.Timeseries.DoubleValues
		if len(values) == 0 {
			values = one.Timeseries.Int64Values
		}
		for j, ts := range one.Timeseries.Timestamps[:min(len(values), len(one.Timeseries.Timestamps))] {
			if ts.ok && values[j].ok {
				sums[place{id, int64(ts.v) / 1000}] += values[j].v
			}
		}
	}
	var out []pipeline.Sample
	for p, v := range sums {
		at := time.Unix(p.at, 0).UTC()
		if !at.Before(task.From) && at.Before(task.To) {
			out = append(out, pipeline.Sample{ResourceID: p.id, Metric: m.into, Time: at, Value: v})
		}
	}
	slices.SortFunc(out, func(a, b pipeline.Sample) int {
		if c := strings.Compare(a.ResourceID, b.ResourceID); c != 0 {
			return c
		}
		return a.Time.Compare(b.Time)
	})
	return out
}
