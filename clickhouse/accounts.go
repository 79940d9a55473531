package clickhouse

import (
	"context"
	"maps"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// Balances gives the latest state of each connection's account, ordered by connection.
func (s *Store) Balances(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.AccountBalance, error) {
	return s.balances(ctx, "balances", args{"tenant": string(tenant)})
}

func (s *Store) balances(ctx context.Context, name string, bound args) ([]pipeline.AccountBalance, error) {
	var out []pipeline.AccountBalance
	err := s.rows(ctx, name, bound, func(r driver.Rows) error {
		var b pipeline.AccountBalance
		var attributes string
		if err := r.Scan((*string)(&b.ConnectionID), &b.ObservedAt, &b.Currency, &b.Balance, &b.Bonus, &b.DailyRate,
			&b.DaysToSuspension, &attributes); err != nil {
			return err
		}
		b.ObservedAt = b.ObservedAt.UTC()
		var err error
		b.Attributes, err = decodeMap(attributes)
		out = append(out, b)
		return err
	})
	return out, err
}

// balancesOf gives the latest state of the account of each connection asked about; nil where none is known.
func (s *Store) balancesOf(ctx context.Context, of common[none], all []asking[none]) ([]*pipeline.AccountBalance, error) {
	found, err := s.balances(ctx, "balances_of", args{"tenant": string(of.tenant), "connections": connectionsOf(all)})
	out, places := make([]*pipeline.AccountBalance, len(all)), placesOf(all)
	for i := range found {
		out[places[string(found[i].ConnectionID)]] = &found[i]
	}
	return out, err
}

// AppendAccount implements [collect.Ledger].
func (s *Store) AppendAccount(ctx context.Context, a collect.Account, state pipeline.AccountState) error {
	held, err := s.joined.balances.put(ctx, common[none]{tenant: a.Tenant}, asking[none]{connection: a.Connection})
	if err != nil {
		return err
	}
	if held != nil && sameAccount(held.AccountState, state) {
		return nil
	}
	for _, d := range []struct {
		name  string
		value *decimal.Decimal
	}{{"balance", state.Balance}, {"bonus", state.Bonus}, {"daily_rate", state.DailyRate}} {
		if d.value != nil {
			if _, err := exact(d.name, *d.value); err != nil {
				return err
			}
		}
	}
	token := tokenOf("account", a.Tenant, a.Connection, state.ObservedAt.UnixMicro(), state.Currency, text(state.Balance),
		text(state.Bonus), text(state.DailyRate), text(state.DaysToSuspension), encodeMap(state.Attributes))
	return s.insertGrouped(ctx, "accounts", token, accountBlock(a, state))
}

func accountBlock(a collect.Account, state pipeline.AccountState) *block {
	b := &block{n: 1}
	b.addSame("tenant_id", typeText, string(a.Tenant))
	b.addSame("connection_id", typeText, string(a.Connection))
	b.addSame("observed_at", typeInstant, stored(state.ObservedAt))
	b.addSame("currency", typeText, state.Currency)
	addOptional(b, "balance", "Nullable(Decimal(38, 18))", state.Balance)
	addOptional(b, "bonus", "Nullable(Decimal(38, 18))", state.Bonus)
	addOptional(b, "daily_rate", "Nullable(Decimal(38, 18))", state.DailyRate)
	addOptional(b, "days_to_suspension", "Nullable(Int64)", state.DaysToSuspension)
	b.addSame("attributes", typeString, encodeMap(state.Attributes))
	return b
}

func addOptional[T any](b *block, name, kind string, value *T) {
	b.add(name, kind, func(c column.Interface) error { return c.AppendRow(value) })
}

// sameAccount tells whether two states differ in nothing but when they were observed.
func sameAccount(a, b pipeline.AccountState) bool {
	return a.Currency == b.Currency && text(a.Balance) == text(b.Balance) && text(a.Bonus) == text(b.Bonus) &&
		text(a.DailyRate) == text(b.DailyRate) && text(a.DaysToSuspension) == text(b.DaysToSuspension) &&
		maps.Equal(a.Attributes, b.Attributes)
}

// text writes an optional number so that equal numbers have equal texts.
func text[T decimal.Decimal | int64](v *T) string {
	switch v := any(v).(type) {
	case *decimal.Decimal:
		if v != nil {
			return v.String()
		}
	case *int64:
		if v != nil {
			return decimal.NewFromInt(*v).String()
		}
	}
	return "unknown"
}

// Syncs gives what the latest snapshots of a connection saw, newest first.
func (s *Store) Syncs(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, limit int) ([]pipeline.SyncSummary, error) {
	var out []pipeline.SyncSummary
	bound := args{"tenant": string(tenant), "connection": string(conn), "limit": max(limit, 0)}
	err := s.rows(ctx, "syncs", bound, func(r driver.Rows) error {
		y := pipeline.SyncSummary{ConnectionID: conn}
		var at time.Time
		if err := r.Scan(&at, &y.Created, &y.Updated, &y.Deleted, &y.Unchanged, &y.Complete); err != nil {
			return err
		}
		y.At = at.UTC()
		out = append(out, y)
		return nil
	})
	return out, err
}

// LastWhole implements [collect.SyncLog].
func (s *Store) LastWhole(ctx context.Context, a collect.Account) (time.Time, error) {
	return s.joined.lastWhole.put(ctx, common[none]{tenant: a.Tenant}, asking[none]{connection: a.Connection})
}

func (s *Store) lastWholeOf(ctx context.Context, of common[none], all []asking[none]) ([]time.Time, error) {
	out, places := make([]time.Time, len(all)), placesOf(all)
	bound := args{"tenant": string(of.tenant), "connections": connectionsOf(all)}
	err := s.rows(ctx, "last_whole", bound, func(r driver.Rows) error {
		var connection string
		var at time.Time
		if err := r.Scan(&connection, &at); err != nil {
			return err
		}
		out[places[connection]] = at.UTC()
		return nil
	})
	return out, err
}
