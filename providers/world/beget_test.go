package world_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// TestBegetDemoCostsWhatIsSaid adds up the thirty days before the hundredth, and looks for the names that people know.
func TestBegetDemoCostsWhatIsSaid(t *testing.T) {
	for i, want := range []struct {
		month int64
		names []string
	}{
		{104_250, []string{
			"vps-app-01", "vps-app-02", "vps-db-01", "vps-cache-01", "vps-batch-01", "vps-mq-01", "obj-storage-prod", "backup-service", "lb-service",
			"nat-firewall", "extra-volumes",
		}},
		{41_850, []string{"dev-vps-01", "dev-vps-02", "dev-db-01", "stage-web-01", "s3-dev-bucket", "ci-dev-runner", "dev-public-ip", "dev-logs-storage"}},
	} {
		a := world.DemoBeget(1, start())[i]
		now := start().Add(100 * day)
		cost := a.Cost(now.Add(-30*day), now, time.Time{})
		if off := cost.Sub(decimal.NewFromInt(want.month)).Abs(); off.GreaterThan(decimal.NewFromInt(want.month / 50)) {
			t.Errorf("%s costs %s a month, want about %d", a.Title, cost, want.month)
		}
		var names []string
		for _, r := range a.Inventory(now) {
			names = append(names, r.Name)
		}
		for _, n := range want.names {
			if !slices.Contains(names, n) {
				t.Errorf("%s has no %s", a.Title, n)
			}
		}
		for d := range 400 {
			if b := a.Balance(start().Add(time.Duration(d) * day)); !b.IsPositive() {
				t.Fatalf("%s has %s after %d days", a.Title, b, d)
			}
		}
	}
}

// TestBegetPricesAreWholeKopecksADay wants every thing to cost a day a number of roubles with two digits.
func TestBegetPricesAreWholeKopecksADay(t *testing.T) {
	for seed := range uint64(20) {
		a := world.NewAccount(world.AccountConfig{Seed: seed, Catalog: world.BegetCatalog(), Start: start()})
		for _, r := range a.All() {
			for _, s := range r.States {
				perDay := a.HourlyCost(s.Parts, s.From).Mul(decimal.NewFromInt(24))
				if !perDay.Equal(perDay.Round(2)) {
					t.Fatalf("%s %+v costs %s a day", r.Kind, s.Spec, perDay)
				}
			}
		}
		if len(a.Incidents) < 5 {
			t.Errorf("seed %d: %d incidents", seed, len(a.Incidents))
		}
	}
}
