package clickhouse

import (
	"fmt"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Few cells are converted here, and many by the server that folds them up; both do the same.
//
// How conversion rounds: the price of one unit of a currency in another is a fraction of stated prices, cut off after
// pipeline.RateScale digits. From there on everything is exact: a sum of a currency and a day times its price is a decimal of 36
// digits after the point. So groups add up to their total to the last digit, and totals do not depend on the grouping.

// converts tells whether the question wants another currency.
func (b *costSQL) converts() bool { return b.query.Currency != "" }

// currencyName and costName name the columns of a charge's own money in the cells that the server folds up: converted makes
// currency and cost of them.
func (b *costSQL) currencyName() string {
	if b.converts() {
		return "paid_in"
	}
	return "currency"
}

func (b *costSQL) costName() string {
	if b.converts() {
		return "paid"
	}
	return "cost"
}

// rateDay is the further column of the cells, the number of the day whose rate holds, and its name among the keys; both are
// empty when nothing is converted. Charges in the wanted currency need no rate and are not cut by day.
func (b *costSQL) rateDay() (column, key string) {
	if !b.converts() {
		return "", ""
	}
	day := "intDiv(toInt64(toUnixTimestamp(ChargePeriodStart)) + 10800, 86400)"
	if b.byDay {
		day = "toInt64(toUInt16(day))"
	}
	return fmt.Sprintf("if(BillingCurrency = %s, toInt64(0), %s) AS rate_day, ", b.bind("String", b.query.Currency), day), "rate_day, "
}

// converted makes of cells in the currencies of charges cells in the wanted one. Keys are the cells' columns besides currency,
// cost_status, step and sums. What has no rate keeps its currency and its cost.
func (b *costSQL) converted(cells string, keys []string) string {
	if !b.converts() {
		return cells
	}
	target := b.bind("String", b.query.Currency)
	known, price, join := b.price(target)
	return fmt.Sprintf(`SELECT %[1]scurrency, cost_status, step, sum(changed) AS cost, sum(lines_of) AS line_sum, sum(unpriced_of) AS unpriced_sum
FROM (
    SELECT %[2]sc.cost_status AS cost_status, c.step AS step, c.line_sum AS lines_of, c.unpriced_sum AS unpriced_of,
        %[3]s AS known,
        if(known, %[4]s, toString(c.paid_in)) AS currency,
        toDecimal256(c.paid, 18) * multiIf(c.paid_in = %[4]s OR NOT known, toDecimal256(1, 18), %[5]s) AS changed
    FROM (
    SELECT *, %[4]s AS wanted FROM (
    %[6]s
    )
    ) AS c
    %[7]s
)
GROUP BY %[1]scurrency, cost_status, step`, list(keys), columnsOf("c", keys), known, target, price, cells, join)
}

// price is whether a cell's price in the wanted currency is known, the price, and the joins that both need. A price is a
// fraction: roubles for the charge's currency over roubles for the wanted one.
func (b *costSQL) price(target string) (known, price, join string) {
	rates := b.rates()
	side := func(alias, currency string) (known, value, nominal, join string) {
		known = fmt.Sprintf("(%[1]s.price.2 > 0 AND c.rate_day - %[1]s.rate_from < %[2]d)", alias, pipeline.RateHolds)
		value = fmt.Sprintf("toDecimal256(if(%s, %s.price.1, toDecimal128(1, 18)), 18)", known, alias)
		nominal = fmt.Sprintf("toDecimal256(if(%s, %s.price.2, 1), 0)", known, alias)
		join = fmt.Sprintf("ASOF LEFT JOIN (%s) AS %[2]s ON %[2]s.rate_of = %[3]s AND c.rate_day >= %[2]s.rate_from", rates, alias, currency)
		return known, value, nominal, join
	}
	known, value, nominal, join := side("f", "c.paid_in")
	known = fmt.Sprintf("(c.paid_in = '%s' OR %s)", pipeline.RateBase, known)
	if b.query.Currency != pipeline.RateBase {
		k, v, n, j := side("t", "c.wanted")
		known, value, nominal, join = known+" AND "+k, value+" * "+n, nominal+" * "+v, join+"\n    "+j
	}
	return fmt.Sprintf("(c.paid_in = %s OR %s)", target, known), fmt.Sprintf("divideDecimal(%s, %s, %d)", value, nominal, pipeline.RateScale), join
}

// rates is the statement for the prices known at the question's instant that may hold on its days.
func (b *costSQL) rates() string {
	condition := fmt.Sprintf("date > toDate(%s) AND date <= toDate(%s)",
		b.bind("UInt16", max(dayNumber(b.span.before)-pipeline.RateHolds, 0)), b.bind("UInt16", dayNumber(b.span.to.Add(-time.Nanosecond))))
	if !b.query.AsOf.IsZero() {
		condition += fmt.Sprintf(" AND seen_at <= fromUnixTimestamp64Micro(%s, 'UTC')", b.bind("Int64", micros(b.query.AsOf)))
	}
	return "SELECT toString(currency) AS rate_of, toInt64(toUInt16(date)) AS rate_from, argMax((value, nominal), seen_at) AS price FROM exchange_rates WHERE " +
		condition + " GROUP BY rate_of, rate_from"
}

// columnsOf writes columns of a table each followed by a comma, under their own names.
func columnsOf(table string, names []string) string {
	var b strings.Builder
	for _, n := range names {
		b.WriteString(table + "." + n + " AS " + n + ", ")
	}
	return b.String()
}

// unconverted names the currencies of the totals that are not the wanted one.
func unconverted(q *pipeline.CostQuery, totals []pipeline.CostTotal) []string {
	var out []string
	for _, t := range totals {
		if q.Currency != "" && t.Currency != q.Currency {
			out = append(out, t.Currency)
		}
	}
	return out
}
