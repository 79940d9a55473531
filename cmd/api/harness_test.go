package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/cmd/api/stores"
	"github.com/infrazen/infrazen/dashboards"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
	"github.com/infrazen/infrazen/providers/table"
)

func TestMain(m *testing.M) {
	if _, child, _ := embedded.FromEnvironment(); child {
		enginetest.Main(m) // this process is the ClickHouse of a test
	}
	pgtest.Main(m)
}

const (
	// password is that of every person of the tests, and of every account of the toy cloud.
	password = "correct horse battery"
	// marker is in every secret: it may be in no answer and in no log.
	marker = "MARKER-7f3a"
)

func now() time.Time { return time.Date(2026, 11, 18, 9, 30, 0, 0, time.UTC) }

// world is a running API on a PostgreSQL of its own, with facts in memory and two organisations that share nothing.
type world struct {
	t        *testing.T
	store    *postgres.Store
	facts    *facts
	log      *lockedBuffer
	registry *prometheus.Registry
	server   *server.Server
	url      string
	spec     *document

	alpha, beta pipeline.Tenant
	// admin and viewer are of alpha, other is beta's admin, both is a viewer of alpha and the admin of beta.
	admin, viewer, other, both pipeline.User
}

type option func(*server.Deps)

// suite holds the tests that share one database; each makes organisations and people of its own in it.
type suite struct {
	dsn  string
	seen *coverage
}

// TestAPI runs the tests of the suite.
func TestAPI(t *testing.T) {
	all := suite{dsn: pgtest.DSN(t), seen: &coverage{classes: map[string]map[int]int{}}}
	s := reflect.ValueOf(all)
	for i := range s.NumMethod() {
		if f, ok := s.Method(i).Interface().(func(*testing.T)); ok {
			t.Run(strings.TrimPrefix(s.Type().Method(i).Name, "Test"), f)
		}
	}
	if flag.Lookup("test.run").Value.String() == "" {
		all.seen.check(t)
	}
}

