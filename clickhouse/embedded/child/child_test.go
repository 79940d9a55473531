package child_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/clickhouse/embedded/child"
)

// roleVariable makes this test binary a child process of a test.
const roleVariable = "INFRAZEN_CHILD_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role, os.Getenv("ADDR")))
	}
	goleak.VerifyTestMain(m)
}

// play is the child: one that answers, one that fails at once, one that does
// not listen to SIGTERM.
func play(role, addr string) int {
	if role == "fails" {
		fmt.Fprintln(os.Stderr, "the disk is full")
		return 3
	}
	if role == "stubborn" {
		signal.Ignore(syscall.SIGTERM)
	}
	err := http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/zone" {
			fmt.Fprint(w, os.Getenv("TZ"))
			return
		}
		fmt.Fprint(w, "Ok.\n")
	}))
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func config(t *testing.T, role string) child.Config {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cfg := child.DefaultConfig()
	cfg.Command, cfg.Addr, cfg.Output = []string{exe}, listener.Addr().String(), nil
	cfg.Env = []string{roleVariable + "=" + role, "ADDR=" + cfg.Addr}
	cfg.BackOff = time.Millisecond
	return cfg
}

// run starts a supervisor and returns it, its end, and what stops it.
func run(t *testing.T, cfg child.Config, registry *prometheus.Registry) (*child.Supervisor, chan error, context.CancelFunc) {
	t.Helper()
	s, err := child.New(cfg, slog.New(slog.DiscardHandler), registry)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return s, ended, cancel
}

// value reads a counter or a gauge.
func value(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			metric := family.GetMetric()[0]
			return metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}

func TestChildIsStartedAgain(t *testing.T) {
	registry := prometheus.NewRegistry()
	s, ended, cancel := run(t, config(t, "answers"), registry)
	<-s.Ready()
	if s.Err() != nil || s.PID() == 0 {
		t.Errorf("err %v, pid %d", s.Err(), s.PID())
	}
	for range 3 {
		pid := s.PID()
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.WaitUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		if s.PID() == pid {
			t.Error("the same process")
		}
	}
	if got := value(t, registry, "infrazen_engine_restarts_total"); got != 3 {
		t.Errorf("%g restarts counted", got)
	}
	pid := s.PID()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is left: %v", pid, err)
	}
}

func TestChildThatCannotStartEndsTheSupervisor(t *testing.T) {
	var out bytes.Buffer
	cfg := config(t, "fails")
	cfg.Output = &out
	s, ended, cancel := run(t, cfg, prometheus.NewRegistry())
	defer cancel()
	err := <-ended
	if err == nil || !strings.Contains(err.Error(), "the disk is full") || s.Err() == nil {
		t.Errorf("got %v", err)
	}
	if up := s.WaitUp(context.Background()); up == nil || !strings.Contains(up.Error(), "the disk is full") {
		t.Errorf("WaitUp: %v", up)
	}
	if out.String() != "the disk is full\n" {
		t.Errorf("output %q", out.String())
	}
	cfg.Command = []string{"/nowhere/program"}
	_, ended, cancel = run(t, cfg, prometheus.NewRegistry())
	defer cancel()
	if err := <-ended; !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestStubbornChildIsKilled(t *testing.T) {
	cfg := config(t, "stubborn")
	cfg.StopTimeout = 50 * time.Millisecond
	s, ended, cancel := run(t, cfg, prometheus.NewRegistry())
	<-s.Ready()
	pid := s.PID()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is left: %v", pid, err)
	}
}

func TestTakenAddressIsNamed(t *testing.T) {
	cfg := config(t, "answers")
	first, firstEnded, stop := run(t, cfg, prometheus.NewRegistry())
	<-first.Ready()
	_, ended, cancel := run(t, cfg, prometheus.NewRegistry())
	defer cancel()
	if err := <-ended; !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), cfg.Addr) {
		t.Errorf("got %v", err)
	}
	stop()
	if err := <-firstEnded; err != nil {
		t.Error(err)
	}
}

func TestWrongSettings(t *testing.T) {
	for _, cfg := range []child.Config{{}, {Command: []string{"x"}, Addr: "nowhere"}} {
		if _, err := child.New(cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil {
			t.Errorf("%+v was taken", cfg)
		}
	}
}

func TestDSN(t *testing.T) {
	if got, want := child.DSN("127.0.0.1:8123", "infra", "a/b@c d", "db"), "http://infra:a%2Fb%40c%20d@127.0.0.1:8123/db"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
