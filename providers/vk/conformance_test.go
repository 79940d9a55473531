package vk_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/vk"
	"github.com/infrazen/infrazen/providers/vk/vksim"
	"github.com/infrazen/infrazen/providers/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testNow is the clock of the tests: Wednesday noon in Moscow.
func testNow() time.Time { return time.Date(2026, 11, 18, 9, 0, 30, 0, time.UTC) }

const testDay = 24 * time.Hour

// Things of the test's account beside the generated ones.
const (
	lostDisk   = "aaaaaaaa-0000-4000-8000-000000000001"
	lostIP     = "aaaaaaaa-0000-4000-8000-000000000002"
	novelDisk  = "aaaaaaaa-0000-4000-8000-000000000003"
	stoppedVM  = "aaaaaaaa-0000-4000-8000-000000000004"
	busyVM     = "aaaaaaaa-0000-4000-8000-000000000005"
	novelty    = "aaaaaaaa-0000-4000-8000-000000000006"
	tinyBackup = "aaaaaaaa-0000-4000-8000-000000000007"
)

// testAccount is a generated account with what the generator does not make: things left over, of unknown types, stopped, very cheap.
func testAccount() *world.Account {
	start := testNow().Truncate(time.Hour).Add(-20 * testDay)
	cat := world.VKCatalog()
	a := world.NewAccount(world.AccountConfig{Seed: 11, Catalog: cat, Start: start, Servers: 5, Projects: 1})
	thing := func(id, name string, kind world.Kind, spec world.Spec) world.Resource {
		return world.Resource{
			ID: id, ProjectID: a.Projects[0].ID, Kind: kind, Region: "RegionOne", Zone: "MS1", Created: start,
			Tags: map[string]string{"team": "shop"}, Load: world.Load{Pattern: world.Daily, Peak: 80, Base: 5, Memory: 60, Noise: 2},
			States: []world.State{{From: start, Name: name, Status: world.Running, Spec: spec, Parts: cat.Parts(kind, spec)}},
		}
	}
	disk := thing(novelDisk, "fast", world.Volume, world.Spec{DiskGB: 100})
	disk.Details = map[string]string{"volume_type": "quantum-ssd"}
	stopped := thing(stoppedVM, "stopped", world.Server, world.Spec{VCPU: 2, MemoryMB: 4096})
	stopped.States[0].Status = world.Stopped
	busy := thing(busyVM, "busy", world.Server, world.Spec{VCPU: 2, MemoryMB: 4096})
	address := thing("aaaaaaaa-0000-4000-8000-000000000008", "busy-ip", world.FloatingIP, world.Spec{})
	address.States[0].ParentID = busyVM
	tiny := thing(tinyBackup, "tiny", world.Backup, world.Spec{DiskGB: 1})
	tiny.States[0].Parts[0].Quantity = decimal.RequireFromString("0.1")
	a.Add(
		thing(lostDisk, "left over", world.Volume, world.Spec{DiskGB: 50}), thing(lostIP, "left over", world.FloatingIP, world.Spec{}),
		disk, stopped, busy, address, tiny, thing(novelty, "q", world.Novelty, world.Spec{}),
	)
	return a
}

// stand is a running stand-in with the test's account.
type stand struct {
	*vksim.Server
	account *world.Account
	uploads *vksim.Uploads
	url     string
}

