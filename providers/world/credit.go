package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// creditDay is what the grants paid on a UTC day, and what was left of each by its end.
type creditDay struct {
	paid decimal.Decimal
	left []decimal.Decimal
}

// Credits are the sum of the Credit of Bill.
func (a *Account) Credits(from, to, asOf time.Time) decimal.Decimal {
	a.mu.RLock()
	defer a.mu.RUnlock()
	sum := decimal.Zero
	if len(a.Grants) == 0 {
		return sum
	}
	a.pieces(from, to, func(n int64, from, to time.Time) {
		if missing, given := a.missing(from, to, asOf); n >= 0 && given && missing == 0 {
			sum = sum.Add(a.creditsOf(n).paid)
			return
		}
		lines := a.lines(from, to, asOf)
		a.credit(lines, to, asOf.IsZero())
		for i := range lines {
			sum = sum.Add(lines[i].Credit)
		}
	})
	return sum
}

// firstGrant is the day since 1970 on which the first grant begins.
func (a *Account) firstGrant() int64 {
	var first int64
	for i, g := range a.Grants {
		if n := dayNumber(g.From); i == 0 || n < first {
			first = n
		}
	}
	return first
}

// creditsOf works a day out after all days since the first grant. The caller holds mu for reading.
func (a *Account) creditsOf(n int64) creditDay {
	a.sums.mu.Lock()
	defer a.sums.mu.Unlock()
	first := a.firstGrant()
	if n < first {
		return creditDay{left: a.granted()}
	}
	for at := first + int64(len(a.sums.credits)); at <= n; at++ {
		d := creditDay{left: a.granted()}
		if at > first {
			d.left = a.sums.credits[at-first-1].left
		}
		if a.pays(d.left, startOfDay(at), startOfDay(at+1)) {
			d.left = slices.Clone(d.left)
			for _, paid := range a.spend(a.lines(startOfDay(at), startOfDay(at+1), time.Time{}), d.left) {
				d.paid = d.paid.Add(paid)
			}
		}
		a.sums.credits = append(a.sums.credits, d)
	}
	return a.sums.credits[n-first]
}

func (a *Account) granted() []decimal.Decimal {
	left := make([]decimal.Decimal, len(a.Grants))
	for i, g := range a.Grants {
		left[i] = g.Amount
	}
	return left
}

// pays tells whether a grant with money left runs at some time of [from, to).
func (a *Account) pays(left []decimal.Decimal, from, to time.Time) bool {
	for i, g := range a.Grants {
		if left[i].IsPositive() && g.From.Before(to) && (g.To.IsZero() || g.To.After(from)) {
			return true
		}
	}
	return false
}

// spend pays lines, which are in order of time, with what is left, and gives what was paid of each.
func (a *Account) spend(lines []BillLine, left []decimal.Decimal) []decimal.Decimal {
	paid := make([]decimal.Decimal, len(lines))
	for i := range lines {
		l := &lines[i]
		for j, g := range a.Grants {
			if l.Hour.Before(g.From) || !g.To.IsZero() && !l.Hour.Before(g.To) || !left[j].IsPositive() {
				continue
			}
			if take := decimal.Min(l.Cost.Sub(paid[i]), left[j]); take.IsPositive() {
				paid[i], left[j] = paid[i].Add(take), left[j].Sub(take)
			}
		}
	}
	return paid
}

type lineKey struct {
	hour                  int64
	id, sku, parent, name string
}

func (l *BillLine) key() lineKey {
	return lineKey{l.Hour.Unix(), l.ResourceID, l.SKU, l.ParentID, l.Name}
}

// credit sets the Credit of lines of a bill up to an instant. What grants pay is settled by the truth in the end; a line as it
// was given out earlier is never paid beyond its cost. The caller holds mu for reading.
func (a *Account) credit(lines []BillLine, to time.Time, truth bool) {
	for len(lines) > 0 && len(a.Grants) > 0 {
		n := dayNumber(lines[0].Hour)
		end := slices.IndexFunc(lines, func(l BillLine) bool { return dayNumber(l.Hour) != n })
		if end < 0 {
			end = len(lines)
		}
		left := a.creditsOf(n - 1).left
		if a.pays(left, startOfDay(n), startOfDay(n+1)) {
			a.creditDay(lines[:end], slices.Clone(left), earlier(to, startOfDay(n+1)), truth)
		}
		lines = lines[end:]
	}
}

func (a *Account) creditDay(lines []BillLine, left []decimal.Decimal, to time.Time, truth bool) {
	from := lines[0].Hour.Truncate(day)
	if truth && lines[0].Hour.Equal(from) {
		for i, paid := range a.spend(lines, left) {
			lines[i].Credit = paid
		}
		return
	}
	all := a.lines(from, to, time.Time{})
	paid := map[lineKey]decimal.Decimal{}
	for i, p := range a.spend(all, left) {
		paid[all[i].key()] = p
	}
	for i := range lines {
		l := &lines[i]
		l.Credit = decimal.Min(paid[l.key()], decimal.Max(l.Cost, decimal.Zero))
	}
}
