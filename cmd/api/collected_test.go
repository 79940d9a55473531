package main_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/clickhouse"
	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/cmd/api/stores"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// collected is a world in which a small cloud is collected into both engines.
type collected struct {
	*world
	facts *clickhouse.Store
	cloud *collecttest.Cloud
	conn  string
	hour  time.Time // a whole hour of the near past, the first of today's that are billed

	mu   sync.Mutex
	said collecttest.World
}

func (s suite) collected(t *testing.T) *collected {
	t.Helper()
	c := &collected{facts: openFacts(t), hour: time.Now().UTC().Truncate(time.Hour).Add(-6 * time.Hour)}
	c.cloud = &collecttest.Cloud{World: func(ctx context.Context, _ pipeline.Settings) (collecttest.World, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.said, ctx.Err()
	}}
	c.world = s.world(t, func(d *server.Deps) {
		d.Facts, d.Now = stores.Facts{Store: c.facts}, time.Now
		d.Providers = append(d.Providers, c.cloud)
	})
	c.conn = c.asAdmin().post("/api/v1/connections", map[string]any{
		"kind": collecttest.Kind, "name": "Малое", "settings": map[string]string{"login": "me", "password": password},
	}).want(http.StatusCreated).text("id")
	return c
}

// say is what the cloud tells from now on.
func (c *collected) say(w collecttest.World) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = w
}

func (c *collected) collector() *collect.Collector {
	c.t.Helper()
	cfg := collect.DefaultConfig()
	cfg.Holder = "test"
	made, err := collect.New(collect.Deps{
		Windows: c.store, Ledger: c.facts, Mappings: c.store, Providers: []pipeline.Provider{c.cloud},
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	}, cfg)
	c.must(err)
	return made
}

// collect collects everything, the newest windows again.
func (c *collected) collect() {
	c.t.Helper()
	made := c.collector()
	c.must(made.PlanAll(c.t.Context()))
	c.asAdmin().post("/api/v1/connections/"+c.conn+"/sync", nil).want(http.StatusAccepted)
	made.CollectDue(c.t.Context())
	made.CloseIdle(c.t.Context())
}

// period is of the two days around the hour.
func (c *collected) period() (from, to string) {
	return c.hour.Add(-24 * time.Hour).Format(time.RFC3339), c.hour.Add(24 * time.Hour).Format(time.RFC3339)
}

// costs asks for costs by dimensions and gives them by the values of the first, the sum of the groups proved to be the total.
func (c *collected) costs(filter map[string]any, dimensions ...string) map[string]string {
	c.t.Helper()
	from, to := c.period()
	body := map[string]any{"from": from, "to": to, "group_by": dimensions}
	if filter != nil {
		body["filter"] = filter
	}
	a := c.asViewer().post("/api/v1/costs/query", body).want(http.StatusOK)
	sums, sum := map[string]string{}, decimal.Decimal{}
	for i := range a.at("groups").([]any) {
		sums[a.text("groups", i, "keys", 0, "value")] = a.text("groups", i, "cost")
		sum = sum.Add(dec(a.text("groups", i, "cost")))
	}
	if len(sums) > 0 && !sum.Equal(dec(a.text("totals", 0, "cost"))) {
		c.t.Errorf("by %v the groups add up to %s, the total is %s", dimensions, sum, a.text("totals", 0, "cost"))
	}
	return sums
}

func (c *collected) bill(hour int, resource, cost string, tags map[string]string) pipeline.Charge {
	d := dec(cost)
	return pipeline.Charge{
		Line: pipeline.Line{
			ProviderName: "Small", BillingCurrency: "RUB", ResourceID: resource, ResourceName: resource, ResourceType: string(pipeline.Server), ServiceName: "VM",
			ServiceCategory: "Compute", ChargeCategory: pipeline.Usage, CostStatus: pipeline.Billed, Tags: tags,
		},
		Start: c.hour.Add(time.Duration(hour) * time.Hour), End: c.hour.Add(time.Duration(hour+1) * time.Hour),
		Measures: pipeline.Measures{LineCount: 1, BilledCost: d, EffectiveCost: d, ListCost: d, ContractedCost: d},
	}
}

