package beget

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// period is how far back an answer of statistics reaches, as its word and its length.
type period struct {
	word string
	long time.Duration
}

// periods are those of both servers and databases, from the finest to the widest.
func periods() []period {
	return []period{
		{"HOUR", time.Hour}, {"DAY", 24 * time.Hour}, {"WEEK", 7 * 24 * time.Hour}, {"MONTH", 30 * 24 * time.Hour},
	}
}

// periodsFor chooses what to ask for a window: the finest period that covers it whole, and the finer ones that cover its
// end, whose points then replace the wider one's there. A window older than a month gets the month.
func periodsFor(from, to, now time.Time) []period {
	var out []period
	for _, p := range periods() {
		start := now.Add(-p.long)
		if to.After(start) {
			out = append(out, p)
		}
		if !from.Before(start) {
			return out
		}
	}
	return out
}

// statistic is one endpoint of statistics and what its series mean.
type statistic struct {
	endpoint string
	series   []series
}

// series is one line of an answer. Path names its object; for load averages the arrays stand at the top.
type series struct {
	key    string
	metric pipeline.MetricName
	// factor turns Beget's unit into the metric's.
	factor float64
}

// statistics are those collected. Units: CPU is percent, memory MB (observed); disk usage is taken for MB, disk and network
// for bytes per second (not documented).
func statistics() []statistic {
	return []statistic{
		{"cpu", []series{{"cpu", pipeline.CPUPercent, 1}}},
		{"memory", []series{{"memory", pipeline.MemoryUsedBytes, mebibyte}}},
		{"disk", []series{{"data_read", pipeline.DiskReadBytes, 1}, {"data_write", pipeline.DiskWriteBytes, 1}}},
		{"disk-usage", []series{{"disk_usage", pipeline.DiskUsedBytes, mebibyte}}},
		{"network", []series{
			{"data_rx", pipeline.NetworkReceiveBytes, 1},
			{"data_tx", pipeline.NetworkTransmitBytes, 1},
			{"data_rx_private", pipeline.PrivateNetReceiveBytes, 1},
			{"data_tx_private", pipeline.PrivateNetSendBytes, 1},
		}},
		{"load-average", []series{
			{"la1", pipeline.LoadAverage1, 1}, {"la5", pipeline.LoadAverage5, 1}, {"la15", pipeline.LoadAverage15, 1},
		}},
	}
}

// loadAverage is the answer whose arrays stand at the top.
const loadAverage = "load-average"

// statOddities count what was coped with in an answer.
type statOddities struct {
	unequal, undated int64
}

// points are an answer's samples by metric, each in order of time without doubles.
type points map[pipeline.MetricName][]pipeline.Sample

// parseStatistic reads an answer of an endpoint. An answer that has none of its series is malformed (ok is false); a single
// series that is absent or empty is no fault: a new server has no points yet.
func parseStatistic(st statistic, body map[string]json.RawMessage) (points, statOddities, bool) {
	out := points{}
	var odd statOddities
	found := false
	for _, se := range st.series {
		dates, values, ok := seriesArrays(st.endpoint, se.key, body)
		if !ok {
			continue
		}
		found = true
		if len(dates) != len(values) {
			odd.unequal++
		}
		samples, undated := zip(se, dates, values)
		odd.undated += undated
		out[se.metric] = samples
	}
	return out, odd, found
}

func seriesArrays(endpoint, key string, body map[string]json.RawMessage) (dates []text, values []number, ok bool) {
	dateRaw, valueRaw := body["date"], body[key]
	if endpoint != loadAverage {
		var s struct{ Date, Value json.RawMessage }
		if raw, has := body[key]; !has || json.Unmarshal(raw, &s) != nil {
			return nil, nil, false
		}
		dateRaw, valueRaw = s.Date, s.Value
	}
	var d part[[]text]
	var v part[[]number]
	if len(dateRaw) == 0 && len(valueRaw) == 0 {
		return nil, nil, endpoint != loadAverage
	}
	if d.UnmarshalJSON(dateRaw) != nil || v.UnmarshalJSON(valueRaw) != nil {
		return nil, nil, false
	}
	return d.V, v.V, true
}

// zip joins two parallel arrays over their common length. Nulls are skipped; of two points at one second the later stands.
func zip(se series, dates []text, values []number) (out []pipeline.Sample, undated int64) {
	for i := range min(len(dates), len(values)) {
		at, ok := parseTime(string(dates[i]))
		if !ok {
			undated++
			continue
		}
		v := values[i].V * se.factor
		if !values[i].Known || math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		out = append(out, pipeline.Sample{Metric: se.metric, Time: at, Value: v})
	}
	slices.SortStableFunc(out, func(a, b pipeline.Sample) int { return a.Time.Compare(b.Time) })
	return lastOfEach(out), undated
}

func lastOfEach(sorted []pipeline.Sample) []pipeline.Sample {
	out := sorted[:0]
	for _, s := range sorted {
		if n := len(out); n > 0 && out[n-1].Time.Equal(s.Time) {
			out[n-1] = s
			continue
		}
		out = append(out, s)
	}
	return out
}

// overlay puts finer points over wider ones: from the first fine point on, only the fine ones stand.
func overlay(wide, fine []pipeline.Sample) []pipeline.Sample {
	if len(fine) == 0 {
		return wide
	}
	cut, _ := slices.BinarySearchFunc(wide, fine[0].Time, func(s pipeline.Sample, t time.Time) int { return s.Time.Compare(t) })
	return append(slices.Clone(wide[:cut]), fine...)
}

// within gives the samples in [from, to), under a resource's name.
func within(ss []pipeline.Sample, id string, from, to time.Time) []pipeline.Sample {
	var out []pipeline.Sample
	for _, s := range ss {
		if !s.Time.Before(from) && s.Time.Before(to) {
			s.ResourceID = id
			out = append(out, s)
		}
	}
	return out
}
