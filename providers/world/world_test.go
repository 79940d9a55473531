package world_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// toy is a cloud with two prices.
func toy() world.Catalog {
	id := func(d *rand.Rand) string { return fmt.Sprintf("%016x", d.Uint64()) }
	return world.Catalog{
		Cloud: "toy", Currency: "RUB", SeparateVolumes: true,
		Prices: []world.Price{
			{SKU: "core", Unit: "item", Amount: decimal.RequireFromString("0.8976")},
			{SKU: "disk", Unit: "GB", Amount: decimal.RequireFromString("0.0103")},
		},
		Regions: []world.Region{{ID: "r1", Name: "One", Zones: []string{"r1a", "r1b"}}},
		Kinds:   []world.Kind{world.Bucket, world.Snapshot, world.FloatingIP, world.Database}, Credits: true,
		Parts: func(k world.Kind, s world.Spec) []world.Part {
			if k == world.Server {
				return []world.Part{{SKU: "core", Quantity: decimal.NewFromInt(s.VCPU), WhenRunning: true}}
			}
			return []world.Part{{SKU: "disk", Quantity: decimal.NewFromInt(s.DiskGB)}}
		},
		ID: func(_ world.Kind, d *rand.Rand) string { return id(d) }, AccountID: id, ProjectID: id,
	}
}

func start() time.Time { return time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC) }

func cost(t *testing.T, a *world.Account, from, to, asOf time.Time, want string) {
	t.Helper()
	if got := a.Cost(from, to, asOf); got.String() != want {
		t.Errorf("from %s to %s as of %s: %s, want %s", from, to, asOf, got, want)
	}
}

// one is an account with one machine of two cores.
func one() (*world.Account, string) {
	a := world.NewAccount(world.AccountConfig{Seed: 1, Catalog: toy(), Start: start()})
	b := &world.Account{Seed: 1, Prices: a.Prices, Start: start()}
	b.Add(world.Resource{ID: "m", Kind: world.Server, Created: start(), States: []world.State{{
		From: start(), Name: "m", Status: world.Running, Parts: toy().Parts(world.Server, world.Spec{VCPU: 2}),
	}}})
	return b, "m"
}

func TestHourIsBilledExactly(t *testing.T) {
	a, id := one()
	h := start().Add(10 * time.Hour)
	cost(t, a, h, h.Add(time.Hour), time.Time{}, "1.7952")
	// A quarter of the hour with twice the cores.
	if err := a.Change(id, h.Add(45*time.Minute), func(s *world.State) { s.Parts = toy().Parts(world.Server, world.Spec{VCPU: 4}) }); err != nil {
		t.Fatal(err)
	}
	cost(t, a, h, h.Add(time.Hour), time.Time{}, "2.244")
	if n := len(a.Bill(h, h.Add(time.Hour), time.Time{})); n != 1 {
		t.Errorf("%d lines, want one for the part", n)
	}
	if err := a.Change(id, h.Add(time.Hour), func(s *world.State) { s.Status = world.Stopped }); err != nil {
		t.Fatal(err)
	}
	cost(t, a, h.Add(time.Hour), h.Add(5*time.Hour), time.Time{}, "0")
	if err := a.Remove("none", h); err == nil {
		t.Error("what is not there was removed")
	}
}

func TestLateAndRestated(t *testing.T) {
	a, id := one()
	h := start()
	a.Delay(world.Delay{ResourceID: id, From: h, To: h.Add(time.Hour), By: 3 * time.Hour})
	cost(t, a, h, h.Add(2*time.Hour), h.Add(2*time.Hour), "1.7952")
	cost(t, a, h, h.Add(2*time.Hour), h.Add(4*time.Hour), "3.5904")
	a.Restate(world.Restatement{At: h.Add(10 * time.Hour), From: h, To: h.Add(time.Hour), ResourceID: id, Factor: decimal.RequireFromString("0.5")})
	cost(t, a, h, h.Add(time.Hour), h.Add(9*time.Hour), "1.7952")
	cost(t, a, h, h.Add(time.Hour), h.Add(10*time.Hour), "0.8976")
	a.Restate(world.Restatement{At: h.Add(20 * time.Hour), From: h, To: h.Add(time.Hour), ResourceID: id})
	if lines := a.Bill(h, h.Add(time.Hour), time.Time{}); len(lines) != 0 {
		t.Errorf("a vanished line is there: %+v", lines)
	}
	cost(t, a, h.Add(2*time.Hour), h.Add(3*time.Hour), h.Add(2*time.Hour), "0") // not over yet
}

// TestSameSeedSameWorld makes an account twice, and one of another seed.
func TestSameSeedSameWorld(t *testing.T) {
	make := func(seed uint64) decimal.Decimal {
		a := world.NewAccount(world.AccountConfig{Seed: seed, Catalog: toy(), Start: start()})
		return a.Cost(start(), start().Add(48*time.Hour), time.Time{})
	}
	if a, b := make(7), make(7); !a.Equal(b) || a.IsZero() {
		t.Errorf("the same seed gives %s and %s", a, b)
	}
	if make(7).Equal(make(8)) {
		t.Error("another seed gives the same world")
	}
}

// TestSumsOfCorrectedDays asks for the same five days as they were said before a correction, after it, and in the end.
func TestSumsOfCorrectedDays(t *testing.T) {
	a, id := one()
	from, to := start(), start().Add(120*time.Hour)
	a.Restate(world.Restatement{At: from.Add(240 * time.Hour), From: from.Add(24 * time.Hour), To: from.Add(48 * time.Hour), ResourceID: id})
	for range 2 {
		cost(t, a, from, to, time.Time{}, "172.3392")
		cost(t, a, from, to, from.Add(200*time.Hour), "215.424")
		cost(t, a, from, to, from.Add(240*time.Hour), "172.3392")
	}
}
