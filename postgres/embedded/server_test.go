package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"

	"github.com/infrazen/infrazen/postgres/embedded"
)

// reachable gives a temporary folder that every user may enter.
func reachable(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "infrazen-embedded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func config(dir string) embedded.Config {
	return embedded.Config{DataDir: filepath.Join(dir, "data"), RootDir: filepath.Join(dir, "root"), Volatile: true}
}

func start(t *testing.T, cfg embedded.Config) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func startError(t *testing.T, cfg embedded.Config) error {
	t.Helper()
	s, err := embedded.Start(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err == nil {
		stop(t, s)
	}
	return err
}

func exec1(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func query(ctx context.Context, dsn, sql string) (string, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var answer string
	err = conn.QueryRow(ctx, sql).Scan(&answer)
	return answer, err
}

func mustQuery(t *testing.T, dsn, sql string) string {
	t.Helper()
	answer, err := query(t.Context(), dsn, sql)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestKeepsData(t *testing.T) {
	cfg := config(reachable(t))
	s := start(t, cfg)
	exec1(t, s.DSN(), `CREATE TABLE kept AS SELECT 'лёд'::text AS word`)
	if got := mustQuery(t, s.DSN(), `SELECT upper(word) || current_setting('server_encoding') FROM kept`); got != "ЛЁДUTF8" {
		t.Errorf("got %s", got)
	}
	if _, err := query(t.Context(), strings.Replace(s.DSN(), "infrazen:", "infrazen:wrong", 1), "SELECT ''"); err == nil {
		t.Error("a wrong password opens the database")
	}
	stop(t, s)
	again := start(t, cfg)
	if got := mustQuery(t, again.DSN(), `SELECT word FROM kept`); got != "лёд" {
		t.Errorf("got %s", got)
	}
}

func TestRestartsWhenKilled(t *testing.T) {
	reg := prometheus.NewRegistry()
	s, err := embedded.Start(t.Context(), config(reachable(t)), slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	before := mustQuery(t, s.DSN(), `SELECT pg_postmaster_start_time()::text`)
	s.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if after, err := query(ctx, s.DSN(), `SELECT pg_postmaster_start_time()::text`); err == nil && after != before {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("the engine was not started again")
		case <-tick.C:
		}
	}
	if got := counter(t, reg, "infrazen_postgres_engine_restarts_total"); got != 1 {
		t.Errorf("%v restarts were counted", got)
	}
}

func counter(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// playParent runs an engine, prints its postmaster's process id, and waits to be killed.
func playParent(dir string) {
	s, err := embedded.Start(context.Background(), config(dir), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	pid, err := os.ReadFile(filepath.Join(s.DataDir(), "postmaster.pid"))
	first, _, _ := strings.Cut(string(pid), "\n")
	fmt.Println(first, err)
	select {}
}

func TestParentKilled(t *testing.T) {
	dir := reachable(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentEnv+"="+dir)
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, convErr := strconv.Atoi(strings.Fields(line + " x")[0])
	if err != nil || convErr != nil {
		t.Fatalf("the parent did not start an engine: %s %v", line, err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(fd) }()
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait()
	if n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 15_000); n != 1 {
		t.Errorf("the engine outlived its parent: %v", err)
	}
	s := start(t, config(dir))
	mustQuery(t, s.DSN(), `SELECT 'alive'`)
}

func TestStalePidOfAnotherProgram(t *testing.T) {
	cfg := config(reachable(t))
	s := start(t, cfg)
	stop(t, s)
	alive := exec.Command("sleep", "600")
	owner, err := os.Stat(s.DataDir())
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := owner.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		alive.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}}
	}
	if err := alive.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = alive.Process.Kill(); _ = alive.Wait() }()
	pid := fmt.Sprintf("%d\n%s\n1700000000\n5432\n\n127.0.0.1\n", alive.Process.Pid, s.DataDir())
	if err := os.WriteFile(filepath.Join(s.DataDir(), "postmaster.pid"), []byte(pid), 0o644); err != nil {
		t.Fatal(err)
	}
	mustQuery(t, start(t, cfg).DSN(), `SELECT 'alive'`)
}

func TestClearErrors(t *testing.T) {
	dir := reachable(t)
	cfg := config(dir)
	missing := cfg
	missing.BinDir = filepath.Join(dir, "nowhere")
	if err := startError(t, missing); !errors.Is(err, embedded.ErrNoEngine) || !strings.Contains(fmt.Sprint(err), "make engines") {
		t.Errorf("no engine: %v", err)
	}
	s := start(t, cfg)
	if err := startError(t, cfg); !errors.Is(err, embedded.ErrInUse) {
		t.Errorf("two on one data directory: %v", err)
	}
	stop(t, s)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	taken := cfg
	if addr, ok := listener.Addr().(*net.TCPAddr); ok {
		taken.Port = addr.Port
	}
	if err := startError(t, taken); !errors.Is(err, embedded.ErrPortTaken) || !strings.Contains(fmt.Sprint(err), strconv.Itoa(taken.Port)) {
		t.Errorf("the port is taken: %v", err)
	}
	other := cfg
	other.Password = "another"
	if err := startError(t, other); err == nil || !strings.Contains(err.Error(), "another password") {
		t.Errorf("another password: %v", err)
	}
	if err := os.WriteFile(filepath.Join(s.DataDir(), "PG_VERSION"), []byte("17\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := startError(t, cfg); !errors.Is(err, embedded.ErrOtherVersion) {
		t.Errorf("another version: %v", err)
	}
}

func TestUnreachableForUnprivilegedUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // only root runs the engine as somebody else
	}
	dir := reachable(t)
	home := filepath.Join(dir, "root-only")
	engine := filepath.Join(home, "engine", "native")
	if err := os.MkdirAll(filepath.Dir(engine), 0o755); err != nil {
		t.Fatal(err)
	}
	found, err := embedded.FindEngine("")
	if err != nil {
		t.Fatal(err)
	}
	if err := embedded.CopyTree(found, engine); err != nil {
		t.Fatal(err)
	}
	removeLinks(t, filepath.Join(engine, "lib"))
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := embedded.Config{BinDir: engine, DataDir: filepath.Join(home, "var", "postgres"), RootDir: filepath.Join(dir, "root"), Volatile: true}
	s := start(t, cfg)
	exec1(t, s.DSN(), `CREATE TABLE kept AS SELECT 'x'::text AS word`)
	if !strings.HasPrefix(s.DataDir(), cfg.RootDir) {
		t.Errorf("the data is in %s", s.DataDir())
	}
	stop(t, s)
	if got := mustQuery(t, start(t, cfg).DSN(), `SELECT word FROM kept`); got != "x" {
		t.Errorf("got %s", got)
	}
}

// removeLinks takes away what npm may not have made.
func removeLinks(t *testing.T, lib string) {
	t.Helper()
	entries, err := os.ReadDir(lib)
	if err != nil {
		t.Fatal(err)
	}
	removed := 0
	for _, e := range entries {
		if e.Type()&os.ModeSymlink != 0 {
			removed++
			if err := os.Remove(filepath.Join(lib, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	if removed == 0 {
		t.Fatal("the engine has no links to take away")
	}
}
