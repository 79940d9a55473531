package httpedge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "p@ss word/1"

// ask makes one request to a handler and gives what came of it.
func ask(t *testing.T, conf httpedge.Config, h http.HandlerFunc) (*httpedge.Client, httpedge.Answer, *pipeline.Fault) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c, url := client(t, conf), srv.URL
	a, f := do(t, c, url+"/x")
	return c, a, f
}

func client(t *testing.T, conf httpedge.Config) *httpedge.Client {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	conf.Env.HTTP, conf.Cloud = &http.Client{Transport: transport}, "Beget"
	c := httpedge.New(conf)
	c.Hide(secret)
	return c
}

func do(t *testing.T, c *httpedge.Client, url string) (httpedge.Answer, *pipeline.Fault) {
	t.Helper()
	a, err := c.Do(t.Context(), httpedge.Request{Scope: "s", Method: http.MethodPost, URL: url, Body: []byte("passwd=" + secret)})
	if err == nil {
		return a, nil
	}
	var f *pipeline.Fault
	if !errors.As(err, &f) || f.Scope != "s" || f.Text.RU == "" || f.Text.EN == "" || strings.Contains(f.Text.EN, "%!") || strings.Contains(f.Text.RU, "%!") {
		t.Fatalf("error %v", err)
	}
	return a, f
}

func TestStatuses(t *testing.T) {
	f := func(status int, retryAfter string, code pipeline.FaultCode, retry bool, after time.Duration) {
		t.Helper()
		_, a, got := ask(t, httpedge.Config{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", retryAfter)
			w.WriteHeader(status)
		})
		switch {
		case code == "" && (got != nil || a.Status != status):
			t.Errorf("HTTP %d: %v", status, got)
		case code == "":
		case got == nil || got.Code != code || got.Retry != retry || got.RetryAfter != after:
			t.Errorf("HTTP %d: %+v", status, got)
		}
	}
	f(200, "", "", false, 0)
	f(403, "", "", false, 0)
	f(404, "", "", false, 0)
	f(429, "30", pipeline.FaultThrottled, true, 30*time.Second)
	f(429, "soon", pipeline.FaultThrottled, true, 0)
	f(429, "-5", pipeline.FaultThrottled, true, 0)
	f(429, "99999999", pipeline.FaultThrottled, true, 6*time.Hour)
	f(500, "", pipeline.FaultUnavailable, true, 0)
	f(503, "7", pipeline.FaultUnavailable, true, 7*time.Second)
	f(504, "", pipeline.FaultTimeout, true, 0)
	f(408, "", pipeline.FaultTimeout, true, 0)
	f(302, "", pipeline.FaultSettings, false, 0)
}

// TestRedirectIsNotFollowed sends a body with a password to a server that passes it on: it must not arrive elsewhere.
func TestRedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the body travelled on") }))
	defer elsewhere.Close()
	_, _, f := ask(t, httpedge.Config{}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
	})
	if f == nil || f.Code != pipeline.FaultSettings {
		t.Errorf("a redirect gives %v", f)
	}
}

func TestSizeLimit(t *testing.T) {
	body := func(n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", n)) }
	}
	if _, a, f := ask(t, httpedge.Config{MaxBody: 100}, body(100)); f != nil || len(a.Body) != 100 {
		t.Errorf("100 bytes of 100: %v", f)
	}
	if _, _, f := ask(t, httpedge.Config{MaxBody: 100}, body(101)); f == nil || f.Code != pipeline.FaultTooLarge || f.Retry {
		t.Errorf("101 bytes of 100: %v", f)
	}
}

func TestOwnTimeout(t *testing.T) {
	_, _, f := ask(t, httpedge.Config{Timeout: 30 * time.Millisecond}, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	if f == nil || f.Code != pipeline.FaultTimeout || !f.Retry || !errors.Is(f, context.DeadlineExceeded) {
		t.Errorf("no answer gives %v", f)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}))
	defer srv.Close()
	_, err := client(t, httpedge.Config{}).Do(ctx, httpedge.Request{Scope: "s", Method: http.MethodPost, URL: srv.URL})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled request gives %v", err)
	}
}

