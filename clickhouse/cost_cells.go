package clickhouse

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// maxCells is up to how many sums are folded up here.
const maxCells = 10_000

// manyCells tells whether a question is likely to have more cells than are worth sending.
func (b *costSQL) manyCells() bool {
	return len(b.span.edges) > 1 && slices.ContainsFunc(b.query.GroupBy, func(d pipeline.Dimension) bool {
		_, tag := d.Tag()
		return tag || d == pipeline.DimResource || d == pipeline.DimResourceName || d == pipeline.DimSku
	})
}

// cells is the statement for the sums by group, name, currency, status and step, and by day where a rate is wanted. Tags are one
// column, whichever are grouped by.
func (b *costSQL) cells() string {
	var columns, keys []string
	tags := false
	for i, d := range b.query.GroupBy {
		n := strconv.Itoa(i)
		if _, tag := d.Tag(); tag {
			tags = true
		} else {
			columns, keys = append(columns, b.column(d)+" AS k"+n), append(keys, "k"+n)
		}
		if name := nameColumn(d); name != "" {
			columns, keys = append(columns, name+" AS n"+n), append(keys, "n"+n)
		}
	}
	if tags {
		columns, keys = append(columns, "Tags AS cell_tags"), append(keys, "cell_tags")
	}
	rateDay, rateKey := b.rateDay()
	return fmt.Sprintf(`SELECT %sBillingCurrency AS currency, cost_status AS status, %s%s AS step,
    %s AS cost, sum(line_count) AS line_sum, sum(unpriced_count) AS unpriced_sum
FROM charges
WHERE %s
GROUP BY %scurrency, status, %sstep
LIMIT %d`, list(columns), rateDay, b.step(), b.sum(), b.where(), list(keys), rateKey, maxCells+1)
}

// lastNames is the statement for the last names of values.
func (b *costSQL) lastNames(d pipeline.Dimension, values []string) string {
	condition := b.where()
	if len(values) <= labelsAtOnce {
		condition += " AND " + b.column(d) + " IN " + b.bind("Array(String)", values)
	}
	return fmt.Sprintf(`SELECT value, argMax(name, (day, name))
FROM (
    SELECT %s AS value, %s AS name, day, sum(line_count) AS lines
    FROM charges
    WHERE %s
    GROUP BY value, name, day
    HAVING lines > 0 AND name != ''
)
GROUP BY value`, b.column(d), nameColumn(d), condition)
}

// places gives the number of each step by its start in seconds.
func (s span) places() map[int64]int {
	out := make(map[int64]int, len(s.edges))
	for i, e := range s.edges {
		out[e.Unix()] = i
	}
	return out
}

// nameSets are the names of a dimension's values, with how many lines hold under each.
type nameSets map[string]map[string]int64

// settle takes the value's name when there is just one, or none, and tells whether that was so.
func (n nameSets) settle(value string, labels map[string]string) bool {
	found := ""
	for name, lines := range n[value] {
		if lines > 0 && name != "" {
			if found != "" {
				return false
			}
			found = name
		}
	}
	labels[value] = found
	return true
}

// fold makes groups of cells.
type fold struct {
	query *pipeline.CostQuery
	place map[int64]int
	cells int
	byKey map[string]*pipeline.CostGroup
	names []nameSets // by dimension; nil for those without names
	tags  map[string]map[string]string
	// waiting are cells whose price is not known yet.
	waiting []waiting

	// The places that a row is read into.
	dest   []any
	values []string
	name   []string
	text   string
	cell   cell
}

// cell is one sum.
type cell struct {
	currency, status string
	step, rateDay    int64 // rateDay is 0 where no rate is wanted
	cost             decimal.Decimal
	lines, unpriced  int64
}

func newFold(b *costSQL) *fold {
	n := len(b.query.GroupBy)
	f := &fold{
		query: b.query, place: b.span.places(), byKey: map[string]*pipeline.CostGroup{}, names: make([]nameSets, n),
		tags: map[string]map[string]string{}, values: make([]string, n), name: make([]string, n),
	}
	tags := false
	for i, d := range b.query.GroupBy {
		if _, tag := d.Tag(); tag {
			tags = true
		} else {
			f.dest = append(f.dest, &f.values[i])
		}
		if nameColumn(d) != "" {
			f.names[i] = nameSets{}
			f.dest = append(f.dest, &f.name[i])
		}
	}
	if tags {
		f.dest = append(f.dest, &f.text)
	}
	c := &f.cell
	f.dest = append(f.dest, &c.currency, &c.status)
	if b.converts() {
		f.dest = append(f.dest, &c.rateDay)
	}
	f.dest = append(f.dest, &c.step, &c.cost, &c.lines, &c.unpriced)
	return f
}

