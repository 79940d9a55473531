package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
)

// MonthCharges gives what is held of a billing month of a connection, by currency, category and status.
func (s *Store) MonthCharges(ctx context.Context, tenant pipeline.TenantID, q pipeline.MonthQuery) ([]pipeline.MonthCharges, error) {
	asOf := q.AsOf
	if asOf.IsZero() {
		asOf = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	var out []pipeline.MonthCharges
	bound := args{
		"tenant": string(tenant), "connection": string(q.Connection), "account": q.BillingAccount,
		"from": q.From.Unix(), "to": q.To.Unix(), "as_of": micros(asOf),
	}
	err := s.rows(ctx, "month_charges", bound, func(r driver.Rows) error {
		var m pipeline.MonthCharges
		if err := r.Scan(&m.Currency, (*string)(&m.Category), (*string)(&m.Status), &m.Cost, &m.Lines, &m.Unpriced, &m.CostAsOf, &m.LinesAsOf,
			&m.First); err != nil {
			return err
		}
		m.First = m.First.UTC()
		out = append(out, m)
		return nil
	})
	return out, err
}

// AccountStates gives the states that a connection's account was seen to change to within [from, to), oldest first, after the last
// one before from.
func (s *Store) AccountStates(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, from, to time.Time) ([]pipeline.AccountState, error) {
	list, err := s.balances(ctx, "account_states", args{
		"tenant": string(tenant), "connection": string(conn), "from": micros(from), "to": micros(to),
	})
	out := make([]pipeline.AccountState, len(list))
	for i, b := range list {
		out[i] = b.AccountState
	}
	return out, err
}
