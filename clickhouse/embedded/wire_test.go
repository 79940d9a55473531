package embedded_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

func TestAnswersInEveryFormat(t *testing.T) {
	c := newClient(t)
	const q = "SELECT number AS n, toString(number) AS s FROM numbers(2)"
	for format, want := range map[string][2]string{
		"TabSeparated":               {"text/tab-separated-values; charset=UTF-8", "0\t0\n1\t1\n"},
		"TSVWithNames":               {"text/tab-separated-values; charset=UTF-8", "n\ts\n0\t0\n1\t1\n"},
		"CSV":                        {"text/csv; charset=UTF-8; header=absent", "0,\"0\"\n1,\"1\"\n"},
		"CSVWithNames":               {"text/csv; charset=UTF-8; header=present", "\"n\",\"s\"\n0,\"0\"\n1,\"1\"\n"},
		"JSONEachRow":                {"application/x-ndjson; charset=UTF-8", "{\"n\":0,\"s\":\"0\"}\n{\"n\":1,\"s\":\"1\"}\n"},
		"JSONCompactEachRow":         {"application/x-ndjson; charset=UTF-8", "[0, \"0\"]\n[1, \"1\"]\n"},
		"RowBinary":                  {"application/octet-stream", "\x00\x00\x00\x00\x00\x00\x00\x00\x010\x01\x00\x00\x00\x00\x00\x00\x00\x011"},
		"Values":                     {"text/plain; charset=UTF-8", "(0,'0'),(1,'1')"},
		"Native":                     {"application/octet-stream", "\x02\x02\x01n\x06UInt64\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01s\x06String\x010\x011"},
		"RowBinaryWithNamesAndTypes": {"application/octet-stream", "\x02\x01n\x01s\x06UInt64\x06String\x00\x00\x00\x00\x00\x00\x00\x00\x010\x01\x00\x00\x00\x00\x00\x00\x00\x011"},
	} {
		for how, a := range map[string]answer{
			"FORMAT":         c.post(q + " FORMAT " + format),
			"settings after": c.post(q + " FORMAT " + format + " SETTINGS max_threads = 1"),
			"default_format": c.get(q, "default_format="+format),
			"header": func() answer {
				req := c.request(context.Background(), http.MethodPost, strings.NewReader(q))
				req.Header.Set("X-ClickHouse-Format", format)
				return c.do(req)
			}(),
		} {
			got := []any{a.status, a.header.Get("Content-Type"), a.header.Get("X-ClickHouse-Format"), a.body}
			if diff := cmp.Diff([]any{200, want[0], format, want[1]}, got); diff != "" {
				t.Errorf("%s by %s: %s", format, how, diff)
			}
		}
	}
}

func TestAnswerInJSONIsOneDocument(t *testing.T) {
	c := newClient(t)
	var doc struct {
		Meta []struct{ Name, Type string }
		Data []map[string]any
		Rows int
	}
	text := c.must("SELECT number AS n FROM numbers(200000) FORMAT JSON")
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Rows != 200000 || len(doc.Data) != 200000 || doc.Meta[0].Type != "UInt64" {
		t.Errorf("rows %d, data %d, meta %v", doc.Rows, len(doc.Data), doc.Meta)
	}
	parquet := c.must("SELECT number AS n FROM numbers(200000) FORMAT Parquet")
	if !strings.HasPrefix(parquet, "PAR1") || strings.Count(parquet, "PAR1") != 2 {
		t.Error("not one Parquet file")
	}
	csv := c.must("SELECT number AS n FROM numbers(200000) FORMAT CSVWithNames")
	if strings.Count(csv, `"n"`) != 1 || strings.Count(csv, "\n") != 200001 {
		t.Error("not one CSV file")
	}
}

