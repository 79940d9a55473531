package yandex_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"google.golang.org/grpc/codes"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/standin"
	"github.com/infrazen/infrazen/providers/world"
	"github.com/infrazen/infrazen/providers/yandex"
	"github.com/infrazen/infrazen/providers/yandex/yandexsim"
)

const reportPath = "/yandex.cloud.billing.usage_records.v1.ConsumptionCoreService/"

// scopeNames are the folder's scopes by what the world has there, with their paths.
func scopeNames() map[world.Kind][2]string {
	return map[world.Kind][2]string{
		world.Server: {"compute/instances", "/compute/v1/instances"}, world.Volume: {"compute/disks", "/compute/v1/disks"},
		world.Snapshot: {"compute/snapshots", "/compute/v1/snapshots"}, world.Image: {"compute/images", "/compute/v1/images"},
		world.FloatingIP: {"vpc/addresses", "/vpc/v1/addresses"}, world.LoadBalancer: {"lb/network", "/load-balancer/v1/networkLoadBalancers"},
		world.Registry: {"registry", "/container-registry/v1/registries"}, world.Bucket: {"storage/buckets", "/storage/v1/buckets"},
		world.Cluster: {"kubernetes/clusters", "/managed-kubernetes/v1/clusters"}, world.Database: {"mdb/postgresql", "/managed-postgresql/v1/clusters"},
	}
}

func (s *stand) truth() map[string][]string {
	out := map[string][]string{}
	for _, v := range s.acc.Inventory(s.clock.now()) {
		if name, ok := scopeNames()[v.Kind]; ok {
			scope := name[0] + "/" + v.ProjectID
			out[scope] = append(out[scope], v.ID)
		}
	}
	return out
}

func (s *stand) known() []pipeline.KnownResource {
	var out []pipeline.KnownResource
	for _, v := range s.acc.Inventory(s.clock.now()) {
		if v.Kind == world.Server {
			out = append(out, pipeline.KnownResource{ID: v.ID, Type: pipeline.Server, Name: v.Name, Scope: "compute/instances/" + v.ProjectID})
		}
	}
	return out
}

// faultAt is where a scope breaks.
func (s *stand) faultAt(scope string, file pipeline.Object) func(*http.Request) bool {
	switch scope {
	case "clouds", "folders":
		return yandexsim.At("/resource-manager/v1/"+scope, "")
	case "billing/accounts":
		return yandexsim.At("/billing/v1/billingAccounts", "")
	case "billing/export":
		return yandexsim.At("/"+s.cred.Bucket+"/"+file.Key, "")
	}
	i := strings.LastIndexByte(scope, '/')
	if strings.HasPrefix(scope, "monitoring/") {
		return yandexsim.At("/monitoring/v2/data/read", scope[i+1:])
	}
	for _, n := range scopeNames() {
		if n[0] == scope[:i] {
			return yandexsim.At(n[1], scope[i+1:])
		}
	}
	panic("no path of " + scope)
}

func (s *stand) breaker(file pipeline.Object) func(string, providertest.Breakage) (func(), bool) {
	return func(scope string, how providertest.Breakage) (func(), bool) {
		if scope == "billing/usage-report" {
			return s.breakReports(how)
		}
		answer := func(status, code int, s3 string) (func(), bool) {
			f := standin.Fault{Match: s.faultAt(scope, file), Status: status, Body: fmt.Sprintf(`{"code":%d,"message":%q}`, code, yandexsim.Secret)}
			if scope == "billing/export" {
				f.Body = yandexsim.S3Error(s3)
			}
			return s.sim.Break(f), true
		}
		switch how {
		case providertest.ServerError:
			return answer(http.StatusInternalServerError, 13, "InternalError")
		case providertest.Throttled:
			return answer(http.StatusTooManyRequests, 8, "SlowDown")
		case providertest.Forbidden:
			return answer(http.StatusForbidden, 7, "AccessDenied")
		}
		return providertest.Spoil(s.sim.Faults(), s.faultAt(scope, file), how, yandexsim.Secret)
	}
}

