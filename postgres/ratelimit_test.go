package postgres_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func TestRateLimit(t *testing.T) {
	s := pgtest.Open(t)
	limit := pipeline.RateLimit{Burst: 5, Per: 200 * time.Millisecond}
	var mu sync.Mutex
	var slots []time.Time
	var done sync.WaitGroup
	for range 40 {
		done.Go(func() {
			_, slot, err := s.Reserve(t.Context(), "beget:ivan", limit)
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			slots = append(slots, slot)
		})
	}
	done.Wait()
	slices.SortFunc(slots, time.Time.Compare)
	for i := limit.Burst; i < len(slots); i++ {
		if gap := slots[i].Sub(slots[i-limit.Burst]); gap < limit.Per {
			t.Errorf("requests %d and %d are %s apart", i-limit.Burst, i, gap)
		}
	}
	if spent := slots[39].Sub(slots[0]); spent > 20*limit.Per {
		t.Errorf("40 requests were spread over %s", spent)
	}
	if pause, _, err := s.Reserve(t.Context(), "another", limit); err != nil || pause != 0 {
		t.Errorf("another key waits %s: %v", pause, err)
	}
}

func TestWait(t *testing.T) {
	s := pgtest.Open(t)
	limit := pipeline.RateLimit{Burst: 2, Per: time.Hour}
	for range 2 {
		if err := s.Wait(t.Context(), "k", limit); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3 {
		if err := s.Wait(ctx, "k", limit); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting longer than the deadline: %v", err)
		}
	}
	for range 3 {
		giveUp(t, s, limit)
	}
	if pause, _, err := s.Reserve(t.Context(), "k", limit); err != nil || pause > limit.Per || pause == 0 {
		t.Errorf("after requests that were given up the next waits %s: %v", pause, err)
	}
	quick := pipeline.RateLimit{Burst: 1, Per: 5 * time.Millisecond}
	for range 3 {
		if err := s.Wait(t.Context(), "quick", quick); err != nil {
			t.Fatal(err)
		}
	}
}

// giveUp waits for a place and stops waiting once it has one.
func giveUp(t *testing.T, s *postgres.Store, limit pipeline.RateLimit) {
	t.Helper()
	before := text(t, s, `SELECT cardinality(slots)::text FROM rate_limits WHERE key = 'k'`)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- s.Wait(ctx, "k", limit) }()
	for text(t, s, `SELECT cardinality(slots)::text FROM rate_limits WHERE key = 'k'`) == before {
		if t.Context().Err() != nil {
			break
		}
	}
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("giving up: %v", err)
	}
}
