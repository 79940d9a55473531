package collect_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// reportLab is a lab whose cloud has prices in force, and files that stand for what was accrued.
func reportLab() *lab {
	l := newLab(noon)
	l.cloud.Specs = []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour, Backfill: 3 * 24 * time.Hour, Accrues: true},
		{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Every: time.Minute, Supersedes: true},
	}
	return l
}

// midnight begins the day so many days after that of the tests, in Moscow.
func midnight(n int) time.Time {
	return at("2026-03-05 00:00:00").Add(time.Duration(n) * 24 * time.Hour)
}

func report(name, version string, costs map[int]string) collecttest.File {
	f := collecttest.File{Key: name, Version: version}
	for n, cost := range costs {
		f.Charges = append(f.Charges, pipeline.Charge{
			Line:  pipeline.Line{ResourceID: "a", BillingCurrency: "RUB", CostStatus: pipeline.Billed, ServiceName: "report"},
			Start: midnight(n), End: midnight(n + 1), Measures: pipeline.Measures{LineCount: 1, BilledCost: decimal.RequireFromString(cost)},
		})
	}
	return f
}

// days adds the ledger up by source and day.
func (l *lab) days() map[string]string {
	sums := map[string]decimal.Decimal{}
	for _, r := range l.ledger.Rows() {
		k := r.Source + " " + r.Charge.Start.In(moscow).Format("02")
		sums[k] = sums[k].Add(r.Charge.BilledCost)
	}
	out := map[string]string{}
	for k, d := range sums {
		if !d.IsZero() {
			out[k] = d.String()
		}
	}
	return out
}

func TestReportTakesTheEstimateBackAndItsRemovalGivesItBack(t *testing.T) {
	l := reportLab()
	servers := []pipeline.Resource{server("a", "2026-03-03 00:00:00", "1")}
	sync := func(after time.Duration, files ...collecttest.File) {
		l.tell(collecttest.World{Scopes: []string{"vps"}, Resources: servers, Files: files})
		l.windows.Set(noon.Add(after))
		l.sync(t)
	}
	check := func(want map[string]string) {
		t.Helper()
		if d := cmp.Diff(want, l.days()); d != "" {
			t.Error(d)
		}
	}
	estimate := map[string]string{"accrual 03": "24", "accrual 04": "24", "accrual 05": "12"}
	sync(0)
	check(estimate)
	first := report("march", "1", map[int]string{-2: "20.01", -1: "30.02"})
	sync(time.Minute, first)
	billed := map[string]string{"file:march 03": "20.01", "file:march 04": "30.02", "accrual 05": "12"}
	check(billed)
	sync(time.Hour, first)
	billed["accrual 05"] = "13"
	check(billed)
	sync(time.Hour+time.Minute, report("march", "2", map[int]string{-1: "31"}))
	check(map[string]string{"accrual 03": "24", "file:march 04": "31", "accrual 05": "13"})
	sync(2*time.Hour, report("march", "removed", nil))
	estimate["accrual 05"] = "14"
	check(estimate)
}

// A line of several days covers all of them, whole: days are those of the billing zone.
func TestLineOfAMonthCoversItsDays(t *testing.T) {
	l := reportLab()
	world := collecttest.World{Scopes: []string{"vps"}, Resources: []pipeline.Resource{server("a", "2026-03-03 00:00:00", "1")}}
	whole := report("march", "1", map[int]string{-1: "99"})
	whole.Charges[0].End = midnight(1)
	world.Files = []collecttest.File{whole}
	l.tell(world)
	l.sync(t)
	l.windows.Set(noon.Add(time.Hour))
	l.sync(t)
	if d := cmp.Diff(map[string]string{"accrual 03": "24", "file:march 04": "99"}, l.days()); d != "" {
		t.Error(d)
	}
}

