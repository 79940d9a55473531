package beget_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
	"github.com/infrazen/infrazen/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testNow is the clock of the tests: Wednesday noon in Moscow.
func testNow() time.Time { return time.Date(2026, 11, 18, 9, 0, 30, 0, time.UTC) }

const (
	testDay   = 24 * time.Hour
	login     = "tester"
	password  = "panel p@ssword/1"
	apiPass   = "api+p@ssword&2"
	project   = "aaaaaaaa-0000-4000-8000-000000000901"
	vmDecimal = "11111111-0000-4000-8000-000000000001"
	vmInteger = "11111111-0000-4000-8000-000000000002"
	vmStopped = "11111111-0000-4000-8000-000000000003"
	vmArchive = "11111111-0000-4000-8000-000000000004"
	vmUnknown = "11111111-0000-4000-8000-000000000005"
	vmNew     = "11111111-0000-4000-8000-000000000006"
	dbID      = "22222222-0000-4000-8000-000000000001"
	bucketID  = "22222222-0000-4000-8000-000000000002"
	futureID  = "22222222-0000-4000-8000-000000000003"
	cdnID     = "22222222-0000-4000-8000-000000000004"
	pgID      = "22222222-0000-4000-8000-000000000005"
	zeroDB    = "22222222-0000-4000-8000-000000000006"
)

func testAccount() begetsim.Account {
	size := begetsim.Size{CPU: 2, MemoryMB: 2048, DiskMB: 30720, PriceDay: "22"}
	vm := func(id, name, price string) begetsim.Machine {
		s := size
		s.PriceDay = price
		return begetsim.Machine{ID: id, Name: name, Size: s, Project: project, Region: "ru1", Load: 40, Memory: 48, Created: testDay}
	}
	a := begetsim.Account{
		Title: "test", Login: login, Password: password, APIPassword: apiPass, TopUp: 5000,
		Machines: []begetsim.Machine{
			vm(vmDecimal, "runner rus", "9.73"), vm(vmInteger, "Objective Perrin", "22"), vm(vmStopped, "stopped", "15.5"),
			vm(vmArchive, "archived", "3"), vm(vmUnknown, "no price", ""), vm(vmNew, "new", "22"),
		},
		Projects:  []begetsim.Project{{ID: project, Name: "Магазин"}, {ID: "p2", Name: "Second"}, {ID: "p3", Name: "Third"}},
		Addresses: []begetsim.Address{{IP: "198.51.100.1", Machine: vmDecimal, Region: "ru1"}, {IP: "198.51.100.2", Region: "ru1"}},
		Networks:  []begetsim.Network{{ID: "net-1", Subnet: "10.0.0.0", Region: "ru1"}},
		Snapshots: []begetsim.Snapshot{{ID: "snap-1", Machine: vmInteger, Description: "before", PriceDay: "1.25", Region: "ru1", SizeMB: 2048, Created: 2 * testDay}},
		Services: []begetsim.Service{
			{ID: dbID, Name: "Cloud database 1", Type: "MYSQL5", Size: begetsim.Size{CPU: 2, MemoryMB: 2048, DiskMB: 20480, PriceDay: "29"}, Project: project, Region: "ru2", Load: 20, Memory: 50},
			{ID: bucketID, Name: "Humane Orrin", Type: "S_3", Size: begetsim.Size{PriceDay: "0"}, Region: "ru1"},
			{ID: futureID, Name: "queue", Type: "KAFKA4", Size: begetsim.Size{PriceDay: "77.7"}, Region: "ru1"},
			{ID: cdnID, Name: "cdn", Type: "CDN", Size: begetsim.Size{PriceDay: "0"}, Region: "ru1"},
			{ID: pgID, Name: "pg", Type: "POSTGRESQL18", Size: begetsim.Size{CPU: 4, MemoryMB: 4096, DiskMB: 40960, PriceDay: "58.01"}, Region: "ru2", Load: 20, Memory: 50},
			{ID: zeroDB, Name: "gift", Type: "MYSQL8", Size: begetsim.Size{CPU: 1, MemoryMB: 1024, DiskMB: 10240, PriceDay: "0"}, Region: "ru2", Load: 5, Memory: 50},
		},
		Domains: []begetsim.Domain{
			{ID: 7, FQDN: "example.ru", Registered: true, Mailboxes: []string{"info", "sales"}}, {ID: 8, FQDN: "sub.example.ru"},
		},
		Sites:     []begetsim.Site{{ID: 7, Path: "example.ru/public_html", Domains: []string{"example.ru"}}},
		Databases: []string{"tester_db"}, FTP: []string{"tester_ftp"},
	}
	m := a.Machines
	m[1].Software = "n8n"
	m[1].Licenses = []begetsim.License{{Type: "ISP", Plan: "Host", PriceMonth: "500"}, {Type: "BITRIX", Plan: "B", PriceDay: "1.5"}}
	m[2].Changes = []begetsim.Change{{At: 5 * testDay, Type: "STOP", Status: "STOPPED"}}
	m[3].Archived = true
	m[4].Changes = []begetsim.Change{{At: 3 * testDay, Type: "RECONFIGURE", Failed: true}, {At: 4 * testDay, Type: "MIGRATE"}}
	m[5].Created = 99*testDay + 11*time.Hour + 59*time.Minute + 55*time.Second
	return a
}

