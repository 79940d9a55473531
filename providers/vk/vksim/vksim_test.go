package vksim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/providers/vk/vksim"
	"github.com/infrazen/infrazen/providers/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func now() time.Time { return time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC) }

func account() *world.Account {
	return world.NewAccount(world.AccountConfig{Seed: 3, Catalog: world.VKCatalog(), Start: now().AddDate(0, 0, -20), Servers: 4, Projects: 1})
}

// request asks the stand-in and gives the status and the answer.
func request(t *testing.T, s *vksim.Server, method, path, token, body string) (*httptest.ResponseRecorder, map[string]any) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("X-Auth-Token", token)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var out map[string]any
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			t.Fatal(err)
		}
	}
	return w, out
}

func signIn(t *testing.T, s *vksim.Server, a *world.Account, password string) (int, string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"auth": map[string]any{
		"identity": map[string]any{"methods": []string{"password"}, "password": map[string]any{"user": map[string]any{
			"name": vksim.User(a), "password": password, "domain": map[string]any{"name": "users"},
		}}},
		"scope": map[string]any{"project": map[string]any{"id": vksim.ProjectID(a), "region": "RegionOne"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := request(t, s, http.MethodPost, "/identity/v3/auth/tokens", "", string(body))
	return w.Code, w.Header().Get("X-Subject-Token")
}

func TestBalanceGoesByTheConsolesNumberAlone(t *testing.T) {
	a := account()
	s := vksim.New(vksim.Config{Accounts: []*world.Account{a}, Now: now})
	if code, _ := signIn(t, s, a, "wrong"); code != http.StatusUnauthorized {
		t.Errorf("a wrong password gives %d", code)
	}
	_, token := signIn(t, s, a, a.Password)
	for pid, want := range map[string]int{a.ID: 200, vksim.ProjectID(a): 422, "mcs7": 404} {
		if w, _ := request(t, s, http.MethodGet, "/billing/public/v1/projects/"+pid+"/balances/amount", token, ""); w.Code != want {
			t.Errorf("%s gives %d, want %d", pid, w.Code, want)
		}
	}
	s.ExpireTokens()
	if w, _ := request(t, s, http.MethodGet, "/compute/v2.1/servers/detail", token, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("an ended token gives %d", w.Code)
	}
}

func TestPagesAreSmallAndLinked(t *testing.T) {
	a := account()
	s := vksim.New(vksim.Config{Accounts: []*world.Account{a}, Now: now, PageSize: 3})
	_, token := signIn(t, s, a, a.Password)
	_, out := request(t, s, http.MethodGet, "/compute/v2.1/servers/detail?limit=100", token, "")
	if n := len(out["servers"].([]any)); n != 3 || out["servers_links"] == nil {
		t.Errorf("a page has %d servers, links %v", n, out["servers_links"])
	}
}

func TestReportIsTheSameAtEveryStart(t *testing.T) {
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, world.Moscow())
	make := func() []byte {
		a := account()
		b, err := vksim.New(vksim.Config{Accounts: []*world.Account{a}, Now: now}).Report(a, from, from.AddDate(0, 0, 2), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if !bytes.Equal(make(), make()) {
		t.Error("two worlds of one seed have two reports")
	}
}

// Days are Moscow's: an hour after 21:00 UTC is the next day's. Nothing is lost between the days.
func TestLinesAreCutByTheZone(t *testing.T) {
	a := account()
	s := vksim.New(vksim.Config{Accounts: []*world.Account{a}, Now: now})
	from := time.Date(2026, 11, 1, 0, 0, 0, 0, world.Moscow())
	exact, days := decimal.Zero, map[string]bool{}
	for _, l := range s.Lines(a, from, from.AddDate(0, 0, 2), time.Time{}) {
		exact = exact.Add(l.Exact)
		days[l.Day.Format(time.DateTime)] = true
	}
	if want := a.Cost(from.UTC(), from.AddDate(0, 0, 2).UTC(), time.Time{}); !exact.Equal(want) || want.IsZero() {
		t.Errorf("lines add up to %s, want %s", exact, want)
	}
	if d := cmp.Diff(map[string]bool{"2026-11-01 00:00:00": true, "2026-11-02 00:00:00": true}, days); d != "" {
		t.Error(d)
	}
}
