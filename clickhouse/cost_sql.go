package clickhouse

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// costSQL turns a question into one statement. Everything that a user can say is bound.
type costSQL struct {
	query *pipeline.CostQuery
	span  span
	args  args
	// byDay is true when the question can be answered from whole days in UTC+3. The projection by_day has these, and all
	// dimensions, but not when a row was seen.
	byDay bool
}

// dayOffset is what the column day is ahead of UTC.
const dayOffset = 3 * time.Hour

func newCostSQL(tenant pipeline.TenantID, q *pipeline.CostQuery) (*costSQL, error) {
	s, err := spanOf(q)
	if err != nil {
		return nil, err
	}
	b := &costSQL{query: q, span: s, args: args{"tenant": string(tenant)}}
	b.byDay = b.wholeDays() && q.AsOf.IsZero()
	return b, nil
}

func (b *costSQL) wholeDays() bool {
	for _, t := range append([]time.Time{b.span.from, b.span.to, b.span.before}, b.span.edges...) {
		if shifted := t.Add(dayOffset); !shifted.Equal(shifted.Truncate(24 * time.Hour)) {
			return false
		}
	}
	return true
}

// column is the expression of a dimension.
func (b *costSQL) column(d pipeline.Dimension) string {
	if key, ok := d.Tag(); ok {
		return "JSONExtractString(Tags, " + b.bind("String", key) + ")"
	}
	return map[pipeline.Dimension]string{
		pipeline.DimConnection:      "connection_id",
		pipeline.DimSource:          "source",
		pipeline.DimProvider:        "ProviderName",
		pipeline.DimBillingAccount:  "BillingAccountId",
		pipeline.DimProject:         "SubAccountId",
		pipeline.DimServiceCategory: "ServiceCategory",
		pipeline.DimService:         "ServiceName",
		pipeline.DimResource:        "ResourceId",
		pipeline.DimResourceName:    "ResourceName",
		pipeline.DimResourceType:    "ResourceType",
		pipeline.DimRegion:          "RegionId",
		pipeline.DimZone:            "AvailabilityZone",
		pipeline.DimSku:             "SkuId",
		pipeline.DimChargeCategory:  "ChargeCategory",
		pipeline.DimCostStatus:      "cost_status",
		pipeline.DimCurrency:        "BillingCurrency",
		pipeline.DimUnrecognised:    "if(unrecognised, 'true', 'false')",
	}[d]
}

// bind keeps a value and gives its place in the statement.
func (b *costSQL) bind(kind string, value any) string {
	name := "p" + strconv.Itoa(len(b.args))
	b.args[name] = value
	return "{" + name + ":" + kind + "}"
}

// sum is the expression of the metric's sum.
func (b *costSQL) sum() string {
	switch b.query.Metric {
	case pipeline.MetricEffectiveCost:
		return "sum(BilledCost) + sum(effective_over_billed)"
	case pipeline.MetricListCost:
		return "sum(BilledCost) + sum(list_over_billed)"
	case pipeline.MetricContractedCost:
		return "sum(BilledCost) + sum(contracted_over_billed)"
	default:
		return "sum(BilledCost)"
	}
}

// period is the condition of time, previous period included.
func (b *costSQL) period() string {
	if b.byDay {
		return fmt.Sprintf("day >= toDate(%s) AND day < toDate(%s)", b.bind("UInt16", dayNumber(b.span.before)), b.bind("UInt16", dayNumber(b.span.to)))
	}
	condition := fmt.Sprintf("ChargePeriodStart >= toDateTime(%s, 'UTC') AND ChargePeriodStart < toDateTime(%s, 'UTC')",
		b.bind("UInt32", seconds(ceilSecond(b.span.before))), b.bind("UInt32", seconds(ceilSecond(b.span.to))))
	if !b.query.AsOf.IsZero() {
		condition += fmt.Sprintf(" AND seen_at <= fromUnixTimestamp64Micro(%s, 'UTC')", b.bind("Int64", micros(b.query.AsOf)))
	}
	return condition
}

