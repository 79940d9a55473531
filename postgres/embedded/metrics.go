package embedded

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	up       prometheus.Gauge
	restarts prometheus.Counter
}

func newMetrics() metrics {
	return metrics{
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "infrazen_postgres_engine_up", Help: "1 while the embedded PostgreSQL engine answers.",
		}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "infrazen_postgres_engine_restarts_total", Help: "Times that the embedded PostgreSQL engine was started again after it had died.",
		}),
	}
}

func (m metrics) register(reg prometheus.Registerer) error {
	return errors.Join(reg.Register(m.up), reg.Register(m.restarts))
}

// sqlState is the SQLSTATE of an error that PostgreSQL gave, or "".
func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
