package yandex_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
	"github.com/infrazen/infrazen/providers/world"
)

// books are a ledger with what of the export it has read.
type books struct {
	*collecttest.Ledger
	t       *testing.T
	stand   *stand
	session pipeline.Session
	read    map[string]string
	writers []*collect.Writer
	seen    time.Time
}

func newBooks(t *testing.T, s *stand, settings pipeline.Settings) *books {
	return &books{Ledger: collecttest.NewLedger(), t: t, stand: s, session: s.open(t, settings), read: map[string]string{}, seen: testNow().Add(-100 * day)}
}

var books0 = collect.Account{Tenant: "t", Connection: "c"}

// Slice implements pipeline.Sink.
func (b *books) Slice(_ context.Context, s pipeline.Slice) (pipeline.SliceWriter, error) {
	w := collect.NewWriter(b.Ledger, books0, s, collect.SliceOptions{Now: func(context.Context) (time.Time, error) {
		b.seen = b.seen.Add(time.Second)
		return b.seen, nil
	}})
	b.writers = append(b.writers, w)
	return w, nil
}

// Resources implements pipeline.Sink.
func (b *books) Resources(context.Context, []pipeline.Resource) error { return nil }

// Samples implements pipeline.Sink.
func (b *books) Samples(context.Context, []pipeline.Sample) error { return nil }

// Account implements pipeline.Sink.
func (b *books) Account(context.Context, pipeline.AccountState) error { return nil }

// collect runs a task, which must be complete, and returns how many rows it appended.
func (b *books) collect(task pipeline.Task) int64 {
	b.t.Helper()
	b.writers = nil
	out, err := b.session.Collect(b.t.Context(), task, b)
	if err != nil || !out.Complete() {
		b.t.Fatalf("%+v: %v %+v", task, err, out.Scopes)
	}
	appended := int64(0)
	for _, w := range b.writers {
		appended += w.Appended
	}
	return appended
}

// sync reads the files that have changed.
func (b *books) sync() (files int) {
	b.t.Helper()
	objects, err := b.session.Objects(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, o := range objects {
		if b.read[o.Key] != o.Version {
			b.collect(pipeline.Task{Feed: pipeline.FeedFiles, Object: o})
			b.read[o.Key] = o.Version
			files++
		}
	}
	return files
}

// sums are the billed costs by a key of the charge; keys that come to nothing are left out.
func (b *books) sums(asOf time.Time, key func(c *pipeline.Charge) string) map[string]string {
	sums := map[string]decimal.Decimal{}
	for _, r := range b.Rows() {
		if asOf.IsZero() || !r.SeenAt.After(asOf) {
			k := key(&r.Charge)
			sums[k] = sums[k].Add(r.Charge.BilledCost)
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

func byDay(zone *time.Location) func(c *pipeline.Charge) string {
	return func(c *pipeline.Charge) string { return c.Start.In(zone).Format(time.DateOnly) + " " + c.ResourceID }
}

// truth is what the world says of whole days of a zone, until the last whole hour, by day and resource.
func (s *stand) costs(from, to time.Time, zone *time.Location) map[string]string {
	out := map[string]string{}
	hour := s.clock.now().UTC().Truncate(time.Hour)
	for at := from; at.Before(to); at = at.Add(day) {
		for id, d := range net(s.acc, at, at.Add(day), hour) {
			if !d.IsZero() {
				out[at.In(zone).Format(time.DateOnly)+" "+id] = d.String()
			}
		}
	}
	return out
}

func same(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: there is nothing to compare", what)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (- wanted, + held):\n%.3000s", what, d)
	}
}

// TestExportToTheLastDigit collects the export while a day grows, lines come late, and old days are restated, and compares every
// day and the month with the world.
func TestExportToTheLastDigit(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			a := newAccount(100 + seed)
			if seed >= 2 { // things come, grow and go, lines come late and change by themselves
				a = world.NewAccount(accountConfig(100+seed, 0))
			}
			a.Delay(world.Delay{ResourceID: a.All()[1].ID, From: moscow(0), To: moscow(-1), By: 9 * time.Hour})
			s := newStand(t, a, nil)
			b := newBooks(t, s, s.settings(true))
			first := moscow(11)
			check := func(what string) {
				t.Helper()
				if n := b.sync(); n == 0 {
					t.Fatalf("%s: no file has changed", what)
				}
				same(t, what, s.costs(first, moscow(-3), world.Moscow()), b.sums(time.Time{}, byDay(world.Moscow())))
				if n := b.sync(); n != 0 {
					t.Errorf("%s: %d files have changed with nothing happening", what, n)
				}
			}
			check("at first")
			at := b.seen
			early := b.sums(at, byDay(world.Moscow()))
			for _, d := range []time.Duration{time.Hour, time.Hour, 3 * time.Hour, 9 * time.Hour, 14 * time.Hour} {
				s.clock.pass(d)
				check(s.clock.now().Format(time.RFC3339))
			}
			hour := s.clock.now().Truncate(time.Hour)
			a.Restate(world.Restatement{At: hour, From: moscow(10), To: moscow(9).Add(5 * time.Hour), ResourceID: a.All()[0].ID, Factor: decimal.RequireFromString("0.37")})
			check("an old day restated")
			a.Restate(world.Restatement{At: hour, From: moscow(8), To: moscow(7), ResourceID: a.All()[2].ID})
			check("lines vanished")
			same(t, "as of the first reading", early, b.sums(at, byDay(world.Moscow())))
			month := func(*pipeline.Charge) string { return "all" }
			same(t, "the month", map[string]string{"all": total(net(a, first, hour, hour)).String()}, b.sums(time.Time{}, month))
		})
	}
}