// scan takes one row.
func (f *fold) scan(r driver.Rows) error {
	if err := r.Scan(f.dest...); err != nil {
		return err
	}
	f.cells++
	if err := f.readTags(); err != nil {
		return err
	}
	for i, names := range f.names {
		if names != nil {
			if names[f.values[i]] == nil {
				names[f.values[i]] = map[string]int64{}
			}
			names[f.values[i]][f.name[i]] += f.cell.lines
		}
	}
	if f.query.Currency != "" && f.cell.currency != f.query.Currency {
		f.wait()
		return nil
	}
	return f.add(f.group())
}

// readTags takes the values of the tags that are grouped by out of the cell's tags.
func (f *fold) readTags() error {
	for i, d := range f.query.GroupBy {
		key, tag := d.Tag()
		if !tag {
			continue
		}
		tags, ok := f.tags[f.text]
		if !ok {
			var err error
			if tags, err = decodeMap(f.text); err != nil {
				return err
			}
			f.tags[f.text] = tags
		}
		f.values[i] = tags[key]
	}
	return nil
}

func (f *fold) group() *pipeline.CostGroup {
	var id strings.Builder
	for _, v := range append([]string{f.cell.currency}, f.values...) {
		id.WriteString(strconv.Itoa(len(v)))
		id.WriteByte(':')
		id.WriteString(v)
	}
	g := f.byKey[id.String()]
	if g == nil {
		g = &pipeline.CostGroup{Currency: f.cell.currency, Previous: &pipeline.CostSum{}, Series: make([]decimal.Decimal, len(f.place))}
		for _, v := range f.values {
			g.Keys = append(g.Keys, pipeline.GroupKey{Value: v, Label: v})
		}
		f.byKey[id.String()] = g
	}
	return g
}

func (f *fold) add(g *pipeline.CostGroup) error {
	c := &f.cell
	sum := pipeline.CostSum{Cost: c.cost, Lines: c.lines, Unpriced: c.unpriced}
	if c.status == string(pipeline.Estimated) {
		sum.Estimated = c.cost
	}
	if c.step == previousStep {
		addSum(g.Previous, &sum)
		return nil
	}
	addSum(&g.CostSum, &sum)
	at, ok := f.place[c.step]
	if !ok {
		return fmt.Errorf("cannot place the sum of a step that begins at %s: the question has none", time.Unix(c.step, 0).UTC())
	}
	g.Series[at] = g.Series[at].Add(c.cost)
	return nil
}

// groups gives what is not nothing, in order, the greatest of each currency and the others as one.
func (f *fold) groups() []pipeline.CostGroup {
	var all []pipeline.CostGroup
	for _, g := range f.byKey {
		if !nothing(&g.CostSum) || !nothing(g.Previous) {
			all = append(all, *g)
		}
	}
	sortGroups(all)
	if f.query.Top > 0 && len(f.query.GroupBy) > 0 {
		all = keepTop(all, f.query.Top)
	}
	if f.query.Compare == pipeline.CompareNone {
		for i := range all {
			all[i].Previous = nil
		}
	}
	return all
}

func nothing(s *pipeline.CostSum) bool {
	return s.Cost.IsZero() && s.Estimated.IsZero() && s.Unpriced == 0 && s.Lines == 0
}

// keepTop makes one group of those beyond the first few of each currency.
func keepTop(sorted []pipeline.CostGroup, top int) []pipeline.CostGroup {
	var out []pipeline.CostGroup
	kept := 0
	for i := range sorted {
		g := &sorted[i]
		if i == 0 || sorted[i-1].Currency != g.Currency {
			kept = 0
		}
		if kept++; kept <= top {
			out = append(out, *g)
			continue
		}
		if kept == top+1 {
			out = append(out, pipeline.CostGroup{Other: true, Currency: g.Currency, Previous: &pipeline.CostSum{}, Series: make([]decimal.Decimal, len(g.Series))})
		}
		other := &out[len(out)-1]
		other.Merged++
		addSum(&other.CostSum, &g.CostSum)
		addSum(other.Previous, g.Previous)
		for j, c := range g.Series {
			other.Series[j] = other.Series[j].Add(c)
		}
	}
	return out
}