// TestMappingEndToEnd collects things that nobody recognises, maps them over the API, and finds history relabelled.
func (s suite) TestMappingEndToEnd(t *testing.T) {
	c := s.collected(t)
	odd := func(hour int, resource, word, cost string) pipeline.Charge {
		b := c.bill(hour, resource, cost, map[string]string{"team": "web"})
		b.ResourceType, b.Unrecognised, b.ServiceName, b.ServiceCategory, b.SkuID, b.ChargeDescription = word, true, "Ленты", "Other", "lto-8", "Хранение на ленте"
		return b
	}
	w := collecttest.World{
		Charges: []pipeline.Charge{odd(0, "t-1", "TAPE", "1.50"), odd(1, "t-2", "TAPE", "2.25"), odd(1, "g-1", "GPU", "0.25"), c.bill(0, "vm-1", "6", nil)},
		Files:   []collecttest.File{{Key: "bill.csv", Version: "1", Charges: []pipeline.Charge{odd(2, "t-1", "TAPE", "0.000000000000000001")}}},
		Scopes:  []string{"vps"}, Resources: []pipeline.Resource{{ID: "t-1", Name: "t-1", Type: "TAPE", Scope: "vps"}},
	}
	c.say(w)
	c.collect()
	from, to := c.period()
	unrecognised := "/api/v1/unrecognised?" + url.Values{"from": {from}, "to": {to}}.Encode()
	a := c.asViewer().get(unrecognised).want(http.StatusOK)
	if a.text("totals", 0, "cost") != "4.000000000000000001" || a.text("totals", 0, "percent") != "40" || a.text("groups", 0, "resource_type") != "TAPE" ||
		a.text("groups", 0, "cost") != "3.750000000000000001" || a.text("groups", 0, "examples", 0, "resource_id") != "t-2" || a.text("resources", 0, "resource_type") != "TAPE" {
		t.Fatalf("before: %s", a.body)
	}
	if got := c.costs(nil, "resource_type"); !cmp.Equal(got, map[string]string{"TAPE": "3.750000000000000001", "GPU": "0.25", "server": "6"}) {
		t.Fatalf("before: %v", got)
	}
	before := time.Now()
	w.Files = nil
	c.say(w) // the file is gone
	made := c.asAdmin().post("/api/v1/type-mappings", map[string]any{
		"kind": collecttest.Kind, "match": map[string]string{"resource_type": "TAPE", "sku_prefix": "lto"}, "to": map[string]string{"resource_type": "backup"},
	}).want(http.StatusCreated)
	c.must(c.collector().RetypeDue(t.Context()))
	a = c.asViewer().get("/api/v1/type-mappings").want(http.StatusOK)
	if a.at("applications", 0, "done") != true || a.at("applications", 0, "lines") != 3.0 {
		t.Errorf("applied: %s", a.body)
	}
	mapped := map[string]string{"backup": "3.750000000000000001", "GPU": "0.25", "server": "6"}
	if got := c.costs(nil, "resource_type"); !cmp.Equal(got, mapped) {
		t.Errorf("after: %v", got)
	}
	if a = c.asViewer().get(unrecognised).want(http.StatusOK); a.text("totals", 0, "cost") != "0.25" || a.text("totals", 0, "total") != "10.000000000000000001" {
		t.Errorf("after: %s", a.body)
	}
	rows := c.lines()
	c.collect()
	if got := c.lines(); got != rows {
		t.Errorf("collected again: %d lines of the bill, before %d", got, rows)
	}
	if got := c.costs(nil, "resource_type"); !cmp.Equal(got, mapped) {
		t.Errorf("collected again: %v", got)
	}
	if a = c.asViewer().get("/api/v1/resources").want(http.StatusOK); a.text("resources", 0, "type") != "TAPE" {
		t.Errorf("a resource without the SKU was mapped: %s", a.body)
	}
	if keys := c.tagKeys(); !cmp.Equal(keys, []string{"tag:team"}) {
		t.Errorf("tags to choose from: %v", keys)
	}
	c.asOf(before)
	c.asAdmin().do(http.MethodDelete, "/api/v1/type-mappings/"+made.text("id"), nil).want(http.StatusNoContent)
	c.must(c.collector().RetypeDue(t.Context()))
	if got := c.costs(nil, "resource_type"); !cmp.Equal(got, map[string]string{"TAPE": "3.750000000000000001", "GPU": "0.25", "server": "6"}) {
		t.Errorf("undone: %v", got)
	}
}

// asOf proves that what was believed before the mapping is still told.
func (c *collected) asOf(before time.Time) {
	c.t.Helper()
	from, to := c.period()
	a := c.asViewer().post("/api/v1/costs/query", map[string]any{"from": from, "to": to, "group_by": []string{"unrecognised"}, "as_of": before.UTC().Format(time.RFC3339Nano)}).want(http.StatusOK)
	if a.text("groups", 1, "keys", 0, "value") != "true" || a.text("groups", 1, "cost") != "4.000000000000000001" {
		c.t.Errorf("as of before the mapping: %s", a.body)
	}
}

