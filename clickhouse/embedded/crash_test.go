package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

// try sends a statement and tells whether it was acknowledged.
func (c *client) try(statement string) bool {
	res, err := c.http.Do(c.request(context.Background(), http.MethodPost, strings.NewReader(statement)))
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode == http.StatusOK
}

func TestKillLosesNoAcknowledgedInsert(t *testing.T) {
	e := enginetest.New(t, embedded.DefaultConfig())
	c := clientOf(t, e, "default")
	c.must("CREATE TABLE k (a UInt64) ENGINE = MergeTree ORDER BY a")
	var mu sync.Mutex
	acknowledged := map[int]bool{}
	next, kills := 0, 0
	for range 6 {
		stop := make(chan struct{})
		var writers sync.WaitGroup
		for range 4 {
			writers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					mu.Lock()
					n := next
					next++
					mu.Unlock()
					if c.try(fmt.Sprintf("INSERT INTO k VALUES (%d)", n)) {
						mu.Lock()
						acknowledged[n] = true
						mu.Unlock()
					}
				}
			})
		}
		mu.Lock()
		target := len(acknowledged) + 40
		mu.Unlock()
		eventually(t, "inserts go on", func() bool { mu.Lock(); defer mu.Unlock(); return len(acknowledged) >= target })
		e.KillOnly(t)
		kills++
		close(stop)
		writers.Wait()
		e.WaitUp(t)
	}
	stored := map[string]bool{}
	for line := range strings.Lines(c.must("SELECT a FROM k")) {
		if stored[line] {
			t.Errorf("row %q twice", line)
		}
		stored[line] = true
	}
	for n := range acknowledged {
		if !stored[fmt.Sprintf("%d\n", n)] {
			t.Errorf("acknowledged row %d is lost", n)
		}
	}
	t.Logf("%d kills, %d rows acknowledged, %d stored, %d tried", kills, len(acknowledged), len(stored), next)
}

func TestDataPathIsOpenedOnce(t *testing.T) {
	e := enginetest.New(t, embedded.DefaultConfig())
	cfg := embedded.DefaultConfig()
	cfg.Path = e.Path
	if _, err := enginetest.TryNew(t, cfg); err == nil || !strings.Contains(err.Error(), "another process has it open: stop that one or name another folder") {
		t.Errorf("got %v", err)
	}
	cfg = embedded.DefaultConfig()
	cfg.Addr = e.Addr
	if _, err := enginetest.TryNew(t, cfg); err == nil || !strings.Contains(err.Error(), e.Addr) || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("got %v", err)
	}
	cfg = embedded.DefaultConfig()
	cfg.Library = "/nowhere/libchdb.so"
	if _, err := enginetest.TryNew(t, cfg); err == nil || !strings.Contains(err.Error(), `run "make engines"`) {
		t.Errorf("got %v", err)
	}
}

func TestDataOutlivesAStop(t *testing.T) {
	cfg := embedded.DefaultConfig()
	cfg.Path = t.TempDir()
	first, err := enginetest.TryNew(t, cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := clientOf(t, first, "default")
	c.must("CREATE TABLE o (a UInt64) ENGINE = MergeTree ORDER BY a")
	c.must("INSERT INTO o SELECT number FROM numbers(1000)")
	wait, _ := c.start(endless, "query_id=under-way")
	eventually(t, "the statement runs", func() bool { return c.runs("under-way") })
	pid := first.PID()
	if err := first.Stop(); err != nil {
		t.Fatal(err)
	}
	if a := wait(); a.status == 200 && a.err == nil {
		t.Errorf("a statement under way at the stop: %d %s", a.status, a.body)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the process is left: %v", err)
	}
	second := enginetest.New(t, cfg)
	if got := clientOf(t, second, "default").must("SELECT count() FROM o"); got != "1000\n" {
		t.Errorf("got %q", got)
	}
}

// parentVariable makes this test binary a parent that starts an engine and is
// killed itself.
const parentVariable = "INFRAZEN_PARENT_TEST"

func TestNoProcessIsLeftWhenTheParentIsKilled(t *testing.T) {
	if os.Getenv(parentVariable) != "" {
		e := enginetest.New(t, embedded.DefaultConfig())
		fmt.Fprintf(os.Stdout, "engine %d\n", e.PID())
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), parentVariable+"=1", "TMPDIR="+t.TempDir())
	out, _ := cmd.Output()
	var pid int
	if n, _ := fmt.Sscanf(string(out), "engine %d", &pid); n != 1 {
		t.Fatalf("the parent said %q", out)
	}
	eventually(t, "the engine has gone", func() bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) })
}

func TestIdleEngineIsSmall(t *testing.T) {
	e := enginetest.New(t, embedded.DefaultConfig())
	idle := memory(t, e.PID(), "VmRSS")
	c := clientOf(t, e, "default")
	c.must("CREATE TABLE w (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			c.must(fmt.Sprintf("INSERT INTO w SELECT number, toString(number) FROM numbers(%d)", 1000+i))
			c.must("SELECT b, count() FROM w GROUP BY b FORMAT JSON")
		})
	}
	all.Wait()
	used := memory(t, e.PID(), "VmRSS")
	t.Logf("resident: idle %d MB, after 64 statements at once %d MB", idle>>20, used>>20)
	if idle > 400<<20 || used > 800<<20 {
		t.Errorf("resident: idle %d MB, after 64 statements at once %d MB", idle>>20, used>>20)
	}
}

// TestMergedPartsStayAsOnAServer merges parts: those that were merged stay on the disk until the merged one has surely reached it.
func TestMergedPartsStayAsOnAServer(t *testing.T) {
	e := enginetest.New(t, embedded.DefaultConfig())
	c := clientOf(t, e, "default")
	c.must("CREATE TABLE m (a UInt64) ENGINE = MergeTree ORDER BY a")
	c.must("INSERT INTO m VALUES (1)")
	c.must("INSERT INTO m VALUES (2)")
	c.must("OPTIMIZE TABLE m FINAL")
	if got := c.must("SELECT countIf(active), countIf(NOT active) FROM system.parts WHERE table = 'm' FORMAT TSV"); got != "1\t2\n" {
		t.Errorf("parts in use and merged ones: %q", got)
	}
	if got := c.must("SELECT value FROM system.merge_tree_settings WHERE name = 'old_parts_lifetime' FORMAT TSV"); got != "480\n" {
		t.Errorf("merged parts stay for %q seconds", got)
	}
}
