package collect_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// moscowDay is the 1st of March in Moscow: it lies in two months of UTC.
func moscowDay(through int) pipeline.Slice {
	from := time.Date(2026, 2, 28, 21, 0, 0, 0, time.UTC)
	return pipeline.Slice{Source: "file:20260301.csv", From: from, To: from.Add(24 * time.Hour), Cumulative: true, Through: from.Add(time.Duration(through) * time.Hour)}
}

func total(s pipeline.Slice, resource, cost string) pipeline.Charge {
	d := decimal.RequireFromString(cost)
	return pipeline.Charge{
		Line:  pipeline.Line{ResourceID: resource, BillingCurrency: "RUB", CostStatus: pipeline.Billed},
		Start: s.From, End: s.To, Measures: pipeline.Measures{LineCount: 1, BilledCost: d, EffectiveCost: d, ConsumedQuantity: d},
	}
}

// hours are the costs of a resource by the hour of the slice.
func hours(l *collecttest.Ledger, s pipeline.Slice, resource string) map[int]string {
	sums := map[int]decimal.Decimal{}
	for _, r := range l.Rows() {
		if r.Charge.ResourceID == resource {
			at := int(r.Charge.Start.Sub(s.From) / time.Hour)
			sums[at] = sums[at].Add(r.Charge.BilledCost)
		}
	}
	out := map[int]string{}
	for at, d := range sums {
		if !d.IsZero() {
			out[at] = d.String()
		}
	}
	return out
}

func even(from, to int, cost string) map[int]string {
	out := map[int]string{}
	for h := from; h < to; h++ {
		out[h] = cost
	}
	return out
}

func wantHours(t *testing.T, l *collecttest.Ledger, s pipeline.Slice, resource string, want ...map[int]string) {
	t.Helper()
	all := map[int]string{}
	for _, m := range want {
		maps.Copy(all, m)
	}
	if d := cmp.Diff(all, hours(l, s, resource)); d != "" {
		t.Errorf("%s (- wanted, + held): %s", resource, d)
	}
}

func TestGrowthLiesInTheHoursSinceTheLastReading(t *testing.T) {
	l, now := collecttest.NewLedger(), day
	put := func(through int, charges ...[2]string) {
		t.Helper()
		s := moscowDay(through)
		var lines []pipeline.Charge
		for _, c := range charges {
			lines = append(lines, total(s, c[0], c[1]))
		}
		for i := range 2 {
			if w := write(t, l, s, options(&now), lines...); i == 1 && w.Appended != 0 {
				t.Errorf("the same file again appended %d rows", w.Appended)
			}
		}
	}
	s := moscowDay(24)
	put(10, [2]string{"a", "10"}, [2]string{"b", "1"})
	wantHours(t, l, s, "a", even(0, 10, "1"))
	put(11, [2]string{"a", "13"}, [2]string{"b", "1"}, [2]string{"late", "5"})
	wantHours(t, l, s, "a", even(0, 10, "1"), even(10, 11, "3"))
	wantHours(t, l, s, "b", even(0, 10, "0.1"))
	wantHours(t, l, s, "late", even(10, 11, "5"))
	put(11, [2]string{"a", "14"}, [2]string{"b", "1"}, [2]string{"late", "5"}) // the hour goes on
	wantHours(t, l, s, "a", even(0, 10, "1"), even(10, 11, "4"))
	put(24, [2]string{"a", "14"}, [2]string{"b", "2"}, [2]string{"late", "5"})
	wantHours(t, l, s, "a", even(0, 10, "1"), even(10, 11, "4"))
	wantHours(t, l, s, "b", even(0, 10, "0.1"), even(11, 23, "0.076923076"), even(23, 24, "0.076923088"))
	before := now
	put(24, [2]string{"a", "7"}, [2]string{"b", "2"}) // restated, and one gone
	wantHours(t, l, s, "a", even(0, 10, "0.5"), even(10, 11, "2"))
	wantHours(t, l, s, "late")
	put(24, [2]string{"a", "7"}, [2]string{"b", "2"}, [2]string{"new", "-24"}) // a credit that comes after the day
	wantHours(t, l, s, "new", even(0, 24, "-1"))
	sum := decimal.Zero
	for _, r := range l.Rows() {
		if !r.SeenAt.After(before) {
			sum = sum.Add(r.Charge.BilledCost)
		}
	}
	if sum.String() != "21" {
		t.Errorf("as of before the restatement the day cost %s, want 21", sum)
	}
}

