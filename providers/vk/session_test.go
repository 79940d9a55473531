package vk_test

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/providertest"
	"github.com/infrazen/infrazen/providers/standin"
	"github.com/infrazen/infrazen/providers/vk"
	"github.com/infrazen/infrazen/providers/vk/vksim"
	"github.com/infrazen/infrazen/providers/world"
)

// open opens a session at the stand-in.
func (s *stand) open(t *testing.T, settings pipeline.Settings, now func() time.Time) pipeline.Session {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	session, err := vk.New().Open(settings, pipeline.Env{
		HTTP: &http.Client{Transport: transport, Timeout: providertest.Patience}, Now: now, Log: slog.New(slog.DiscardHandler), Uploads: s.uploads,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(t.Context()); err != nil && !errors.Is(err, t.Context().Err()) {
			t.Error(err)
		}
	})
	return session
}

// collect collects one task that must not fail as a whole.
func collect(t *testing.T, s pipeline.Session, task pipeline.Task) (*providertest.Recorder, pipeline.Outcome) {
	t.Helper()
	rec := providertest.NewRecorder(task)
	out, err := s.Collect(t.Context(), task, rec)
	if err != nil {
		t.Fatal(err)
	}
	return rec, out
}

func faultAt(o pipeline.Outcome, scope string) *pipeline.Fault {
	for _, s := range o.Scopes {
		if s.Scope == scope {
			return s.Fault
		}
	}
	return nil
}

func hasNote(o pipeline.Outcome, code string) bool {
	for _, n := range o.Notes {
		if n.Code == code {
			return true
		}
	}
	return false
}

func TestBalanceIsInRoublesAndNamesTheTwoProjects(t *testing.T) {
	s := newStand(t)
	rec, _ := collect(t, s.open(t, s.settings(), testNow), inventoryTask())
	if len(rec.Accounts) != 1 {
		t.Fatalf("%d account states", len(rec.Accounts))
	}
	a := rec.Accounts[0]
	if want := s.account.Balance(testNow()).Round(2); !a.Balance.Equal(want) || !a.Bonus.Equal(s.account.Bonus) || a.Currency != "RUB" {
		t.Errorf("balance %s, bonus %s %s, want %s and %s RUB", a.Balance, a.Bonus, a.Currency, want, s.account.Bonus)
	}
	rec, out := collect(t, s.open(t, with(s.settings(), vk.FieldConsole, "mcs42"), testNow), inventoryTask())
	f := faultAt(out, "balance")
	if f == nil || f.Code != pipeline.FaultSettings || !strings.Contains(f.Text.RU, "mcs1234567890") || len(rec.Accounts) != 0 {
		t.Errorf("with another console's number the balance says %v", f)
	}
	if len(rec.Rows) == 0 {
		t.Error("a wrong console's number hides the resources")
	}
	_, out = collect(t, s.open(t, with(s.settings(), vk.FieldConsole, ""), testNow), inventoryTask())
	if !out.Complete() || !hasNote(out, "no_console_project") {
		t.Errorf("without a console's number: %+v", out)
	}
}

func TestFrozenProjectIsToldAndDeletesNothing(t *testing.T) {
	s := newStand(t)
	s.Freeze(s.account.ID, true)
	session := s.open(t, s.settings(), testNow)
	_, err := session.Check(t.Context())
	if f := pipeline.AsFault(err); err == nil || f.Code != pipeline.FaultAccount || !strings.Contains(f.Text.RU, "заморожен") {
		t.Errorf("Check says %v", err)
	}
	rec, out := collect(t, session, inventoryTask())
	if f := faultAt(out, "servers"); f == nil || f.Code != pipeline.FaultAccount || out.Complete() {
		t.Errorf("the servers say %v", f)
	}
	if len(rec.Accounts) != 1 {
		t.Error("the balance is not shown, which is what is wrong")
	}
	s.Freeze(s.account.ID, false)
	if _, out := collect(t, session, inventoryTask()); !out.Complete() {
		t.Errorf("after the thaw: %+v", out.Scopes)
	}
}

