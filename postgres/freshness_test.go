package postgres_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

// noPower is a fault of a whole window.
var noPower = &pipeline.Fault{Code: pipeline.FaultUnavailable, Text: pipeline.Text{RU: "облако не отвечает", EN: "the cloud does not answer"}, Retry: true}

func dataState(t *testing.T, s *postgres.Store, tn pipeline.TenantID, from, to time.Time, conns ...pipeline.ConnectionID) pipeline.DataState {
	t.Helper()
	data, err := s.DataState(t.Context(), tn, conns, from, to)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func status(t *testing.T, s *postgres.Store, a collect.Account) pipeline.ConnectionStatus {
	t.Helper()
	st, err := s.Status(t.Context(), a.Tenant, a.Connection)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestDataStateOfPeriods(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "beget", "Облако")
	data := dataState(t, s, a.Tenant, hour.AddDate(0, 0, -5), hour)
	if data.Complete || data.GapCount != 1 || !data.CollectedAt.IsZero() || data.Gaps[0].Reason.RU != "ещё не собрано" {
		t.Errorf("nothing collected: %+v", data)
	}
	days(t, s, a, 3, 0)
	windows := claim(t, s, 3, map[pipeline.Kind]int{"beget": 3})
	finish(t, s, windows[0], collect.Result{})
	finish(t, s, windows[1], collect.Result{Fault: noPower})
	finish(t, s, windows[2], collect.Result{})
	data = dataState(t, s, a.Tenant, hour.AddDate(0, 0, -2), hour)
	want := pipeline.DataState{
		CollectedAt: windows[0].StoreNow, CompleteThrough: hour.AddDate(0, 0, -2), GapCount: 1,
		Gaps: []pipeline.DataGap{{
			ConnectionID: a.Connection, ConnectionName: "Облако", Feed: pipeline.FeedCharges, From: hour.AddDate(0, 0, -2), To: hour.AddDate(0, 0, -1), Reason: noPower.Text,
		}},
	}
	if diff := cmp.Diff(want, data); diff != "" {
		t.Error(diff)
	}
	if data := dataState(t, s, a.Tenant, hour.AddDate(0, 0, -1), hour); !data.Complete || data.GapCount != 0 || data.Gaps == nil {
		t.Errorf("the gap lies outside of the period: %+v", data)
	}
	if data := dataState(t, s, tenant(t, s), hour.AddDate(0, 0, -2), hour, a.Connection); !data.CollectedAt.IsZero() || data.GapCount != 0 {
		t.Errorf("another tenant sees it: %+v", data)
	}
	if err := s.SyncNow(t.Context(), a.Tenant, a.Connection); err != nil {
		t.Fatal(err)
	}
	for _, w := range claim(t, s, 3, map[pipeline.Kind]int{"beget": 3}) {
		finish(t, s, w, collect.Result{})
	}
	if data := dataState(t, s, a.Tenant, hour.AddDate(0, 0, -5), hour); !data.Complete || !data.CompleteThrough.Equal(hour) {
		t.Errorf("all collected: %+v", data)
	}
}

func TestNothingIsWholeBeyondItsCollection(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "beget", "c")
	now, err := s.Now(t.Context())
	must(t, err)
	plan(t, s, a, collect.WindowPlan{Feed: pipeline.FeedCharges, Grain: pipeline.GrainDay, From: now.Add(-time.Hour), To: now.Add(time.Hour), DueAt: hour})
	w := claim(t, s, 1, nil)[0]
	finish(t, s, w, collect.Result{})
	if data := dataState(t, s, a.Tenant, hour, now); !data.CompleteThrough.Equal(w.StoreNow) || !data.Complete {
		t.Errorf("got %+v, want complete through %s", data, w.StoreNow)
	}
}

