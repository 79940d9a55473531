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
	Tags           map[string]string
}

// Bill gives the lines of the hours in [from, to) as the cloud would give them out at the instant asOf: late lines missing,
// later corrections not made yet. With a zero asOf it is the truth in the end. Order: hour, then resource, then part.
func (a *Account) Bill(from, to, asOf time.Time) []BillLine {
	a.mu.RLock()
	defer a.mu.RUnlock()
	var out []BillLine
	for hour := from.UTC().Truncate(time.Hour); hour.Before(to); hour = hour.Add(time.Hour) {
		for _, r := range a.resources {
			if !a.visible(r.ID, hour, asOf) {
				continue
			}
			out = a.linesOf(out, r, hour, asOf)
		}
	}
	return out
}

// Cost is the sum of Bill.
func (a *Account) Cost(from, to, asOf time.Time) decimal.Decimal {
	sum := decimal.Zero
	for _, l := range a.Bill(from, to, asOf) {
		sum = sum.Add(l.Cost)
	}
	return sum
}

func (a *Account) visible(id string, hour, asOf time.Time) bool {
	if asOf.IsZero() {
		return true
	}
	given := hour.Add(time.Hour)
	for _, d := range a.delays {
		if (d.ResourceID == "" || d.ResourceID == id) && !hour.Before(d.From) && hour.Before(d.To) {
			given = later(given, hour.Add(time.Hour+d.By))
		}
	}
	return !given.After(asOf)
}

// linesOf appends a resource's lines of an hour, one for every part: states of one hour add up.
func (a *Account) linesOf(out []BillLine, r *Resource, hour, asOf time.Time) []BillLine {
	end := hour.Add(time.Hour)
	if !r.Created.Before(end) || !r.Removed.IsZero() && !r.Removed.After(hour) {
		return out
	}
	first := len(out)
	for i, s := range r.States {
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
			out = a.addPart(out, first, r, &s, p, hour, share)
		}
	}
	return a.restated(out, first, asOf)
}

func (a *Account) addPart(out []BillLine, first int, r *Resource, s *State, p Part, hour time.Time, share decimal.Decimal) []BillLine {
	price := a.PriceAt(p.SKU, hour)
	size := p.Quantity
	if p.Follows {
		size = size.Mul(decimal.NewFromFloat(r.Load.At(a.Seed, r.ID, hour))).DivRound(decimal.NewFromInt(100), 3)
	}
	l := BillLine{
		Hour: hour, ResourceID: r.ID, Name: s.Name, ProjectID: r.ProjectID, ParentID: s.ParentID, Kind: r.Kind, Region: r.Region, Zone: r.Zone,
		SKU: p.SKU, Unit: price.Unit, Size: size, Quantity: size.Mul(share), UnitPrice: price.Amount, Tags: r.Tags,
	}
	l.price(a.Discount)
	i := slices.IndexFunc(out[first:], func(o BillLine) bool { return o.SKU == l.SKU && o.ParentID == l.ParentID && o.Name == l.Name })
	if i < 0 {
		return append(out, l)
	}
	o := &out[first+i]
	o.Size, o.Quantity, o.ListCost, o.Cost = l.Size, o.Quantity.Add(l.Quantity), o.ListCost.Add(l.ListCost), o.Cost.Add(l.Cost)
	return out
}

func (l *BillLine) price(discount decimal.Decimal) {
	l.ListCost = l.Quantity.Mul(l.UnitPrice)
	l.Cost = l.ListCost.Mul(decimal.NewFromInt(1).Sub(discount))
}

// restated applies the corrections made until asOf to the lines from first on.
func (a *Account) restated(out []BillLine, first int, asOf time.Time) []BillLine {
	for _, c := range a.restatements {
		if !asOf.IsZero() && c.At.After(asOf) {
			continue
		}
		for i := first; i < len(out); i++ {
			l := &out[i]
			if l.ResourceID != c.ResourceID || c.SKU != "" && c.SKU != l.SKU || l.Hour.Before(c.From) || !l.Hour.Before(c.To) {
				continue
			}
			l.Quantity, l.ListCost, l.Cost = l.Quantity.Mul(c.Factor), l.ListCost.Mul(c.Factor), l.Cost.Mul(c.Factor)
		}
	}
	kept := out[:first]
	for _, l := range out[first:] {
		if !l.Quantity.IsZero() {
			kept = append(kept, l)
		}
	}
	return kept
}

// PriceAt is an SKU's price at an instant; the zero Price when it has none.
func (a *Account) PriceAt(sku string, t time.Time) Price {
	var best Price
	for _, p := range a.Prices {
		if p.SKU == sku && !p.From.After(t) && (best.SKU == "" || !p.From.Before(best.From)) {
			best = p
		}
	}
	return best
}

// Changed tells when what the cloud says about the hours in [from, to) last changed, up to now: for versions of files.
func (a *Account) Changed(from, to, now time.Time) time.Time {
	a.mu.RLock()
	defer a.mu.RUnlock()
	last := earlier(to, now.UTC().Truncate(time.Hour))
	for _, c := range a.restatements {
		if !c.At.After(now) && c.From.Before(to) && from.Before(c.To) {
			last = later(last, c.At)
		}
	}
	for _, d := range a.delays {
		if given := earlier(to, d.To).Add(d.By); d.From.Before(to) && from.Before(d.To) && !given.After(now) {
			last = later(last, given)
		}
	}
	return last
}

// Balance is the money on a prepaid account at an instant: opening balance and payments less what was used until then.
func (a *Account) Balance(now time.Time) decimal.Decimal {
	sum := a.Opening
	for _, t := range a.TopUps {
		if !t.At.After(now) {
			sum = sum.Add(t.Amount)
		}
	}
	return sum.Sub(a.Cost(a.Start, now.UTC().Truncate(time.Hour), now))
}

func shareOfHour(from, to time.Time) decimal.Decimal {
	n := int64(to.Truncate(BillGrain).Sub(from.Truncate(BillGrain)) / BillGrain)
	if n <= 0 {
		return decimal.Zero
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
