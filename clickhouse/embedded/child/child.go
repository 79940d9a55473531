// Package child keeps the embedded ClickHouse running as a child process.
package child

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says how the child is started.
type Config struct {
	// Command is the child's program and arguments. It must answer ClickHouse's
	// /ping on Addr.
	Command []string
	// Env is added to this process's environment.
	Env []string
	// Addr is host:port where the child listens.
	Addr string
	// User and Password go into the DSN.
	User, Password string
	// StartTimeout is how long the child may take until it answers.
	StartTimeout time.Duration
	// StopTimeout is how long the child may take to end by itself; then it is killed.
	StopTimeout time.Duration
	// BackOff is how long to wait before the first restart; it doubles with
	// every failure up to MaxBackOff and begins anew when a start succeeds.
	BackOff, MaxBackOff time.Duration
	// Output takes what the child prints.
	Output io.Writer
}

// DefaultConfig has the times; Command and Addr are the caller's.
func DefaultConfig() Config {
	return Config{
		User: "default", StartTimeout: 60 * time.Second, StopTimeout: 8 * time.Second,
		BackOff: 100 * time.Millisecond, MaxBackOff: 10 * time.Second, Output: os.Stderr,
	}
}

// Validate names what is missing.
func (c Config) Validate() error {
	if len(c.Command) == 0 {
		return errors.New("cannot supervise the engine: no command is named")
	}
	if _, _, err := net.SplitHostPort(c.Addr); err != nil {
		return fmt.Errorf("cannot supervise the engine on %q: %w", c.Addr, err)
	}
	return nil
}

// Supervisor starts the child, restarts it when it dies and stops it.
type Supervisor struct {
	cfg      Config
	logger   *slog.Logger
	restarts prometheus.Counter
	gauge    prometheus.Gauge
	ready    chan struct{} // closed at the first answer

	mu      sync.Mutex
	process *process // nil while none runs
	up      bool     // the running child has answered
	ended   bool     // Run has returned
	err     error
	changed chan struct{} // closed when any of these changes, and made anew
}

// process is a running child.
type process struct {
	*exec.Cmd
	gone chan struct{} // closed when it has ended and been waited for
	err  error         // set before gone is closed
}

// New makes a supervisor; Run starts the child.
func New(cfg Config, logger *slog.Logger, registry prometheus.Registerer) (*Supervisor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Supervisor{
		cfg: cfg, logger: logger, ready: make(chan struct{}), changed: make(chan struct{}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "infrazen", Subsystem: "engine", Name: "restarts_total", Help: "How often the embedded ClickHouse was started again after it had ended.",
		}),
		gauge: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "infrazen", Subsystem: "engine", Name: "up", Help: "1 while the embedded ClickHouse answers.",
		}),
	}
	for _, c := range []prometheus.Collector{s.restarts, s.gauge} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("cannot register the engine's metrics: %w", err)
		}
	}
	return s, nil
}

// DSN is what clickhouse-go connects with.
func (s *Supervisor) DSN() string { return DSN(s.cfg.Addr, s.cfg.User, s.cfg.Password, "default") }

// DSN makes a clickhouse-go address of the HTTP interface.
func DSN(addr, user, password, database string) string {
	u := url.URL{Scheme: "http", Host: addr, Path: "/" + database, User: url.User(user)}
	if password != "" {
		u.User = url.UserPassword(user, password)
	}
	return u.String()
}

// Ready is closed when the child has answered for the first time.
func (s *Supervisor) Ready() <-chan struct{} { return s.ready }

// Err is why the child does not run, or nil while it runs.
func (s *Supervisor) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// change changes the state under the lock and tells those who wait for it.
func (s *Supervisor) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.gauge.Set(0)
	if s.up {
		s.gauge.Set(1)
	}
	close(s.changed)
	s.changed = make(chan struct{})
}

// WaitUp waits until the child answers. It fails when the context ends or when
// Run has ended, with the reason of that.
func (s *Supervisor) WaitUp(ctx context.Context) error {
	for {
		s.mu.Lock()
		up, ended, err, changed := s.up, s.ended, s.err, s.changed
		s.mu.Unlock()
		switch {
		case up:
			return nil
		case ended:
			return errors.Join(err, errNotRunning)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("cannot reach the embedded clickhouse on %s: %w", s.cfg.Addr, errors.Join(ctx.Err(), err))
		case <-changed:
		}
	}
}

var errNotRunning = errors.New("the embedded clickhouse is stopped")

