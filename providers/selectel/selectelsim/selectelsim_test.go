package selectelsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start() time.Time { return time.Date(2026, 11, 18, 9, 10, 0, 0, time.UTC) }

// caller asks a stand-in by hand.
type caller struct {
	t       *testing.T
	sim     *selectelsim.Server
	account *world.Account
	now     time.Time
}

func newCaller(t *testing.T, conf selectelsim.Config) *caller {
	t.Helper()
	c := &caller{t: t, now: start(), account: world.DemoSelectel(5, start().AddDate(0, 0, -99))[0]}
	conf.Now = func() time.Time { return c.now }
	conf.Accounts = []*world.Account{c.account}
	c.sim = selectelsim.New(conf)
	return c
}

func (c *caller) ask(method, path, header, token, body string) (*http.Response, string) {
	c.t.Helper()
	r := httptest.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(body))
	if header != "" {
		r.Header.Set(header, token)
	}
	w := httptest.NewRecorder()
	c.sim.ServeHTTP(w, r)
	resp := w.Result()
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(out)
}

// token signs in to a project, or to the account when it is empty.
func (c *caller) token(password, project string) (int, string) {
	c.t.Helper()
	scope := fmt.Sprintf(`"domain":{"name":%q}`, c.account.ID)
	if project != "" {
		scope = fmt.Sprintf(`"project":{"id":%q}`, project)
	}
	resp, _ := c.ask(http.MethodPost, "/identity/v3/auth/tokens", "", "", fmt.Sprintf(
		`{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":%q,"domain":{"name":%q},"password":%q}}},"scope":{%s}}}`,
		selectelsim.ServiceUser, c.account.ID, password, scope))
	return resp.StatusCode, resp.Header.Get("X-Subject-Token")
}

func (c *caller) status(path, header, token string) int {
	c.t.Helper()
	resp, _ := c.ask(http.MethodGet, path, header, token, "")
	return resp.StatusCode
}

func TestTokens(t *testing.T) {
	c := newCaller(t, selectelsim.Config{TokenLife: time.Hour})
	if code, token := c.token("wrong", ""); code != http.StatusUnauthorized || token != "" {
		t.Errorf("a wrong password gives %d %q", code, token)
	}
	if code, _ := c.token(c.account.Password, strings.Repeat("0", 32)); code != http.StatusUnauthorized {
		t.Errorf("another's project gives %d", code)
	}
	_, account := c.token(c.account.Password, "")
	code, project := c.token(c.account.Password, c.account.Projects[0].ID)
	if code != http.StatusCreated || project == "" {
		t.Fatalf("sign-in gives %d", code)
	}
	const servers, balances = "/region/ru-3/compute/v2.1/servers/detail", "/v3/balances"
	for _, want := range []struct {
		path, header, token string
		code                int
	}{
		{servers, "X-Auth-Token", project, 200},
		{servers, "X-Auth-Token", account, 401},
		{servers, "", "", 401},
		{balances, "X-Auth-Token", account, 200},
		{balances, "X-Auth-Token", project, 403},
		{balances, "X-Token", selectelsim.StaticToken(c.account), 200},
		{balances, "X-Token", "other", 401},
		{"/v2/billing/transactions?created_from=2026-11-01T00:00:00&created_to=2026-11-02T00:00:00&limit=5", "X-Auth-Token", account, 401},
		{"/v2/billing/transactions?created_from=2026-11-01T00:00:00&created_to=2026-11-02T00:00:00&limit=501", "X-Token", selectelsim.StaticToken(c.account), 400},
		{"/region/ru-3/volume/v3/" + c.account.Projects[1].ID + "/volumes/detail", "X-Auth-Token", project, 401},
	} {
		if got := c.status(want.path, want.header, want.token); got != want.code {
			t.Errorf("%s with %s gives %d, want %d", want.path, want.header, got, want.code)
		}
	}
	c.now = c.now.Add(time.Hour)
	if got := c.status(servers, "X-Auth-Token", project); got != 401 {
		t.Errorf("a token that ran out gives %d", got)
	}
}

