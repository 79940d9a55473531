package main_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

func mappingBody(word string) map[string]any {
	return map[string]any{
		"kind": "toy", "match": map[string]string{"resource_type": word},
		"to": map[string]string{"resource_type": "backup", "service_category": "Storage", "service_name": " Архив "},
	}
}

func (s suite) TestTypeMappings(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	conn := c.connect("Боевой")
	a := c.post("/api/v1/type-mappings", mappingBody("TAPE")).want(http.StatusCreated)
	if a.text("kind_title") != "Игрушка" || a.text("match", "resource_type") != "TAPE" || a.text("to", "service_name") != "Архив" {
		t.Errorf("made: %s", a.body)
	}
	id := a.text("id")
	c.post("/api/v1/type-mappings", mappingBody("TAPE")).want(http.StatusConflict)
	list := w.asViewer().get("/api/v1/type-mappings").want(http.StatusOK)
	if list.text("mappings", 0, "id") != id || list.text("types", 0, "value") != "server" || list.text("types", 0, "service_category") != "Compute" {
		t.Errorf("listed: %s", list.body)
	}
	if list.text("applications", 0, "connection_id") != conn || list.at("applications", 0, "done") != false || list.at("applications", 0, "fault") != nil {
		t.Errorf("to be applied: %s", list.body)
	}
	a = c.do(http.MethodPut, "/api/v1/type-mappings/"+id, mappingBody("GPU")).want(http.StatusOK)
	if a.text("match", "resource_type") != "GPU" || a.text("id") != id {
		t.Errorf("changed: %s", a.body)
	}
	for _, viewer := range []*answer{
		w.asViewer().post("/api/v1/type-mappings", mappingBody("X")), w.asViewer().do(http.MethodPut, "/api/v1/type-mappings/"+id, mappingBody("X")),
		w.asViewer().do(http.MethodDelete, "/api/v1/type-mappings/"+id, nil),
	} {
		viewer.want(http.StatusForbidden)
	}
	c.do(http.MethodDelete, "/api/v1/type-mappings/"+id, nil).want(http.StatusNoContent)
	c.do(http.MethodDelete, "/api/v1/type-mappings/"+id, nil).want(http.StatusNotFound)
	c.do(http.MethodPut, "/api/v1/type-mappings/"+unknownID, mappingBody("X")).want(http.StatusNotFound)
}

func (s suite) TestTypeMappingFaults(t *testing.T) {
	w := s.world(t)
	f := func(name string, change func(map[string]any), want ...string) {
		t.Helper()
		body := mappingBody("TAPE")
		change(body)
		a := w.asAdmin().post("/api/v1/type-mappings", body).want(http.StatusUnprocessableEntity)
		if got := a.locations(); !slices.Equal(got, want) {
			t.Errorf("%s: faults at %v, want %v: %s", name, got, want, a.body)
		}
	}
	f("a cloud that is none", func(b map[string]any) { b["kind"] = "moon" }, "body.kind")
	f("everything", func(b map[string]any) { b["match"] = map[string]string{"resource_type": ""} }, "body.match")
	f("no such type", func(b map[string]any) { b["to"] = map[string]string{"resource_type": "tape"} }, "body.to.resource_type")
	f("no such category", func(b map[string]any) {
		b["to"] = map[string]string{"resource_type": "backup", "service_category": "Magic"}
	}, "body.to.service_category")
	f("fields that are none", func(b map[string]any) { b["tenant_id"] = "x" }, "body.tenant_id")
}

