package collect_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	account = collect.Account{Tenant: "t", Connection: "c"}
	day     = time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
	slice   = pipeline.Slice{Source: "consumption", From: day, To: day.Add(24 * time.Hour)}
)

func options(now *time.Time) collect.SliceOptions {
	return collect.SliceOptions{MaxLines: 1000, Now: func(context.Context) (time.Time, error) {
		*now = now.Add(time.Second)
		return *now, nil
	}}
}

func charge(hour int, resource, cost string) pipeline.Charge {
	d := decimal.RequireFromString(cost)
	return pipeline.Charge{
		Line:  pipeline.Line{ResourceID: resource, BillingCurrency: "RUB", CostStatus: pipeline.Billed},
		Start: day.Add(time.Duration(hour) * time.Hour), End: day.Add(time.Duration(hour+1) * time.Hour),
		Measures: pipeline.Measures{LineCount: 1, BilledCost: d, EffectiveCost: d},
	}
}

func write(t interface {
	Helper()
	Fatal(...any)
}, l collect.Ledger, s pipeline.Slice, o collect.SliceOptions, charges ...pipeline.Charge,
) *collect.Writer {
	t.Helper()
	w := collect.NewWriter(l, account, s, o)
	for _, c := range charges {
		if err := w.Add(context.Background(), c); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(context.Background()); err != nil {
		t.Fatal(err)
	}
	return w
}

// wantTotals are what a ledger holds that was given these charges once.
func wantTotals(charges ...pipeline.Charge) collecttest.Totals {
	l := collecttest.NewLedger()
	for i, c := range charges {
		_ = l.Append(context.Background(), account, slice, day, fmt.Sprint(i), []pipeline.Charge{c})
	}
	return l.TotalsAsOf(time.Time{})
}

func TestSliceHoldsWhatWasCommittedLast(t *testing.T) {
	l, now := collecttest.NewLedger(), day
	write(t, l, slice, options(&now), charge(1, "a", "1.5"), charge(1, "a", "1.5"), charge(2, "b", "0.000000000000000001"))
	first := now
	w := write(t, l, slice, options(&now), charge(1, "a", "3.00"), charge(1, "a", "0"), charge(2, "b", "0.000000000000000001"))
	if w.Appended != 0 {
		t.Errorf("the same content again appended %d rows", w.Appended)
	}
	renamed := charge(2, "b", "7")
	renamed.Tags = map[string]string{"team": "web"}
	write(t, l, slice, options(&now), charge(1, "a", "2"), renamed)
	if d := cmp.Diff(wantTotals(charge(1, "a", "2"), renamed), l.TotalsAsOf(time.Time{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(wantTotals(charge(1, "a", "1.5"), charge(1, "a", "1.5"), charge(2, "b", "0.000000000000000001")), l.TotalsAsOf(first)); d != "" {
		t.Errorf("as of the first commit: %s", d)
	}
	write(t, l, slice, options(&now))
	if d := cmp.Diff(collecttest.Totals{}, l.TotalsAsOf(time.Time{})); d != "" {
		t.Errorf("an empty slice takes everything back: %s", d)
	}
}

func TestAbortedSliceChangesNothing(t *testing.T) {
	l, now := collecttest.NewLedger(), day
	write(t, l, slice, options(&now), charge(1, "a", "1"))
	w := collect.NewWriter(l, account, slice, options(&now))
	if err := w.Add(context.Background(), charge(1, "a", "2")); err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if err := w.Commit(context.Background()); err == nil {
		t.Error("a closed slice was committed")
	}
	if d := cmp.Diff(wantTotals(charge(1, "a", "1")), l.TotalsAsOf(time.Time{})); d != "" {
		t.Error(d)
	}
}

func TestBadLinesAreRefused(t *testing.T) {
	f := func(name, want string, change func(*pipeline.Charge)) {
		t.Helper()
		now := day
		w := collect.NewWriter(collecttest.NewLedger(), account, slice, options(&now))
		c := charge(1, "a", "1")
		change(&c)
		err := w.Add(context.Background(), c)
		var fault *pipeline.Fault
		if !errors.As(err, &fault) || fault.Code != pipeline.FaultMalformed || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want a fault with %q", name, err, want)
		}
	}
	f("19 digits", "more than 18 digits", func(c *pipeline.Charge) { c.BilledCost = decimal.RequireFromString("0.0000000000000000015") })
	f("21 digits before the point", "more than 20 digits", func(c *pipeline.Charge) { c.ListCost = decimal.RequireFromString("1e20") })
	f("a huge exponent", "more than 20 digits", func(c *pipeline.Charge) { c.ListCost = decimal.New(1, 999999) })
	f("another day", "outside of its slice", func(c *pipeline.Charge) { c.Start = day.Add(-time.Hour) })
	f("no line", "counts 0 lines", func(c *pipeline.Charge) { c.LineCount = 0 })
	f("backwards", "before its start", func(c *pipeline.Charge) { c.End = c.Start.Add(-1 * time.Second) })
}

func TestZerosBehindTheEighteenthDigitAreNoDigits(t *testing.T) {
	l, now := collecttest.NewLedger(), day
	write(t, l, slice, options(&now), charge(1, "a", "1.50000000000000000000000"), charge(2, "a", "-99999999999999999999.999999999999999999"))
	if d := cmp.Diff(wantTotals(charge(1, "a", "1.5"), charge(2, "a", "-99999999999999999999.999999999999999999")), l.TotalsAsOf(time.Time{})); d != "" {
		t.Error(d)
	}
}

// A slice that goes to and fro between the same contents passes through states whose tokens were used up.
func TestSliceMayReturnToAnEarlierContent(t *testing.T) {
	l, now := collecttest.NewLedger(), day
	for i := range 12 {
		c := charge(1, "a", fmt.Sprint(1+i%2))
		w := write(t, l, slice, options(&now), c)
		if d := cmp.Diff(wantTotals(c), l.TotalsAsOf(time.Time{})); d != "" {
			t.Fatalf("round %d: %s", i, d)
		}
		if want := int64(1); w.Appended != want {
			t.Errorf("round %d appended %d rows, want %d", i, w.Appended, want)
		}
	}
}

func TestLateAppendOfAnotherCollectorIsDropped(t *testing.T) {
	l := collecttest.NewLedger()
	testLateAppend(t, l, l)
	l = collecttest.NewLedger()
	testLateAppend(t, l, collecttest.Counting{Ledger: l})
}

func testLateAppend(t *testing.T, l *collecttest.Ledger, ledger collect.Ledger) {
	t.Helper()
	now := day
	write(t, l, slice, options(&now), charge(1, "a", "1"))
	lost := errors.New("lease lost")
	// A collector with older news stands still between its comparison and its append, while another does its work.
	asked := false
	l.BeforeAppend = func(collect.Account, pipeline.Slice) error {
		if !asked {
			asked = true
			write(t, l, slice, options(&now), charge(1, "a", "3"))
		}
		return nil
	}
	o, appends := options(&now), 0
	o.Guard = func() error {
		if appends++; appends > 1 {
			return lost
		}
		return nil
	}
	w := collect.NewWriter(ledger, account, slice, o)
	if err := w.Add(context.Background(), charge(1, "a", "2")); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(context.Background()); !errors.Is(err, lost) {
		t.Errorf("the stale commit ended with %v", err)
	}
	if d := cmp.Diff(wantTotals(charge(1, "a", "3")), l.TotalsAsOf(time.Time{})); d != "" {
		t.Error(d)
	}
}

func anyCharges(max int) *rapid.Generator[[]pipeline.Charge] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pipeline.Charge {
		c := charge(rapid.IntRange(0, 5).Draw(t, "hour"), rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "resource"), "0")
		c.BilledCost = decimal.New(rapid.Int64Range(-1000, 1000).Draw(t, "cost"), rapid.SampledFrom([]int32{0, -2, -9, -18}).Draw(t, "exponent"))
		c.UnpricedCount = rapid.Int64Range(0, 1).Draw(t, "unpriced")
		if tag := rapid.SampledFrom([]string{"", "web", "db"}).Draw(t, "tag"); tag != "" {
			c.Tags = map[string]string{"team": tag}
		}
		return c
	}), 0, max)
}

