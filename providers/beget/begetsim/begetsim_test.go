package begetsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// caller asks a stand-in by hand.
type caller struct {
	t   *testing.T
	sim *begetsim.Server
	now time.Time
}

func newCaller(t *testing.T, now time.Time, conf begetsim.Config) *caller {
	c := &caller{t: t, now: now}
	conf.Now = func() time.Time { return c.now }
	if conf.Start.IsZero() {
		conf.Start = now.AddDate(0, 0, -100)
	}
	c.sim = begetsim.New(conf)
	return c
}

func (c *caller) ask(method, path, bearer, body string) (int, string) {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	out, err := io.ReadAll(w.Result().Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return w.Code, strings.TrimSpace(string(out))
}

func (c *caller) token(a begetsim.Account) string {
	c.t.Helper()
	body, err := json.Marshal(map[string]string{"login": a.Login, "password": a.Password})
	if err != nil {
		c.t.Fatal(err)
	}
	_, answer := c.ask(http.MethodPost, "/v1/auth", "", string(body))
	var got struct{ Token, Error string }
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		c.t.Fatal(err)
	}
	return got.Token + got.Error
}

func start() time.Time { return time.Date(2026, 11, 18, 9, 0, 0, 0, time.UTC) }

func TestTokensEnd(t *testing.T) {
	c := newCaller(t, start(), begetsim.Config{TokenLife: time.Minute})
	prod := begetsim.Demo()[0]
	token := c.token(prod)
	want := func(bearer string, status int) {
		t.Helper()
		if got, _ := c.ask(http.MethodGet, "/v1/vps/region", bearer, ""); got != status {
			t.Errorf("HTTP %d, want %d", got, status)
		}
	}
	want(token, 200)
	want("", 403)
	want(token+"x", 403)
	c.now = c.now.Add(time.Minute)
	want(token, 403)
	if _, body := c.ask(http.MethodPost, "/v1/auth/refresh", token, ""); body != `{"error":"TOKEN_REVOKED"}` {
		t.Errorf("a dead token is refreshed: %s", body)
	}
	token = c.token(prod)
	_, body := c.ask(http.MethodPost, "/v1/auth/refresh", token, "")
	next := strings.TrimSuffix(strings.TrimPrefix(body, `{"token":"`), `"}`)
	want(next, 200)
	want(token, 403)
	c.ask(http.MethodPost, "/v1/auth/logout", next, "")
	want(next, 403)
	token = c.token(prod)
	c.sim.RevokeTokens()
	want(token, 403)
}

func TestSignInRefusals(t *testing.T) {
	c := newCaller(t, start(), begetsim.Config{Accounts: []begetsim.Account{begetsim.Demo()[0], begetsim.Locked()}})
	locked := begetsim.Locked()
	for want, a := range map[string]begetsim.Account{
		"CODE_REQUIRED_EMAIL":   locked,
		"INCORRECT_CREDENTIALS": {Login: locked.Login, Password: "x"},
		"EMPTY_LOGIN":           {Password: "x"},
		"EMPTY_PASSWORD":        {Login: "x"},
	} {
		if got := c.token(a); got != want {
			t.Errorf("sign-in gives %q, want %q", got, want)
		}
	}
}

