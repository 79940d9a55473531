package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

func held(tb testing.TB, s *Store, a collect.Account, sl pipeline.Slice) map[collect.LineID]pipeline.Measures {
	tb.Helper()
	out := map[collect.LineID]pipeline.Measures{}
	if err := s.Held(tb.Context(), a, sl, func(l collect.HeldLine) error {
		out[l.LineID] = l.Measures
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return out
}

func idOfCharge(c pipeline.Charge) collect.LineID {
	return collect.LineID{Start: c.Start, End: c.End, Key: c.Key()}
}

// twoMonths is a slice over the end of October and the start of November.
func twoMonths() pipeline.Slice {
	return pipeline.Slice{Source: "accrual", From: hour(0), To: hour(48)}
}

func TestAppendIsHeldAndCountsOnce(t *testing.T) {
	s, a, sl := openStore(t), account(), twoMonths()
	full := charge(1, "vps-1", "0.416666666666666667")
	full.EffectiveCost, full.ListCost, full.ContractedCost = dec("-0.4"), dec("99999999999999999999.999999999999999999"), dec("0")
	full.PricingQuantity, full.UnpricedCount = dec("0.000000000000000001"), 1
	full.Unrecognised, full.CommitmentDiscountCategory = true, "Spend"
	lines := []pipeline.Charge{full, charge(1, "vps-2", "2"), charge(30, "vps-1", "3")}
	bare := pipeline.Charge{Start: hour(2), End: hour(3), Measures: pipeline.Measures{LineCount: 1}}
	lines = append(lines, bare)
	want := map[collect.LineID]pipeline.Measures{}
	for _, c := range lines {
		want[idOfCharge(c)] = c.Measures
	}
	for range 3 {
		if err := s.Append(t.Context(), a, sl, hour(50), "token", lines); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, held(t, s, a, sl), equal()); diff != "" {
		t.Error(diff)
	}
	got, err := s.Lines(t.Context(), a, sl, []collect.LineID{idOfCharge(full), idOfCharge(bare)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[collect.LineID]pipeline.Line{idOfCharge(full): full.Line, idOfCharge(bare): bare.Line}, got, equal()); diff != "" {
		t.Error(diff)
	}
}

func TestAppendRestatedThereAndBackAndThereAgain(t *testing.T) {
	s, a, sl := openStore(t), account(), twoMonths()
	cheap, dear := charge(1, "vps-1", "1"), charge(1, "vps-1", "1")
	dear.BilledCost = dec("2.5")
	change := func(from, to pipeline.Charge) pipeline.Charge {
		to.Measures = to.Add(from.Neg())
		return to
	}
	steps := []struct {
		line pipeline.Charge
		want pipeline.Charge
	}{
		{cheap, cheap},
		{change(cheap, dear), dear},
		{change(dear, cheap), cheap},
		{change(cheap, dear), dear},
		{change(dear, cheap), cheap},
	}
	for i, step := range steps {
		if err := s.Append(t.Context(), a, sl, hour(50+i), fmt.Sprint(i), []pipeline.Charge{step.line}); err != nil {
			t.Fatal(err)
		}
		want := map[collect.LineID]pipeline.Measures{idOfCharge(step.want): step.want.Measures}
		if diff := cmp.Diff(want, held(t, s, a, sl), equal()); diff != "" {
			t.Fatalf("step %d: %s", i, diff)
		}
	}
}

func TestAppendRefusesWhatItCannotKeep(t *testing.T) {
	s, a, sl := openStore(t), account(), twoMonths()
	f := func(name string, change func(*pipeline.Charge)) {
		t.Helper()
		c := charge(1, "vps-1", "1")
		change(&c)
		if err := s.Append(t.Context(), a, sl, hour(50), name, []pipeline.Charge{c}); err == nil {
			t.Errorf("%s: kept", name)
		}
	}
	f("a nineteenth digit", func(c *pipeline.Charge) { c.ListCost = dec("0.0000000000000000001") })
	f("twenty-one digits before the point", func(c *pipeline.Charge) { c.BilledCost = dec("100000000000000000000") })
	f("a very great number", func(c *pipeline.Charge) { c.BilledCost = dec("1e300") })
	f("outside the slice", func(c *pipeline.Charge) { c.Start = hour(48) })
	f("half a second", func(c *pipeline.Charge) { c.Start = c.Start.Add(time.Second / 2) })
	if got := held(t, s, a, sl); len(got) != 0 {
		t.Errorf("held after refusals: %v", got)
	}
}

func TestAppendIsOneBlock(t *testing.T) {
	s, a := openStore(t), account()
	sl := pipeline.Slice{Source: "file:a"}
	lines := make([]pipeline.Charge, 300_000)
	for i := range lines {
		lines[i] = charge(i%3, "vps-1", "1")
		lines[i].End = lines[i].Start.Add(time.Duration(i) * time.Second)
	}
	if err := s.Append(t.Context(), a, sl, hour(50), "t", lines); err != nil {
		t.Fatal(err)
	}
	var parts uint64
	if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM system.parts WHERE database = currentDatabase() AND table = 'charges' AND level = 0").Scan(&parts); err != nil {
		t.Fatal(err)
	}
	if parts != 1 {
		t.Errorf("an INSERT of %d rows of one month made %d parts", len(lines), parts)
	}
}

func TestStage(t *testing.T) {
	s, a, sl := openStore(t), account(), twoMonths()
	other := pipeline.Slice{Source: "other", From: sl.From, To: sl.To}
	if err := s.Append(t.Context(), a, other, hour(50), "t", []pipeline.Charge{charge(1, "vps-1", "7")}); err != nil {
		t.Fatal(err)
	}
	apply := func(lines ...pipeline.Charge) int64 {
		t.Helper()
		st, err := s.Stage(t.Context(), a, sl)
		if err != nil {
			t.Fatal(err)
		}
		for i := range lines {
			if err := st.Add(t.Context(), lines[i:i+1]); err != nil {
				t.Fatal(err)
			}
		}
		n, err := st.Apply(t.Context(), hour(60))
		if err != nil {
			t.Fatal(err)
		}
		if again, err := st.Apply(t.Context(), hour(61)); err != nil || again != 0 {
			t.Fatalf("applied again: %d rows, %v", again, err)
		}
		want := map[collect.LineID]pipeline.Measures{}
		for _, c := range lines {
			want[idOfCharge(c)] = want[idOfCharge(c)].Add(c.Measures)
		}
		if diff := cmp.Diff(want, held(t, s, a, sl), equal()); diff != "" {
			t.Fatal(diff)
		}
		if err := st.Drop(t.Context()); err != nil {
			t.Fatal(err)
		}
		return n
	}
	one, two, november := charge(1, "vps-1", "1"), charge(2, "vps-2", "2"), charge(30, "vps-1", "3")
	dearer := one
	dearer.BilledCost = dec("1.5")
	for i, step := range []struct {
		lines []pipeline.Charge
		rows  int64
	}{
		{[]pipeline.Charge{one, two, two, november}, 3},
		{[]pipeline.Charge{one, two, two, november}, 0},
		{[]pipeline.Charge{dearer, two, november}, 2},
		{[]pipeline.Charge{one, two, two, november}, 2},
		{[]pipeline.Charge{dearer, two, november}, 2},
		{nil, 3},
		{[]pipeline.Charge{one}, 1},
	} {
		if n := apply(step.lines...); n != step.rows {
			t.Errorf("step %d appended %d rows, want %d", i, n, step.rows)
		}
	}
	if got := held(t, s, a, other); len(got) != 1 {
		t.Errorf("the other source has %d lines, want 1", len(got))
	}
}
