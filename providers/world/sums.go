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
	costs map[dayKey]decimal.Decimal
	// credits are those of the days from the first grant's on, without a gap.
	credits []creditDay
}

// dayKey is a day since 1970, as it was before its last corrections were made: missing is how many; 0 is the truth in the end.
type dayKey struct {
	day     int64
	missing int
}

// forget drops the days that an instant and all later ones bear on. The caller holds the account's mu for writing.
func (a *Account) forget(from time.Time) {
	a.sums.mu.Lock()
	defer a.sums.mu.Unlock()
	first := dayNumber(from)
	for k := range a.sums.costs {
		if k.day >= first {
			delete(a.sums.costs, k)
		}
	}
	if keep := first - a.firstGrant(); keep < int64(len(a.sums.credits)) {
		a.sums.credits = a.sums.credits[:max(keep, 0)]
	}
}

func dayNumber(t time.Time) int64 { return t.UTC().Truncate(day).Unix() / int64(day/time.Second) }

func startOfDay(n int64) time.Time { return time.Unix(n*int64(day/time.Second), 0).UTC() }

// dayCost is what the cloud said of a UTC day at asOf, when all its lines were given out and some corrections were missing. The
// caller holds mu for reading.
func (a *Account) dayCost(k dayKey, asOf time.Time) decimal.Decimal {
	a.sums.mu.Lock()
	cost, ok := a.sums.costs[k]
	a.sums.mu.Unlock()
	if ok {
		return cost
	}
	cost = costOf(a.lines(startOfDay(k.day), startOfDay(k.day+1), asOf))
	a.sums.mu.Lock()
	defer a.sums.mu.Unlock()
	if a.sums.costs == nil {
		a.sums.costs = map[dayKey]decimal.Decimal{}
	}
	a.sums.costs[k] = cost
	return cost
}

func costOf(lines []BillLine) decimal.Decimal {
	sum := decimal.Zero
	for i := range lines {
		sum = sum.Add(lines[i].Cost)
	}
	return sum
}

// Cost is the sum of the Cost of Bill. Whole UTC days are added up once and remembered.
func (a *Account) Cost(from, to, asOf time.Time) decimal.Decimal {
	a.mu.RLock()
	defer a.mu.RUnlock()
	sum := decimal.Zero
	a.pieces(from, to, func(n int64, from, to time.Time) {
		missing, given := a.missing(from, to, asOf)
		if n >= 0 && given {
			sum = sum.Add(a.dayCost(dayKey{n, missing}, asOf))
		} else {
			sum = sum.Add(costOf(a.lines(from, to, asOf)))
		}
	})
	return sum
}

// pieces cuts a time into whole UTC days, told with their number, and parts of days, told with -1.
func (a *Account) pieces(from, to time.Time, each func(n int64, from, to time.Time)) {
	for at := from.UTC().Truncate(time.Hour); at.Before(to); {
		n, next := int64(-1), at.Truncate(day).Add(day)
		if at.Equal(at.Truncate(day)) && !next.After(to) {
			n = dayNumber(at)
		}
		each(n, at, earlier(next, to))
		at = next
	}
}

// missing tells whether all lines of a time were given out by asOf, and how many of its corrections were still to come.
func (a *Account) missing(from, to, asOf time.Time) (corrections int, given bool) {
	if asOf.IsZero() {
		return 0, true
	}
	for _, c := range a.restatements {
		if c.At.After(asOf) && c.From.Before(to) && from.Before(c.To) {
			corrections++
		}
	}
	for _, d := range a.delays {
		if d.From.Before(to) && from.Before(d.To) && earlier(d.To, to).Add(time.Hour+d.By).After(asOf) {
			return corrections, false
		}
	}
	return corrections, !to.After(asOf)
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
