package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func tape(to pipeline.ResourceType) pipeline.TypeMapping {
	return pipeline.TypeMapping{Kind: "beget", Match: pipeline.TypeMatch{ResourceType: "TAPE"}, To: pipeline.TypeTarget{ResourceType: to}}
}

func mapType(t *testing.T, s *postgres.Store, tn pipeline.TenantID, m pipeline.TypeMapping) pipeline.TypeMapping {
	t.Helper()
	made, err := s.CreateTypeMapping(t.Context(), tn, m)
	must(t, err)
	return made
}

func retypings(t *testing.T, s *postgres.Store, tn pipeline.TenantID) []pipeline.Retyping {
	t.Helper()
	list, err := s.Retypings(t.Context(), tn)
	must(t, err)
	return list
}

func claimRetyping(t *testing.T, s *postgres.Store, lease time.Duration) collect.Retyping {
	t.Helper()
	r, ok, err := s.ClaimRetyping(t.Context(), "me", lease)
	must(t, err)
	if !ok {
		t.Fatal("there is no retyping to claim")
	}
	return r
}

func noRetyping(t *testing.T, s *postgres.Store) {
	t.Helper()
	if r, ok, err := s.ClaimRetyping(t.Context(), "me", time.Minute); ok || err != nil {
		t.Errorf("claimed %+v, %v", r, err)
	}
}

func TestTypeMappings(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	author := member(t, s, tn, "ivan@example.ru")
	want := pipeline.TypeMapping{
		Kind: "beget", Match: pipeline.TypeMatch{ResourceType: "TAPE", ServiceName: "Ленты", SkuPrefix: "t-"},
		To: pipeline.TypeTarget{ResourceType: pipeline.Backup, ServiceCategory: "Storage", ServiceName: "Архив"}, CreatedBy: author.ID,
	}
	made := mapType(t, s, tn, want)
	want.ID, want.TenantID, want.CreatedAt, want.UpdatedAt = made.ID, tn, made.CreatedAt, made.UpdatedAt
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
	if _, err := s.CreateTypeMapping(t.Context(), tn, want); !errors.Is(err, pipeline.ErrConflict) {
		t.Errorf("two mappings of the same words: %v", err)
	}
	want.Kind, want.Match.SkuPrefix, want.To = "yandex", "", pipeline.TypeTarget{ResourceType: pipeline.Volume}
	changed, err := s.UpdateTypeMapping(t.Context(), tn, want)
	must(t, err)
	want.UpdatedAt = changed.UpdatedAt
	for name, list := range map[string]func() (pipeline.TypeMappings, error){
		"of the kind": func() (pipeline.TypeMappings, error) { return s.TypeMappings(t.Context(), tn, "yandex") },
		"of all":      func() (pipeline.TypeMappings, error) { return s.TypeMappingsOf(t.Context(), tn) },
	} {
		got, err := list()
		if diff := cmp.Diff(pipeline.TypeMappings{want}, got); diff != "" || err != nil {
			t.Error(name, diff, err)
		}
	}
	if got, err := s.TypeMappings(t.Context(), tn, "beget"); len(got) != 0 || err != nil {
		t.Errorf("of the kind that it was for before: %v, %v", got, err)
	}
	must(t, s.DeleteTypeMapping(t.Context(), tn, made.ID))
	if err := s.DeleteTypeMapping(t.Context(), tn, made.ID); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("deleted twice: %v", err)
	}
}

func TestTypeMappingsOfAnotherTenant(t *testing.T) {
	s := pgtest.Open(t)
	tn, other := tenant(t, s), tenant(t, s)
	mine := connect(t, s, tn, "beget", "Облако")
	connect(t, s, other, "beget", "Облако")
	made := mapType(t, s, tn, tape(pipeline.Backup))
	if _, err := s.UpdateTypeMapping(t.Context(), other, made); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("changed: %v", err)
	}
	if err := s.DeleteTypeMapping(t.Context(), other, made.ID); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("deleted: %v", err)
	}
	if got, err := s.TypeMappingsOf(t.Context(), other); len(got) != 0 || err != nil {
		t.Errorf("listed: %v, %v", got, err)
	}
	if got := retypings(t, s, other); len(got) != 0 {
		t.Errorf("another's connections are to be retyped: %v", got)
	}
	if got := retypings(t, s, tn); len(got) != 1 || got[0].ConnectionID != mine.Connection || got[0].Done {
		t.Errorf("to be retyped: %+v", got)
	}
}

