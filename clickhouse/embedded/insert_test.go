package embedded_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInsertInEveryFormat(t *testing.T) {
	c := newClient(t)
	for format, rows := range map[string]string{
		"JSONEachRow":        `{"a":1,"b":"x\ny"}` + "\n" + `{"a":2,"b":""}`,
		"JSONCompactEachRow": `[1,"x\ny"][2,""]`,
		"CSV":                "1,\"x\ny\"\n2,\"\"",
		"CSVWithNames":       "\"b\",\"a\"\n\"x\ny\",1\n\"\",2\n",
		"TabSeparated":       "1\tx\\ny\n2\t\n",
		"RowBinary":          "\x01\x00\x00\x00\x03x\ny\x02\x00\x00\x00\x00",
		"Native":             "\x02\x02\x01a\x06UInt32\x01\x00\x00\x00\x02\x00\x00\x00\x01b\x06String\x03x\ny\x00",
		"Values":             "(1, 'x\\ny'), (1 + 1, lower(''))",
	} {
		for how, insert := range map[string]func(table string) answer{
			"body":         func(table string) answer { return c.post("INSERT INTO " + table + " FORMAT " + format + "\n" + rows) },
			"URL and body": func(table string) answer { return c.post(rows, "query=INSERT INTO "+table+" (a, b) FORMAT "+format) },
			"URL alone":    func(table string) answer { return c.post("", "query=INSERT INTO "+table+" FORMAT "+format+"\n"+rows) },
			"chunked": func(table string) answer {
				return c.do(c.request(context.Background(), http.MethodPost, io.MultiReader(strings.NewReader(rows)), "query=INSERT INTO "+table+" SETTINGS max_threads = 1 FORMAT "+format))
			},
		} {
			c.must("CREATE OR REPLACE TABLE rows (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
			if how == "URL alone" && format != "Values" && format != "JSONEachRow" {
				continue // the line break behind the URL's part is data there
			}
			a := insert("rows")
			got := []any{a.status, a.body, c.must("SELECT * FROM rows ORDER BY a")}
			if diff := cmp.Diff([]any{200, "", "1\tx\\ny\n2\t\n"}, got); diff != "" {
				t.Errorf("%s by %s: %s", format, how, diff)
			}
		}
	}
}

func TestInsertWithValuesKeywordAndParameters(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE v (a UInt32, b String DEFAULT 'def', c DateTime64(3) MATERIALIZED toDateTime64(0, 3)) ENGINE = MergeTree ORDER BY a")
	c.must("INSERT INTO v (a) VALUES (1), (2)")
	c.must("INSERT INTO v VALUES ({x:UInt32}, {y:String})", "param_x=3", "param_y=it's")
	c.must("INSERT INTO v (* EXCEPT(b)) VALUES (4)")
	c.must("insert into `v`(`a`, b)values(5,')(')")
	c.must("INSERT INTO v SELECT 6, 'sel'")
	c.must("INSERT INTO v (a) (SELECT 7)")
	c.must("INSERT INTO v WITH 8 AS e SELECT e, 'with'")
	c.must("WITH 9 AS n INSERT INTO v SELECT n, 'before'")
	c.must("INSERT INTO " + c.database + ".v SETTINGS max_threads = 1 VALUES (10, 'settings');")
	c.must("INSERT INTO TABLE v FORMAT Values (11, 'table')")
	c.must("(12, 'async')", "query=INSERT INTO v VALUES", "async_insert=1", "wait_for_async_insert=1")
	want := "1\tdef\n2\tdef\n3\tit\\'s\n4\tdef\n5\t)(\n6\tsel\n7\tdef\n8\twith\n9\tbefore\n10\tsettings\n11\ttable\n12\tasync\n"
	if diff := cmp.Diff(want, c.must("SELECT a, b FROM v ORDER BY a")); diff != "" {
		t.Error(diff)
	}
}

func TestInsertWithoutRowsAndWithBadRows(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE z (a UInt32) ENGINE = MergeTree ORDER BY a")
	for _, text := range []string{"INSERT INTO z FORMAT CSV", "INSERT INTO z FORMAT JSONEachRow\n", "INSERT INTO z FORMAT Native", "INSERT INTO z SELECT 1 WHERE 0"} {
		if a := c.post(text); a.status != 200 || a.body != "" {
			t.Errorf("%s: %d %s", text, a.status, a.body)
		}
	}
	for text, code := range map[string]string{
		"INSERT INTO z FORMAT JSONEachRow\n{\"a\":1}{\"a\":\"x\"}":    "27",
		"INSERT INTO z FORMAT CSV\n1\n2\n.\n":                         "117",
		"INSERT INTO z":                                               "62",
		"INSERT INTO z\n1":                                            "62",
		"INSERT INTO z FORMAT Nope\n1":                                "73",
		"INSERT INTO z (b) FORMAT CSV\n1":                             "16",
		"INSERT INTO z SELECT * FROM input('a UInt32') FORMAT CSV\n1": "48",
	} {
		if a := c.post(text); a.code() != code {
			t.Errorf("%s: %d code %s, want %s: %s", text, a.status, a.code(), code, a.body)
		}
	}
	if got := c.must("SELECT count() FROM z"); got != "0\n" {
		t.Errorf("rows of failed inserts: %s", got)
	}
}

// rowsOf is a body of n rows that is made while it is read.
func rowsOf(n int) io.Reader {
	reader, writer := io.Pipe()
	go func() {
		var piece bytes.Buffer
		for i := range n {
			fmt.Fprintf(&piece, "%d,some text that takes its place %d\n", i, i*7)
			if piece.Len() > 1<<16 || i == n-1 {
				if _, err := writer.Write(piece.Bytes()); err != nil {
					return
				}
				piece.Reset()
			}
		}
		_ = writer.Close()
	}()
	return reader
}

func TestLargeInsertIsNotHeldInMemory(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE big (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
	before := memory(t, c.engine.PID(), "VmRSS")
	const rows = 5_000_000 // 215 MB
	a := c.do(c.request(context.Background(), http.MethodPost, rowsOf(rows), "query=INSERT INTO big FORMAT CSV", "max_insert_block_size=100000", "min_insert_block_size_rows=100000"))
	if a.status != 200 {
		t.Fatal(a.status, a.body)
	}
	if got := c.must("SELECT count(), sum(a) FROM big"); got != "5000000\t12499997500000\n" {
		t.Errorf("got %q", got)
	}
	grown := memory(t, c.engine.PID(), "VmRSS") - before
	t.Logf("resident memory grew by %d MB", grown>>20)
	if grown > 300<<20 {
		t.Errorf("resident memory grew by %d MB", grown>>20)
	}
}

func TestInsertOfAClientThatLeaves(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE left (a UInt32, b String) ENGINE = MergeTree ORDER BY a")
	ctx, cancel := context.WithCancel(context.Background())
	reader, writer := io.Pipe()
	go func() {
		_, _ = writer.Write([]byte("1,x\n2,y\n"))
		eventually(t, "the insert runs", func() bool {
			return c.must("SELECT count() FROM system.processes WHERE query_id = 'leaving'") == "1\n"
		})
		cancel()
		_ = writer.CloseWithError(context.Canceled)
	}()
	if res, err := c.http.Do(c.request(ctx, http.MethodPost, reader, "query=INSERT INTO left FORMAT CSV", "query_id=leaving")); err == nil {
		res.Body.Close()
		t.Fatal("the request was answered")
	}
	eventually(t, "the insert has ended", func() bool {
		return c.must("SELECT count() FROM system.processes WHERE query_id = 'leaving'") == "0\n"
	})
	if got := c.must("SELECT count() FROM left"); got != "0\n" {
		t.Errorf("rows of an insert cut short: %s", got)
	}
}

func TestDeduplicationToken(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE d (a UInt32) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100")
	for range 3 {
		c.must("INSERT INTO d VALUES (1), (2)", "insert_deduplication_token=one")
	}
	c.must("INSERT INTO d VALUES (1), (2)", "insert_deduplication_token=two")
	if got := c.must("SELECT count() FROM d"); got != "4\n" {
		t.Errorf("got %q", got)
	}
}

func TestLargeInsertThatFailsEarlyIsAnswered(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE early (a UInt32, b UInt32) ENGINE = MergeTree ORDER BY a")
	for query, code := range map[string]string{
		"query=INSERT INTO nope FORMAT CSV":         "60",
		"query=INSERT INTO early (a) FORMAT CSV":    "117", // one column too many in the first row
		"query=INSERT INTO early (a, c) FORMAT CSV": "16",
	} {
		for range 5 {
			res, err := c.http.Do(c.request(context.Background(), http.MethodPost, rowsOf(1_000_000), query))
			if err != nil {
				t.Errorf("%s: %v", query, err)
				continue
			}
			if got := res.Header.Get("X-ClickHouse-Exception-Code"); got != code {
				body, _ := io.ReadAll(res.Body)
				t.Errorf("%s: code %s, want %s: %s", query, got, code, body)
			}
			res.Body.Close()
		}
	}
}
