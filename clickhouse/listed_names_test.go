package clickhouse

import (
	"testing"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// TestNamesOfTheInventory asks for the cost of resources of which the bill tells no name.
func TestNamesOfTheInventory(t *testing.T) {
	s := openStore(t)
	a := account()
	billed, nameless, unlisted := charge(1, "billed", "3"), charge(1, "nameless", "2"), charge(1, "unlisted", "1")
	nameless.ResourceName, unlisted.ResourceName = "", ""
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, hour(1), "t", []pipeline.Charge{billed, nameless, unlisted}); err != nil {
		t.Fatal(err)
	}
	state := func(id, name string) pipeline.ResourceState {
		return pipeline.ResourceState{Resource: pipeline.Resource{ID: id, Name: name, Type: pipeline.Server, Scope: "s"}, SeenAt: hour(1)}
	}
	states := []pipeline.ResourceState{state("billed", "other"), state("nameless", "web-1")}
	if err := s.AppendStates(t.Context(), a, collect.SyncRecord{At: hour(1)}, states, "t"); err != nil {
		t.Fatal(err)
	}
	q := pipeline.CostQuery{From: hour(0), To: hour(3), Zone: "UTC", GroupBy: []pipeline.Dimension{pipeline.DimResource}}
	answer, err := s.Costs(t.Context(), a.Tenant, q)
	if err != nil || len(answer.Groups) != 3 {
		t.Fatalf("%d groups, %v", len(answer.Groups), err)
	}
	for i, want := range []string{billed.ResourceName, "web-1", "unlisted"} {
		if got := answer.Groups[i].Keys[0].Label; got != want {
			t.Errorf("the label is %q, want %q", got, want)
		}
	}
}