func TestDataStateOfSnapshots(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "beget", "c")
	take := func(at time.Time, r collect.Result) {
		t.Helper()
		plan(t, s, a, collect.WindowPlan{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, From: at, To: at, DueAt: at})
		windows := claim(t, s, 1, nil)
		if len(windows) != 1 || !windows[0].From.Equal(at) {
			t.Fatalf("got %+v", windows)
		}
		finish(t, s, windows[0], r)
	}
	broken := pipeline.Outcome{Scopes: []pipeline.ScopeResult{{Scope: "vps", Fault: noPower}, {Scope: "sites", Fault: noPower, Skipped: true}}}
	take(hour, collect.Result{})
	take(hour.Add(time.Hour), collect.Result{Outcome: broken, RetryAt: hour})
	data := dataState(t, s, a.Tenant, hour.AddDate(0, 0, -1), hour.Add(2*time.Hour))
	if data.Complete || data.GapCount != 1 || !data.Gaps[0].From.Equal(hour) || !data.CompleteThrough.Equal(hour) || data.Gaps[0].Reason != noPower.Text {
		t.Errorf("after a failed snapshot: %+v", data)
	}
	if data := dataState(t, s, a.Tenant, hour.AddDate(0, 0, -1), hour); !data.Complete {
		t.Errorf("the time before it is whole: %+v", data)
	}
	take(hour.Add(2*time.Hour), collect.Result{})
	if data := dataState(t, s, a.Tenant, hour.AddDate(0, 0, -1), hour.Add(2*time.Hour)); !data.Complete || !data.CompleteThrough.Equal(hour.Add(2*time.Hour)) {
		t.Errorf("after the next whole snapshot: %+v", data)
	}
	if got := claim(t, s, 1, nil); len(got) != 0 {
		t.Errorf("a snapshot of the past was claimed: %+v", got)
	}
}

func TestDataStateOfFiles(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "focus", "c")
	for _, key := range []string{"a.csv", "b.csv"} {
		plan(t, s, a, collect.WindowPlan{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Object: pipeline.Object{Key: key, Version: "1"}, DueAt: hour})
	}
	windows := claim(t, s, 2, map[pipeline.Kind]int{"focus": 2})
	finish(t, s, windows[0], collect.Result{Outcome: pipeline.Outcome{CompleteThrough: hour}})
	finish(t, s, windows[1], collect.Result{Fault: noPower, RetryAt: hour})
	data := dataState(t, s, a.Tenant, hour, hour.Add(time.Hour))
	if data.GapCount != 1 || data.Gaps[0].Reason.RU != windows[1].Object.Key+": облако не отвечает" || !data.CompleteThrough.IsZero() {
		t.Errorf("got %+v", data)
	}
	finish(t, s, claim(t, s, 1, nil)[0], collect.Result{Outcome: pipeline.Outcome{CompleteThrough: hour.Add(time.Hour)}})
	if data := dataState(t, s, a.Tenant, hour, hour.Add(time.Hour)); !data.Complete || !data.CompleteThrough.Equal(hour.Add(time.Hour)) {
		t.Errorf("got %+v", data)
	}
}

func TestStatus(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "beget", "c")
	if st := status(t, s, a); st.State != pipeline.ConnectionNew {
		t.Errorf("got %+v", st)
	}
	days(t, s, a, 2, 0)
	windows := claim(t, s, 1, nil)
	if st := status(t, s, a); st.State != pipeline.ConnectionSyncing || !st.Running || st.WindowsTotal != 2 || !st.LastAttempt.Equal(windows[0].StoreNow) {
		t.Errorf("got %+v", st)
	}
	finish(t, s, windows[0], collect.Result{Outcome: pipeline.Outcome{Notes: []pipeline.Note{{Code: "odd", Count: 2}}}, Found: 5, Appended: 4})
	if st := status(t, s, a); st.State != pipeline.ConnectionSyncing || st.Running || st.WindowsDone != 1 || len(st.Notes) != 1 || len(st.Faults) != 0 {
		t.Errorf("got %+v", st)
	}
	second := claim(t, s, 1, nil)[0]
	finish(t, s, second, collect.Result{Fault: noPower, RetryAt: hour})
	st := status(t, s, a)
	want := []pipeline.Fault{{Code: noPower.Code, Text: noPower.Text, Retry: true}}
	if diff := cmp.Diff(want, st.Faults); diff != "" || st.State != pipeline.ConnectionFailing {
		t.Error(st.State, diff)
	}
	finish(t, s, claim(t, s, 1, nil)[0], collect.Result{})
	if st := status(t, s, a); st.State != pipeline.ConnectionOK || st.WindowsDone != 2 || len(st.Faults) != 0 || !st.CompleteThrough.Equal(hour) {
		t.Errorf("got %+v", st)
	}
	pause := true
	if _, err := s.UpdateConnection(t.Context(), a.Tenant, a.Connection, 1, postgres.ConnectionChange{Paused: &pause}); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Statuses(t.Context(), a.Tenant); err != nil || len(all) != 1 || all[0].State != pipeline.ConnectionPaused {
		t.Errorf("got %+v, %v", all, err)
	}
	if all, err := s.Connections(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("a paused connection is to be collected: %+v, %v", all, err)
	}
}

