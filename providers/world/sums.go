package world

import (
	"sync"
	"time"

	"github.com/shopspring/decimal"
)

const day = 24 * time.Hour

// sums remembers what UTC days truly cost in the end, so that a long history is added up once. It is filled by readers of the
// account and cut by whoever changes it.
type sums struct {
	mu    sync.Mutex
	costs map[int64]decimal.Decimal // by day since 1970
	// credits are those of the days from the first grant's on, without a gap.
	credits []creditDay
}

// forget drops the days that an instant and all later ones bear on. The caller holds the account's mu for writing.
func (a *Account) forget(from time.Time) {
	a.sums.mu.Lock()
	defer a.sums.mu.Unlock()
	first := dayNumber(from)
	for d := range a.sums.costs {
		if d >= first {
			delete(a.sums.costs, d)
		}
	}
	if keep := first - a.firstGrant(); keep < int64(len(a.sums.credits)) {
		a.sums.credits = a.sums.credits[:max(keep, 0)]
	}
}

func dayNumber(t time.Time) int64 { return t.UTC().Truncate(day).Unix() / int64(day/time.Second) }

func startOfDay(n int64) time.Time { return time.Unix(n*int64(day/time.Second), 0).UTC() }

// dayCost is the truth of a UTC day. The caller holds mu for reading.
func (a *Account) dayCost(n int64) decimal.Decimal {
	a.sums.mu.Lock()
	cost, ok := a.sums.costs[n]
	a.sums.mu.Unlock()
	if ok {
		return cost
	}
	cost = costOf(a.lines(startOfDay(n), startOfDay(n+1), time.Time{}))
	a.sums.mu.Lock()
	defer a.sums.mu.Unlock()
	if a.sums.costs == nil {
		a.sums.costs = map[int64]decimal.Decimal{}
	}
	a.sums.costs[n] = cost
	return cost
}

func costOf(lines []BillLine) decimal.Decimal {
	sum := decimal.Zero
	for i := range lines {
		sum = sum.Add(lines[i].Cost)
	}
	return sum
}

// Cost is the sum of the Cost of Bill. Whole UTC days that change no more are added up once and remembered.
func (a *Account) Cost(from, to, asOf time.Time) decimal.Decimal {
	a.mu.RLock()
	defer a.mu.RUnlock()
	sum := decimal.Zero
	a.pieces(from, to, asOf, func(n int64) { sum = sum.Add(a.dayCost(n)) }, func(from, to time.Time) {
		sum = sum.Add(costOf(a.lines(from, to, asOf)))
	})
	return sum
}

// pieces cuts a time into whole days that are settled at asOf, and the rest.
func (a *Account) pieces(from, to, asOf time.Time, whole func(n int64), rest func(from, to time.Time)) {
	for at := from.UTC().Truncate(time.Hour); at.Before(to); {
		next := at.Truncate(day).Add(day)
		if at.Equal(at.Truncate(day)) && !next.After(to) && a.settled(at, next, asOf) {
			whole(dayNumber(at))
		} else {
			rest(at, earlier(next, to))
		}
		at = next
	}
}

// settled tells whether all that the cloud will ever say of a time was said by asOf.
func (a *Account) settled(from, to, asOf time.Time) bool {
	if asOf.IsZero() {
		return true
	}
	if to.After(asOf) {
		return false
	}
	for _, c := range a.restatements {
		if c.At.After(asOf) && c.From.Before(to) && from.Before(c.To) {
			return false
		}
	}
	for _, d := range a.delays {
		if d.From.Before(to) && from.Before(d.To) && earlier(d.To, to).Add(d.By).After(asOf) {
			return false
		}
	}
	return true
}

// Balance is the money on a prepaid account at an instant: opening balance and payments less what was used until then and no
// grant paid.
func (a *Account) Balance(now time.Time) decimal.Decimal {
	sum := a.Opening
	for _, t := range a.TopUps {
		if !t.At.After(now) {
			sum = sum.Add(t.Amount)
		}
	}
	to := now.UTC().Truncate(time.Hour)
	return sum.Sub(a.Cost(a.Start, to, now)).Add(a.Credits(a.Start, to, now))
}
