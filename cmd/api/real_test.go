package main_test

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/clickhouse"
	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/cmd/api/stores"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// openFacts gives a ClickHouse of the test's own.
func openFacts(t *testing.T) *clickhouse.Store {
	t.Helper()
	engine := enginetest.New(t, embedded.DefaultConfig())
	cfg := clickhouse.DefaultConfig()
	cfg.DSN = engine.DSN(engine.Database(t))
	store, err := clickhouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return store
}

// fillLedger gives a connection two charges of an hour each, a machine that was changed, a sample, and a balance, all of them
// with the name in every text.
func fillLedger(w *world, store *clickhouse.Store, a collect.Account, name string) {
	w.t.Helper()
	ctx, hour := w.t.Context(), now().Truncate(time.Hour).Add(-2*time.Hour)
	charge := func(id, amount string, start time.Time) pipeline.Charge {
		return pipeline.Charge{
			Line: pipeline.Line{
				ProviderName: name, ServiceName: name, BillingCurrency: "RUB", ChargeCategory: pipeline.Usage, ResourceID: id,
				ResourceName: name, CostStatus: pipeline.Billed, Tags: map[string]string{"env": name},
			},
			Start: start, End: start.Add(time.Hour), Measures: pipeline.Measures{LineCount: 1, BilledCost: dec(amount), EffectiveCost: dec(amount)},
		}
	}
	w.must(store.Append(ctx, a, pipeline.Slice{Source: "accrual", From: hour, To: hour.Add(2 * time.Hour)}, hour, "token-"+name, []pipeline.Charge{
		charge("vm-1", "0.100000000000000001", hour), charge("vm-2", "12345678901234.5", hour.Add(time.Hour)),
	}))
	state := pipeline.ResourceState{
		Resource: pipeline.Resource{ID: "vm-1", Type: pipeline.Server, Name: name, Status: "STOPPED", VCPU: 2}, ConnectionID: a.Connection,
		Change: pipeline.ResourceCreated, SeenAt: hour,
	}
	w.must(store.AppendStates(ctx, a, collect.SyncRecord{At: hour, Created: 1, Complete: true}, []pipeline.ResourceState{state}, "s1"+name))
	state.Status, state.Change, state.SeenAt = "RUNNING", pipeline.ResourceUpdated, hour.Add(time.Hour)
	state.Changes = []pipeline.FieldChange{{Field: "status", Old: "STOPPED", New: "RUNNING"}}
	w.must(store.AppendStates(ctx, a, collect.SyncRecord{At: hour.Add(time.Hour), Updated: 1, Complete: true}, []pipeline.ResourceState{state}, "s2"+name))
	_, err := store.AppendSamples(ctx, a, []pipeline.Sample{{ResourceID: "vm-1", Metric: pipeline.CPUPercent, Time: hour, Value: 12.5}})
	w.must(err)
	w.must(store.AppendAccount(ctx, a, pipeline.AccountState{ObservedAt: hour, Currency: "RUB", Balance: decOrNil("100.10")}))
}

// TestOnBothEngines asks every kind of question of a PostgreSQL and a ClickHouse.
func (s suite) TestOnBothEngines(t *testing.T) {
	store := openFacts(t)
	w := s.world(t, func(d *server.Deps) { d.Facts = stores.Facts{Store: store} })
	t.Run("Answers", func(t *testing.T) { askReal(t, w, store) })
	t.Run("Oddities", func(t *testing.T) { oddities(t, w) })
	t.Run("Isolation", func(t *testing.T) {
		isolation(t, w, func(conn pipeline.ConnectionID) {
			fillLedger(w, store, collect.Account{Tenant: w.alpha.ID, Connection: conn}, "alpha-secret")
		})
	})
}