func TestStatementsWithoutAnswerAndOddTexts(t *testing.T) {
	c := newClient(t)
	for text, want := range map[string]string{
		"SELECT 1;":                                  "1\n",
		"  SELECT 1 ; -- end":                        "1\n",
		"-- first\nSELECT 1 /* last */":              "1\n",
		"(SELECT 1) UNION ALL (SELECT 1)":            "1\n1\n",
		"WITH 3 AS x SELECT x":                       "3\n",
		"SELECT ';' , 'FORMAT JSON'":                 ";\tFORMAT JSON\n",
		"SELECT $$a;b$$":                             "a;b\n",
		"SELECT 1 AS format, 2 AS `a``b` FORMAT CSV": "1,2\n",
		"SELECT 'it''s', 'a\\'b'":                    "it\\'s\ta\\'b\n",
		"CREATE TABLE odd (a Int8) ENGINE = Memory":  "",
		"EXISTS odd":                                 "1\n",
		"SHOW TABLES":                                "odd\n",
		"DESCRIBE odd FORMAT CSV":                    "\"a\",\"Int8\",\"\",\"\",\"\",\"\",\"\"\n",
		"EXPLAIN SYNTAX SELECT 1":                    "SELECT 1\nFROM system.one\n",
		"SELECT 'é日本' FORMAT TSV":                    "é日本\n",
	} {
		if text == "EXISTS odd" || strings.Contains(text, "odd") || text == "SHOW TABLES" {
			c.must("CREATE TABLE IF NOT EXISTS odd (a Int8) ENGINE = Memory")
		}
		if strings.HasPrefix(text, "CREATE") {
			c.must("DROP TABLE odd")
		}
		if a := c.post(text); a.status != 200 || a.body != want {
			t.Errorf("%q: %d %q, want %q", text, a.status, a.body, want)
		}
	}
}

func TestQueryPartsAreJoinedWithALineBreak(t *testing.T) {
	c := newClient(t)
	if got := c.must("1", "query=SELECT"); got != "1\n" {
		t.Errorf("got %q", got)
	}
	if got := c.must("", "query=SELECT 2"); got != "2\n" {
		t.Errorf("got %q", got)
	}
}

func TestParameters(t *testing.T) {
	c := newClient(t)
	got := c.must("SELECT {n:UInt32} + 1, {s:String}, {a:Array(String)}, {d:Nullable(Date)}, {t:Identifier} FROM (SELECT 5 AS five)",
		"param_n=41", "param_s=a\\tb'; DROP TABLE x", "param_a=['x','y']", "param_d=\\N", "param_t=five")
	if diff := cmp.Diff("42\ta\\tb\\'; DROP TABLE x\t['x','y']\t\\N\t5\n", got); diff != "" {
		t.Error(diff)
	}
	if a := c.post("SELECT {n:UInt32}"); a.status != 404 && a.code() != "456" {
		t.Errorf("missing parameter: %d %s %s", a.status, a.code(), a.body)
	}
}

func TestSettingsInTheURLHoldForOneRequest(t *testing.T) {
	c := newClient(t)
	const q = "SELECT getSetting('max_threads'), getSetting('final'), getSetting('max_execution_time')"
	before := c.must(q)
	if got := c.must(q, "max_threads=3", "final=1", "max_execution_time=7"); got != "3\ttrue\t7\n" {
		t.Errorf("got %q", got)
	}
	for range 70 {
		if got := c.must(q); got != before {
			t.Fatalf("settings leaked: %q, before %q", got, before)
		}
	}
	if got := c.must("SELECT timezone(), toDateTime(0)", "session_timezone=Europe/Moscow"); got != "Europe/Moscow\t1970-01-01 03:00:00\n" {
		t.Errorf("got %q", got)
	}
}

func TestHeaders(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE h (a UInt64) ENGINE = MergeTree ORDER BY a")
	a := c.post("INSERT INTO h SELECT number FROM numbers(10)", "query_id=my-own-id")
	if got := a.header.Get("X-ClickHouse-Query-Id"); got != "my-own-id" {
		t.Errorf("query id %q", got)
	}
	if a := c.post("SELECT 1"); len(a.header.Get("X-ClickHouse-Query-Id")) != 36 || a.header.Get("X-ClickHouse-Timezone") != "UTC" ||
		a.header.Get("X-ClickHouse-Server-Display-Name") == "" || len(a.header.Get("X-ClickHouse-Exception-Tag")) != 16 {
		t.Errorf("headers %v", a.header)
	}
	var summary map[string]string
	if err := json.Unmarshal([]byte(a.header.Get("X-ClickHouse-Summary")), &summary); err != nil {
		t.Fatal(err)
	}
	if summary["written_rows"] != "10" || summary["written_bytes"] != "80" || summary["elapsed_ns"] == "0" {
		t.Errorf("summary %v", summary)
	}
	a = c.post("SELECT * FROM h")
	if err := json.Unmarshal([]byte(a.header.Get("X-ClickHouse-Summary")), &summary); err != nil {
		t.Fatal(err)
	}
	if summary["read_rows"] != "10" || summary["result_rows"] != "10" {
		t.Errorf("summary %v", summary)
	}
}

