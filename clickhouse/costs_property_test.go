package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/clickhouse/costtest"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// The worlds of the property test: few values, so that questions hit, and odd ones among them.
func oddTexts() []string {
	return []string{"", "web", "Web-1", "веб", "ВЕБ", "a'b", `a\b`, "tab\there", "line\nfeed", `quo"te`, "{p0:String}", "100%", "İstanbul", "ſ", "ΣΑΣ", "σας", "K", "\x00nul", "[a]", "😀", "?", "$1", "ё", "&<>"}
}

func zones() []string {
	return []string{"Europe/Moscow", "UTC", "Asia/Kolkata", "Asia/Kathmandu", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "America/Havana", "Asia/Vladivostok", "Asia/Beirut"}
}

// epoch is where the worlds begin: a week before Europe moves its clocks, and months from any other such day.
func epoch() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }

const worldDays = 75

func drawTime(t *rapid.T, name string) time.Time {
	at := epoch().Add(time.Duration(rapid.IntRange(0, worldDays*96).Draw(t, name)) * 15 * time.Minute)
	if rapid.IntRange(0, 9).Draw(t, name+" odd") == 0 {
		at = at.Add(time.Duration(rapid.IntRange(0, 899).Draw(t, name+" second")) * time.Second)
	}
	return at
}

func drawText(t *rapid.T, name string) string { return rapid.SampledFrom(oddTexts()).Draw(t, name) }

func drawMoney(t *rapid.T, name string) decimal.Decimal {
	coefficient := rapid.SampledFrom([]int64{0, 1, -1, 7, 100, -250, 123456789, 999999999999, -31415926535}).Draw(t, name)
	return decimal.New(coefficient, rapid.SampledFrom([]int32{0, -2, -9, -18, 3}).Draw(t, name+" scale"))
}

func drawCharge(t *rapid.T) pipeline.Charge {
	c := pipeline.Charge{Line: pipeline.Line{
		ProviderName: drawText(t, "provider"), BillingAccountID: drawText(t, "account"), SubAccountID: drawText(t, "project"),
		BillingCurrency: rapid.SampledFrom([]string{"RUB", "USD", ""}).Draw(t, "currency"), SubAccountName: drawText(t, "project name"),
		ServiceCategory: drawText(t, "category"), ServiceName: drawText(t, "service"), ResourceID: drawText(t, "resource"),
		ResourceName: drawText(t, "name"), ResourceType: drawText(t, "type"), RegionID: drawText(t, "region"),
		AvailabilityZone: drawText(t, "zone"), SkuID: drawText(t, "sku"), Unrecognised: rapid.Bool().Draw(t, "unrecognised"),
		ChargeCategory: rapid.SampledFrom([]pipeline.ChargeCategory{pipeline.Usage, pipeline.Credit}).Draw(t, "charge category"),
		CostStatus:     rapid.SampledFrom([]pipeline.CostStatus{pipeline.Billed, pipeline.Estimated}).Draw(t, "status"),
		Tags:           rapid.MapOfN(rapid.SampledFrom([]string{"env", "tab\t", "", "ключ", `"`}), rapid.SampledFrom(oddTexts()), 0, 3).Draw(t, "tags"),
	}, Start: drawTime(t, "start")}
	c.End = c.Start.Add(time.Hour)
	c.LineCount = 1
	if rapid.IntRange(0, 5).Draw(t, "priced") == 0 {
		c.UnpricedCount = 1
		return c
	}
	c.BilledCost = drawMoney(t, "billed")
	c.EffectiveCost, c.ListCost, c.ContractedCost = c.BilledCost, c.BilledCost, c.BilledCost
	if rapid.Bool().Draw(t, "discounted") {
		c.EffectiveCost, c.ListCost, c.ContractedCost = drawMoney(t, "effective"), drawMoney(t, "list"), drawMoney(t, "contracted")
	}
	return c
}

// drawWorld draws rows of a ledger: charges, some of them taken back or restated later.
func drawWorld(t *rapid.T) []costtest.Row {
	var rows []costtest.Row
	accounts := []collect.Account{{Tenant: "t1", Connection: "c1"}, {Tenant: "t1", Connection: "c2"}, {Tenant: "t2", Connection: "c1"}}
	for range rapid.IntRange(150, 300).Draw(t, "rows") {
		r := costtest.Row{
			Account: rapid.SampledFrom(accounts).Draw(t, "account"), Source: rapid.SampledFrom([]string{"accrual", "file:a'"}).Draw(t, "source"),
			SeenAt: epoch().Add(time.Duration(rapid.IntRange(1, 3).Draw(t, "seen")) * time.Hour), Charge: drawCharge(t),
		}
		rows = append(rows, r)
		switch rapid.IntRange(0, 5).Draw(t, "fate") {
		case 0: // taken back
			r.Measures = r.Neg()
			r.SeenAt = r.SeenAt.Add(time.Hour)
			rows = append(rows, r)
		case 1: // restated
			dearer := r
			dearer.BilledCost = r.BilledCost.Add(decimal.New(5, -1))
			dearer.Measures = dearer.Add(r.Neg())
			dearer.SeenAt = r.SeenAt.Add(2 * time.Hour)
			rows = append(rows, dearer)
		}
	}
	return rows
}

func load(t *testing.T, s *Store, rows []costtest.Row) {
	t.Helper()
	type key struct {
		a      collect.Account
		source string
		seen   time.Time
	}
	blocks := map[key][]pipeline.Charge{}
	for _, r := range rows {
		k := key{r.Account, r.Source, r.SeenAt}
		blocks[k] = append(blocks[k], r.Charge)
	}
	for k, lines := range blocks {
		if err := s.Append(t.Context(), k.a, pipeline.Slice{Source: k.source}, k.seen, fmt.Sprint(k.seen, k.source), lines); err != nil {
			t.Fatal(err)
		}
	}
}

