package beget_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
	"github.com/infrazen/infrazen/providers/providertest"
)

// open opens a session with a clock and a client of its own.
func open(t *testing.T, s pipeline.Settings, now func() time.Time) pipeline.Session {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	session, err := beget.New().Open(s, pipeline.Env{HTTP: &http.Client{Transport: transport, Timeout: 5 * time.Second}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = session.Close(context.Background()) // tests of failures end with a broken cloud
		transport.CloseIdleConnections()
	})
	return session
}

func collect(t *testing.T, s pipeline.Session, task pipeline.Task) (*providertest.Recorder, pipeline.Outcome) {
	t.Helper()
	rec := providertest.NewRecorder(task)
	out, err := s.Collect(t.Context(), task, rec)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rec.Problems(out) {
		t.Error(p)
	}
	return rec, out
}

func fault(o pipeline.Outcome, scope string) (*pipeline.Fault, bool) {
	for _, s := range o.Scopes {
		if s.Scope == scope {
			return s.Fault, s.Skipped
		}
	}
	return nil, false
}

func note(o pipeline.Outcome, code string) pipeline.Note {
	i := slices.IndexFunc(o.Notes, func(n pipeline.Note) bool { return n.Code == code })
	if i < 0 {
		return pipeline.Note{}
	}
	return o.Notes[i]
}

// TestTokenIsRefreshed lets a token grow old by the clock: it is exchanged while it lives, and replaced when it is dead.
func TestTokenIsRefreshed(t *testing.T) {
	now := testNow()
	s := begetsim.New(begetsim.Config{Accounts: []begetsim.Account{testAccount()}, Now: func() time.Time { return now }, LegacyLimit: -1})
	srv := httptest.NewServer(s)
	defer srv.Close()
	session := open(t, settings(srv.URL), func() time.Time { return now })
	want := func(logins, refreshes int) {
		t.Helper()
		collect(t, session, pipeline.Task{Feed: pipeline.FeedInventory, From: now, To: now})
		got := s.Requests()
		if got["POST /v1/auth"] != logins || got["POST /v1/auth/refresh"] != refreshes {
			t.Errorf("%d logins and %d refreshes, want %d and %d", got["POST /v1/auth"], got["POST /v1/auth/refresh"], logins, refreshes)
		}
	}
	want(1, 0)
	now = now.Add(10 * time.Minute)
	want(1, 0)
	now = now.Add(9*time.Minute + 30*time.Second)
	want(1, 1)
	now = now.Add(time.Hour)
	want(2, 1)
}

// TestSkewedClockDoesNotLoop has our clock three hours ahead of the cloud's and behind it: one login serves a task.
func TestSkewedClockDoesNotLoop(t *testing.T) {
	for _, skew := range []time.Duration{3 * time.Hour, -3 * time.Hour} {
		s, url := sim(t)
		session := open(t, settings(url), func() time.Time { return testNow().Add(skew) })
		_, out := collect(t, session, inventoryTask())
		if got := s.Requests(); got["POST /v1/auth"] != 1 || got["POST /v1/auth/refresh"] != 0 {
			t.Errorf("our clock is off by %s: %d logins, %d refreshes", skew, got["POST /v1/auth"], got["POST /v1/auth/refresh"])
		}
		n := note(out, string(pipeline.FaultClock))
		want := "3h0m0s ahead of"
		if skew < 0 {
			want = "3h0m0s behind"
		}
		if !strings.Contains(n.Text.EN, want) {
			t.Errorf("our clock is off by %s: %q", skew, n.Text.EN)
		}
		if want := testNow(); !out.CloudTime.Equal(want) {
			t.Errorf("the cloud's time is %s, want %s", out.CloudTime, want)
		}
	}
}

