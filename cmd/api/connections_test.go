package main_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/pipeline"
)

func (s suite) TestProviders(t *testing.T) {
	w := s.world(t)
	a := w.asViewer().get("/api/v1/providers").want(http.StatusOK)
	if a.text(0, "kind") != "toy" || a.text(0, "title") != "Игрушка" || a.at(0, "fields", 1, "secret") != true || a.text(0, "fields", 3, "options", 1, "label") != "Казань" {
		t.Errorf("providers: %s", a.body)
	}
}

func (s suite) TestConnectionLife(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	a := c.post("/api/v1/connections", map[string]any{"kind": "toy", "name": " Первое ", "settings": toySettings("good")}).want(http.StatusCreated)
	id := a.text("id")
	if a.text("name") != "Первое" || a.text("kind_title") != "Игрушка" || a.text("status", "state") != "new" {
		t.Errorf("connection: %s", a.body)
	}
	if diff := cmp.Diff(map[string]any{"login": "good", "region": "ru-1"}, a.at("settings")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"password"}, a.at("secrets_set")); diff != "" {
		t.Error(diff)
	}
	list := w.asViewer().get("/api/v1/connections").want(http.StatusOK)
	if list.text("connections", 0, "id") != id {
		t.Errorf("connections: %s", list.body)
	}
	w.asViewer().get("/api/v1/connections/" + id).want(http.StatusOK)
	w.asViewer().get("/api/v1/connections/" + id + "/status").want(http.StatusOK)
	for _, part := range []string{"windows", "runs", "syncs"} {
		w.asViewer().get("/api/v1/connections/" + id + "/" + part + "?limit=5").want(http.StatusOK)
		w.asViewer().get("/api/v1/connections/" + id + "/" + part + "?limit=0").want(http.StatusUnprocessableEntity)
		w.asViewer().get("/api/v1/connections/" + unknownID + "/" + part).want(http.StatusNotFound)
	}
	c.post("/api/v1/connections/"+id+"/sync", nil).want(http.StatusAccepted)
	c.post("/api/v1/connections/"+unknownID+"/sync", nil).want(http.StatusNotFound)

	c.do(http.MethodDelete, "/api/v1/connections/"+id, nil).want(http.StatusNoContent)
	c.get("/api/v1/connections/" + id).want(http.StatusNotFound)
	c.do(http.MethodDelete, "/api/v1/connections/"+id, nil).want(http.StatusNotFound)
	if !slices.Contains(w.facts.deleted, pipeline.ConnectionID(id)) {
		t.Error("the facts of a deleted connection stay")
	}
}

func (s suite) TestDeleteConnectionWhileFactsAreAway(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("One")
	w.facts.set(func(f *facts) { f.fail = errAway() })
	c.do(http.MethodDelete, "/api/v1/connections/"+id, nil).want(http.StatusServiceUnavailable)
	if c.get("/api/v1/connections/"+id).want(http.StatusOK).at("paused") != true {
		t.Error("a connection whose facts could not be deleted goes on collecting")
	}
	w.facts.set(func(f *facts) { f.fail = nil })
	c.do(http.MethodDelete, "/api/v1/connections/"+id, nil).want(http.StatusNoContent)
}

func (s suite) TestEditConnection(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("One")
	path := "/api/v1/connections/" + id
	version := c.get(path).at("version")
	a := c.do(http.MethodPatch, path, map[string]any{"version": version, "name": "Two", "settings": map[string]string{"region": "ru-2", "password": ""}}).want(http.StatusOK)
	if a.text("name") != "Two" || a.text("settings", "region") != "ru-2" || a.text("settings", "login") != "good" || a.text("secrets_set", 0) != "password" {
		t.Errorf("connection: %s", a.body)
	}
	held, err := w.store.Settings(t.Context(), w.alpha.ID, pipeline.ConnectionID(id))
	w.must(err)
	if held["password"] != password+marker {
		t.Error("an edit without the secret lost it")
	}
	c.do(http.MethodPatch, path, map[string]any{"version": version, "name": "Three"}).want(http.StatusConflict)
	version = a.at("version")
	a = c.do(http.MethodPatch, path, map[string]any{"version": version, "settings": map[string]string{"password": "new" + marker, "otp": "1" + marker}}).want(http.StatusOK)
	if held, err = w.store.Settings(t.Context(), w.alpha.ID, pipeline.ConnectionID(id)); err != nil || held["password"] != "new"+marker || held["otp"] != "1"+marker {
		t.Errorf("the secret is not the one given: %v", err)
	}
	a = c.do(http.MethodPatch, path, map[string]any{"version": a.at("version"), "paused": true}).want(http.StatusOK)
	if a.at("paused") != true {
		t.Errorf("connection: %s", a.body)
	}
	c.post(path+"/sync", nil).want(http.StatusConflict)

	c.connect("Four")
	a = c.do(http.MethodPatch, path, map[string]any{"version": a.at("version"), "name": "Four"}).want(http.StatusConflict)
	if !slices.Equal(a.locations(), []string{"body.name"}) {
		t.Errorf("faults: %s", a.body)
	}
}