// A refused sign-in names everything that may be wrong; one without two-factor sign-in says so.
func TestRefusedSignInIsExplained(t *testing.T) {
	s := newStand(t)
	check := func(settings pipeline.Settings, code pipeline.FaultCode, word string) {
		t.Helper()
		_, err := s.open(t, settings, testNow).Check(t.Context())
		if f := pipeline.AsFault(err); err == nil || f.Code != code || !strings.Contains(f.Text.RU, word) {
			t.Errorf("refused: %v, want %s with %q", err, code, word)
		}
	}
	check(with(s.settings(), vk.FieldPassword, "wrong"), pipeline.FaultCredentials, "сервисному — нет")
	check(with(s.settings(), vk.FieldProject, "0123456789abcdef0123456789abcdef"), pipeline.FaultCredentials, "32-значный ID проекта")
	check(with(s.settings(), vk.FieldRegion, "RegionTwo"), pipeline.FaultCredentials, "проект")
	s.WithoutSecondFactor(vksim.User(s.account))
	check(s.settings(), pipeline.FaultSecondFactor, "двухфакторная аутентификация")
}

func TestTokensOfAnHourAreRenewedMidway(t *testing.T) {
	now := testNow()
	clock := func() time.Time { return now }
	s := newStand(t, func(c *vksim.Config) { c.Now = clock })
	session := s.open(t, s.settings(), clock)
	collect(t, session, inventoryTask())
	now = now.Add(vksim.TokenLife)
	if _, out := collect(t, session, inventoryTask()); !out.Complete() {
		t.Errorf("after an hour: %+v", out.Scopes)
	}
	if n := s.Requests()["/identity/v3/auth/tokens"]; n != 2 {
		t.Errorf("%d sign-ins in two tasks an hour apart, want 2", n)
	}
}

func TestThingsAreReadWhole(t *testing.T) {
	for _, embedded := range []bool{false, true} {
		s := newStand(t, func(c *vksim.Config) { c.EmbeddedFlavors = embedded })
		rec, _ := collect(t, s.open(t, s.settings(), testNow), inventoryTask())
		get := func(id string) pipeline.Resource {
			t.Helper()
			r, ok := rec.Resource(id)
			if !ok {
				t.Fatalf("no resource %s", id)
			}
			return r
		}
		busy := get(busyVM)
		if busy.VCPU != 2 || busy.MemoryBytes != 4<<30 || busy.Status != "ACTIVE" || busy.ZoneID != "MS1" || busy.Attributes["flavor"] != "STD-2-4096" {
			t.Errorf("the server is %+v", busy)
		}
		if d := cmp.Diff(map[string]string{"team": "shop"}, busy.Tags); d != "" {
			t.Errorf("tags: %s", d)
		}
		if get(stoppedVM).Rates != nil {
			t.Error("a stopped server is billed")
		}
		if get(lostDisk).Attributes[pipeline.AttributeCondition] != pipeline.ConditionOrphan || get(lostIP).Attributes[pipeline.AttributeCondition] != pipeline.ConditionOrphan {
			t.Error("what is left over is not told as such")
		}
		ip := get("aaaaaaaa-0000-4000-8000-000000000008")
		if ip.ParentID != busyVM || ip.Attributes[pipeline.AttributeCondition] != "" || ip.Tags["team"] != "shop" {
			t.Errorf("the attached address is %+v", ip)
		}
	}
}

// A stand-in that is mounted under a path says so in its catalog and its links.
func TestStandInUnderAPath(t *testing.T) {
	s := newStand(t, func(c *vksim.Config) { c.Prefix = "/vk" })
	srv := httptest.NewServer(http.StripPrefix("/vk", s))
	t.Cleanup(srv.Close)
	s.url = srv.URL + "/vk"
	rec, out := collect(t, s.open(t, s.settings(), testNow), inventoryTask())
	if d := cmp.Diff(len(s.account.Inventory(testNow()))-1, len(rec.Rows)); d != "" || !out.Complete() {
		t.Errorf("things but the novelty: %s %+v", d, out.Scopes)
	}
}

