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
	"sync/atomic"
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
	up       prometheus.Gauge

	ready   chan struct{} // closed at the first answer
	once    sync.Once
	process atomic.Pointer[os.Process]
	starts  atomic.Int64

	mu  sync.Mutex
	err error
}

// New makes a supervisor; Run starts the child.
func New(cfg Config, logger *slog.Logger, registry prometheus.Registerer) (*Supervisor, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &Supervisor{
		cfg: cfg, logger: logger, ready: make(chan struct{}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: "infrazen", Subsystem: "engine", Name: "restarts_total", Help: "How often the embedded ClickHouse was started again after it had ended.",
		}),
		up: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "infrazen", Subsystem: "engine", Name: "up", Help: "1 while the embedded ClickHouse answers.",
		}),
	}
	for _, c := range []prometheus.Collector{s.restarts, s.up} {
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

func (s *Supervisor) setErr(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// WaitUp waits until the child answers.
func (s *Supervisor) WaitUp(ctx context.Context) error {
	if !s.answers(ctx) {
		return fmt.Errorf("cannot reach the embedded clickhouse on %s: %w", s.cfg.Addr, errors.Join(ctx.Err(), s.Err()))
	}
	return nil
}

// PID is the process id of the running child, or 0.
func (s *Supervisor) PID() int {
	if p := s.process.Load(); p != nil {
		return p.Pid
	}
	return 0
}

// Run keeps the child running until the context ends, then stops it. A child
// that fails its first start ends Run with the reason.
func (s *Supervisor) Run(ctx context.Context) error {
	// Pdeathsig follows the thread that started the child, so that thread must
	// live as long as the child.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	wait := s.cfg.BackOff
	for {
		answered, err := s.runOnce(ctx)
		s.up.Set(0)
		if ctx.Err() != nil {
			return nil
		}
		s.setErr(err)
		select {
		case <-s.ready:
		default:
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

// runOnce starts the child and returns when it has ended, and whether it had answered.
func (s *Supervisor) runOnce(ctx context.Context) (answered bool, err error) {
	if err := s.free(); err != nil {
		return false, err
	}
	cmd := exec.Command(s.cfg.Command[0], s.cfg.Command[1:]...)
	cmd.Env = append(append(os.Environ(), "TZ=UTC"), s.cfg.Env...)
	tail := &tailWriter{w: s.cfg.Output}
	cmd.Stdout, cmd.Stderr = tail, tail
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := cmd.Start(); err != nil {
		return false, fmt.Errorf("cannot start the embedded clickhouse %s: %w", s.cfg.Command[0], err)
	}
	s.process.Store(cmd.Process)
	defer s.process.Store(nil)
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	pingCtx, stopPing := context.WithTimeout(ctx, s.cfg.StartTimeout)
	defer stopPing()
	up := make(chan bool, 1)
	go func() { up <- s.answers(pingCtx) }()
	for {
		select {
		case err := <-ended:
			stopPing()
			if up != nil {
				<-up
			}
			return answered, tail.reason(err)
		case ok := <-up:
			up = nil
			if !ok && ctx.Err() == nil {
				s.stop(cmd, ended)
				return false, tail.reason(fmt.Errorf("no answer on %s within %s", s.cfg.Addr, s.cfg.StartTimeout))
			}
			if ok {
				answered = true
				s.setErr(nil)
				s.up.Set(1)
				s.starts.Add(1)
				s.once.Do(func() { close(s.ready) })
			}
		case <-ctx.Done():
			s.stop(cmd, ended)
			stopPing()
			if up != nil {
				<-up
			}
			return answered, nil
		}
	}
}

// free checks that nobody else listens where the child will: an answer to
// /ping would be taken for the child's.
func (s *Supervisor) free() error {
	listener, err := net.Listen("tcp", s.cfg.Addr)
	if err != nil {
		return fmt.Errorf("cannot start the embedded clickhouse on %s: another program has that address: stop it or set another one: %w", s.cfg.Addr, err)
	}
	return listener.Close()
}

// stop asks the child to end, and kills it when it does not.
func (s *Supervisor) stop(cmd *exec.Cmd, ended <-chan error) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(s.cfg.StopTimeout)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		s.logger.Warn("embedded clickhouse did not end by itself and is killed", "pid", cmd.Process.Pid)
		_ = cmd.Process.Kill()
		<-ended
	}
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
	defer res.Body.Close()
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
