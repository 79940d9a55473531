package clickhouse

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// sampleID is what there is at most one sample of.
type sampleID struct {
	resource string
	metric   pipeline.MetricName
	second   int64
}

// AppendSamples implements [collect.Ledger]. Of several samples of one metric and second the first counts. The hourly
// sums of the hours concerned are brought up to date, those of an earlier call that did not get so far among them.
func (s *Store) AppendSamples(ctx context.Context, a collect.Account, samples []pipeline.Sample) (int64, error) {
	if len(samples) == 0 {
		return 0, nil
	}
	fresh, from, to, err := distinct(samples)
	if err != nil {
		return 0, err
	}
	bound := args{"tenant": string(a.Tenant), "connection": string(a.Connection), "from": seconds(from), "to": seconds(to)}
	err = s.rows(ctx, "samples_held", bound, func(r driver.Rows) error {
		var id sampleID
		var at time.Time
		if err := r.Scan(&id.resource, (*string)(&id.metric), &at); err != nil {
			return err
		}
		id.second = at.Unix()
		delete(fresh, id)
		return nil
	})
	if err != nil {
		return 0, err
	}
	missing := make([]pipeline.Sample, 0, len(fresh))
	for i := range samples {
		if first, ok := fresh[idOfSample(&samples[i])]; ok && first == i {
			missing = append(missing, samples[i])
		}
	}
	if len(missing) > 0 {
		if err := s.insert(ctx, "samples", sampleToken(a, missing), sampleBlock(a, missing)); err != nil {
			return 0, err
		}
	}
	bound["from"], bound["to"] = seconds(from.Truncate(time.Hour)), seconds(to.Truncate(time.Hour).Add(time.Hour))
	if err := s.exec(ctx, "samples_roll_up", bound, nil); err != nil {
		return 0, err
	}
	return int64(len(missing)), nil
}

func idOfSample(m *pipeline.Sample) sampleID {
	return sampleID{resource: m.ResourceID, metric: m.Metric, second: m.Time.Unix()}
}

// distinct gives the place of the first sample of each id, and the first and last instant.
func distinct(samples []pipeline.Sample) (first map[sampleID]int, from, to time.Time, err error) {
	first = make(map[sampleID]int, len(samples))
	from, to = samples[0].Time, samples[0].Time
	for i := range samples {
		m := &samples[i]
		if math.IsNaN(m.Value) || math.IsInf(m.Value, 0) {
			return nil, from, to, fmt.Errorf("cannot keep a sample of %s %s at %s: %v is no number", m.ResourceID, m.Metric, m.Time.UTC(), m.Value)
		}
		if unix := m.Time.Unix(); unix < firstSecond || unix > lastSecond {
			return nil, from, to, fmt.Errorf("cannot keep a sample of %s %s: %s lies outside 1970 to 2106", m.ResourceID, m.Metric, m.Time.UTC())
		}
		if id := idOfSample(m); !hasKey(first, id) {
			first[id] = i
		}
		if m.Time.Before(from) {
			from = m.Time
		}
		if m.Time.After(to) {
			to = m.Time
		}
	}
	return first, from.Truncate(time.Second), to.Truncate(time.Second), nil
}

func hasKey[K comparable, V any](m map[K]V, k K) bool {
	_, ok := m[k]
	return ok
}

func sampleToken(a collect.Account, samples []pipeline.Sample) string {
	parts := make([]any, 0, 4*len(samples)+3)
	parts = append(parts, "samples", a.Tenant, a.Connection)
	for i := range samples {
		m := &samples[i]
		parts = append(parts, m.ResourceID, m.Metric, m.Time.Unix(), math.Float64bits(m.Value))
	}
	return tokenOf(parts...)
}

func sampleBlock(a collect.Account, samples []pipeline.Sample) *block {
	b := &block{n: len(samples)}
	values := make([]float64, len(samples))
	times := make([]time.Time, len(samples))
	for i := range samples {
		values[i], times[i] = samples[i].Value, samples[i].Time
	}
	b.addSame("tenant_id", typeText, string(a.Tenant))
	b.addSame("connection_id", typeText, string(a.Connection))
	addEach(b, "resource_id", typeText, samples, func(m *pipeline.Sample) string { return m.ResourceID })
	addEach(b, "metric", typeText, samples, func(m *pipeline.Sample) string { return string(m.Metric) })
	addSlice(b, "ts", typeSecond, times)
	addSlice(b, "value", "Float64", values)
	return b
}

// LastSamples implements [collect.Ledger].
func (s *Store) LastSamples(ctx context.Context, a collect.Account) (map[string]time.Time, error) {
	last := map[string]time.Time{}
	err := s.rows(ctx, "samples_last", args{"tenant": string(a.Tenant), "connection": string(a.Connection)}, func(r driver.Rows) error {
		var resource string
		var at time.Time
		if err := r.Scan(&resource, &at); err != nil {
			return err
		}
		last[resource] = at.UTC()
		return nil
	})
	return last, err
}
