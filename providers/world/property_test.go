package world_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/providers/world"
)

const day = 24 * time.Hour

// drawn is a world of any seed and shape.
func drawn(t *rapid.T) world.AccountConfig {
	c := toy()
	c.SeparateVolumes = rapid.Bool().Draw(t, "volumes")
	c.Credits = rapid.Bool().Draw(t, "credits")
	return world.AccountConfig{
		Seed: rapid.Uint64().Draw(t, "seed"), Catalog: c, Start: start().Add(time.Duration(rapid.IntRange(0, 5000).Draw(t, "start")) * time.Hour),
		Servers: rapid.IntRange(1, 60).Draw(t, "servers"), Projects: rapid.IntRange(1, 7).Draw(t, "projects"),
		Span: time.Duration(rapid.IntRange(1, 200).Draw(t, "span")) * day, Calm: world.Calm(rapid.UintRange(0, uint(world.Calmest)).Draw(t, "calm")),
	}
}

// TestAnySeedGivesAValidWorld checks what stand-ins rely on.
func TestAnySeedGivesAValidWorld(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t)
		a := world.NewAccount(c)
		byID := map[string]*world.Resource{}
		for _, r := range a.All() {
			if byID[r.ID] != nil {
				t.Fatalf("two resources are %s", r.ID)
			}
			byID[r.ID] = r
		}
		for _, r := range a.All() {
			ordered(t, r)
			parents(t, a, r, byID)
		}
		incidents(t, a, byID)
		if c.Calm&world.NoIncidents != 0 && len(a.Incidents) > 0 || c.Calm&world.NoContract != 0 && len(a.Grants) > 0 {
			t.Fatalf("calm %b has %d incidents, %d grants", c.Calm, len(a.Incidents), len(a.Grants))
		}
		if same := world.NewAccount(c); !cmp.Equal(a, same, cmpopts.IgnoreUnexported(world.Account{})) || !cmp.Equal(a.All(), same.All()) {
			t.Fatal("the same configuration gives another world")
		}
		from := c.Start.Add(c.Span / 2)
		if same := world.NewAccount(c); !cmp.Equal(a.Bill(from, from.Add(3*time.Hour), from.Add(day)), same.Bill(from, from.Add(3*time.Hour), from.Add(day))) {
			t.Fatal("the same configuration gives another bill")
		}
	})
}

func ordered(t *rapid.T, r *world.Resource) {
	if len(r.States) == 0 || !r.States[0].From.Equal(r.Created) || !r.Removed.IsZero() && !r.Created.Before(r.Removed) {
		t.Fatalf("the life of %+v", r)
	}
	for i, s := range r.States {
		if i > 0 && !r.States[i-1].From.Before(s.From) || !r.Removed.IsZero() && !s.From.Before(r.Removed) {
			t.Fatalf("state %d of %+v", i, r)
		}
		if s.Name == "" || s.Status == "" {
			t.Fatalf("state %d of %s is empty", i, r.ID)
		}
		for _, at := range []time.Time{s.From, r.Created, r.Removed} {
			if !at.IsZero() && !at.Equal(at.Truncate(world.BillGrain)) {
				t.Fatalf("%s of %s is no multiple of the grain", at, r.ID)
			}
		}
	}
}

// parents wants the parent of a thing to exist in the thing's whole state, unless the thing was forgotten.
func parents(t *rapid.T, a *world.Account, r *world.Resource, byID map[string]*world.Resource) {
	forgotten := slices.ContainsFunc(a.Incidents, func(i world.Incident) bool { return i.ResourceID == r.ID && i.Kind == world.ForgottenDisk })
	for i, s := range r.States {
		if s.ParentID == "" {
			continue
		}
		p, end := byID[s.ParentID], r.Removed
		if i+1 < len(r.States) {
			end = r.States[i+1].From
		}
		if p == nil || s.From.Before(p.Created) {
			t.Fatalf("%s belongs to %s, which is not there", r.ID, s.ParentID)
		}
		if !p.Removed.IsZero() && (end.IsZero() || end.After(p.Removed)) && !forgotten {
			t.Fatalf("%s outlives its parent %s", r.ID, s.ParentID)
		}
	}
}