// sim starts a stand-in with the test account and one that wants a code.
func sim(t *testing.T) (*begetsim.Server, string) {
	t.Helper()
	s := begetsim.New(begetsim.Config{
		Seed: 7, Now: testNow, Start: testNow().Add(-99*testDay - 12*time.Hour), Accounts: []begetsim.Account{testAccount(), begetsim.Locked()},
		PageSize: 4, LegacyLimit: -1,
	})
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return s, srv.URL
}

func settings(url string) pipeline.Settings {
	return pipeline.Settings{
		beget.FieldLogin: login, beget.FieldPassword: password, beget.FieldAPIPassword: apiPass, beget.FieldAddress: url,
	}
}

func known() []pipeline.KnownResource {
	var out []pipeline.KnownResource
	for _, id := range []string{vmDecimal, vmInteger, vmNew} {
		out = append(out, pipeline.KnownResource{ID: id, Type: pipeline.Server, Scope: "vps"})
	}
	return append(out,
		pipeline.KnownResource{ID: dbID, Type: pipeline.Database, Scope: "cloud"},
		pipeline.KnownResource{ID: pgID, Type: pipeline.Database, Scope: "cloud"},
		pipeline.KnownResource{ID: "mysql:tester_db", Type: pipeline.Database, Scope: "mysql/getList"},
	)
}

func inventoryTask() pipeline.Task {
	hour := testNow().Truncate(time.Hour)
	return pipeline.Task{Feed: pipeline.FeedInventory, From: hour, To: hour.Add(time.Hour), Lang: pipeline.Russian}
}

func usageTask(from, to time.Duration) pipeline.Task {
	hour := testNow().Truncate(time.Hour)
	return pipeline.Task{Feed: pipeline.FeedUsage, From: hour.Add(from), To: hour.Add(to)}
}

func with(s pipeline.Settings, field, value string) pipeline.Settings {
	out := pipeline.Settings{}
	for k, v := range s {
		out[k] = v
	}
	out[field] = value
	return out
}

func truth(s *begetsim.Server, login string) map[string][]string {
	w := s.Truth(login)
	named := func(prefix string, ids []string) []string {
		out := make([]string, 0, len(ids))
		for _, id := range ids {
			out = append(out, prefix+id)
		}
		return out
	}
	return map[string][]string{
		"vps": w.Machines, "cloud": w.Services, "vps/snapshot": w.Snapshots,
		"vps/network":    append(named("ip:", w.Addresses), named("net:", w.Networks)...),
		"domain/getList": named("domain:", w.Domains), "site/getList": named("site:", w.Sites),
		"mysql/getList": named("mysql:", w.Databases), "ftp/getList": named("ftp:", w.FTP),
		"mail/getMailboxList": named("mail:", w.Mailboxes),
	}
}

// paths are where the scopes are asked; those with an identifier break for one machine only.
func paths() map[string]string {
	return map[string]string{
		"vps": "/v1/vps/server/list", "vps/history": "/v1/vps/" + vmInteger + "/history", "vps/region": "/v1/vps/region",
		"vps/snapshot": "/v1/vps/snapshot", "vps/network": "/v1/vps/network", "vps/configurator": "/v1/vps/configurator/calculation",
		"cloud": "/v1/cloud", "cloud/projects": "/v1/cloud/projects/list", "cloud/s3/price": "/v1/cloud/s3/price",
		"vps/statistic/cpu":          "/v1/vps/statistic/cpu/" + vmInteger,
		"vps/statistic/network":      "/v1/vps/statistic/network/" + vmInteger,
		"vps/statistic/load-average": "/v1/vps/statistic/load-average/" + vmDecimal,
		"cloud/statistic/memory":     "/v1/cloud/mysql/" + dbID + "/statistic/memory",
		"user/getAccountInfo":        "/api/user/getAccountInfo", "domain/getList": "/api/domain/getList",
		"domain/getZoneList": "/api/domain/getZoneList", "site/getList": "/api/site/getList", "mysql/getList": "/api/mysql/getList",
		"ftp/getList": "/api/ftp/getList", "mail/getMailboxList": "/api/mail/getMailboxList",
	}
}

