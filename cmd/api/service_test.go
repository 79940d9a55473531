package main_test

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/pipeline"
)

func errAway() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
}

func (s suite) TestStoreAway(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	w.facts.set(func(f *facts) { f.fail = errAway() })
	a := c.post("/api/v1/costs/query", costBody(nil)).want(http.StatusServiceUnavailable)
	if a.header.Get("Retry-After") == "" || !hasCyrillic(a.text("detail")) {
		t.Errorf("answer: %v %s", a.header, a.body)
	}
	w.nobody().get("/healthz").want(http.StatusOK)
	w.facts.set(func(f *facts) { f.away = errAway() })
	a = w.nobody().get("/readyz").want(http.StatusServiceUnavailable)
	if a.at("ready") != false || a.at("stores", "clickhouse") != false || a.at("stores", "postgres") != true {
		t.Errorf("readyz: %s", a.body)
	}
	w.facts.set(func(f *facts) { f.fail, f.away = nil, nil })
	w.nobody().get("/readyz").want(http.StatusOK)
	w.store.Close()
	c.get("/api/v1/session").want(http.StatusServiceUnavailable)
}

func (s suite) TestUnknownErrorTellsNothing(t *testing.T) {
	w := s.world(t)
	w.facts.set(func(f *facts) { f.fail = errors.New("Code: 62. DB::Exception: Syntax error: SELECT secret_table") })
	a := w.asAdmin().get("/api/v1/balances").want(http.StatusInternalServerError)
	if strings.Contains(string(a.body), "secret_table") {
		t.Errorf("the answer tells of the database: %s", a.body)
	}
	if !strings.Contains(w.log.String(), "secret_table") {
		t.Error("the log does not tell the cause")
	}
	w.facts.set(func(f *facts) { f.away = errAway() })
	w.asAdmin().get("/api/v1/balances").want(http.StatusServiceUnavailable)
}

// panicking is a store whose balances panic.
type panicking struct{ server.Facts }

func (panicking) Balances(context.Context, pipeline.TenantID) ([]pipeline.AccountBalance, error) {
	panic("boom")
}

func (s suite) TestPanic(t *testing.T) {
	w := s.world(t, func(d *server.Deps) { d.Facts = panicking{d.Facts} })
	c := w.asAdmin()
	a := c.get("/api/v1/balances").want(http.StatusInternalServerError)
	id := a.text("request_id")
	if id == "" || id != a.header.Get("X-Request-Id") || strings.Contains(string(a.body), "boom") {
		t.Errorf("answer: %s", a.body)
	}
	log := w.log.String()
	if !strings.Contains(log, "boom") || !strings.Contains(log, id) || !strings.Contains(log, "service_test.go") {
		t.Errorf("the log does not tell of the panic: %s", log)
	}
	c.get("/api/v1/session").want(http.StatusOK)
}

func (s suite) TestTimeout(t *testing.T) {
	w := s.world(t, func(d *server.Deps) { d.Config.CostTimeout = 30 * time.Millisecond })
	w.facts.set(func(f *facts) { f.block = true })
	a := w.asAdmin().post("/api/v1/costs/query", costBody(nil)).want(http.StatusGatewayTimeout)
	if !hasCyrillic(a.text("detail")) {
		t.Errorf("answer: %s", a.body)
	}
}

// TestClientGoesAway checks that a question whose asker has gone is not worked on any longer.
func (s suite) TestClientGoesAway(t *testing.T) {
	gone := &watched{began: make(chan struct{}), ended: make(chan struct{})}
	w := s.world(t, func(d *server.Deps) { gone.Facts, d.Facts = d.Facts, gone })
	c := w.asAdmin()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/api/v1/balances", nil)
	w.must(err)
	r.AddCookie(&http.Cookie{Name: "infrazen_session", Value: c.cookie})
	var wg sync.WaitGroup
	wg.Go(func() {
		if resp, err := http.DefaultClient.Do(r); err == nil {
			resp.Body.Close()
		}
	})
	<-gone.began
	cancel()
	<-gone.ended
	wg.Wait()
	late := httptest.NewRecorder()
	w.server.ServeHTTP(late, r)
	if late.Code != 499 || strings.Contains(w.log.String(), "ERROR") {
		t.Errorf("a request without a client ends with %d; the log says %s", late.Code, w.log.String())
	}
}

// watched is a store whose balances wait until nobody wants them any more.
type watched struct {
	server.Facts
	began, ended chan struct{}
}

func (f *watched) Balances(ctx context.Context, _ pipeline.TenantID) ([]pipeline.AccountBalance, error) {
	close(f.began)
	<-ctx.Done()
	close(f.ended)
	return nil, ctx.Err()
}