// TestSameWorldAtEveryStart asks two stand-ins of one seed the same things.
func TestSameWorldAtEveryStart(t *testing.T) {
	paths := []string{
		"/v1/vps/server/list", "/v1/cloud", "/v1/vps/snapshot", "/v1/cloud/projects/list",
		"/v1/vps/statistic/cpu/00000001-0000-4000-8000-000000000001?period=WEEK",
	}
	ask := func(seed uint64) []string {
		c := newCaller(t, start(), begetsim.Config{Seed: seed})
		token := c.token(begetsim.Demo()[0])
		var out []string
		for _, p := range paths {
			status, body := c.ask(http.MethodGet, p, token, "")
			if status != 200 {
				t.Fatalf("%s: HTTP %d", p, status)
			}
			out = append(out, body)
		}
		return out
	}
	if diff := cmp.Diff(ask(5), ask(5)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(ask(5), ask(6)) {
		t.Error("the seed makes no difference")
	}
}

// TestPagesAreSmall reads a list without a limit: it does not come whole.
func TestPagesAreSmall(t *testing.T) {
	c := newCaller(t, start(), begetsim.Config{})
	token := c.token(begetsim.Demo()[0])
	for _, limit := range []string{"", "&limit=1000"} {
		_, body := c.ask(http.MethodGet, "/v1/vps/server/list?offset=0"+limit, token, "")
		var got struct {
			VPS   []json.RawMessage `json:"vps"`
			Total int               `json:"total_count"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.VPS) != 4 || got.Total != len(c.sim.Truth(begetsim.Demo()[0].Login).Machines) || got.Total <= 4 {
			t.Errorf("limit %q gives %d of %d", limit, len(got.VPS), got.Total)
		}
	}
}

// TestTimeLine follows the demo over its hundredth day: machines come, grow and go.
func TestTimeLine(t *testing.T) {
	c := newCaller(t, start(), begetsim.Config{})
	login := begetsim.Demo()[0].Login
	machines := func() int { return len(c.sim.Truth(login).Machines) }
	before := machines()
	c.now = start().AddDate(0, 0, 2)
	if after := machines(); after != before-1 {
		t.Errorf("%d machines, two days later %d: vps-promo-01 should be gone", before, after)
	}
	c.now = start().AddDate(0, 0, -9)
	if earlier := machines(); earlier != before-1 {
		t.Errorf("%d machines, nine days earlier %d: vps-app-03 should not be there yet", before, earlier)
	}
}

func TestLegacyErrors(t *testing.T) {
	dev := begetsim.Demo()[1]
	c := newCaller(t, start(), begetsim.Config{LegacyLimit: 3})
	call := func(method, password string) string {
		form := url.Values{"login": {dev.Login}, "passwd": {password}}
		status, body := c.ask(http.MethodPost, "/api/"+method, "", form.Encode())
		if status != 200 {
			t.Errorf("%s: HTTP %d", method, status)
		}
		return body
	}
	f := func(method, password, want string) {
		t.Helper()
		if got := call(method, password); !strings.Contains(got, want) {
			t.Errorf("%s gives %.200s, want %s", method, got, want)
		}
	}
	f("site/getList", "wrong", "No such user or password")
	f("mysql/getList", dev.APIPassword, "Cannot access method mysql")
	f("user/teleport", dev.APIPassword, "NO_SUCH_METHOD")
	f("user/getAccountInfo", dev.APIPassword, `"user_balance"`)
	f("user/getAccountInfo", dev.APIPassword, "LIMIT_ERROR")
	c.now = c.now.Add(time.Minute)
	f("user/getAccountInfo", dev.APIPassword, `"user_balance"`)
}

func TestFaultsCount(t *testing.T) {
	c := newCaller(t, start(), begetsim.Config{})
	token := c.token(begetsim.Demo()[0])
	var got []int
	ask := func() {
		status, _ := c.ask(http.MethodGet, "/v1/vps/region", token, "")
		got = append(got, status)
	}
	c.sim.Break(begetsim.Fault{Path: "/v1/vps/", Status: 500, After: 1, Times: 2})
	for range 4 {
		ask()
	}
	mend := c.sim.Break(begetsim.Fault{Path: "/v1/vps/region", Status: 502})
	ask()
	mend()
	ask()
	if diff := cmp.Diff([]int{200, 500, 500, 200, 502, 200}, got); diff != "" {
		t.Error(diff)
	}
	if n := c.sim.Count("/v1/vps/"); n != 6 {
		t.Errorf("%d requests counted, want 6", n)
	}
}

// TestSecretsAreThere checks that answers carry what a collector must drop.
func TestSecretsAreThere(t *testing.T) {
	c := newCaller(t, start(), begetsim.Config{PageSize: 100})
	token := c.token(begetsim.Demo()[0])
	for _, path := range []string{"/v1/vps/server/list", "/v1/cloud", "/v1/vps/snapshot"} {
		if _, body := c.ask(http.MethodGet, path, token, ""); !strings.Contains(body, begetsim.Secret) {
			t.Errorf("%s carries no secret", path)
		}
	}
}
