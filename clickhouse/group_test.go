package clickhouse

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// TestSmallInsertsGoTogether lets many connections end their snapshots at once: each finds its own rows, once, and fewer INSERTs
// than rows were made.
func TestSmallInsertsGoTogether(t *testing.T) {
	s := openStore(t)
	const n = 60
	at := time.Now().UTC().Truncate(time.Second)
	account := func(i int) collect.Account {
		return collect.Account{Tenant: "grouped", Connection: pipeline.ConnectionID(fmt.Sprint("c", i))}
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			record := collect.SyncRecord{At: at, Created: int64(i), Complete: true}
			state := pipeline.ResourceState{Resource: pipeline.Resource{ID: fmt.Sprint("r", i), Name: "n", Type: pipeline.Server, Scope: "s"}, SeenAt: at}
			if err := s.AppendStates(t.Context(), account(i), record, []pipeline.ResourceState{state}, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range n {
		a := account(i)
		syncs, err := s.Syncs(t.Context(), a.Tenant, a.Connection, 10)
		if err != nil || len(syncs) != 1 || syncs[0].Created != int64(i) {
			t.Fatalf("connection %d has the snapshots %+v, %v", i, syncs, err)
		}
		states, err := s.States(t.Context(), a)
		if err != nil || len(states) != 1 || states[0].ID != fmt.Sprint("r", i) {
			t.Fatalf("connection %d has the resources %+v, %v", i, states, err)
		}
	}
	if made := inserts(t, s, "syncs"); made < 1 || made > n/2 {
		t.Errorf("%d rows took %d INSERTs", n, made)
	}
}

// inserts counts the INSERTs into a table.
func inserts(t *testing.T, s *Store, table string) uint64 {
	t.Helper()
	var m dto.Metric
	if err := s.metrics.duration.WithLabelValues("insert_" + table).(prometheus.Metric).Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetHistogram().GetSampleCount()
}
