package beget_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	stage "github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
	"github.com/infrazen/infrazen/providers/world"
)

// rounds is how often the world's account is looked at: no server is resized twice in between.
const rounds = 3 * time.Hour

// watched is an account of a world that was looked at again and again, and what accrual makes of that.
type watched struct {
	account  *world.Account
	from, to time.Time
	// days are costs by the Moscow day and the resource.
	days map[time.Time]map[string]decimal.Decimal
}

// watch collects an account's inventory from one Moscow midnight to another, and accrues its charges.
func watch(t *testing.T, a *world.Account, from, to time.Time) *watched {
	t.Helper()
	now := from
	clock := func() time.Time { return now }
	cloud := begetsim.FromWorld(a)
	srv := httptest.NewServer(begetsim.New(begetsim.Config{
		Seed: a.Seed, Start: a.Start, Now: clock, TokenLife: 100 * time.Hour, PageSize: 50, LegacyLimit: -1, Accounts: []begetsim.Account{cloud},
	}))
	t.Cleanup(srv.Close)
	session := open(t, pipeline.Settings{
		beget.FieldLogin: cloud.Login, beget.FieldPassword: cloud.Password, beget.FieldAPIPassword: cloud.APIPassword, beget.FieldAddress: srv.URL,
	}, clock)
	states, latest := map[string][]pipeline.ResourceState{}, map[string]pipeline.ResourceState{}
	for ; !now.After(to); now = now.Add(rounds) {
		var held []pipeline.ResourceState
		task := pipeline.Task{Feed: pipeline.FeedInventory, From: now, To: now, Lang: pipeline.Russian}
		for _, s := range latest {
			held = append(held, s)
			if s.DeletedAt.IsZero() {
				task.Known = append(task.Known, pipeline.KnownResource{ID: s.ID, Type: s.Type, Name: s.Name, Scope: s.Scope})
			}
		}
		rec, out := collect(t, session, task)
		if !out.Complete() {
			t.Fatalf("on %s: %+v", now, out.Scopes)
		}
		seen := stage.Compare(held, stage.Snapshot{At: now, LastSeen: now.Add(-rounds), Resources: rec.Rows, Outcome: out})
		for _, s := range seen.Changed {
			states[s.ID] = append(states[s.ID], s)
			latest[s.ID] = s
		}
	}
	w := &watched{account: a, from: from, to: to, days: map[time.Time]map[string]decimal.Decimal{}}
	accrual := stage.Accrual{Provider: "Beget", Zone: world.Moscow(), NotBefore: from, Through: to}
	for id, list := range states {
		for _, c := range accrual.Charges(list, from, to) {
			w.add(midnight(c.Start), id, c.BilledCost)
		}
	}
	return w
}

func midnight(t time.Time) time.Time {
	y, m, d := t.In(world.Moscow()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, world.Moscow()).UTC()
}

func (w *watched) add(day time.Time, id string, cost decimal.Decimal) {
	if w.days[day] == nil {
		w.days[day] = map[string]decimal.Decimal{}
	}
	w.days[day][id] = w.days[day][id].Add(cost)
}

// truth is what the world says, by the Moscow day and the resource.
func (w *watched) truth() *watched {
	out := &watched{days: map[time.Time]map[string]decimal.Decimal{}}
	for _, l := range w.account.Bill(w.from, w.to, time.Time{}) {
		out.add(midnight(l.Hour), l.ResourceID, l.Cost)
	}
	return out
}

// slack is what may be missed of a day of a resource: what has no history is known to have changed, or to be gone, only when
// it was looked at next.
func (w *watched) slack(r *world.Resource, day time.Time) decimal.Decimal {
	sum := decimal.Zero
	if r.Kind == world.Server {
		return sum
	}
	near := func(at time.Time) bool { return !at.Before(day.Add(-rounds)) && at.Before(day.AddDate(0, 0, 1)) }
	most := decimal.Zero
	for _, s := range r.States {
		most = decimal.Max(most, w.account.HourlyCost(s.Parts, day.AddDate(0, 0, 1)))
	}
	for i, s := range r.States {
		if i > 0 && near(s.From) || near(r.Removed) {
			sum = sum.Add(most.Mul(decimal.NewFromInt(int64(rounds / time.Hour))))
		}
	}
	return sum
}

// TestAccrualComesToTheWorldsTruth looks at accounts over five weeks in which the price list changes, servers come, grow, shrink
// and go: every server costs in every day what the world says, to the last digit, and so does all else, but for the hours
// between a change that Beget tells nothing of and the next look.
func TestAccrualComesToTheWorldsTruth(t *testing.T) {
	start := time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)
	happened := map[string]int{}
	for _, seed := range []uint64{2, 3} {
		a := world.NewAccount(world.AccountConfig{Seed: seed, Catalog: world.BegetCatalog(), Start: start, Servers: 12})
		from := midnight(start.AddDate(0, 0, 50))
		w := watch(t, a, from, from.AddDate(0, 0, 35))
		truth := w.truth()
		var month, wantMonth, slack decimal.Decimal
		for day := from; day.Before(w.to); day = day.AddDate(0, 0, 1) {
			for _, r := range a.All() {
				got, want, missed := w.days[day][r.ID], truth.days[day][r.ID], w.slack(r, day)
				month, wantMonth, slack = month.Add(got), wantMonth.Add(want), slack.Add(missed)
				if got.Sub(want).Abs().GreaterThan(missed) {
					t.Errorf("seed %d, %s: %s %s costs %s, the world says %s", seed, day, r.Kind, r.ID, got, want)
				}
			}
		}
		if month.Sub(wantMonth).Abs().GreaterThan(slack) || !wantMonth.IsPositive() {
			t.Errorf("seed %d: five weeks cost %s, the world says %s", seed, month, wantMonth)
		}
		for _, r := range a.All() {
			within := func(at time.Time) bool { return at.After(from) && at.Before(w.to) }
			if r.Kind == world.Server && within(r.Created) {
				happened["created"]++
			}
			if r.Kind == world.Server && within(r.Removed) {
				happened["removed"]++
			}
			if r.Kind == world.Server && slices.ContainsFunc(r.States[1:], func(s world.State) bool { return within(s.From) && s.VCPU != r.States[0].VCPU }) {
				happened["resized"]++
			}
		}
		if turn := a.PriceAt("vps-core", w.to).From; turn.After(from) {
			happened["price list"]++
		}
	}
	for _, what := range []string{"created", "removed", "resized", "price list"} {
		if happened[what] == 0 {
			t.Errorf("in five weeks nothing is %s", what)
		}
	}
}
