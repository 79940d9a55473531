package collect_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

func resource(id, scope string) pipeline.Resource {
	return pipeline.Resource{ID: id, Scope: scope, Name: id, Type: pipeline.Server, Rates: []pipeline.Rate{rate("22.00", pipeline.PerDay)}}
}

func held(r pipeline.Resource, seen time.Time) pipeline.ResourceState {
	return pipeline.ResourceState{Resource: r, SeenAt: seen, Change: pipeline.ResourceCreated}
}

func outcome(whole ...string) pipeline.Outcome {
	var o pipeline.Outcome
	for _, s := range whole {
		o.Scopes = append(o.Scopes, pipeline.ScopeResult{Scope: s})
	}
	return o
}

var (
	seen = time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	now  = seen.Add(3 * time.Hour)
)

// kinds tells the changed states as "id change".
func kinds(c collect.Changes) []string {
	var out []string
	for _, s := range c.Changed {
		out = append(out, s.ID+" "+string(s.Change))
	}
	return out
}

func TestSnapshotComparison(t *testing.T) {
	f := func(name string, prev []pipeline.ResourceState, rs []pipeline.Resource, o pipeline.Outcome, want ...string) collect.Changes {
		t.Helper()
		c := collect.Compare(prev, collect.Snapshot{At: now, LastSeen: seen.Add(2 * time.Hour), Resources: rs, Outcome: o})
		if d := cmp.Diff(want, kinds(c)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		return c
	}
	a, b := resource("a", "vps"), resource("b", "db")
	both := []pipeline.ResourceState{held(a, seen), held(b, seen)}
	failed, partial, skipped := outcome("vps", "db"), outcome("vps", "db", "db"), outcome("vps", "db")
	failed.Scopes[1].Fault = &pipeline.Fault{Code: pipeline.FaultUnavailable}
	partial.Scopes[1].Fault = failed.Scopes[1].Fault
	skipped.Scopes[1].Skipped = true

	f("new", nil, []pipeline.Resource{a, a, b}, outcome("vps", "db"), "a created", "b created")
	f("same", both, []pipeline.Resource{a, b}, outcome("vps", "db"))
	c := f("gone", both, []pipeline.Resource{a}, outcome("vps", "db"), "b deleted")
	if got, want := c.Changed[0].DeletedAt, seen.Add(2*time.Hour); !got.Equal(want) {
		t.Errorf("gone since %s, want when it was last seen, %s", got, want)
	}
	f("scope failed", both, []pipeline.Resource{a}, failed)
	f("scope read in part", both, []pipeline.Resource{a}, partial)
	f("scope skipped", both, []pipeline.Resource{a}, skipped)
	f("scope not asked", both, []pipeline.Resource{a}, outcome("vps"))
	f("nothing read", both, nil, pipeline.Outcome{})

	gone := held(b, seen)
	gone.Change, gone.DeletedAt = pipeline.ResourceDeleted, seen
	f("long gone", []pipeline.ResourceState{gone}, nil, outcome("vps", "db"))
	f("back again", []pipeline.ResourceState{gone}, []pipeline.Resource{b}, outcome("db"), "b created")

	removed := a
	removed.Events = []pipeline.ResourceEvent{{Kind: pipeline.EventCreated, Time: seen}, {Kind: pipeline.EventRemoved, Time: seen.Add(time.Hour)}}
	c = f("removed by the cloud's history", both, []pipeline.Resource{removed, b}, outcome("vps", "db"), "a deleted")
	if got := c.Changed[0].DeletedAt; !got.Equal(seen.Add(time.Hour)) {
		t.Errorf("removed at %s", got)
	}
	dead := held(removed, seen)
	dead.DeletedAt = seen.Add(time.Hour)
	f("still removed", []pipeline.ResourceState{dead}, []pipeline.Resource{removed}, outcome("vps"))
	removed.Events[1].Failed = true
	f("removal failed", []pipeline.ResourceState{held(removed, seen)}, []pipeline.Resource{removed}, outcome("vps"))
}

func TestChangedFields(t *testing.T) {
	old := resource("a", "vps")
	old.Tags = map[string]string{"team": "web", "gone": ""}
	old.Volatile = map[string]string{"free": "1"}
	fresh := resource("a", "vps")
	fresh.Name, fresh.VCPU, fresh.Volatile = "b", 4, map[string]string{"free": "2"}
	fresh.Tags = map[string]string{"team": "db"}
	fresh.Rates = []pipeline.Rate{rate("29", pipeline.PerDay)}
	fresh.Events = []pipeline.ResourceEvent{{Kind: pipeline.EventResized, Time: seen}}
	c := collect.Compare([]pipeline.ResourceState{held(old, seen)}, collect.Snapshot{At: seen.Add(-time.Hour), Resources: []pipeline.Resource{fresh}})
	want := []pipeline.FieldChange{
		{Field: "name", Old: "a", New: "b"},
		{Field: "vcpu", Old: "0", New: "4"},
		{Field: "tag.gone", Old: "", New: ""},
		{Field: "tag.team", Old: "web", New: "db"},
		{Field: "rate.", Old: "22 RUB/day VPS estimated", New: "29 RUB/day VPS estimated"},
		{Field: "event.resized", New: "2026-03-05T10:00:00Z"},
	}
	if d := cmp.Diff(want, c.Changed[0].Changes); d != "" {
		t.Error(d)
	}
	if !c.Changed[0].SeenAt.After(seen) {
		t.Errorf("a clock that went back put the new state at %s, before the old one", c.Changed[0].SeenAt)
	}
}