// TestForbiddenSectionsCostFewLogins closes every modern section: it is told, and does not hammer the sign-in.
func TestForbiddenSectionsCostFewLogins(t *testing.T) {
	s, url := sim(t)
	s.Break(begetsim.Fault{Path: "/v1/vps/", Status: http.StatusForbidden})
	s.Break(begetsim.Fault{Path: "/v1/cloud/", Status: http.StatusForbidden})
	s.Break(begetsim.Fault{Path: "/v1/cloud", Status: http.StatusForbidden})
	session := open(t, settings(url), testNow)
	_, out := collect(t, session, inventoryTask())
	if n := s.Requests()["POST /v1/auth"]; n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
	if f, skipped := fault(out, "vps"); f == nil || f.Code != pipeline.FaultForbidden || skipped {
		t.Errorf("an account that opens nothing looks permitted: %v, %t", f, skipped)
	}
	if out.Complete() {
		t.Error("an account that opens nothing looks complete")
	}
}

func TestWithoutAPIPassword(t *testing.T) {
	s, url := sim(t)
	session := open(t, with(settings(url), beget.FieldAPIPassword, ""), testNow)
	rec, out := collect(t, session, inventoryTask())
	if !out.Complete() || len(rec.IDs()["vps"]) != 6 || s.Count("/api/") != 0 {
		t.Errorf("complete %t, %d servers, %d legacy calls", out.Complete(), len(rec.IDs()["vps"]), s.Count("/api/"))
	}
	if f, skipped := fault(out, "user/getAccountInfo"); f == nil || !skipped || note(out, "no_api_password").Count != 1 {
		t.Errorf("the missing API password is told as %v, %t", f, skipped)
	}
}

func TestWrongAPIPassword(t *testing.T) {
	s, url := sim(t)
	session := open(t, with(settings(url), beget.FieldAPIPassword, "wrong api password"), testNow)
	rec, out := collect(t, session, inventoryTask())
	if len(rec.IDs()["vps"]) != 6 {
		t.Error("a wrong API password costs the servers")
	}
	if n := s.Count("/api/"); n != 1 {
		t.Errorf("%d legacy calls with a wrong password, want 1", n)
	}
	for _, scope := range []string{"user/getAccountInfo", "domain/getList", "mysql/getList", "mail/getMailboxList"} {
		if f, skipped := fault(out, scope); f == nil || f.Code != pipeline.FaultCredentials || f.Retry || skipped {
			t.Errorf("%s: %v, skipped %t", scope, f, skipped)
		}
	}
}

// TestClosedSections is Beget's AUTH_ERROR of single methods beside an account that answers.
func TestClosedSections(t *testing.T) {
	a := testAccount()
	a.Closed = []string{"mysql", "ftp"}
	srv := httptest.NewServer(begetsim.New(begetsim.Config{Accounts: []begetsim.Account{a}, Now: testNow}))
	defer srv.Close()
	session := open(t, settings(srv.URL), testNow)
	_, out := collect(t, session, inventoryTask())
	if !out.Complete() {
		t.Errorf("a closed section makes the task incomplete: %+v", out.Scopes)
	}
	for scope, closed := range map[string]bool{"mysql/getList": true, "ftp/getList": true, "site/getList": false, "user/getAccountInfo": false} {
		if f, skipped := fault(out, scope); skipped != closed || closed && f.Code != pipeline.FaultForbidden {
			t.Errorf("%s: %v, skipped %t", scope, f, skipped)
		}
	}
	check, err := session.Check(t.Context())
	if f, skipped := fault(check, "mysql/getList"); err != nil || !skipped || !strings.Contains(f.Text.EN, `"mysql"`) {
		t.Errorf("Check tells of a closed section: %v, %t, %v", f, skipped, err)
	}
}

