package clickhouse

import (
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// openStore gives a migrated store on a database of its own.
func openStore(tb testing.TB) *Store {
	tb.Helper()
	s := openRaw(tb, enginetest.Database(tb))
	if err := s.Migrate(tb.Context(), nil); err != nil {
		tb.Fatal(err)
	}
	return s
}

func openRaw(tb testing.TB, dsn string) *Store {
	tb.Helper()
	cfg := DefaultConfig()
	cfg.DSN = dsn
	s, err := Open(tb.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// equal are the options for comparing whole values: decimals and times by value, empty maps and slices as nil.
func equal() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) }),
		cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }),
		cmpopts.EquateEmpty(),
	}
}

func hour(n int) time.Time {
	return time.Date(2026, 10, 31, 20, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
}

func account() collect.Account {
	return collect.Account{Tenant: "11111111-1111-4111-8111-111111111111", Connection: "22222222-2222-4222-8222-222222222222"}
}

func dec(text string) decimal.Decimal { return decimal.RequireFromString(text) }

// charge is a charge of one hour with its measures.
func charge(h int, resource, cost string) pipeline.Charge {
	c := pipeline.Charge{
		Line: pipeline.Line{
			ProviderName: "Beget", BillingCurrency: "RUB", ServiceCategory: "Compute", ServiceName: "VPS", ResourceID: resource,
			ResourceName: "name of " + resource, ResourceType: "server", RegionID: "ru-1", ChargeCategory: pipeline.Usage,
			CostStatus: pipeline.Estimated, Tags: map[string]string{"env": "prod", `quo"te\`: "тег\n<&>"},
			BillingPeriodStart: time.Date(2026, 9, 30, 21, 0, 0, 0, time.UTC), ListUnitPrice: "1.5",
		},
		Start: hour(h), End: hour(h + 1),
	}
	c.LineCount = 1
	c.BilledCost, c.EffectiveCost, c.ListCost, c.ContractedCost = dec(cost), dec(cost), dec(cost), dec(cost)
	c.ConsumedQuantity, c.PricingQuantity = dec("1"), dec("1")
	return c
}
