package vk_test

import (
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	stages "github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/vk"
	"github.com/infrazen/infrazen/providers/world"
)

// collected is the stand-in collected by the real stages into stores in memory.
type collected struct {
	*stand
	windows *collecttest.Windows
	ledger  *collecttest.Ledger
	collect *stages.Collector
}

func newCollected(t *testing.T) *collected {
	t.Helper()
	c := &collected{stand: newStand(t), windows: collecttest.NewWindows(testNow()), ledger: collecttest.NewLedger()}
	c.windows.Connect(pipeline.Connection{ID: "c", TenantID: "t", Kind: vk.Kind, Version: 1, CreatedAt: testNow()}, c.settings())
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	config := stages.DefaultConfig()
	config.Holder = "one"
	made, err := stages.New(stages.Deps{
		Windows: c.windows, Ledger: c.ledger, Providers: vk.All(), Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
		HTTP: func(pipeline.Kind) *http.Client {
			return &http.Client{Transport: transport, Timeout: providertest.Patience}
		},
		Uploads: func(stages.Account) pipeline.Uploads { return c.uploads },
	}, config)
	if err != nil {
		t.Fatal(err)
	}
	c.collect = made
	t.Cleanup(func() { made.CloseIdle(t.Context()) })
	return c
}

func (c *collected) sync(t *testing.T, after time.Duration) {
	t.Helper()
	c.windows.Set(testNow().Add(after))
	if err := c.collect.PlanAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.collect.CollectDue(t.Context())
	for _, f := range c.windows.Finished() {
		if f.Result.Fault != nil {
			t.Fatalf("%s failed: %v", f.Window.Feed, f.Result.Fault)
		}
	}
}

// days are the sums of every day of Moscow but the last one, which goes on, by where they come from.
func (c *collected) days() map[string]string {
	sums := map[string]decimal.Decimal{}
	for _, r := range c.ledger.Rows() {
		day := r.Charge.Start.In(world.Moscow()).Format(time.DateOnly)
		if day < "2026-11-18" {
			sums[day+" "+r.Source+" "+string(r.Charge.CostStatus)] = sums[day+" "+r.Source+" "+string(r.Charge.CostStatus)].Add(r.Charge.BilledCost)
		}
	}
	out := map[string]string{}
	for k, d := range sums {
		if !d.IsZero() {
			out[k] = d.String()
		}
	}
	return out
}

// The whole road: an estimate by the price list, a report that takes its place on its days to the kopeck, and its removal.
func TestReportTakesThePlaceOfTheEstimate(t *testing.T) {
	c := newCollected(t)
	c.sync(t, 0)
	estimate := c.days()
	if len(estimate) < 60 || estimate["2026-11-15 accrual estimated"] == "" {
		t.Fatalf("the estimate has %d days: %v", len(estimate), estimate)
	}
	c.upload(t)
	c.sync(t, 6*time.Minute)
	want := map[string]string{}
	for k, v := range estimate {
		want[k] = v
	}
	from, to := period()
	sums := map[string]decimal.Decimal{}
	for _, l := range c.Lines(c.account, from, to, time.Time{}) {
		day := l.Day.Format(time.DateOnly)
		delete(want, day+" accrual estimated")
		k := day + " file:" + reportName + " billed"
		sums[k] = sums[k].Add(l.Cost)
		want[k] = sums[k].String()
	}
	if d := cmp.Diff(want, c.days()); d != "" || len(sums) != 3 {
		t.Fatalf("with the report of %d days: %s", len(sums), d)
	}
	c.sync(t, time.Hour)
	if d := cmp.Diff(want, c.days()); d != "" {
		t.Fatalf("an hour later: %s", d)
	}
	c.uploads.Remove(reportName, testNow().Add(61*time.Minute))
	c.sync(t, 66*time.Minute)
	if d := cmp.Diff(estimate, c.days()); d != "" {
		t.Fatalf("after the removal: %s", d)
	}
}
