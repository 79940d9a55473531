package embedded_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestSessionKeepsWhatItIsTold(t *testing.T) {
	c := newClient(t)
	s := "session_id=" + c.database
	c.must("SET max_threads = 3", s)
	c.must("CREATE TEMPORARY TABLE tt (a UInt32)", s)
	c.must("INSERT INTO tt VALUES (1), (2)", s)
	c.must("1\n3\n", s, "query=INSERT INTO tt FORMAT CSV")
	const q = "SELECT getSetting('max_threads'), sum(a), currentDatabase() FROM tt"
	if got, want := c.must(q, s), "3\t7\t"+c.database+"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	// The settings of one request are not those of the session.
	if got := c.must("SELECT getSetting('max_threads'), getSetting('final'), currentDatabase()", s, "max_threads=5", "final=1", "database=system"); got != "5\ttrue\tsystem\n" {
		t.Errorf("got %q", got)
	}
	if a := c.post("SELECT throwIf(1)", s, "max_threads=6"); a.code() != "395" {
		t.Errorf("got %s", a.body)
	}
	if got := c.must("SELECT getSetting('max_threads'), getSetting('final')", s); got != "3\tfalse\n" {
		t.Errorf("got %q", got)
	}
	c.must("USE system", "session_id="+c.database, "database=")
	if got := c.must("SELECT currentDatabase()", s, "database="); got != "system\n" {
		t.Errorf("got %q", got)
	}
	// Nobody else sees them.
	if a := c.post("SELECT * FROM tt"); a.code() != "60" {
		t.Errorf("outside the session: %s", a.body)
	}
	if a := c.post("SELECT * FROM tt", "session_id=other-"+c.database); a.code() != "60" {
		t.Errorf("in another session: %s", a.body)
	}
	if a := c.get("SELECT sum(a) FROM tt", s); a.body != "7\n" {
		t.Errorf("GET: %s", a.body)
	}
	if got := c.must("SELECT getSetting('readonly')", s); got != "0\n" {
		t.Errorf("readonly after a GET: %q", got)
	}
	c.must("SELECT 1", s, "close_session=1")
	if a := c.post("SELECT * FROM tt", s); a.code() != "60" {
		t.Errorf("in a session closed and begun anew: %s", a.body)
	}
}

func TestSessionChecksTimeoutsAndLocks(t *testing.T) {
	c := newClient(t)
	s := "session_id=" + c.database
	if a := c.post("SELECT 1", s, "session_check=1"); a.code() != "372" || a.status != 404 && a.status != 500 {
		t.Errorf("no such session: %d %s", a.status, a.body)
	}
	for _, timeout := range []string{"abc", "-1", "3601"} {
		if a := c.post("SELECT 1", s, "session_timeout="+timeout); a.code() != "374" {
			t.Errorf("timeout %s: %d %s", timeout, a.status, a.body)
		}
	}
	before := c.metric("infrazen_engine_sessions")
	c.must("SELECT 1", s, "session_timeout=1")
	if a := c.post("SELECT 1", s, "session_check=1", "session_timeout=1"); a.status != 200 {
		t.Errorf("session is there: %s", a.body)
	}
	eventually(t, "the session runs out", func() bool {
		return c.metric("infrazen_engine_sessions") <= before
	})
	if a := c.post("SELECT 1", s, "session_check=1"); a.code() != "372" {
		t.Errorf("session has run out: %s", a.body)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if res, err := c.http.Do(c.request(ctx, http.MethodPost, strings.NewReader("SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1"), s, "query_id=holds-"+c.database)); err == nil {
			res.Body.Close()
		}
	}()
	eventually(t, "the session is busy", func() bool {
		return c.must("SELECT count() FROM system.processes WHERE query_id = 'holds-"+c.database+"'") == "1\n"
	})
	if a := c.post("SELECT 1", s); a.code() != "373" {
		t.Errorf("locked session: %d %s", a.status, a.body)
	}
	cancel()
	<-ended
	eventually(t, "the session is free", func() bool { return c.post("SELECT 1", s).status == 200 })
}

// metrics reads the engine's /metrics.
func (c *client) metrics() string {
	req, err := http.NewRequest(http.MethodGet, "http://"+c.engine.Addr+"/metrics", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(req).body
}