// lines counts the lines of the bill that hold.
func (c *collected) lines() int64 {
	c.t.Helper()
	answer, err := c.facts.Costs(c.t.Context(), c.alpha.ID, pipeline.CostQuery{From: c.hour.Add(-24 * time.Hour), To: c.hour.Add(24 * time.Hour), Zone: "UTC"})
	c.must(err)
	return answer.Totals[0].Lines
}

func (c *collected) tagKeys() []string {
	c.t.Helper()
	var keys []string
	for _, d := range c.asViewer().get("/api/v1/dimensions").want(http.StatusOK).at("dimensions").([]any) {
		if name, _ := object(d)["name"].(string); len(name) > 4 && name[:4] == "tag:" {
			keys = append(keys, name)
		}
	}
	return keys
}

// TestTagsEndToEnd collects charges and resources with tags, and asks by them.
func (s suite) TestTagsEndToEnd(t *testing.T) {
	c := s.collected(t)
	web, db := map[string]string{"team": "web", "ключ с \"пробелом\"": "да"}, map[string]string{"team": "db", "owner": ""}
	priced := pipeline.Resource{
		ID: "vm-9", Name: "vm-9", Type: pipeline.Server, Scope: "vps", Tags: map[string]string{"team": "ops"}, CreatedAt: c.hour.Add(-48 * time.Hour),
		Rates: []pipeline.Rate{{ServiceName: "VM", Known: true, Amount: dec("24"), Currency: "RUB", Period: pipeline.PerDay}},
	}
	c.say(collecttest.World{
		Charges: []pipeline.Charge{c.bill(0, "vm-1", "1.5", web), c.bill(1, "vm-1", "2", web), c.bill(1, "vm-2", "3", db), c.bill(2, "vm-3", "4", nil)},
		Scopes:  []string{"vps"}, Resources: []pipeline.Resource{priced},
	})
	c.collect()
	if keys := c.tagKeys(); !cmp.Equal(keys, []string{"tag:owner", "tag:team", "tag:ключ с \"пробелом\""}) {
		t.Errorf("tags to choose from: %v", keys)
	}
	billed := map[string]any{"op": "equals", "dimension": "source", "values": []string{"consumption"}}
	if got := c.costs(billed, "tag:team"); !cmp.Equal(got, map[string]string{"web": "3.5", "db": "3", "": "4"}) {
		t.Errorf("by team: %v", got)
	}
	all := c.costs(nil, "tag:team")
	if ops := all["ops"]; ops == "" || dec(ops).IsZero() {
		t.Errorf("what was worked out from a price carries no tag of its resource: %v", all)
	}
	if got := c.costs(billed, "tag:ключ с \"пробелом\"", "service"); !cmp.Equal(got, map[string]string{"да": "3.5", "": "7"}) {
		t.Errorf("by an odd key: %v", got)
	}
	for name, f := range map[string]struct {
		op, dimension string
		values        []string
		want          map[string]string
	}{
		"equals":   {"equals", "tag:team", []string{"db"}, map[string]string{"vm-2": "3"}},
		"in":       {"in", "tag:team", []string{"db", "web"}, map[string]string{"vm-1": "3.5", "vm-2": "3"}},
		"contains": {"contains", "tag:team", []string{"E"}, map[string]string{"vm-1": "3.5"}},
		"has_tag":  {"has_tag", "tag:owner", nil, map[string]string{"vm-2": "3"}},
		"untagged": {"equals", "tag:owner", []string{""}, map[string]string{"vm-1": "3.5", "vm-2": "3", "vm-3": "4"}},
	} {
		filter := map[string]any{"op": "and", "args": []any{billed, map[string]any{"op": f.op, "dimension": f.dimension, "values": f.values}}}
		if f.values == nil {
			filter["args"] = []any{billed, map[string]any{"op": f.op, "dimension": f.dimension}}
		}
		if got := c.costs(filter, "resource"); !cmp.Equal(got, f.want) {
			t.Errorf("%s: %v, want %v", name, got, f.want)
		}
	}
	values := c.asViewer().get("/api/v1/dimensions/tag:team/values").want(http.StatusOK).at("values").([]any)
	if names := texts(values, "value"); !slices.Equal(names, []string{"db", "ops", "web"}) {
		t.Errorf("values of team: %v", names)
	}
	a := c.asViewer().get("/api/v1/resources?q=" + url.QueryEscape("team=ops")).want(http.StatusOK)
	if a.text("resources", 0, "tags", "team") != "ops" || a.at("total") != 1.0 {
		t.Errorf("resources with their tags: %s", a.body)
	}
}

func texts(list []any, key string) []string {
	var out []string
	for _, v := range list {
		s, _ := object(v)[key].(string)
		out = append(out, s)
	}
	return out
}

