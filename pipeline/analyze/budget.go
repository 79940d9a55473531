// Package analyze looks at data and says what it found. It is pure: series in, findings out.
package analyze

import (
	"fmt"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// BudgetPeriod is the calendar period of a budget that holds now, in the tenant's zone.
type BudgetPeriod struct {
	From, To time.Time // To is exclusive
	// Key names it: "2026-11", "2026-11-23".
	Key string
}

// PeriodOf returns the budget's period that holds at now. An unknown zone is an error.
func PeriodOf(b pipeline.Budget, zone string, now time.Time) (BudgetPeriod, error) {
	z, err := time.LoadLocation(zone)
	if err != nil {
		return BudgetPeriod{}, fmt.Errorf("cannot cut the period of budget %s: %w", b.ID, err)
	}
	y, m, d := now.In(z).Date()
	day := func(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, z) }
	switch b.Period {
	case pipeline.StepDay:
		return BudgetPeriod{From: day(y, m, d), To: day(y, m, d+1), Key: day(y, m, d).Format("2006-01-02")}, nil
	case pipeline.StepWeek:
		monday := d - (int(now.In(z).Weekday())+6)%7
		return BudgetPeriod{From: day(y, m, monday), To: day(y, m, monday+7), Key: day(y, m, monday).Format("2006-01-02")}, nil
	case pipeline.StepMonth:
		return BudgetPeriod{From: day(y, m, 1), To: day(y, m+1, 1), Key: day(y, m, 1).Format("2006-01")}, nil
	}
	return BudgetPeriod{}, fmt.Errorf("cannot cut the period of budget %s: step %q is no budget period", b.ID, b.Period)
}

// BudgetQuery is the question whose answer tells what a budget has used up in a period: charges in other currencies count in the
// budget's, each by the rate of its own day.
func BudgetQuery(b pipeline.Budget, zone string, p BudgetPeriod) pipeline.CostQuery {
	return pipeline.CostQuery{From: p.From.UTC(), To: p.To.UTC(), Zone: zone, Filter: b.Filter, Metric: b.Metric, Currency: b.Currency}
}

// BudgetUse is how a budget stands.
type BudgetUse struct {
	Spent decimal.Decimal
	// Percent of the amount, rounded down to a whole one: a threshold is crossed when it is reached in full.
	Percent int64
	// Unpriced counts lines whose price is unknown: what is spent is at least Spent.
	Unpriced int64
	// Unconverted are charges in currencies without a rate: they are not in Spent.
	Unconverted []pipeline.CostTotal
}

// UseOf reads a budget's use from the answer to its BudgetQuery. What could not be converted is told beside it.
func UseOf(b pipeline.Budget, a pipeline.CostAnswer) BudgetUse {
	var u BudgetUse
	for _, t := range a.Totals {
		if t.Currency == b.Currency {
			u.Spent, u.Unpriced = t.Cost, t.Unpriced
		} else if !t.Cost.IsZero() || t.Unpriced != 0 {
			u.Unconverted = append(u.Unconverted, t)
		}
	}
	if b.Amount.IsPositive() {
		u.Percent = u.Spent.Mul(decimal.NewFromInt(100)).Div(b.Amount).Floor().IntPart()
		u.Percent = correctedPercent(u.Percent, u.Spent, b.Amount)
	}
	return u
}

// correctedPercent mends the last digit that division by a rounded quotient may have lifted over a whole percent.
func correctedPercent(percent int64, spent, amount decimal.Decimal) int64 {
	if decimal.NewFromInt(percent).Mul(amount).GreaterThan(spent.Mul(decimal.NewFromInt(100))) {
		return percent - 1
	}
	return percent
}

