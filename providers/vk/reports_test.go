package vk_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/vk"
	"github.com/infrazen/infrazen/providers/vk/vksim"
	"github.com/infrazen/infrazen/providers/world"
)

func total(charges []pipeline.Charge) decimal.Decimal {
	sum := decimal.Zero
	for _, c := range charges {
		sum = sum.Add(c.BilledCost)
	}
	return sum
}

// The charges add up to exactly the report's own total. What that is above the truth comes from rows under a kopeck, which VK rounds up
// to one, and from nothing else.
func TestReportAddsUpToItsTotal(t *testing.T) {
	s := newStand(t)
	s.upload(t)
	rec, _ := collect(t, s.open(t, s.settings(), testNow), fileTask(reportName))
	from, to := period()
	content, err := s.Report(s.account, from, to, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	last := strings.Split(lines[len(lines)-1], ";")
	want := decimal.RequireFromString(strings.ReplaceAll(last[8], ",", "."))
	got := total(rec.Charges())
	if !got.Equal(want) || got.IsZero() || len(rec.Charges()) != len(lines)-2 {
		t.Errorf("%d charges add up to %s, the report of %d lines says %s", len(rec.Charges()), got, len(lines)-2, want)
	}
	kopeck, raised, small := decimal.New(1, -2), decimal.Zero, 0
	exact := map[providertest.BillKey]decimal.Decimal{}
	for _, b := range s.account.Bill(from.UTC(), to.UTC(), time.Time{}) {
		day := b.Hour.In(world.Moscow()).Format(time.DateOnly)
		k := providertest.BillKey{Start: day, Resource: b.ResourceID + b.SKU}
		exact[k] = exact[k].Add(b.Cost)
	}
	for _, cost := range exact {
		if cost.IsPositive() && cost.LessThan(kopeck) {
			raised, small = raised.Add(kopeck.Sub(cost)), small+1
		}
	}
	if difference := got.Sub(s.account.Cost(from.UTC(), to.UTC(), time.Time{})); !difference.Equal(raised) || small != 3 {
		t.Errorf("the report is %s above the truth, %d rows under a kopeck explain %s", difference, small, raised)
	}
}

func TestWorkbookHoldsWhatTheTextHolds(t *testing.T) {
	s := newStand(t)
	s.upload(t)
	from, to := period()
	content, err := s.ReportXLSX(s.account, from, to, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	text, _ := collect(t, s.open(t, s.settings(), testNow), fileTask(reportName))
	s.uploads.Remove(reportName, testNow())
	s.uploads.Put("november.xlsx", content, testNow())
	book, _ := collect(t, s.open(t, s.settings(), testNow), fileTask("november.xlsx"))
	if d := cmp.Diff(text.Charges(), book.Charges()); d != "" || len(book.Charges()) == 0 {
		t.Errorf("%d charges: %s", len(book.Charges()), d)
	}
}

func TestChargesSayWhatStandsInNoColumn(t *testing.T) {
	s := newStand(t)
	s.upload(t)
	rec, out := collect(t, s.open(t, s.settings(), testNow), fileTask(reportName))
	if !out.Complete() || hasNote(out, "report_day_unfinished") {
		t.Errorf("outcome %+v", out)
	}
	for _, c := range rec.Charges() {
		if c.ResourceID != busyVM {
			continue
		}
		if c.ResourceType != string(pipeline.Server) || c.ServiceCategory != "Compute" || c.BillingAccountID != s.account.ID || c.CostStatus != pipeline.Billed ||
			c.Tags["team"] != "shop" || c.Tags["team"] == "" || c.BillingCurrency != "RUB" || c.End.Sub(c.Start) != 24*time.Hour ||
			!c.BillingPeriodStart.Equal(time.Date(2026, 10, 31, 21, 0, 0, 0, time.UTC)) {
			t.Fatalf("the server's charge is %+v", c)
		}
	}
	from, _ := period()
	content, err := s.Report(s.account, from, testNow(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	s.uploads.Put("today.csv", content, testNow())
	if _, out := collect(t, s.open(t, s.settings(), testNow), fileTask("today.csv")); !hasNote(out, "report_day_unfinished") {
		t.Error("a report of a day that goes on says nothing of it")
	}
}

// Of two reports over the same days the one uploaded later is believed, whatever their names; when it goes, the other one counts again.
func TestNewestReportIsBelieved(t *testing.T) {
	s := newStand(t)
	from, to := period()
	put := func(name string, from, to, at time.Time) {
		t.Helper()
		content, err := s.Report(s.account, from, to, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		s.uploads.Put(name, content, at)
	}
	put("a.csv", from, to, testNow())
	before := versions(t, s)
	put("z.csv", from.AddDate(0, 0, 1), to, testNow().Add(-time.Hour))
	if after := versions(t, s); after["a.csv"] != before["a.csv"] {
		t.Error("an older report changes the version of a newer one")
	}
	put("b.csv", from.AddDate(0, 0, 2), to.AddDate(0, 0, 1), testNow().Add(time.Hour))
	after := versions(t, s)
	if after["a.csv"] == before["a.csv"] {
		t.Error("a newer report does not make the older one be read again")
	}
	session := s.open(t, s.settings(), testNow)
	days := func() map[string]string {
		sums := map[string]string{}
		for _, name := range []string{"a.csv", "b.csv", "z.csv"} {
			rec, _ := collect(t, session, fileTask(name))
			byDay := map[string]bool{}
			for _, c := range rec.Charges() {
				byDay[c.Start.In(world.Moscow()).Format("02")] = true
			}
			for d := range byDay {
				sums[d] += name
			}
		}
		return sums
	}
	if d := cmp.Diff(map[string]string{"14": "a.csv", "15": "a.csv", "16": "b.csv", "17": "b.csv"}, days()); d != "" {
		t.Error(d)
	}
	s.uploads.Remove("b.csv", testNow().Add(2*time.Hour))
	if versions(t, s)["a.csv"] != before["a.csv"] {
		t.Error("a removed report still stands before the older one")
	}
	if d := cmp.Diff(map[string]string{"14": "a.csv", "15": "a.csv", "16": "a.csv"}, days()); d != "" {
		t.Error(d)
	}
}

func versions(t *testing.T, s *stand) map[string]string {
	t.Helper()
	objects, err := s.open(t, s.settings(), testNow).Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, o := range objects {
		out[o.Key] = o.Version
	}
	return out
}

func TestRemovedReportIsAnEmptySlice(t *testing.T) {
	s := newStand(t)
	s.upload(t)
	s.uploads.Remove(reportName, testNow())
	rec, out := collect(t, s.open(t, s.settings(), testNow), fileTask(reportName))
	charges, committed := rec.Committed[pipeline.Slice{Source: "file:" + reportName}]
	if !committed || len(charges) != 0 || !out.Complete() {
		t.Errorf("committed %t, %d charges, %+v", committed, len(charges), out)
	}
}

func TestPreviewKnowsOurLayoutAndGuessesOthers(t *testing.T) {
	s := newStand(t)
	from, to := period()
	content, err := s.Report(s.account, from, to, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := vk.New().Preview(t.Context(), "report.csv", bytes.NewReader(content), "", time.UTC)
	if err != nil || p.Fault != nil || p.Lines == 0 || !p.First.Equal(from.UTC()) || !p.Last.Equal(to.UTC()) {
		t.Errorf("%v: %+v", err, p)
	}
	other := "Date,Service,Resource ID,Cost,Currency\n2026-11-14,Compute,x,1.50,RUB\n"
	p, err = vk.New().Preview(t.Context(), "report.csv", strings.NewReader(other), "", time.UTC)
	if err != nil || !p.Guessed || len(p.Columns) != 5 {
		t.Errorf("%v: %+v", err, p)
	}
}

// A report in another layout than ours is refused with a sentence, and read by a mapping of the user's.
func TestOtherLayoutsNeedAMapping(t *testing.T) {
	s := newStand(t)
	s.uploads.Put("other.csv", []byte("Date,Service,Resource ID,Cost,Currency\n2026-11-14,Compute,x,1.50,RUB\n"), testNow())
	rec := providertest.NewRecorder(fileTask("other.csv"))
	_, err := s.open(t, s.settings(), testNow).Collect(t.Context(), fileTask("other.csv"), rec)
	if f := pipeline.AsFault(err); err == nil || f.Code == pipeline.FaultInternal || f.Retry || len(rec.Committed) != 0 {
		t.Errorf("an unknown layout gives %v", err)
	}
	mapping := `{"version":1,"period":"day","columns":{"start":"Date","cost":"Cost","currency":"Currency","resource_id":"Resource ID","service":"Service"}}`
	mapped := with(s.settings(), vk.FieldMapping, mapping)
	rec, _ = collect(t, s.open(t, mapped, testNow), fileTask("other.csv"))
	if c := rec.Charges(); len(c) != 1 || !total(c).Equal(decimal.RequireFromString("1.5")) || !c[0].Unrecognised {
		t.Errorf("by a mapping: %+v", c)
	}
	objects, err := s.open(t, mapped, testNow).Objects(t.Context())
	if err != nil || len(objects) != 1 || objects[0].Version == versions(t, s)["other.csv"] {
		t.Errorf("another mapping leaves the version: %v %+v", err, objects)
	}
}

func TestPriceList(t *testing.T) {
	f := func(text string, ok bool) {
		t.Helper()
		l, err := vk.ParsePrices(text, "RUB")
		if (err == nil) != ok {
			t.Errorf("%q gives %v", text, err)
		}
		if err != nil && pipeline.AsFault(err).Code != pipeline.FaultSettings {
			t.Errorf("%q gives %v", text, err)
		}
		if ok && l.Currency != "RUB" {
			t.Errorf("%q has the currency %q", text, l.Currency)
		}
	}
	f("", true)
	f("currency: RUB\nper: month\nprices: {vcpu: 100.25, 'disk:ceph-ssd': \"7\"}", true)
	f(`{"currency":"RUB","per":"hour","prices":{"vcpu":0.1}}`, true)
	f("currency: USD\nper: hour\nprices: {vcpu: 1}", false)
	f("currency: RUB\nper: week\nprices: {vcpu: 1}", false)
	f("currency: RUB\nper: hour\nprices: {vcpu: -1}", false)
	f("currency: RUB\nper: hour\nprices: {vcpu: 1e9}", false)
	f("currency: RUB\nper: hour\nprices: {vcpu: 0.0000000001}", false)
	f("currency: RUB\nper: hour\nprices: {vcpu: [1]}", false)
	f("currency: RUB\nper: hour\nprices: {}", false)
	f("currency: RUB\nper: hour\ntypo: 1\nprices: {vcpu: 1}", false)
	f("currency: RUB\nper: hour\nprices: {vcpu: 1}\n---\nmore: 1", false)
	f(strings.Repeat("#", 70<<10), false)
	own := "currency: RUB\nper: month\nprices: {vcpu: \"100.1\", ram_gb: \"0.3\"}"
	s := newStand(t)
	rec, out := collect(t, s.open(t, with(s.settings(), vk.FieldPrices, own), testNow), inventoryTask())
	r, _ := rec.Resource(busyVM)
	if len(r.Rates) != 1 || !r.Rates[0].Amount.Equal(decimal.RequireFromString("201.4")) || r.Rates[0].Period != pipeline.PerMonth {
		t.Errorf("by a list of the user's the server's rate is %+v", r.Rates)
	}
	if !hasNote(out, "price_unknown") || hasNote(out, "prices_unverified") {
		t.Errorf("notes are %+v", out.Notes)
	}
	if _, out := collect(t, s.open(t, s.settings(), testNow), inventoryTask()); !hasNote(out, "prices_unverified") {
		t.Error("nobody is told that the built-in prices were not checked")
	}
}

var _ pipeline.Uploads = (*vksim.Uploads)(nil)