// where is the whole condition, tenant first.
func (b *costSQL) where() string {
	condition := "tenant_id = {tenant:String} AND " + b.period()
	if b.query.Filter != nil {
		condition += " AND " + b.condition(b.query.Filter)
	}
	return condition
}

// dayNumber is the value of the column day at an instant.
func dayNumber(t time.Time) int64 {
	return min(max(t.Add(dayOffset).Unix()/86400, 0), 1<<16-1)
}

// previousStep marks the rows of the previous period in place of a step.
const previousStep = -1

// step is the expression of the start of a row's step, as seconds since 1970, or previousStep.
func (b *costSQL) step() string {
	at := "toInt64(toUnixTimestamp(ChargePeriodStart))"
	if b.byDay {
		at = "(toInt64(toUInt16(day)) * 86400 - 10800)"
	}
	edges := b.span.edges
	start := b.bind("Int64", edges[0].Unix())
	step := start
	if width, ok := uniform(edges, b.span.to); ok {
		step = fmt.Sprintf("%s + intDiv(%s - %s, %s) * %[4]s", start, at, start, b.bind("Int64", width))
	} else if len(edges) > 1 {
		seconds := make([]int64, len(edges))
		for i, e := range edges {
			seconds[i] = e.Unix()
		}
		step = fmt.Sprintf("toInt64(roundDown(%s, %s))", at, b.bind("Array(Int64)", seconds))
	}
	if b.span.before.Before(b.span.from) {
		return fmt.Sprintf("if(%s < %s, -1, %s)", at, b.bind("Int64", ceilSecond(b.span.from).Unix()), step)
	}
	return step
}

// uniform tells whether all steps are as long, the last at most so, and how many seconds that is.
func uniform(edges []time.Time, to time.Time) (int64, bool) {
	if len(edges) < 2 {
		return 0, false
	}
	width := edges[1].Unix() - edges[0].Unix()
	for i := 1; i < len(edges); i++ {
		if edges[i].Unix()-edges[i-1].Unix() != width {
			return 0, false
		}
	}
	return width, to.Sub(edges[len(edges)-1]) <= time.Duration(width)*time.Second
}

// keys are the names of the columns of the groups: k0, k1, k2.
func (b *costSQL) keys() []string {
	var out []string
	for i := range b.query.GroupBy {
		out = append(out, "k"+strconv.Itoa(i))
	}
	return out
}

// dimensions are the expressions of the cells' columns, those made of them, and the names of the cells' keys. Tags are read
// out of the few texts that the cells have in common and not out of every row.
func (b *costSQL) dimensions() (inner, outer, keys []string) {
	for i, d := range b.query.GroupBy {
		name := " AS k" + strconv.Itoa(i)
		if _, tag := d.Tag(); tag {
			if len(outer) == 0 {
				inner, keys = append(inner, "Tags AS cell_tags"), append(keys, "cell_tags")
			}
			outer = append(outer, strings.Replace(b.column(d), "Tags", "cell_tags", 1)+name)
			continue
		}
		inner, keys = append(inner, "toString("+b.column(d)+")"+name), append(keys, "k"+strconv.Itoa(i))
	}
	return inner, outer, keys
}

// list writes names each followed by a comma.
func list(names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(n + ", ")
	}
	return b.String()
}

