package clickhouse

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/clickhouse/costtest"
	"github.com/infrazen/infrazen/pipeline"
)

// drawRates draws rates with weekends, long breaks and corrections in them, of some of the currencies that charges have.
func drawRates(t *rapid.T) []pipeline.ExchangeRate {
	var out []pipeline.ExchangeRate
	for _, currency := range []string{"USD", "KZT"} {
		nominal := rapid.SampledFrom([]int64{1, 100, 7}).Draw(t, "nominal of "+currency)
		for d := -30; d < worldDays+20; {
			r := pipeline.ExchangeRate{
				Currency: currency, Date: epoch().AddDate(0, 0, d), Nominal: nominal, Source: "test", SeenAt: epoch(),
				Value: decimal.New(rapid.Int64Range(1, 2_000_000).Draw(t, "value"), rapid.SampledFrom([]int32{-4, -4, -18, 0}).Draw(t, "scale")),
			}
			out = append(out, r)
			if rapid.IntRange(0, 9).Draw(t, "corrected") == 0 {
				r.Value = r.Value.Add(decimal.New(1, -2))
				r.SeenAt = epoch().Add(time.Duration(rapid.IntRange(1, 5).Draw(t, "seen")) * time.Hour)
				out = append(out, r)
			}
			d += rapid.SampledFrom([]int{1, 1, 1, 1, 3, 14, 15, 16, 25}).Draw(t, "break")
		}
	}
	return out
}

func loadRates(t *testing.T, s *Store, rates []pipeline.ExchangeRate) {
	t.Helper()
	bySeen := map[time.Time][]pipeline.ExchangeRate{}
	for _, r := range rates {
		bySeen[r.SeenAt] = append(bySeen[r.SeenAt], r)
	}
	for h := range 6 {
		seen := epoch().Add(time.Duration(h) * time.Hour)
		n, err := s.AppendRates(t.Context(), bySeen[seen], seen)
		if err != nil || n != int64(len(bySeen[seen])) {
			t.Fatalf("%d of %d rates are appended: %v", n, len(bySeen[seen]), err)
		}
	}
}

// TestConvertedCostsAgreeWithTheObviousAnswer asks questions with a currency of worlds with rates.
func TestConvertedCostsAgreeWithTheObviousAnswer(t *testing.T) {
	for world := range 2 {
		s := openStore(t)
		rows, rates := rapid.Custom(drawWorld).Example(world), rapid.Custom(drawRates).Example(world)
		load(t, s, rows)
		loadRates(t, s, rates)
		rapid.Check(t, func(rt *rapid.T) {
			q := drawQuestion(rt)
			q.Currency = rapid.SampledFrom([]string{"RUB", "USD", "KZT", "EUR"}).Draw(rt, "currency")
			want, err := costtest.CostsAt(rows, rates, "t1", q)
			if err != nil {
				rt.Fatal(err)
			}
			got, err := s.Costs(t.Context(), "t1", q)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got, equal()); diff != "" {
				rt.Fatalf("%s in %s\nwant\n%sgot\n%s%s", q.String(), q.Currency, costtest.Tell(&want), costtest.Tell(&got), diff)
			}
			whole := q
			whole.GroupBy, whole.Top, whole.Step = nil, 0, pipeline.StepNone
			total, err := s.Costs(t.Context(), "t1", whole)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(sums(total), sums(got), equal()); diff != "" {
				rt.Fatalf("%s in %s: the total depends on the grouping: %s", q.String(), q.Currency, diff)
			}
		})
	}
}

// sums are an answer's totals by currency, without those that cancel out.
func sums(a pipeline.CostAnswer) map[string]decimal.Decimal {
	out := map[string]decimal.Decimal{}
	for _, t := range a.Totals {
		if !t.Cost.IsZero() {
			out[t.Currency] = t.Cost
		}
	}
	return out
}