func (s suite) world(t *testing.T, options ...option) *world {
	t.Helper()
	w := &world{t: t, facts: newFacts(), log: &lockedBuffer{}, registry: prometheus.NewRegistry()}
	store, err := postgres.Open(t.Context(), postgres.Config{DSN: s.dsn, Key: postgres.NewKey()}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	w.must(err)
	t.Cleanup(store.Close)
	w.store = store
	w.alpha, w.beta = w.tenant("Альфа", "Europe/Moscow"), w.tenant("Beta", "UTC")
	w.admin, w.viewer = w.user("admin@alpha.test", w.alpha, pipeline.Admin), w.user("viewer@alpha.test", w.alpha, pipeline.Viewer)
	w.other, w.both = w.user("admin@beta.test", w.beta, pipeline.Admin), w.user("both@alpha.test", w.alpha, pipeline.Viewer)
	w.must(w.store.AddMember(t.Context(), w.beta.ID, w.both.ID, pipeline.Admin))
	d := server.Deps{
		Config: server.DefaultConfig(), Store: stores.People{Store: w.store}, Facts: w.facts,
		Providers: []pipeline.Provider{toy{}, table.New(table.Variants()[0])}, Env: pipeline.Env{Now: now, TempDir: t.TempDir()},
		Dashboards: dashboards.Files(), Web: webFiles(), Bot: func() string { return "infrazen_bot" },
		Now: now, Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Registry: w.registry, Metrics: w.registry,
	}
	d.Config.SignInsPerAddress = 1000
	for _, o := range options {
		o(&d)
	}
	w.server, err = server.New(d)
	w.must(err)
	raw, err := w.server.OpenAPI()
	w.must(err)
	w.spec = readDocument(t, raw)
	w.spec.seen = s.seen
	h := httptest.NewServer(w.server)
	t.Cleanup(h.Close)
	w.url = h.URL
	return w
}

func webFiles() fstest.MapFS {
	return fstest.MapFS{
		"index.html":           {Data: []byte("<!doctype html><title>InfraZen</title>" + strings.Repeat("<p>page</p>", 300))},
		"assets/app-1a2b3c.js": {Data: []byte("console.log(1)")},
		"favicon.svg":          {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) tenant(name, zone string) pipeline.Tenant {
	w.t.Helper()
	t, err := w.store.CreateTenant(w.t.Context(), name, zone, "RUB")
	w.must(err)
	return t
}

func (w *world) user(email string, in pipeline.Tenant, role pipeline.Role) pipeline.User {
	w.t.Helper()
	u, err := w.store.CreateUser(w.t.Context(), uuid.NewString()[:8]+"-"+email, "Имя "+email, pipeline.Russian)
	w.must(err)
	w.must(w.store.AddMember(w.t.Context(), in.ID, u.ID, role))
	return u
}

// client speaks to the API as one person.
type client struct {
	w       *world
	cookie  string
	headers map[string]string
}

// nobody is not signed in.
func (w *world) nobody() *client {
	return &client{w: w, headers: map[string]string{"X-Requested-With": "infrazen"}}
}

// as is signed in as the user, in the tenant.
func (w *world) as(u pipeline.User, in pipeline.Tenant) *client {
	w.t.Helper()
	token, err := w.store.CreateSession(w.t.Context(), u.ID, in.ID, time.Hour)
	w.must(err)
	c := w.nobody()
	c.cookie = token
	return c
}

func (w *world) asAdmin() *client  { return w.as(w.admin, w.alpha) }
func (w *world) asViewer() *client { return w.as(w.viewer, w.alpha) }
func (w *world) asOther() *client  { return w.as(w.other, w.beta) }

// with is the client with one more header; an empty value takes the header away.
func (c *client) with(name, value string) *client {
	copied := *c
	copied.headers = map[string]string{}
	for k, v := range c.headers {
		copied.headers[k] = v
	}
	copied.headers[name] = value
	return &copied
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	body   []byte
}

// form is a body with a file.
type form struct {
	fields        map[string]string
	name, content string
}

func (f form) encode(t *testing.T) (io.Reader, string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for k, v := range f.fields {
		if err := w.WriteField(k, v); err != nil {
			t.Fatal(err)
		}
	}
	if f.name != "" {
		part, err := w.CreateFormFile("file", f.name)
		if err == nil {
			_, err = io.WriteString(part, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &out, w.FormDataContentType()
}

// do sends a request. body is a string of JSON, a form, nil, or anything that becomes JSON. Every answer of the API is checked
// against its document, and searched for secrets.
func (c *client) do(method, path string, body any) *answer {
	c.w.t.Helper()
	var reader io.Reader
	contentType := "application/json"
	switch b := body.(type) {
	case nil:
	case form:
		reader, contentType = b.encode(c.w.t)
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		c.w.must(err)
		reader = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.url+path, reader)
	c.w.must(err)
	if reader != nil {
		r.Header.Set("Content-Type", contentType)
	}
	for k, v := range c.headers {
		if v != "" {
			r.Header.Set(k, v)
		}
	}
	if c.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "infrazen_session", Value: c.cookie})
	}
	resp, err := noRedirects().Do(r)
	c.w.must(err)
	defer resp.Body.Close()
	a := &answer{t: c.w.t, status: resp.StatusCode, header: resp.Header}
	a.body, err = io.ReadAll(resp.Body)
	c.w.must(err)
	c.w.spec.check(c.w.t, method, r.URL.Path, a)
	if bytes.Contains(a.body, []byte(marker)) {
		c.w.t.Errorf("%s %s: a secret in the answer: %s", method, path, a.body)
	}
	return a
}

func noRedirects() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (c *client) get(path string) *answer { c.w.t.Helper(); return c.do(http.MethodGet, path, nil) }
func (c *client) post(path string, body any) *answer {
	c.w.t.Helper()
	return c.do(http.MethodPost, path, body)
}

// want fails unless the answer has the status.
func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// at walks into the body: at("connections", 0, "id").
func (a *answer) at(path ...any) any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal(a.body, &v); err != nil {
		a.t.Fatalf("the answer is no JSON: %v: %s", err, a.body)
	}
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[key]
		case int:
			l, _ := v.([]any)
			if key >= len(l) {
				a.t.Fatalf("the answer has no %v: %s", path, a.body)
			}
			v = l[key]
		}
	}
	return v
}

func (a *answer) text(path ...any) string {
	a.t.Helper()
	s, ok := a.at(path...).(string)
	if !ok {
		a.t.Fatalf("the answer has no text at %v: %s", path, a.body)
	}
	return s
}

