package main_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/pipeline"
)

// cookieOf is the session's cookie that an answer sets.
func cookieOf(t *testing.T, a *answer) *http.Cookie {
	t.Helper()
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Name == "infrazen_session" {
			return c
		}
	}
	t.Fatalf("no cookie in %v", a.header)
	return nil
}

func (s suite) TestSignInWithPassword(t *testing.T) {
	w := s.world(t)
	w.must(w.store.SetPassword(t.Context(), w.admin.ID, password))
	c := w.nobody()
	a := c.post("/api/v1/session", map[string]string{"email": " " + strings.ToUpper(w.admin.Email) + " ", "password": password}).want(http.StatusOK)
	if a.text("user", "email") != w.admin.Email || a.text("tenant", "name") != "Альфа" || a.text("role") != "admin" || a.text("tenants", 0, "id") != string(w.alpha.ID) {
		t.Errorf("session: %s", a.body)
	}
	cookie := cookieOf(t, a)
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || cookie.Secure || cookie.Path != "/" || cookie.MaxAge < 3600 {
		t.Errorf("cookie: %v", cookie)
	}
	c.cookie = cookie.Value
	c.get("/api/v1/session").want(http.StatusOK)

	out := c.do(http.MethodDelete, "/api/v1/session", nil).want(http.StatusNoContent)
	if cookieOf(t, out).MaxAge >= 0 {
		t.Error("the cookie stays after signing out")
	}
	c.get("/api/v1/session").want(http.StatusUnauthorized)
	c.do(http.MethodDelete, "/api/v1/session", nil).want(http.StatusNoContent)
}