func (s *Supervisor) running() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// PID is the process id of the running child, or 0.
func (s *Supervisor) PID() int {
	if p := s.running(); p != nil {
		return p.Process.Pid
	}
	return 0
}

// Kill ends the child as kill -9 does and returns when it has gone. Run starts
// it again.
func (s *Supervisor) Kill() error {
	p := s.running()
	if p == nil {
		return nil
	}
	if err := p.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("cannot kill the embedded clickhouse: %w", err)
	}
	<-p.gone
	return nil
}

// Run keeps the child running until the context ends, then stops it. A child
// that fails its first start ends Run with the reason. Run is called once.
func (s *Supervisor) Run(ctx context.Context) error {
	// Pdeathsig follows the thread that started the child, so that thread must
	// live as long as the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer s.change(func() { s.ended = true })
	wait := s.cfg.BackOff
	for {
		answered, err := s.runOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.change(func() { s.err = err })
		if !s.wasReady() {
			return err
		}
		if answered {
			wait = s.cfg.BackOff
		}
		s.restarts.Inc()
		s.logger.Warn("embedded clickhouse ended and is started again", "error", err, "wait", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, s.cfg.MaxBackOff)
	}
}

func (s *Supervisor) wasReady() bool {
	select {
	case <-s.ready:
		return true
	default:
		return false
	}
}

// runOnce starts the child and returns when it has ended, and whether it had
// answered. When the context ends it stops the child: SIGTERM first, SIGKILL
// when that does not help.
func (s *Supervisor) runOnce(ctx context.Context) (answered bool, err error) {
	if err := s.free(ctx); err != nil {
		return false, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	tail := &tailWriter{w: s.cfg.Output}
	p, err := s.start(ctx, tail)
	if err != nil {
		return false, err
	}
	pingCtx, stopPing := context.WithTimeout(ctx, s.cfg.StartTimeout)
	defer stopPing()
	ping := make(chan bool, 1)
	go func() { ping <- s.answers(pingCtx) }()
	select {
	case <-p.gone:
		stopPing()
		<-ping
		return false, tail.reason(p.err)
	case answered = <-ping:
	}
	if !answered {
		cancel()
		<-p.gone
		return false, tail.reason(fmt.Errorf("no answer on %s within %s", s.cfg.Addr, s.cfg.StartTimeout))
	}
	s.change(func() { s.up, s.err = s.process == p, nil })
	if !s.wasReady() {
		close(s.ready)
	}
	<-p.gone
	return true, tail.reason(p.err)
}

func (s *Supervisor) start(ctx context.Context, output io.Writer) (*process, error) {
	cmd := exec.CommandContext(ctx, s.cfg.Command[0], s.cfg.Command[1:]...)
	cmd.Env = append(append(os.Environ(), "TZ=UTC"), s.cfg.Env...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = s.cfg.StopTimeout
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("cannot start the embedded clickhouse %s: %w", s.cfg.Command[0], err)
	}
	p := &process{Cmd: cmd, gone: make(chan struct{})}
	s.change(func() { s.process = p })
	go func() {
		p.err = cmd.Wait()
		s.change(func() { s.process, s.up = nil, false })
		close(p.gone)
	}()
	return p, nil
}

// free checks that nobody else listens where the child will: an answer to
// /ping would be taken for the child's.
func (s *Supervisor) free(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("cannot start the embedded clickhouse on %s: another program has that address: stop it or set another one: %w", s.cfg.Addr, err)
	}
	return listener.Close()
}

// answers waits until the child says Ok to /ping.
func (s *Supervisor) answers(ctx context.Context) bool {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		if ping(ctx, client, s.cfg.Addr) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
}

func ping(ctx context.Context, client *http.Client, addr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/ping", nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode == http.StatusOK
}

// tailWriter passes the child's output on and keeps its end, which tells why
// the child ended.
type tailWriter struct {
	w    io.Writer
	mu   sync.Mutex
	tail []byte
}

const tailSize = 2000

// Write passes the data on.
func (t *tailWriter) Write(data []byte) (int, error) {
	t.mu.Lock()
	t.tail = append(t.tail, data...)
	if over := len(t.tail) - tailSize; over > 0 {
		t.tail = append(t.tail[:0], t.tail[over:]...)
	}
	t.mu.Unlock()
	if t.w == nil {
		return len(data), nil
	}
	return t.w.Write(data)
}

func (t *tailWriter) reason(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return fmt.Errorf("the embedded clickhouse ended: %w; it said last: %s", err, t.tail)
}