func drawDimension(t *rapid.T) pipeline.Dimension {
	tags := []pipeline.Dimension{pipeline.TagDimension("env"), pipeline.TagDimension("tab\t"), pipeline.TagDimension("ключ"), pipeline.TagDimension(`"`)}
	return rapid.SampledFrom(append(pipeline.Dimensions(), tags...)).Draw(t, "dimension")
}

func drawFilter(t *rapid.T, depth int) pipeline.Filter {
	ops := []pipeline.FilterOp{pipeline.OpEquals, pipeline.OpIn, pipeline.OpContains, pipeline.OpHasTag}
	if depth > 0 {
		ops = append(ops, pipeline.OpAnd, pipeline.OpOr, pipeline.OpNot)
	}
	f := pipeline.Filter{Op: rapid.SampledFrom(ops).Draw(t, "op")}
	switch f.Op {
	case pipeline.OpAnd, pipeline.OpOr:
		for range rapid.IntRange(0, 3).Draw(t, "args") {
			f.Args = append(f.Args, drawFilter(t, depth-1))
		}
		return f
	case pipeline.OpNot:
		f.Args = []pipeline.Filter{drawFilter(t, depth-1)}
		return f
	case pipeline.OpHasTag:
		f.Dimension = pipeline.TagDimension(rapid.SampledFrom([]string{"env", "ключ", "none"}).Draw(t, "tag"))
		return f
	}
	f.Dimension = drawDimension(t)
	value := rapid.OneOf(rapid.SampledFrom(append(oddTexts(), "c1", "accrual", "true", "RUB", "estimated", "Usage", "е", "A", "i", "k", "s", "ς")), rapid.StringN(0, 3, -1))
	n := 1
	if f.Op == pipeline.OpIn {
		n = rapid.IntRange(0, 4).Draw(t, "n")
	}
	for range n {
		f.Values = append(f.Values, value.Draw(t, "value"))
	}
	return f
}

// drawPeriod draws a period, often one of whole days, weeks or months of the zone.
func drawPeriod(t *rapid.T, zone *time.Location) (from, to time.Time) {
	switch rapid.IntRange(0, 3).Draw(t, "period") {
	case 0:
		from = drawTime(t, "from")
		return from, from.Add(time.Duration(rapid.IntRange(1, 2000*3600).Draw(t, "length")) * time.Second)
	case 1:
		m := time.Month(rapid.IntRange(2, 5).Draw(t, "month"))
		return dayStart(2026, m, 1, zone), dayStart(2026, m+time.Month(rapid.IntRange(1, 3).Draw(t, "months")), 1, zone)
	case 2:
		d := rapid.IntRange(-2, 9).Draw(t, "week")*7 + 2 // 2 March 2026 is a Monday
		return dayStart(2026, 3, d, zone), dayStart(2026, 3, d+7*rapid.IntRange(1, 3).Draw(t, "weeks"), zone)
	default:
		d := rapid.IntRange(-5, worldDays).Draw(t, "day")
		return dayStart(2026, 3, d, zone), dayStart(2026, 3, d+rapid.IntRange(1, 40).Draw(t, "days"), zone)
	}
}

func drawQuestion(t *rapid.T) pipeline.CostQuery {
	q := pipeline.CostQuery{
		Zone:    rapid.SampledFrom(zones()).Draw(t, "zone"),
		Step:    rapid.SampledFrom([]pipeline.Step{pipeline.StepNone, pipeline.StepHour, pipeline.StepDay, pipeline.StepWeek, pipeline.StepMonth}).Draw(t, "step"),
		Metric:  rapid.SampledFrom([]pipeline.Metric{pipeline.MetricBilledCost, pipeline.MetricEffectiveCost, pipeline.MetricListCost, pipeline.MetricContractedCost, ""}).Draw(t, "metric"),
		Compare: rapid.SampledFrom([]pipeline.Comparison{pipeline.CompareNone, pipeline.ComparePrevious}).Draw(t, "compare"),
		Top:     rapid.SampledFrom([]int{0, 1, 2, 5, 1000}).Draw(t, "top"),
		GroupBy: rapid.SliceOfNDistinct(rapid.Custom(drawDimension), 0, 3, func(d pipeline.Dimension) pipeline.Dimension { return d }).Draw(t, "group by"),
	}
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		t.Fatal(err)
	}
	q.From, q.To = drawPeriod(t, zone)
	if rapid.Bool().Draw(t, "filtered") {
		f := drawFilter(t, 3)
		q.Filter = &f
	}
	if rapid.IntRange(0, 3).Draw(t, "as of") == 0 {
		q.AsOf = epoch().Add(time.Duration(rapid.IntRange(0, 6*3600).Draw(t, "as of second")) * time.Second)
	}
	return q
}

func TestCostsAgreeWithTheObviousAnswer(t *testing.T) {
	for world := range 4 {
		s := openStore(t)
		rows := rapid.Custom(drawWorld).Example(world)
		load(t, s, rows)
		rapid.Check(t, func(rt *rapid.T) {
			q := drawQuestion(rt)
			want, err := costtest.Costs(rows, "t1", q)
			if err != nil {
				rt.Fatal(err)
			}
			got, err := s.Costs(t.Context(), "t1", q)
			if err != nil {
				rt.Fatal(err)
			}
			if diff := cmp.Diff(want, got, equal()); diff != "" {
				rt.Fatalf("%s\nwant\n%sgot\n%s%s", q.String(), costtest.Tell(&want), costtest.Tell(&got), diff)
			}
		})
	}
}
