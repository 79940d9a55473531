package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

// hour is an instant to count windows from.
var hour = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func tenant(t *testing.T, s *postgres.Store) pipeline.TenantID {
	t.Helper()
	made, err := s.CreateTenant(t.Context(), "Ромашка", "Europe/Moscow", "RUB")
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func connect(t *testing.T, s *postgres.Store, tenant pipeline.TenantID, kind pipeline.Kind, name string) collect.Account {
	t.Helper()
	c, err := s.CreateConnection(t.Context(), tenant, pipeline.Connection{Kind: kind, Name: name}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return collect.Account{Tenant: tenant, Connection: c.ID}
}

// days plans n day windows of charges, the newest last, all due now; later days come first.
func days(t *testing.T, s *postgres.Store, a collect.Account, n, priority int) {
	t.Helper()
	plans := make([]collect.WindowPlan, n)
	for i := range plans {
		from := hour.AddDate(0, 0, i-n)
		plans[i] = collect.WindowPlan{Feed: pipeline.FeedCharges, Grain: pipeline.GrainDay, From: from, To: from.AddDate(0, 0, 1), DueAt: hour, Priority: priority}
	}
	plan(t, s, a, plans...)
}

func plan(t *testing.T, s *postgres.Store, a collect.Account, plans ...collect.WindowPlan) {
	t.Helper()
	if err := s.Plan(t.Context(), a, plans); err != nil {
		t.Fatal(err)
	}
}

func claim(t *testing.T, s *postgres.Store, n int, limits map[pipeline.Kind]int) []collect.Window {
	t.Helper()
	windows, err := s.Claim(t.Context(), "me", n, time.Minute, collect.ClaimLimits{PerConnection: limits})
	if err != nil {
		t.Fatal(err)
	}
	return windows
}

func finish(t *testing.T, s *postgres.Store, w collect.Window, r collect.Result) {
	t.Helper()
	if err := s.Finish(t.Context(), w, r); err != nil {
		t.Fatal(err)
	}
}

func TestClaimGivesEachWindowToOneOfThree(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	const connections, each, limit = 8, 25, 2
	for i := range connections {
		days(t, s, connect(t, s, tn, "beget", fmt.Sprint("c", i)), each, 0)
	}
	var mu sync.Mutex
	seen := map[int64]int{}
	running := map[pipeline.ConnectionID]int{}
	var done sync.WaitGroup
	for i := range 3 {
		done.Go(func() {
			work(t, s, fmt.Sprint("collector-", i), limit, func() bool {
				mu.Lock()
				defer mu.Unlock()
				return len(seen) == connections*each
			}, func(w collect.Window, delta int) {
				mu.Lock()
				defer mu.Unlock()
				if running[w.Account.Connection] += delta; running[w.Account.Connection] > limit {
					t.Errorf("%d windows of one connection run at once", running[w.Account.Connection])
				}
				if delta > 0 {
					seen[w.ID]++
				}
			})
		})
	}
	done.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("window %d was claimed %d times", id, n)
		}
	}
}

// work claims and finishes windows until all are seen.
func work(t *testing.T, s *postgres.Store, holder string, limit int, all func() bool, count func(collect.Window, int)) {
	for !all() && !t.Failed() {
		windows, err := s.Claim(t.Context(), holder, 5, time.Minute, collect.ClaimLimits{PerConnection: map[pipeline.Kind]int{"beget": limit}})
		if err != nil {
			t.Error(err)
			return
		}
		for _, w := range windows {
			count(w, 1)
		}
		for _, w := range windows {
			count(w, -1)
			if err := s.Finish(t.Context(), w, collect.Result{}); err != nil {
				t.Error(err)
				return
			}
		}
	}
}