func TestNoConnection(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	if _, f := do(t, client(t, httpedge.Config{}), srv.URL); f == nil || f.Code != pipeline.FaultUnavailable || !f.Retry {
		t.Errorf("no listener gives %v", f)
	}
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	defer secure.Close()
	if _, f := do(t, client(t, httpedge.Config{}), secure.URL); f == nil || f.Code != pipeline.FaultUnavailable || !strings.Contains(f.Text.EN, "certificate") {
		t.Errorf("a certificate of nobody gives %v", f)
	}
	if _, f := do(t, client(t, httpedge.Config{}), "://"); f == nil || f.Code != pipeline.FaultSettings {
		t.Errorf("a wrong address gives %v", f)
	}
}

// TestSecretsStayInside lets an error quote what was sent, plain and encoded.
func TestSecretsStayInside(t *testing.T) {
	c := client(t, httpedge.Config{})
	_, err := c.Do(t.Context(), httpedge.Request{Scope: "s", Method: "BAD METHOD " + secret, URL: "http://127.0.0.1"})
	if err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("error %v", err)
	}
	for _, text := range []string{secret, "p%40ss+word%2F1", "p@ss%20word%2F1"} {
		if got := c.Clean("sent " + text + " there"); got != "sent *** there" {
			t.Errorf("%q is cleaned to %q", text, got)
		}
	}
	if got := c.Clean(strings.Repeat("я", 1000)); len(got) > 310 {
		t.Errorf("%d bytes are kept of a long text", len(got))
	}
	f := c.Malformed("s", "got "+secret)
	if strings.Contains(f.Error(), secret) {
		t.Errorf("error %v", f)
	}
}

func TestJSON(t *testing.T) {
	c := client(t, httpedge.Config{})
	var into struct{ N int }
	f := func(body, inText string) {
		t.Helper()
		err := c.JSON("s", httpedge.Answer{Body: []byte(body)}, &into)
		var got *pipeline.Fault
		switch {
		case inText == "" && err != nil:
			t.Errorf("%s: %v", body, err)
		case inText != "" && (!errors.As(err, &got) || got.Code != pipeline.FaultMalformed || !strings.Contains(got.Text.EN, inText) || strings.Contains(err.Error(), "77")):
			t.Errorf("%s: %v", body, err)
		}
	}
	f(`{"n":7}`, "")
	f(`{"n":7`, "cannot be read")
	f(`{"n":"77secret"}`, "cannot be read")
	f(``, "cannot be read")
	f("  <!doctype html>", "web page")
}

func TestClock(t *testing.T) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	f := func(skew time.Duration, want string) {
		t.Helper()
		env := pipeline.Env{Now: func() time.Time { return now }}
		c, _, fault := ask(t, httpedge.Config{Env: env}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", now.Add(skew).Format(http.TimeFormat))
		})
		if fault != nil {
			t.Fatal(fault)
		}
		said := ""
		if cf := c.ClockFault(); cf != nil {
			said = cf.Text.EN
		}
		if want == "" && said != "" || !strings.Contains(said, want) {
			t.Errorf("skew %s: %q, want %q", skew, said, want)
		}
		if !c.CloudTime().Equal(now.Add(skew)) || c.Now().Sub(now.Add(skew)).Abs() > time.Second {
			t.Errorf("skew %s: the cloud's time is %s, now %s", skew, c.CloudTime(), c.Now())
		}
	}
	f(0, "")
	f(119*time.Second, "")
	f(-119*time.Second, "")
	f(3*time.Hour, "3h0m0s behind")
	f(-3*time.Hour, "ahead of")
	c := client(t, httpedge.Config{Env: pipeline.Env{Now: func() time.Time { return now }}})
	if c.ClockFault() != nil || !c.CloudTime().IsZero() || !c.Now().Equal(now) {
		t.Error("a clock is told before any answer")
	}
}

// TestOneRequest checks that nothing is asked twice.
func TestOneRequest(t *testing.T) {
	n := 0
	_, _, f := ask(t, httpedge.Config{}, func(w http.ResponseWriter, _ *http.Request) {
		n++
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, "later")
	})
	if n != 1 || f == nil {
		t.Errorf("%d requests, %v", n, f)
	}
}
