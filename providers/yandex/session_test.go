package yandex_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"google.golang.org/grpc/codes"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/world"
	"github.com/infrazen/infrazen/providers/yandex"
	"github.com/infrazen/infrazen/providers/yandex/yandexsim"
)

func inventory(t *testing.T, s *stand, settings pipeline.Settings) (*providertest.Recorder, pipeline.Outcome) {
	t.Helper()
	task := pipeline.Task{Feed: pipeline.FeedInventory, From: testNow().Truncate(time.Hour), To: testNow().Truncate(time.Hour).Add(time.Hour)}
	rec := providertest.NewRecorder(task)
	out, err := s.open(t, settings).Collect(t.Context(), task, rec)
	if err != nil {
		t.Fatal(err)
	}
	return rec, out
}

func faultOf(t *testing.T, out pipeline.Outcome, scope string) *pipeline.Fault {
	t.Helper()
	for _, s := range out.Scopes {
		if s.Scope == scope {
			return s.Fault
		}
	}
	t.Fatalf("no scope %s in %+v", scope, out.Scopes)
	return nil
}

// TestFoldersWithoutTheCloud: an account with rights on folders only works once it is told which ones, and without that it is told
// what to do; an empty list of billing accounts is a missing right.
func TestFoldersWithoutTheCloud(t *testing.T) {
	s := newStand(t, newAccount(2), func(c *yandexsim.Config) { c.HideClouds = true })
	rec, out := inventory(t, s, s.settings(false))
	if f := faultOf(t, out, "folders"); out.Complete() || f == nil || f.Code != pipeline.FaultForbidden || len(rec.Rows) != 0 {
		t.Errorf("without folders: %+v", out.Scopes)
	}
	folders := s.cred.Folders
	rec, out = inventory(t, s, with(s.settings(false), yandex.FieldFolder, strings.Join(folders, ", ")))
	if d := cmp.Diff(s.truth(), rec.IDs(), sortStrings()); d != "" || !out.Complete() {
		t.Errorf("%+v %s", out.Scopes, d)
	}
	if f := faultOf(t, out, "billing/accounts"); f == nil || f.Code != pipeline.FaultForbidden || len(rec.Accounts) != 0 {
		t.Errorf("no billing account is told as %v", f)
	}
	rec, out = inventory(t, s, with(s.settings(false), yandex.FieldFolder, folders[0]+" b1gnotmine"))
	if f := faultOf(t, out, "compute/disks/b1gnotmine"); f == nil || f.Code != pipeline.FaultForbidden || !out.Complete() || len(rec.Rows) == 0 {
		t.Errorf("a folder of somebody else: %+v", out.Scopes)
	}
}

func sortStrings() cmp.Option {
	return cmp.Transformer("sorted", func(in []string) []string { return slices.Sorted(slices.Values(in)) })
}