// An import that was cut short after the file's lines, and before the estimate was taken back, is finished by its next try.
func TestCutShortImportIsFinishedLater(t *testing.T) {
	l := reportLab()
	world := collecttest.World{Scopes: []string{"vps"}, Resources: []pipeline.Resource{server("a", "2026-03-03 00:00:00", "1")}}
	l.tell(world)
	l.sync(t)
	world.Files = []collecttest.File{report("march", "1", map[int]string{-2: "20"})}
	l.tell(world)
	l.windows.Set(noon.Add(time.Hour))
	l.ledger.BeforeAppend = func(_ collect.Account, s pipeline.Slice) error {
		if s.Source == collect.SourceAccrual && s.From.Before(midnight(0)) {
			return &pipeline.Fault{Code: pipeline.FaultUnavailable, Retry: true, Text: pipeline.Text{RU: "Нет.", EN: "No."}}
		}
		return nil
	}
	l.sync(t)
	if got := l.days(); got["accrual 03"] != "24" || got["file:march 03"] != "20" {
		t.Fatalf("the import was not cut short: %v", got)
	}
	l.ledger.BeforeAppend = nil
	l.windows.Set(noon.Add(2 * time.Hour))
	l.sync(t)
	if got := l.days(); got["accrual 03"] != "" || got["file:march 03"] != "20" {
		t.Errorf("after the next try: %v", got)
	}
}

// Whatever comes in whatever order: a covered day holds the reports and nothing else, any other day the estimate that it
// would hold without reports, and no earlier answer changes.
func TestReportsAndEstimatesInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, plain := reportLab(), reportLab()
		if l.count = rapid.Bool().Draw(t, "rows are counted"); l.count && rapid.Bool().Draw(t, "one collector") {
			l.only = l.collector(t, "only") // it remembers what it found
		}
		now, created, files := noon, 0, map[string]collecttest.File{}
		servers := map[string]pipeline.Resource{}
		answers := map[time.Time]collecttest.Totals{}
		for step := range rapid.IntRange(2, 12).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0, 1:
				created++
				id := fmt.Sprint("s", created)
				servers[id] = server(id, now.Add(-30*time.Hour).In(moscow).Format(time.DateTime), rapid.SampledFrom([]string{"1", "0.37", ""}).Draw(t, "price"))
			case 2:
				for id := range servers {
					delete(servers, id)
					break
				}
			default:
				name := rapid.SampledFrom([]string{"one", "two"}).Draw(t, "report")
				costs := rapid.MapOfN(rapid.IntRange(-3, 5), rapid.SampledFrom([]string{"10", "0.01", "0"}), 0, 4).Draw(t, "days")
				files[name] = report(name, fmt.Sprint(step), costs)
			}
			world := collecttest.World{Scopes: []string{"vps"}, Resources: slices.Collect(maps.Values(servers))}
			for _, one := range []*lab{plain, l} {
				one.tell(world)
				one.windows.Set(now)
				one.sync(t)
				world.Files = slices.Collect(maps.Values(files))
			}
			answers[now] = l.ledger.TotalsAsOf(time.Time{})
			checkCovered(t, l, plain, files)
		}
		for at, want := range answers {
			if d := cmp.Diff(want, l.ledger.TotalsAsOf(at)); d != "" {
				t.Fatalf("the answer of %s has changed: %s", at, d)
			}
		}
	})
}

func checkCovered(t *rapid.T, l, plain *lab, files map[string]collecttest.File) {
	t.Helper()
	covered := map[string]bool{}
	billed := collecttest.NewLedger()
	for _, f := range files {
		for _, c := range f.Charges {
			covered[c.Start.In(moscow).Format("02")] = true
		}
		if err := billed.Append(t.Context(), account, pipeline.Slice{Source: "file:" + f.Key}, noon, f.Key, f.Charges); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range plain.ledger.Rows() {
		if !covered[r.Charge.Start.In(moscow).Format("02")] {
			if err := billed.Append(t.Context(), account, pipeline.Slice{Source: r.Source}, noon, fmt.Sprint(len(billed.Rows())), []pipeline.Charge{r.Charge}); err != nil {
				t.Fatal(err)
			}
		}
	}
	want := billed.TotalsAsOf(time.Time{})
	if d := cmp.Diff(want, l.ledger.TotalsAsOf(time.Time{})); d != "" {
		t.Fatal(d)
	}
}
