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

func (s share) less(o share) bool { return s.part.Mul(o.whole).LessThan(o.part.Mul(s.whole)) }

// profile is what an hour of the week costs.
type profile struct {
	cells            [hoursOfWeek]decimal.Decimal
	basis            pipeline.BurnBasis
	daily, estimated decimal.Decimal
	low, high        share
}

// profileOf averages the hours, of which there must be one.
func profileOf(hours []pipeline.BurnHour) profile {
	p := profile{low: evenly(), high: evenly()}
	p.cells = cellsOf(hours)
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

// cellsOf averages each hour of the week. One that no hour is known of is the mean of the latest known hours, at most 24.
func cellsOf(hours []pipeline.BurnHour) [hoursOfWeek]decimal.Decimal {
	var sums, cells [hoursOfWeek]decimal.Decimal
	var counts [hoursOfWeek]int64
	for _, h := range hours {
		c := cellOf(h.Start)
		sums[c], counts[c] = sums[c].Add(h.Cost), counts[c]+1
	}
	latest := latestDay(hours)
	lastDay := mean(sumOf(latest), int64(len(latest)))
	for c := range cells {
		cells[c] = lastDay
		if counts[c] > 0 && len(hours) > 24 {
			cells[c] = mean(sums[c], counts[c])
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
		p.low, p.high = shares[(n+9)/10-1], shares[(9*n+9)/10-1]
	}
	now := share{dayNow(hours), p.daily}
	p.low, p.high = lesser(p.low, lesser(now, evenly())), greater(p.high, greater(now, evenly()))
}

func lesser(a, b share) share {
	if b.less(a) {
		return b
	}
	return a
}

func greater(a, b share) share {
	if a.less(b) {
		return b
	}
	return a
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

// dayNow is what a day costs if what the latest day cost more or less than the same hours before it stays.
func dayNow(hours []pipeline.BurnHour) decimal.Decimal {
	latest := latestDay(hours)
	if len(hours) < 2*len(latest) {
		return decimal.Max(decimal.Zero, mean(sumOf(latest), int64(len(latest))).Mul(decimal.NewFromInt(24)))
	}
	before := profile{cells: cellsOf(hours[:len(hours)-len(latest)])}
	more := sumOf(latest).Sub(before.expect(latest))
	return decimal.Max(decimal.Zero, dayOf(&before.cells).Add(more))
}

// burn is what each hour costs: as charged where that is known, as a part or a multiple of the profile elsewhere.
type burn struct {
	known   map[int64]decimal.Decimal
	through time.Time
	cells   [hoursOfWeek]decimal.Decimal
	week    decimal.Decimal
}

func (p *profile) burn(a *pipeline.PrepaidAccount, s share) *burn {
	b := &burn{known: make(map[int64]decimal.Decimal, len(a.Burn)), through: a.Through}
	for _, h := range a.Burn {
		b.known[h.Start.Unix()] = decimal.Max(decimal.Zero, h.Cost)
	}
	for c := range p.cells {
		b.cells[c] = s.of(p.cells[c])
		b.week = b.week.Add(b.cells[c])
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