func incidents(t *rapid.T, a *world.Account, byID map[string]*world.Resource) {
	seen := map[string]bool{}
	for _, i := range a.Incidents {
		r := byID[i.ResourceID]
		if r == nil || seen[i.ResourceID] || !i.HourlyExtra.IsPositive() || !i.To.IsZero() && !i.From.Before(i.To) {
			t.Fatalf("incident %+v", i)
		}
		seen[i.ResourceID] = true
		if s, ok := r.At(i.From); !ok || i.Kind == world.ForgottenDisk && s.ParentID != "" && !byID[s.ParentID].Removed.Equal(i.From) {
			t.Fatalf("incident %+v of %+v", i, r)
		}
	}
}

// TestHoursDaysAndMonthsAddUp compares sums of lines with the sums that are remembered, while the account is changed.
func TestHoursDaysAndMonthsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t)
		c.Servers = min(c.Servers, 12)
		a := world.NewAccount(c)
		from := c.Start.Add(time.Duration(rapid.IntRange(-48, int(c.Span/time.Hour)).Draw(t, "from")) * time.Hour)
		if turn := a.PriceAt("core", c.Start.Add(10*c.Span)).From; !turn.IsZero() && rapid.Bool().Draw(t, "turn") {
			from = turn.Add(-30 * time.Hour)
		}
		if rapid.Bool().Draw(t, "midnight") {
			from = from.Truncate(day)
		}
		to := from.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "hours")) * time.Hour)
		var asOf time.Time
		if rapid.Bool().Draw(t, "as of") {
			asOf = from.Add(time.Duration(rapid.IntRange(0, 1200).Draw(t, "later")) * time.Hour)
		}
		agree := func() {
			sum, paid := decimal.Zero, decimal.Zero
			a.Cost(from, to, time.Time{}) // the truth is remembered beside what was said
			for _, l := range a.Bill(from, to, asOf) {
				sum, paid = sum.Add(l.Cost), paid.Add(l.Credit)
				if l.Cost.IsNegative() || l.Quantity.IsNegative() || l.Credit.IsNegative() || l.Credit.GreaterThan(l.Cost) || l.Cost.GreaterThan(l.ListCost) {
					t.Fatalf("line %+v", l)
				}
			}
			hours, byHour := decimal.Zero, decimal.Zero
			for h := from; h.Before(to); h = h.Add(time.Hour) {
				hours = hours.Add(a.Cost(h, h.Add(time.Hour), asOf))
				byHour = byHour.Add(a.Credits(h, h.Add(time.Hour), asOf))
			}
			if whole := a.Cost(from, to, asOf); !whole.Equal(sum) || !hours.Equal(sum) {
				t.Fatalf("the lines cost %s, the hours %s, the whole %s", sum, hours, whole)
			}
			if whole := a.Credits(from, to, asOf); !whole.Equal(paid) || !byHour.Equal(paid) {
				t.Fatalf("of the lines %s are paid, of the hours %s, of the whole %s", paid, byHour, whole)
			}
		}
		agree()
		changed(t, a, from.Add(time.Duration(rapid.IntRange(0, int(to.Sub(from)/time.Hour)).Draw(t, "at"))*time.Hour))
		agree()
	})
}