// A link to the next page that leads to another host is not followed: the token would go there.
func TestTokensGoNowhereElse(t *testing.T) {
	s := newStand(t)
	mend := s.Break(standin.Fault{
		Match: matches("/volumes/detail"),
		Body:  `{"volumes":[],"volumes_links":[{"rel":"next","href":"https://elsewhere.example/volumes"}]}`,
	})
	defer mend()
	_, out := collect(t, s.open(t, s.settings(), testNow), inventoryTask())
	if f := faultAt(out, "volumes"); f == nil || f.Code != pipeline.FaultMalformed {
		t.Errorf("a link to another host gives %v", f)
	}
}

func TestListThatIsAbsentIsNoEmptyList(t *testing.T) {
	for _, body := range []string{`{}`, `{"servers":null}`, `{"servers":{}}`, `[]`} {
		s := newStand(t)
		s.Break(standin.Fault{Match: matches("/servers/detail"), Body: body})
		_, out := collect(t, s.open(t, s.settings(), testNow), inventoryTask())
		if f := faultAt(out, "servers"); f == nil || f.Code != pipeline.FaultMalformed {
			t.Errorf("%s gives %v", body, f)
		}
	}
}

func TestAccountThatOpensNothingIsNoEmptyAccount(t *testing.T) {
	s := newStand(t)
	s.Break(standin.Fault{Match: func(r *http.Request) bool { return !strings.HasPrefix(r.URL.Path, "/identity") }, Status: http.StatusForbidden, Body: `{}`})
	_, out := collect(t, s.open(t, s.settings(), testNow), inventoryTask())
	if f := faultAt(out, "servers"); out.Complete() || f == nil || !strings.Contains(f.Text.RU, "ни одного раздела") {
		t.Errorf("the servers say %v", f)
	}
}

// Monitoring names machines by identifier or by name, and has what is used or what is free: the samples are the same.
func TestUsageUnderBothLabels(t *testing.T) {
	read := func(hosts bool) map[pipeline.Sample]bool {
		s := newStand(t, func(c *vksim.Config) { c.HostLabels = hosts })
		task := usageTask(-2*time.Hour, 0)
		task.Known = s.known()
		rec, out := collect(t, s.open(t, s.settings(), testNow), task)
		if len(rec.Points) == 0 || !out.Complete() {
			t.Fatalf("hosts %t: %d points, %+v", hosts, len(rec.Points), out.Scopes)
		}
		points := map[pipeline.Sample]bool{}
		for _, p := range rec.Points {
			p.Value = math.Round(p.Value*1000) / 1000
			points[p] = true
		}
		return points
	}
	byID, byHost := read(false), read(true)
	if d := cmp.Diff(byID, byHost); d != "" {
		t.Error(d)
	}
	memory := 0
	for p := range byID {
		if p.ResourceID == busyVM && p.Metric == pipeline.MemoryUsedBytes {
			if memory++; p.Value < 1<<30 || p.Value > 4<<30 {
				t.Errorf("memory in use: %.0f bytes of 4 GB", p.Value)
			}
		}
	}
	if memory == 0 {
		t.Error("no memory of the busy server")
	}
}

func TestMonitoringThatIsOffIsNoFailure(t *testing.T) {
	s := newStand(t)
	s.Break(standin.Fault{Match: matches("query_range?"), Status: http.StatusNotFound, Body: `{"status":"error"}`})
	task := usageTask(-time.Hour, 0)
	task.Known = s.known()
	_, out := collect(t, s.open(t, s.settings(), testNow), task)
	if f := faultAt(out, "monitoring/cpu"); f == nil || !out.Complete() || !strings.Contains(f.Text.RU, "поддержка") {
		t.Errorf("monitoring that is off: %v, complete %t", f, out.Complete())
	}
}

func TestKazakhstanHasItsOwnDaysAndMoney(t *testing.T) {
	info := vk.NewKazakhstan().Info()
	if info.Kind != "vk-kz" || info.BillingZone != "Etc/GMT-6" {
		t.Errorf("kind %s, zone %s", info.Kind, info.BillingZone)
	}
	zone, err := time.LoadLocation(info.BillingZone)
	if err != nil {
		t.Fatal(err)
	}
	if _, offset := testNow().In(zone).Zone(); offset != 6*3600 {
		t.Errorf("the zone is %d seconds east", offset)
	}
	if world.Moscow().String() == "" || vk.New().Info().BillingZone != "Europe/Moscow" {
		t.Error("Moscow's days are not Moscow's")
	}
}