func (s suite) TestUnrecognised(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	known, odd := pipeline.CostSum{Cost: dec("87.5"), Lines: 9}, pipeline.CostSum{Cost: dec("12.5"), Lines: 3, Unpriced: 1}
	group := func(value, currency string, sum pipeline.CostSum) pipeline.CostGroup {
		return pipeline.CostGroup{Keys: []pipeline.GroupKey{{Value: value}}, Currency: currency, CostSum: sum}
	}
	w.facts.set(func(f *facts) {
		f.shelves[w.alpha.ID].cost = pipeline.CostAnswer{
			Groups: []pipeline.CostGroup{group("false", "RUB", known), group("true", "RUB", odd), group("false", "USD", pipeline.CostSum{Cost: dec("-1")})},
			Totals: []pipeline.CostTotal{{Currency: "RUB", CostSum: pipeline.CostSum{Cost: dec("100"), Lines: 12, Unpriced: 1}}, {Currency: "USD", CostSum: pipeline.CostSum{Cost: dec("-1")}}},
		}
	})
	period := "from=2026-11-01T00:00:00Z&to=2026-11-19T00:00:00Z"
	a := w.asViewer().get("/api/v1/unrecognised?" + period).want(http.StatusOK)
	if a.text("totals", 0, "cost") != "12.5" || a.text("totals", 0, "total") != "100" || a.text("totals", 0, "percent") != "12.5" || a.at("totals", 0, "unpriced") != 1.0 {
		t.Errorf("totals: %s", a.body)
	}
	if a.text("totals", 1, "cost") != "0" || a.at("totals", 1, "percent") != nil {
		t.Errorf("a total below zero: %s", a.body)
	}
	if a.text("groups", 0, "connection_name") != "Боевой" || a.text("groups", 0, "kind_title") != "Игрушка" || a.text("groups", 0, "examples", 0, "fields", 1, "name") != "Tags.env" {
		t.Errorf("groups: %s", a.body)
	}
	if a.text("resources", 0, "resource_type") != "TAPE alpha" || a.at("resources", 0, "count") != 2.0 {
		t.Errorf("resources: %s", a.body)
	}
	if q := w.facts.question; len(q.GroupBy) != 1 || q.GroupBy[0] != pipeline.DimUnrecognised || q.Zone != "Europe/Moscow" {
		t.Errorf("asked %+v", q)
	}
	w.asViewer().get("/api/v1/unrecognised").want(http.StatusUnprocessableEntity)
	a = w.asViewer().get("/api/v1/unrecognised?to=2026-11-01T00:00:00Z&from=2026-11-19T00:00:00Z").want(http.StatusUnprocessableEntity)
	if got := a.locations(); !slices.Equal(got, []string{"query.to"}) {
		t.Errorf("a period that ends before it starts: %s", a.body)
	}
}

func (s suite) TestSnapshots(t *testing.T) {
	w := s.world(t)
	id := w.asAdmin().connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	c, path := w.asViewer(), "/api/v1/connections/"+id+"/snapshots"
	at := now().Add(-time.Hour).Format(time.RFC3339)
	a := c.get(path + "?limit=1").want(http.StatusOK)
	if len(a.at("snapshots").([]any)) != 1 || a.text("next") != at || a.text("snapshots", 0, "at") != at || a.at("snapshots", 0, "deleted") != 1.0 {
		t.Errorf("the first page: %s", a.body)
	}
	failed := a.at("snapshots", 0, "failed").([]any)
	if len(failed) != 1 || object(failed[0])["scope"] != "mail" || len(a.at("snapshots", 0, "scopes").([]any)) != 3 {
		t.Errorf("scopes that failed: %s", a.body)
	}
	a = c.get(path + "?limit=1&before=" + at).want(http.StatusOK)
	if a.at("snapshots", 0, "created") != 2.0 || a.at("next") != nil {
		t.Errorf("the last page: %s", a.body)
	}
	a = c.get(path + "/" + at + "/changes?limit=1").want(http.StatusOK)
	if a.at("more") != true || a.text("changes", 0, "change") != "updated" || a.text("changes", 0, "fields", 0, "new") != "RUNNING" {
		t.Errorf("changes: %s", a.body)
	}
	a = c.get(path + "/" + at + "/changes?change=deleted").want(http.StatusOK)
	if a.at("more") != false || a.text("changes", 0, "id") != "vm-2" || len(a.at("changes").([]any)) != 1 {
		t.Errorf("deleted: %s", a.body)
	}
	c.get(path + "/yesterday/changes").want(http.StatusUnprocessableEntity)
	c.get(path + "/" + at + "/changes?change=unchanged").want(http.StatusUnprocessableEntity)
}

func (s suite) TestResourcesWithSomethingWrong(t *testing.T) {
	w := s.world(t)
	id := w.asAdmin().connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	w.facts.set(func(f *facts) {
		f.shelves[w.alpha.ID].resources[0].Attributes = map[string]string{pipeline.AttributeCondition: pipeline.ConditionZombie}
	})
	c := w.asViewer()
	if a := c.get("/api/v1/resources?condition=zombie&condition=orphan").want(http.StatusOK); a.at("total") != 1.0 {
		t.Errorf("zombies and orphans: %s", a.body)
	}
	if a := c.get("/api/v1/resources?condition=orphan").want(http.StatusOK); a.at("total") != 0.0 {
		t.Errorf("orphans: %s", a.body)
	}
	c.get("/api/v1/resources?condition=healthy").want(http.StatusUnprocessableEntity)
}