func TestClaimOrder(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	big, small := connect(t, s, tn, "beget", "big"), connect(t, s, tn, "beget", "small")
	days(t, s, big, 5000, 2)
	days(t, s, small, 3, 2)
	var served []collect.Account
	for range 6 {
		for _, w := range claim(t, s, 1, nil) {
			served = append(served, w.Account)
			finish(t, s, w, collect.Result{})
		}
	}
	for i := 1; i < len(served); i++ {
		if served[i] == served[i-1] {
			t.Errorf("claims %d and %d went to one connection though the other has windows due", i-1, i)
		}
	}
	if len(served) != 6 {
		t.Errorf("six claims gave %d windows", len(served))
	}
	now := time.Now()
	plan(t, s, small, collect.WindowPlan{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, From: hour, To: hour, DueAt: now.Add(-time.Hour)})
	got := claim(t, s, 2, map[pipeline.Kind]int{"beget": 2})
	if len(got) != 2 || got[0].Feed != pipeline.FeedInventory || !got[1].From.Equal(hour.AddDate(0, 0, -4)) {
		t.Errorf("got %+v, want the snapshot first and then the newest backfill", got)
	}
}

func TestKindsTakeTurns(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	for i := range 12 {
		kind := pipeline.Kind("beget")
		if i >= 9 {
			kind = "vk"
		}
		days(t, s, connect(t, s, tn, kind, fmt.Sprint("c", i)), 2, 2)
	}
	kinds := func(n int) map[pipeline.Kind]int {
		got := map[pipeline.Kind]int{}
		for _, w := range claim(t, s, n, nil) {
			got[w.Connection.Kind]++
		}
		return got
	}
	if got := kinds(4); got["beget"] != 2 || got["vk"] != 2 {
		t.Errorf("the first claim took %v", got)
	}
	if got := kinds(4); got["beget"] != 3 || got["vk"] != 1 {
		t.Errorf("the second claim took %v", got)
	}
}

func TestFencing(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "beget", "c")
	days(t, s, a, 1, 0)
	first, err := s.Claim(t.Context(), "dead", 1, 0, collect.ClaimLimits{})
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	second := claim(t, s, 1, nil)
	if len(second) != 1 || second[0].Lease <= first[0].Lease || second[0].Attempt != 2 {
		t.Fatalf("the window of a dead holder was not taken over: %+v", second)
	}
	if err := s.Extend(t.Context(), first[0], time.Minute); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("extending an older lease: %v", err)
	}
	if err := s.Finish(t.Context(), first[0], collect.Result{}); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("finishing with an older lease: %v", err)
	}
	if err := s.Extend(t.Context(), second[0], time.Minute); err != nil {
		t.Error(err)
	}
	finish(t, s, second[0], collect.Result{})
	if err := s.Finish(t.Context(), second[0], collect.Result{}); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("finishing twice: %v", err)
	}
	if got := claim(t, s, 1, nil); len(got) != 0 {
		t.Errorf("a collected window was claimed again: %+v", got)
	}
}

func TestEditDuringTask(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	a := connect(t, s, tn, "beget", "c")
	days(t, s, a, 1, 0)
	w := claim(t, s, 1, nil)[0]
	name := "d"
	if _, err := s.UpdateConnection(t.Context(), tn, a.Connection, 1, postgres.ConnectionChange{Name: &name}); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(t.Context(), w, collect.Result{}); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("finishing with the settings of before: %v", err)
	}
	again := claim(t, s, 1, nil)
	if len(again) != 1 || again[0].Connection.Name != "d" || again[0].Connection.Version != 2 {
		t.Fatalf("the window is not due again with the new settings: %+v", again)
	}
	if err := s.DeleteConnection(t.Context(), tn, a.Connection); err != nil {
		t.Fatal(err)
	}
	if err := s.Finish(t.Context(), again[0], collect.Result{}); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("finishing for a deleted connection: %v", err)
	}
	if err := s.Plan(t.Context(), a, []collect.WindowPlan{{Feed: pipeline.FeedCharges}}); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("planning for a deleted connection: %v", err)
	}
}

