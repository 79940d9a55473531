package main_test

import (
	"math"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
)

func costBody(change map[string]any) map[string]any {
	b := map[string]any{"from": "2026-11-01T00:00:00+03:00", "to": "2026-11-08T00:00:00+03:00"}
	for k, v := range change {
		b[k] = v
	}
	return b
}

func (s suite) TestCosts(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	a := w.asViewer().post("/api/v1/costs/query", costBody(map[string]any{
		"step": "day", "group_by": []string{"connection"}, "compare": "previous_period", "top": 5, "as_of": "2026-11-08T00:00:00Z",
		"filter": map[string]any{"op": "and", "args": []any{
			map[string]any{"op": "in", "dimension": "tag:env", "values": []string{"prod"}},
			map[string]any{"op": "not", "args": []any{map[string]any{"op": "contains", "dimension": "service", "values": []string{"x"}}}},
		}},
	})).want(http.StatusOK)
	if got := a.text("groups", 0, "cost"); got != "1234567890123456.123456789012345678" {
		t.Errorf("cost %s: money lost digits", got)
	}
	if got := a.text("groups", 0, "keys", 0, "label"); got != "Боевой" {
		t.Errorf("label %q, want the connection's name", got)
	}
	if a.at("groups", 1, "other") != true || a.text("groups", 0, "previous", "estimated") != "0.5" || a.at("totals", 0, "previous") != nil || a.at("totals", 0, "unpriced") != 2.0 {
		t.Errorf("answer: %s", a.body)
	}
	if a.at("data", "collected_at") != nil {
		t.Errorf("nothing was collected yet: %s", a.body)
	}
	want := pipeline.CostQuery{
		From: time.Date(2026, 10, 31, 21, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 7, 21, 0, 0, 0, time.UTC), Zone: "Europe/Moscow",
		Step: pipeline.StepDay, GroupBy: []pipeline.Dimension{pipeline.DimConnection}, Metric: pipeline.MetricBilledCost,
		AsOf: time.Date(2026, 11, 8, 0, 0, 0, 0, time.UTC), Compare: pipeline.ComparePrevious, Top: 5,
		Filter: &pipeline.Filter{Op: pipeline.OpAnd, Args: []pipeline.Filter{
			{Op: pipeline.OpIn, Dimension: "tag:env", Values: []string{"prod"}},
			{Op: pipeline.OpNot, Args: []pipeline.Filter{{Op: pipeline.OpContains, Dimension: pipeline.DimService, Values: []string{"x"}}}},
		}},
	}
	if diff := cmp.Diff(want, w.facts.question); diff != "" {
		t.Errorf("the question differs:\n%s", diff)
	}
	w.asOther().post("/api/v1/costs/query", costBody(nil)).want(http.StatusOK)
	if w.facts.question.Zone != "UTC" {
		t.Errorf("zone %s, want the organisation's", w.facts.question.Zone)
	}
}