// changed does something to an account whose sums are remembered.
func changed(t *rapid.T, a *world.Account, at time.Time) {
	living := a.Inventory(at)
	if len(living) == 0 {
		return
	}
	r := rapid.SampledFrom(living).Draw(t, "resource")
	factor := decimal.New(int64(rapid.IntRange(0, 300).Draw(t, "factor")), -2)
	last := r.States[len(r.States)-1].From.Add(time.Hour)
	var err error
	switch rapid.IntRange(0, 4).Draw(t, "change") {
	case 0:
		a.Restate(world.Restatement{At: at.Add(50 * time.Hour), From: at, To: at.Add(30 * time.Hour), ResourceID: r.ID, Factor: factor})
	case 1:
		a.Delay(world.Delay{From: at, To: at.Add(5 * time.Hour), By: 20 * time.Hour})
	case 2:
		err = a.Change(r.ID, last, func(s *world.State) { s.Parts = []world.Part{{SKU: "core", Quantity: decimal.NewFromInt(77)}} })
	case 3:
		err = a.Remove(r.ID, last)
	default:
		a.Add(world.Resource{ID: "new", Kind: world.Server, Created: at, States: []world.State{{From: at, Name: "n", Status: world.Running, Parts: toy().Parts(world.Server, world.Spec{VCPU: 9})}}})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestMoneyLasts wants a prepaid balance above zero at every noon, and grants to pay no more than they are.
func TestMoneyLasts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t)
		c.Servers, c.Span, c.Beyond, c.Calm = min(c.Servers, 10), min(c.Span, 60*day), 20*day, c.Calm&^world.NoContract
		a := world.NewAccount(c)
		for now := c.Start; now.Before(c.Start.Add(c.Span + c.Beyond)); now = now.Add(3 * day).Add(11 * time.Hour) {
			if b := a.Balance(now); !b.IsPositive() {
				t.Fatalf("the balance is %s on %s", b, now)
			}
		}
		all := decimal.Zero
		for _, g := range a.Grants {
			all = all.Add(g.Amount)
		}
		paid := a.Credits(c.Start, c.Start.Add(c.Span+c.Beyond), time.Time{})
		if paid.GreaterThan(all) {
			t.Fatalf("grants of %s pay %s", all, paid)
		}
	})
}

// TestChangedSaysSo wants the instant of the last change to differ whenever what the cloud says of a time does.
func TestChangedSaysSo(t *testing.T) {
	differed := 0
	rapid.Check(t, func(t *rapid.T) {
		c := drawn(t)
		c.Servers, c.Calm = min(c.Servers, 8), 0
		a := world.NewAccount(c)
		from := c.Start.Add(time.Duration(rapid.IntRange(0, int(c.Span/time.Hour)).Draw(t, "from")) * time.Hour)
		to := from.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
		a.Delay(world.Delay{From: from.Add(-3 * time.Hour), To: to, By: time.Duration(rapid.IntRange(0, 3000).Draw(t, "late")) * time.Minute})
		one := from.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "one")) * time.Minute)
		two := one.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "two")) * time.Minute)
		if cmp.Equal(a.Bill(from, to, one), a.Bill(from, to, two)) {
			return
		}
		differed++
		if a.Changed(from, to, one).Equal(a.Changed(from, to, two)) {
			t.Fatalf("the bill of %s changes between %s and %s, and Changed says %s of both", from, one, two, a.Changed(from, to, one))
		}
	})
	if differed == 0 {
		t.Error("no bill changed")
	}
}

// TestReadersAndWriters reads an account while it is changed; what was remembered then is the truth in the end.
func TestReadersAndWriters(t *testing.T) {
	config := world.AccountConfig{Seed: 5, Catalog: toy(), Start: start(), Servers: 5, Span: 30 * day}
	a, same := world.NewAccount(config), world.NewAccount(config)
	end := start().Add(30 * day)
	change := func(a *world.Account) {
		for i, r := range same.Inventory(start()) {
			at := start().Add(time.Duration(i+90) * day)
			if err := a.Change(r.ID, at, func(s *world.State) { s.Name += "!" }); err != nil {
				t.Error(err)
			}
			a.Restate(world.Restatement{At: end, From: start().Add(time.Duration(i) * day), To: end, ResourceID: r.ID, Factor: decimal.New(5, -1)})
		}
	}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for range 5 {
				a.Cost(start(), end, time.Time{})
				a.Balance(end)
				a.Inventory(end)
			}
		})
	}
	all.Go(func() { change(a) })
	all.Wait()
	change(same)
	if got, want := a.Cost(start(), end, time.Time{}), same.Cost(start(), end, time.Time{}); !got.Equal(want) {
		t.Errorf("%s is remembered, the truth is %s", got, want)
	}
	if got, want := a.Credits(start(), end, time.Time{}), same.Credits(start(), end, time.Time{}); !got.Equal(want) {
		t.Errorf("credits of %s are remembered, the truth is %s", got, want)
	}
}
