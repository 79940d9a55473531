package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// TestEverythingCountsOnceOverAnEngineThatDies appends in every way while the engine is killed now and then.
func TestEverythingCountsOnceOverAnEngineThatDies(t *testing.T) {
	e := enginetest.New(t, embedded.DefaultConfig())
	s := openRaw(t, e.DSN("default"))
	if err := s.Migrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	a := account()
	const rounds, kills = 30, 5
	// The engine is killed while the round is under way that follows a turn.
	turns, killed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(killed)
		for range turns {
			e.KillOnly(t)
			e.WaitUp(t)
		}
	}()
	want := map[collect.LineID]pipeline.Measures{}
	var samples int64
	for i := range rounds {
		if i%(rounds/kills) == 1 {
			turns <- struct{}{}
		}
		sl := pipeline.Slice{Source: fmt.Sprint("s", i%4), From: hour(i), To: hour(i + 1)}
		lines := []pipeline.Charge{charge(i, "a", "1.1"), charge(i, "b", "2")}
		for _, c := range lines {
			want[idOfCharge(c)] = c.Measures
		}
		if err := appendEveryWay(t, s, a, sl, lines, i, &samples); err != nil {
			t.Fatal(err)
		}
	}
	close(turns)
	<-killed
	got := map[collect.LineID]pipeline.Measures{}
	for source := range 4 {
		for id, m := range held(t, s, a, pipeline.Slice{Source: fmt.Sprint("s", source)}) {
			got[id] = got[id].Add(m)
		}
	}
	if diff := cmp.Diff(want, got, equal()); diff != "" {
		t.Error(diff)
	}
	if samples != rounds {
		t.Errorf("%d samples were appended, want %d", samples, rounds)
	}
	syncs, err := s.Syncs(t.Context(), a.Tenant, a.Connection, 1000)
	if err != nil || len(syncs) != rounds {
		t.Errorf("%d syncs, want %d: %v", len(syncs), rounds, err)
	}
	if counted(s) == 0 {
		t.Error("nothing was sent again: the test has tested nothing")
	}
}

// counted is of how many statements it is known that they were sent again.
func counted(s *Store) int {
	series := make(chan prometheus.Metric, 100)
	s.metrics.retries.Collect(series)
	return len(series)
}

func appendEveryWay(t *testing.T, s *Store, a collect.Account, sl pipeline.Slice, lines []pipeline.Charge, i int, samples *int64) error {
	t.Helper()
	ctx := t.Context()
	if i%2 == 0 {
		if err := s.Append(ctx, a, sl, hour(i), fmt.Sprint(i), lines); err != nil {
			return err
		}
	} else {
		st, err := s.Stage(ctx, a, sl)
		if err != nil {
			return err
		}
		if err := st.Add(ctx, lines); err != nil {
			return err
		}
		if _, err := st.Apply(ctx, hour(i)); err != nil {
			return err
		}
		if err := st.Drop(ctx); err != nil {
			return err
		}
	}
	n, err := s.AppendSamples(ctx, a, []pipeline.Sample{{ResourceID: "a", Metric: pipeline.CPUPercent, Time: hour(i), Value: 1}})
	*samples += n
	if err != nil {
		return err
	}
	return s.AppendStates(ctx, a, collect.SyncRecord{At: hour(i)}, []pipeline.ResourceState{state("a", hour(i), pipeline.ResourceUpdated)}, "t")
}

func TestAnUnreachableServerIsAnErrorInTime(t *testing.T) {
	cfg := DefaultConfig()
	cfg.DSN, cfg.RetryFor = "http://user:sesame@127.0.0.1:1/infrazen", 200*time.Millisecond
	s, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	_, err = s.States(t.Context(), account())
	if err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("error %v, want one without the password", err)
	}
	if err := s.Ping(t.Context()); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("ping: %v, want an error without the password", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.States(ctx, account()); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled context: %v", err)
	}
}

func TestAWrongStatementIsNotRepeated(t *testing.T) {
	s := openStore(t)
	if err := s.execText(t.Context(), "nonsense", "SELECT nonsense", nil, nil); err == nil {
		t.Fatal("nonsense succeeded")
	}
	if n := counted(s); n != 0 {
		t.Errorf("nonsense was repeated: %d", n)
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	f := func(cfg Config, want string) {
		t.Helper()
		_, err := Open(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	f(Config{}, "no address is given")
	f(Config{DSN: "http://h/d", Cluster: "a; DROP"}, "is not a plain name")
	f(Config{DSN: "http://h/d", MaxConns: -1}, "-1 connections")
	f(Config{DSN: "http://u:sesame@h:8123/a-b"}, `database "a-b"`)
	f(Config{DSN: "ftp://u:sesame@h/d"}, "cannot read the address")
	f(Config{DSN: "http://u:sesame@h:x y/d"}, "cannot read the address")
}