// folded is the statement for many groups: cells are sums by group, currency, status and step; groups fold them up; the
// greatest are kept and the others become one.
func (b *costSQL) folded() string {
	keys := b.keys()
	inner, outer, cellKeys := b.dimensions()
	condition := b.where()
	rateDay, rateKey := b.rateDay()
	cells := fmt.Sprintf(`SELECT %sBillingCurrency AS %s, cost_status, %s%s AS step,
        %s AS %s, sum(line_count) AS line_sum, sum(unpriced_count) AS unpriced_sum
    FROM charges
    WHERE %s
    GROUP BY %s%s, cost_status, %sstep`, list(inner), b.currencyName(), rateDay, b.step(), b.sum(), b.costName(), condition, list(cellKeys), b.currencyName(), rateKey)
	cells = b.converted(cells, cellKeys)
	if len(outer) > 0 {
		cells = fmt.Sprintf("SELECT *, %s FROM (\n    %s\n    )", strings.Join(outer, ", "), cells)
	}
	groups := fmt.Sprintf(`SELECT %[1]scurrency,
        sumIf(cost, step != -1) AS total, sumIf(cost, step != -1 AND cost_status = 'estimated') AS estimated,
        sumIf(unpriced_sum, step != -1) AS unpriced, sumIf(line_sum, step != -1) AS lines,
        sumIf(cost, step = -1) AS old_total, sumIf(cost, step = -1 AND cost_status = 'estimated') AS old_estimated,
        sumIf(unpriced_sum, step = -1) AS old_unpriced, sumIf(line_sum, step = -1) AS old_lines,
        sumMap([step], [cost]) AS series
    FROM (
    %[2]s
    )
    GROUP BY %[1]scurrency
    HAVING total != 0 OR estimated != 0 OR unpriced != 0 OR lines != 0
        OR old_total != 0 OR old_estimated != 0 OR old_unpriced != 0 OR old_lines != 0`, list(keys), cells)
	if b.query.Top == 0 || len(keys) == 0 {
		return fmt.Sprintf(`SELECT %stoString(currency), false AS other, toUInt64(1) AS merged, total, estimated, unpriced, lines,
    old_total, old_estimated, old_unpriced, old_lines, series.1, series.2
FROM (
    %s
)`, list(keys), groups)
	}
	return b.greatest(keys, groups)
}

// greatest keeps the groups with the greatest totals of each currency and folds the others into one.
func (b *costSQL) greatest(keys []string, groups string) string {
	var kept, names []string
	for i, k := range keys {
		kept = append(kept, fmt.Sprintf("if(other, '', %s) AS g%d", k, i))
		names = append(names, "g"+strconv.Itoa(i))
	}
	return fmt.Sprintf(`SELECT %stoString(currency), other, count() AS merged,
    sum(total), sum(estimated), sum(unpriced), sum(lines),
    sum(old_total), sum(old_estimated), sum(old_unpriced), sum(old_lines),
    (sumMap(series.1, series.2) AS folded).1, folded.2
FROM (
    SELECT *, row_number() OVER (PARTITION BY currency ORDER BY total DESC, %s) > %s AS other
    FROM (
    %s
    )
)
GROUP BY %scurrency, other`, list(kept), strings.Join(keys, ", "), b.bind("UInt64", b.query.Top), groups, list(names))
}

// condition is the expression of a filter.
func (b *costSQL) condition(f *pipeline.Filter) string {
	switch f.Op {
	case pipeline.OpAnd:
		return b.joined(f.Args, " AND ", "1")
	case pipeline.OpOr:
		return b.joined(f.Args, " OR ", "0")
	case pipeline.OpNot:
		return "NOT " + b.condition(&f.Args[0])
	case pipeline.OpEquals:
		return "(" + b.column(f.Dimension) + " = " + b.bind("String", f.Values[0]) + ")"
	case pipeline.OpIn:
		if len(f.Values) == 0 {
			return "(0)"
		}
		return "(" + b.column(f.Dimension) + " IN " + b.bind("Array(String)", f.Values) + ")"
	case pipeline.OpContains:
		if f.Values[0] == "" {
			return "(1)"
		}
		return "match(" + b.column(f.Dimension) + ", " + b.bind("String", foldPattern(f.Values[0])) + ")"
	default: // OpHasTag: Check lets nothing else through
		key, _ := f.Dimension.Tag()
		return "JSONHas(Tags, " + b.bind("String", key) + ")"
	}
}

func (b *costSQL) joined(fs []pipeline.Filter, by, none string) string {
	if len(fs) == 0 {
		return "(" + none + ")"
	}
	parts := make([]string, len(fs))
	for i := range fs {
		parts[i] = b.condition(&fs[i])
	}
	return "(" + strings.Join(parts, by) + ")"
}