func breaker(s *begetsim.Server) func(string, providertest.Breakage) (func(), bool) {
	return func(scope string, how providertest.Breakage) (func(), bool) {
		f := begetsim.Fault{Path: paths()[scope]}
		legacy := strings.HasPrefix(f.Path, "/api/")
		section, _, _ := strings.Cut(scope, "/")
		switch how {
		case providertest.Torn:
			f.Torn = true
		case providertest.CutOff:
			f.Cut = true
		case providertest.ServerError:
			f.Status, f.Body = http.StatusInternalServerError, `{"message":"`+begetsim.Secret+`"}`
		case providertest.Hang:
			f.Hang = true
		case providertest.SlowBody:
			f.Slow = true
		case providertest.WebPage:
			f.Body = "<html>" + begetsim.Secret + "</html>"
		case providertest.Throttled:
			f.Status, f.RetryAfter = http.StatusTooManyRequests, 30*time.Second
			if legacy {
				f.Status, f.Body = 0, begetsim.LegacyError(true, "LIMIT_ERROR", begetsim.Secret)
			}
		case providertest.Forbidden:
			f.Status = http.StatusForbidden
			if legacy {
				f.Status, f.Body = 0, begetsim.LegacyError(false, "AUTH_ERROR", "Cannot access method "+section)
			}
		default:
			return nil, false
		}
		return s.Break(f), true
	}
}

func dependents(scope string, how providertest.Breakage) []string {
	order := []string{"user/getAccountInfo", "domain/getList", "domain/getZoneList", "site/getList", "mysql/getList", "ftp/getList", "mail/getMailboxList"}
	i := slices.Index(order, scope)
	switch {
	case i >= 0 && how == providertest.Throttled:
		return order[i+1:] // the limit is the user's, so what follows is deferred
	case scope == "domain/getList":
		return []string{"mail/getMailboxList"}
	case scope == "cloud":
		return []string{"cloud/statistic/cpu"}
	}
	return nil
}

func TestConformance(t *testing.T) {
	scopes := []string{}
	stats := []string{}
	for s := range paths() {
		if strings.Contains(s, "statistic") {
			stats = append(stats, s)
		} else {
			scopes = append(scopes, s)
		}
	}
	slices.Sort(scopes)
	slices.Sort(stats)
	providertest.Run(t, providertest.Case{
		Provider: beget.New(),
		New: func(t *testing.T) *providertest.Cloud {
			s, url := sim(t)
			good := settings(url)
			return &providertest.Cloud{
				Settings: good, Wrong: with(good, beget.FieldPassword, "not the password"),
				Locked: with(with(good, beget.FieldLogin, begetsim.Locked().Login), beget.FieldPassword, begetsim.Locked().Password),
				Bad: []pipeline.Settings{
					with(good, beget.FieldLogin, " "), with(good, beget.FieldLogin, "a\nb"), with(good, beget.FieldLogin, strings.Repeat("a", 200)),
					with(good, beget.FieldAddress, "http://api.example"), with(good, beget.FieldAddress, "ftp://api.example"),
					with(good, beget.FieldAddress, "https://user:secret@api.example"), with(good, beget.FieldAddress, "https://api.example/?x=1"),
					with(good, beget.FieldAddress, "::"), with(good, beget.FieldAddress, "api.example"),
				},
				Secrets: []string{begetsim.Secret}, Now: testNow, Known: known(),
				Tasks: map[pipeline.Feed][]pipeline.Task{
					pipeline.FeedInventory: {inventoryTask()},
					pipeline.FeedUsage:     {usageTask(-time.Hour, 0), usageTask(-30*time.Hour, -24*time.Hour), usageTask(-5*testDay, -4*testDay)},
				},
				Truth: func() map[string][]string { return truth(s, login) },
				Prices: map[string]string{
					vmDecimal: "9.73", vmInteger: "22", vmStopped: "15.5", vmArchive: "3", vmUnknown: "", dbID: "29", bucketID: "",
					futureID: "77.7", cdnID: "", pgID: "58.01", zeroDB: "0", "snap-1": "1.25", "ip:198.51.100.1": "",
				},
				Types: map[string]pipeline.ResourceType{
					vmDecimal: pipeline.Server, dbID: pipeline.Database, pgID: pipeline.Database, bucketID: pipeline.Bucket, cdnID: pipeline.CDN,
					futureID: pipeline.OtherType, "snap-1": pipeline.Snapshot, "ip:198.51.100.2": pipeline.FloatingIP, "net:net-1": pipeline.Network,
					"domain:7": pipeline.Domain, "site:7": pipeline.Site, "mysql:tester_db": pipeline.Database, "ftp:tester_ftp": pipeline.FTPAccount,
					"mail:info@example.ru": pipeline.Mailbox,
				},
				Stuck:      s.Stuck(),
				Break:      breaker(s),
				Breakable:  map[pipeline.Feed][]string{pipeline.FeedInventory: scopes, pipeline.FeedUsage: append(stats, "cloud")},
				Dependents: dependents,
				Expire:     s.RevokeTokens,
				SkewClock:  s.SetClockOffset,
				Remove: func() (string, string) {
					if err := s.RemoveMachine(login, vmInteger, testNow().Add(-10*time.Minute)); err != nil {
						t.Fatal(err)
					}
					return vmInteger, "vps"
				},
			}
		},
	})
}
