// Package enginetest gives tests a ClickHouse: one embedded engine for a run
// of a test binary, and a database of its own for each test.
//
// A package with such tests has
//
//	func TestMain(m *testing.M) { enginetest.Main(m) }
package enginetest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/child"
)

// shared is the one engine of this process.
type shared struct {
	mu     sync.Mutex
	engine *Engine
}

var one shared //nolint:gochecknoglobals // one engine for a test binary's whole run

// Main runs a package's tests and then stops the engine, if a test started it,
// and looks for goroutines left over. The same binary, started again by the
// supervisor, is the engine.
func Main(m *testing.M, options ...goleak.Option) {
	if cfg, isChild, err := embedded.FromEnvironment(); isChild {
		os.Exit(serve(cfg, err))
	}
	code := m.Run()
	if err := one.stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if code == 0 {
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		if err := goleak.Find(options...); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines left over:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// serve is the child process.
func serve(cfg embedded.Config, err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if err := embedded.Serve(ctx, cfg, logger, prometheus.NewRegistry()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// Engine is a running engine in a process of its own.
type Engine struct {
	// Addr is its host:port, User and Password its account.
	Addr, User, Password string
	// Path is its data folder.
	Path string

	supervisor *child.Supervisor
	registry   *prometheus.Registry
	cancel     context.CancelFunc
	ended      chan error
	remove     func()
}

// Start returns the DSN of this test binary's engine for clickhouse-go,
// starting the engine when no test did so before.
func Start(tb testing.TB) string {
	tb.Helper()
	return Shared(tb).DSN("default")
}

// Shared returns this test binary's engine.
func Shared(tb testing.TB) *Engine {
	tb.Helper()
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.engine == nil {
		engine, err := start(embedded.DefaultConfig())
		if err != nil {
			tb.Fatal(err)
		}
		one.engine = engine
	}
	return one.engine
}

func (s *shared) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.engine == nil {
		return nil
	}
	return s.engine.Stop()
}

// New starts an engine for one test alone; it is stopped when the test ends.
// The address and the data folder are filled in when they are empty.
func New(tb testing.TB, cfg embedded.Config) *Engine {
	tb.Helper()
	e, err := TryNew(tb, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// TryNew is New for settings that may be wrong.
func TryNew(tb testing.TB, cfg embedded.Config) (*Engine, error) {
	tb.Helper()
	e, err := start(cfg)
	if err != nil {
		return nil, err
	}
	tb.Cleanup(func() {
		if err := e.Stop(); err != nil {
			tb.Error(err)
		}
	})
	return e, nil
}

func start(cfg embedded.Config) (*Engine, error) {
	remove := func() {}
	if cfg.Path == "" {
		dir, err := os.MkdirTemp("", "infrazen-engine-")
		if err != nil {
			return nil, fmt.Errorf("cannot make a folder for the engine: %w", err)
		}
		cfg.Path, remove = dir, func() { _ = os.RemoveAll(dir) }
	}
	if strings.HasSuffix(cfg.Addr, ":0") {
		addr, err := freeAddr()
		if err != nil {
			return nil, err
		}
		cfg.Addr = addr
	}
	environment, err := cfg.Environment()
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	how := child.DefaultConfig()
	how.Command, how.Env = []string{exe}, []string{environment}
	how.Addr, how.User, how.Password = cfg.Addr, cfg.User, cfg.Password
	how.BackOff = 10 * time.Millisecond
	e := &Engine{Addr: cfg.Addr, User: cfg.User, Password: cfg.Password, Path: cfg.Path, registry: prometheus.NewRegistry(), remove: remove, ended: make(chan error, 1)}
	if e.supervisor, err = child.New(how, slog.New(slog.DiscardHandler), e.registry); err != nil {
		return nil, err
	}
	return e, e.run()
}

func (e *Engine) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	e.cancel = cancel
	go func() { e.ended <- e.supervisor.Run(ctx) }()
	if err := e.supervisor.WaitUp(context.Background()); err != nil {
		cancel()
		e.remove()
		return fmt.Errorf("%w (has the package a TestMain that calls enginetest.Main?)", err)
	}
	return nil
}

// Stop ends the engine as SIGTERM does, once.
func (e *Engine) Stop() error {
	e.cancel()
	err, running := <-e.ended
	if running {
		close(e.ended)
		e.remove()
	}
	return err
}

func freeAddr() (string, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("cannot find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String(), nil
}

// DSN is the engine's address for clickhouse-go.
func (e *Engine) DSN(database string) string {
	return child.DSN(e.Addr, e.User, e.Password, database)
}

// PID is the engine's process id.
func (e *Engine) PID() int { return e.supervisor.PID() }

// Kill ends the engine as kill -9 does and waits until it answers again, on
// the same port and with the same data.
func (e *Engine) Kill(tb testing.TB) {
	tb.Helper()
	e.KillOnly(tb)
	e.WaitUp(tb)
}

// KillOnly ends the engine as kill -9 does; it is started again meanwhile.
func (e *Engine) KillOnly(tb testing.TB) {
	tb.Helper()
	if err := e.supervisor.Kill(); err != nil {
		tb.Fatal(err)
	}
}

// WaitUp waits until the engine answers.
func (e *Engine) WaitUp(tb testing.TB) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := e.supervisor.WaitUp(ctx); err != nil {
		tb.Fatal(err)
	}
}

// Kill ends this test binary's engine as kill -9 does and waits until it
// answers again, on the same port and with the same data.
func Kill(tb testing.TB) {
	tb.Helper()
	Shared(tb).Kill(tb)
}

// Database makes a database of a random name in this test binary's engine,
// dropped when the test ends, and returns its DSN for clickhouse-go.
func Database(tb testing.TB) string {
	tb.Helper()
	e := Shared(tb)
	return e.DSN(e.Database(tb))
}

// Database makes a database of a random name, dropped when the test ends, and
// returns the name.
func (e *Engine) Database(tb testing.TB) string {
	tb.Helper()
	random := make([]byte, 8)
	_, _ = rand.Read(random)
	name := "test_" + hex.EncodeToString(random)
	e.Exec(tb, "CREATE DATABASE "+name)
	tb.Cleanup(func() { e.Exec(tb, "DROP DATABASE IF EXISTS "+name+" SYNC") })
	return name
}

// Exec runs a statement and returns its answer in TabSeparated.
func (e *Engine) Exec(tb testing.TB, statement string) string {
	tb.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, "http://"+e.Addr+"/", strings.NewReader(statement))
	if err != nil {
		tb.Fatal(err)
	}
	req.SetBasicAuth(e.User, e.Password)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		tb.Fatalf("cannot run %q: %s %s %v", statement, res.Status, body, err)
	}
	return string(body)
}