func TestRuns(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "beget", "c")
	days(t, s, a, 1, 0)
	w := claim(t, s, 1, nil)[0]
	result := collect.Result{
		Outcome: pipeline.Outcome{
			Scopes:    []pipeline.ScopeResult{{Scope: "vps", Label: pipeline.Text{RU: "Серверы", EN: "Servers"}, Found: 3}, {Scope: "dns", Fault: noPower}},
			Notes:     []pipeline.Note{{Code: "odd", Scope: "vps", Text: pipeline.Text{RU: "странно", EN: "odd"}, Count: 1}},
			CloudTime: hour,
		},
		Found: 3, Appended: 2, StartedAt: hour, FinishedAt: hour.Add(time.Minute), RetryAt: hour,
	}
	finish(t, s, w, result)
	runs, err := s.RunsOf(t.Context(), a.Tenant, a.Connection, 10)
	if err != nil {
		t.Fatal(err)
	}
	fault := *noPower
	fault.Scope = "dns"
	want := []postgres.Run{{
		WindowID: w.ID, Feed: w.Feed, Grain: w.Grain, From: w.From, To: w.To, Holder: "me", Attempt: 1, StartedAt: hour, FinishedAt: hour.Add(time.Minute),
		CloudTime: hour, Found: 3, Appended: 2, RetryAt: hour, Fault: &fault, Scopes: result.Outcome.Scopes, Notes: result.Outcome.Notes,
	}}
	if diff := cmp.Diff(want, runs, cmpopts.IgnoreFields(postgres.Run{}, "ID")); diff != "" {
		t.Error(diff)
	}
	states, err := s.WindowsOf(t.Context(), a.Tenant, a.Connection, 10)
	if err != nil || len(states) != 1 || states[0].Fault == nil || states[0].Attempt != 1 || !states[0].DueAt.Equal(hour) || states[0].Complete {
		t.Errorf("got %+v, %v", states, err)
	}
	for range 205 {
		finish(t, s, claim(t, s, 1, nil)[0], result)
	}
	if runs, err = s.RunsOf(t.Context(), a.Tenant, a.Connection, 1000); err != nil || len(runs) != 200 || runs[0].Attempt != 206 {
		t.Errorf("%d runs are kept, %v", len(runs), err)
	}
}

func TestPlannedChargesAreNotWhole(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "selectel", "c")
	plan(t, s, a, collect.WindowPlan{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, From: hour, To: hour, DueAt: hour})
	finish(t, s, claim(t, s, 1, nil)[0], collect.Result{})
	if st := status(t, s, a); !st.CompleteThrough.Equal(hour) {
		t.Errorf("got %+v", st)
	}
	days(t, s, a, 3, 0)
	if st := status(t, s, a); !st.CompleteThrough.Equal(hour.AddDate(0, 0, -3)) {
		t.Errorf("complete through %s though no charges were collected", st.CompleteThrough)
	}
}