// Whatever is lost on the way, requests or answers, and whether slices are compared in memory or staged: the ledger holds
// the last content, and held every earlier one at its time.
func TestSlicesSurviveLostRequests(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now := collecttest.NewLedger(), day
		o := options(&now)
		o.MaxLines = rapid.IntRange(1, 40).Draw(t, "max lines")
		ledger := collect.Ledger(l)
		if rapid.Bool().Draw(t, "counting") {
			ledger = collecttest.Counting{Ledger: l}
		}
		failure := errors.New("connection lost")
		lose := func(string) func(collect.Account, pipeline.Slice) error {
			return func(collect.Account, pipeline.Slice) error {
				if rapid.IntRange(0, 3).Draw(t, "lose") == 0 {
					return failure
				}
				return nil
			}
		}
		type epoch struct {
			end  time.Time
			want collecttest.Totals
		}
		var epochs []epoch
		for range rapid.IntRange(1, 4).Draw(t, "epochs") {
			charges := anyCharges(30).Draw(t, "charges")
			for done := false; !done; {
				l.BeforeAppend, l.AfterAppend = lose("request"), lose("answer")
				w := collect.NewWriter(ledger, account, slice, o)
				for _, c := range charges {
					if err := w.Add(context.Background(), c); err != nil {
						t.Fatal(err)
					}
				}
				err := w.Commit(context.Background())
				if err != nil && !errors.Is(err, failure) {
					t.Fatal(err)
				}
				done = err == nil
			}
			l.BeforeAppend, l.AfterAppend = nil, nil
			epochs = append(epochs, epoch{end: now, want: wantTotals(charges...)})
		}
		for i, e := range epochs {
			if d := cmp.Diff(e.want, l.TotalsAsOf(e.end)); d != "" {
				t.Fatalf("epoch %d: %s", i, d)
			}
		}
	})
}