// TestCurrency asks in another currency, and for the rates behind the answer.
func (s suite) TestCurrency(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	w.facts.set(func(f *facts) { f.shelves[w.alpha.ID].cost.Unconverted = []string{"XAU"} })
	a := w.asViewer().post("/api/v1/costs/query", costBody(map[string]any{"currency": "USD"})).want(http.StatusOK)
	if w.facts.question.Currency != "USD" || a.text("unconverted", 0) != "XAU" {
		t.Errorf("asked in %q: %s", w.facts.question.Currency, a.body)
	}
	a = c.post("/api/v1/budgets", map[string]any{"name": "Доллары", "amount": "100", "currency": "USD"}).want(http.StatusCreated)
	if w.facts.question.Currency != "USD" || a.text("unconverted", 0) != "XAU" {
		t.Errorf("a budget asks in %q: %s", w.facts.question.Currency, a.body)
	}
	a = w.asViewer().get("/api/v1/rates?currency=KZT").want(http.StatusOK)
	if a.text("base") != "RUB" || a.text("rates", 0, "rate") != "0.154321" || a.text("rates", 0, "value") != "15.4321" || a.text("rates", 0, "date") != "2026-11-18" {
		t.Errorf("rates: %s", a.body)
	}
	day := func(d int) time.Time { return time.Date(2026, 11, d, 0, 0, 0, 0, time.UTC) }
	want := pipeline.RateQuery{Currencies: []string{"KZT"}, From: day(19).AddDate(0, 0, -30), To: day(20)}
	if diff := cmp.Diff(want, w.facts.ratesAsked); diff != "" {
		t.Error(diff)
	}
	w.asViewer().get("/api/v1/rates?from=2026-11-02&to=2026-11-03").want(http.StatusOK)
	if diff := cmp.Diff(pipeline.RateQuery{From: day(2), To: day(4)}, w.facts.ratesAsked); diff != "" {
		t.Error(diff)
	}
	for query, at := range map[string]string{"from=2026-11-02&to=2026-11-01": "query.to", "from=2016-11-02&to=2026-11-01": "query.to", "from=x": "query.from", "to=2026-13-01": "query.to", "currency=usd": "query.currency"} {
		if got := w.asViewer().get("/api/v1/rates?" + query).want(http.StatusUnprocessableEntity).locations(); !slices.Equal(got, []string{at}) {
			t.Errorf("%s: faults at %v", query, got)
		}
	}
	w.nobody().get("/api/v1/rates").want(http.StatusUnauthorized)
}

func (s suite) TestCostFaults(t *testing.T) {
	w := s.world(t)
	c := w.asViewer()
	f := func(name string, body any, status int, want ...string) {
		t.Helper()
		a := c.post("/api/v1/costs/query", body).want(status)
		if got := a.locations(); !slices.Equal(got, want) {
			t.Errorf("%s: faults at %v, want %v: %s", name, got, want, a.body)
		}
	}
	leaf := func(op, dimension string, values ...string) map[string]any {
		return map[string]any{"op": op, "dimension": dimension, "values": values}
	}
	f("everything wrong", costBody(map[string]any{
		"to": "2026-10-01T00:00:00Z", "zone": "Mars/Olympus", "group_by": []string{"service", "colour"}, "filter": leaf("equals", "service", "a", "b"),
	}), 422, "body.to", "body.zone", "body.group_by", "body.filter")
	f("wrong words", costBody(map[string]any{"step": "minute", "metric": "love", "compare": "x", "top": -1}), 422, "body.compare", "body.metric", "body.step", "body.top")
	f("wrong types", costBody(map[string]any{"from": 5, "group_by": "service", "top": "many"}), 422, "body.from", "body.group_by", "body.top")
	f("nothing", map[string]any{}, 422, "body", "body")
	f("unknown fields", costBody(map[string]any{"tenant": "x", "tenant_id": "y"}), 422, "body.tenant", "body.tenant_id")
	f("far away", costBody(map[string]any{"from": "0001-01-01T00:00:00Z", "to": "9999-01-01T00:00:00Z"}), 422, "body.from", "body.to")
	f("too many points", costBody(map[string]any{"from": "2001-01-01T00:00:00Z", "step": "hour"}), 422, "body.step")
	f("has_tag of no tag", costBody(map[string]any{"filter": leaf("has_tag", "service")}), 422, "body.filter")
	f("unknown word in the filter", costBody(map[string]any{"filter": map[string]any{"op": "and", "args": []any{map[string]any{"op": "equals", "dim": "x"}}}}), 422, "body.filter.args[0].dim")
	f("four dimensions", costBody(map[string]any{"group_by": []string{"service", "region", "sku", "project"}}), 422, "body.group_by")
	f("no currency", costBody(map[string]any{"currency": "rubles"}), 422, "body.currency")
	f("torn", `{"from":`, 400, "body")
	f("empty", ``, 400)
	f("no object", `[]`, 422, "body")
	f("two values", `{"from":"2026-11-01T00:00:00Z","to":"2026-11-08T00:00:00Z"} {}`, 400, "body")
	f("a field twice", `{"from":"2026-11-01T00:00:00Z","to":"2026-11-08T00:00:00Z","TO":"2026-11-09T00:00:00Z"}`, 400, "body")
	f("not UTF-8", "{\"zone\":\"\xff\"}", 400, "body")
	c.with("Content-Type", "text/plain").post("/api/v1/costs/query", costBody(nil)).want(http.StatusUnsupportedMediaType)
	for _, e := range c.post("/api/v1/costs/query", costBody(map[string]any{"step": "minute", "top": "x"})).at("errors").([]any) {
		if m := object(e)["message"].(string); !hasCyrillic(m) {
			t.Errorf("not in the user's language: %s", m)
		}
	}
}

