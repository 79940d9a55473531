package bench

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/pipeline"
)

// BenchmarkConversion asks the twelve questions as they are, in the charges' own currency and in another, by turns, and prints the
// middle and the worst of each.
func BenchmarkConversion(b *testing.B) {
	world := Full()
	world.Tenants = 10
	s := &bench{Options: Options{DSN: enginetest.Start(b), World: world}.withDefaults()}
	if err := s.open(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := s.close(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	}()
	if err := world.load(b.Context(), s.conn); err != nil {
		b.Fatal(err)
	}
	var rates []pipeline.ExchangeRate
	for _, currency := range []string{"CAD", "CNY", "EUR", "KZT", "USD"} {
		for d := range 3 * 365 {
			day := world.To().Truncate(24*time.Hour).AddDate(0, 0, -d)
			if day.Weekday() != time.Sunday && day.Weekday() != time.Monday {
				rates = append(rates, pipeline.ExchangeRate{Date: day, Currency: currency, Nominal: 1, Value: decimal.New(int64(800_000+d), -4), Source: "bench"})
			}
		}
	}
	if _, err := s.store.AppendRates(b.Context(), rates, world.From); err != nil {
		b.Fatal(err)
	}
	took := map[string][]time.Duration{}
	for b.Loop() {
		for _, q := range Questions(world.To()) {
			for _, q.Currency = range []string{"", "RUB", "USD"} {
				start := time.Now()
				answer, err := s.store.Costs(b.Context(), Tenant(1), q.CostQuery)
				if err != nil || len(answer.Groups) == 0 || q.Currency != "" && answer.Totals[0].Currency != q.Currency {
					b.Fatalf("%s in %s: %+v, %v", q.Name, q.Currency, answer.Totals, err)
				}
				took[q.Currency] = append(took[q.Currency], time.Since(start))
			}
		}
	}
	for _, currency := range []string{"", "RUB", "USD"} {
		all := took[currency]
		slices.Sort(all)
		b.Logf("in %q: middle %s, p99 %s of %d", currency, all[len(all)/2].Round(100*time.Microsecond), all[len(all)*99/100].Round(100*time.Microsecond), len(all))
	}
}
