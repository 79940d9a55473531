package selectel_test

import (
	"errors"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/selectel"
	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/world"
)

func scopeOf(o pipeline.Outcome, name string) pipeline.ScopeResult {
	i := slices.IndexFunc(o.Scopes, func(s pipeline.ScopeResult) bool { return s.Scope == name })
	if i < 0 {
		return pipeline.ScopeResult{}
	}
	return o.Scopes[i]
}

func noted(o pipeline.Outcome, code string) bool {
	return slices.ContainsFunc(o.Notes, func(n pipeline.Note) bool { return n.Code == code })
}

func inventory() pipeline.Task {
	hour := testNow().Truncate(time.Hour)
	return pipeline.Task{Feed: pipeline.FeedInventory, From: hour, To: hour.Add(time.Hour), Lang: pipeline.Russian}
}

// TestConditions looks at zombies and orphans, and that a list which failed makes none.
func TestConditions(t *testing.T) {
	s := newStand(t, 11, nil)
	session := open(t, s.settings())
	conditions := func(task pipeline.Task) map[string]string {
		rec, _ := collect(t, session, task)
		out := map[string]string{}
		for _, r := range rec.Rows {
			if c := r.Attributes[pipeline.AttributeCondition]; c != "" {
				out[r.ID] = r.Scope[:7] + " " + c
			}
		}
		for _, key := range []string{"floating"} { // the generated address is attached to nothing
			for id, c := range out {
				if strings.HasPrefix(c, key[:7]) {
					delete(out, id)
				}
			}
		}
		return out
	}
	orphans := map[string]string{s.ids["lost disk"]: "volumes orphan", s.ids["free disk"]: "volumes orphan"}
	all := map[string]string{s.ids["zombie"]: "billing zombie"}
	for k, v := range orphans {
		all[k] = v
	}
	if diff := cmp.Diff(all, conditions(inventory())); diff != "" {
		t.Error(diff)
	}
	mend := s.sim.Break(selectelsim.Fault{Path: "/region/ru-7/volume/", Project: s.account.Projects[1].ID, Status: http.StatusBadGateway})
	if diff := cmp.Diff(orphans, conditions(inventory())); diff != "" {
		t.Errorf("a list of the zombie's project failed, so it cannot be told from others:\n%s", diff)
	}
	held := inventory()
	held.Known = []pipeline.KnownResource{{ID: s.ids["zombie"], Type: pipeline.Server, Scope: "billing"}}
	if diff := cmp.Diff(all, conditions(held)); diff != "" {
		t.Errorf("what was a zombie stays one while a list fails:\n%s", diff)
	}
	mend()
	held.Known[0].Scope = "servers/ru-3/" + s.account.Projects[1].ID
	if diff := cmp.Diff(orphans, conditions(held)); diff != "" {
		t.Errorf("what was listed an hour ago has just been deleted:\n%s", diff)
	}
}