// TestLegacyLimit runs into the 60 calls a minute: the rest is deferred, and nothing more is asked.
func TestLegacyLimit(t *testing.T) {
	s := begetsim.New(begetsim.Config{Accounts: []begetsim.Account{testAccount()}, Now: testNow, LegacyLimit: 3})
	srv := httptest.NewServer(s)
	defer srv.Close()
	_, out := collect(t, open(t, settings(srv.URL), testNow), inventoryTask())
	for _, scope := range []string{"site/getList", "mysql/getList", "ftp/getList", "mail/getMailboxList"} {
		if f, _ := fault(out, scope); f == nil || f.Code != pipeline.FaultThrottled || !f.Retry || f.RetryAfter != time.Minute {
			t.Errorf("%s: %v", scope, f)
		}
	}
	if n := s.Count("/api/"); n != 4 {
		t.Errorf("%d legacy calls, want the 3 allowed and the 1 refused", n)
	}
}

func TestOneLevelEnvelope(t *testing.T) {
	s, url := sim(t)
	s.Break(begetsim.Fault{Path: "/api/ftp/getList", Body: `{"status":"success","result":[{"login":"flat"}]}`})
	s.Break(begetsim.Fault{Path: "/api/mysql/getList", Body: `{"status":"success"}`})
	rec, out := collect(t, open(t, settings(url), testNow), inventoryTask())
	if diff := cmp.Diff([]string{"ftp:flat"}, rec.IDs()["ftp/getList"]); diff != "" {
		t.Error(diff)
	}
	if f, _ := fault(out, "mysql/getList"); f == nil || f.Code != pipeline.FaultMalformed {
		t.Errorf("an envelope without a result: %v", f)
	}
}

// TestMissingListIsNoEmptyList gives answers in which the list is absent: they must not read as "nothing there".
func TestMissingListIsNoEmptyList(t *testing.T) {
	for _, body := range []string{`{}`, `{"vps":null}`, `{"error":"X"}`, `{"total_count":3,"vps":null}`, `{"vps":[],"total_count":3}`, `{"vps":[{"id":""}],"total_count":1}`} {
		s, url := sim(t)
		s.Break(begetsim.Fault{Path: "/v1/vps/server/list", Body: body})
		_, out := collect(t, open(t, settings(url), testNow), inventoryTask())
		if f, skipped := fault(out, "vps"); f == nil || f.Code != pipeline.FaultMalformed || skipped {
			t.Errorf("%s is told as %v", body, f)
		}
	}
	s, url := sim(t)
	s.Break(begetsim.Fault{Path: "/v1/vps/server/list", Body: `{"vps":[],"total_count":0}`})
	if _, out := collect(t, open(t, settings(url), testNow), inventoryTask()); !out.Complete() {
		t.Errorf("an empty list is told as %+v", out.Scopes)
	}
}