func TestCumulativeLineMustSpanItsSlice(t *testing.T) {
	f := func(name string, s pipeline.Slice, change func(*pipeline.Charge)) {
		t.Helper()
		now := day
		w := collect.NewWriter(collecttest.NewLedger(), account, s, options(&now))
		c := total(s, "a", "1")
		change(&c)
		if err := w.Add(t.Context(), c); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	keep := func(*pipeline.Charge) {}
	f("an hour", moscowDay(24), func(c *pipeline.Charge) { c.End = c.Start.Add(time.Hour) })
	f("a later start", moscowDay(24), func(c *pipeline.Charge) { c.Start = c.Start.Add(time.Hour) })
	f("all of a source", pipeline.Slice{Source: "x", Cumulative: true}, keep)
	half := moscowDay(24)
	half.From = half.From.Add(30 * time.Minute)
	f("half an hour", half, keep)
}

// lineSums are the sums of a ledger's rows by what identifies a line, as believed at an instant.
func lineSums(l *collecttest.Ledger, at time.Time) map[string]string {
	sums := map[string]pipeline.Measures{}
	for _, r := range l.Rows() {
		if !r.SeenAt.After(at) {
			k := r.Charge.ResourceID + " " + r.Charge.Tags["team"]
			sums[k] = sums[k].Add(r.Charge.Measures)
		}
	}
	out := map[string]string{}
	for k, m := range sums {
		if !m.IsZero() {
			out[k] = collecttest.MeasuresText(m)
		}
	}
	return out
}

func wantSums(charges []pipeline.Charge) map[string]string {
	l := collecttest.NewLedger()
	for i, c := range charges {
		_ = l.Append(context.Background(), account, slice, day, fmt.Sprint(i), []pipeline.Charge{c})
	}
	return lineSums(l, day)
}

// anyTotals are the lines of one version of a file.
func anyTotals(s pipeline.Slice) *rapid.Generator[[]pipeline.Charge] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) pipeline.Charge {
		c := total(s, rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "resource"), "0")
		exponent := rapid.SampledFrom([]int32{0, -2, -9, -18}).Draw(t, "exponent")
		c.BilledCost = decimal.New(rapid.Int64Range(-300, 3000).Draw(t, "cost"), exponent)
		c.EffectiveCost = decimal.New(rapid.Int64().Draw(t, "effective"), exponent)
		c.UnpricedCount = rapid.Int64Range(0, 1).Draw(t, "unpriced")
		if tag := rapid.SampledFrom([]string{"", "web"}).Draw(t, "tag"); tag != "" {
			c.Tags = map[string]string{"team": tag}
		}
		return c
	}), 0, 8)
}

// Whatever versions come in whatever order, read twice, with requests or answers lost on the way, in memory or staged: each
// line of the day adds up to the version read last, and did so for every version before at its time.
func TestCumulativeSlicesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now := collecttest.NewLedger(), day
		ledger := collect.Ledger(l)
		if rapid.Bool().Draw(t, "counting") {
			ledger = collecttest.Counting{Ledger: l}
		}
		o := options(&now)
		type version struct {
			end  time.Time
			want map[string]string
		}
		var versions []version
		failure := errors.New("connection lost")
		lose := func(collect.Account, pipeline.Slice) error {
			if rapid.IntRange(0, 3).Draw(t, "lose") == 0 {
				return failure
			}
			return nil
		}
		for range rapid.IntRange(1, 5).Draw(t, "versions") {
			s := moscowDay(rapid.IntRange(0, 26).Draw(t, "through"))
			o.MaxLines = rapid.SampledFrom([]int{2, 1000}).Draw(t, "max lines")
			charges := anyTotals(s).Draw(t, "charges")
			for done := false; !done; {
				l.BeforeAppend, l.AfterAppend = lose, lose
				_, err := commit(ledger, s, o, charges)
				if err != nil && !errors.Is(err, failure) {
					t.Fatal(err)
				}
				done = err == nil
			}
			l.BeforeAppend, l.AfterAppend = nil, nil
			if w, err := commit(ledger, s, o, charges); err != nil || w.Appended != 0 {
				t.Fatalf("the same version again appended %d rows, %v", w.Appended, err)
			}
			versions = append(versions, version{end: now, want: wantSums(charges)})
		}
		for i, v := range versions {
			if d := cmp.Diff(v.want, lineSums(l, v.end)); d != "" {
				t.Fatalf("version %d: %s", i, d)
			}
		}
		for _, r := range l.Rows() {
			if s := moscowDay(24); r.Charge.Start.Before(s.From) || r.Charge.End.After(s.To) || r.Charge.End.Sub(r.Charge.Start) != time.Hour {
				t.Fatalf("a row lasts from %s to %s", r.Charge.Start, r.Charge.End)
			}
		}
	})
}

func commit(l collect.Ledger, s pipeline.Slice, o collect.SliceOptions, charges []pipeline.Charge) (*collect.Writer, error) {
	w := collect.NewWriter(l, account, s, o)
	for _, c := range charges {
		if err := w.Add(context.Background(), c); err != nil {
			return w, err
		}
	}
	return w, w.Commit(context.Background())
}

// Of two collectors with two versions, of which one stands still before its append, only one moves the slice on at a time: what
// is held in the end is one of the versions, whole.
func TestTwoCollectorsOfACumulativeSlice(t *testing.T) {
	l, now := collecttest.NewLedger(), day
	write(t, l, moscowDay(9), options(&now), total(moscowDay(9), "a", "9"))
	asked := false
	l.BeforeAppend = func(collect.Account, pipeline.Slice) error {
		if !asked {
			asked = true
			write(t, l, moscowDay(12), options(&now), total(moscowDay(12), "a", "12"), total(moscowDay(12), "b", "1"))
		}
		return nil
	}
	w := write(t, l, moscowDay(10), options(&now), total(moscowDay(10), "a", "10"))
	if !asked || w.Appended == 0 {
		t.Fatal("the other collector did not come in between")
	}
	if d := cmp.Diff(wantSums([]pipeline.Charge{total(moscowDay(10), "a", "10")}), lineSums(l, now)); d != "" {
		t.Error(d)
	}
}
