package collecttest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// cumulative: a slice of sums that grow, change, come twice and go through a stage adds up to the version written last. Its day
// lies in two months, so that an append is two parts.
func (s *ledgerSuite) cumulative(t *testing.T) {
	from := start.Add(-2 * time.Hour)
	now := start
	for i, v := range []struct {
		through, maxLines int
		costs             map[string]string
	}{
		{through: 7, costs: map[string]string{"a": "10", "b": "0.000000000000000007"}},
		{through: 9, costs: map[string]string{"a": "11.123456789", "b": "0.000000000000000007", "c": "-3"}},
		{through: 24, costs: map[string]string{"a": "12.123456789", "c": "-4"}},
		{through: 24, costs: map[string]string{"a": "4", "b": "1", "c": "-4"}},
		{through: 24, maxLines: 1, costs: map[string]string{"a": "4.000000001", "b": "1", "d": "7"}},
		{through: 24, costs: map[string]string{"a": "3", "d": "7"}},
		{through: 24, costs: nil},
	} {
		sl := pipeline.Slice{
			Source: "cumulative", From: from, To: from.Add(24 * time.Hour), Cumulative: true, Through: from.Add(time.Duration(v.through) * time.Hour),
		}
		var lines []pipeline.Charge
		for resource, cost := range v.costs {
			c := Line(0, resource, cost)
			c.Start, c.End = sl.From, sl.To
			lines = append(lines, c)
		}
		for round := range 2 {
			w := collect.NewWriter(s.ledger, s.account, sl, collect.SliceOptions{
				MaxLines: v.maxLines, Now: func(context.Context) (time.Time, error) { now = now.Add(time.Second); return now, nil },
			})
			for _, c := range lines {
				if err := w.Add(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Commit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if round == 1 && w.Appended != 0 {
				t.Errorf("version %d again appended %d rows", i, w.Appended)
			}
		}
		if d := cmp.Diff(byLine(wantedMeasures(lines)), byLine(s.heldMeasures(t, sl))); d != "" {
			t.Errorf("version %d: %s", i, d)
		}
	}
}

func (s *ledgerSuite) heldMeasures(t *testing.T, sl pipeline.Slice) []collect.HeldLine {
	t.Helper()
	var held []collect.HeldLine
	if err := s.ledger.Held(t.Context(), s.account, sl, func(h collect.HeldLine) error {
		held = append(held, h)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return held
}

func wantedMeasures(charges []pipeline.Charge) []collect.HeldLine {
	var held []collect.HeldLine
	for i := range charges {
		held = append(held, collect.HeldLine{LineID: idOf(&charges[i]), Measures: charges[i].Measures})
	}
	return held
}

// byLine adds the periods of each line up.
func byLine(held []collect.HeldLine) map[pipeline.LineKey]string {
	sums := map[pipeline.LineKey]pipeline.Measures{}
	for _, h := range held {
		sums[h.Key] = sums[h.Key].Add(h.Measures)
	}
	out := map[pipeline.LineKey]string{}
	for k, m := range sums {
		out[k] = MeasuresText(m)
	}
	return out
}