func total(by map[string]decimal.Decimal) decimal.Decimal {
	sum := decimal.Zero
	for _, d := range by {
		sum = sum.Add(d)
	}
	return sum
}

// TestHoursOfADayReadHourly: what grows from one file to the next lies in the hour in between, so a day that was read every hour
// is held exactly as it was used.
func TestHoursOfADayReadHourly(t *testing.T) {
	a := newAccount(3)
	s := newStand(t, a, nil)
	b := newBooks(t, s, s.settings(true))
	s.clock.pass(13 * time.Hour) // 22:00Z: an hour of the next day in Moscow is over
	want := map[string]string{}
	for range 20 {
		b.sync()
		s.clock.pass(time.Hour)
	}
	b.sync()
	from, to := moscow(-1), s.clock.now().UTC().Truncate(time.Hour)
	for at := from; at.Before(to); at = at.Add(time.Hour) {
		want[at.Format(time.RFC3339)] = total(net(a, at, at.Add(time.Hour), to)).String()
	}
	got := b.sums(time.Time{}, func(c *pipeline.Charge) string { return c.Start.Format(time.RFC3339) })
	maps.DeleteFunc(got, func(k, _ string) bool { return k < from.Format(time.RFC3339) })
	same(t, "hours", want, got)
}

// TestDaysOfUTCAndOfMoscow makes a machine at 22:30Z: to the export it began the next day, to the reports it did not.
func TestDaysOfUTCAndOfMoscow(t *testing.T) {
	a := newAccount(9)
	a.Grants = nil
	at := moscow(4).Add(90 * time.Minute)
	if at.Hour() != 22 || at.Minute() != 30 {
		t.Fatal(at)
	}
	a.Add(world.Resource{ID: "fhmnight", ProjectID: a.Projects[0].ID, Kind: world.Server, Zone: "ru-central1-a", Created: at, States: []world.State{{
		From: at, Name: "night", Status: world.Running, Spec: world.Spec{VCPU: 2, MemoryMB: 2048},
		Parts: []world.Part{{SKU: world.YandexCPU, Quantity: decimal.NewFromInt(2)}},
	}}})
	s := newStand(t, a, nil)
	export, reports := newBooks(t, s, s.settings(true)), newBooks(t, s, s.settings(false))
	export.sync()
	utc := moscow(6).Add(3 * time.Hour)
	for d := 6; d >= 0; d-- {
		reports.collect(pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(d), To: moscow(d - 1)})
	}
	same(t, "export", s.costs(moscow(11), moscow(-1), world.Moscow()), export.sums(time.Time{}, byDay(world.Moscow())))
	same(t, "reports", s.costs(utc, utc.Add(7*day), time.UTC), reports.sums(time.Time{}, byDay(time.UTC)))
	night := func(m map[string]string, day string) string { return m[day+" fhmnight"] }
	inMoscow, inUTC := export.sums(time.Time{}, byDay(world.Moscow())), reports.sums(time.Time{}, byDay(time.UTC))
	if night(inMoscow, "2026-11-13") != "" || night(inUTC, "2026-11-13") == "" || night(inMoscow, "2026-11-14") == night(inUTC, "2026-11-14") {
		t.Errorf("export %q and %q, reports %q and %q", night(inMoscow, "2026-11-13"), night(inMoscow, "2026-11-14"), night(inUTC, "2026-11-13"), night(inUTC, "2026-11-14"))
	}
	if n := reports.collect(pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(3), To: moscow(2)}); n != 0 {
		t.Errorf("the same report again appended %d rows", n)
	}
}