func hasCyrillic(s string) bool {
	return slices.ContainsFunc([]rune(s), func(r rune) bool { return r >= 'А' && r <= 'я' })
}

func (s suite) TestDimensions(t *testing.T) {
	w := s.world(t)
	id := w.asAdmin().connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	c := w.asViewer()
	a := c.get("/api/v1/dimensions").want(http.StatusOK)
	list := a.at("dimensions").([]any)
	if a.text("dimensions", 0, "title") != "Облако" || object(list[len(list)-1])["name"] != "tag:env alpha" || len(list) != len(pipeline.Dimensions())+1 {
		t.Errorf("dimensions: %s", a.body)
	}
	if a := c.get("/api/v1/dimensions/" + url.PathEscape("tag:env/x") + "/values?q=alp").want(http.StatusOK); a.text("values", 0, "value") != "alpha" {
		t.Errorf("values: %s", a.body)
	}
	if a := c.get("/api/v1/dimensions/connection/values?q=" + url.QueryEscape("боев")).want(http.StatusOK); a.text("values", 0, "value") != id || a.text("values", 0, "label") != "Боевой" {
		t.Errorf("values: %s", a.body)
	}
	c.get("/api/v1/dimensions/colour/values").want(http.StatusNotFound)
	c.get("/api/v1/dimensions/service/values?limit=5000").want(http.StatusUnprocessableEntity)
}

func (s suite) TestResources(t *testing.T) {
	w := s.world(t)
	id := w.asAdmin().connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	c := w.asViewer()
	a := c.get("/api/v1/resources?connection=" + id + "&type=server&type=volume&q=alpha&deleted=true&limit=1").want(http.StatusOK)
	if a.at("total") != 2.0 || a.text("cursor") != "vm-1" || a.text("resources", 0, "connection_name") != "Боевой" {
		t.Errorf("resources: %s", a.body)
	}
	if a.text("resources", 0, "rates", 0, "amount") != "0.100000000000000001" || a.at("resources", 0, "rates", 1, "amount") != nil {
		t.Errorf("rates: %s", a.body)
	}
	if a = c.get("/api/v1/resources?deleted=true&after=" + a.text("cursor")).want(http.StatusOK); a.text("resources", 0, "id") != "vm-2" || a.text("cursor") != "" {
		t.Errorf("second page: %s", a.body)
	}
	one := "?connection=" + id + "&id=vm-1"
	if a = c.get("/api/v1/resource" + one).want(http.StatusOK); a.text("changes", 0, "field") != "status" || a.at("deleted_at") != nil {
		t.Errorf("resource: %s", a.body)
	}
	if a = c.get("/api/v1/resource/history" + one).want(http.StatusOK); a.text("states", 0, "change") != "updated" {
		t.Errorf("history: %s", a.body)
	}
	c.get("/api/v1/resource?connection=" + id + "&id=none").want(http.StatusNotFound)
	c.get("/api/v1/resource/history?connection=" + id + "&id=none").want(http.StatusNotFound)
	if a = c.get("/api/v1/resource").want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), []string{"query.connection", "query.id"}) {
		t.Errorf("faults: %s", a.body)
	}
	if a = c.get("/api/v1/resources?limit=x&colour=red&deleted=maybe").want(http.StatusUnprocessableEntity); len(a.locations()) == 0 {
		t.Errorf("faults: %s", a.body)
	}
	if a = c.get("/api/v1/balances").want(http.StatusOK); a.text("balances", 0, "balance") != "100.1" || a.at("balances", 0, "bonus") != nil || a.at("balances", 0, "days_to_suspension") != 12.0 {
		t.Errorf("balances: %s", a.body)
	}
}