func (s suite) TestSignInRefused(t *testing.T) {
	w := s.world(t)
	w.must(w.store.SetPassword(t.Context(), w.admin.ID, password))
	for name, body := range map[string]string{
		"wrong password": `{"email":"` + w.admin.Email + `","password":"` + marker + `"}`,
		"unknown e-mail": `{"email":"nobody@alpha.test","password":"` + marker + `"}`,
	} {
		a := w.nobody().post("/api/v1/session", body).want(http.StatusUnauthorized)
		if a.text("detail") != "Неверный адрес почты или пароль." || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	w.nobody().post("/api/v1/session/link", `{"token":"`+marker+`"}`).want(http.StatusUnauthorized)
	if strings.Contains(w.log.String(), marker) {
		t.Error("a secret in the log")
	}
}

func (s suite) TestSignInByLinkWorksOnce(t *testing.T) {
	w := s.world(t)
	token, err := w.store.CreateLink(t.Context(), w.admin.ID, time.Hour)
	w.must(err)
	c := w.nobody()
	c.cookie = cookieOf(t, c.post("/api/v1/session/link", map[string]string{"token": token}).want(http.StatusOK)).Value
	c.get("/api/v1/session").want(http.StatusOK)
	w.nobody().post("/api/v1/session/link", map[string]string{"token": token}).want(http.StatusUnauthorized)
}

func (s suite) TestSignInWithoutOrganisation(t *testing.T) {
	w := s.world(t)
	u, err := w.store.CreateUser(t.Context(), "alone-"+w.admin.Email, "", pipeline.Russian)
	w.must(err)
	token, err := w.store.CreateLink(t.Context(), u.ID, time.Hour)
	w.must(err)
	w.nobody().post("/api/v1/session/link", map[string]string{"token": token}).want(http.StatusForbidden)
}

func (s suite) TestSwitchTenant(t *testing.T) {
	w := s.world(t)
	c := w.as(w.both, w.alpha)
	before := c.cookie
	c.do(http.MethodPut, "/api/v1/session/tenant", map[string]any{"tenant_id": w.beta.ID}).want(http.StatusOK)
	a := c.do(http.MethodPut, "/api/v1/session/tenant", map[string]any{"tenant_id": w.beta.ID})
	if a.status != http.StatusUnauthorized {
		t.Errorf("the session of before still works: %d", a.status)
	}
	c = w.as(w.both, w.alpha)
	a = c.do(http.MethodPut, "/api/v1/session/tenant", map[string]any{"tenant_id": w.beta.ID}).want(http.StatusOK)
	c.cookie = cookieOf(t, a).Value
	if a = c.get("/api/v1/session").want(http.StatusOK); a.text("tenant", "id") != string(w.beta.ID) || a.text("role") != "admin" || before == c.cookie {
		t.Errorf("session: %s", a.body)
	}
	w.asAdmin().do(http.MethodPut, "/api/v1/session/tenant", map[string]any{"tenant_id": w.beta.ID}).want(http.StatusNotFound)
	w.asAdmin().do(http.MethodPut, "/api/v1/session/tenant", map[string]any{"tenant_id": "' OR 1=1"}).want(http.StatusNotFound)
}

func (s suite) TestChangePassword(t *testing.T) {
	w := s.world(t)
	w.must(w.store.SetPassword(t.Context(), w.admin.ID, password))
	here, elsewhere := w.asAdmin(), w.asAdmin()
	a := here.do(http.MethodPut, "/api/v1/session/password", `{"old":"`+marker+`","new":"another battery staple"}`).want(http.StatusUnprocessableEntity)
	if !slices.Equal(a.locations(), []string{"body.old"}) {
		t.Errorf("faults: %s", a.body)
	}
	a = here.do(http.MethodPut, "/api/v1/session/password", map[string]string{"old": password, "new": "short"}).want(http.StatusUnprocessableEntity)
	if !slices.Equal(a.locations(), []string{"body.new"}) {
		t.Errorf("faults: %s", a.body)
	}
	here.do(http.MethodPut, "/api/v1/session/password", map[string]string{"old": password, "new": "another battery staple"}).want(http.StatusNoContent)
	here.get("/api/v1/session").want(http.StatusOK)
	elsewhere.get("/api/v1/session").want(http.StatusUnauthorized)
	w.nobody().post("/api/v1/session", map[string]string{"email": w.admin.Email, "password": "another battery staple"}).want(http.StatusOK)
}

func (s suite) TestFirstPassword(t *testing.T) {
	w := s.world(t)
	w.asAdmin().do(http.MethodPut, "/api/v1/session/password", map[string]string{"old": "", "new": password}).want(http.StatusNoContent)
	w.nobody().post("/api/v1/session", map[string]string{"email": w.admin.Email, "password": password}).want(http.StatusOK)
	w.asAdmin().do(http.MethodPut, "/api/v1/session/password", map[string]string{"old": "", "new": password + "2"}).want(http.StatusUnprocessableEntity)
}

func (s suite) TestUpdateUserAndLanguage(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	a := c.do(http.MethodPatch, "/api/v1/session/user", map[string]string{"name": " Анна ", "lang": "en"}).want(http.StatusOK)
	if a.text("name") != "Анна" || a.text("lang") != "en" {
		t.Errorf("user: %s", a.body)
	}
	if got := c.get("/api/v1/providers").want(http.StatusOK).text(0, "title"); got != "Toy" {
		t.Errorf("title %q, want the user's language", got)
	}
	if got := c.get("/api/v1/connections/" + unknownID).want(http.StatusNotFound).text("title"); got != "Not Found" {
		t.Errorf("title %q, want the user's language", got)
	}
	c.do(http.MethodPatch, "/api/v1/session/user", map[string]string{"lang": "fr"}).want(http.StatusUnprocessableEntity)

	if got := w.nobody().with("Accept-Language", "de, en;q=0.5, ru;q=0.1").get("/api/v1/session").text("title"); got != "Unauthorized" {
		t.Errorf("title %q, want the language asked for", got)
	}
	if got := w.nobody().get("/api/v1/session").text("title"); got != "Нужно войти" {
		t.Errorf("title %q, want Russian when none is asked for", got)
	}
}

const unknownID = "0a0a0a0a-0000-4000-8000-000000000000"

func (s suite) TestSignInLimits(t *testing.T) {
	w := s.world(t, func(d *server.Deps) { d.Config.SignInsPerEmail, d.Config.SignInsPerAddress = 3, 5 })
	try := func(email string) int {
		return w.nobody().post("/api/v1/session", map[string]string{"email": email, "password": "wrong"}).status
	}
	for range 3 {
		if got := try("admin@alpha.test"); got != http.StatusUnauthorized {
			t.Fatalf("status %d", got)
		}
	}
	a := w.nobody().post("/api/v1/session", map[string]string{"email": "ADMIN@alpha.test", "password": password}).want(http.StatusTooManyRequests)
	if a.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	if got := try("viewer@alpha.test"); got != http.StatusUnauthorized {
		t.Errorf("another e-mail is limited too: %d", got)
	}
	if got := try("third@alpha.test"); got != http.StatusTooManyRequests {
		t.Errorf("the address is not limited: %d", got)
	}
	w.nobody().post("/api/v1/session/link", map[string]string{"token": "guess"}).want(http.StatusTooManyRequests)
}

func (s suite) TestTokens(t *testing.T) {
	w := s.world(t)
	c := w.asViewer()
	a := c.post("/api/v1/tokens", map[string]any{"name": "ci", "days": 30}).want(http.StatusCreated)
	api := w.nobody().with("Authorization", "Bearer "+a.text("token")).with("X-Requested-With", "")
	if got := api.get("/api/v1/session").want(http.StatusOK).text("role"); got != "viewer" {
		t.Errorf("role %q", got)
	}
	api.post("/api/v1/connections", map[string]any{"kind": "toy", "name": "x", "settings": toySettings("good")}).want(http.StatusForbidden)
	for _, path := range []string{"/api/v1/tokens", "/api/v1/telegram/code"} {
		api.post(path, map[string]any{"name": "more"}).want(http.StatusForbidden)
	}
	list := c.get("/api/v1/tokens").want(http.StatusOK)
	if list.text("tokens", 0, "name") != "ci" || list.at("tokens", 0, "expires_at") == nil || strings.Contains(string(list.body), a.text("token")) {
		t.Errorf("tokens: %s", list.body)
	}
	w.asAdmin().do(http.MethodDelete, "/api/v1/tokens/"+a.text("id"), nil).want(http.StatusNotFound)
	c.do(http.MethodDelete, "/api/v1/tokens/"+a.text("id"), nil).want(http.StatusNoContent)
	api.get("/api/v1/session").want(http.StatusUnauthorized)
	if strings.Contains(w.log.String(), a.text("token")) {
		t.Error("the token is in the log")
	}
}

func (s suite) TestForgedWrites(t *testing.T) {
	w := s.world(t)
	body := map[string]any{"name": "x"}
	cookie := w.asAdmin().with("X-Requested-With", "")
	f := func(name string, c *client, want int) {
		t.Helper()
		if got := c.post("/api/v1/tokens", body); got.status != want {
			t.Errorf("%s: status %d, want %d", name, got.status, want)
		}
	}
	f("a cookie alone", cookie, http.StatusForbidden)
	f("our header", cookie.with("X-Requested-With", "infrazen"), http.StatusCreated)
	f("our own page", cookie.with("Sec-Fetch-Site", "same-origin"), http.StatusCreated)
	f("another site", cookie.with("Sec-Fetch-Site", "cross-site"), http.StatusForbidden)
	f("a sibling site", cookie.with("Sec-Fetch-Site", "same-site"), http.StatusForbidden)
	f("our own origin", cookie.with("Origin", w.url), http.StatusCreated)
	f("another origin", cookie.with("Origin", "https://evil.test"), http.StatusForbidden)
	f("no origin", cookie.with("Origin", "null"), http.StatusForbidden)
	cookie.get("/api/v1/tokens").want(http.StatusOK)

	w.must(w.store.SetPassword(t.Context(), w.admin.ID, password))
	in := map[string]string{"email": w.admin.Email, "password": password}
	w.nobody().with("X-Requested-With", "").with("Origin", "https://evil.test").post("/api/v1/session", in).want(http.StatusForbidden)
	w.nobody().with("X-Requested-With", "").post("/api/v1/session", in).want(http.StatusOK)
}

func (s suite) TestSecureCookieBehindProxy(t *testing.T) {
	w := s.world(t, func(d *server.Deps) { d.Config.TrustedProxies = []string{"127.0.0.0/8"} })
	w.must(w.store.SetPassword(t.Context(), w.admin.ID, password))
	in := map[string]string{"email": w.admin.Email, "password": password}
	a := w.nobody().with("X-Forwarded-Proto", "https").with("X-Forwarded-For", "6.6.6.6, 9.9.9.9").post("/api/v1/session", in).want(http.StatusOK)
	if !cookieOf(t, a).Secure || a.header.Get("Strict-Transport-Security") == "" {
		t.Error("the cookie is not secure though the client came over https")
	}
	if !strings.Contains(w.log.String(), `"address":"9.9.9.9"`) {
		t.Errorf("the log does not name the client's address: %s", w.log)
	}
	untrusting := s.world(t)
	untrusting.must(untrusting.store.SetPassword(t.Context(), untrusting.admin.ID, password))
	if a := untrusting.nobody().with("X-Forwarded-Proto", "https").post("/api/v1/session", in).want(http.StatusOK); cookieOf(t, a).Secure {
		t.Error("a header of anybody's is believed")
	}
}

// TestNobodyReadsNothing asks every operation that needs a session without one, and with one that has ended.
func (s suite) TestNobodyReadsNothing(t *testing.T) {
	w := s.world(t)
	ended := w.nobody()
	ended.cookie = "izs_ended"
	for _, op := range w.spec.ops {
		if security, _ := op.spec["security"].([]any); len(security) == 0 {
			continue
		}
		path := strings.NewReplacer("{id}", unknownID, "{name}", "overview", "{dimension}", "service", "{chat_id}", "1").Replace(op.path)
		for name, c := range map[string]*client{"nobody": w.nobody(), "an ended session": ended} {
			if a := c.do(op.method, path, nil); a.status != http.StatusUnauthorized {
				t.Errorf("%s by %s: status %d: %s", op.id, name, a.status, a.body)
			}
		}
	}
}

// TestFaultsRepeatNoSecret sends bodies that are wrong beside a secret, or in it. client.do looks for the marker.
func (s suite) TestFaultsRepeatNoSecret(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	long := strings.Repeat(marker, 200)
	for _, r := range []struct{ method, path, body string }{
		{"POST", "/session", `{"password":"` + marker + `"}`},
		{"POST", "/session", `{"email":"a@b.test","password":"` + marker + `","remember":true}`},
		{"POST", "/session", `{"email":"a@b.test","password":["` + marker + `"]}`},
		{"POST", "/session", `{"email":"a@b.test","password":"` + long + `"}`},
		{"POST", "/session", `{"email":"a@b.test","password":"` + marker},
		{"POST", "/session/link", `{"token":"` + long + `"}`},
		{"PUT", "/session/password", `{"new":"` + marker + `","old":5}`},
		{"POST", "/connections", `{"name":"x","settings":{"password":"` + marker + `"}}`},
		{"POST", "/connections", `{"kind":"toy","name":"x","settings":{"password":{"v":"` + marker + `"}}}`},
		{"POST", "/connections/test", `{"kind":"toy","settings":{"login":"` + marker + `","password":"` + marker + `","region":"` + marker + `"}}`},
		{"PATCH", "/connections/" + unknownID, `{"settings":{"password":"` + marker + `"},"x":1}`},
	} {
		if a := c.do(r.method, "/api/v1"+r.path, r.body); a.status < 400 || a.status >= 500 {
			t.Errorf("%s %s: %d", r.method, r.path, a.status)
		}
	}
	if strings.Contains(w.log.String(), marker) {
		t.Error("a secret in the log")
	}
}