func (s suite) TestHeaders(t *testing.T) {
	w := s.world(t)
	for _, path := range []string{"/", "/api/v1/session", "/api/v1/openapi.json", "/healthz", "/assets/app-1a2b3c.js"} {
		h := w.nobody().get(path).header
		if !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" || h.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, h)
		}
		if strings.HasPrefix(path, "/api") && h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, h.Get("Cache-Control"))
		}
	}
}

func (s suite) TestGzip(t *testing.T) {
	w := s.world(t)
	a := w.asAdmin().with("Accept-Encoding", "gzip").get("/").want(http.StatusOK)
	if a.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("headers: %v", a.header)
	}
	z, err := gzip.NewReader(strings.NewReader(string(a.body)))
	w.must(err)
	if page, err := io.ReadAll(z); err != nil || !strings.Contains(string(page), "InfraZen") {
		t.Errorf("page %q: %v", page, err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/api/v1/openapi.json", nil)
	w.must(err)
	resp, err := http.DefaultClient.Do(r) // the client asks for gzip and unpacks by itself
	w.must(err)
	defer resp.Body.Close()
	if !resp.Uncompressed {
		t.Error("the document is not packed")
	}
}

func (s suite) TestWebApp(t *testing.T) {
	w := s.world(t)
	c := w.nobody()
	f := func(path string, status int, contains, cache string) {
		t.Helper()
		a := c.get(path)
		if a.status != status || !strings.Contains(string(a.body), contains) || (cache != "" && a.header.Get("Cache-Control") != cache) {
			t.Errorf("%s: %d %v %.80s", path, a.status, a.header, a.body)
		}
	}
	f("/", 200, "<title>InfraZen", "no-cache")
	f("/sign-in?token=x", 200, "<title>InfraZen", "no-cache")
	f("/connections/123", 200, "<title>InfraZen", "no-cache")
	f("/assets/app-1a2b3c.js", 200, "console.log", "public, max-age=31536000, immutable")
	f("/favicon.svg", 200, "<svg", "no-cache")
	f("/assets/missing.js", 404, `"status":404`, "")
	f("/assets/", 200, "<title>InfraZen", "no-cache")
	f("/api/v1/nothing", 404, `"status":404`, "")
	f("/api", 404, `"status":404`, "")
	f("/../../etc/passwd", 200, "<title>InfraZen", "")
	if a := c.do(http.MethodHead, "/", nil); a.status != http.StatusOK {
		t.Errorf("HEAD /: %d", a.status)
	}
	if a := c.do(http.MethodPut, "/api/v1/budgets", `{}`).want(http.StatusMethodNotAllowed); a.header.Get("Allow") != "GET, POST" {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	if a := c.post("/", nil).want(http.StatusMethodNotAllowed); a.header.Get("Allow") != "GET" {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	c.post("/api/v1/nothing", nil).want(http.StatusNotFound)
	c.do(http.MethodHead, "/api/v1/session", nil).want(http.StatusUnauthorized)
	w.asAdmin().do(http.MethodHead, "/api/v1/session", nil).want(http.StatusOK)
}

func (s suite) TestBodyTooLarge(t *testing.T) {
	w := s.world(t)
	a := w.nobody().post("/api/v1/session", `{"email":"`+strings.Repeat("x", 1<<20)+`"}`).want(http.StatusRequestEntityTooLarge)
	if !hasCyrillic(a.text("detail")) {
		t.Errorf("answer: %s", a.body)
	}
}

func (s suite) TestLogAndMetrics(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("One")
	c.get("/api/v1/connections/" + id).want(http.StatusOK)
	c.get("/sign-in?token=" + marker).want(http.StatusOK)
	c.get("/api/v1/resources?q=" + marker).want(http.StatusOK)
	c.with("Authorization", "Bearer "+marker).get("/api/v1/session").want(http.StatusUnauthorized)
	log := w.log.String()
	if strings.Contains(log, marker) || strings.Contains(log, c.cookie) || strings.Contains(log, password) {
		t.Error("a secret in the log")
	}
	if !strings.Contains(log, `"route":"/api/v1/connections/{id}"`) || !strings.Contains(log, `"tenant":"`+string(w.alpha.ID)+`"`) {
		t.Errorf("the log does not name the route and the tenant: %s", log)
	}
	a := w.nobody().get("/metrics").want(http.StatusOK)
	if !strings.Contains(string(a.body), `infrazen_api_requests_total{method="GET",route="/api/v1/connections/{id}",status="200"} 1`) || strings.Contains(string(a.body), id) {
		t.Errorf("metrics: %.2000s", a.body)
	}
}

// TestRunEndsWithItsContext starts the server on a port of its own and ends it while a request is under way.
func (s suite) TestRunEndsWithItsContext(t *testing.T) {
	w := s.world(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Run(ctx, l) }()
	resp, err := http.Get("http://" + l.Addr().String() + "/healthz")
	w.must(err)
	resp.Body.Close()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("ended with %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}
