package clickhouse

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	duration *prometheus.HistogramVec
	failures *prometheus.CounterVec
	retries  *prometheus.CounterVec
	appended *prometheus.CounterVec
}

func newMetrics(registry prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "infrazen_clickhouse_query_seconds", Help: "How long statements took, retries included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"query"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_clickhouse_query_failures_total", Help: "Statements that failed for good.",
		}, []string{"query"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_clickhouse_query_retries_total", Help: "Statements sent again because the server did not answer.",
		}, []string{"query"}),
		appended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_clickhouse_rows_appended_total", Help: "Rows appended, by table.",
		}, []string{"table"}),
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.duration, m.failures, m.retries, m.appended} {
		errs = append(errs, registry.Register(c))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("cannot register the metrics of ClickHouse: %w", err)
	}
	return m, nil
}