// TestConvertedCostsOfManyGroups asks what the server folds up.
func TestConvertedCostsOfManyGroups(t *testing.T) {
	s, a := openStore(t), account()
	var rows []costtest.Row
	lines := make([]pipeline.Charge, maxCells+500)
	for i := range lines {
		lines[i] = charge(i%40, fmt.Sprint("r", i), fmt.Sprintf("%d.5", i%977))
		lines[i].BillingCurrency = []string{"RUB", "USD", "KZT"}[i%3]
		rows = append(rows, costtest.Row{Account: a, Source: "x", SeenAt: hour(50), Charge: lines[i]})
	}
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, hour(50), "t", lines); err != nil {
		t.Fatal(err)
	}
	rates := []pipeline.ExchangeRate{rate("USD", 0, "81.1234"), rate("USD", 1, "80.5"), rate("KZT", 1, "15.4321")}
	rates[2].Nominal = 100
	if _, err := s.AppendRates(t.Context(), rates, hour(0)); err != nil {
		t.Fatal(err)
	}
	for _, currency := range []string{"RUB", "USD"} {
		q := pipeline.CostQuery{From: hour(0), To: hour(48), Zone: "UTC", GroupBy: []pipeline.Dimension{pipeline.DimResource}, Top: 5, Currency: currency, Compare: pipeline.ComparePrevious}
		got, err := s.Costs(t.Context(), a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		want, err := costtest.CostsAt(rows, rates, a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" {
			t.Error(diff)
		}
	}
}

// rate is a price of one unit from a day of the tests' world on: day 0 is 31 October 2026.
func rate(currency string, day int, value string) pipeline.ExchangeRate {
	return pipeline.ExchangeRate{Currency: currency, Date: time.Date(2026, 10, 31+day, 0, 0, 0, 0, time.UTC), Nominal: 1, Value: dec(value), Source: "cbr"}
}

// TestRatesLeaveTheirTrace corrects a rate: the answer follows, and as of before it is the earlier one.
func TestRatesLeaveTheirTrace(t *testing.T) {
	s, a := openStore(t), account()
	c := charge(0, "r", "10")
	c.BillingCurrency = "USD"
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, hour(1), "t", []pipeline.Charge{c}); err != nil {
		t.Fatal(err)
	}
	add := func(at time.Time, want int64, rates ...pipeline.ExchangeRate) {
		t.Helper()
		if n, err := s.AppendRates(t.Context(), rates, at); err != nil || n != want {
			t.Errorf("%d rates are appended, want %d: %v", n, want, err)
		}
	}
	tenth := rate("USD", 0, "811.234")
	tenth.Nominal = 10
	add(hour(2), 1, rate("USD", 0, "81.1234"))
	add(hour(3), 0, rate("USD", 0, "81.1234"), tenth) // the same price for other numbers of units
	add(hour(4), 1, rate("USD", 0, "90"))
	add(hour(5), 1, rate("USD", 0, "81.1234"))
	ask := func(asOf time.Time, want string, unconverted ...string) {
		t.Helper()
		q := pipeline.CostQuery{From: hour(0), To: hour(24), Zone: "Europe/Moscow", Currency: "RUB", AsOf: asOf}
		got, err := s.Costs(t.Context(), a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Totals) != 1 || !got.Totals[0].Cost.Equal(dec(want)) || !cmp.Equal(got.Unconverted, unconverted) {
			t.Errorf("as of %s: %+v, unconverted %v", asOf, got.Totals, got.Unconverted)
		}
	}
	ask(time.Time{}, "811.234")
	ask(hour(4), "900")
	ask(hour(3), "811.234")
	ask(hour(1), "10", "USD")
	held, err := s.Rates(t.Context(), pipeline.RateQuery{From: hour(-48), To: hour(48)})
	if err != nil || len(held) != 1 || !held[0].SeenAt.Equal(hour(5)) || !held[0].Date.Equal(rate("USD", 0, "1").Date) {
		t.Errorf("held %+v, %v", held, err)
	}
	_, err = s.AppendRates(t.Context(), []pipeline.ExchangeRate{rate("USD", 0, "0")}, hour(6))
	if !errors.Is(err, pipeline.ErrRate) {
		t.Errorf("a price of 0: %v", err)
	}
}

