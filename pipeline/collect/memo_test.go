package collect_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

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

// TestUnchangedSnapshotReadsNoCharges takes snapshots with one collector: the second one of an hour appends nothing and reads no
// charge, and one that sees less, or more, changes what it has to.
func TestUnchangedSnapshotReadsNoCharges(t *testing.T) {
	l := newLab(noon.Add(10 * time.Minute))
	l.cloud.Specs = []pipeline.FeedSpec{{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour, Backfill: 48 * time.Hour, Accrues: true}}
	reads := 0
	c, err := collect.New(collect.Deps{
		Windows: l.windows, Ledger: watched{collecttest.Counting{Ledger: l.ledger}, &reads}, Providers: []pipeline.Provider{l.cloud},
		Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	}, l.config)
	if err != nil {
		t.Fatal(err)
	}
	l.only = c
	two := collecttest.World{Scopes: []string{"vps"}, Resources: []pipeline.Resource{server("a", "2026-03-05 10:30:00", "1"), server("b", "2026-03-05 11:00:00", "2")}}
	hours := func(minutes, more int, world collecttest.World, a, b map[string]string) {
		t.Helper()
		l.tell(world)
		l.windows.Set(noon.Add(time.Duration(minutes) * time.Minute))
		hour := noon.Add(time.Duration(minutes) * time.Minute).Truncate(time.Hour)
		due := collect.WindowPlan{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, From: hour, To: hour.Add(time.Hour), DueAt: noon.Add(time.Duration(minutes) * time.Minute)}
		if err := l.windows.Plan(t.Context(), account, []collect.WindowPlan{due}); err != nil {
			t.Fatal(err)
		}
		before, rows := reads, len(l.ledger.Rows())
		l.sync(t)
		if got := len(l.ledger.Rows()) - rows; got != more {
			t.Errorf("the snapshot after %d minutes appended %d rows, want %d", minutes, got, more)
		}
		if minutes == 25 && reads != before {
			t.Error("a snapshot that saw what the one before saw read charges")
		}
		if d := cmp.Diff(a, l.accrued("a")); d != "" {
			t.Errorf("a after %d minutes: %s", minutes, d)
		}
		if d := cmp.Diff(b, l.accrued("b")); d != "" {
			t.Errorf("b after %d minutes: %s", minutes, d)
		}
	}
	one := map[string]string{"05 10:00": "0.5", "05 11:00": "1"}
	hours(10, 3, two, one, map[string]string{"05 11:00": "2"})
	hours(25, 0, two, one, map[string]string{"05 11:00": "2"})
	less := two
	less.Resources, less.Failing = []pipeline.Resource{two.Resources[1], two.Resources[0]}, []string{"vps"} // a is listed, b is not
	hours(40, 0, less, one, map[string]string{"05 11:00": "2"})
	// Now the cloud tells that b was removed at once: the charges to be are the same as before, when b was not seen and kept its own.
	gone := two
	gone.Resources = slices.Clone(two.Resources)
	gone.Resources[1].Events = []pipeline.ResourceEvent{event(pipeline.EventCreated, "2026-03-05 11:00:00"), event(pipeline.EventRemoved, "2026-03-05 11:00:00")}
	hours(50, 1, gone, one, map[string]string{})
	hours(70, 1, gone, map[string]string{"05 10:00": "0.5", "05 11:00": "1", "05 12:00": "1"}, map[string]string{})
}