// TestSnapshotsEndToEnd lists three projects in two regions. One that cannot be read deletes nothing of its own, and hides nothing
// of the others; when it can be read again, what is gone of it is told.
func (s suite) TestSnapshotsEndToEnd(t *testing.T) {
	c := s.collected(t)
	scopes := []string{"ru-1/shop", "ru-1/blog", "ru-2/shop"}
	machine := func(scope, id, status string) pipeline.Resource {
		return pipeline.Resource{ID: id, Name: id, Type: pipeline.Server, Scope: scope, Status: status, RegionID: scope[:4], ProjectID: scope[5:]}
	}
	a, b, kept, gone := machine(scopes[0], "a", "RUNNING"), machine(scopes[1], "b", "RUNNING"), machine(scopes[2], "kept", "RUNNING"), machine(scopes[2], "lost", "RUNNING")
	c.say(collecttest.World{Scopes: scopes, Resources: []pipeline.Resource{a, b, kept, gone}})
	c.collect()
	a.Status = "STOPPED"
	c.say(collecttest.World{Scopes: scopes, Failing: scopes[2:], Resources: []pipeline.Resource{a}}) // b is gone, ru-2 does not answer
	c.collect()
	c.say(collecttest.World{Scopes: scopes, Resources: []pipeline.Resource{a, kept}})
	c.collect()

	path := "/api/v1/connections/" + c.conn + "/snapshots"
	list := c.asViewer().get(path).want(http.StatusOK)
	type counts struct{ Created, Updated, Deleted, Unchanged float64 }
	want := []counts{{Deleted: 1, Unchanged: 2}, {Updated: 1, Deleted: 1}, {Created: 4}}
	var got []counts
	for i := range list.at("snapshots").([]any) {
		of := func(name string) float64 { n, _ := list.at("snapshots", i, name).(float64); return n }
		got = append(got, counts{of("created"), of("updated"), of("deleted"), of("unchanged")})
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s: %s", d, list.body)
	}
	if list.at("snapshots", 1, "complete") != false || list.text("snapshots", 1, "failed", 0, "scope") != "ru-2/shop" || list.text("snapshots", 1, "failed", 0, "fault", "text") != "Не отвечает." {
		t.Errorf("the region that did not answer: %s", list.body)
	}
	if list.at("snapshots", 0, "complete") != true || len(list.at("snapshots", 0, "failed").([]any)) != 0 {
		t.Errorf("the whole one: %s", list.body)
	}
	told := [][]string{{"deleted lost"}, {"deleted b", "updated a"}, {"created a", "created b", "created kept", "created lost"}}
	for i, want := range told {
		a := c.asViewer().get(path + "/" + list.text("snapshots", i, "at") + "/changes").want(http.StatusOK)
		var got []string
		for j := range a.at("changes").([]any) {
			got = append(got, a.text("changes", j, "change")+" "+a.text("changes", j, "id"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("changes of the snapshot %d: %v, want %v", i, got, want)
		}
	}
	changed := c.asViewer().get(path + "/" + list.text("snapshots", 1, "at") + "/changes?change=updated").want(http.StatusOK)
	if changed.text("changes", 0, "fields", 0, "field") != "status" || changed.text("changes", 0, "fields", 0, "old") != "RUNNING" || changed.text("changes", 0, "fields", 0, "new") != "STOPPED" {
		t.Errorf("what changed: %s", changed.body)
	}
	if a := c.asViewer().get("/api/v1/resources").want(http.StatusOK); a.at("total") != 2.0 {
		t.Errorf("living: %s", a.body)
	}
}

// TestFixedSettingsStayOnceSomethingWasCollected edits whose bill a connection collects: before its first sync it is a slip that is put
// right, after it two bills would add up.
func (s suite) TestFixedSettingsStayOnceSomethingWasCollected(t *testing.T) {
	c := s.collected(t)
	admin := c.asAdmin()
	path := "/api/v1/connections/" + c.conn
	edit := func(settings map[string]string) *answer {
		return admin.do(http.MethodPatch, path, map[string]any{"version": admin.get(path).at("version"), "settings": settings})
	}
	edit(map[string]string{"login": "you"}).want(http.StatusOK)
	c.say(collecttest.World{Scopes: []string{"vps"}})
	c.collect()
	if a := edit(map[string]string{"login": "me"}).want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), []string{"body.settings.login"}) {
		t.Errorf("faults: %s", a.body)
	}
	edit(map[string]string{"login": "you", "password": "another"}).want(http.StatusOK)
	if got := admin.get(path).text("settings", "login"); got != "you" {
		t.Errorf("the login is %q", got)
	}
}
