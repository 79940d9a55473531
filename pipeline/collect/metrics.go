package collect

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
)

// metrics count what collectors do.
type metrics struct {
	windows  *prometheus.CounterVec
	rows     *prometheus.CounterVec
	retries  *prometheus.CounterVec
	duration *prometheus.HistogramVec
	running  prometheus.Gauge
	sessions prometheus.Gauge
	success  *prometheus.GaugeVec
	planned  prometheus.Counter
	failures *prometheus.CounterVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		windows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_collect_windows_total", Help: "Windows collected, by how it ended: complete, incomplete, failed, abandoned.",
		}, []string{"provider", "feed", "result"}),
		rows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_collect_rows_total", Help: "Rows of charges, samples and states: found at the cloud, and appended to the store.",
		}, []string{"provider", "feed", "kind"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_collect_retries_total", Help: "Windows collected again after a failure.",
		}, []string{"provider", "feed"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "infrazen_collect_window_duration_seconds", Help: "How long a window took.", Buckets: prometheus.ExponentialBuckets(0.01, 4, 9),
		}, []string{"provider", "feed"}),
		running:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "infrazen_collect_windows_running", Help: "Windows being collected now."}),
		sessions: prometheus.NewGauge(prometheus.GaugeOpts{Name: "infrazen_collect_sessions_open", Help: "Sessions with clouds that are open."}),
		success: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "infrazen_collect_last_success_timestamp_seconds", Help: "When a window was last collected whole.",
		}, []string{"provider", "feed"}),
		planned: prometheus.NewCounter(prometheus.CounterOpts{Name: "infrazen_collect_windows_planned_total", Help: "Windows handed to the store of work."}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_collect_failures_total", Help: "Failures of the collector's own work: plan, claim, extend, finish.",
		}, []string{"step"}),
	}
	reg.MustRegister(m.windows, m.rows, m.retries, m.duration, m.running, m.sessions, m.success, m.planned, m.failures)
	return m
}

func (m *metrics) finished(w *Window, r *Result, took time.Duration, now time.Time) {
	kind, feed := string(w.Connection.Kind), string(w.Feed)
	name := "complete"
	switch {
	case r.Fault != nil:
		name = "failed"
	case !r.Outcome.Complete():
		name = "incomplete"
	default:
		m.success.WithLabelValues(kind, feed).Set(float64(now.Unix()))
	}
	m.windows.WithLabelValues(kind, feed, name).Inc()
	m.rows.WithLabelValues(kind, feed, "found").Add(float64(r.Found))
	m.rows.WithLabelValues(kind, feed, "appended").Add(float64(r.Appended))
	m.duration.WithLabelValues(kind, feed).Observe(took.Seconds())
}

func (m *metrics) abandoned(kind pipeline.Kind, feed pipeline.Feed) {
	m.windows.WithLabelValues(string(kind), string(feed), "abandoned").Inc()
}