// Budget finds the highest threshold that a budget has crossed in a period; nil when none.
func Budget(b pipeline.Budget, p BudgetPeriod, a pipeline.CostAnswer, now time.Time) *pipeline.Finding {
	use := UseOf(b, a)
	crossed := 0
	for _, t := range b.Thresholds {
		if use.Percent >= int64(t) {
			crossed = max(crossed, t)
		}
	}
	if crossed == 0 {
		return nil
	}
	return &pipeline.Finding{
		Key:      fmt.Sprintf("budget:%s:%s:%d", b.ID, p.Key, crossed),
		TenantID: b.TenantID,
		Kind:     pipeline.FindingBudget,
		At:       now,
		Title:    budgetTitle(b, use, crossed),
		Details:  budgetDetails(b, use, a.Data, p),
		Values: map[string]string{
			"budget_id": b.ID, "spent": use.Spent.String(), "amount": b.Amount.String(), "currency": b.Currency,
			"threshold": fmt.Sprint(crossed), "percent": fmt.Sprint(use.Percent),
		},
	}
}

func budgetTitle(b pipeline.Budget, use BudgetUse, crossed int) pipeline.Text {
	if crossed >= 100 {
		return pipeline.Text{
			RU: fmt.Sprintf("Бюджет «%s» превышен: %d\u00a0%%", b.Name, use.Percent),
			EN: fmt.Sprintf("Budget “%s” is exceeded: %d%%", b.Name, use.Percent),
		}
	}
	return pipeline.Text{
		RU: fmt.Sprintf("Бюджет «%s» израсходован на\u00a0%d\u00a0%%", b.Name, use.Percent),
		EN: fmt.Sprintf("Budget “%s” is %d%% spent", b.Name, use.Percent),
	}
}

func budgetDetails(b pipeline.Budget, use BudgetUse, data pipeline.DataState, p BudgetPeriod) pipeline.Text {
	money := func(d decimal.Decimal, l pipeline.Lang) string { return pipeline.FormatMoney(d, b.Currency, l) }
	last := p.To.Add(-time.Second)
	t := pipeline.Text{
		RU: fmt.Sprintf("Потрачено %s из %s за период %s–%s.", money(use.Spent, pipeline.Russian), money(b.Amount, pipeline.Russian), p.From.Format("02.01"), last.Format("02.01.2006")),
		EN: fmt.Sprintf("%s of %s spent in %s–%s.", money(use.Spent, pipeline.English), money(b.Amount, pipeline.English), p.From.Format("2 Jan"), last.Format("2 Jan 2006")),
	}
	if use.Unpriced > 0 {
		t.RU += fmt.Sprintf(" Цена %d\u00a0%s неизвестна и\u00a0в\u00a0сумму не\u00a0входит.", use.Unpriced, pipeline.Plural(use.Unpriced, "строки", "строк", "строк"))
		t.EN += fmt.Sprintf(" %d lines have no known price and are not in the sum.", use.Unpriced)
	}
	if len(use.Unconverted) > 0 {
		t.RU += " Не\u00a0пересчитано, курса на\u00a0эти дни нет: " + unconverted(use.Unconverted, pipeline.Russian) + "."
		t.EN += " Not converted, there is no rate for these days: " + unconverted(use.Unconverted, pipeline.English) + "."
	}
	if !data.CollectedAt.IsZero() {
		at := data.CollectedAt.In(p.From.Location())
		t.RU += " Данные на\u00a0" + at.Format("15:04 02.01") + zoneRU(p.From.Location()) + "."
		t.EN += " Data as of " + at.Format("15:04, 2 Jan") + " (" + p.From.Location().String() + ")."
	}
	if !data.Complete {
		t.RU += " Данные неполные: сумма может вырасти."
		t.EN += " The data is incomplete: the sum may grow."
	}
	return t
}

// unconverted lists sums in their own currencies.
func unconverted(totals []pipeline.CostTotal, lang pipeline.Lang) string {
	sums := make([]string, len(totals))
	for i, t := range totals {
		sums[i] = pipeline.FormatMoney(t.Cost, t.Currency, lang)
	}
	return strings.Join(sums, ", ")
}

func zoneRU(z *time.Location) string {
	if z.String() == "Europe/Moscow" {
		return " мск"
	}
	return " (" + z.String() + ")"
}