func TestPlainPaths(t *testing.T) {
	c := newClient(t)
	for path, want := range map[string][2]any{
		"/ping": {200, "Ok.\n"}, "/": {200, "Ok.\n"}, "/replicas_status": {200, "Ok.\n"}, "/?": {200, "Ok.\n"},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			req, err := http.NewRequest(method, "http://"+c.engine.Addr+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			a := c.do(req)
			body := want[1]
			if method == http.MethodHead {
				body = ""
			}
			if a.status != want[0] || a.body != body {
				t.Errorf("%s %s: %d %q", method, path, a.status, a.body)
			}
		}
	}
	req, _ := http.NewRequest(http.MethodGet, "http://"+c.engine.Addr+"/nowhere", nil)
	if a := c.do(req); a.status != 404 || !strings.HasPrefix(a.body, "There is no handle /nowhere") {
		t.Errorf("unknown path: %d %q", a.status, a.body)
	}
	if a := c.do(c.request(context.Background(), http.MethodHead, nil, "query=SELECT 1")); a.status != 200 || a.body != "" {
		t.Errorf("HEAD of a statement: %d %q", a.status, a.body)
	}
}

func TestGetIsReadonly(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE r (a UInt64) ENGINE = MergeTree ORDER BY a")
	for _, text := range []string{
		"INSERT INTO r VALUES (1)", "INSERT INTO r SELECT 1", "DROP TABLE r", "CREATE TABLE r2 (a Int8) ENGINE = Memory",
		"ALTER TABLE r DELETE WHERE 1", "TRUNCATE TABLE r", "SET readonly = 0", "SYSTEM DROP MARK CACHE", "SELECT 1 SETTINGS readonly = 0",
	} {
		for _, params := range [][]string{nil, {"readonly=0"}, {"readonly=1"}, {"session_id=readonly-test"}} {
			if text == "SET readonly = 0" && len(params) == 1 && strings.HasPrefix(params[0], "session_id") {
				continue
			}
			if strings.HasPrefix(text, "SELECT") && len(params) == 1 && strings.HasPrefix(params[0], "session_id") {
				continue
			}
			if a := c.get(text, params...); a.code() != "164" || a.status != 500 {
				t.Errorf("%s with %v: %d, code %s: %s", text, params, a.status, a.code(), a.body)
			}
		}
	}
	if got := c.get("SELECT count() FROM r", "max_threads=2").body; got != "0\n" {
		t.Errorf("got %q", got)
	}
	if got := c.must("SELECT count() FROM r"); got != "0\n" {
		t.Errorf("got %q", got)
	}
}