func (s suite) TestUsage(t *testing.T) {
	w := s.world(t)
	id := w.asAdmin().connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	c := w.asViewer()
	period := "&from=2026-11-17T00:00:00Z&to=2026-11-18T00:00:00Z"
	a := c.get("/api/v1/usage?connection=" + id + "&resource=vm-1&metric=cpu_percent&metric=load_average_1m&step=300" + period).want(http.StatusOK)
	if a.at("series", 0, "values", 0) != 12.5 || a.at("series", 0, "times", 0) != float64(now().Add(-time.Hour).Unix()) {
		t.Errorf("usage: %s", a.body)
	}
	w.facts.set(func(f *facts) {
		u := &f.shelves[w.alpha.ID].usage[0]
		u.Times = append(u.Times, now())
		u.Values, u.Max = append(u.Values, math.NaN()), append(u.Max, math.Inf(1))
	})
	if a = c.get("/api/v1/usage?connection=" + id + "&resource=vm-1" + period).want(http.StatusOK); len(a.at("series", 0, "times").([]any)) != 1 {
		t.Errorf("a point that is no number: %s", a.body)
	}
	if a = c.get("/api/v1/usage/summary?connection=" + id + period).want(http.StatusOK); a.at("summaries", 0, "p95") != 9.0 {
		t.Errorf("summary: %s", a.body)
	}
	f := func(path string, want ...string) {
		t.Helper()
		if a := c.get(path).want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), want) {
			t.Errorf("%s: faults at %v, want %v", path, a.locations(), want)
		}
	}
	f("/api/v1/usage?connection="+id+"&resource=vm-1&from=2026-11-18T00:00:00Z&to=2026-11-17T00:00:00Z", "query.to")
	f("/api/v1/usage?connection="+id+"&resource=vm-1&from=yesterday&to=2026-11-17T00:00:00Z", "query.from")
	f("/api/v1/usage?connection="+id+"&resource=vm-1&step=1&from=2026-01-01T00:00:00Z&to=2026-11-17T00:00:00Z", "query.step")
	f("/api/v1/usage?connection=x&resource=vm-1"+period, "query.connection")
	f("/api/v1/usage/summary?from=1026-01-01T00:00:00Z&to=2026-11-17T00:00:00Z", "query.from")
}

func budgetBody(name string) map[string]any {
	return map[string]any{"name": name, "amount": "2000000000000000.10", "period": "month", "thresholds": []int{50, 100}}
}