// consumption asks for hours of a day of Moscow.
func (c *caller) consumption(change func(url.Values)) (int, []struct {
	Value   int64
	Period  string
	Project *struct{ ID string }
	Object  *struct{ ID *string }
	Metric  *struct{ Region *string }
},
) {
	c.t.Helper()
	q := url.Values{
		"provider_keys": {"vpc", "storage", "dbaas", "mks"}, "start": {"2026-11-18T10:00:00"}, "end": {"2026-11-18T11:00:00"}, "locale": {"ru"},
		"group_type": {"project_object_region_metric"}, "period_group_type": {"hour"},
	}
	if change != nil {
		change(q)
	}
	resp, body := c.ask(http.MethodGet, "/v1/cloud_billing/statistic/consumption?"+q.Encode(), "X-Token", selectelsim.StaticToken(c.account), "")
	var got struct {
		Data []struct {
			Value   int64
			Period  string
			Project *struct{ ID string }
			Object  *struct{ ID *string }
			Metric  *struct{ Region *string }
		}
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, got.Data
}

// TestConsumption: the end's hour counts, groupings null what they lack, bad parameters are refused.
func TestConsumption(t *testing.T) {
	c := newCaller(t, selectelsim.Config{})
	_, rows := c.consumption(nil)
	periods := map[string]bool{}
	var sum int64
	for _, r := range rows {
		periods[r.Period] = true
		sum += r.Value
		if r.Project == nil || r.Object == nil || r.Metric == nil || r.Metric.Region == nil {
			t.Fatalf("%+v", r)
		}
	}
	if diff := cmp.Diff(map[string]bool{"2026-11-18T10:00:00": true, "2026-11-18T11:00:00": true}, periods); diff != "" {
		t.Error(diff)
	}
	for _, group := range []string{"project", "object", "metric", "project_metric"} {
		_, grouped := c.consumption(func(q url.Values) { q.Set("group_type", group); q.Set("period_group_type", "all") })
		var total int64
		for _, r := range grouped {
			total += r.Value
			if (r.Object != nil) != (group == "object") || (r.Metric != nil) != strings.Contains(group, "metric") || r.Metric != nil && r.Metric.Region != nil {
				t.Errorf("%s gives %+v", group, r)
			}
		}
		if total != sum || len(grouped) >= len(rows) {
			t.Errorf("%s adds up to %d in %d rows, the detail to %d in %d", group, total, len(grouped), sum, len(rows))
		}
	}
	for key, bad := range map[string]string{"start": "2026-11-18T10:00:00Z", "group_type": "project_region", "period_group_type": "minute", "locale": ""} {
		if code, _ := c.consumption(func(q url.Values) { q.Set(key, bad) }); code != http.StatusBadRequest {
			t.Errorf("%s=%q gives %d", key, bad, code)
		}
	}
	if code, _ := c.consumption(func(q url.Values) { q.Add("provider_keys", "nothing") }); code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown service gives %d", code)
	}
}

// TestNewestHour appears bit by bit, while its total by project is told at once.
func TestNewestHour(t *testing.T) {
	c := newCaller(t, selectelsim.Config{LateBy: 20 * time.Minute})
	count := func(group string) (n int, sum int64) {
		_, rows := c.consumption(func(q url.Values) { q.Set("start", "2026-11-18T11:00:00"); q.Set("group_type", group) })
		for _, r := range rows {
			sum += r.Value
		}
		return len(rows), sum
	}
	few, part := count("project_object_region_metric")
	_, total := count("project")
	c.now = c.now.Add(15 * time.Minute)
	all, whole := count("project_object_region_metric")
	if few == 0 || few >= all || part >= whole || total != whole {
		t.Errorf("%d rows (%d) at first, %d (%d) later, total by project %d", few, part, all, whole, total)
	}
}

// TestSameWorldAtEveryStart asks two stand-ins of one seed the same things.
func TestSameWorldAtEveryStart(t *testing.T) {
	ask := func() string {
		c := newCaller(t, selectelsim.Config{})
		_, token := c.token(c.account.Password, c.account.Projects[0].ID)
		_, out := c.ask(http.MethodGet, "/region/ru-3/compute/v2.1/servers/detail", "X-Auth-Token", token, "")
		_, rows := c.consumption(nil)
		return out + fmt.Sprint(len(rows))
	}
	if a, b := ask(), ask(); a != b || !strings.Contains(a, "api-backend-prod-01") {
		t.Errorf("%s\n%s", a, b)
	}
}

// TestPagesAreSmall reads a list with a large limit: it does not come whole, and the link leads on.
func TestPagesAreSmall(t *testing.T) {
	c := newCaller(t, selectelsim.Config{PageSize: 2})
	_, token := c.token(c.account.Password, c.account.Projects[0].ID)
	names, query := "", "limit=1000"
	for pages := 0; query != ""; pages++ {
		if pages > 9 {
			t.Fatal("a list without an end")
		}
		_, body := c.ask(http.MethodGet, "/region/ru-3/compute/v2.1/servers/detail?"+query, "X-Auth-Token", token, "")
		var got struct {
			Servers []struct{ Name string }
			Links   []struct{ Href string } `json:"servers_links"`
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil {
			t.Fatal(err)
		}
		for _, s := range got.Servers {
			names += s.Name + " "
		}
		query = ""
		if len(got.Links) > 0 {
			_, query, _ = strings.Cut(got.Links[0].Href, "?")
		}
	}
	if want := "api-backend-prod-01 k8s-worker-01 k8s-worker-02 k8s-master-01 app-cache-redis "; names != want {
		t.Errorf("the pages hold %q, want %q", names, want)
	}
}
