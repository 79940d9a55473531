package analyze

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// hoursOfWeek is how many cells a profile has. A zone that never moves its clocks, as Moscow's, only renames the cells: the
// hour of the week of an instant is therefore counted from the epoch, and it is the same hour on Moscow's walls in every week.
const hoursOfWeek = 168

func cellOf(hour time.Time) int { return int((hour.Unix() / 3600) % hoursOfWeek) }

// share is a factor, kept as the fraction that it came from.
type share struct{ part, whole decimal.Decimal }

func evenly() share { return share{decimal.NewFromInt(1), decimal.NewFromInt(1)} }

func (s share) of(amount decimal.Decimal) decimal.Decimal {
	return amount.Mul(s.part).DivRound(s.whole, pipeline.MoneyScale)
}

// profile is what an hour of the week costs.
type profile struct {
	cells            [hoursOfWeek]decimal.Decimal
	basis            pipeline.BurnBasis
	daily, estimated decimal.Decimal
	// low and high are the ends of the range: no hour of low costs more than in cells, none of high less.
	low, high [hoursOfWeek]decimal.Decimal
}

// profileOf averages the hours, of which there must be one.
func profileOf(hours []pipeline.BurnHour) profile {
	p := profile{cells: cellsOf(hours)}
	p.low, p.high = p.cells, p.cells
	p.daily = dayOf(&p.cells)
	total, estimated := sumOf(hours), decimal.Zero
	for _, h := range hours {
		estimated = estimated.Add(h.Estimated)
	}
	if !total.IsZero() {
		p.estimated = p.daily.Mul(estimated).DivRound(total, pipeline.MoneyScale)
	}
	p.spread(hours)
	return p
}

// weightOf is how much a week counts, by how many weeks ago it was: each half as much as the one after it, so that what was
// added or switched off is soon in the mean.
func weightOf(weeksAgo int) decimal.Decimal { return decimal.NewFromInt(8 >> min(weeksAgo, 3)) }

// cellsOf averages each hour of the week. One that no hour is known of is the mean of the latest known hours, at most 24.
func cellsOf(hours []pipeline.BurnHour) [hoursOfWeek]decimal.Decimal {
	var sums, weights, cells [hoursOfWeek]decimal.Decimal
	last := hours[len(hours)-1].Start
	for _, h := range hours {
		c, weight := cellOf(h.Start), weightOf(int(last.Sub(h.Start)/(hoursOfWeek*time.Hour)))
		sums[c], weights[c] = sums[c].Add(h.Cost.Mul(weight)), weights[c].Add(weight)
	}
	latest := latestDay(hours)
	lastDay := mean(sumOf(latest), int64(len(latest)))
	for c := range cells {
		cells[c] = lastDay
		if weights[c].IsPositive() && len(hours) > 24 {
			cells[c] = sums[c].DivRound(weights[c], pipeline.MoneyScale)
		}
		cells[c] = decimal.Max(decimal.Zero, cells[c])
	}
	return cells
}

func latestDay(hours []pipeline.BurnHour) []pipeline.BurnHour { return hours[max(0, len(hours)-24):] }

func dayOf(cells *[hoursOfWeek]decimal.Decimal) decimal.Decimal {
	week := decimal.Zero
	for _, c := range cells {
		week = week.Add(c)
	}
	return mean(week, 7)
}

func mean(sum decimal.Decimal, n int64) decimal.Decimal {
	return sum.DivRound(decimal.NewFromInt(n), pipeline.MoneyScale)
}

func sumOf(hours []pipeline.BurnHour) decimal.Decimal {
	sum := decimal.Zero
	for _, h := range hours {
		sum = sum.Add(h.Cost)
	}
	return sum
}

// spread sets how far the burn strays: the 10th and the 90th percentile of its weeks, or of its days where there are less than two
// weeks, and what a day costs now. A burn that has just changed is within the range before it is within the mean.
func (p *profile) spread(hours []pipeline.BurnHour) {
	periods := periodsOf(hours, hoursOfWeek)
	p.basis = pipeline.BurnByWeeks
	if len(periods) < 2 {
		periods, p.basis = periodsOf(hours, 24), pipeline.BurnByDays
	}
	if len(hours) <= 24 {
		p.basis = pipeline.BurnByDay
	}
	if !p.daily.IsPositive() {
		return
	}
	shares := make([]share, len(periods))
	for i, known := range periods {
		shares[i] = p.against(known)
	}
	slices.SortFunc(shares, func(a, b share) int { return a.part.Mul(b.whole).Cmp(b.part.Mul(a.whole)) })
	if n := len(shares); n >= 2 {
		low, high := shares[(n+9)/10-1], shares[(9*n+9)/10-1]
		p.widen(func(c int) decimal.Decimal { return low.of(p.cells[c]) })
		p.widen(func(c int) decimal.Decimal { return high.of(p.cells[c]) })
	}
	before, more := changed(hours)
	p.widen(func(c int) decimal.Decimal { return decimal.Max(decimal.Zero, before[c].Add(more)) })
}

// widen takes what each hour might cost into the range.
func (p *profile) widen(hour func(cell int) decimal.Decimal) {
	for c := range p.cells {
		cost := hour(c)
		p.low[c], p.high[c] = decimal.Min(p.low[c], cost), decimal.Max(p.high[c], cost)
	}
}