func TestInventoryDetails(t *testing.T) {
	a := newAccount(4)
	vm := a.All()[0]
	thing := func(id, name string, kind world.Kind, parent string, tags map[string]string) {
		a.Add(world.Resource{ID: id, ProjectID: a.Projects[0].ID, Kind: kind, Region: "ru-central1", Zone: "ru-central1-b", Created: testNow().Add(-day), Tags: tags, States: []world.State{{
			From: testNow().Add(-day), Name: name, Status: world.Running, ParentID: parent, Spec: world.Spec{VCPU: 2, MemoryMB: 2048, DiskGB: 30, CoreFraction: 20, Preemptible: true},
		}}})
	}
	thing("cat1", "prod", world.Cluster, "", nil)
	thing("fhmcsi", "k8s-csi-0123", world.Volume, "", nil)
	thing("fhmlabel", "data", world.Volume, "", map[string]string{"cluster-name": "prod"})
	thing("fhmlost", "lost", world.Volume, "", nil)
	thing("fhmused", "used", world.Volume, vm.ID, nil)
	thing("fd8good", "good", world.Snapshot, "fhmused", nil)
	thing("fd8lost", "old", world.Snapshot, "fhmgone", nil)
	thing("e9bused", "", world.FloatingIP, vm.ID, nil)
	thing("e9bidle", "", world.FloatingIP, "", nil)
	thing("fhmsmall", "small", world.Server, "", map[string]string{"env": "dev"})
	s := newStand(t, a, nil)
	rec, out := inventory(t, s, s.settings(false))
	if !out.Complete() {
		t.Fatalf("%+v", out.Scopes)
	}
	get := func(id string) pipeline.Resource {
		t.Helper()
		r, ok := rec.Resource(id)
		if !ok {
			t.Fatalf("no resource %s", id)
		}
		return r
	}
	condition := func(id, want string) {
		t.Helper()
		if got := get(id).Attributes[pipeline.AttributeCondition]; got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	condition("fhmcsi", "")
	condition("fhmlabel", "")
	condition("fhmlost", pipeline.ConditionOrphan)
	condition("fhmused", "")
	condition("fd8good", "")
	condition("fd8lost", pipeline.ConditionOrphan)
	condition("e9bused", "")
	condition("e9bidle", pipeline.ConditionOrphan)
	if c := get("fhmlabel").Attributes["kubernetes_cluster"]; c != "cat1" {
		t.Errorf("the disk of a cluster is tied to %q", c)
	}
	small := get("fhmsmall")
	if small.VCPU != 2 || small.MemoryBytes != 2<<30 || small.ZoneID != "ru-central1-b" || small.RegionID != "ru-central1" || small.Tags["env"] != "dev" ||
		small.Attributes["core_fraction"] != "20" || small.Attributes["preemptible"] != "true" || small.ProjectName != a.Projects[0].Name || !small.CreatedAt.Equal(testNow().Add(-day)) {
		t.Errorf("%+v", small)
	}
	if d := get("fhmused"); d.ParentID != vm.ID || d.DiskBytes != 30<<30 {
		t.Errorf("%+v", d)
	}
	if len(rec.Accounts) != 1 || rec.Accounts[0].Balance == nil || !rec.Accounts[0].Balance.Equal(a.Balance(testNow())) || rec.Accounts[0].Currency != "RUB" {
		t.Errorf("account %+v", rec.Accounts)
	}
}

// TestTokens: one token serves a whole task and the next, is renewed when most of its life is over, and replaced when refused.
func TestTokens(t *testing.T) {
	s := newStand(t, newAccount(6), func(c *yandexsim.Config) { c.TokenLife = time.Hour })
	session := s.open(t, s.settings(false))
	task := pipeline.Task{Feed: pipeline.FeedInventory, From: testNow(), To: testNow()}
	issued := func(want int, what string) {
		t.Helper()
		if out, err := session.Collect(t.Context(), task, providertest.NewRecorder(task)); err != nil || !out.Complete() {
			t.Fatalf("%s: %v %+v", what, err, out.Scopes)
		}
		if n := s.sim.Requests()["POST /iam/v1/tokens"]; n != want {
			t.Errorf("%s: %d requests for a token, want %d", what, n, want)
		}
	}
	issued(1, "at first")
	issued(1, "again")
	s.clock.pass(50 * time.Minute)
	issued(1, "in its life")
	s.clock.pass(5 * time.Minute)
	issued(2, "at nine tenths")
	s.sim.RevokeTokens()
	issued(3, "revoked")
}

// TestReportLimit: every report waits for the limit that all connections share, and one too many is deferred.
func TestReportLimit(t *testing.T) {
	s := newStand(t, newAccount(8), func(c *yandexsim.Config) { c.ReportEvery = time.Minute })
	waits := map[string]pipeline.RateLimit{}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	pass := true
	session, err := yandex.New().Open(s.settings(false), pipeline.Env{
		HTTP: &http.Client{Transport: transport}, Now: s.clock.now,
		Wait: func(_ context.Context, key string, limit pipeline.RateLimit) error {
			if strings.HasPrefix(key, "yandex/usage") {
				waits[key] = limit
				if pass {
					s.clock.pass(limit.Per)
				}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = session.Close(t.Context()) }()
	collect := func() pipeline.Outcome {
		t.Helper()
		task := pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(2), To: moscow(1)}
		out, err := session.Collect(t.Context(), task, providertest.NewRecorder(task))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if out := collect(); !out.Complete() {
		t.Errorf("%+v", out.Scopes)
	}
	if d := cmp.Diff(map[string]pipeline.RateLimit{"yandex/usage-report": {Burst: 1, Per: time.Minute}}, waits); d != "" {
		t.Error(d)
	}
	pass = false
	out := collect()
	if f := faultOf(t, out, "billing/usage-report"); f == nil || f.Code != pipeline.FaultThrottled || !f.Retry {
		t.Errorf("one report too many gives %v", f)
	}
}

// TestReportFaults: errors of gRPC by their codes; a refused token is replaced midway, and a report that hangs ends with its task.
func TestReportFaults(t *testing.T) {
	s := newStand(t, newAccount(8), nil)
	session := s.open(t, s.settings(false))
	task := pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(2), To: moscow(1)}
	for code, want := range map[codes.Code]pipeline.FaultCode{
		codes.PermissionDenied: pipeline.FaultForbidden, codes.ResourceExhausted: pipeline.FaultThrottled, codes.Internal: pipeline.FaultUnavailable,
		codes.Unavailable: pipeline.FaultUnavailable, codes.DeadlineExceeded: pipeline.FaultTimeout, codes.InvalidArgument: pipeline.FaultMalformed,
		codes.Unauthenticated: pipeline.FaultExpired,
	} {
		mend := s.sim.BreakReports(yandexsim.ReportFault{Code: code})
		out, err := session.Collect(t.Context(), task, providertest.NewRecorder(task))
		if f := faultOf(t, out, "billing/usage-report"); err != nil || f == nil || f.Code != want {
			t.Errorf("%s gives %v, %v", code, f, err)
		}
		mend()
	}
	mend := s.sim.BreakReports(yandexsim.ReportFault{Code: codes.Unauthenticated, Times: 1})
	if out, err := session.Collect(t.Context(), task, providertest.NewRecorder(task)); err != nil || !out.Complete() {
		t.Errorf("a token refused once: %v %+v", err, out.Scopes)
	}
	mend()
	hangs := make(chan struct{})
	defer s.sim.BreakReports(yandexsim.ReportFault{Hang: hangs})()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-hangs
		cancel()
	}()
	if _, err := session.Collect(ctx, task, providertest.NewRecorder(task)); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled report gives %v", err)
	}
}

// TestLoad: machines with a name and without one are found, gaps are no samples, disks of a machine add up, and many machines are
// read some at a time.
func TestLoad(t *testing.T) {
	a := newAccount(12)
	for i := range 320 {
		name := ""
		if i%2 == 0 {
			name = "many-" + decimal.NewFromInt(int64(i)).String()
		}
		a.Add(world.Resource{
			ID: "fhmmany" + decimal.NewFromInt(int64(i)).String(), ProjectID: a.Projects[0].ID, Kind: world.Server, Created: testNow().Add(-day),
			Load:   world.Load{Pattern: world.Steady, Base: 10, Peak: 20},
			States: []world.State{{From: testNow().Add(-day), Name: name, Status: world.Running, Spec: world.Spec{VCPU: 2, MemoryMB: 2048}}},
		})
	}
	s := newStand(t, a, nil)
	hour := testNow().Truncate(time.Hour)
	task := pipeline.Task{Feed: pipeline.FeedUsage, From: hour.Add(-time.Hour), To: hour, Known: s.known()}
	rec := providertest.NewRecorder(task)
	out, err := s.open(t, s.settings(false)).Collect(t.Context(), task, rec)
	if err != nil || !out.Complete() {
		t.Fatal(err, out.Scopes)
	}
	seen := map[string]map[string]float64{}
	for _, p := range rec.Points {
		if seen[string(p.Metric)] == nil {
			seen[string(p.Metric)] = map[string]float64{}
		}
		seen[string(p.Metric)][p.ResourceID] += p.Value
	}
	if n := len(rec.Points) / 5; n >= len(task.Known)*12 || n < len(task.Known)*8 {
		t.Errorf("%d samples of a metric of %d machines: the gaps are wrong", n, len(task.Known))
	}
	for metric, by := range seen {
		if len(by) != len(task.Known) {
			t.Errorf("%s: %d machines of %d", metric, len(by), len(task.Known))
		}
	}
	if cpu, disk := seen["cpu_percent"]["fhmmany1"], seen["disk_read_bytes_per_second"]["fhmmany1"]; cpu == 0 || disk < cpu*4095 || disk > cpu*4097 {
		t.Errorf("two disks of %f%% read %f", cpu, disk)
	}
	if d := cmp.Diff([]string{"cpu_percent", "disk_read_bytes_per_second", "disk_write_bytes_per_second", "network_receive_bytes_per_second", "network_transmit_bytes_per_second"},
		slices.Sorted(maps.Keys(seen))); d != "" {
		t.Error(d)
	}
}

// TestBelowAPath reads a stand-in that shares its port with others: REST and storage below a path, gRPC at its own.
func TestBelowAPath(t *testing.T) {
	s := newStand(t, newAccount(1), nil)
	mux := http.NewServeMux()
	mux.Handle("/yandex/", http.StripPrefix("/yandex", s.sim))
	mux.Handle(reportPath, s.sim)
	srv := httptest.NewUnstartedServer(mux)
	srv.Config.Protocols = yandexsim.Protocols()
	srv.Start()
	defer srv.Close()
	below := with(s.settings(true), yandex.FieldAddress, srv.URL+"/yandex", yandex.FieldStorage, srv.URL+"/yandex", yandex.FieldReports, srv.URL)
	session := s.open(t, below)
	if out, err := session.Check(t.Context()); err != nil || !out.Complete() {
		t.Errorf("%v %+v", err, out.Scopes)
	}
	objects, err := session.Objects(t.Context())
	if err != nil || len(objects) == 0 {
		t.Fatalf("%d files, %v", len(objects), err)
	}
	for _, task := range []pipeline.Task{{Feed: pipeline.FeedFiles, Object: objects[0]}, {Feed: pipeline.FeedCharges, From: moscow(3), To: moscow(2)}} {
		settings := below
		if task.Feed == pipeline.FeedCharges {
			settings = with(below, yandex.FieldBucket, "", yandex.FieldPrefix, "")
		}
		rec := providertest.NewRecorder(task)
		if out, err := s.open(t, settings).Collect(t.Context(), task, rec); err != nil || !out.Complete() || len(rec.Charges()) == 0 {
			t.Errorf("%s: %v %+v", task.Feed, err, out.Scopes)
		}
	}
}