// breakReports breaks what comes by gRPC: codes only, no bytes of ours.
func (s *stand) breakReports(how providertest.Breakage) (func(), bool) {
	code, ok := map[providertest.Breakage]codes.Code{
		providertest.CutOff: codes.Unavailable, providertest.ServerError: codes.Internal, providertest.Throttled: codes.ResourceExhausted,
		providertest.Forbidden: codes.PermissionDenied,
	}[how]
	if !ok {
		return nil, false
	}
	return s.sim.BreakReports(yandexsim.ReportFault{Code: code}), true
}

func (s *stand) dependents(scope string, _ providertest.Breakage) []string {
	var out []string
	switch {
	case scope == "clouds" || scope == "folders":
		out = append(out, "folders")
		for _, n := range scopeNames() {
			for _, p := range s.acc.Projects {
				out = append(out, n[0]+"/"+p.ID)
			}
		}
	case strings.HasPrefix(scope, "monitoring/"):
		folder := scope[strings.LastIndexByte(scope, '/'):]
		for _, m := range []string{"cpu_usage", "disk.read_bytes", "disk.write_bytes", "network_received_bytes", "network_sent_bytes"} {
			out = append(out, "monitoring/"+m+folder)
		}
	}
	return out
}

// bill is the cloud's word on a period: the net by resource, under the period's start.
func (s *stand) bill(task pipeline.Task, from time.Time) providertest.Bill {
	victims := s.acc.Inventory(from)
	at := func() time.Time { return s.clock.now().UTC().Truncate(time.Hour) }
	restate := func(i int, factor string) func() {
		return func() {
			s.acc.Restate(world.Restatement{At: at(), From: from, To: from.Add(day), ResourceID: victims[i].ID, Factor: decimal.RequireFromString(factor)})
		}
	}
	var unknown []string
	for _, v := range victims {
		if v.Kind == world.Novelty {
			unknown = append(unknown, v.ID)
		}
	}
	return providertest.Bill{
		Task: task, Unknown: unknown,
		Costs: func() map[providertest.BillKey]string {
			out := map[providertest.BillKey]string{}
			for id, d := range net(s.acc, from, from.Add(day), at()) {
				if !d.IsZero() {
					out[providertest.BillKey{Start: from.Format(time.RFC3339), Resource: id}] = d.String()
				}
			}
			return out
		},
		Late:    func() { s.clock.pass(30 * time.Hour) },
		Restate: restate(1, "0.25"), Vanish: restate(2, "0"),
	}
}

func TestConformance(t *testing.T) {
	t.Run("export", func(t *testing.T) { conformance(t, true) })
	t.Run("reports", func(t *testing.T) { conformance(t, false) })
}

func conformance(t *testing.T, bucket bool) {
	providertest.Run(t, providertest.Case{Provider: yandex.New(), New: func(t *testing.T) *providertest.Cloud { return newCloud(t, bucket) }})
}

