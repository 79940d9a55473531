// Package costtest answers cost questions slowly and obviously, for comparing the real answers with.
//
// It shares no code with the answers that it judges: time is walked in quarters of an hour, and every row is looked at.
package costtest

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// Row is one row of the ledger: a difference as it was appended.
type Row struct {
	collect.Account
	Source string
	SeenAt time.Time
	pipeline.Charge
}

// tick is how finely time is walked. Since 1972 every zone's clock differs from UTC by a multiple of it.
const tick = 15 * time.Minute

// Costs answers the question from the rows. The answer's Data is left zero.
func Costs(rows []Row, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	return CostsAt(rows, nil, tenant, q)
}

// CostsAt answers the question from the rows and the exchange rates as they were seen.
func CostsAt(rows []Row, rates []pipeline.ExchangeRate, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	if q.Metric == "" {
		q.Metric = pipeline.MetricBilledCost
	}
	if err := q.Check(); err != nil {
		return pipeline.CostAnswer{}, err
	}
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		return pipeline.CostAnswer{}, err
	}
	w := walker{zone: zone}
	e := evaluation{query: &q, before: q.From, steps: w.steps(q.Step, q.From, q.To), rates: rates, found: map[string]*big.Rat{}, groups: map[string]*pipeline.CostGroup{}}
	if q.Compare == pipeline.ComparePrevious {
		e.before = w.previous(q.From, q.To)
	}
	for i := range rows {
		if rows[i].Tenant == tenant {
			e.add(&rows[i])
		}
	}
	groups := e.finish()
	e.label(rows, tenant, groups)
	answer := pipeline.CostAnswer{Query: q, Steps: e.steps, Groups: groups}
	answer.Totals = totals(groups)
	answer.Unconverted = unconverted(&q, answer.Totals)
	return answer, nil
}

// Tell writes an answer's numbers for people who compare two of them.
func Tell(a *pipeline.CostAnswer) string {
	var b strings.Builder
	for _, g := range a.Groups {
		_, _ = fmt.Fprintf(&b, "%s %v other=%v merged=%d cost=%s lines=%d\n", g.Currency, g.Keys, g.Other, g.Merged, g.Cost, g.Lines)
	}
	return b.String()
}

type evaluation struct {
	query  *pipeline.CostQuery
	before time.Time
	steps  []time.Time
	rates  []pipeline.ExchangeRate
	found  map[string]*big.Rat // by currency and day
	groups map[string]*pipeline.CostGroup
}

func (e *evaluation) add(r *Row) {
	q := e.query
	if !e.concerns(r) {
		return
	}
	cost, currency := e.changed(r, metric(q.Metric, r))
	g := e.group(r, currency)
	sum := &g.CostSum
	if r.Start.Before(q.From) {
		sum = g.Previous
	}
	sum.Cost = sum.Cost.Add(cost)
	if r.CostStatus == pipeline.Estimated {
		sum.Estimated = sum.Estimated.Add(cost)
	}
	sum.Unpriced += r.UnpricedCount
	sum.Lines += r.LineCount
	if !r.Start.Before(q.From) {
		step := 0
		for i := range e.steps {
			if !r.Start.Before(e.steps[i]) {
				step = i
			}
		}
		g.Series[step] = g.Series[step].Add(cost)
	}
}

// concerns tells whether a row is one of the question's, or of its previous period's.
func (e *evaluation) concerns(r *Row) bool {
	q := e.query
	if !q.AsOf.IsZero() && r.SeenAt.After(q.AsOf) {
		return false
	}
	return !r.Start.Before(e.before) && r.Start.Before(q.To) && Matches(q.Filter, r)
}

func (e *evaluation) group(r *Row, currency string) *pipeline.CostGroup {
	id := fmt.Sprintf("%q", currency)
	var keys []pipeline.GroupKey
	for _, d := range e.query.GroupBy {
		v := Value(d, r)
		id += fmt.Sprintf(" %q", v)
		keys = append(keys, pipeline.GroupKey{Value: v, Label: v})
	}
	g := e.groups[id]
	if g == nil {
		g = &pipeline.CostGroup{Keys: keys, Currency: currency, Series: make([]decimal.Decimal, len(e.steps)), Previous: &pipeline.CostSum{}}
		e.groups[id] = g
	}
	return g
}

