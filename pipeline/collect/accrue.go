package collect

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// SourceAccrual is the source of the charges that are worked out from prices in force.
const SourceAccrual = "accrual"

// AccrualScale is how many digits after the point an accrued hour has. An hour's cost is what the period has cost by
// its end less what it had cost by its start, both rounded: 24 hours add up to exactly the price of the day, the hours
// of a month to exactly the price of the month. A price with more digits is kept whole.
const AccrualScale = 9

// Accrual turns prices in force into hourly charges. It is the same for the same states, in whatever pieces it is asked.
type Accrual struct {
	// Provider is FOCUS ProviderName, PublisherName and InvoiceIssuerName.
	Provider string
	// Zone is the billing zone: days and calendar months are cut in it.
	Zone *time.Location
	// NotBefore is the instant before which nothing is charged.
	NotBefore time.Time
	// Through is the instant of the observation: what lives is charged up to it, and no further.
	Through time.Time
	// Step, an hour at most, is what the charges grow by: they end with the last whole step before Through. Without it they end with Through.
	Step time.Duration
}

// Charges gives the hourly charges of one resource, from its states in order of SeenAt, whose hours lie in [from, to),
// both starts of hours or of days in the zone.
func (a *Accrual) Charges(states []pipeline.ResourceState, from, to time.Time) []pipeline.Charge {
	from, end := later(from, a.NotBefore), earlier(to, charged(a.Through, a.Step))
	var out hourLines
	for _, s := range spansOf(states, a.Through) {
		for at := later(s.from, from); at.Before(earlier(s.to, end)); {
			hour := a.hourAround(at)
			next := earlier(earlier(hour.to, s.to), end)
			a.charge(&out, &s, hour, at, next)
			at = next
		}
	}
	return out.lines
}

// stepOf is what the charges of a feed grow by: an inventory that is taken again before the next one is due appends nothing, and at
// the usual pace an hour is charged once, when it has ended.
func stepOf(f *pipeline.FeedSpec) time.Duration { return min(f.Every, time.Hour) }

// charged is the instant up to which an observation lets charges grow.
func charged(observed time.Time, step time.Duration) time.Time {
	if step <= 0 {
		return observed
	}
	return observed.UTC().Truncate(step)
}

type period struct{ from, to time.Time }

// hourAround is the UTC hour of an instant, cut where a day of the zone begins within it.
func (a *Accrual) hourAround(t time.Time) period {
	h := period{from: hourOf(t), to: hourOf(t).Add(time.Hour)}
	midnight := dayOf(h.to.Add(-time.Second), a.Zone)
	if midnight.After(h.from) && !t.Before(midnight) {
		h.from = midnight
	} else if midnight.After(h.from) {
		h.to = midnight
	}
	return h
}

func dayOf(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone).UTC()
}

func monthOf(t time.Time, zone *time.Location) period {
	y, m, _ := t.In(zone).Date()
	return period{from: time.Date(y, m, 1, 0, 0, 0, 0, zone).UTC(), to: time.Date(y, m+1, 1, 0, 0, 0, 0, zone).UTC()}
}

func (a *Accrual) charge(out *hourLines, s *span, hour period, from, to time.Time) {
	if from.Unix() == to.Unix() {
		return
	}
	rates := s.state.Rates
	if !s.priced && len(rates) > 0 {
		rates = []pipeline.Rate{{ServiceName: rates[0].ServiceName, Currency: rates[0].Currency, Period: rates[0].Period}}
	}
	for i := range rates {
		c := a.line(s.state, &rates[i], hour)
		c.Measures = a.measures(&rates[i], hour, from, to)
		out.add(c)
	}
}

func (a *Accrual) measures(r *pipeline.Rate, hour period, from, to time.Time) pipeline.Measures {
	one := decimal.New(1, 0)
	m := pipeline.Measures{LineCount: 1, ConsumedQuantity: share(one, period{hour.from, hour.from.Add(time.Hour)}, from, to)}
	if !r.Known {
		m.UnpricedCount = 1
		return m
	}
	p := a.periodOf(r.Period, from)
	m.PricingQuantity = share(one, p, from, to)
	m.BilledCost = share(r.Amount, p, from, to)
	m.EffectiveCost, m.ListCost, m.ContractedCost = m.BilledCost, m.BilledCost, m.BilledCost
	return m
}

