package e2e

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait. What a killed process had leased is free after two minutes; a loaded machine takes its time.
const patience = 5 * time.Minute

// transcript is what a process has printed so far.
type transcript struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{}
}

func newTranscript() *transcript { return &transcript{changed: make(chan struct{})} }

// Write implements io.Writer.
func (tr *transcript) Write(b []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.text.Write(b)
	close(tr.changed)
	tr.changed = make(chan struct{})
	return len(b), nil
}

func (tr *transcript) now() (text string, changed <-chan struct{}) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String(), tr.changed
}

// process is a program under test.
type process struct {
	cmd    *exec.Cmd
	out    *transcript
	exited chan struct{}
	err    error // set before exited is closed
}

// launch starts a program. It is killed when the owner ends, or when the test binary dies.
func launch(t, owner *testing.T, env []string, program string, args ...string) *process {
	t.Helper()
	p := &process{out: newTranscript(), exited: make(chan struct{})}
	p.cmd = exec.Command(filepath.Join(binaries, program), args...)
	p.cmd.Dir = root()
	p.cmd.Env = append(cleanEnviron(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.WaitDelay = 10 * time.Second // a child that outlives its parent holds the output open
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // Pdeathsig follows the thread
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	owner.Cleanup(func() {
		p.signal(owner, syscall.SIGKILL)
		<-p.exited
	})
	return p
}

// cleanEnviron is the environment without settings of ours.
func cleanEnviron() []string {
	var out []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "INFRAZEN_") {
			out = append(out, e)
		}
	}
	return out
}

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	select {
	case <-p.exited:
		return
	default:
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("cannot signal: %v", err)
	}
}

// wait waits for the process's end and returns its exit code.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		text, _ := p.out.now()
		t.Fatalf("the process does not end; it said:\n%s", text)
	}
	return p.cmd.ProcessState.ExitCode()
}

// await waits until the process has printed a line for which find gives something.
func (p *process) await(t *testing.T, find func(text string) string) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		text, changed := p.out.now()
		if found := find(text); found != "" {
			return found
		}
		select {
		case <-changed:
		case <-p.exited:
			if text, _ := p.out.now(); find(text) != "" {
				return find(text)
			}
			t.Fatalf("the process ended with %v; it said:\n%s", p.err, text)
		case <-deadline:
			t.Fatalf("waited too long; the process said:\n%s", text)
		}
	}
}

// folder makes a data folder that other users may enter: PostgreSQL does not run as root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "infrazen-e2e-data-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// freePorts finds ports that nobody listens on, below those that outgoing connections take.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for tries := 0; len(ports) < n && tries < 1000; tries++ {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer func() { _ = l.Close() }()
		ports = append(ports, port)
	}
	if len(ports) < n {
		t.Fatal("no free ports")
	}
	return ports
}

// below lists the processes that work in a folder, or were given it in their command line or environment.
func below(t *testing.T, dir string) map[int]string {
	t.Helper()
	out := map[int]string{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		cmdline, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline")) // the process may have ended
		environ, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		cwd, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		args := strings.TrimSpace(strings.ReplaceAll(string(cmdline), "\x00", " "))
		if strings.Contains(args, dir) || strings.Contains(string(environ), dir) || strings.HasPrefix(cwd, dir+"/") || cwd == dir {
			out[pid] = args
		}
	}
	return out
}

// awaitNone waits until no process works in the folder.
func awaitNone(t *testing.T, dir string) {
	t.Helper()
	eventually(t, "all processes in the folder are gone", func() bool { return len(below(t, dir)) == 0 })
}

// eventually asks until ok, for as long as patience lasts.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("waited too long until %s", what)
		}
	}
}