// TestReportsGrowAndChange collects the reports of a day that goes on, day by day and as a month.
func TestReportsGrowAndChange(t *testing.T) {
	a := newAccount(11)
	s := newStand(t, a, nil)
	b := newBooks(t, s, s.settings(false))
	first := moscow(10).Add(3 * time.Hour)
	check := func() {
		t.Helper()
		b.collect(pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(10), To: moscow(0)})
		b.collect(pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(0), To: moscow(-1)})
		same(t, s.clock.now().String(), s.costs(first, moscow(-1).Add(3*time.Hour), time.UTC), b.sums(time.Time{}, byDay(time.UTC)))
	}
	check()
	for range 3 {
		s.clock.pass(4 * time.Hour)
		check()
	}
	a.Restate(world.Restatement{At: s.clock.now().Add(-time.Hour), From: moscow(9), To: moscow(7), ResourceID: a.All()[0].ID, Factor: decimal.RequireFromString("1.7")})
	check()
}

// TestCreditsStandApart looks at the lines of one day: use before credits, and each kind of credit as a charge of its own.
func TestCreditsStandApart(t *testing.T) {
	a := newAccount(5)
	s := newStand(t, a, nil)
	for name, b := range map[string]*books{"export": newBooks(t, s, s.settings(true)), "reports": newBooks(t, s, s.settings(false))} {
		task := pipeline.Task{Feed: pipeline.FeedFiles, Object: s.file(t, moscow(9))}
		from := moscow(9)
		if name == "reports" {
			task, from = pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(9), To: moscow(8)}, moscow(9).Add(3*time.Hour)
		}
		b.collect(task)
		list, cost := decimal.Zero, decimal.Zero
		for _, l := range a.Bill(from, from.Add(day), testNow().Truncate(time.Hour)) {
			list, cost = list.Add(l.ListCost), cost.Add(l.Cost)
		}
		paid := cost.Sub(total(net(a, from, from.Add(day), testNow().Truncate(time.Hour))))
		if paid.IsZero() {
			t.Fatal("the grant paid for nothing")
		}
		same(t, name, map[string]string{
			"Usage": list.String(), "Credit volume_incentive_credit": cost.Sub(list).String(), "Credit monetary_grant_credit": paid.Neg().String(),
		}, b.sums(time.Time{}, func(c *pipeline.Charge) string {
			if c.ChargeCategory == pipeline.Credit {
				return "Credit " + c.ChargeDescription
			}
			return string(c.ChargeCategory)
		}))
		for _, r := range b.Rows() {
			c := &r.Charge
			if !c.EffectiveCost.Equal(c.BilledCost) || !c.ListCost.Equal(c.BilledCost) || c.CostStatus != pipeline.Billed || c.BillingCurrency != "RUB" {
				t.Fatalf("%s: %+v", name, c)
			}
		}
	}
}

// TestOneRoadOnly: with an export the reports are not asked for, and without one there are no files.
func TestOneRoadOnly(t *testing.T) {
	s := newStand(t, newAccount(1), nil)
	with, without := newBooks(t, s, s.settings(true)), newBooks(t, s, s.settings(false))
	if with.collect(pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(2), To: moscow(1)}) != 0 || len(with.Rows()) != 0 {
		t.Error("the reports are read beside the export")
	}
	if objects, err := without.session.Objects(t.Context()); len(objects) != 0 || err != nil {
		t.Errorf("%d files without a bucket, %v", len(objects), err)
	}
	for path, n := range s.sim.Requests() {
		if path == "POST "+reportPath+"GetResourceUsageReport" && n > 0 {
			t.Error("a report was asked for")
		}
	}
}
