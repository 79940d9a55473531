package clickhouse

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

func TestSnapshots(t *testing.T) {
	s, a := openStore(t), account()
	down := pipeline.ScopeResult{
		Scope: "ru-2", Label: pipeline.Text{RU: "Казань", EN: "Kazan"}, Found: 1,
		Fault: &pipeline.Fault{Code: pipeline.FaultUnavailable, Text: pipeline.Text{RU: "Не отвечает.", EN: "It does not answer."}},
	}
	records := []collect.SyncRecord{
		{At: hour(1), Created: 2, Complete: true, Scopes: []pipeline.ScopeResult{{Scope: "ru-1", Found: 2}}},
		{At: hour(2), Unchanged: 2, Scopes: []pipeline.ScopeResult{{Scope: "ru-1", Found: 2}, down}},
		{At: hour(3).Add(123 * time.Microsecond), Created: 1, Updated: 1, Deleted: 1, Complete: true},
	}
	changed := [][]pipeline.ResourceState{
		{state("a", hour(1), pipeline.ResourceCreated), state("b", hour(1), pipeline.ResourceCreated)},
		nil,
		{state("a", hour(3).Add(123*time.Microsecond), pipeline.ResourceUpdated), state("b", hour(3).Add(time.Millisecond), pipeline.ResourceDeleted), state("c", hour(3).Add(123*time.Microsecond), pipeline.ResourceCreated)},
	}
	for i, r := range records {
		if err := s.AppendStates(t.Context(), a, r, changed[i], fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	list := func(q pipeline.SyncQuery, want ...collect.SyncRecord) {
		t.Helper()
		q.Connection = a.Connection
		got, err := s.Snapshots(t.Context(), a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		var details []pipeline.SyncDetail
		for _, r := range want {
			details = append(details, pipeline.SyncDetail{Scopes: r.Scopes, SyncSummary: pipeline.SyncSummary{
				ConnectionID: a.Connection, At: r.At, Created: r.Created, Updated: r.Updated, Deleted: r.Deleted, Unchanged: r.Unchanged, Complete: r.Complete,
			}})
		}
		if d := cmp.Diff(details, got, equal()); d != "" {
			t.Errorf("%+v: %s", q, d)
		}
	}
	list(pipeline.SyncQuery{}, records[2], records[1], records[0])
	list(pipeline.SyncQuery{Limit: 1}, records[2])
	list(pipeline.SyncQuery{Before: records[2].At}, records[1], records[0])

	changes := func(q pipeline.SyncChangesQuery, want ...string) {
		t.Helper()
		q.Connection = a.Connection
		got, err := s.SnapshotChanges(t.Context(), a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		var told []string
		for _, c := range got {
			told = append(told, string(c.Change)+" "+c.ID)
		}
		if d := cmp.Diff(want, told); d != "" {
			t.Errorf("%+v: %s", q, d)
		}
	}
	changes(pipeline.SyncChangesQuery{At: hour(1)}, "created a", "created b")
	changes(pipeline.SyncChangesQuery{At: hour(2)})
	changes(pipeline.SyncChangesQuery{At: records[2].At}, "created c", "deleted b", "updated a")
	changes(pipeline.SyncChangesQuery{At: records[2].At, Kinds: []pipeline.ChangeKind{pipeline.ResourceUpdated}}, "updated a")
	changes(pipeline.SyncChangesQuery{At: records[2].At, Limit: 1, Offset: 1}, "deleted b")
}

func TestUnrecognisedResources(t *testing.T) {
	s, a := openStore(t), account()
	gone := named("x9", "gone", "TAPE")
	gone.DeletedAt = hour(2)
	mapped := named("x8", "mapped", "TAPE")
	now := named("x8", "mapped", pipeline.Backup)
	now.SeenAt = hour(2)
	appendStates(t, s, a, named("x2", "b", "TAPE"), named("x1", "a", "TAPE"), named("v", "v", pipeline.Volume), named("o", "o", pipeline.OtherType), gone, mapped, now)
	got, err := s.UnrecognisedResources(t.Context(), a.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.UnrecognisedResources{
		{ConnectionID: a.Connection, ResourceType: "TAPE", Count: 2, Examples: []pipeline.UnrecognisedExample{{ResourceID: "x1", ResourceName: "a"}, {ResourceID: "x2", ResourceName: "b"}}},
		{ConnectionID: a.Connection, ResourceType: "other", Count: 1, Examples: []pipeline.UnrecognisedExample{{ResourceID: "o", ResourceName: "o"}}},
	}
	if d := cmp.Diff(want, got, equal()); d != "" {
		t.Error(d)
	}
}