// periodsOf cuts the hours into periods of so many hours back from the last one, and gives those that are known by half or more.
func periodsOf(hours []pipeline.BurnHour, length int) [][]pipeline.BurnHour {
	end := hours[len(hours)-1].Start.Add(time.Hour)
	var out [][]pipeline.BurnHour
	for rest := hours; len(rest) > 0; end = end.Add(-time.Duration(length) * time.Hour) {
		first := slices.IndexFunc(rest, func(h pipeline.BurnHour) bool { return !h.Start.Before(end.Add(-time.Duration(length) * time.Hour)) })
		if first < 0 {
			continue
		}
		if 2*(len(rest)-first) >= length {
			out = append(out, rest[first:])
		}
		rest = rest[:first]
	}
	return out
}

// against is what the hours cost against what the profile has for them; a period for which it has nothing is as the profile.
func (p *profile) against(hours []pipeline.BurnHour) share {
	expected := p.expect(hours)
	if !expected.IsPositive() {
		return evenly()
	}
	return share{decimal.Max(decimal.Zero, sumOf(hours)), expected}
}

func (p *profile) expect(hours []pipeline.BurnHour) decimal.Decimal {
	expected := decimal.Zero
	for _, h := range hours {
		expected = expected.Add(p.cells[cellOf(h.Start)])
	}
	return expected
}

// changed gives what each hour of the week cost before the latest day, and how much more an hour of that day cost than the same hours
// before. Where less than two days are known, the latest day stands for all.
func changed(hours []pipeline.BurnHour) (before [hoursOfWeek]decimal.Decimal, more decimal.Decimal) {
	latest := latestDay(hours)
	if len(hours) < 2*len(latest) {
		return cellsOf(latest), decimal.Zero
	}
	old := profile{cells: cellsOf(hours[:len(hours)-len(latest)])}
	return old.cells, mean(sumOf(latest).Sub(old.expect(latest)), int64(len(latest)))
}

// burn is what each hour costs: as charged where that is known, as a part or a multiple of the profile elsewhere.
type burn struct {
	known   map[int64]decimal.Decimal
	through time.Time
	cells   [hoursOfWeek]decimal.Decimal
	week    decimal.Decimal
}

func newBurn(a *pipeline.PrepaidAccount, cells [hoursOfWeek]decimal.Decimal) *burn {
	b := &burn{known: make(map[int64]decimal.Decimal, len(a.Burn)), through: a.Through, cells: cells}
	for _, h := range a.Burn {
		b.known[h.Start.Unix()] = decimal.Max(decimal.Zero, h.Cost)
	}
	for _, cost := range cells {
		b.week = b.week.Add(cost)
	}
	return b
}

func (b *burn) hour(start time.Time) decimal.Decimal {
	if start.Before(b.through) {
		if cost, ok := b.known[start.Unix()]; ok {
			return cost
		}
	}
	return b.cells[cellOf(start)]
}

// piece is the part of an hour's cost that falls on so many of its seconds.
func (b *burn) piece(start time.Time, from, to time.Time) decimal.Decimal {
	seconds := int64(to.Sub(from) / time.Second)
	if seconds == 3600 {
		return b.hour(start)
	}
	return b.hour(start).Mul(decimal.NewFromInt(seconds)).DivRound(decimal.NewFromInt(3600), pipeline.MoneyScale)
}

// between is the cost of a period; zero when it is empty.
func (b *burn) between(from, to time.Time) decimal.Decimal {
	sum := decimal.Zero
	for at := from; at.Before(to); {
		start := at.Truncate(time.Hour)
		end := start.Add(time.Hour)
		if end.After(to) {
			end = to
		}
		sum = sum.Add(b.piece(start, at, end))
		at = end
	}
	return sum
}

// ends is the first instant at which the cost since from is more than the money, to the second; zero when that is after the horizon.
func (b *burn) ends(from, horizon time.Time, money decimal.Decimal) time.Time {
	if money.IsNegative() {
		return from
	}
	for at := from; at.Before(horizon); {
		start := at.Truncate(time.Hour)
		end := start.Add(time.Hour)
		cost := b.piece(start, at, end)
		if cost.GreaterThan(money) {
			seconds := money.Mul(decimal.NewFromInt(int64(end.Sub(at)/time.Second))).DivRound(cost, pipeline.MoneyScale).Floor()
			return at.Add(time.Duration(seconds.IntPart()) * time.Second)
		}
		money = money.Sub(cost)
		at = end
		if !at.Before(b.through) {
			weeks := b.wholeWeeks(money, horizon.Sub(at))
			money, at = money.Sub(b.week.Mul(decimal.NewFromInt(weeks))), at.Add(time.Duration(weeks)*hoursOfWeek*time.Hour)
		}
	}
	return time.Time{}
}

// wholeWeeks is how many weeks the money is certain to outlast, so that they need not be walked hour by hour.
func (b *burn) wholeWeeks(money decimal.Decimal, left time.Duration) int64 {
	most := int64(left/(hoursOfWeek*time.Hour)) + 1
	if b.week.IsZero() {
		return most
	}
	if n := money.Div(b.week).Floor(); n.LessThan(decimal.NewFromInt(most)) {
		return max(0, n.IntPart()-1)
	}
	return most
}
