package selectel_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/selectel"
	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testNow is the clock of the tests: Wednesday noon in Moscow.
func testNow() time.Time { return time.Date(2026, 11, 18, 9, 0, 30, 0, time.UTC) }

const testDay = 24 * time.Hour

// stand is a running stand-in with one account.
type stand struct {
	sim     *selectelsim.Server
	account *world.Account
	url     string
	ids     map[string]string // of the things that tests name
}

// newStand starts a stand-in with an account of everything that the world has and the oddities of the bill.
func newStand(t *testing.T, seed uint64, change func(*selectelsim.Config)) *stand {
	t.Helper()
	catalog := world.SelectelCatalog()
	catalog.Regions = slices.DeleteFunc(catalog.Regions, func(r world.Region) bool { return r.ID != "ru-3" && r.ID != "ru-7" })
	a := world.NewAccount(world.AccountConfig{Seed: seed, Catalog: catalog, Start: testNow().Add(-25 * testDay).Truncate(time.Hour), Servers: 3})
	s := &stand{account: a, ids: map[string]string{}}
	s.addOddities()
	a.Start = testNow().Add(-2 * testDay).Truncate(time.Hour) // the balance is counted from here
	conf := selectelsim.Config{Accounts: []*world.Account{a}, Now: testNow, LateBy: 25 * time.Minute, UnknownServices: []string{"netdisk"}, Regions: []string{"ru-3", "ru-7", "kz-1"}}
	if change != nil {
		change(&conf)
	}
	s.sim = selectelsim.New(conf)
	srv := httptest.NewServer(s.sim)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// add makes a thing exist since the account's start.
func (s *stand) add(key string, kind world.Kind, project int, name, parent string, spec world.Spec, details map[string]string) {
	dice := world.Dice(s.account.Seed, "test/"+key, 0)
	id := world.SelectelCatalog().ID(kind, dice)
	s.ids[key] = id
	s.account.Add(world.Resource{
		ID: id, ProjectID: s.account.Projects[project].ID, Kind: kind, Region: "ru-3", Zone: "ru-3b", Created: s.account.Start,
		Load: world.Load{Pattern: world.Daily, Peak: 60, Base: 5, Memory: 50, Noise: 1}, Tags: map[string]string{"env": "test", "team": "qa"}, Details: details,
		States: []world.State{{From: s.account.Start, Name: name, Status: world.Running, ParentID: parent, Spec: spec, Parts: world.SelectelParts(kind, spec)}},
	})
}

func (s *stand) addOddities() {
	vm := world.Spec{VCPU: 2, MemoryMB: 2048}
	disk := world.Spec{DiskGB: 33}
	s.add("web", world.Server, 0, "web-1", "", vm, nil)
	s.add("web disk", world.Volume, 0, "disk-for-web-1-#1", s.ids["web"], disk, nil)
	s.add("web ip", world.FloatingIP, 0, "203.0.113.7", s.ids["web"], world.Spec{}, nil)
	s.add("nameless", world.Server, 1, "nobody sees this", "", vm, map[string]string{world.SelectelNameless: "1", world.SelectelNoFine: "1"})
	s.add("spot", world.Server, 0, "spot-1", "", world.Spec{VCPU: 1, MemoryMB: 1024, Preemptible: true}, nil)
	s.add("zombie", world.Server, 1, "ghost-1", "", vm, map[string]string{world.SelectelUnlisted: "1"})
	s.add("lost disk", world.Volume, 0, "disk-of-the-gone", "11111111-2222-4333-8444-555555555555", disk, nil)
	s.add("free disk", world.Volume, 0, "free", "", disk, nil)
	s.add("reserved disk", world.Volume, 0, "soon", "", disk, map[string]string{world.SelectelReserved: "1"})
	s.add("bucket", world.Bucket, 0, "media", "", world.Spec{DiskGB: 900}, nil)
	s.add("segments", world.Bucket, 0, "media_segments", "", world.Spec{DiskGB: 1900}, nil)
	s.add("no bucket", world.Bucket, 0, "", "", world.Spec{DiskGB: 40}, nil)
	s.add("strange", world.Novelty, 0, "oracle", "", world.Spec{VCPU: 3}, nil)
	s.add("share 2", world.Share, 0, "share-2", "", disk, nil)
	for _, n := range []string{"share 3", "share 4", "share 5"} {
		s.add(n, world.Share, 0, n, "", disk, nil)
	}
}

func (s *stand) settings() pipeline.Settings {
	return pipeline.Settings{
		selectel.FieldAccount: s.account.ID, selectel.FieldUser: selectelsim.ServiceUser, selectel.FieldPassword: s.account.Password,
		selectel.FieldToken: selectelsim.StaticToken(s.account), selectel.FieldIdentity: s.url + "/identity/v3/", selectel.FieldAPI: s.url,
	}
}

func with(s pipeline.Settings, pairs ...string) pipeline.Settings {
	out := maps.Clone(s)
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

func (s *stand) known() []pipeline.KnownResource {
	var out []pipeline.KnownResource
	for _, t := range s.account.Inventory(testNow()) {
		if t.Kind == world.Server && t.Details[world.SelectelUnlisted] == "" {
			out = append(out, pipeline.KnownResource{
				ID: t.ID, Type: pipeline.Server, Name: t.Name, Scope: "servers/" + t.Region + "/" + t.ProjectID, ProjectID: t.ProjectID,
				ProjectName: s.account.Project(t.ProjectID), RegionID: t.Region, Tags: t.Tags,
			})
		}
	}
	return out
}

// lists are the names of lists by kind.
func lists() map[world.Kind]string {
	return map[world.Kind]string{
		world.Server: "servers", world.Volume: "volumes", world.Snapshot: "snapshots", world.Backup: "backups", world.FloatingIP: "floatingips",
		world.Router: "routers", world.LoadBalancer: "loadbalancers", world.Share: "shares", world.Database: "databases", world.Cluster: "clusters",
		world.Registry: "registries",
	}
}

func (s *stand) truth() map[string][]string {
	out := map[string][]string{}
	seen := map[string]bool{}
	for _, t := range s.account.Inventory(testNow()) {
		list, id := lists()[t.Kind], t.ID
		scope := list + "/" + t.Region + "/" + t.ProjectID
		switch {
		case t.Kind == world.Registry:
			scope = list + "/all/" + t.ProjectID
		case t.Kind == world.Bucket:
			scope, id = "billing", "s3:"+t.Region+":"+strings.TrimSuffix(t.Name, "_segments")
		case list == "" || t.Details[world.SelectelUnlisted] != "":
			scope = "billing"
		}
		if t.Kind != world.Dedicated && t.Name != "" && !seen[id] {
			out[scope] = append(out[scope], id)
		}
		seen[id] = true
	}
	return out
}

func dayOf(back int) pipeline.Task {
	y, m, d := testNow().In(world.Moscow()).Date()
	from := time.Date(y, m, d-back, 0, 0, 0, 0, world.Moscow()).UTC()
	return pipeline.Task{Feed: pipeline.FeedCharges, From: from, To: from.Add(testDay), Lang: pipeline.Russian}
}

func (s *stand) costs(task pipeline.Task) func() map[providertest.BillKey]string {
	return func() map[providertest.BillKey]string {
		out := map[providertest.BillKey]string{}
		now := s.now()
		for hour, byID := range s.sim.Costs(s.account, task.From, task.To, now) {
			for id, cost := range byID {
				out[providertest.BillKey{Start: hour.Format(time.RFC3339), Resource: id}] = cost.String()
			}
		}
		return out
	}
}

// now is the stand-in's clock: half an hour on, once the late lines have appeared.
func (s *stand) now() time.Time {
	if s.ids["later"] != "" {
		return testNow().Add(30 * time.Minute)
	}
	return testNow()
}

func (s *stand) bill(back int, late bool) providertest.Bill {
	task := dayOf(back)
	restate := func(factor string) func() {
		return func() {
			s.account.Restate(world.Restatement{
				At: testNow().Add(-time.Minute), From: task.From.Add(2 * time.Hour), To: task.From.Add(4 * time.Hour), ResourceID: s.ids["web"], Factor: dec(factor),
			})
		}
	}
	b := providertest.Bill{Task: task, Costs: s.costs(task), Restate: restate("1.5"), Vanish: restate("0"), Unknown: []string{s.ids["strange"]}}
	if late {
		b.Late = func() {
			s.ids["later"] = "yes"
			s.sim.SetClockOffset(30 * time.Minute)
		}
	}
	return b
}

// paths are where the scopes are asked.
func (s *stand) paths() map[string]selectelsim.Fault {
	p := s.account.Projects[0].ID
	at := func(path string) selectelsim.Fault { return selectelsim.Fault{Path: "/region/ru-3" + path, Project: p} }
	const consumption = "/v1/cloud_billing/statistic/consumption"
	return map[string]selectelsim.Fault{
		"servers/ru-3/" + p:       at("/compute/v2.1/servers/detail"),
		"volumes/ru-3/" + p:       at("/volume/v3/" + p + "/volumes/detail"),
		"snapshots/ru-3/" + p:     at("/volume/v3/" + p + "/snapshots/detail"),
		"backups/ru-3/" + p:       at("/volume/v3/" + p + "/backups/detail"),
		"floatingips/ru-3/" + p:   at("/network/v2.0/floatingips"),
		"routers/ru-3/" + p:       at("/network/v2.0/routers"),
		"loadbalancers/ru-3/" + p: at("/load-balancer/v2.0/lbaas/loadbalancers"),
		"shares/ru-3/" + p:        at("/share/v2/" + p + "/shares/detail"),
		"databases/ru-3/" + p:     at("/dbaas/v1/datastores"),
		"clusters/ru-3/" + p:      at("/mks/v1/clusters"),
		"registries/all/" + p:     {Path: "/cr/api/v1/registries", Project: p},
		"balances":                {Path: "/v3/balances"},
		"projects":                {Path: "/vpc/resell/v2/projects"},
		"billing":                 {Path: consumption},
		"consumption":             {Path: consumption, Query: "group_type=project_object"},
		"consumption/projects":    {Path: consumption, Query: "group_type=project&"},
		"prices":                  {Path: "/v2/billing/vpc/prices"},
		"transactions":            {Path: "/v2/billing/transactions"},
		"cpu/ru-3/" + p:           at("/metric/v1/aggregates"),
	}
}

func (s *stand) breaker(scope string, how providertest.Breakage) (func(), bool) {
	f := s.paths()[scope]
	switch how {
	case providertest.Torn:
		f.Torn = true
	case providertest.CutOff:
		f.Cut = true
	case providertest.ServerError:
		f.Status, f.Body = http.StatusInternalServerError, `{"message":"`+selectelsim.Secret+`"}`
	case providertest.Hang:
		f.Hang = true
	case providertest.SlowBody:
		f.Slow = true
	case providertest.WebPage:
		f.Body = "<html>" + selectelsim.Secret + "</html>"
	case providertest.Throttled:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, 30*time.Second
	case providertest.Forbidden:
		if scope == "projects" {
			return nil, false // then the statistics tell the projects
		}
		f.Status, f.Body = http.StatusForbidden, `{"forbidden":{"code":403,"message":"`+selectelsim.Secret+`"}}`
	default:
		return nil, false
	}
	return s.sim.Break(f), true
}

func (s *stand) dependents(scope string, _ providertest.Breakage) []string {
	switch {
	case scope == "projects":
		return append(slices.Collect(maps.Keys(s.truth())), "billing")
	case strings.HasPrefix(scope, "cpu/"):
		return []string{"memory" + strings.TrimPrefix(scope, "cpu")}
	}
	return nil
}

func (s *stand) breakable() map[pipeline.Feed][]string {
	p := s.account.Projects[0].ID
	out := map[pipeline.Feed][]string{
		pipeline.FeedInventory: {"balances", "projects", "billing", "registries/all/" + p},
		pipeline.FeedCharges:   {"consumption", "consumption/projects", "prices", "transactions"},
		pipeline.FeedUsage:     {"cpu/ru-3/" + p},
	}
	for _, name := range lists() {
		if name != "registries" {
			out[pipeline.FeedInventory] = append(out[pipeline.FeedInventory], name+"/ru-3/"+p)
		}
	}
	slices.Sort(out[pipeline.FeedInventory])
	return out
}

func (s *stand) cloud(t *testing.T, static bool) *providertest.Cloud {
	good := s.settings()
	if !static {
		delete(good, selectel.FieldToken)
	}
	wrong := with(good, selectel.FieldPassword, "not the password")
	delete(wrong, selectel.FieldToken)
	hour := testNow().Truncate(time.Hour)
	usage := func(back time.Duration) pipeline.Task {
		return pipeline.Task{Feed: pipeline.FeedUsage, From: hour.Add(-back), To: hour.Add(time.Hour - back)}
	}
	types := map[string]pipeline.ResourceType{
		s.ids["web"]: pipeline.Server, s.ids["web disk"]: pipeline.Volume, s.ids["web ip"]: pipeline.FloatingIP, s.ids["zombie"]: pipeline.Server,
		"s3:ru-3:media": pipeline.Bucket, s.ids["strange"]: pipeline.OtherType, s.ids["share 2"]: pipeline.Share,
	}
	return &providertest.Cloud{
		Settings: good, Wrong: wrong,
		Bad: []pipeline.Settings{
			with(good, selectel.FieldAccount, "1 2"), with(good, selectel.FieldUser, "a\nb"), with(good, selectel.FieldUser, strings.Repeat("a", 300)),
			with(good, selectel.FieldToken, "a b"), with(good, selectel.FieldIdentity, "http://cloud.example"), with(good, selectel.FieldAPI, "ftp://api.example"),
			with(good, selectel.FieldAPI, "https://user:secret@api.example"), with(good, selectel.FieldAPI, "api.example"), with(good, selectel.FieldAPI, "::"),
		},
		Secrets: []string{selectelsim.Secret}, Now: testNow, Known: s.known(),
		Tasks: map[pipeline.Feed][]pipeline.Task{
			pipeline.FeedInventory: {{Feed: pipeline.FeedInventory, From: hour, To: hour.Add(time.Hour), Lang: pipeline.Russian}},
			pipeline.FeedCharges:   {dayOf(0), dayOf(1), dayOf(22), {Feed: pipeline.FeedCharges, From: dayOf(20).From, To: dayOf(18).To}},
			pipeline.FeedUsage:     {usage(time.Hour), usage(30 * time.Hour), usage(0)},
		},
		Truth: s.truth, Types: types, Bills: []providertest.Bill{s.bill(0, true), s.bill(1, false)},
		Break: s.breaker, Stuck: s.sim.Stuck(), Breakable: s.breakable(), Dependents: s.dependents, Expire: s.sim.Expire, SkewClock: s.sim.SetClockOffset,
		Remove: func() (string, string) {
			if err := s.account.Remove(s.ids["web"], testNow().Add(-10*time.Minute).Truncate(world.BillGrain)); err != nil {
				t.Fatal(err)
			}
			return s.ids["web"], "servers/ru-3/" + s.account.Projects[0].ID
		},
	}
}

func TestConformance(t *testing.T) {
	providertest.Run(t, providertest.Case{
		Provider: selectel.New(),
		New:      func(t *testing.T) *providertest.Cloud { return newStand(t, 7, nil).cloud(t, true) },
	})
}

// TestConformanceWithoutStaticToken signs in to the account's API as the service user. What breaks is the same but for the roads
// that tokens take.
func TestConformanceWithoutStaticToken(t *testing.T) {
	providertest.Run(t, providertest.Case{
		Provider: selectel.New(),
		New: func(t *testing.T) *providertest.Cloud {
			s := newStand(t, 8, func(c *selectelsim.Config) { c.OldNova = true })
			c := s.cloud(t, false)
			c.Breakable = map[pipeline.Feed][]string{pipeline.FeedInventory: {"balances"}, pipeline.FeedCharges: {"consumption"}}
			return c
		},
	})
}
