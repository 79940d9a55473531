package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// contract settles the prices: the discount, and a new price list from the first of a month on.
func (g *generator) contract() {
	g.roll("contract")
	a := g.made
	if !g.is(NoContract) {
		a.Discount = pick(g.dice, decimal.Zero, decimal.Zero, decimal.New(5, -2), decimal.New(1, -1))
	}
	twice := len(newPriceIndex(a.Prices).sku) < len(a.Prices)
	if g.is(NoPriceChange) || twice {
		return
	}
	y, m, _ := g.Start.Add(g.Span / 2).In(Moscow()).Date()
	from := time.Date(y, m+1, 1, 0, 0, 0, 0, Moscow()).UTC()
	factor := decimal.New(int64(104+g.dice.IntN(6)), -2)
	raised := slices.Clone(a.Prices)
	for _, p := range a.Prices {
		p.Amount, p.From = g.round(p.Amount.Mul(factor), p.Amount), from
		raised = append(raised, p)
	}
	a.Prices = raised
}

func (g *generator) round(amount, old decimal.Decimal) decimal.Decimal {
	if step := g.Catalog.Step; step.IsPositive() {
		return amount.DivRound(step, 0).Mul(step)
	}
	return amount.Round(max(4, -old.Exponent()))
}

// money gives grants, and pays in whenever the balance would fall below some days' cost.
func (g *generator) money() {
	g.roll("money")
	a := g.made
	costs := g.dailyCosts()
	round := func(d decimal.Decimal) decimal.Decimal {
		thousand := decimal.NewFromInt(1000)
		return d.Div(thousand).Ceil().Mul(thousand)
	}
	if g.Catalog.Credits && !g.is(NoContract) {
		from := g.Start.Add(time.Duration(g.dice.IntN(30)) * day)
		a.Grants = []Grant{
			{Name: "welcome", From: from, To: from.Add(60 * day), Amount: round(costs[0].Mul(decimal.NewFromInt(4)))},
			{Name: "partner", From: from.Add(75 * day), Amount: round(costs[0].Mul(decimal.NewFromInt(2)))},
		}
	}
	left := round(costs[0].Mul(decimal.NewFromInt(12)).Add(one()))
	a.Opening = left
	for i, cost := range costs {
		if left.LessThan(cost.Mul(decimal.NewFromInt(4))) {
			// Paid at one in the afternoon of the day before, Moscow time.
			top := TopUp{At: g.Start.Add(time.Duration(i) * day).Truncate(day).Add(-14 * time.Hour), Amount: round(cost.Mul(decimal.NewFromInt(21)))}
			a.TopUps, left = append(a.TopUps, top), left.Add(top.Amount)
		}
		left = left.Sub(cost)
	}
}

// dailyCosts are what days from the start on cost at most, before the cloud's corrections.
func (g *generator) dailyCosts() []decimal.Decimal {
	days := int((g.Span+g.Beyond)/day) + 1
	out := make([]decimal.Decimal, days)
	hours := decimal.NewFromInt(24)
	for _, r := range g.all {
		costs := map[int]decimal.Decimal{} // by state and price list
		turns := len(g.made.prices().turns)
		for i := range out {
			from := g.Start.Add(time.Duration(i) * day)
			if !r.within(from, from.Add(day)) {
				continue
			}
			most := decimal.Zero
			for n := r.stateAt(from); n < len(r.States) && r.States[n].From.Before(from.Add(day)); n++ {
				epoch := n*(turns+1) + g.made.prices().epoch(from.Add(day))
				cost, ok := costs[epoch]
				if !ok {
					cost = g.made.HourlyCost(r.States[n].billed(), from.Add(day))
					costs[epoch] = cost
				}
				most = decimal.Max(most, cost)
			}
			out[i] = out[i].Add(most.Mul(hours))
		}
	}
	return out
}

// epoch counts the price changes until an instant.
func (p *priceIndex) epoch(t time.Time) int {
	n := 0
	for n < len(p.turns) && !p.turns[n].After(t) {
		n++
	}
	return n
}

// billed are the parts that the bill counts in a state.
func (s *State) billed() []Part {
	if s.Status == Running {
		return s.Parts
	}
	return slices.DeleteFunc(slices.Clone(s.Parts), func(p Part) bool { return p.WhenRunning })
}

// corrections make lines come late, and some be said twice: within days, gone altogether, and a month later.
func (g *generator) corrections() {
	times := 1 + int((g.Span+g.Beyond)/(45*day))
	g.roll("delays")
	for range times {
		if g.is(NoDelays) {
			break
		}
		whole, part := g.hour(), g.hour()
		g.made.Delay(
			Delay{From: whole, To: whole.Add(g.hours(24)), By: 4*time.Hour + g.hours(26)},
			Delay{ResourceID: g.anyAt(part), From: part, To: part.Add(g.hours(72)), By: day + g.hours(72)},
		)
	}
	g.roll("restatements")
	for range times {
		if g.is(NoRestatements) {
			break
		}
		soon, gone, old := g.hour(), g.hour(), g.hour()
		factor := decimal.New(pick[int64](g.dice, 50, 80, 90, 95, 110, 125), -2)
		g.made.Restate(
			Restatement{At: soon.Add(day + g.hours(120)), From: soon, To: soon.Add(g.hours(24)), ResourceID: g.anyAt(soon), Factor: factor},
			Restatement{At: gone.Add(day + g.hours(72)), From: gone, To: gone.Add(g.hours(6)), ResourceID: g.anyAt(gone)},
			Restatement{At: old.Add(30*day + g.hours(96)), From: old, To: old.Add(g.hours(24)), ResourceID: g.anyAt(old), Factor: decimal.New(9, -1)},
		)
	}
}

// hour is the start of an hour of the whole time, and hours a length of 1 hour to n.
func (g *generator) hour() time.Time {
	return g.Start.Truncate(time.Hour).Add(time.Duration(g.dice.IntN(int((g.Span+g.Beyond)/time.Hour))) * time.Hour)
}

func (g *generator) hours(n int) time.Duration { return time.Duration(1+g.dice.IntN(n)) * time.Hour }

// anyAt is the identifier of something that exists at an instant and is billed.
func (g *generator) anyAt(t time.Time) string {
	var ids []string
	for _, r := range g.all {
		if s, ok := r.At(t); ok && len(s.billed()) > 0 {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return pick(g.dice, ids...)
}