func newStand(t *testing.T, change ...func(*vksim.Config)) *stand {
	t.Helper()
	s := &stand{account: testAccount(), uploads: vksim.NewUploads()}
	conf := vksim.Config{Accounts: []*world.Account{s.account}, Now: testNow}
	for _, f := range change {
		f(&conf)
	}
	s.Server = vksim.New(conf)
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

func (s *stand) settings() pipeline.Settings {
	return pipeline.Settings{
		vk.FieldUser: vksim.User(s.account), vk.FieldPassword: s.account.Password, vk.FieldProject: vksim.ProjectID(s.account),
		vk.FieldConsole: s.account.ID, vk.FieldIdentity: s.url + "/identity/v3", vk.FieldBilling: s.url, vk.FieldMonitoring: s.url + "/monitoring",
	}
}

func with(s pipeline.Settings, field, value string) pipeline.Settings {
	out := pipeline.Settings{}
	for k, v := range s {
		out[k] = v
	}
	out[field] = value
	return out
}

const reportName = "november.csv"

// period is the time of the report in the tests: three days of Moscow.
func period() (from, to time.Time) {
	to = time.Date(2026, 11, 17, 0, 0, 0, 0, world.Moscow())
	return to.AddDate(0, 0, -3), to
}

// upload uploads the report as the cloud gives it now.
func (s *stand) upload(t *testing.T) {
	t.Helper()
	from, to := period()
	content, err := s.Report(s.account, from, to, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	s.uploads.Put(reportName, content, testNow())
}

// costs are what the report says, by day and resource.
func (s *stand) costs() map[providertest.BillKey]string {
	from, to := period()
	sums := map[providertest.BillKey]decimal.Decimal{}
	for _, l := range s.Lines(s.account, from, to, time.Time{}) {
		k := providertest.BillKey{Start: l.Day.UTC().Format(time.RFC3339), Resource: l.ResourceID}
		sums[k] = sums[k].Add(l.Cost)
	}
	out := map[providertest.BillKey]string{}
	for k, d := range sums {
		out[k] = d.String()
	}
	return out
}

func inventoryTask() pipeline.Task {
	hour := testNow().Truncate(time.Hour)
	return pipeline.Task{Feed: pipeline.FeedInventory, From: hour, To: hour.Add(time.Hour), Lang: pipeline.Russian}
}

func usageTask(from, to time.Duration) pipeline.Task {
	hour := testNow().Truncate(time.Hour)
	return pipeline.Task{Feed: pipeline.FeedUsage, From: hour.Add(from), To: hour.Add(to)}
}

func fileTask(name string) pipeline.Task {
	return pipeline.Task{Feed: pipeline.FeedFiles, Object: pipeline.Object{Key: name, Version: "1"}}
}

// scopeOf is where a kind of thing is listed.
func scopeOf(k world.Kind) string {
	return map[world.Kind]string{
		world.Server: "servers", world.Volume: "volumes", world.Snapshot: "snapshots", world.Backup: "backups", world.FloatingIP: "floatingips",
		world.LoadBalancer: "loadbalancers", world.Share: "shares", world.Cluster: "clusters", world.Database: "databases",
	}[k]
}

func (s *stand) truth() map[string][]string {
	out := map[string][]string{}
	for _, t := range s.account.Inventory(testNow()) {
		if scope := scopeOf(t.Kind); scope != "" {
			out[scope] = append(out[scope], t.ID)
		}
	}
	return out
}

func (s *stand) known() []pipeline.KnownResource {
	var out []pipeline.KnownResource
	for _, t := range s.account.Inventory(testNow()) {
		if t.Kind == world.Server {
			out = append(out, pipeline.KnownResource{ID: t.ID, Name: t.Name, Type: pipeline.Server, Scope: "servers"})
		}
	}
	return out
}

// paths are where the scopes are asked.
func paths() map[string]string {
	return map[string]string{
		"flavors": "/compute/v2.1/flavors/", "servers": "/compute/v2.1/servers/", "volumes": "/volumes/detail", "snapshots": "/snapshots/detail",
		"backups": "/backups/detail", "floatingips": "/network/", "loadbalancers": "/loadbalancer/", "shares": "/share/", "clusters": "/magnum/",
		"databases": "/database/", "balance": "/billing/", "monitoring/cpu": "query_range?cpu", "monitoring/memory": "query_range?mem",
	}
}

func matches(path string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if _, name, ok := strings.Cut(path, "query_range?"); ok {
			return strings.HasSuffix(r.URL.Path, "/query_range") && strings.HasPrefix(r.URL.Query().Get("query"), name)
		}
		return strings.Contains(r.URL.Path, path)
	}
}

func scopes(of ...string) []string {
	out := []string{}
	for scope := range paths() {
		if strings.HasPrefix(scope, "monitoring/") == slices.Contains(of, "monitoring") {
			out = append(out, scope)
		}
	}
	slices.Sort(out)
	return out
}

func dependents(scope string, _ providertest.Breakage) []string {
	if scope == "flavors" {
		return []string{"servers", "databases"}
	}
	return nil
}

func bad(good pipeline.Settings) []pipeline.Settings {
	return []pipeline.Settings{
		with(good, vk.FieldUser, " "), with(good, vk.FieldUser, "a\nb"), with(good, vk.FieldProject, good[vk.FieldConsole]),
		with(good, vk.FieldProject, "a/b"), with(good, vk.FieldConsole, good[vk.FieldProject]), with(good, vk.FieldIdentity, "http://keystone.example/v3"),
		with(good, vk.FieldBilling, "https://user:secret@billing.example"), with(good, vk.FieldMonitoring, "https://m.example/?x=1"),
		with(good, vk.FieldIdentity, "::"), with(good, vk.FieldPrices, "currency: USD\nper: hour\nprices: {vcpu: 1}"), with(good, vk.FieldPrices, "{"),
		with(good, vk.FieldMapping, "{}"),
	}
}

func TestConformance(t *testing.T) {
	providertest.Run(t, providertest.Case{
		Provider: vk.New(),
		New: func(t *testing.T) *providertest.Cloud {
			s := newStand(t)
			s.upload(t)
			good := s.settings()
			locked := with(with(good, vk.FieldUser, "nobody"), vk.FieldPassword, "locked p@ssword/3")
			s.WithoutSecondFactor("nobody")
			s.AddUser("nobody", "locked p@ssword/3", s.account)
			return &providertest.Cloud{
				Settings: good, Wrong: with(good, vk.FieldPassword, "not the password"), Locked: locked, Bad: bad(good),
				Secrets: []string{vksim.Secret}, Now: testNow, Known: s.known(), Uploads: s.uploads, Offline: []pipeline.Feed{pipeline.FeedFiles},
				Tasks: map[pipeline.Feed][]pipeline.Task{
					pipeline.FeedInventory: {inventoryTask()},
					pipeline.FeedUsage:     {usageTask(-time.Hour, 0), usageTask(-30*time.Hour, -24*time.Hour), usageTask(-10*testDay, -9*testDay), usageTask(-40*testDay, -39*testDay)},
					pipeline.FeedFiles:     {fileTask(reportName)},
				},
				Truth: s.truth,
				Prices: map[string]string{
					lostDisk: "0.7395", lostIP: "0.2055", novelDisk: "", busyVM: "2.721",
				},
				Types: map[string]pipeline.ResourceType{lostDisk: pipeline.Volume, lostIP: pipeline.FloatingIP, busyVM: pipeline.Server},
				Bills: []providertest.Bill{s.bill(t)},
				Break: func(scope string, how providertest.Breakage) (func(), bool) {
					return providertest.Spoil(s.Server.Server, matches(paths()[scope]), how, vksim.Secret)
				},
				Stuck:      s.Stuck(),
				Breakable:  map[pipeline.Feed][]string{pipeline.FeedInventory: scopes(), pipeline.FeedUsage: append(scopes("monitoring"), "servers")},
				Dependents: dependents, Expire: s.ExpireTokens, SkewClock: s.SetClockOffset,
				Remove: func() (string, string) {
					if err := s.account.Remove(busyVM, testNow().Add(-time.Minute)); err != nil {
						t.Fatal(err)
					}
					return busyVM, "servers"
				},
			}
		},
	})
}

// bill is the report and what can happen to it: it is downloaded and uploaded again.
func (s *stand) bill(t *testing.T) providertest.Bill {
	from, to := period()
	again := func(factor int64, id string) func() {
		return func() {
			s.account.Restate(world.Restatement{At: testNow().Add(-time.Hour), From: from.UTC(), To: to.UTC(), ResourceID: id, Factor: decimal.NewFromInt(factor)})
			s.upload(t)
		}
	}
	return providertest.Bill{
		Task: fileTask(reportName), Costs: s.costs, Unknown: []string{novelty},
		Restate: again(3, busyVM), Vanish: again(0, lostDisk),
		Late: func() {
			late := *s.account.All()[0]
			late.ID, late.States = fmt.Sprintf("bbbbbbbb-%s", late.ID[9:]), slices.Clone(late.States)
			s.account.Add(late)
			s.upload(t)
		},
	}
}
