package analyze

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
)

func budget() pipeline.Budget {
	return pipeline.Budget{
		ID: "b1", TenantID: "t1", Name: "Прод", Amount: decimal.RequireFromString("100000"), Currency: "RUB",
		Period: pipeline.StepMonth, Metric: pipeline.MetricBilledCost, Thresholds: []int{50, 80, 100},
	}
}

func answer(cost string, unpriced int64) pipeline.CostAnswer {
	return pipeline.CostAnswer{
		Totals: []pipeline.CostTotal{
			{Currency: "RUB", CostSum: pipeline.CostSum{Cost: decimal.RequireFromString(cost), Unpriced: unpriced}},
		},
		Data: pipeline.DataState{Complete: unpriced == 0, CollectedAt: time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)},
	}
}

func TestPeriodOf(t *testing.T) {
	f := func(step pipeline.Step, now, from, to, key string) {
		t.Helper()
		at, err := time.Parse(time.RFC3339, now)
		if err != nil {
			t.Fatal(err)
		}
		b := budget()
		b.Period = step
		p, err := PeriodOf(b, "Europe/Moscow", at)
		if err != nil {
			t.Fatal(err)
		}
		got := p.From.Format(time.RFC3339) + " " + p.To.Format(time.RFC3339) + " " + p.Key
		if want := from + " " + to + " " + key; got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
	// 30 November 22:30 UTC is already December in Moscow.
	f(pipeline.StepMonth, "2026-11-30T22:30:00Z", "2026-12-01T00:00:00+03:00", "2027-01-01T00:00:00+03:00", "2026-12")
	f(pipeline.StepDay, "2026-11-23T20:59:59Z", "2026-11-23T00:00:00+03:00", "2026-11-24T00:00:00+03:00", "2026-11-23")
	f(pipeline.StepWeek, "2026-11-22T20:00:00Z", "2026-11-16T00:00:00+03:00", "2026-11-23T00:00:00+03:00", "2026-11-16")
	f(pipeline.StepWeek, "2026-11-22T21:00:00Z", "2026-11-23T00:00:00+03:00", "2026-11-30T00:00:00+03:00", "2026-11-23")
	b := budget()
	b.Period = pipeline.StepHour
	if _, err := PeriodOf(b, "Europe/Moscow", time.Now()); err == nil {
		t.Fatal("an hour must be no budget period")
	}
	if _, err := PeriodOf(budget(), "Nowhere/Town", time.Now()); err == nil {
		t.Fatal("an unknown zone must be an error")
	}
}

func TestBudget(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 6, 0, 0, time.UTC)
	p, err := PeriodOf(budget(), "Europe/Moscow", now)
	if err != nil {
		t.Fatal(err)
	}
	f := func(cost string, unpriced int64, key, words string) {
		t.Helper()
		got := Budget(budget(), p, answer(cost, unpriced), now)
		if key == "" {
			if got != nil {
				t.Fatalf("got %+v, want nothing", got)
			}
			return
		}
		if got == nil || got.Key != key {
			t.Fatalf("got %+v, want key %s", got, key)
		}
		if text := got.Title.RU + " " + got.Details.RU; text != words {
			t.Fatalf("got  %q\nwant %q", text, words)
		}
	}
	f("49999.999999999", 0, "", "")
	f("50000", 0, "budget:b1:2026-11:50", "Бюджет «Прод» израсходован на\u00a050\u00a0% Потрачено 50\u00a0000,00\u00a0₽ из 100\u00a0000,00\u00a0₽ за период 01.11–30.11.2026. Данные на\u00a012:05 23.11 мск.")
	f("80000.01", 2, "budget:b1:2026-11:80", "Бюджет «Прод» израсходован на\u00a080\u00a0% Потрачено 80\u00a0000,01\u00a0₽ из 100\u00a0000,00\u00a0₽ за период 01.11–30.11.2026. Цена 2\u00a0строк неизвестна и\u00a0в\u00a0сумму не\u00a0входит. Данные на\u00a012:05 23.11 мск. Данные неполные: сумма может вырасти.")
	f("140000", 0, "budget:b1:2026-11:100", "Бюджет «Прод» превышен: 140\u00a0% Потрачено 140\u00a0000,00\u00a0₽ из 100\u00a0000,00\u00a0₽ за период 01.11–30.11.2026. Данные на\u00a012:05 23.11 мск.")
}

func TestUseOfNeverLiftsAPercent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := budget()
		b.Amount = decimal.New(rapid.Int64Range(1, 1e15).Draw(t, "amount"), -9)
		spent := decimal.New(rapid.Int64Range(0, 1e15).Draw(t, "spent"), -9)
		use := UseOf(b, answer(spent.String(), 0))
		hundred := spent.Mul(decimal.NewFromInt(100))
		if decimal.NewFromInt(use.Percent).Mul(b.Amount).GreaterThan(hundred) || !decimal.NewFromInt(use.Percent+1).Mul(b.Amount).GreaterThan(hundred) {
			t.Fatalf("%s of %s is not %d %%", spent, b.Amount, use.Percent)
		}
	})
	zero := budget()
	zero.Amount = decimal.Zero
	if u := UseOf(zero, answer("5", 0)); u.Percent != 0 {
		t.Fatalf("got %d %% of nothing", u.Percent)
	}
	if !strings.HasPrefix(Budget(budget(), BudgetPeriod{}, answer("100000", 0), time.Time{}).Title.EN, "Budget “Прод” is exceeded") {
		t.Fatal("the English title is missing")
	}
}

// TestBudgetConverts asks in the budget's currency, and tells what has no rate beside what is spent.
func TestBudgetConverts(t *testing.T) {
	b := budget()
	b.Currency = "USD"
	now := time.Date(2026, 11, 23, 9, 6, 0, 0, time.UTC)
	p, err := PeriodOf(b, "Europe/Moscow", now)
	if err != nil {
		t.Fatal(err)
	}
	if q := BudgetQuery(b, "Europe/Moscow", p); q.Currency != "USD" {
		t.Errorf("the question is in %q", q.Currency)
	}
	a := answer("150.5", 0)
	a.Totals = append(a.Totals, pipeline.CostTotal{Currency: "USD", CostSum: pipeline.CostSum{Cost: decimal.NewFromInt(999999)}}, pipeline.CostTotal{Currency: "XAU"})
	use := UseOf(b, a)
	if use.Spent.String() != "999999" || use.Percent != 999 || len(use.Unconverted) != 1 || use.Unconverted[0].Currency != "RUB" {
		t.Errorf("%+v", use)
	}
	found := Budget(b, p, a, now)
	if found == nil || !strings.Contains(found.Details.RU, "курса на\u00a0эти дни нет: 150,50\u00a0₽.") || !strings.Contains(found.Details.EN, "no rate for these days: ₽150.50.") {
		t.Errorf("%+v", found)
	}
	a.Totals = a.Totals[1:]
	if found := Budget(b, p, a, now); found == nil || strings.Contains(found.Details.RU, "пересчитано") {
		t.Errorf("%+v", found)
	}
}
