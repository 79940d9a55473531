package clickhouse

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// labelsAtOnce is up to how many values' labels are asked for by name; beyond that all labels of the period are read.
const labelsAtOnce = 1000

// Costs answers a question about money but for its Data, which the store of work knows. A wrong question is a
// [*pipeline.QueryError]. The points of a period that does not begin with a step are those of the steps that it touches:
// the first of Steps may lie before From, and what lies before From is not in it.
func (s *Store) Costs(ctx context.Context, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	if q.Metric == "" {
		q.Metric = pipeline.MetricBilledCost
	}
	if err := q.Check(); err != nil {
		return pipeline.CostAnswer{}, err
	}
	b, err := newCostSQL(tenant, &q)
	if err != nil {
		return pipeline.CostAnswer{}, err
	}
	answer := pipeline.CostAnswer{Query: q, Steps: b.span.edges}
	if answer.Groups, err = s.groups(ctx, tenant, b); err != nil {
		return pipeline.CostAnswer{}, err
	}
	answer.Totals = totals(answer.Groups)
	answer.Unconverted = unconverted(&q, answer.Totals)
	return answer, nil
}

// groups asks for the cells and folds them up here, which costs the server half of what folding does. When there are more
// than maxCells, the server folds them up.
func (s *Store) groups(ctx context.Context, tenant pipeline.TenantID, b *costSQL) ([]pipeline.CostGroup, error) {
	if !b.manyCells() {
		f := newFold(b)
		if err := s.rowsOf(ctx, "cost_cells", b.cells(), b.args, f.scan); err != nil {
			return nil, err
		}
		if f.cells <= maxCells {
			if err := s.settlePrices(ctx, b, f); err != nil {
				return nil, err
			}
			groups := f.groups()
			return groups, s.label(ctx, tenant, b, groups, f.names)
		}
	}
	wide, err := newCostSQL(tenant, b.query)
	if err != nil {
		return nil, err
	}
	var groups []pipeline.CostGroup
	place := b.span.places()
	err = s.rowsOf(ctx, "cost_groups", wide.folded(), wide.args, func(r driver.Rows) error {
		g, err := scanGroup(r, b.query, place)
		groups = append(groups, g)
		return err
	})
	if err != nil {
		return nil, err
	}
	sortGroups(groups)
	return groups, s.label(ctx, tenant, wide, groups, nil)
}

func scanGroup(r driver.Rows, q *pipeline.CostQuery, place map[int64]int) (pipeline.CostGroup, error) {
	var g pipeline.CostGroup
	var old pipeline.CostSum
	var merged uint64
	var steps []int64
	var costs []decimal.Decimal
	values := make([]string, len(q.GroupBy))
	dest := make([]any, 0, len(values)+13)
	for i := range values {
		dest = append(dest, &values[i])
	}
	dest = append(dest, &g.Currency, &g.Other, &merged, &g.Cost, &g.Estimated, &g.Unpriced, &g.Lines,
		&old.Cost, &old.Estimated, &old.Unpriced, &old.Lines, &steps, &costs)
	if err := r.Scan(dest...); err != nil {
		return g, err
	}
	if g.Other {
		g.Merged = int(merged)
	} else {
		for _, v := range values {
			g.Keys = append(g.Keys, pipeline.GroupKey{Value: v, Label: v})
		}
	}
	if q.Compare == pipeline.ComparePrevious {
		g.Previous = &old
	}
	g.Series = make([]decimal.Decimal, len(place))
	for i, step := range steps {
		at, ok := place[step]
		if ok {
			g.Series[at] = costs[i]
		} else if step != previousStep {
			return g, fmt.Errorf("cannot place the sum of a step that begins at %s: the question has none", time.Unix(step, 0).UTC())
		}
	}
	return g, nil
}

// sortGroups orders groups by currency, "other" last, greatest total first, then keys.
func sortGroups(groups []pipeline.CostGroup) {
	slices.SortFunc(groups, func(a, b pipeline.CostGroup) int {
		if c := cmp.Compare(a.Currency, b.Currency); c != 0 {
			return c
		}
		if a.Other != b.Other {
			if a.Other {
				return 1
			}
			return -1
		}
		if c := b.Cost.Cmp(a.Cost); c != 0 {
			return c
		}
		return slices.CompareFunc(a.Keys, b.Keys, func(x, y pipeline.GroupKey) int { return cmp.Compare(x.Value, y.Value) })
	})
}

// totals adds up sorted groups by currency.
func totals(groups []pipeline.CostGroup) []pipeline.CostTotal {
	var out []pipeline.CostTotal
	for i := range groups {
		g := &groups[i]
		if len(out) == 0 || out[len(out)-1].Currency != g.Currency {
			out = append(out, pipeline.CostTotal{Currency: g.Currency, Series: make([]decimal.Decimal, len(g.Series))})
			if g.Previous != nil {
				out[len(out)-1].Previous = &pipeline.CostSum{}
			}
		}
		t := &out[len(out)-1]
		addSum(&t.CostSum, &g.CostSum)
		if g.Previous != nil {
			addSum(t.Previous, g.Previous)
		}
		for j, c := range g.Series {
			t.Series[j] = t.Series[j].Add(c)
		}
	}
	return out
}

func addSum(to, s *pipeline.CostSum) {
	to.Cost, to.Estimated = to.Cost.Add(s.Cost), to.Estimated.Add(s.Estimated)
	to.Unpriced += s.Unpriced
	to.Lines += s.Lines
}

// label gives resources and projects the names that they have in the question's rows, in those of the last day on which they
// have lines that hold. Names says which names there are, by dimension and value, when that is known already: only
// where there are several, the last is asked for.
func (s *Store) label(ctx context.Context, tenant pipeline.TenantID, b *costSQL, groups []pipeline.CostGroup, names []nameSets) error {
	for i, d := range b.query.GroupBy {
		if nameColumn(d) == "" {
			continue
		}
		values := valuesOf(groups, i)
		labels := map[string]string{}
		if names != nil {
			values = slices.DeleteFunc(values, func(v string) bool { return names[i].settle(v, labels) })
		}
		if err := s.lastNames(ctx, tenant, b.query, i, values, labels); err != nil {
			return err
		}
		for j := range groups {
			if !groups[j].Other {
				key := &groups[j].Keys[i]
				if label := labels[key.Value]; label != "" {
					key.Label = label
				}
			}
		}
	}
	return nil
}

func valuesOf(groups []pipeline.CostGroup, i int) []string {
	var out []string
	for j := range groups {
		if !groups[j].Other && groups[j].Keys[i].Value != "" {
			out = append(out, groups[j].Keys[i].Value)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// nameColumn is the column with the names of a dimension's values, "" when they have none.
func nameColumn(d pipeline.Dimension) string {
	switch d {
	case pipeline.DimResource:
		return "ResourceName"
	case pipeline.DimProject:
		return "SubAccountName"
	}
	return ""
}

// lastNames adds the last names of the values.
func (s *Store) lastNames(ctx context.Context, tenant pipeline.TenantID, q *pipeline.CostQuery, i int, values []string, labels map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	b, err := newCostSQL(tenant, q)
	if err != nil {
		return err
	}
	return s.rowsOf(ctx, "cost_labels", b.lastNames(q.GroupBy[i], values), b.args, func(r driver.Rows) error {
		var value, label string
		if err := r.Scan(&value, &label); err != nil {
			return err
		}
		labels[value] = label
		return nil
	})
}
