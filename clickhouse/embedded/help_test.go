package embedded_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// answer is what a plain HTTP client sees.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // while reading the body
}

func (a answer) code() string { return a.header.Get("X-ClickHouse-Exception-Code") }

// client asks one engine in one database.
type client struct {
	t        testing.TB
	engine   *enginetest.Engine
	database string
	http     *http.Client
}

func newClient(t testing.TB) *client {
	t.Helper()
	e := enginetest.Shared(t)
	return clientOf(t, e, e.Database(t))
}

func clientOf(t testing.TB, e *enginetest.Engine, database string) *client {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 100}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, engine: e, database: database, http: &http.Client{Transport: transport}}
}

// params are "name=value" pairs of the URL.
func (c *client) url(params ...string) string {
	values := url.Values{"database": {c.database}}
	for _, p := range params {
		name, value, _ := strings.Cut(p, "=")
		values.Set(name, value)
	}
	return "http://" + c.engine.Addr + "/?" + values.Encode()
}

func (c *client) request(ctx context.Context, method string, body io.Reader, params ...string) *http.Request {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, c.url(params...), body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.SetBasicAuth(c.engine.User, c.engine.Password)
	return req
}

func (c *client) do(req *http.Request) answer {
	c.t.Helper()
	res, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, string(body), err}
}

// post sends a statement in the body.
func (c *client) post(statement string, params ...string) answer {
	c.t.Helper()
	return c.do(c.request(context.Background(), http.MethodPost, strings.NewReader(statement), params...))
}

func (c *client) get(statement string, params ...string) answer {
	c.t.Helper()
	return c.do(c.request(context.Background(), http.MethodGet, nil, append(params, "query="+statement)...))
}

// must sends a statement that has to work and returns its answer.
func (c *client) must(statement string, params ...string) string {
	c.t.Helper()
	a := c.post(statement, params...)
	if a.status != http.StatusOK || a.err != nil {
		c.t.Fatalf("%.200s: status %d, %s %v", statement, a.status, a.body, a.err)
	}
	return a.body
}

func openGo(t testing.TB, dsn string, change ...func(*clickhouse.Options)) clickhouse.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range change {
		f(options)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// memory reads a line of /proc/<pid>/status, such as VmRSS, in bytes.
func memory(t testing.TB, pid int, name string) int64 {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			kb, err := strconv.ParseInt(fields[1], 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatalf("no %s of process %d", name, pid)
	return 0
}

// eventually waits until a condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never came true: %s", what)
		case <-tick.C:
		}
	}
}
