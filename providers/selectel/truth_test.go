package selectel_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/selectel"
	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/world"
)

// open opens a session with settings.
func open(t *testing.T, settings pipeline.Settings) pipeline.Session {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	s, err := selectel.New().Open(settings, pipeline.Env{
		HTTP: &http.Client{Transport: transport, Timeout: time.Minute}, Now: testNow, Log: slog.New(slog.DiscardHandler), TempDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// collect runs a task that must not fail as a whole.
func collect(t *testing.T, s pipeline.Session, task pipeline.Task) (*providertest.Recorder, pipeline.Outcome) {
	t.Helper()
	rec := providertest.NewRecorder(task)
	out, err := s.Collect(t.Context(), task, rec)
	if err != nil {
		t.Fatalf("cannot collect %s: %v", task.Feed, err)
	}
	for _, p := range rec.Problems(out) {
		t.Error(p)
	}
	return rec, out
}

// sums adds charges up in every way that people ask for.
type sums map[string]decimal.Decimal

func (s sums) add(amount decimal.Decimal, keys ...string) {
	for _, k := range append(keys, "total") {
		s[k] = s[k].Add(amount)
	}
}

func (s sums) text() map[string]string {
	out := map[string]string{}
	for k, v := range s {
		if !v.IsZero() {
			out[k] = v.String()
		}
	}
	return out
}

// TestToTheKopeck collects three weeks of several accounts and compares every hour, day, month, project and metric with what the
// stand-in rounded.
func TestToTheKopeck(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			s := newStand(t, seed, nil)
			task := pipeline.Task{Feed: pipeline.FeedCharges, From: dayOf(21).From, To: dayOf(0).To, Lang: pipeline.Russian}
			rec, out := collect(t, open(t, s.settings()), task)
			if !out.Complete() {
				t.Fatalf("incomplete: %+v", out.Scopes)
			}
			got, want := sums{}, sums{}
			for _, c := range rec.Charges() {
				if c.ChargeCategory == pipeline.Usage {
					got.add(c.BilledCost, keysOf(c.Start, c.SubAccountID, c.SubAccountName, c.SkuID)...)
				}
			}
			for _, r := range s.sim.Rows(s.account, task.From, task.To, testNow()) {
				want.add(decimal.New(r.Kopecks, -2), keysOf(r.Hour, r.ProjectID, s.account.Project(r.ProjectID), r.SKU)...)
			}
			if diff := cmp.Diff(want.text(), got.text()); diff != "" {
				t.Errorf("the bill says (-), was collected (+):\n%.3000s", diff)
			}
			if len(want) < 500 || want["total"].LessThan(dec("1000")) {
				t.Errorf("too little to compare: %d sums, %s in total", len(want), want["total"])
			}
		})
	}
}

func keysOf(hour time.Time, project, name, sku string) []string {
	local := hour.In(world.Moscow())
	return []string{hour.Format("hour 2006-01-02T15"), local.Format("day 2006-01-02"), local.Format("month 2006-01"), "project " + project + " " + name, "metric " + sku}
}

// TestRoundingIsAllThatDiffers compares what the world exactly says now with what was collected: at most half a kopeck a row.
func TestRoundingIsAllThatDiffers(t *testing.T) {
	for _, seed := range []uint64{4, 5} {
		s := newStand(t, seed, nil)
		task := dayOf(3)
		rec, _ := collect(t, open(t, s.settings()), task)
		got, exact := decimal.Zero, s.account.Cost(task.From, task.To, testNow())
		for _, c := range rec.Charges() {
			if c.ChargeCategory == pipeline.Usage {
				got = got.Add(c.BilledCost)
			}
		}
		rows := int64(len(s.sim.Rows(s.account, task.From, task.To, testNow())))
		limit := decimal.New(rows, 0).Mul(dec("0.005"))
		if diff := got.Sub(exact).Abs(); diff.GreaterThan(limit) || diff.IsZero() {
			t.Errorf("seed %d: collected %s, the truth is %s: the difference must lie between nothing and %s", seed, got, exact, limit)
		}
	}
}