// TestConversionReadsTheProjections looks at what a converted question of whole days reads.
func TestConversionReadsTheProjections(t *testing.T) {
	s, a := openStore(t), account()
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, hour(1), "t", []pipeline.Charge{charge(0, "r", "1")}); err != nil {
		t.Fatal(err)
	}
	for zone, want := range map[string]string{"Europe/Moscow": "by_day", "UTC": "by_hour"} {
		q := pipeline.CostQuery{From: hour(-23), To: hour(49), Zone: zone, Step: pipeline.StepDay, GroupBy: []pipeline.Dimension{pipeline.DimService}, Metric: pipeline.MetricBilledCost, Currency: "USD"}
		if zone == "UTC" {
			q.From, q.To = q.From.Add(3*time.Hour), q.To.Add(3*time.Hour)
		}
		b, err := newCostSQL(a.Tenant, &q)
		if err != nil {
			t.Fatal(err)
		}
		var plan strings.Builder
		err = s.rowsOf(t.Context(), "explain", "EXPLAIN indexes = 1 "+b.cells(), b.args, func(r driver.Rows) error {
			var line string
			err := r.Scan(&line)
			plan.WriteString(line + "\n")
			return err
		})
		if err != nil || !strings.Contains(plan.String(), "ReadFromMergeTree ("+want+")") {
			t.Errorf("a question in %s does not read %s: %v\n%s", zone, want, err, plan.String())
		}
	}
}

// TestRatesInTheViews looks at rates and roubles as an analyst does.
func TestRatesInTheViews(t *testing.T) {
	s, a := openStore(t), account()
	lines := []pipeline.Charge{charge(0, "r1", "10"), charge(0, "r2", "10"), charge(0, "r3", "10")}
	lines[1].BillingCurrency, lines[2].BillingCurrency = "KZT", "EUR"
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, hour(1), "t", lines); err != nil {
		t.Fatal(err)
	}
	kzt := rate("KZT", -2, "15.4321")
	kzt.Nominal = 100
	for i, value := range []string{"15", "15.4321"} {
		kzt.Value = dec(value)
		if _, err := s.AppendRates(t.Context(), []pipeline.ExchangeRate{kzt}, hour(i)); err != nil {
			t.Fatal(err)
		}
	}
	f := func(statement string, want ...string) {
		t.Helper()
		var got []string
		err := s.rowsOf(t.Context(), "view", statement, nil, func(r driver.Rows) error {
			var line string
			err := r.Scan(&line)
			got = append(got, line)
			return err
		})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", statement, err, diff)
		}
	}
	views := s.names().analyst
	f("SELECT toString(tuple(ResourceId, x_billed_roubles)) FROM "+views+".charges_in_roubles ORDER BY ResourceId", "('r1',10)", "('r2',1.54321)", "('r3',NULL)")
	f("SELECT toString(tuple(currency, holds_from, roubles_for_one, current)) FROM "+views+".exchange_rates ORDER BY seen_at",
		"('KZT','2026-10-29',0.15,false)", "('KZT','2026-10-29',0.154321,true)")
}

func TestChargeCurrencies(t *testing.T) {
	s := openStore(t)
	if got, err := s.ChargeCurrencies(t.Context()); err != nil || len(got) != 0 {
		t.Errorf("%v without charges: %v", got, err)
	}
	lines := []pipeline.Charge{charge(1, "r", "10"), charge(30, "r", "10"), charge(30, "r2", "10")}
	lines[2].BillingCurrency = "KZT"
	if err := s.Append(t.Context(), account(), pipeline.Slice{Source: "x"}, hour(1), "t", lines); err != nil {
		t.Fatal(err)
	}
	want := map[string]time.Time{"RUB": rate("X", 1, "1").Date, "KZT": rate("X", 2, "1").Date}
	if got, err := s.ChargeCurrencies(t.Context()); err != nil || !cmp.Equal(want, got) {
		t.Errorf("%v: %v", got, err)
	}
}