func (a *Accrual) periodOf(p pipeline.RatePeriod, t time.Time) period {
	switch p {
	case pipeline.PerMonth:
		return monthOf(t, a.Zone)
	case pipeline.PerDay:
		day := dayOf(t, a.Zone)
		return period{from: day, to: day.Add(24 * time.Hour)}
	default:
		return period{from: hourOf(t), to: hourOf(t).Add(time.Hour)}
	}
}

// share is the part of a period's price that falls to [from, to), as the difference of two rounded sums.
func share(price decimal.Decimal, p period, from, to time.Time) decimal.Decimal {
	digits := min(max(AccrualScale, -price.Exponent()), pipeline.MoneyScale)
	length := decimal.New(p.to.Unix()-p.from.Unix(), 0)
	until := func(t time.Time) decimal.Decimal {
		return price.Mul(decimal.New(t.Unix()-p.from.Unix(), 0)).DivRound(length, digits)
	}
	return until(to).Sub(until(from))
}

// hourLines collects the charges of a resource. Parts of an hour with the same line are one line of the bill.
type hourLines struct{ lines []pipeline.Charge }

func (h *hourLines) add(c pipeline.Charge) {
	for i := len(h.lines) - 1; i >= 0 && h.lines[i].Start.Equal(c.Start); i-- {
		if same := &h.lines[i]; equalLines(&same.Line, &c.Line) {
			unpriced := same.UnpricedCount | c.UnpricedCount
			same.Measures = same.Add(c.Measures)
			same.LineCount, same.UnpricedCount = 1, unpriced
			return
		}
	}
	h.lines = append(h.lines, c)
}

func (a *Accrual) line(s *pipeline.ResourceState, r *pipeline.Rate, hour period) pipeline.Charge {
	typ := s.CloudType() // a mapping is applied to the line when it is written
	l := pipeline.Line{
		ProviderName: a.Provider, PublisherName: a.Provider, InvoiceIssuerName: a.Provider,
		BillingCurrency: r.Currency, SubAccountID: s.ProjectID, SubAccountName: s.ProjectName,
		ServiceCategory: typ.ServiceCategory(), ServiceName: r.ServiceName,
		ResourceID: s.ID, ResourceName: s.Name, ResourceType: string(typ),
		RegionID: s.RegionID, RegionName: s.RegionName, AvailabilityZone: s.ZoneID,
		SkuID: r.SkuID, ChargeCategory: pipeline.Usage, ChargeDescription: r.Component, ChargeFrequency: "Usage-Based",
		PricingCategory: "Standard", PricingUnit: pricingUnit(r.Period), ConsumedUnit: "Hours",
		CostStatus: r.CostStatus, Unrecognised: !typ.Recognised(),
		Tags: s.Tags, BillingPeriodStart: monthOf(hour.from, a.Zone).from,
	}
	if l.CostStatus == "" {
		l.CostStatus = pipeline.Estimated
	}
	if r.Known {
		l.ListUnitPrice, l.ContractedUnitPrice = canonical(r), canonical(r)
	}
	return pipeline.Charge{Line: l, Start: hour.from, End: hour.to}
}

func pricingUnit(p pipeline.RatePeriod) string {
	switch p {
	case pipeline.PerMonth:
		return "Months"
	case pipeline.PerDay:
		return "Days"
	}
	return "Hours"
}

// groupStates cuts states ordered by resource into those of each resource.
func groupStates(states []pipeline.ResourceState) [][]pipeline.ResourceState {
	return slices.Collect(func(yield func([]pipeline.ResourceState) bool) {
		for from := 0; from < len(states); {
			to := from + 1
			for to < len(states) && states[to].ID == states[from].ID {
				to++
			}
			if !yield(states[from:to]) {
				return
			}
			from = to
		}
	})
}
