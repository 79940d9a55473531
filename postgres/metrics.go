package postgres

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	queries  *prometheus.HistogramVec
	leases   *prometheus.CounterVec
	waits    prometheus.Histogram
	outcomes *prometheus.CounterVec
}

func newMetrics() *metrics {
	return &metrics{
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "infrazen_postgres_query_duration_seconds", Help: "Duration of queries to PostgreSQL by the query's name and whether it failed.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 8),
		}, []string{"query", "failed"}),
		leases: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_window_leases_total", Help: "Leases on windows: taken, expired (taken over from a holder that let it run out), lost (a mark refused), finished.",
		}, []string{"event"}),
		waits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "infrazen_rate_limit_wait_seconds", Help: "How long requests waited for their shared rate limit.",
			Buckets: prometheus.ExponentialBuckets(0.001, 6, 8),
		}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_runs_total", Help: "Finished collections of windows by feed and outcome: whole, partial or failed.",
		}, []string{"feed", "outcome"}),
	}
}

func (m *metrics) register(reg prometheus.Registerer, pool *pgxpool.Pool) error {
	gauge := func(name, help string, value func(*pgxpool.Stat) float64) error {
		return reg.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(pool.Stat()) }))
	}
	return errors.Join(
		reg.Register(m.queries), reg.Register(m.leases), reg.Register(m.waits), reg.Register(m.outcomes),
		gauge("infrazen_postgres_pool_connections", "Open connections to PostgreSQL.", func(s *pgxpool.Stat) float64 { return float64(s.TotalConns()) }),
		gauge("infrazen_postgres_pool_busy", "Connections to PostgreSQL in use.", func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) }),
		gauge("infrazen_postgres_pool_limit", "The most connections to PostgreSQL that may be open.", func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) }),
		gauge("infrazen_postgres_pool_acquire_seconds_total", "Time spent waiting for a connection to PostgreSQL.", func(s *pgxpool.Stat) float64 { return s.AcquireDuration().Seconds() }),
	)
}

// queryTracer measures queries by the name in their leading comment.
type queryTracer struct{ m *metrics }

type traceKey struct{}

type trace struct {
	name  string
	began time.Time
}

// TraceQueryStart implements pgx.QueryTracer.
func (t queryTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, traceKey{}, trace{queryName(data.SQL), time.Now()})
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t queryTracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	begun, ok := ctx.Value(traceKey{}).(trace)
	if !ok {
		return
	}
	failed := "false"
	if data.Err != nil {
		failed = "true"
	}
	t.m.queries.WithLabelValues(begun.name, failed).Observe(time.Since(begun.began).Seconds())
}

// queryName is the comment that a statement begins with, or "other".
func queryName(sql string) string {
	name, found := strings.CutPrefix(sql, "/* ")
	if !found {
		return "other"
	}
	name, _, _ = strings.Cut(name, " */")
	return name
}