func newCloud(t *testing.T, bucket bool) *providertest.Cloud {
	a := newAccount(7)
	a.Delay(world.Delay{ResourceID: a.All()[0].ID, From: moscow(3), To: moscow(1), By: 4 * day})
	a.Delay(world.Delay{ResourceID: a.All()[0].ID, From: moscow(2), To: moscow(0), By: 60 * time.Hour})
	s := newStand(t, a, nil)
	good := s.settings(bucket)
	file := pipeline.Object{Key: "detail/20261117.csv"}
	if bucket {
		file = s.file(t, moscow(1))
	}
	charges := pipeline.Task{Feed: pipeline.FeedCharges, From: moscow(2), To: moscow(1)}
	files := pipeline.Task{Feed: pipeline.FeedFiles, Object: file}
	hour := testNow().Truncate(time.Hour)
	bills := []providertest.Bill{s.bill(charges, moscow(2).Add(3*time.Hour))}
	if bucket {
		bills = []providertest.Bill{s.bill(files, moscow(1))}
	}
	folder := a.Projects[0].ID
	inventory := []string{"clouds", "folders", "billing/accounts"}
	for _, name := range []string{"compute/instances", "compute/disks", "mdb/postgresql", "storage/buckets"} { // all lists are read alike
		inventory = append(inventory, name+"/"+folder)
	}
	breakable := map[pipeline.Feed][]string{pipeline.FeedUsage: {"monitoring/cpu_usage/" + s.known()[0].Scope[len("compute/instances/"):]}}
	if bucket {
		breakable[pipeline.FeedInventory], breakable[pipeline.FeedFiles] = inventory, []string{"billing/export"}
	} else {
		breakable[pipeline.FeedCharges] = []string{"billing/usage-report"}
	}
	wrongKey := yandexsim.New(yandexsim.Config{Accounts: []*world.Account{a}, Keys: keys(a.ID, otherKey())}).Credentials()[0].KeyFile
	return &providertest.Cloud{
		Settings: good, Wrong: with(good, yandex.FieldKey, wrongKey),
		Bad:     badSettings(good),
		Secrets: []string{yandexsim.Secret, "BEGIN PRIVATE KEY"}, Now: s.clock.now, Known: s.known(),
		Tasks: map[pipeline.Feed][]pipeline.Task{
			pipeline.FeedInventory: {{Feed: pipeline.FeedInventory, From: hour, To: hour.Add(time.Hour), Lang: pipeline.Russian}},
			pipeline.FeedFiles:     {files},
			pipeline.FeedCharges:   {charges, {Feed: pipeline.FeedCharges, From: moscow(8), To: moscow(3)}},
			pipeline.FeedUsage: {
				{Feed: pipeline.FeedUsage, From: hour.Add(-time.Hour), To: hour}, {Feed: pipeline.FeedUsage, From: hour.Add(-5 * day), To: hour.Add(-4 * day)},
			},
		},
		Truth: s.truth, Bills: bills,
		Types: typesOf(s),
		Stuck: s.sim.Stuck(), Break: s.breaker(file), Breakable: breakable, Dependents: s.dependents,
		Expire: s.sim.RevokeTokens, SkewClock: s.sim.SetClockOffset,
		Remove: func() (string, string) {
			v := s.acc.Inventory(testNow())[0]
			if err := s.acc.Remove(v.ID, testNow().Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
			return v.ID, "compute/instances/" + v.ProjectID
		},
	}
}

func typesOf(s *stand) map[string]pipeline.ResourceType {
	types := map[world.Kind]pipeline.ResourceType{
		world.Server: pipeline.Server, world.Volume: pipeline.Volume, world.Snapshot: pipeline.Snapshot, world.Image: pipeline.Image,
		world.FloatingIP: pipeline.FloatingIP, world.LoadBalancer: pipeline.LoadBalancer, world.Registry: pipeline.Registry,
		world.Bucket: pipeline.Bucket, world.Cluster: pipeline.Cluster, world.Database: pipeline.Database,
	}
	out := map[string]pipeline.ResourceType{}
	for _, v := range s.acc.Inventory(testNow()) {
		if kind, ok := types[v.Kind]; ok {
			out[v.ID] = kind
		}
	}
	return out
}

func badSettings(good pipeline.Settings) []pipeline.Settings {
	return []pipeline.Settings{
		with(good, yandex.FieldKey, "{}"), with(good, yandex.FieldKey, "not JSON"),
		with(good, yandex.FieldKey, strings.ReplaceAll(good[yandex.FieldKey], "MII", "XXX")),
		with(good, yandex.FieldBucket, "b", yandex.FieldSecretKey, ""), with(good, yandex.FieldBucket, "", yandex.FieldPrefix, "x"),
		with(good, yandex.FieldBucket, "a/b"), with(good, yandex.FieldFolder, "b1g one?"), with(good, yandex.FieldBillingAccount, "a b"),
		with(good, yandex.FieldAddress, "http://api.example"), with(good, yandex.FieldStorage, "ftp://x"),
		with(good, yandex.FieldMonitoring, "https://user:secret@api.example"), with(good, yandex.FieldReports, "http://api.example:443"),
		with(good, yandex.FieldReports, "api.example"), with(good, yandex.FieldAddress, "https://api.example/?x=1"),
	}
}
