package clickhouse

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// November in Moscow begins an hour after hour(0).
func november() (from, to time.Time) {
	return time.Date(2026, 10, 31, 21, 0, 0, 0, time.UTC), time.Date(2026, 11, 30, 21, 0, 0, 0, time.UTC)
}

func TestMonthCharges(t *testing.T) {
	s, a := openStore(t), account()
	from, to := november()
	of := func(h int, cost string, change func(*pipeline.Charge)) pipeline.Charge {
		c := charge(h, "r1", cost)
		c.BillingPeriodStart, c.CostStatus = time.Time{}, pipeline.Billed
		if change != nil {
			change(&c)
		}
		return c
	}
	first := []pipeline.Charge{
		of(0, "1000", nil), // October's last hour
		of(1, "10.000000000000000001", nil),
		of(2, "0", func(c *pipeline.Charge) { c.UnpricedCount = 1 }),
		of(3, "3", func(c *pipeline.Charge) { c.CostStatus = pipeline.Estimated }),
		of(4, "-2", func(c *pipeline.Charge) { c.ChargeCategory = pipeline.Credit }),
		of(5, "7", func(c *pipeline.Charge) { c.BillingCurrency = "USD" }),
		of(6, "5", func(c *pipeline.Charge) { c.BillingAccountID = "b-1" }),
		of(7, "77", func(c *pipeline.Charge) { c.BillingPeriodStart = to }), // of November, on December's bill
		of(-100, "0.5", func(c *pipeline.Charge) { c.BillingPeriodStart = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) }),
		of(1+30*24, "1000", nil), // December's first hour
	}
	seen := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	slice := pipeline.Slice{Source: "x", From: hour(-200), To: hour(2000)}
	for i, cs := range [][]pipeline.Charge{first, {of(1, "0.25", nil)}} {
		if err := s.Append(t.Context(), a, slice, seen.Add(time.Duration(i)*time.Hour), "token"+string(rune('0'+i)), cs); err != nil {
			t.Fatal(err)
		}
	}
	f := func(q pipeline.MonthQuery, want ...pipeline.MonthCharges) {
		t.Helper()
		q.Connection, q.From, q.To = a.Connection, from, to
		got, err := s.MonthCharges(t.Context(), a.Tenant, q)
		if diff := cmp.Diff(want, got, equal()); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	m := func(currency string, category pipeline.ChargeCategory, status pipeline.CostStatus, cost, then string, lines, linesThen, unpriced int64, first int) pipeline.MonthCharges {
		return pipeline.MonthCharges{
			Currency: currency, Category: category, Status: status, Cost: dec(cost), CostAsOf: dec(then), Lines: lines, LinesAsOf: linesThen,
			Unpriced: unpriced, First: hour(first),
		}
	}
	f(pipeline.MonthQuery{AsOf: seen.Add(time.Minute)},
		m("RUB", pipeline.Credit, pipeline.Billed, "-2", "-2", 1, 1, 0, 4),
		m("RUB", pipeline.Usage, pipeline.Billed, "15.750000000000000001", "15.500000000000000001", 5, 4, 1, -100),
		m("RUB", pipeline.Usage, pipeline.Estimated, "3", "3", 1, 1, 0, 3),
		m("USD", pipeline.Usage, pipeline.Billed, "7", "7", 1, 1, 0, 5))
	f(pipeline.MonthQuery{BillingAccount: "b-1"}, m("RUB", pipeline.Usage, pipeline.Billed, "5", "5", 1, 1, 0, 6))
	f(pipeline.MonthQuery{BillingAccount: "b-1", AsOf: seen.Add(-time.Minute)}, m("RUB", pipeline.Usage, pipeline.Billed, "5", "0", 1, 0, 0, 6))
	f(pipeline.MonthQuery{BillingAccount: "none"})
}

func TestAccountStates(t *testing.T) {
	s, a := openStore(t), account()
	other := collect.Account{Tenant: a.Tenant, Connection: "33333333-3333-4333-8333-333333333333"}
	put := func(a collect.Account, h int, bonus string) {
		t.Helper()
		amount := dec(bonus)
		if err := s.AppendAccount(t.Context(), a, pipeline.AccountState{ObservedAt: hour(h), Currency: "RUB", Bonus: &amount}); err != nil {
			t.Fatal(err)
		}
	}
	for h, bonus := range map[int]string{0: "100", 2: "90", 5: "80", 9: "70"} {
		put(a, h, bonus)
	}
	put(other, 4, "1")
	f := func(from, to int, want ...string) {
		t.Helper()
		states, err := s.AccountStates(t.Context(), a.Tenant, a.Connection, hour(from), hour(to))
		got := make([]string, len(states))
		for i, st := range states {
			got[i] = st.Bonus.String()
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" || err != nil {
			t.Errorf("%d to %d: %v (-want +got):\n%s", from, to, err, diff)
		}
	}
	f(3, 9, "90", "80")
	f(2, 10, "100", "90", "80", "70")
	f(-5, 1, "100")
	f(-5, 0)
	f(20, 30, "70")
}