func (s suite) TestConnectionFaults(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("One")
	path := "/api/v1/connections/" + id
	version := c.get(path).at("version")
	f := func(name, method, path string, body any, want ...string) {
		t.Helper()
		a := c.do(method, path, body).want(http.StatusUnprocessableEntity)
		if got := a.locations(); !slices.Equal(got, want) {
			t.Errorf("%s: faults at %v, want %v: %s", name, got, want, a.body)
		}
	}
	create := func(settings map[string]string) any {
		return map[string]any{"kind": "toy", "name": "New", "settings": settings}
	}
	f("unknown kind", "POST", "/api/v1/connections", map[string]any{"kind": "nimbus", "name": "New", "settings": map[string]string{}}, "body.kind")
	f("nothing given", "POST", "/api/v1/connections", create(nil), "body.settings")
	f("missing and unknown", "POST", "/api/v1/connections", create(map[string]string{"pasword": marker, "zone": "x", "region": "us-1"}),
		"body.settings.pasword", "body.settings.zone", "body.settings.login", "body.settings.password", "body.settings.region")
	f("the provider refuses", "POST", "/api/v1/connections", create(toySettings("refused")), "body.settings.login")
	f("too long", "POST", "/api/v1/connections", create(map[string]string{"login": strings.Repeat("x", 40000), "password": "p"}), "body.settings.login")
	f("an empty name", "POST", "/api/v1/connections", map[string]any{"kind": "toy", "name": "", "settings": toySettings("good")}, "body.name")
	f("test of unknown kind", "POST", "/api/v1/connections/test", map[string]any{"kind": "nimbus", "settings": map[string]string{}}, "body.kind")
	f("test without password", "POST", "/api/v1/connections/test", map[string]any{"kind": "toy", "settings": map[string]string{"login": "x"}}, "body.settings.password")
	f("edit clears what is required", "PATCH", path, map[string]any{"version": version, "settings": map[string]string{"login": ""}}, "body.settings.login")
	f("edit of an unknown field", "PATCH", path, map[string]any{"version": version, "settings": map[string]string{"x": "y"}}, "body.settings.x")
	f("edit without version", "PATCH", path, map[string]any{"name": "x"}, "body")
	f("edit of the kind", "PATCH", path, map[string]any{"version": version, "kind": "toy"}, "body.kind")
	f("no id", "GET", "/api/v1/connections/one", nil, "path.id")
	c.post("/api/v1/connections", map[string]any{"kind": "toy", "name": "One", "settings": toySettings("good")}).want(http.StatusConflict)
	c.do(http.MethodPatch, "/api/v1/connections/"+unknownID, map[string]any{"version": 1, "name": "x"}).want(http.StatusNotFound)
	if strings.Contains(w.log.String(), marker) {
		t.Error("a secret in the log")
	}
}

