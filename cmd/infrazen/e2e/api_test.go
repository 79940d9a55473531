package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

// client is a signed-in user of the API.
type client struct {
	base string
	http *http.Client
}

// answer is what the API said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func newClient(t, owner *testing.T, base string) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{base: base, http: &http.Client{Jar: jar, Timeout: time.Minute, Transport: &http.Transport{}}}
	owner.Cleanup(c.http.CloseIdleConnections)
	return c
}

// signIn makes a client by a one-time link.
func signIn(t, owner *testing.T, base, link string) *client {
	t.Helper()
	c := newClient(t, owner, base)
	a, err := c.do(t.Context(), http.MethodPost, "/api/v1/session/link", map[string]string{"token": tokenOf(link)})
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("cannot sign in: %v %s", err, a)
	}
	return c
}

// String implements fmt.Stringer.
func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.body) }

func (c *client) do(ctx context.Context, method, path string, body any) (answer, error) {
	var payload io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, payload)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Requested-With", "infrazen")
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	return answer{status: res.StatusCode, header: res.Header, body: text}, err
}

// get asks and decodes into out; anything but success fails the test.
func (c *client) get(t *testing.T, method, path string, body, out any) {
	t.Helper()
	a, err := c.do(t.Context(), method, path, body)
	if err != nil || a.status/100 != 2 {
		t.Fatalf("%s %s: %v %s", method, path, err, a)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, a)
	}
}

type connection struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"`
	Status    struct {
		State  string `json:"state"`
		Done   int64  `json:"windows_done"`
		Total  int64  `json:"windows_total"`
		Faults []struct {
			Text string `json:"text"`
		} `json:"faults"`
	} `json:"status"`
}

func (c *client) connections(t *testing.T) map[string]connection {
	t.Helper()
	var list struct {
		Connections []connection `json:"connections"`
	}
	c.get(t, http.MethodGet, "/api/v1/connections", nil, &list)
	out := map[string]connection{}
	for _, conn := range list.Connections {
		out[conn.Name] = conn
	}
	if len(out) != len(list.Connections) {
		t.Fatalf("two connections have one name: %v", list.Connections)
	}
	return out
}

// question is what is asked of /costs/query; the names are the API's.
type question struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Zone    string    `json:"zone,omitempty"`
	Step    string    `json:"step,omitempty"`
	GroupBy []string  `json:"group_by,omitempty"`
	Top     int       `json:"top,omitempty"`
}

type costs struct {
	Steps  []time.Time `json:"steps"`
	Groups []struct {
		Keys []struct {
			Value string `json:"value"`
			Label string `json:"label"`
		} `json:"keys"`
		Currency string            `json:"currency"`
		Cost     decimal.Decimal   `json:"cost"`
		Series   []decimal.Decimal `json:"series"`
	} `json:"groups"`
	Totals []struct {
		Currency string          `json:"currency"`
		Cost     decimal.Decimal `json:"cost"`
	} `json:"totals"`
	Data struct {
		CollectedAt time.Time `json:"collected_at"`
		Complete    bool      `json:"complete"`
	} `json:"data"`
}

func (c *client) costs(t *testing.T, q question) costs {
	t.Helper()
	var out costs
	c.get(t, http.MethodPost, "/api/v1/costs/query", q, &out)
	return out
}

// byConnection gives a question's series by the connection's name, a decimal a step.
func (c *client) byConnection(t *testing.T, q question) map[string]map[time.Time]decimal.Decimal {
	t.Helper()
	q.GroupBy = []string{"connection"}
	a := c.costs(t, q)
	out := map[string]map[time.Time]decimal.Decimal{}
	for _, g := range a.Groups {
		out[g.Keys[0].Label] = map[time.Time]decimal.Decimal{}
		for i, cost := range g.Series {
			out[g.Keys[0].Label][a.Steps[i].UTC()] = cost
		}
	}
	return out
}

// ready asks /readyz for its status; 0 when nobody answers.
func (c *client) ready(t *testing.T) int {
	t.Helper()
	a, err := c.do(t.Context(), http.MethodGet, "/readyz", nil)
	if err != nil {
		return 0
	}
	return a.status
}

// showLog prints the end of the product's log when the test has failed.
func showLog(t *testing.T, dir string) {
	t.Helper()
	if !t.Failed() {
		return
	}
	text, err := os.ReadFile(filepath.Join(dir, "infrazen.log"))
	if err != nil {
		return
	}
	var kept []string
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.Contains(line, "level=INFO") {
			kept = append(kept, line)
		}
	}
	t.Logf("the log says:\n%s", strings.Join(kept[max(0, len(kept)-40):], "\n"))
}
