package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Rates gives the rates that begin to hold in a period, as known at an instant, ordered by day and currency. They are the same
// for every tenant.
func (s *Store) Rates(ctx context.Context, q pipeline.RateQuery) ([]pipeline.ExchangeRate, error) {
	asOf := q.AsOf
	if asOf.IsZero() {
		asOf = time.Unix(lastSecond, 0)
	}
	bound := args{
		"from": dateNumber(q.From), "to": dateNumber(q.To), "as_of": micros(asOf),
		"currencies": append([]string{}, q.Currencies...),
	}
	var out []pipeline.ExchangeRate
	err := s.rows(ctx, "exchange_rates", bound, func(r driver.Rows) error {
		var rate pipeline.ExchangeRate
		if err := r.Scan(&rate.Currency, &rate.Date, &rate.Nominal, &rate.Value, &rate.Source, &rate.SeenAt); err != nil {
			return err
		}
		rate.Date, rate.SeenAt = rate.Date.UTC(), rate.SeenAt.UTC()
		out = append(out, rate)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the exchange rates: %w", err)
	}
	return out, nil
}

// AppendRates keeps those rates whose price is not the one held, and tells how many these were. Whoever compares and appends at
// the same time as another appends a rate twice, which changes no price: let one do so at a time.
func (s *Store) AppendRates(ctx context.Context, rates []pipeline.ExchangeRate, seenAt time.Time) (int64, error) {
	for _, r := range rates {
		if err := r.Check(); err != nil {
			return 0, err
		}
	}
	if len(rates) == 0 {
		return 0, nil
	}
	fresh, token, err := s.freshRates(ctx, rates)
	if err != nil || len(fresh) == 0 {
		return 0, err
	}
	return int64(len(fresh)), s.insert(ctx, "exchange_rates", token, rateBlock(fresh, seenAt))
}

// freshRates are those of the rates that differ from what is held, the last of each day, with a token made of both.
func (s *Store) freshRates(ctx context.Context, rates []pipeline.ExchangeRate) ([]pipeline.ExchangeRate, string, error) {
	type key struct {
		currency string
		day      int64
	}
	q := pipeline.RateQuery{From: rates[0].Date, To: rates[0].Date}
	wanted := map[key]pipeline.ExchangeRate{}
	for _, r := range rates {
		wanted[key{r.Currency, dateNumber(r.Date)}] = r
		q.Currencies = append(q.Currencies, r.Currency)
		if r.Date.Before(q.From) {
			q.From = r.Date
		}
		if r.Date.After(q.To) {
			q.To = r.Date
		}
	}
	slices.Sort(q.Currencies)
	q.Currencies, q.To = slices.Compact(q.Currencies), q.To.AddDate(0, 0, 1)
	known, err := s.Rates(ctx, q)
	if err != nil {
		return nil, "", err
	}
	parts := []any{"rates"}
	for _, h := range known {
		k := key{h.Currency, dateNumber(h.Date)}
		if r, ok := wanted[k]; ok && r.Same(h) {
			delete(wanted, k)
		} else if ok {
			parts = append(parts, k, h.Value, h.SeenAt.UnixMicro())
		}
	}
	fresh := make([]pipeline.ExchangeRate, 0, len(wanted))
	for _, r := range wanted {
		fresh = append(fresh, r)
	}
	slices.SortFunc(fresh, func(a, b pipeline.ExchangeRate) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.Currency, b.Currency))
	})
	for _, r := range fresh {
		parts = append(parts, r.Currency, dateNumber(r.Date), r.Nominal, r.Value, r.Source)
	}
	return fresh, tokenOf(parts...), nil
}

func rateBlock(rates []pipeline.ExchangeRate, seenAt time.Time) *block {
	b := &block{n: len(rates)}
	addEach(b, "currency", typeText, rates, func(r *pipeline.ExchangeRate) string { return r.Currency })
	addEach(b, "date", "Date", rates, func(r *pipeline.ExchangeRate) time.Time { return r.Date.UTC() })
	b.addSame("seen_at", typeInstant, stored(seenAt))
	addEach(b, "source", typeText, rates, func(r *pipeline.ExchangeRate) string { return r.Source })
	addEach(b, "nominal", typeInt, rates, func(r *pipeline.ExchangeRate) int64 { return r.Nominal })
	addEach(b, "value", typeDecimal, rates, func(r *pipeline.ExchangeRate) decimal.Decimal { return r.Value })
	return b
}

// ChargeCurrencies gives the currencies of the charges of all tenants with the Moscow day of the first, as midnight UTC.
func (s *Store) ChargeCurrencies(ctx context.Context) (map[string]time.Time, error) {
	out := map[string]time.Time{}
	err := s.rows(ctx, "charge_currencies", nil, func(r driver.Rows) error {
		var currency string
		var day time.Time
		err := r.Scan(&currency, &day)
		out[currency] = day.UTC()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the currencies of the charges: %w", err)
	}
	return out, nil
}

// dateNumber is the number of a date that is given as midnight UTC.
func dateNumber(t time.Time) int64 { return min(max(t.Unix()/86400, 0), 1<<16-1) }
