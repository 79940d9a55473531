package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// BillGrain is the shortest time that is billed: every instant of the time line is cut to it, so that shares of an hour are
// exact decimals.
const BillGrain = 36 * time.Second

// BillLine is what one part of one resource costs in one hour: the exact truth, before any cloud's own rounding.
type BillLine struct {
	Hour       time.Time // UTC
	ResourceID string
	Name       string // as it is in that hour
	ProjectID  string
	ParentID   string
	Kind       Kind
	Region     string
	Zone       string
	SKU        string
	Unit       string
	// Size is the part's units while it ran, Quantity the units times the share of the hour in which they ran.
	Size, Quantity decimal.Decimal
	UnitPrice      decimal.Decimal // list price per unit and hour
	ListCost       decimal.Decimal
	Cost           decimal.Decimal // after the contract's discount, before credits
	// Credit is the part of Cost that a grant pays: zero or more, never above Cost. All credits of a grant add up to no more
	// than its Amount.
	Credit decimal.Decimal
	Tags   map[string]string
}

// Bill gives the lines of the hours in [from, to) as the cloud would give them out at the instant asOf: late lines missing,
// later corrections not made yet. With a zero asOf it is the truth in the end. Order: hour, then resource, then part.
func (a *Account) Bill(from, to, asOf time.Time) []BillLine {
	a.mu.RLock()
	defer a.mu.RUnlock()
	out := a.lines(from, to, asOf)
	a.credit(out, to, asOf.IsZero())
	return out
}

// lines are the lines of a bill before credits. The caller holds mu.
func (a *Account) lines(from, to, asOf time.Time) []BillLine {
	from = from.UTC().Truncate(time.Hour)
	b := a.biller(from, to, asOf)
	var out []BillLine
	for hour := from; hour.Before(to); hour = hour.Add(time.Hour) {
		first := len(out)
		out = b.hour(out, hour)
		if hours := int(to.Sub(hour) / time.Hour); cap(out)-len(out) < hours*(len(out)-first) {
			out = slices.Grow(out, hours*(len(out)-first))
		}
	}
	return out
}

// biller makes the lines of one bill.
type biller struct {
	*Account
	asOf         time.Time
	prices       *priceIndex
	toPay        decimal.Decimal // share of list price
	delays       []Delay
	restatements map[string][]Restatement
	// same are the lines of each resource's latest whole hour, and until when hours are alike.
	same []alike
}

type alike struct {
	lines []BillLine
	until time.Time
}

func (a *Account) biller(from, to, asOf time.Time) *biller {
	b := &biller{Account: a, asOf: asOf, prices: a.prices(), toPay: one().Sub(a.Discount), same: make([]alike, len(a.resources))}
	for _, c := range a.restatements {
		if c.From.Before(to) && from.Before(c.To) && (asOf.IsZero() || !c.At.After(asOf)) {
			if b.restatements == nil {
				b.restatements = map[string][]Restatement{}
			}
			b.restatements[c.ResourceID] = append(b.restatements[c.ResourceID], c)
		}
	}
	for _, d := range a.delays {
		if !asOf.IsZero() && d.From.Before(to) && from.Before(d.To) {
			b.delays = append(b.delays, d)
		}
	}
	return b
}

func (b *biller) hour(out []BillLine, hour time.Time) []BillLine {
	if end := hour.Add(time.Hour); !b.asOf.IsZero() && end.After(b.asOf) {
		return out
	}
	for i, r := range b.resources {
		if !r.within(hour, hour.Add(time.Hour)) || !b.visible(r.ID, hour) {
			continue
		}
		first := len(out)
		if s := &b.same[i]; !hour.Add(time.Hour).After(s.until) {
			out = append(out, s.lines...)
			for j := first; j < len(out); j++ {
				out[j].Hour = hour
			}
			continue
		}
		out = b.linesOf(out, r, hour)
		if until := b.alikeUntil(r, hour); until.After(hour.Add(time.Hour)) {
			b.same[i] = alike{lines: slices.Clone(out[first:]), until: until}
		}
	}
	return out
}

func (r *Resource) within(from, to time.Time) bool {
	return r.Created.Before(to) && (r.Removed.IsZero() || r.Removed.After(from))
}

func (b *biller) visible(id string, hour time.Time) bool {
	for _, d := range b.delays {
		if (d.ResourceID == "" || d.ResourceID == id) && !hour.Before(d.From) && hour.Before(d.To) && hour.Add(time.Hour+d.By).After(b.asOf) {
			return false
		}
	}
	return true
}

// alikeUntil is the end of the time from an hour on in which all whole hours of a resource cost the same; zero when not even
// this one is whole.
func (b *biller) alikeUntil(r *Resource, hour time.Time) time.Time {
	i := r.stateAt(hour)
	s := &r.States[i]
	follows := slices.ContainsFunc(s.Parts, func(p Part) bool { return p.Follows })
	if r.Created.After(hour) || s.From.After(hour) || follows || len(b.restatements[r.ID]) > 0 {
		return time.Time{}
	}
	until := hour.AddDate(10, 0, 0)
	if i+1 < len(r.States) {
		until = earlier(until, r.States[i+1].From)
	}
	if !r.Removed.IsZero() {
		until = earlier(until, r.Removed)
	}
	if turn := b.prices.nextTurn(hour); !turn.IsZero() {
		until = earlier(until, turn)
	}
	return until
}