func (s suite) TestTestOfConnection(t *testing.T) {
	w := s.world(t, func(d *server.Deps) { d.Config.ProbeTimeout = 50 * time.Millisecond })
	c := w.asAdmin()
	try := func(login, pass string) *answer {
		t.Helper()
		return c.post("/api/v1/connections/test", map[string]any{"kind": "toy", "settings": map[string]string{"login": login, "password": pass}}).want(http.StatusOK)
	}
	if a := try("good", password+marker); a.at("ok") != true || a.text("scopes", 0, "label") != "Серверы" || a.at("scopes", 0, "found") != 3.0 {
		t.Errorf("test: %s", a.body)
	}
	if a := try("good", "wrong"+marker); a.at("ok") != false || a.text("faults", 0, "code") != "credentials" || a.text("faults", 0, "text") != "пароль *** неверен" {
		t.Errorf("test: %s", a.body)
	}
	if a := try("broken", password+marker); a.at("ok") != false || a.text("faults", 0, "code") != "internal" {
		t.Errorf("test: %s", a.body)
	}
	if a := try("slow", password+marker); a.at("ok") != false || a.text("faults", 0, "code") != "timeout" {
		t.Errorf("test: %s", a.body)
	}
	a := try("partial", password+marker)
	if a.at("ok") != true || a.text("faults", 0, "scope") != "mail" || len(a.at("faults").([]any)) != 1 || a.at("scopes", 1, "skipped") != true {
		t.Errorf("test: %s", a.body)
	}
	id := c.connect("One")
	if a := c.post("/api/v1/connections/"+id+"/test", nil).want(http.StatusOK); a.at("ok") != true {
		t.Errorf("test of what is held: %s", a.body)
	}
	if a := c.post("/api/v1/connections/"+id+"/test", map[string]any{"settings": map[string]string{"password": "wrong"}}).want(http.StatusOK); a.at("ok") != false {
		t.Errorf("test of other settings: %s", a.body)
	}
	c.post("/api/v1/connections/"+unknownID+"/test", nil).want(http.StatusNotFound)
	if strings.Contains(w.log.String(), marker) {
		t.Error("a secret in the log")
	}
}

func (s suite) TestViewersChangeNothing(t *testing.T) {
	w := s.world(t)
	id := w.asAdmin().connect("One")
	path := "/api/v1/connections/" + id
	for _, r := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/api/v1/connections", map[string]any{"kind": "toy", "name": "x", "settings": toySettings("good")}},
		{"PATCH", path, map[string]any{"version": 1, "name": "x"}},
		{"DELETE", path, nil},
		{"POST", path + "/sync", nil},
		{"POST", path + "/test", nil},
		{"POST", "/api/v1/connections/test", map[string]any{"kind": "toy", "settings": toySettings("good")}},
		{"POST", "/api/v1/budgets", budgetBody("x")},
		{"PUT", "/api/v1/budgets/" + unknownID, budgetBody("x")},
		{"DELETE", "/api/v1/budgets/" + unknownID, nil},
	} {
		if a := w.asViewer().do(r.method, r.path, r.body); a.status != http.StatusForbidden {
			t.Errorf("%s %s by a viewer: %d", r.method, r.path, a.status)
		}
		if a := w.nobody().do(r.method, r.path, r.body); a.status != http.StatusUnauthorized {
			t.Errorf("%s %s by nobody: %d", r.method, r.path, a.status)
		}
	}
	w.asAdmin().get(path).want(http.StatusOK)
}

func (s suite) TestIdempotencyKey(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin().with("Idempotency-Key", "key-1")
	body := map[string]any{"kind": "toy", "name": "One", "settings": toySettings("good")}
	first := c.post("/api/v1/connections", body).want(http.StatusCreated)
	again := c.post("/api/v1/connections", body).want(http.StatusCreated)
	if first.text("id") != again.text("id") || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %s, again %s", first.body, again.body)
	}
	if n := len(c.get("/api/v1/connections").at("connections").([]any)); n != 1 {
		t.Errorf("%d connections", n)
	}
	body["name"] = "Two"
	if a := c.post("/api/v1/connections", body).want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), []string{"header.Idempotency-Key"}) {
		t.Errorf("faults: %s", a.body)
	}
	w.asOther().with("Idempotency-Key", "key-1").post("/api/v1/connections", body).want(http.StatusCreated)

	failed := w.asAdmin().with("Idempotency-Key", "key-2")
	failed.post("/api/v1/connections", map[string]any{"kind": "nimbus", "name": "x", "settings": map[string]string{}}).want(http.StatusUnprocessableEntity)
	failed.post("/api/v1/connections", map[string]any{"kind": "toy", "name": "Three", "settings": toySettings("good")}).want(http.StatusCreated)

	tokens := w.asAdmin().with("Idempotency-Key", "key-3")
	token := tokens.post("/api/v1/tokens", map[string]string{"name": "ci"}).want(http.StatusCreated)
	if a := tokens.post("/api/v1/tokens", map[string]string{"name": "ci"}).want(http.StatusCreated); a.text("id") != token.text("id") || a.text("token") != "" {
		t.Errorf("a token is kept: %s", a.body)
	}
	budgets := w.asAdmin().with("Idempotency-Key", "key-4")
	one := budgets.post("/api/v1/budgets", budgetBody("one")).want(http.StatusCreated)
	if a := budgets.post("/api/v1/budgets", budgetBody("one")).want(http.StatusCreated); a.text("id") != one.text("id") {
		t.Errorf("a second budget: %s", a.body)
	}
}