// finish drops what cancelled out, orders the groups, and folds those below the top.
func (e *evaluation) finish() []pipeline.CostGroup {
	var all []pipeline.CostGroup
	for _, g := range e.groups {
		if !nothing(g.CostSum) || !nothing(*g.Previous) {
			all = append(all, *g)
		}
	}
	slices.SortFunc(all, func(a, b pipeline.CostGroup) int {
		return cmp.Or(strings.Compare(a.Currency, b.Currency), b.Cost.Cmp(a.Cost),
			slices.CompareFunc(a.Keys, b.Keys, func(x, y pipeline.GroupKey) int { return strings.Compare(x.Value, y.Value) }))
	})
	var out []pipeline.CostGroup
	kept := 0
	for i, g := range all {
		if i == 0 || all[i-1].Currency != g.Currency {
			kept = 0
		}
		switch {
		case e.query.Top == 0 || len(e.query.GroupBy) == 0 || kept < e.query.Top:
			kept++
			out = append(out, g)
		case out[len(out)-1].Other:
			merge(&out[len(out)-1], g)
		default:
			other := pipeline.CostGroup{Other: true, Currency: g.Currency, Series: make([]decimal.Decimal, len(e.steps)), Previous: &pipeline.CostSum{}}
			merge(&other, g)
			out = append(out, other)
		}
	}
	if e.query.Compare == pipeline.CompareNone {
		for i := range out {
			out[i].Previous = nil
		}
	}
	return out
}

func nothing(s pipeline.CostSum) bool {
	return s.Cost.IsZero() && s.Estimated.IsZero() && s.Unpriced == 0 && s.Lines == 0
}

func merge(to *pipeline.CostGroup, g pipeline.CostGroup) {
	to.Merged++
	to.CostSum = added(to.CostSum, g.CostSum)
	previous := added(*to.Previous, *g.Previous)
	to.Previous = &previous
	for i := range g.Series {
		to.Series[i] = to.Series[i].Add(g.Series[i])
	}
}

func added(a, b pipeline.CostSum) pipeline.CostSum {
	return pipeline.CostSum{Cost: a.Cost.Add(b.Cost), Estimated: a.Estimated.Add(b.Estimated), Unpriced: a.Unpriced + b.Unpriced, Lines: a.Lines + b.Lines}
}

func totals(groups []pipeline.CostGroup) []pipeline.CostTotal {
	var out []pipeline.CostTotal
	for _, g := range groups {
		if len(out) == 0 || out[len(out)-1].Currency != g.Currency {
			t := pipeline.CostTotal{Currency: g.Currency, Series: make([]decimal.Decimal, len(g.Series))}
			if g.Previous != nil {
				t.Previous = &pipeline.CostSum{}
			}
			out = append(out, t)
		}
		t := &out[len(out)-1]
		t.CostSum = added(t.CostSum, g.CostSum)
		if g.Previous != nil {
			previous := added(*t.Previous, *g.Previous)
			t.Previous = &previous
		}
		for i := range g.Series {
			t.Series[i] = t.Series[i].Add(g.Series[i])
		}
	}
	return out
}

// label names resources and projects as in the question's rows of the last day (in UTC+3) on which they have lines that hold.
func (e *evaluation) label(rows []Row, tenant pipeline.TenantID, groups []pipeline.CostGroup) {
	for i, d := range e.query.GroupBy {
		if d != pipeline.DimResource && d != pipeline.DimProject {
			continue
		}
		for j := range groups {
			if !groups[j].Other {
				groups[j].Keys[i].Label = e.labelOf(rows, tenant, d, groups[j].Keys[i].Value)
			}
		}
	}
}

func (e *evaluation) labelOf(rows []Row, tenant pipeline.TenantID, d pipeline.Dimension, value string) string {
	type named struct{ day, name string }
	lines := map[named]int64{}
	for i := range rows {
		r := &rows[i]
		name := r.ResourceName
		if d == pipeline.DimProject {
			name = r.SubAccountName
		}
		at := day(r.Start)
		if r.Tenant == tenant && e.concerns(r) && Value(d, r) == value && value != "" && name != "" {
			lines[named{at, name}] += r.LineCount
		}
	}
	best := named{name: value}
	for n, count := range lines {
		if count > 0 && (n.day > best.day || n.day == best.day && n.name > best.name) {
			best = n
		}
	}
	return best.name
}

func day(t time.Time) string { return t.Add(3 * time.Hour).UTC().Format(time.DateOnly) }

func metric(m pipeline.Metric, r *Row) decimal.Decimal {
	switch m {
	case pipeline.MetricEffectiveCost:
		return r.EffectiveCost
	case pipeline.MetricListCost:
		return r.ListCost
	case pipeline.MetricContractedCost:
		return r.ContractedCost
	default:
		return r.BilledCost
	}
}