// TestFolding looks at whose charge each row is.
func TestFolding(t *testing.T) {
	s := newStand(t, 6, nil)
	s.account.Discount = decimal.Zero
	rec, _ := collect(t, open(t, s.settings()), func() pipeline.Task { x := dayOf(1); x.Known = s.known(); return x }())
	charges := rec.Charges()
	of := func(id, sku string) []pipeline.Charge {
		return slices.DeleteFunc(slices.Clone(charges), func(c pipeline.Charge) bool { return c.ResourceID != id || c.SkuID != sku })
	}
	web := of(s.ids["web"], "volume_gigabytes_universal")
	if len(web) != 24 {
		t.Fatalf("the server's disk has %d lines under the server, want 24", len(web))
	}
	want := pipeline.Line{
		ProviderName: "Selectel", PublisherName: "Selectel", InvoiceIssuerName: "Selectel", BillingAccountID: s.account.ID, BillingCurrency: "RUB",
		SubAccountID: s.account.Projects[0].ID, SubAccountName: "prod", ServiceCategory: "Storage", ServiceName: "Network Volumes",
		ResourceID: s.ids["web"], ResourceName: "web-1", ResourceType: "server", RegionID: "ru-3", RegionName: "Санкт-Петербург", AvailabilityZone: "ru-3b",
		SkuID: "volume_gigabytes_universal", ChargeCategory: pipeline.Usage, ChargeDescription: "disk-for-web-1-#1: Универсальный диск",
		ChargeFrequency: "Usage-Based", PricingCategory: "Standard", PricingUnit: "GB*H", ConsumedUnit: "GB*H", ListUnitPrice: "0.01971",
		CostStatus: pipeline.Billed, Tags: map[string]string{"env": "test", "team": "qa"},
		BillingPeriodStart: time.Date(2026, 10, 31, 21, 0, 0, 0, time.UTC),
	}
	if diff := cmp.Diff(want, web[0].Line); diff != "" {
		t.Error(diff)
	}
	if c := web[0]; c.BilledCost.String() != "0.65" || c.ListCost.String() != "0.65043" || c.ConsumedQuantity.String() != "33" {
		t.Errorf("33 GB cost %s (list %s, quantity %s)", c.BilledCost, c.ListCost, c.ConsumedQuantity)
	}
	for _, own := range []string{"lost disk", "free disk", "reserved disk"} {
		if lines := of(s.ids[own], "volume_gigabytes_universal"); len(lines) != 24 || lines[0].ResourceType != "volume" {
			t.Errorf("%s has %d lines of its own, want 24", own, len(lines))
		}
	}
	if lines := of(s.ids["web"], "network_floatingips"); len(lines) != 24 {
		t.Errorf("the server's address has %d lines under the server", len(lines))
	}
	if lines := of("s3:ru-3:media", "storage_standard"); len(lines) != 48 {
		t.Errorf("the container has %d lines with its hidden one, want 48", len(lines))
	}
	if lines := of("", "storage_standard"); len(lines) != 24 || lines[0].ServiceName != "S3 Storage" {
		t.Errorf("storage without a container has %d lines", len(lines))
	}
	if lines := of(s.ids["nameless"], "compute_cores"); len(lines) != 24 || lines[0].ResourceName != "nobody sees this" {
		t.Errorf("a server without a name in the bill has the lines %+v", lines)
	}
	if lines := of(s.ids["spot"], "compute_cores_preemptible"); len(lines) != 24 || lines[0].PricingCategory != "Dynamic" {
		t.Errorf("a preemptible server has the lines %+v", lines)
	}
	if lines := of(s.ids["strange"], "quantum_cores"); len(lines) != 24 || !lines[0].Unrecognised || lines[0].ResourceType != "quantum_annealer" {
		t.Errorf("a thing of an unknown type has the lines %+v", lines)
	}
}

// TestDedicated collects a month's payment of a dedicated server once, and nothing that the statistics have.
func TestDedicated(t *testing.T) {
	s := newStand(t, 7, func(c *selectelsim.Config) { c.PageSize = 1 })
	created := dayOf(5).From.Add(7*time.Hour + 12*time.Second)
	s.account.Add(world.Resource{
		ID: "99999999-0000-4000-8000-000000000001", Kind: world.Dedicated, ProjectID: s.account.Projects[0].ID, Region: "ru-1", Zone: "ru-1a", Created: created,
		Details: map[string]string{world.SelectelMonthly: "12345.67"}, States: []world.State{{From: created, Name: "EL42-SSD", Status: world.Running}},
	})
	rec, _ := collect(t, open(t, s.settings()), pipeline.Task{Feed: pipeline.FeedCharges, From: dayOf(6).From, To: dayOf(4).To})
	bought := slices.DeleteFunc(rec.Charges(), func(c pipeline.Charge) bool {
		return c.ChargeCategory == pipeline.Usage || c.ResourceID != "99999999-0000-4000-8000-000000000001"
	})
	if len(bought) != 1 || bought[0].BilledCost.String() != "12345.67" || bought[0].ChargeCategory != pipeline.Purchase ||
		!bought[0].Start.Equal(dayOf(5).From.Add(7*time.Hour)) || bought[0].ResourceName != "EL42-SSD" {
		t.Errorf("the payment is %+v", bought)
	}
	for _, c := range rec.Charges() {
		if c.ChargeCategory != pipeline.Usage && c.ChargeDescription != "dedicated" {
			t.Errorf("a movement of money that the statistics have is a charge too: %+v", c)
		}
	}
	if n := s.sim.Count("/v2/billing/transactions"); n < 8 {
		t.Errorf("%d requests for transactions of three days", n)
	}
}

// TestNewestHourGrows: what is there of the newest hour is collected, and the outcome tells that more will come.
func TestNewestHourGrows(t *testing.T) {
	s := newStand(t, 8, nil)
	session := open(t, s.settings())
	_, out := collect(t, session, dayOf(0))
	if want := testNow().Truncate(time.Hour).Add(-time.Hour); !out.CompleteThrough.Equal(want) {
		t.Errorf("complete through %s while the newest hour grows, want %s", out.CompleteThrough, want)
	}
	s.sim.SetClockOffset(30 * time.Minute)
	if _, out = collect(t, session, dayOf(0)); !out.CompleteThrough.Equal(testNow().Truncate(time.Hour)) {
		t.Errorf("complete through %s when the newest hour is whole", out.CompleteThrough)
	}
	mend := s.sim.Break(selectelsim.Fault{Path: "/v1/cloud_billing/statistic/consumption", Query: "group_type=project&", Status: http.StatusInternalServerError})
	defer mend()
	s.sim.SetClockOffset(0)
	if _, out = collect(t, session, dayOf(0)); !out.CompleteThrough.Equal(testNow().Truncate(time.Hour).Add(-time.Hour)) {
		t.Errorf("complete through %s by the number of objects alone", out.CompleteThrough)
	}
	if _, out = collect(t, session, dayOf(2)); !out.CompleteThrough.IsZero() {
		t.Errorf("an old day is complete through %s", out.CompleteThrough)
	}
}
