package clickhouse

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// msk is the billing zone of the small cloud.
func msk() *time.Location { return time.FixedZone("MSK", 3*60*60) }

// estimating is a small cloud over the real ledger: a server at a price in force, and reports that stand for what was accrued.
type estimating struct {
	store   *Store
	windows *collecttest.Windows
	world   collecttest.World
	collect *collect.Collector
}

func newEstimating(t *testing.T, now time.Time) *estimating {
	t.Helper()
	e := &estimating{store: openStore(t), windows: collecttest.NewWindows(now)}
	a := account()
	e.windows.Connect(pipeline.Connection{ID: a.Connection, TenantID: a.Tenant, Kind: collecttest.Kind, Version: 1, CreatedAt: now}, pipeline.Settings{"password": "open sesame"})
	cloud := &collecttest.Cloud{
		World: func(context.Context, pipeline.Settings) (collecttest.World, error) { return e.world, nil },
		Specs: []pipeline.FeedSpec{
			{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour, Backfill: 40 * 24 * time.Hour, Accrues: true},
			{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Every: time.Minute, Supersedes: true},
		},
	}
	config := collect.DefaultConfig()
	config.Holder = "one"
	c, err := collect.New(collect.Deps{
		Windows: e.windows, Ledger: e.store, Providers: []pipeline.Provider{cloud}, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	}, config)
	if err != nil {
		t.Fatal(err)
	}
	e.collect = c
	t.Cleanup(func() { c.CloseIdle(context.Background()) })
	return e
}

func (e *estimating) sync(t *testing.T, now time.Time, files ...collecttest.File) {
	t.Helper()
	e.world.Files = files
	e.windows.Set(now)
	if err := e.collect.PlanAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.collect.CollectDue(t.Context())
}

// days adds charges up by source and day of Moscow, as believed at an instant.
func (e *estimating) days(t *testing.T, asOf time.Time) map[string]string {
	t.Helper()
	rows, err := e.store.conn.Query(t.Context(), `SELECT source, formatDateTime(ChargePeriodStart, '%m-%d', 'Europe/Moscow') AS day, sum(BilledCost) AS cost
FROM charges WHERE seen_at <= $1 GROUP BY source, day HAVING cost != 0`, asOf)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]string{}
	for rows.Next() {
		var source, day string
		cost := dec("0")
		if err := rows.Scan(&source, &day, &cost); err != nil {
			t.Fatal(err)
		}
		out[source+" "+day] = cost.String()
	}
	return out
}

func billedDay(day time.Time, cost string) pipeline.Charge {
	return pipeline.Charge{
		Line:  pipeline.Line{ResourceID: "vps-1", BillingCurrency: "RUB", CostStatus: pipeline.Billed},
		Start: day, End: day.Add(24 * time.Hour), Measures: pipeline.Measures{LineCount: 1, BilledCost: dec(cost)},
	}
}

// A report over the end of a month takes the estimate of its days back; its removal gives it back to the last digit; what was
// believed at each instant stays.
func TestReportsStandForEstimates(t *testing.T) {
	now := time.Date(2026, 11, 3, 12, 0, 0, 0, msk()).UTC()
	e := newEstimating(t, now)
	price := pipeline.Rate{ServiceName: "VPS", Known: true, Amount: dec("100"), Currency: "RUB", Period: pipeline.PerMonth, CostStatus: pipeline.Estimated}
	created := time.Date(2026, 10, 30, 0, 0, 0, 0, msk())
	e.world.Scopes = []string{"vps"}
	e.world.Resources = []pipeline.Resource{{ID: "vps-1", Type: pipeline.Server, Name: "one", Scope: "vps", CreatedAt: created, Rates: []pipeline.Rate{price}}}

	e.sync(t, now)
	estimated := e.days(t, now)
	if len(estimated) != 5 || estimated["accrual 10-30"] != "3.225806451" {
		t.Fatalf("the estimate is %v", estimated)
	}
	report := collecttest.File{Key: "october", Version: "1", Charges: []pipeline.Charge{
		billedDay(created.AddDate(0, 0, 1), "3.24"), billedDay(created.AddDate(0, 0, 2), "3.35"),
	}}
	imported := now.Add(time.Minute)
	e.sync(t, imported, report)
	billed := map[string]string{
		"accrual 10-30": estimated["accrual 10-30"], "file:october 10-31": "3.24", "file:october 11-01": "3.35",
		"accrual 11-02": estimated["accrual 11-02"], "accrual 11-03": estimated["accrual 11-03"],
	}
	if diff := cmp.Diff(billed, e.days(t, imported)); diff != "" {
		t.Fatal(diff)
	}
	removed := now.Add(2 * time.Minute)
	e.sync(t, removed, collecttest.File{Key: "october", Version: "2"})
	if diff := cmp.Diff(estimated, e.days(t, removed)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(estimated, e.days(t, now)); diff != "" {
		t.Errorf("as of the first sync: %s", diff)
	}
	if diff := cmp.Diff(billed, e.days(t, imported)); diff != "" {
		t.Errorf("as of the import: %s", diff)
	}
}

func TestLedgerKeepsTheContract(t *testing.T) {
	collecttest.RunLedger(t, openStore(t), account())
}