// TestListMovesWhileRead adds a machine between two pages.
func TestListMovesWhileRead(t *testing.T) {
	s, url := sim(t)
	pages := 0
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		if r.URL.Path == "/v1/vps/server/list" {
			if pages++; pages == 2 {
				if err := s.RemoveMachine(login, vmDecimal, testNow().Add(-time.Second)); err != nil {
					t.Error(err)
				}
			}
		}
		return transport.RoundTrip(r)
	})}
	session, err := beget.New().Open(settings(url), pipeline.Env{HTTP: client, Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	rec, out := collect(t, session, inventoryTask())
	want := truth(s, login)["vps"]
	slices.Sort(want)
	if diff := cmp.Diff(want, rec.IDs()["vps"]); diff != "" || !out.Complete() {
		t.Errorf("complete %t\n%s", out.Complete(), diff)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestVanishedMachineTellsWhen removes a machine: its history gives the instant, and a machine that Beget forgot gives none.
func TestVanishedMachineTellsWhen(t *testing.T) {
	s, url := sim(t)
	at := testNow().Add(-42 * time.Minute)
	if err := s.RemoveMachine(login, vmInteger, at); err != nil {
		t.Fatal(err)
	}
	task := inventoryTask()
	task.Known = []pipeline.KnownResource{
		{ID: vmInteger, Type: pipeline.Server, Name: "Objective Perrin", Scope: "vps"},
		{ID: "forgotten", Type: pipeline.Server, Name: "forgotten", Scope: "vps"},
		{ID: vmDecimal, Type: pipeline.Server, Name: "runner rus", Scope: "vps"},
		{ID: "other", Type: pipeline.Server, Name: "of another scope", Scope: "elsewhere"},
	}
	rec, out := collect(t, open(t, settings(url), testNow), task)
	r, ok := rec.Resource(vmInteger)
	if !ok || r.Status != "REMOVED" || r.Rates != nil || len(r.Events) != 2 {
		t.Fatalf("the removed machine is %+v", r)
	}
	want := pipeline.ResourceEvent{Kind: pipeline.EventRemoved, Time: at}
	if diff := cmp.Diff(want, r.Events[1]); diff != "" {
		t.Error(diff)
	}
	if _, ok := rec.Resource("forgotten"); ok || !out.Complete() {
		t.Errorf("a machine that Beget forgot: shown %t, complete %t", ok, out.Complete())
	}
	if s.Requests()["GET /v1/vps/other/history"] != 0 {
		t.Error("the history of a server of another scope was asked for")
	}
	// While the list fails, nothing may look vanished.
	s.Break(begetsim.Fault{Path: "/v1/vps/server/list", Status: 500})
	asked := s.Requests()["GET /v1/vps/"+vmInteger+"/history"]
	rec, _ = collect(t, open(t, settings(url), testNow), task)
	if n := s.Requests()["GET /v1/vps/"+vmInteger+"/history"]; n != asked {
		t.Error("the history of a machine is asked for though the list failed")
	}
	if len(rec.IDs()["vps"]) != 0 {
		t.Errorf("servers %v out of a list that failed", rec.IDs()["vps"])
	}
	if _, ok := rec.Resource(vmDecimal); ok {
		t.Error("a machine looks vanished though the list failed")
	}
}

func TestReconciliation(t *testing.T) {
	_, url := sim(t)
	rec, out := collect(t, open(t, settings(url), testNow), inventoryTask())
	if n := note(out, "daily_rate"); n.Count != 0 {
		t.Errorf("the account's rate agrees and is told: %+v", n)
	}
	if len(rec.Accounts) != 1 || rec.Accounts[0].DailyRate == nil || rec.Accounts[0].Balance == nil || rec.Accounts[0].DaysToSuspension == nil {
		t.Fatalf("accounts %+v", rec.Accounts)
	}
	sum := decimal.RequireFromString("9.73").Add(decimal.RequireFromString("22"))
	for _, p := range []string{"15.5", "3", "22", "29", "77.7", "58.01", "1.25", "1.5", "16.67"} {
		sum = sum.Add(decimal.RequireFromString(p))
	}
	if d := rec.Accounts[0].DailyRate.Sub(sum).Abs(); d.GreaterThan(decimal.RequireFromString("0.05")) {
		t.Errorf("the daily rate is %s, the prices add up to %s", rec.Accounts[0].DailyRate, sum)
	}
	for _, r := range rec.Rows {
		if r.Type == pipeline.Account {
			t.Errorf("the account is a resource: %+v", r)
		}
	}
	s, url := sim(t)
	if err := s.SetPrice(login, vmInteger, "", testNow().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.Break(begetsim.Fault{Path: "/api/user/getAccountInfo", Body: `{"status":"success","answer":{"status":"success","result":{"user_rate_current":"999","user_balance":"x"}}}`})
	rec, out = collect(t, open(t, settings(url), testNow), inventoryTask())
	if n := note(out, "daily_rate"); n.Count != 1 || !strings.Contains(n.Text.RU, "999.00") {
		t.Errorf("the account's rate disagrees and is told as %+v", n)
	}
	if rec.Accounts[0].Balance != nil {
		t.Errorf("a balance that is no number reads as %s", rec.Accounts[0].Balance)
	}
}

// TestUsageAtItsOwnResolution collects windows of several ages: each gives the finest points there are.
func TestUsageAtItsOwnResolution(t *testing.T) {
	_, url := sim(t)
	session := open(t, settings(url), testNow)
	f := func(from, to time.Duration, least, most int) {
		t.Helper()
		task := usageTask(from, to)
		task.Known = []pipeline.KnownResource{{ID: vmInteger, Type: pipeline.Server, Scope: "vps"}}
		rec, _ := collect(t, session, task)
		n := map[pipeline.MetricName]int{}
		for _, p := range rec.Points {
			n[p.Metric]++
			if p.Metric == pipeline.MemoryUsedBytes && (p.Value < 100<<20 || p.Value > 2<<30) {
				t.Errorf("memory %f", p.Value)
			}
		}
		if len(n) != 12 {
			t.Errorf("%d metrics, want 12", len(n))
		}
		for metric, got := range n {
			if got < least || got > most {
				t.Errorf("%s to %s, %s: %d points, want %d to %d", from, to, metric, got, least, most)
			}
		}
	}
	f(-time.Hour, 0, 50, 60)
	f(-2*time.Hour, -time.Hour, 4, 6)
	f(-50*time.Hour, -26*time.Hour, 20, 24)
	f(-20*testDay, -19*testDay, 20, 24)
}

// TestUsageOfManyPastWindowsIsCheap collects thirty days of windows: the wide answers serve them all.
func TestUsageOfManyPastWindowsIsCheap(t *testing.T) {
	s, url := sim(t)
	session := open(t, settings(url), testNow)
	points := 0
	for d := 1; d <= 29; d++ {
		task := usageTask(-time.Duration(d+1)*testDay, -time.Duration(d)*testDay)
		task.Known = known()[:1]
		rec, _ := collect(t, session, task)
		points += len(rec.Points)
	}
	if n := s.Count("/v1/vps/statistic/"); n > 12 || points < 29*20*12 {
		t.Errorf("%d requests for %d points", n, points)
	}
}

// TestOneMachinesStatisticsFail breaks one machine: the others are collected.
func TestOneMachinesStatisticsFail(t *testing.T) {
	s, url := sim(t)
	for _, endpoint := range []string{"cpu", "memory", "disk", "disk-usage", "network", "load-average"} {
		s.Break(begetsim.Fault{Path: "/v1/vps/statistic/" + endpoint + "/" + vmDecimal, Status: http.StatusBadGateway})
	}
	task := usageTask(-time.Hour, 0)
	task.Known = known()
	rec, out := collect(t, open(t, settings(url), testNow), task)
	seen := map[string]bool{}
	for _, p := range rec.Points {
		seen[p.ResourceID] = true
	}
	if diff := cmp.Diff(map[string]bool{vmInteger: true, dbID: true, pgID: true}, seen); diff != "" {
		t.Error(diff)
	}
	if f, _ := fault(out, "vps/statistic/cpu"); f == nil || f.Code != pipeline.FaultUnavailable || !strings.Contains(f.Text.EN, "1 of 5 requests") {
		t.Errorf("the failure is told as %v", f)
	}
	if f, _ := fault(out, "cloud/statistic/cpu"); f != nil {
		t.Errorf("databases fail too: %v", f)
	}
}

// TestChangesAreSeen renames, resizes and adds machines.
func TestChangesAreSeen(t *testing.T) {
	s, url := sim(t)
	at := testNow().Add(-time.Minute)
	for _, err := range []error{
		s.RenameMachine(login, vmInteger, "renamed", at),
		s.ResizeMachine(login, vmDecimal, begetsim.Size{CPU: 4, MemoryMB: 4096, DiskMB: 61440, PriceDay: "19.46"}, at),
		s.StopMachine(login, vmNew, at),
		s.AddMachine(login, begetsim.Machine{ID: "added-machine", Name: "added", Size: begetsim.Size{CPU: 1, MemoryMB: 512, DiskMB: 1024, PriceDay: "1"}}, at),
		s.AddService(login, begetsim.Service{ID: "added-service", Name: "db", Type: "MYSQL8"}, at),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	rec, _ := collect(t, open(t, settings(url), testNow), inventoryTask())
	renamed, _ := rec.Resource(vmInteger)
	resized, _ := rec.Resource(vmDecimal)
	halted, _ := rec.Resource(vmNew)
	added, _ := rec.Resource("added-machine")
	if renamed.Name != "renamed" || resized.VCPU != 4 || resized.Rates[0].Amount.String() != "19.46" || halted.Status != "STOPPED" ||
		!halted.Rates[0].Known || !added.CreatedAt.Equal(at) {
		t.Errorf("%+v\n%+v\n%+v\n%+v", renamed, resized, halted, added)
	}
	last := resized.Events[len(resized.Events)-1]
	if last.Kind != pipeline.EventResized || !last.Time.Equal(at) {
		t.Errorf("the resize is told as %+v", last)
	}
	if v := resized.Volatile["list_price_day"]; v != "20.04" {
		t.Errorf("the configuration is quoted at %q, want 20.04", v)
	}
}

// TestSignInIsNotRepeated fails the sign-in in a way that may pass: the legacy API goes on, and login is asked once a task.
func TestSignInIsNotRepeated(t *testing.T) {
	s, url := sim(t)
	mend := s.Break(begetsim.Fault{Path: "/v1/auth", Body: `{"error":"INTERNAL_ERROR"}`})
	session := open(t, settings(url), testNow)
	rec, out := collect(t, session, inventoryTask())
	if n := s.Requests()["POST /v1/auth"]; n != 1 {
		t.Errorf("%d logins in a task, want 1", n)
	}
	if f, _ := fault(out, "vps"); f == nil || f.Code != pipeline.FaultUnavailable || !f.Retry || len(rec.Accounts) != 1 {
		t.Errorf("a sign-in that may pass: %v, %d accounts", f, len(rec.Accounts))
	}
	mend()
	if _, out = collect(t, session, inventoryTask()); !out.Complete() {
		t.Errorf("after it passed: %+v", out.Scopes)
	}
}

// TestDemoWorlds looks at the demo's prices at noon in Moscow: they change with the company's life, some of them in the afternoon.
func TestDemoWorlds(t *testing.T) {
	now := time.Now().UTC().Truncate(24 * time.Hour).Add(9 * time.Hour)
	s := begetsim.New(begetsim.Config{Seed: 1, LegacyLimit: -1, Now: func() time.Time { return now }})
	srv := httptest.NewServer(http.StripPrefix("/beget", s))
	defer srv.Close()
	for _, a := range s.Accounts() {
		session := open(t, pipeline.Settings{
			beget.FieldLogin: a.Login, beget.FieldPassword: a.Password, beget.FieldAPIPassword: a.APIPassword, beget.FieldAddress: srv.URL + "/beget/",
		}, func() time.Time { return now })
		rec, out := collect(t, session, inventoryTask())
		if !out.Complete() || note(out, "daily_rate").Count != 0 {
			t.Errorf("%s: %+v %+v", a.Title, out.Scopes, out.Notes)
		}
		month := decimal.Zero
		for _, r := range rec.Rows {
			for _, rate := range r.Rates {
				if rate.Known && rate.Period == pipeline.PerDay {
					month = month.Add(rate.Amount.Mul(decimal.NewFromInt(30)))
				}
			}
		}
		want := map[string]int64{"Beget Prod": 104250, "Beget Dev": 41850}[a.Title]
		if off := month.Sub(decimal.NewFromInt(want)).Abs(); off.GreaterThan(decimal.NewFromInt(want / 50)) {
			t.Errorf("%s costs %s a month, want about %d", a.Title, month, want)
		}
	}
}
