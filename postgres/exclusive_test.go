package postgres_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/infrazen/infrazen/postgres/pgtest"
)

func TestExclusivelyLetsOneIn(t *testing.T) {
	store := pgtest.Open(t)
	var inside, runs atomic.Int64
	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			err := store.Exclusively(t.Context(), func(context.Context) error {
				if inside.Add(1) != 1 {
					t.Error("two are inside")
				}
				runs.Add(1)
				inside.Add(-1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if runs.Load() != 5 {
		t.Fatalf("%d of 5 ran", runs.Load())
	}
}