// locations are where a problem's faults are.
func (a *answer) locations() []string {
	a.t.Helper()
	list, _ := a.at("errors").([]any)
	out := []string{}
	for _, e := range list {
		m, _ := e.(map[string]any)
		s, _ := m["location"].(string)
		out = append(out, s)
	}
	return out
}

// lockedBuffer is a log that many goroutines write.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// toy is a cloud whose answers its settings choose.
type toy struct{}

func (toy) Info() pipeline.Info {
	return pipeline.Info{
		Kind: "toy", Title: pipeline.Text{RU: "Игрушка", EN: "Toy"}, About: pipeline.Text{RU: "Облако для проверок", EN: "A cloud for tests"},
		Fields: []pipeline.Field{
			{Name: "login", Label: pipeline.Text{RU: "Логин", EN: "Login"}, Required: true},
			{Name: "password", Label: pipeline.Text{RU: "Пароль", EN: "Password"}, Required: true, Secret: true},
			{Name: "otp", Label: pipeline.Text{RU: "Код", EN: "Code"}, Secret: true, Advanced: true},
			{Name: "region", Label: pipeline.Text{RU: "Регион", EN: "Region"}, Default: "ru-1", Options: []pipeline.Option{
				{Value: "ru-1", Label: pipeline.Text{RU: "Москва", EN: "Moscow"}}, {Value: "ru-2", Label: pipeline.Text{RU: "Казань", EN: "Kazan"}},
			}},
		},
		BillingZone: "Europe/Moscow",
		Prepaid: &pipeline.Prepaid{
			SuspendedAfter: 24 * time.Hour, DeletedAfter: 14 * 24 * time.Hour, Source: "https://toy.test/rules",
			Text: pipeline.Text{RU: "Через сутки без денег серверы выключат.", EN: "Servers stop after a day without money."},
		},
	}
}

// Open refuses the login "refused", and says the password while at it, as no provider may.
func (toy) Open(s pipeline.Settings, _ pipeline.Env) (pipeline.Session, error) {
	if s["login"] == "refused" {
		return nil, &pipeline.Fault{Code: pipeline.FaultSettings, Scope: "login", Text: pipeline.Textf("логин не годится с %s", "the login does not go with %s", s["password"])}
	}
	return toySession{settings: s}, nil
}

type toySession struct{ settings pipeline.Settings }

func (s toySession) Check(ctx context.Context) (pipeline.Outcome, error) {
	out := pipeline.Outcome{Scopes: []pipeline.ScopeResult{{Scope: "vps", Label: pipeline.Text{RU: "Серверы", EN: "Servers"}, Found: 3}}}
	switch s.settings["login"] {
	case "slow":
		<-ctx.Done()
		return pipeline.Outcome{}, ctx.Err()
	case "broken":
		return pipeline.Outcome{}, errors.New("something with " + s.settings["password"])
	case "partial":
		out.Scopes = append(out.Scopes,
			pipeline.ScopeResult{Scope: "dns", Skipped: true, Fault: &pipeline.Fault{Code: pipeline.FaultForbidden, Scope: "dns", Text: pipeline.Text{RU: "нет права", EN: "not permitted"}}},
			pipeline.ScopeResult{Scope: "mail", Fault: &pipeline.Fault{Code: pipeline.FaultUnavailable, Scope: "mail", Retry: true, Text: pipeline.Text{RU: "не отвечает", EN: "does not answer"}}})
	}
	if s.settings["password"] != password+marker {
		return pipeline.Outcome{}, &pipeline.Fault{Code: pipeline.FaultCredentials, Text: pipeline.Textf("пароль %s неверен", "password %s is wrong", s.settings["password"])}
	}
	return out, nil
}

func (toySession) Objects(context.Context) ([]pipeline.Object, error) { return nil, nil }

func (toySession) Collect(context.Context, pipeline.Task, pipeline.Sink) (pipeline.Outcome, error) {
	return pipeline.Outcome{}, errors.New("not for tests of the API")
}

func (toySession) Close(context.Context) error { return nil }

// toySettings are settings that the toy cloud lets in.
func toySettings(login string) map[string]string {
	return map[string]string{"login": login, "password": password + marker}
}

// connect makes a connection and gives its id.
func (c *client) connect(name string) string {
	c.w.t.Helper()
	a := c.post("/api/v1/connections", map[string]any{"kind": "toy", "name": name, "settings": toySettings("good")}).want(http.StatusCreated)
	return a.text("id")
}