// linesOf appends a resource's lines of an hour, one for every part: states of one hour add up.
func (b *biller) linesOf(out []BillLine, r *Resource, hour time.Time) []BillLine {
	end := hour.Add(time.Hour)
	first := len(out)
	for i := r.stateAt(hour); i < len(r.States) && r.States[i].From.Before(end); i++ {
		s := &r.States[i]
		from, to := later(later(s.From, r.Created), hour), end
		if i+1 < len(r.States) {
			to = earlier(to, r.States[i+1].From)
		}
		if !r.Removed.IsZero() {
			to = earlier(to, r.Removed)
		}
		share := shareOfHour(from, to)
		if share.IsZero() {
			continue
		}
		for _, p := range s.Parts {
			if p.WhenRunning && s.Status != Running {
				continue
			}
			out = b.addPart(out, first, r, s, p, hour, share)
		}
	}
	return b.restated(out, first)
}

func (b *biller) addPart(out []BillLine, first int, r *Resource, s *State, p Part, hour time.Time, share decimal.Decimal) []BillLine {
	price := b.prices.at(p.SKU, hour)
	size := p.Quantity
	if p.Follows {
		size = size.Mul(decimal.NewFromFloat(r.Load.At(b.Seed, r.ID, hour))).DivRound(decimal.NewFromInt(100), 3)
	}
	l := BillLine{
		Hour: hour, ResourceID: r.ID, Name: s.Name, ProjectID: r.ProjectID, ParentID: s.ParentID, Kind: r.Kind, Region: r.Region, Zone: r.Zone,
		SKU: p.SKU, Unit: price.Unit, Size: size, Quantity: size.Mul(share), UnitPrice: price.Amount, Tags: r.Tags,
	}
	l.ListCost = l.Quantity.Mul(l.UnitPrice)
	l.Cost = l.ListCost.Mul(b.toPay)
	i := slices.IndexFunc(out[first:], func(o BillLine) bool { return o.SKU == l.SKU && o.ParentID == l.ParentID && o.Name == l.Name })
	if i < 0 {
		return append(out, l)
	}
	o := &out[first+i]
	o.Size, o.Quantity, o.ListCost, o.Cost = l.Size, o.Quantity.Add(l.Quantity), o.ListCost.Add(l.ListCost), o.Cost.Add(l.Cost)
	return out
}

// restated applies the corrections to a resource's lines, which are those from first on, and drops what is empty.
func (b *biller) restated(out []BillLine, first int) []BillLine {
	kept := out[:first]
	for _, l := range out[first:] {
		for _, c := range b.restatements[l.ResourceID] {
			if (c.SKU == "" || c.SKU == l.SKU) && !l.Hour.Before(c.From) && l.Hour.Before(c.To) {
				l.Quantity, l.ListCost, l.Cost = l.Quantity.Mul(c.Factor), l.ListCost.Mul(c.Factor), l.Cost.Mul(c.Factor)
			}
		}
		if !l.Quantity.IsZero() {
			kept = append(kept, l)
		}
	}
	return kept
}

// Changed tells when what the cloud says about the hours in [from, to) last changed, up to now: for versions of files. Whatever
// happens to hours since the first grant may move what grants pay of all later ones, and counts for these. It has as many
// nanoseconds as corrections were made, so that two of one instant are told apart.
func (a *Account) Changed(from, to, now time.Time) time.Time {
	a.mu.RLock()
	defer a.mu.RUnlock()
	for _, g := range a.Grants {
		from = earlier(from, g.From)
	}
	last, made := earlier(to, now.UTC().Truncate(time.Hour)), time.Duration(0)
	for _, c := range a.restatements {
		if !c.At.After(now) && c.From.Before(to) && from.Before(c.To) {
			last = later(last, c.At)
			made++
		}
	}
	for _, d := range a.delays {
		first := later(from, d.From).Add(time.Hour - time.Second).Truncate(time.Hour)
		newest := now.UTC().Add(-time.Hour - d.By).Truncate(time.Hour) // the newest hour that this delay lets through
		newest = earlier(newest, earlier(to, d.To).Add(-time.Second).Truncate(time.Hour))
		if !newest.Before(first) {
			last = later(last, newest.Add(time.Hour+d.By))
		}
	}
	return last.Add(made)
}

func shareOfHour(from, to time.Time) decimal.Decimal {
	n := int64(to.Truncate(BillGrain).Sub(from.Truncate(BillGrain)) / BillGrain)
	switch {
	case n <= 0:
		return decimal.Zero
	case n == 100:
		return one()
	}
	return decimal.New(n, -2)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
