package collect_test

import (
	"context"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// watched counts how often slices are read.
type watched struct {
	collecttest.Counting
	reads *int
}

func (w watched) Held(ctx context.Context, a collect.Account, s pipeline.Slice, f func(collect.HeldLine) error) error {
	*w.reads++
	return w.Counting.Held(ctx, a, s, f)
}

// TestMemoSparesReadingAndNothingElse lets two writers, one with a memo, write one slice in any order: it always holds what was
// written last, and the writer with the memo reads nothing when it repeats itself undisturbed.
func TestMemoSparesReadingAndNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reads := 0
		ledger := watched{Counting: collecttest.Counting{Ledger: collecttest.NewLedger()}, reads: &reads}
		memo := collect.NewMemo()
		now := noon
		put := func(m *collect.Memo, costs []string) {
			o := options(&now)
			o.Memo = m
			var charges []pipeline.Charge
			for i, c := range costs {
				charges = append(charges, charge(i, "r", c))
			}
			write(t, ledger, slice, o, charges...)
		}
		costs := rapid.SliceOfN(rapid.SampledFrom([]string{"1", "2"}), 0, 2)
		var last []string
		for range rapid.IntRange(1, 8).Draw(t, "writes") {
			m := memo
			if rapid.Bool().Draw(t, "another writer") {
				m = nil
			}
			if rapid.Bool().Draw(t, "something else") || last == nil {
				last = costs.Draw(t, "costs")
			}
			put(m, last)
			held := make([]string, len(last))
			err := ledger.Counting.Held(context.Background(), account, slice, func(h collect.HeldLine) error {
				held[int(h.Start.Sub(day).Hours())] = h.BilledCost.String()
				return nil
			})
			if err != nil || !slices.Equal(held, last) {
				t.Fatalf("%v is held of %v, %v", held, last, err)
			}
			if !rapid.Bool().Draw(t, "repeat") {
				continue
			}
			put(memo, last) // it may have to look once
			before := reads
			put(memo, last)
			if reads != before && len(last) > 0 {
				t.Fatalf("a slice that holds what it is to hold was read")
			}
		}
	})
}