// oddities are requests that are odd but no errors of ours: no answer to them may be a 5xx.
func oddities(t *testing.T, w *world) {
	c := w.asAdmin()
	period := "&from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z"
	for _, path := range []string{
		"/resources?connection=none", "/resources?connection=" + unknownID, "/resources?after=garbage", "/resources?after=%27%20OR%201", "/resources?type=%00",
		"/resources?q=%00", "/resources?q=%ff", "/resources?q=%zz", "/resources?q=%25_%5C%27%22", "/resources?q=" + strings.Repeat("я", 200),
		"/resource?connection=" + unknownID + "&id=%00", "/resource?connection=" + unknownID + "&id=%27", "/resource/history?connection=" + unknownID + "&id=x",
		"/usage?connection=" + unknownID + "&resource=%27&metric=nonsense" + period, "/usage?connection=" + unknownID + "&resource=x&step=1" + period,
		"/usage?connection=" + unknownID + "&resource=x&from=2000-01-01T00:00:00Z&to=2099-12-31T00:00:00Z",
		"/usage/summary?connection=none" + period, "/usage/summary?from=2000-01-01T00:00:00Z&to=2099-12-31T00:00:00Z",
		"/dimensions/tag:%27%60%5C/values", "/dimensions/tag:%00/values", "/dimensions/tag:/values", "/dimensions/service/values?q=%25%27", "/dimensions/%ff/values",
		"/budgets/x", "/connections/%00", "/runway?until=%00", "/runway?until=9999-12-31", "/runway?until=0000-00-00", "/reconciliation?connection=%00", "/reconciliation?connection=none", "/reconciliation?month=2026-13", "/closing-documents?month=%27", "/telegram/chats", "/dashboards/%00",
	} {
		if a := c.get("/api/v1" + path); a.status >= 500 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	filter := func(op, dimension string, values ...string) map[string]any {
		return costBody(map[string]any{"filter": map[string]any{"op": op, "dimension": dimension, "values": values}, "group_by": []string{dimension}})
	}
	for _, body := range []any{
		filter("equals", "tag:a'b`c\\", "x'y\\z`"), filter("contains", "service", "%_'\\"), filter("in", "connection", "none", "x"), filter("has_tag", "tag:ключ"),
		filter("in", "unrecognised", "maybe"), filter("equals", "currency", "рубль"), filter("in", "resource"), filter("contains", "resource", strings.Repeat("\x00", 3)),
		costBody(map[string]any{"from": "2000-01-01T00:00:00Z", "to": "2099-12-31T00:00:00Z", "step": "month", "compare": "previous_period"}),
		costBody(map[string]any{"zone": "../../etc/passwd"}), costBody(map[string]any{"zone": "Local"}), costBody(map[string]any{"zone": "Pacific/Apia", "step": "day"}),
		costBody(map[string]any{"as_of": "0001-01-01T00:00:00Z"}), costBody(map[string]any{"as_of": "9999-12-31T23:59:59Z"}),
		`{"from":"2026-11-01T00:00:00Z","to":"2026-11-08T00:00:00Z","zone":"\u0000"}`, `{"from":"2026-11-01T00:00:00.123456789Z","to":"2026-11-01T00:00:00.2Z"}`,
		strings.Repeat("[", 20000), `{"filter":` + strings.Repeat(`{"op":"not","args":[`, 3000),
	} {
		if a := c.post("/api/v1/costs/query", body); a.status >= 500 {
			t.Errorf("%.200v: %d %s", body, a.status, a.body)
		}
	}
	if a := c.get("/api/v1/resources?after=garbage").want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), []string{"query.after"}) {
		t.Errorf("a wrong cursor: %s", a.body)
	}
	for _, body := range []string{
		`{"kind":"toy","name":"a\u0000b","settings":{"login":"x","password":"y"}}`, `{"kind":"toy","name":"a","settings":{"login":"\u0000","password":"y"}}`,
		`{"kind":"toy\u0000","name":"a","settings":null}`, `{"kind":"toy","name":"\ud800","settings":{"login":"x","password":"y"}}`, `null`, `"x"`, `{`,
	} {
		if a := c.post("/api/v1/connections", body); a.status >= 500 {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	for _, name := range []string{"\x00", "\u202e", strings.Repeat("😀", 200)} {
		if a := c.post("/api/v1/budgets", budgetBody(name)); a.status >= 500 {
			t.Errorf("%q: %d %s", name, a.status, a.body)
		}
	}
	w.nobody().post("/api/v1/session", `{"email":"a\u0000@b","password":"x"}`).want(http.StatusBadRequest)
	for _, key := range []string{"ÿ", strings.Repeat("k", 300), "ключ"} {
		if a := c.with("Idempotency-Key", key).post("/api/v1/budgets", budgetBody("k")); a.status >= 500 {
			t.Errorf("key %q: %d %s", key, a.status, a.body)
		}
	}
}

func askReal(t *testing.T, w *world, store *clickhouse.Store) {
	c := w.asAdmin()
	id := c.connect("Боевой")
	fillLedger(w, store, collect.Account{Tenant: w.alpha.ID, Connection: pipeline.ConnectionID(id)}, "beta")
	query := map[string]any{"from": "2026-11-18T00:00:00+03:00", "to": "2026-11-19T00:00:00+03:00", "step": "hour", "group_by": []string{"connection", "tag:env"}}
	a := c.post("/api/v1/costs/query", query).want(http.StatusOK)
	if a.text("totals", 0, "cost") != "12345678901234.600000000000000001" || a.text("groups", 0, "keys", 0, "label") != "Боевой" || a.text("groups", 0, "keys", 1, "value") != "beta" {
		t.Errorf("costs: %s", a.body)
	}
	if steps := a.at("steps").([]any); len(steps) != 24 || len(a.at("totals", 0, "series").([]any)) != 24 {
		t.Errorf("%d steps", len(steps))
	}
	if a = c.get("/api/v1/resources?q=BETA&type=server&limit=1").want(http.StatusOK); a.text("resources", 0, "status") != "RUNNING" || a.at("total") != 1.0 {
		t.Errorf("resources: %s", a.body)
	}
	one := "connection=" + id + "&id=vm-1"
	if a = c.get("/api/v1/resource/history?" + one).want(http.StatusOK); a.text("states", 0, "changes", 0, "new") != "RUNNING" || a.text("states", 1, "change") != "created" {
		t.Errorf("history: %s", a.body)
	}
	c.get("/api/v1/resource?" + one).want(http.StatusOK)
	c.get("/api/v1/resource?connection=" + unknownID + "&id=vm-1").want(http.StatusNotFound)
	period := "&from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z"
	if a = c.get("/api/v1/usage?connection=" + id + "&resource=vm-1" + period).want(http.StatusOK); a.at("series", 0, "values", 0) != 12.5 {
		t.Errorf("usage: %s", a.body)
	}
	if a = c.get("/api/v1/usage/summary?connection=" + id + period).want(http.StatusOK); a.at("summaries", 0, "max") != 12.5 {
		t.Errorf("summary: %s", a.body)
	}
	if a = c.get("/api/v1/balances").want(http.StatusOK); a.text("balances", 0, "balance") != "100.1" || a.text("balances", 0, "connection_name") != "Боевой" {
		t.Errorf("balances: %s", a.body)
	}
	// Two hours cost 0.1 and twelve trillion; the second took all money in the moment after it was seen.
	if a = c.get("/api/v1/runway").want(http.StatusOK); a.text("accounts", 0, "state") != "out" || a.text("accounts", 0, "connection_name") != "Боевой" ||
		a.text("accounts", 0, "ends_at") != "2026-11-18T08:00:00Z" || a.text("accounts", 0, "suspended_at") != "2026-11-19T08:00:00Z" {
		t.Errorf("runway: %s", a.body)
	}
	c.do(http.MethodPut, "/api/v1/closing-documents", map[string]any{"connection_id": id, "month": "2026-11", "total": "12345678901235.60"}).want(http.StatusOK)
	a = c.get("/api/v1/reconciliation?month=2026-11&connection=" + id).want(http.StatusOK)
	if a.text("rows", 0, "ours") != "12345678901234.600000000000000001" || a.text("rows", 0, "difference") != "0.999999999999999999" || a.text("rows", 0, "items", 0, "amount") != "-0.000000000000000001" || a.text("rows", 0, "items", 1, "amount") != "1" {
		t.Errorf("reconciliation: %s", a.body)
	}
	if a = c.get("/api/v1/connections/" + id + "/syncs").want(http.StatusOK); a.at("syncs", 0, "updated") != 1.0 {
		t.Errorf("syncs: %s", a.body)
	}
	values := c.get("/api/v1/dimensions").want(http.StatusOK).at("dimensions").([]any)
	if !slices.ContainsFunc(values, func(v any) bool { return object(v)["name"] == "tag:env" }) {
		t.Errorf("dimensions: %v", values)
	}
	budget := c.post("/api/v1/budgets", budgetBody("Все")).want(http.StatusCreated)
	if budget.text("spent") != "12345678901234.600000000000000001" {
		t.Errorf("budget: %s", budget.body)
	}
	c.do(http.MethodDelete, "/api/v1/connections/"+id, nil).want(http.StatusNoContent)
	if a = c.post("/api/v1/costs/query", query).want(http.StatusOK); len(a.at("totals").([]any)) != 0 {
		t.Errorf("costs of a deleted connection: %s", a.body)
	}
}