func TestRetypingIsDoneOnceForEachChange(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	a := connect(t, s, tn, "beget", "Облако")
	connect(t, s, tn, "yandex", "другое")
	noRetyping(t, s)
	made := mapType(t, s, tn, tape(pipeline.Backup))
	r := claimRetyping(t, s, time.Minute)
	want := collect.Retyping{Account: a, Kind: "beget", Version: 1, Lease: r.Lease, Attempt: 1}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	noRetyping(t, s)
	r.DaysDone, r.DaysTotal, r.Lines = 2, 7, 30
	must(t, s.ExtendRetyping(t.Context(), r, time.Minute))
	got := retypings(t, s, tn)
	if len(got) != 1 || got[0].Done || !got[0].Running || got[0].DaysDone != 2 || got[0].DaysTotal != 7 || got[0].Lines != 30 {
		t.Errorf("under way: %+v", got)
	}
	made.To.ResourceType = pipeline.Volume
	_, err := s.UpdateTypeMapping(t.Context(), tn, made)
	must(t, err, s.FinishRetyping(t.Context(), r, nil))
	if retypings(t, s, tn)[0].Done {
		t.Error("done, though the mappings have changed meanwhile")
	}
	again := claimRetyping(t, s, time.Minute)
	if again.Version != 2 || again.Attempt != 1 {
		t.Errorf("claimed again: %+v", again)
	}
	must(t, s.FinishRetyping(t.Context(), again, nil))
	if got := retypings(t, s, tn)[0]; !got.Done || got.FinishedAt.IsZero() || got.Running {
		t.Errorf("done: %+v", got)
	}
	noRetyping(t, s)
	if err := s.FinishRetyping(t.Context(), again, nil); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("finished twice: %v", err)
	}
	must(t, s.DeleteTypeMapping(t.Context(), tn, made.ID))
	if r := claimRetyping(t, s, time.Minute); r.Version != 3 {
		t.Errorf("undone: %+v", r)
	}
}

func TestRetypingOfADeadCollectorIsTakenUp(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	connect(t, s, tn, "beget", "Облако")
	mapType(t, s, tn, tape(pipeline.Backup))
	dead := claimRetyping(t, s, time.Millisecond)
	var taken collect.Retyping
	for ok := false; !ok; { // until the lease has run out
		var err error
		taken, ok, err = s.ClaimRetyping(t.Context(), "other", time.Minute)
		must(t, err)
	}
	if taken.Attempt != 2 || taken.Version != 1 {
		t.Errorf("taken up: %+v", taken)
	}
	if err := s.ExtendRetyping(t.Context(), dead, time.Minute); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("the dead one extends: %v", err)
	}
	if err := s.FinishRetyping(t.Context(), dead, nil); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("the dead one finishes: %v", err)
	}
	taken.RetryAt = time.Now().Add(time.Hour)
	must(t, s.FinishRetyping(t.Context(), taken, noPower))
	if got := retypings(t, s, tn)[0]; got.Done || got.Fault == nil || got.Fault.Text != noPower.Text {
		t.Errorf("failed: %+v", got)
	}
	noRetyping(t, s)
}

func TestRetypingKnowsOfWindowsThatBeganBefore(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	a := connect(t, s, tn, "beget", "Облако")
	days(t, s, a, 3, 0)
	one := map[pipeline.Kind]int{"beget": 1}
	w := claim(t, s, 1, one)[0]
	mapType(t, s, tn, tape(pipeline.Backup))
	r := claimRetyping(t, s, time.Minute)
	if !r.Unsettled {
		t.Error("a window of before the change is under way, and that is not known")
	}
	r.RetryAt = time.Now().Add(-time.Second)
	must(t, s.FinishRetyping(t.Context(), r, nil))
	finish(t, s, w, collect.Result{})
	if len(claim(t, s, 1, one)) != 1 {
		t.Fatal("there is no second window")
	}
	if r := claimRetyping(t, s, time.Minute); r.Unsettled {
		t.Error("the window under way began with the mappings of now")
	}
}

func TestOfSeveralOneRetypes(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	for _, name := range []string{"a", "b", "c"} {
		connect(t, s, tn, "beget", name)
	}
	mapType(t, s, tn, tape(pipeline.Backup))
	var mu sync.Mutex
	claimed := map[pipeline.ConnectionID]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				r, ok, err := s.ClaimRetyping(t.Context(), "me", time.Minute)
				if !ok || err != nil {
					return
				}
				mu.Lock()
				claimed[r.Account.Connection]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for id, n := range claimed {
		if n != 1 {
			t.Errorf("%s was claimed %d times", id, n)
		}
	}
	if len(claimed) != 3 {
		t.Errorf("%d of 3 were claimed", len(claimed))
	}
}

func TestMappingMakesTheListingDue(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	a := connect(t, s, tn, "beget", "Облако")
	plan(t, s, a, collect.WindowPlan{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, From: hour, To: hour.Add(time.Hour), DueAt: hour})
	finish(t, s, claim(t, s, 1, nil)[0], collect.Result{})
	if len(claim(t, s, 1, nil)) != 0 {
		t.Fatal("the listing is due though it was done")
	}
	mapType(t, s, tn, tape(pipeline.Backup))
	if got := claim(t, s, 1, nil); len(got) != 1 || got[0].Feed != pipeline.FeedInventory {
		t.Errorf("due: %+v", got)
	}
}
