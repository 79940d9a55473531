package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// TestManyConnectionsAskTogether lets connections of two tenants, with the same ids, ask at once what is held: each gets its own
// answer, by fewer statements than questions.
func TestManyConnectionsAskTogether(t *testing.T) {
	s := openStore(t)
	const n = 40
	at := hour(3)
	account := func(i int) collect.Account {
		return collect.Account{Tenant: pipeline.TenantID(fmt.Sprint("t", i%2)), Connection: pipeline.ConnectionID(fmt.Sprint("c", i/2))}
	}
	slice := pipeline.Slice{Source: "file:a", From: hour(0), To: hour(24)}
	for i := range n {
		a := account(i)
		seen := at.Add(time.Duration(i) * time.Microsecond)
		lines := make([]pipeline.Charge, i%3+1)
		for k := range lines {
			lines[k].Start, lines[k].End, lines[k].ResourceID, lines[k].LineCount = hour(k), hour(k+1), fmt.Sprint("r", i), 1
		}
		if err := s.Append(t.Context(), a, slice, seen, "one", lines); err != nil {
			t.Fatal(err)
		}
		state := pipeline.ResourceState{Resource: pipeline.Resource{ID: fmt.Sprint("r", i), Type: pipeline.Server, Scope: "s"}, SeenAt: seen}
		if err := s.AppendStates(t.Context(), a, collect.SyncRecord{At: seen, Complete: i%5 > 0}, []pipeline.ResourceState{state}, "one"); err != nil {
			t.Fatal(err)
		}
		if err := s.AppendAccount(t.Context(), a, pipeline.AccountState{ObservedAt: seen, Currency: fmt.Sprint("X", i)}); err != nil {
			t.Fatal(err)
		}
	}
	before := asked(t, s)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			a, seen := account(i), at.Add(time.Duration(i)*time.Microsecond)
			states, err := s.States(t.Context(), a)
			if err != nil || len(states) != 1 || states[0].ID != fmt.Sprint("r", i) {
				t.Errorf("connection %d has the states %v, %v", i, states, err)
			}
			history, err := s.RateHistory(t.Context(), a, at.Add(-time.Hour))
			if err != nil || len(history) != 1 || history[0].ID != fmt.Sprint("r", i) {
				t.Errorf("connection %d has the history %v, %v", i, history, err)
			}
			all, fresh, err := s.SliceRows(t.Context(), a, slice, seen)
			if want := int64(i%3 + 1); err != nil || all != want || fresh != want {
				t.Errorf("slice %d has %d rows, %d of them fresh, want %d: %v", i, all, fresh, want, err)
			}
			whole, err := s.LastWhole(t.Context(), a)
			if want := map[bool]time.Time{true: seen}[i%5 > 0]; err != nil || !whole.Equal(want) {
				t.Errorf("the last whole snapshot of connection %d was at %s, want %s: %v", i, whole, want, err)
			}
			periods, err := s.FilePeriods(t.Context(), a, nil)
			if err != nil || len(periods) != i%3+1 || !periods[0].Held || periods[0].Touched {
				t.Errorf("connection %d has files of %v, %v", i, periods, err)
			}
			// The same as is held: nothing is appended.
			if err := s.AppendAccount(t.Context(), a, pipeline.AccountState{ObservedAt: seen.Add(time.Second), Currency: fmt.Sprint("X", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, tenant := range []pipeline.TenantID{"t0", "t1"} {
		balances, err := s.Balances(t.Context(), tenant)
		if err != nil || len(balances) != n/2 {
			t.Errorf("%s has %d balances, %v", tenant, len(balances), err)
		}
		for _, b := range balances {
			if b.ObservedAt.After(hour(3).Add(time.Millisecond)) {
				t.Errorf("the same balance of %s was appended again", b.ConnectionID)
			}
		}
	}
	for query, made := range asked(t, s) {
		if made -= before[query]; made < 2 || made > n/2 {
			t.Errorf("%d questions took %d statements %s", n, made, query)
		}
	}
}

// asked counts the statements that are asked for many.
func asked(t *testing.T, s *Store) map[string]uint64 {
	t.Helper()
	out := map[string]uint64{}
	for _, query := range []string{"states", "rate_history", "slice_rows_seen", "last_whole", "file_periods", "balances_of"} {
		var m dto.Metric
		if err := s.metrics.duration.WithLabelValues(query).(prometheus.Metric).Write(&m); err != nil {
			t.Fatal(err)
		}
		out[query] = m.GetHistogram().GetSampleCount()
	}
	return out
}

// slowly is an asker whose statements take a second; it fails a statement that asks about "bad".
type slowly struct {
	mu   sync.Mutex
	sets [][]pipeline.ConnectionID
}

func (a *slowly) ask(ctx context.Context, _ common[none], all []asking[int]) ([]int, error) {
	ids, out, bad := make([]pipeline.ConnectionID, len(all)), make([]int, len(all)), false
	for i := range all {
		ids[i], out[i], bad = all[i].connection, all[i].about*10, bad || all[i].connection == "bad"
	}
	a.mu.Lock()
	a.sets = append(a.sets, ids)
	a.mu.Unlock()
	select {
	case <-time.After(time.Second):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if bad {
		return nil, errors.New("cannot read a row")
	}
	return out, nil
}

func TestQuestionsOfOneFailAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		var a slowly
		q := newQuestions(&running, a.ask)
		var wg sync.WaitGroup
		ask := func(connection pipeline.ConnectionID, about, want int, fails bool) {
			wg.Go(func() {
				got, err := q.put(t.Context(), common[none]{}, asking[int]{connection, about})
				if got != want || (err != nil) != fails {
					t.Errorf("%s got %d, %v", connection, got, err)
				}
			})
		}
		ask("first", 1, 10, false)
		synctest.Wait()
		for i, c := range []pipeline.ConnectionID{"a", "b", "bad", "c"} {
			want := 10 * i
			if c == "bad" {
				want = 0
			}
			ask(c, i, want, c == "bad")
			synctest.Wait()
		}
		wg.Wait()
		running.Wait()
		if len(a.sets) != 6 || len(a.sets[0]) != 1 || len(a.sets[1]) != 4 {
			t.Errorf("asked about %v", a.sets)
		}
		if len(q.waiting) != 0 {
			t.Errorf("%d kinds of questions are remembered", len(q.waiting))
		}
	})
}

func TestQuestionsAboutOneConnectionAreNotJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running sync.WaitGroup
		var a slowly
		q := newQuestions(&running, a.ask)
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				if got, err := q.put(t.Context(), common[none]{}, asking[int]{"same", i}); got != 10*i || err != nil {
					t.Errorf("question %d got %d, %v", i, got, err)
				}
			})
		}
		wg.Wait()
		running.Wait()
		if len(a.sets) != 4 {
			t.Errorf("asked about %v", a.sets)
		}
	})
}

func TestCancelledQuestionHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, wg sync.WaitGroup
		var a slowly
		q := newQuestions(&running, a.ask)
		ctx, cancel := context.WithCancel(t.Context())
		for _, c := range []pipeline.ConnectionID{"first", "waits"} {
			wg.Go(func() {
				if _, err := q.put(ctx, common[none]{}, asking[int]{c, 1}); !errors.Is(err, context.Canceled) {
					t.Errorf("%s got %v", c, err)
				}
			})
			synctest.Wait()
		}
		wg.Go(func() {
			if got, err := q.put(t.Context(), common[none]{}, asking[int]{"other", 2}); got != 20 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		running.Wait()
	})
}