func TestRetry(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	a := connect(t, s, tn, "beget", "c")
	days(t, s, a, 2, 0)
	now, err := s.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := claim(t, s, 1, nil)[0]
	fault := &pipeline.Fault{Code: pipeline.FaultUnavailable, Text: pipeline.Text{RU: "нет связи", EN: "no connection"}, Err: context.DeadlineExceeded}
	finish(t, s, w, collect.Result{Fault: fault, RetryAt: now.Add(time.Hour)})
	days(t, s, a, 2, 0)
	other := claim(t, s, 2, map[pipeline.Kind]int{"beget": 2})
	if len(other) != 1 || other[0].ID == w.ID {
		t.Fatalf("a window that waits for its next try was claimed, or the other one was not: %+v", other)
	}
	finish(t, s, other[0], collect.Result{Fault: &pipeline.Fault{Code: pipeline.FaultCredentials}, RetryAt: now.Add(time.Hour)})
	plan(t, s, a, collect.WindowPlan{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, From: now.Truncate(time.Hour), To: now.Truncate(time.Hour), DueAt: now})
	if got := claim(t, s, 9, map[pipeline.Kind]int{"beget": 9}); len(got) != 0 {
		t.Errorf("a connection whose password is wrong was asked on: %+v", got)
	}
	if err := s.SyncNow(t.Context(), tn, a.Connection); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, 9, map[pipeline.Kind]int{"beget": 9}); len(got) != 3 {
		t.Errorf("sync now made %d windows due, want 3: %+v", len(got), got)
	}
}

func TestObjects(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "focus", "c")
	file := func(version string) collect.WindowPlan {
		return collect.WindowPlan{
			Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, DueAt: hour,
			Object: pipeline.Object{Key: "a.csv", Version: version, Size: 3, Modified: hour},
		}
	}
	plan(t, s, a, file("1"))
	w := claim(t, s, 1, nil)[0]
	if w.Object != file("1").Object || !w.From.IsZero() || !w.To.IsZero() {
		t.Errorf("got %+v", w)
	}
	plan(t, s, a, file("2"))
	finish(t, s, w, collect.Result{})
	plan(t, s, a, file("1"))
	if got := claim(t, s, 1, nil); len(got) != 0 {
		t.Errorf("a collected version was claimed again: %+v", got)
	}
	plan(t, s, a, file("2"))
	if got := claim(t, s, 1, nil); len(got) != 1 || got[0].Object.Version != "2" {
		t.Errorf("a new version was not claimed: %+v", got)
	}
}

func TestRenamedObjectIsTakenBack(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "focus", "c")
	file := func(key, version string) collect.WindowPlan {
		return collect.WindowPlan{
			Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, DueAt: hour, Priority: 1,
			Object: pipeline.Object{Key: key, Version: version},
		}
	}
	collected := func(plans ...collect.WindowPlan) []pipeline.Object {
		t.Helper()
		plan(t, s, a, plans...)
		var objects []pipeline.Object
		for {
			ws := claim(t, s, 1, nil)
			if len(ws) == 0 {
				return objects
			}
			objects = append(objects, pipeline.Object{Key: ws[0].Object.Key, Version: ws[0].Object.Version})
			finish(t, s, ws[0], collect.Result{})
		}
	}
	want := func(got []pipeline.Object, objects ...pipeline.Object) {
		t.Helper()
		if diff := cmp.Diff(objects, got); diff != "" {
			t.Fatal(diff)
		}
	}
	want(collected(file("a.csv", "1"), file("b.csv", "2")), pipeline.Object{Key: "a.csv", Version: "1"}, pipeline.Object{Key: "b.csv", Version: "2"})
	want(collected(file("b.csv", "2"), file("c.csv", "1")), pipeline.Object{Key: "a.csv"}, pipeline.Object{Key: "c.csv", Version: "1"})
	want(collected(file("b.csv", "2"), file("c.csv", "1")))
	want(collected(file("b.csv", "2"))) // a file that was removed keeps its history
	want(collected(file("a.csv", "1"), file("b.csv", "2")), pipeline.Object{Key: "c.csv"}, pipeline.Object{Key: "a.csv", Version: "1"})
}