func TestExceptions(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE e (a UInt64) ENGINE = MergeTree ORDER BY a")
	for _, test := range []struct {
		text, params string
		status       int
		code, name   string
	}{
		{"SELEC 1", "", 400, "62", "SYNTAX_ERROR"},
		{"SELECT 1; SELECT 2", "", 400, "62", "SYNTAX_ERROR"},
		{"", "", 400, "62", "SYNTAX_ERROR"},
		{"-- nothing", "", 400, "62", "SYNTAX_ERROR"},
		{"exit", "", 400, "62", "SYNTAX_ERROR"},
		{"Quit;", "", 400, "62", "SYNTAX_ERROR"},
		{"\\q", "", 400, "62", "SYNTAX_ERROR"},
		{"SELECT * FROM nope", "", 404, "60", "UNKNOWN_TABLE"},
		{"INSERT INTO nope VALUES (1)", "", 404, "60", "UNKNOWN_TABLE"},
		{"SELECT * FROM nope.nope", "", 404, "81", "UNKNOWN_DATABASE"},
		{"SELECT 1", "database=nope", 404, "81", "UNKNOWN_DATABASE"},
		{"SELECT nope FROM e", "", 404, "47", "UNKNOWN_IDENTIFIER"},
		{"SELECT nope()", "", 404, "46", "UNKNOWN_FUNCTION"},
		{"SELECT 1 FORMAT Nope", "", 404, "73", "UNKNOWN_FORMAT"},
		{"SELECT 1", "nope=1", 404, "115", "UNKNOWN_SETTING"},
		{"SELECT 1", "max_threads=abc", 400, "27", "CANNOT_PARSE_INPUT_ASSERTION_FAILED"},
		{"SELECT throwIf(1)", "", 500, "395", "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO"},
		{"SELECT sleep(2)", "max_execution_time=1", 408, "159", "TIMEOUT_EXCEEDED"},
		{"CREATE TABLE e (a Int8) ENGINE = Memory", "", 500, "57", "TABLE_ALREADY_EXISTS"},
		{"INSERT INTO e FORMAT CSV\nabc\n", "", 400, "117", "INCORRECT_DATA"},
		{"SELECT 1 INTO OUTFILE 'f.csv'", "", 500, "358", "INTO_OUTFILE_NOT_ALLOWED"},
		{"INSERT INTO e FROM INFILE 'f.csv' FORMAT CSV", "", 500, "358", "INTO_OUTFILE_NOT_ALLOWED"},
		{"SELECT " + strings.Repeat("1+", 200_000) + "1", "", 400, "62", "SYNTAX_ERROR"},
		{"SELECT * FROM numbers(1000000000) ORDER BY number DESC, rand()", "max_memory_usage=10000000", 500, "241", "MEMORY_LIMIT_EXCEEDED"},
	} {
		params := []string{"x"}[:0]
		if test.params != "" {
			params = append(params, test.params)
		}
		a := c.post(test.text, params...)
		got := []any{a.status, a.code()}
		if diff := cmp.Diff([]any{test.status, test.code}, got); diff != "" {
			t.Errorf("%.80s: %s%.300s", test.text, diff, a.body)
		}
		if !strings.HasPrefix(a.body, "Code: "+test.code+". DB::Exception: ") || !strings.Contains(a.body, "("+test.name+")") ||
			!strings.HasSuffix(a.body, " (version 26.7.2.1 (official build))\n") {
			t.Errorf("%.80s: text %.300q", test.text, a.body)
		}
	}
}

func TestExceptionBehindAnAnswerUnderWay(t *testing.T) {
	c := newClient(t)
	a := c.post("SELECT throwIf(number = 3000000) FROM numbers(10000000) FORMAT TSV", "max_threads=1")
	tag := a.header.Get("X-ClickHouse-Exception-Tag")
	if a.status != 200 || a.err == nil {
		t.Errorf("status %d, err %v: a cut answer must not look whole", a.status, a.err)
	}
	i := strings.Index(a.body, "\r\n__exception__\r\n"+tag+"\r\nCode: 395.")
	if i < 0 || !strings.HasSuffix(a.body, " "+tag+"\r\n__exception__\r\n") {
		t.Errorf("no exception at the end: %q", a.body[max(0, len(a.body)-600):])
	}
	a = c.post("SELECT throwIf(number = 3000000) FROM numbers(10000000) FORMAT TSV", "wait_end_of_query=1", "max_threads=1")
	if a.status != 500 || a.code() != "395" {
		t.Errorf("with wait_end_of_query: %d %s", a.status, a.code())
	}
}

func TestWaitEndOfQueryHoldsBackALargeAnswer(t *testing.T) {
	c := newClient(t)
	a := c.post("SELECT number FROM numbers(5000000)", "wait_end_of_query=1")
	if a.status != 200 || strings.Count(a.body, "\n") != 5000000 || !strings.Contains(a.header.Get("X-ClickHouse-Summary"), `"result_rows":"5000000"`) {
		t.Errorf("%d, %d rows, %s", a.status, strings.Count(a.body, "\n"), a.header.Get("X-ClickHouse-Summary"))
	}
}

