package embedded_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// start sends a statement and returns what waits for its end and what leaves.
func (c *client) start(statement string, params ...string) (wait func() answer, leave func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan answer, 1)
	req := c.request(ctx, http.MethodPost, strings.NewReader(statement), params...)
	go func() {
		res, err := c.http.Do(req)
		if err != nil {
			done <- answer{err: err}
			return
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		done <- answer{res.StatusCode, res.Header, string(body), err}
	}()
	return func() answer { return <-done }, cancel
}

func (c *client) runs(queryID string) bool {
	return c.must("SELECT count() FROM system.processes WHERE query_id = '"+queryID+"'") == "1\n"
}

const endless = "SELECT count() FROM system.numbers_mt WHERE NOT ignore(number) SETTINGS max_threads = 1"

func TestQueryIDIsSeenAndKills(t *testing.T) {
	c := newClient(t)
	id := "kill-" + c.database
	wait, _ := c.start(endless, "query_id="+id)
	eventually(t, "the statement runs", func() bool { return c.runs(id) })
	if got := c.must("SELECT query FROM system.processes WHERE query_id = '" + id + "'"); !strings.HasPrefix(got, "SELECT count() FROM system.numbers_mt") || strings.Contains(got, "OUTFILE") {
		t.Errorf("query %q", got)
	}
	if a := c.post("SELECT 1", "query_id="+id); a.code() != "216" || a.status != 500 {
		t.Errorf("same id again: %d %s", a.status, a.body)
	}
	if got := c.must("KILL QUERY WHERE query_id = 'nobody'"); got != "" {
		t.Errorf("kill of nobody: %q", got)
	}
	got := c.must("KILL QUERY WHERE query_id = '" + id + "' SYNC FORMAT CSV")
	if !strings.HasPrefix(got, `"finished","`+id+`","default"`) {
		t.Errorf("kill: %q", got)
	}
	if a := wait(); a.code() != "394" {
		t.Errorf("killed: %d %s", a.status, a.body)
	}
	if c.runs(id) {
		t.Error("still runs")
	}
	c.must("SELECT 1", "query_id="+id)
}

func TestReplaceRunningQuery(t *testing.T) {
	c := newClient(t)
	id := "replace-" + c.database
	wait, _ := c.start(endless, "query_id="+id)
	eventually(t, "the statement runs", func() bool { return c.runs(id) })
	if got := c.must("SELECT 7", "query_id="+id, "replace_running_query=1"); got != "7\n" {
		t.Errorf("got %q", got)
	}
	if a := wait(); a.code() != "394" {
		t.Errorf("replaced: %d %s", a.status, a.body)
	}
}

func TestStatementStopsWhenItsClientLeaves(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE s (a UInt64) ENGINE = MergeTree ORDER BY a")
	for name, statement := range map[string]string{
		"count":  endless,
		"stream": "SELECT * FROM system.numbers",
		"insert": "INSERT INTO s SELECT number FROM system.numbers",
		"sleep":  "SELECT sleepEachRow(1) FROM numbers(600) SETTINGS max_block_size = 1",
	} {
		before := c.metric("infrazen_engine_cancelled_total")
		id := name + "-" + c.database
		wait, leave := c.start(statement, "query_id="+id)
		eventually(t, name+" runs", func() bool { return c.runs(id) })
		leave()
		if a := wait(); a.err == nil {
			t.Errorf("%s: answered %d", name, a.status)
		}
		eventually(t, name+" has stopped", func() bool { return !c.runs(id) })
		eventually(t, name+" is counted", func() bool { return c.metric("infrazen_engine_cancelled_total") == before+1 })
	}
}

func (c *client) metric(name string) float64 {
	for line := range strings.Lines(c.metrics()) {
		var value float64
		if n, _ := fmt.Sscanf(line, name+" %g", &value); n == 1 {
			return value
		}
	}
	c.t.Fatalf("no metric %s", name)
	return 0
}

func TestManyRequestsAtOnce(t *testing.T) {
	c := newClient(t)
	c.must("CREATE TABLE m (a UInt64) ENGINE = MergeTree ORDER BY a")
	var all sync.WaitGroup
	errs := make(chan string, 1000)
	for i := range 128 {
		all.Go(func() {
			for j := range 2 {
				n := i*2 + j
				a := c.post(fmt.Sprintf("SELECT %d, sum(number), getSetting('max_block_size') FROM numbers(100000)", n), fmt.Sprintf("max_block_size=%d", 1000+n))
				if want := fmt.Sprintf("%d\t4999950000\t%d\n", n, 1000+n); a.body != want {
					errs <- fmt.Sprintf("got %q, want %q", a.body, want)
				}
				if a := c.post(fmt.Sprintf("INSERT INTO m VALUES (%d)", n)); a.status != 200 {
					errs <- a.body
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if got := c.must("SELECT count(), uniqExact(a) FROM m"); got != "256\t256\n" {
		t.Errorf("got %q", got)
	}
}

func TestLargeAnswerInBoundedMemory(t *testing.T) {
	c := newClient(t)
	for _, format := range []string{"JSONEachRow", "JSON", "Native"} {
		before := memory(t, c.engine.PID(), "VmRSS")
		req := c.request(context.Background(), http.MethodPost, strings.NewReader("SELECT number, number * 7 AS seven FROM numbers(10000000) FORMAT "+format))
		res, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var peak, size int64
		buf := make([]byte, 1<<20)
		for {
			n, err := res.Body.Read(buf)
			if size>>24 != (size+int64(n))>>24 {
				peak = max(peak, memory(t, c.engine.PID(), "VmRSS"))
			}
			size += int64(n)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		res.Body.Close()
		t.Logf("%s: %d MB, resident before %d MB, peak %d MB", format, size>>20, before>>20, peak>>20)
		if size < 50<<20 || peak-before > 250<<20 {
			t.Errorf("%s: %d MB, resident before %d MB, peak %d MB", format, size>>20, before>>20, peak>>20)
		}
	}
}
