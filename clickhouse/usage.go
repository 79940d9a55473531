package clickhouse

import (
	"context"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
)

const defaultPoints = 1000

// usageSteps are the widths of points to choose from when a question leaves it to us.
func usageSteps() []time.Duration {
	return []time.Duration{
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
		2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour, 28 * 24 * time.Hour,
	}
}

// Usage gives the samples of a resource, one series for each metric that has any, ordered by metric. Points begin at
// multiples of the step since 1970. Without a step, a metric with no more samples than MaxPoints comes as collected, one
// with more in the smallest of the usual steps that keeps within. Where samples are no longer kept, or the step is of whole
// hours and the period of more than a week, points are made of the hourly sums.
func (s *Store) Usage(ctx context.Context, tenant pipeline.TenantID, q pipeline.UsageQuery) ([]pipeline.UsageSeries, error) {
	points := q.MaxPoints
	if points <= 0 {
		points = defaultPoints
	}
	if !q.To.After(q.From) {
		return nil, nil
	}
	bound := args{
		"tenant": string(tenant), "connection": string(q.Connection), "resource": q.Resource, "metrics": texts(q.Metrics),
		"from": seconds(ceilSecond(q.From)), "to": seconds(ceilSecond(q.To)),
	}
	if q.Step > 0 {
		return s.stepped(ctx, bound, q, max(q.Step.Truncate(time.Second), time.Second))
	}
	if s.expired(q.From) {
		return s.stepped(ctx, bound, q, max(usageStep(q, points), time.Hour))
	}
	var raw, wide []string
	err := s.rows(ctx, "usage_counts", bound, func(r driver.Rows) error {
		var metric string
		var n uint64
		if err := r.Scan(&metric, &n); err != nil {
			return err
		}
		if n > uint64(points) {
			wide = append(wide, metric)
		} else {
			raw = append(raw, metric)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return s.mixed(ctx, bound, q, raw, wide, usageStep(q, points))
}

// mixed gives some metrics as collected and the others in steps.
func (s *Store) mixed(ctx context.Context, bound args, q pipeline.UsageQuery, raw, wide []string, step time.Duration) ([]pipeline.UsageSeries, error) {
	var out []pipeline.UsageSeries
	if len(raw) > 0 {
		bound["metrics"] = raw
		series, err := s.series(ctx, "usage_raw", bound, 0)
		if err != nil {
			return nil, err
		}
		out = series
	}
	if len(wide) > 0 {
		bound["metrics"] = wide
		series, err := s.stepped(ctx, bound, q, step)
		if err != nil {
			return nil, err
		}
		out = append(out, series...)
	}
	slices.SortFunc(out, func(a, b pipeline.UsageSeries) int {
		if a.Metric < b.Metric {
			return -1
		}
		return 1
	})
	return out, nil
}

// usageStep is the smallest step in which the period has no more points than allowed.
func usageStep(q pipeline.UsageQuery, points int) time.Duration {
	for _, step := range usageSteps() {
		if q.To.Add(-1).Truncate(step).Sub(q.From.Truncate(step))/step < time.Duration(points) {
			return step
		}
	}
	days := q.To.Sub(q.From) / (24 * time.Hour)
	return (days/time.Duration(points) + 2) * 24 * time.Hour
}

// expired tells whether samples of that time may be gone.
func (s *Store) expired(from time.Time) bool {
	return time.Since(from) > time.Duration(s.cfg.SampleDays)*24*time.Hour
}

func (s *Store) stepped(ctx context.Context, bound args, q pipeline.UsageQuery, step time.Duration) ([]pipeline.UsageSeries, error) {
	bound["step"] = int64(step / time.Second)
	hours := step%time.Hour == 0 && q.From.Equal(q.From.Truncate(time.Hour)) && q.To.Equal(q.To.Truncate(time.Hour))
	if s.expired(q.From) || hours && q.To.Sub(q.From) > 7*24*time.Hour {
		return s.series(ctx, "usage_hourly", bound, step)
	}
	return s.series(ctx, "usage_steps", bound, step)
}

func (s *Store) series(ctx context.Context, name string, bound args, step time.Duration) ([]pipeline.UsageSeries, error) {
	var out []pipeline.UsageSeries
	err := s.rows(ctx, name, bound, func(r driver.Rows) error {
		var metric string
		var at time.Time
		var value, greatest float64
		if err := r.Scan(&metric, &at, &value, &greatest); err != nil {
			return err
		}
		if len(out) == 0 || string(out[len(out)-1].Metric) != metric {
			out = append(out, pipeline.UsageSeries{Metric: pipeline.MetricName(metric), Step: step})
		}
		last := &out[len(out)-1]
		last.Times, last.Values, last.Max = append(last.Times, at.UTC()), append(last.Values, value), append(last.Max, greatest)
		return nil
	})
	return out, err
}

// UsageSummaries gives the load of every resource over a period, for the metrics given (all when none), ordered by
// connection, resource and metric. P95 is the smallest sample that at least 95 % of the samples do not exceed, by samples as
// collected: it looks no farther back than these are kept.
func (s *Store) UsageSummaries(ctx context.Context, tenant pipeline.TenantID, conns []pipeline.ConnectionID, metrics []pipeline.MetricName, from, to time.Time) ([]pipeline.UsageSummary, error) {
	var out []pipeline.UsageSummary
	bound := args{
		"tenant": string(tenant), "connections": texts(conns), "metrics": texts(metrics),
		"from": seconds(ceilSecond(from)), "to": seconds(ceilSecond(to)),
	}
	err := s.rows(ctx, "usage_summaries", bound, func(r driver.Rows) error {
		var u pipeline.UsageSummary
		var samples uint64
		if err := r.Scan((*string)(&u.Connection), &u.Resource, (*string)(&u.Metric), &samples, &u.Average, &u.P95, &u.Max, &u.Last, &u.LastAt); err != nil {
			return err
		}
		u.Samples, u.LastAt = int64(samples), u.LastAt.UTC()
		out = append(out, u)
		return nil
	})
	return out, err
}