func TestPassword(t *testing.T) {
	cfg := embedded.DefaultConfig()
	cfg.User, cfg.Password = "infra", "s3cret'\"ы"
	e := enginetest.New(t, cfg)
	c := clientOf(t, e, "default")
	if got := c.must("SELECT 1"); got != "1\n" {
		t.Errorf("got %q", got)
	}
	ask := func(change func(*http.Request)) answer {
		req := c.request(context.Background(), http.MethodPost, strings.NewReader("SELECT 2"))
		req.Header.Del("Authorization")
		change(req)
		return c.do(req)
	}
	for name, change := range map[string]func(*http.Request){
		"nothing": func(*http.Request) {},
		"basic":   func(r *http.Request) { r.SetBasicAuth("infra", "wrong") },
		"user":    func(r *http.Request) { r.SetBasicAuth("default", cfg.Password) },
		"key": func(r *http.Request) {
			r.Header.Set("X-ClickHouse-User", "infra")
			r.Header.Set("X-ClickHouse-Key", "")
		},
		"url": func(r *http.Request) { r.URL.RawQuery += "&user=infra&password=s3cret" },
	} {
		if a := ask(change); a.status != 403 || a.code() != "516" || strings.Contains(a.body, "s3cret") {
			t.Errorf("%s: %d %s %s", name, a.status, a.code(), a.body)
		}
	}
	for name, change := range map[string]func(*http.Request){
		"basic": func(r *http.Request) { r.SetBasicAuth("infra", cfg.Password) },
		"key": func(r *http.Request) {
			r.Header.Set("X-ClickHouse-User", "infra")
			r.Header.Set("X-ClickHouse-Key", cfg.Password)
		},
		"url": func(r *http.Request) {
			values := r.URL.Query()
			values.Set("user", "infra")
			values.Set("password", cfg.Password)
			r.URL.RawQuery = values.Encode()
		},
	} {
		if a := ask(change); a.status != 200 || a.body != "2\n" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := ask(func(r *http.Request) { r.URL.Path = "/ping"; r.Method = http.MethodGet }); a.status != 200 {
		t.Errorf("ping needs no password: %d", a.status)
	}
}

// TestStatusesOfErrorCodes has ClickHouse's own list by name
// (src/Server/HTTP/exceptionCodeToHTTPStatus.cpp); the engine knows the numbers.
func TestStatusesOfErrorCodes(t *testing.T) {
	c := newClient(t)
	want := map[string]int{}
	for status, names := range map[int]string{
		401: "REQUIRED_PASSWORD",
		403: "UNKNOWN_USER WRONG_PASSWORD AUTHENTICATION_FAILED SET_NON_GRANTED_ROLE ACCESS_DENIED",
		400: "BAD_ARGUMENTS CANNOT_COMPILE_REGEXP CANNOT_PARSE_TEXT CANNOT_PARSE_ESCAPE_SEQUENCE CANNOT_PARSE_QUOTED_STRING CANNOT_PARSE_DATE " +
			"CANNOT_PARSE_DATETIME CANNOT_PARSE_NUMBER CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING CANNOT_PARSE_IPV4 CANNOT_PARSE_IPV6 " +
			"CANNOT_PARSE_INPUT_ASSERTION_FAILED CANNOT_PARSE_UUID DUPLICATE_COLUMN ILLEGAL_COLUMN UNKNOWN_ELEMENT_IN_AST UNKNOWN_TYPE_OF_AST_NODE " +
			"THERE_IS_NO_COLUMN TOO_DEEP_AST TOO_BIG_AST UNEXPECTED_AST_STRUCTURE SYNTAX_ERROR INCORRECT_DATA TYPE_MISMATCH VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE",
		404: "UNKNOWN_TABLE UNKNOWN_FUNCTION UNKNOWN_IDENTIFIER UNKNOWN_TYPE UNKNOWN_STORAGE UNKNOWN_DATABASE UNKNOWN_SETTING UNKNOWN_DIRECTION_OF_SORTING " +
			"UNKNOWN_AGGREGATE_FUNCTION UNKNOWN_FORMAT UNKNOWN_DATABASE_ENGINE UNKNOWN_TYPE_OF_QUERY UNKNOWN_ROLE",
		413: "QUERY_IS_TOO_LARGE", 501: "NOT_IMPLEMENTED", 503: "SOCKET_TIMEOUT CANNOT_OPEN_FILE CANNOT_SCHEDULE_TASK",
		411: "HTTP_LENGTH_REQUIRED", 408: "TIMEOUT_EXCEEDED", 415: "UNSUPPORTED_MEDIA_TYPE",
	} {
		for name := range strings.FieldsSeq(names) {
			want[name] = status
		}
	}
	got := map[string]int{}
	for line := range strings.Lines(c.must("SELECT number, errorCodeToName(number) AS name FROM numbers(1100) WHERE name != ''")) {
		code, name, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if status := embedded.StatusOf(code); status != 500 {
			got[name] = status
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