func (s suite) TestBudgets(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(c.connect("One")), "alpha")
	a := c.post("/api/v1/budgets", budgetBody("Команда")).want(http.StatusCreated)
	id := a.text("id")
	if a.text("amount") != "2000000000000000.1" || a.text("currency") != "RUB" || a.text("spent") != "1234567890123456.123456789012345678" || a.text("percent") != "61.73" {
		t.Errorf("budget: %s", a.body)
	}
	if a.text("from") != "2026-10-31T21:00:00Z" || a.text("to") != "2026-11-30T21:00:00Z" {
		t.Errorf("period: %s", a.body)
	}
	body := budgetBody("Команда 2")
	body["period"], body["filter"] = "week", map[string]any{"op": "equals", "dimension": "service", "values": []string{"VPS"}}
	a = c.do(http.MethodPut, "/api/v1/budgets/"+id, body).want(http.StatusOK)
	if a.text("from") != "2026-11-15T21:00:00Z" || a.text("filter", "op") != "equals" || a.text("name") != "Команда 2" {
		t.Errorf("budget: %s", a.body)
	}
	w.asViewer().get("/api/v1/budgets/" + id).want(http.StatusOK)
	if a = w.asViewer().get("/api/v1/budgets").want(http.StatusOK); a.text("budgets", 0, "id") != id {
		t.Errorf("budgets: %s", a.body)
	}
	w.facts.set(func(f *facts) { f.shelves[w.alpha.ID].cost = pipeline.CostAnswer{} })
	if a = c.get("/api/v1/budgets/" + id).want(http.StatusOK); a.at("spent") != nil || a.at("percent") != nil {
		t.Errorf("nothing was collected, and yet something is spent: %s", a.body)
	}
	c.do(http.MethodDelete, "/api/v1/budgets/"+id, nil).want(http.StatusNoContent)
	c.get("/api/v1/budgets/" + id).want(http.StatusNotFound)
	c.do(http.MethodPut, "/api/v1/budgets/"+id, body).want(http.StatusNotFound)
	c.do(http.MethodDelete, "/api/v1/budgets/"+id, nil).want(http.StatusNotFound)

	f := func(change map[string]any, want ...string) {
		t.Helper()
		b := budgetBody("x")
		for k, v := range change {
			b[k] = v
		}
		if a := c.post("/api/v1/budgets", b).want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), want) {
			t.Errorf("%v: faults at %v, want %v: %s", change, a.locations(), want, a.body)
		}
	}
	f(map[string]any{"amount": "0"}, "body.amount")
	f(map[string]any{"amount": "-5"}, "body.amount")
	f(map[string]any{"amount": "1e999999999"}, "body.amount")
	f(map[string]any{"amount": 5}, "body.amount")
	f(map[string]any{"currency": "rub"}, "body.currency")
	f(map[string]any{"period": "hour"}, "body.period")
	f(map[string]any{"thresholds": []int{80, 50, 0}}, "body.thresholds[1]", "body.thresholds[2]")
	f(map[string]any{"name": "  ", "filter": map[string]any{"op": "between"}}, "body.name", "body.filter")
}

func (s suite) TestDashboards(t *testing.T) {
	w := s.world(t)
	c := w.asViewer()
	a := c.get("/api/v1/dashboards").want(http.StatusOK)
	name := a.text("dashboards", 0, "name")
	if !hasCyrillic(a.text("dashboards", 0, "title")) {
		t.Errorf("dashboards: %s", a.body)
	}
	if a = c.get("/api/v1/dashboards/" + name).want(http.StatusOK); a.text("name") != name || a.text("panels", 0, "id") == "" || a.text("title", "en") == "" {
		t.Errorf("dashboard: %s", a.body)
	}
	c.get("/api/v1/dashboards/..%2F..%2Fetc%2Fpasswd").want(http.StatusNotFound)
}

func (s suite) TestTelegram(t *testing.T) {
	w := s.world(t)
	c := w.asViewer()
	a := c.post("/api/v1/telegram/code", nil).want(http.StatusCreated)
	if a.text("bot") != "infrazen_bot" || a.text("expires_at") != "2026-11-18T09:45:00Z" {
		t.Errorf("code: %s", a.body)
	}
	_, err := w.store.LinkChat(t.Context(), a.text("code"), pipeline.Chat{ChatID: -1001234567890123, ThreadID: 7, Title: "Дежурные"})
	w.must(err)
	a = c.get("/api/v1/telegram/chats").want(http.StatusOK)
	if a.text("chats", 0, "chat_id") != "-1001234567890123" || a.text("chats", 0, "title") != "Дежурные" {
		t.Errorf("chats: %s", a.body)
	}
	path := "/api/v1/telegram/chats/-1001234567890123?thread_id=7"
	w.as(w.both, w.alpha).do(http.MethodDelete, path, nil).want(http.StatusForbidden)
	c.do(http.MethodDelete, "/api/v1/telegram/chats/-1001234567890123", nil).want(http.StatusNotFound)
	c.do(http.MethodDelete, path, nil).want(http.StatusNoContent)
	c.do(http.MethodDelete, path, nil).want(http.StatusNotFound)
	c.do(http.MethodDelete, "/api/v1/telegram/chats/abc", nil).want(http.StatusUnprocessableEntity)
}
