package e2e

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// place is where a product keeps its data and listens.
type place struct {
	dir                                string
	listen, clickhouse, postgres, demo int
}

func newPlace(t *testing.T) place {
	t.Helper()
	ports := freePorts(t, 4)
	return place{dir: folder(t), listen: ports[0], clickhouse: ports[1], postgres: ports[2], demo: ports[3]}
}

func (w place) url() string { return "http://127.0.0.1:" + strconv.Itoa(w.listen) }

// args are the arguments of "infrazen up" at the place.
func (w place) args(more ...string) []string {
	return append([]string{
		"up", "--data_dir", w.dir, "--listen", "127.0.0.1:" + strconv.Itoa(w.listen), "--clickhouse.port", strconv.Itoa(w.clickhouse),
		"--postgres.port", strconv.Itoa(w.postgres), "--demo.port", strconv.Itoa(w.demo),
	}, more...)
}

// product is "infrazen up", running.
type product struct {
	*process
	place
	link  string        // the one-time link it printed
	ready time.Duration // from its start to the link
}

// up starts the product and waits for its link. It is killed when the owner ends.
func up(t, owner *testing.T, w place, more ...string) *product {
	t.Helper()
	start := time.Now()
	p := &product{process: launch(t, owner, nil, "infrazen", w.args(more...)...), place: w}
	owner.Cleanup(func() { showLog(owner, w.dir) })
	p.link = p.await(t, regexp.MustCompile(`http://\S+/sign-in\?token=\S+`).FindString)
	p.ready = time.Since(start)
	return p
}

// interrupt stops the product as Ctrl-C does and checks that nothing is left of it.
func (p *product) interrupt(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	p.signal(t, syscall.SIGINT)
	if code := p.wait(t); code != 0 {
		text, _ := p.out.now()
		t.Errorf("exit code %d after Ctrl-C; it said:\n%s", code, text)
	}
	took := time.Since(start)
	if left := below(t, p.dir); len(left) > 0 {
		t.Errorf("processes are left after Ctrl-C: %v", left)
	}
	return took
}

// engine finds the process of an engine of the product.
func (p *product) engine(t *testing.T, command string) int {
	t.Helper()
	for pid, args := range below(t, p.dir) {
		if strings.Contains(args, command) {
			return pid
		}
	}
	t.Fatalf("no process %q runs below %s: %v", command, p.dir, below(t, p.dir))
	return 0
}

// The commands by which the engines are known.
const (
	clickhouseCommand = "clickhouse-server"
	postgresCommand   = "bin/postgres"
)

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("cannot kill %d: %v", pid, err)
	}
}

// tokenOf is the token in a one-time link.
func tokenOf(link string) string {
	_, token, _ := strings.Cut(link, "token=")
	return token
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