// TestInventoryDetails looks at what is read of a server, with either shape of flavors.
func TestInventoryDetails(t *testing.T) {
	for _, old := range []bool{false, true} {
		s := newStand(t, 12, func(c *selectelsim.Config) { c.OldNova = old })
		rec, _ := collect(t, open(t, s.settings()), inventory())
		got, _ := rec.Resource(s.ids["web"])
		want := pipeline.Resource{
			ID: s.ids["web"], Type: pipeline.Server, Name: "web-1", Status: "ACTIVE", Scope: "servers/ru-3/" + s.account.Projects[0].ID,
			ProjectID: s.account.Projects[0].ID, ProjectName: "prod", RegionID: "ru-3", ZoneID: "ru-3b", VCPU: 2, MemoryBytes: 2 << 30, DiskBytes: 33 << 30,
			Tags: map[string]string{"env": "test", "team": "qa"}, Attributes: map[string]string{"flavor": "SL1.2-2048", "addresses": "10.0.0.2"},
			Volatile: map[string]string{}, CreatedAt: testNow().Add(-25 * testDay).Truncate(time.Hour),
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		disk, _ := rec.Resource(s.ids["web disk"])
		ip, _ := rec.Resource(s.ids["web ip"])
		if disk.ParentID != s.ids["web"] || ip.ParentID != s.ids["web"] {
			t.Errorf("the disk hangs on %q, the address on %q", disk.ParentID, ip.ParentID)
		}
		if spot, _ := rec.Resource(s.ids["spot"]); spot.Attributes["preemptible"] != "true" {
			t.Errorf("a preemptible server is %+v", spot)
		}
	}
}

// TestBalance reads the purses with their settings in either place.
func TestBalance(t *testing.T) {
	for _, seed := range []uint64{20, 21} {
		s := newStand(t, seed, nil)
		if seed == 21 {
			s.account.Opening = dec("-100") // in debt
		}
		rec, _ := collect(t, open(t, s.settings()), inventory())
		if len(rec.Accounts) != 1 {
			t.Fatalf("%d account states", len(rec.Accounts))
		}
		a, want := rec.Accounts[0], s.sim.Balance(s.account)
		if a.Balance == nil || a.Balance.Shift(2).IntPart() != want || a.Bonus == nil || a.Bonus.String() != "500" || a.Currency != "RUB" || a.Attributes["billing_mode"] != "prepay" {
			t.Errorf("the account is %+v, want %d kopecks", a, want)
		}
	}
}

// TestUsage compares samples with the world's load.
func TestUsage(t *testing.T) {
	s := newStand(t, 13, nil)
	from := testNow().Truncate(time.Hour).Add(-time.Hour)
	rec, out := collect(t, open(t, s.settings()), pipeline.Task{Feed: pipeline.FeedUsage, From: from, To: from.Add(time.Hour), Known: s.known()})
	if !out.Complete() {
		t.Fatalf("%+v", out.Scopes)
	}
	load := world.Load{Pattern: world.Daily, Peak: 60, Base: 5, Memory: 50, Noise: 1}
	count := map[string]int{}
	for _, p := range rec.Points {
		count[p.ResourceID+" "+string(p.Metric)]++
		want := load.At(s.account.Seed, p.ResourceID, p.Time)
		if p.Metric == pipeline.MemoryUsedBytes {
			want = load.MemoryAt(s.account.Seed, p.ResourceID, p.Time) / 100 * 2048 * (1 << 20)
		}
		if p.ResourceID == s.ids["web"] && math.Abs(p.Value-want)/want > 0.002 {
			t.Errorf("%s at %s is %g, want %g", p.Metric, p.Time, p.Value, want)
		}
	}
	if n := count[s.ids["web"]+" cpu_percent"]; n < 10 || n > 12 {
		t.Errorf("%d points of five minutes in an hour", n)
	}
	if n := count[s.ids["nameless"]+" cpu_percent"]; n < 50 {
		t.Errorf("a server without the usual granularity has %d points of a minute", n)
	}
}

// TestUnknownService: a service that the statistics refuse is left out, once, and the user is told.
func TestUnknownService(t *testing.T) {
	s := newStand(t, 14, func(c *selectelsim.Config) { c.UnknownServices = []string{"netdisk", "mobfarm"} })
	session := open(t, s.settings())
	rec, out := collect(t, session, dayOf(1))
	if !out.Complete() || !noted(out, "service_unknown") || len(rec.Charges()) == 0 {
		t.Errorf("%+v", out)
	}
	before := s.sim.Count("/v1/cloud_billing/statistic/consumption")
	if before != 3 {
		t.Errorf("%d requests for a day with two services to drop, want 3", before)
	}
	collect(t, session, dayOf(2))
	if n := s.sim.Count("/v1/cloud_billing/statistic/consumption") - before; n != 1 {
		t.Errorf("%d requests for the next day, want 1", n)
	}
}

// TestNoBillingRole: Keystone lets the user in, the billing does not. The sentence names the role, and inventory goes on.
func TestNoBillingRole(t *testing.T) {
	s := newStand(t, 15, func(c *selectelsim.Config) { c.ClosedBilling = true })
	settings := s.settings()
	delete(settings, selectel.FieldToken)
	_, out := collect(t, open(t, settings), dayOf(1))
	sc := scopeOf(out, "consumption")
	if !sc.Skipped || sc.Fault.Code != pipeline.FaultForbidden || !strings.Contains(sc.Fault.Text.RU, "Администратор биллинга") {
		t.Errorf("%+v", sc)
	}
	if tx := scopeOf(out, "transactions"); !tx.Skipped || !strings.Contains(tx.Fault.Text.RU, "X-Token") {
		t.Errorf("transactions without a static token: %+v", tx)
	}
}

// TestStaticTokenRevoked: the account's token takes over; transactions tell what is wrong.
func TestStaticTokenRevoked(t *testing.T) {
	s := newStand(t, 16, nil)
	rec, out := collect(t, open(t, with(s.settings(), selectel.FieldToken, "static-revoked")), dayOf(1))
	if sc := scopeOf(out, "consumption"); sc.Fault != nil || len(rec.Charges()) == 0 {
		t.Errorf("consumption: %+v", sc)
	}
	if sc := scopeOf(out, "transactions"); sc.Fault == nil || sc.Fault.Code != pipeline.FaultExpired || sc.Skipped {
		t.Errorf("transactions: %+v", sc)
	}
	_, out = collect(t, open(t, with(s.settings(), selectel.FieldToken, "static-revoked")), inventory())
	if sc := scopeOf(out, "balances"); !out.Complete() || sc.Fault != nil {
		t.Errorf("inventory: %+v", out.Scopes)
	}
}

// TestProjectWithoutAccess: one project is closed to the user, the other is read.
func TestProjectWithoutAccess(t *testing.T) {
	s := newStand(t, 17, nil)
	hidden := world.Project{ID: strings.Repeat("f", 32), Name: "hidden"}
	s.account.Projects = append(s.account.Projects, hidden)
	mend := s.sim.Break(selectelsim.Fault{Path: "/identity/v3/auth/tokens", After: 3, Status: http.StatusUnauthorized, Body: `{"error":{"code":401}}`})
	defer mend()
	rec, out := collect(t, open(t, s.settings()), inventory())
	sc := scopeOf(out, "project/"+hidden.ID)
	if !sc.Skipped || !strings.Contains(sc.Fault.Text.RU, "hidden") || len(rec.Rows) == 0 {
		t.Errorf("%+v", sc)
	}
}

// TestRequestsPerDay: one request for a day that is over.
func TestRequestsPerDay(t *testing.T) {
	s := newStand(t, 18, func(c *selectelsim.Config) { c.UnknownServices = nil })
	_, out := collect(t, open(t, s.settings()), pipeline.Task{Feed: pipeline.FeedCharges, From: dayOf(9).From, To: dayOf(5).To})
	if n := s.sim.Count("/v1/cloud_billing/"); n != 5 {
		t.Errorf("%d requests for five days", n)
	}
	if noted(out, "outside_window") {
		t.Errorf("an hour was asked for twice: %+v", out.Notes)
	}
}

func TestUnknownFeed(t *testing.T) {
	s := newStand(t, 19, nil)
	_, err := open(t, s.settings()).Collect(t.Context(), pipeline.Task{Feed: pipeline.FeedFiles}, nil)
	var f *pipeline.Fault
	if !errors.As(err, &f) || f.Code != pipeline.FaultInternal {
		t.Errorf("a feed that there is not gives %v", err)
	}
}
