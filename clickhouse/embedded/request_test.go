package embedded

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/clickhouse/embedded/chdb"
)

func TestParseRequest(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/?query=SELECT+1&database=d&query_id=q&default_format=CSV&param_x=1&max_threads=2&compress=1"+
		"&session_id=s&session_timeout=5&session_check=1&close_session=1&wait_end_of_query=1&client_protocol_version=54451&final=1&user=u&password=p", nil)
	got, failed := parseRequest(r)
	if failed != nil {
		t.Fatal(failed)
	}
	want := &request{
		query: "SELECT 1", database: "d", queryID: "q", format: "CSV", params: []chdb.Param{{Name: "x", Value: "1"}},
		settings: []setting{{"final", "1"}, {"max_threads", "2"}}, compress: true, waitEnd: true, protocolVersion: 54451,
		session: sessionRequest{id: "s", timeoutText: "5", check: "1", close: true},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(request{}, setting{}, sessionRequest{})); diff != "" {
		t.Error(diff)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add("query=SELECT+1&param_a=%27&max_threads=1", "gzip, br;q=0")
	f.Add("a;b=1&%zz", "")
	f.Add("x' = 1, readonly=0", "*")
	f.Fuzz(func(t *testing.T, query, accept string) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{RawQuery: query}, Header: http.Header{"Accept-Encoding": {accept}}}
		req, failed := parseRequest(r)
		if failed != nil {
			if failed.status() != 400 && failed.status() != 404 {
				t.Errorf("status %d", failed.status())
			}
			return
		}
		credentials(r)
		choosePacking(r, req)
		readonly := false
		for _, s := range req.effective() {
			if strings.ContainsAny(s.name, " =,'\"`;()") || s.name == "" {
				t.Errorf("setting name %q", s.name)
			}
			readonly = readonly || s.name == "readonly" && s.value != "0"
		}
		if !readonly {
			t.Error("a GET without readonly")
		}
	})
}

func TestQuote(t *testing.T) {
	if got, want := quote(`a'b\c`), `'a\'b\\c'`; got != want {
		t.Errorf("got %s", got)
	}
	if got, want := quoteName("a`b\\c"), "`a\\`b\\\\c`"; got != want {
		t.Errorf("got %s", got)
	}
}

func TestFailureOf(t *testing.T) {
	for text, want := range map[string]failure{
		"Code: 60. DB::Exception: No (UNKNOWN_TABLE)":                                       {60, "Code: 60. DB::Exception: No (UNKNOWN_TABLE)"},
		"Code: 60. DB::Exception: No (UNKNOWN_TABLE) (version 26.7.2.1)":                    {60, "Code: 60. DB::Exception: No (UNKNOWN_TABLE)"},
		"Code: 60. DB::Exception: No (UNKNOWN_TABLE) (version 26.7.2.1 (official build))\n": {60, "Code: 60. DB::Exception: No (UNKNOWN_TABLE)"},
		"odd":          {1002, "Code: 1002. DB::Exception: odd. (UNKNOWN_EXCEPTION)"},
		"Code: x. odd": {1002, "Code: 1002. DB::Exception: Code: x. odd. (UNKNOWN_EXCEPTION)"},
	} {
		if diff := cmp.Diff(want, *failureOf(&chdb.Error{Message: text}), cmp.AllowUnexported(failure{})); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestConfigNamesEveryFault(t *testing.T) {
	good := DefaultConfig()
	good.Path = "/data"
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	err := Config{Addr: "0.0.0.0:1", Path: "data"}.Validate()
	for _, want := range []string{"data is not an absolute path", "no user", "0 statements", "256 MiB", "set a password"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
	text, err := good.Environment()
	if err != nil {
		t.Fatal(err)
	}
	name, value, _ := strings.Cut(text, "=")
	t.Setenv(name, value)
	got, ok, err := FromEnvironment()
	if diff := cmp.Diff(good, got); diff != "" || !ok || err != nil {
		t.Error(diff, ok, err)
	}
	t.Setenv(name, "{")
	if _, _, err := FromEnvironment(); err == nil {
		t.Error("broken settings were taken")
	}
}

// StatusOf is for the test that compares the codes with the engine's names.
func StatusOf(code string) int {
	n, _ := strconv.Atoi(code)
	return (&failure{code: n}).status()
}
