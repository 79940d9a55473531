package analyze

import (
	"cmp"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Runways tells for how long the money on each account lasts and what it takes to reach until. Those that run out first come
// first; those that never do, or of which that is not known, come last by name.
func Runways(accounts []pipeline.PrepaidAccount, now, until time.Time) []pipeline.Runway {
	out := make([]pipeline.Runway, len(accounts))
	for i := range accounts {
		out[i] = Runway(accounts[i], now, until)
	}
	slices.SortStableFunc(out, func(a, b pipeline.Runway) int {
		return cmp.Or(compareEnds(&a, &b), cmp.Compare(urgency(a.State), urgency(b.State)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ConnectionID, b.ConnectionID))
	})
	return out
}

func compareEnds(a, b *pipeline.Runway) int {
	if a.EndsAt.IsZero() != b.EndsAt.IsZero() {
		if a.EndsAt.IsZero() {
			return 1
		}
		return -1
	}
	return a.EndsAt.Compare(b.EndsAt)
}

// urgency orders accounts without an end: those that nothing is known of before those that need nothing.
func urgency(s pipeline.RunwayState) int {
	return slices.Index([]pipeline.RunwayState{
		pipeline.RunwayOut, pipeline.RunwayRuns, pipeline.RunwayNoBalance, pipeline.RunwayCurrency, pipeline.RunwayNoHistory,
		pipeline.RunwayLong, pipeline.RunwayIdle, pipeline.RunwayPostpaid,
	}, s)
}

// Runway tells for how long the money on one account lasts, hour by hour from the instant that the balance belongs to: what
// was charged since is taken as charged, hours that are not known as the profile of their hour of the week has them.
func Runway(a pipeline.PrepaidAccount, now, until time.Time) pipeline.Runway {
	r := pipeline.Runway{PrepaidAccount: a, Until: until, State: stateOf(&a), AtMost: a.Unpriced > 0}
	if a.State.Balance != nil {
		r.Money = *a.State.Balance
		if a.Rule != nil && a.Rule.BonusPays && a.State.Bonus != nil {
			r.Money = r.Money.Add(*a.State.Bonus)
		}
		r.Left = r.Money
	}
	if r.State != "" {
		return r
	}
	p := profileOf(a.Burn)
	r.Basis, r.Daily, r.DailyEstimated = p.basis, p.daily, p.estimated
	middle, low, high := newBurn(&a, p.cells), newBurn(&a, p.low), newBurn(&a, p.high)
	r.DailyLow, r.DailyHigh = dayOf(&p.low), dayOf(&p.high)
	from := a.State.ObservedAt.Truncate(time.Second)
	r.Left = r.Money.Sub(middle.between(from, now))
	horizon := now.Add(pipeline.RunwayHorizon)
	r.EndsAt, r.EndsEarly, r.EndsLate = middle.ends(from, horizon, r.Money), high.ends(from, horizon, r.Money), low.ends(from, horizon, r.Money)
	r.TopUp, r.TopUpHigh = topUp(r.Money, middle.between(from, until)), topUp(r.Money, high.between(from, until))
	r.State = endState(&r, middle, now)
	if !r.EndsAt.IsZero() {
		r.SuspendedAt = r.EndsAt.Add(a.Rule.SuspendedAfter)
		if a.Rule.DeletedAfter > 0 {
			r.DeletedAt = r.SuspendedAt.Add(a.Rule.DeletedAfter)
		}
	}
	explainCloud(&r)
	return r
}

// stateOf is the state of an account that no end can be worked out for; empty for the others.
func stateOf(a *pipeline.PrepaidAccount) pipeline.RunwayState {
	switch {
	case a.Rule == nil:
		return pipeline.RunwayPostpaid
	case a.State.Balance == nil:
		return pipeline.RunwayNoBalance
	case len(a.Burn) == 0 && len(a.Foreign) > 0:
		return pipeline.RunwayCurrency
	case len(a.Burn) == 0:
		return pipeline.RunwayNoHistory
	}
	return ""
}

func endState(r *pipeline.Runway, b *burn, now time.Time) pipeline.RunwayState {
	switch {
	case !r.EndsAt.IsZero() && !r.EndsAt.After(now):
		return pipeline.RunwayOut
	case !r.EndsAt.IsZero():
		return pipeline.RunwayRuns
	case b.week.IsZero():
		return pipeline.RunwayIdle
	}
	return pipeline.RunwayLong
}

// topUp is how much is missing for the cost, in whole units of the currency.
func topUp(money, cost decimal.Decimal) decimal.Decimal {
	missing := cost.Sub(money)
	if !missing.IsPositive() {
		return decimal.Zero
	}
	return missing.Ceil()
}
