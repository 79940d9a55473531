package world_test

import (
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// TestEverythingHappens wants an account of the usual size to have all that the generator can do.
func TestEverythingHappens(t *testing.T) {
	seen := map[string]int{}
	end := start().Add(120 * day)
	for seed := range uint64(5) {
		a := world.NewAccount(world.AccountConfig{Seed: seed, Catalog: toy(), Start: start(), Servers: 30})
		for _, i := range a.Incidents {
			seen[string(i.Kind)]++
		}
		for _, r := range a.All() {
			if r.Created.After(start()) {
				seen["created"]++
			}
			if r.Created.After(end) {
				seen["created beyond the span"]++
			}
			if !r.Removed.IsZero() {
				seen["removed"]++
			}
			if len(r.Tags) == 0 {
				seen["untagged"]++
			}
			for i, s := range r.States[1:] {
				was := r.States[i]
				count := func(what string, is bool) {
					if is {
						seen[what]++
					}
				}
				count("renamed", s.Name != was.Name)
				count("stopped", s.Status == world.Stopped && was.Status == world.Running)
				count("started", s.Status == world.Running && was.Status == world.Stopped)
				count("made smaller", s.VCPU < was.VCPU)
				count("silent", s.Silent)
			}
		}
		seen["grants"] += len(a.Grants)
		seen["payments"] += len(a.TopUps)
		if early, late := a.PriceAt("core", start()), a.PriceAt("core", end); late.Amount.GreaterThan(early.Amount) {
			seen["dearer"]++
		}
		if a.Discount.IsPositive() {
			seen["discount"]++
		}
		if truth := a.Cost(start(), end, time.Time{}); !truth.Equal(a.Cost(start(), end, end)) {
			seen["said later"]++
		}
	}
	for _, what := range []string{
		"cost_spike", "drift", "level_shift", "forgotten_disk", "idle_machine", "created", "created beyond the span", "removed", "untagged",
		"renamed", "stopped", "started", "made smaller", "silent", "grants", "payments", "dearer", "discount", "said later",
	} {
		if seen[what] == 0 {
			t.Errorf("nothing of: %s", what)
		}
	}
}

// TestIncidentsCostWhatTheySay compares the hour before an incident, and the last hour before its end, with its HourlyExtra.
func TestIncidentsCostWhatTheySay(t *testing.T) {
	a := world.NewAccount(world.AccountConfig{Seed: 11, Catalog: toy(), Start: start(), Servers: 40, Calm: world.NoRestatements | world.NoPriceChange})
	hour := func(id string, at time.Time) decimal.Decimal {
		sum, h := decimal.Zero, at.Truncate(time.Hour)
		for _, l := range a.Bill(h, h.Add(time.Hour), time.Time{}) {
			if l.ResourceID == id {
				sum = sum.Add(l.Cost)
			}
		}
		return sum
	}
	for _, i := range a.Incidents {
		before, during := hour(i.ResourceID, i.From.Add(-2*time.Hour)), hour(i.ResourceID, i.From.Add(2*time.Hour))
		want := during.Sub(before)
		switch i.Kind {
		case world.Drift:
			want = hour(i.ResourceID, i.To.Add(2*time.Hour)).Sub(before)
		case world.ForgottenDisk, world.IdleMachine:
			want = during // all of it is too much
		}
		if !want.Equal(i.HourlyExtra) {
			t.Errorf("%s costs %s an hour more and is said to cost %s", i.Kind, want, i.HourlyExtra)
		}
		if i.Kind == world.CostSpike && !hour(i.ResourceID, i.To.Add(2*time.Hour)).Equal(before) {
			t.Error("a spike goes on behind its end")
		}
	}
}

// TestIdleMachineIdles looks at the load before and after.
func TestIdleMachineIdles(t *testing.T) {
	a := world.NewAccount(world.AccountConfig{Seed: 3, Catalog: toy(), Start: start(), Servers: 30})
	for _, i := range a.Incidents {
		if i.Kind != world.IdleMachine {
			continue
		}
		for _, r := range a.All() {
			for h := range 200 {
				if r.ID == i.ResourceID && r.Load.At(a.Seed, r.ID, i.From.Add(time.Duration(h)*time.Hour)) > 2 {
					t.Fatalf("%s is busy %d hours into idling", r.ID, h)
				}
			}
		}
		return
	}
	t.Fatal("no machine idles")
}

// TestGrantsPayOnce follows a grant of 10 roubles over hours of 1.7952: five are paid whole, and the rest of a sixth.
func TestGrantsPayOnce(t *testing.T) {
	a, _ := one()
	h := start().Add(5 * time.Hour)
	a.Grants = []world.Grant{{Name: "g", From: h, Amount: decimal.NewFromInt(10)}}
	for i, want := range []string{"0", "1.7952", "1.7952", "1.7952", "1.7952", "1.7952", "1.024", "0"} {
		from := h.Add(time.Duration(i-1) * time.Hour)
		if got := a.Bill(from, from.Add(time.Hour), time.Time{})[0].Credit.String(); got != want {
			t.Errorf("hour %d: %s is paid, want %s", i, got, want)
		}
	}
	if got := a.Credits(h, h.Add(100*time.Hour), h.Add(50*time.Hour)).String(); got != "10" {
		t.Errorf("in all %s is paid", got)
	}
	a.Opening = decimal.NewFromInt(100)
	if got := a.Balance(h.Add(2 * time.Hour)).String(); got != "91.024" {
		t.Errorf("the balance is %s, want 100 less five hours that nobody paid", got)
	}
}

func TestTaxIsWithin(t *testing.T) {
	a := &world.Account{TaxRate: decimal.RequireFromString("0.22")}
	if got := a.Tax(decimal.NewFromInt(122)).String(); got != "22" {
		t.Errorf("122 contains %s", got)
	}
}
