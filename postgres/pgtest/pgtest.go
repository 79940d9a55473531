// Package pgtest gives tests a real PostgreSQL: one engine for a test binary, a fresh migrated database for a test.
package pgtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/embedded"
)

// template is the database that fresh ones are copied from.
const template = "infrazen_template"

// engine is the one of this test binary. Tests have no other place to hand it from one to the next.
var engine struct {
	sync.Mutex
	server *embedded.Server
	dir    string
	serial int
}

// Main runs the tests of a package, ends the engine that they may have started, and fails when goroutines are left.
// Call it from TestMain. options are further exceptions for the search for leaked goroutines.
func Main(m *testing.M, options ...goleak.Option) {
	code := m.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	if err := goleak.Find(options...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// DSN gives the address of a fresh database with the newest schema. It is dropped when the test ends.
func DSN(tb testing.TB) string {
	tb.Helper()
	return fresh(tb, " TEMPLATE "+template+" STRATEGY file_copy")
}

// EmptyDSN gives the address of a fresh database without any schema. It is dropped when the test ends.
func EmptyDSN(tb testing.TB) string {
	tb.Helper()
	return fresh(tb, "")
}

// Open gives a store on a fresh database with a key of its own. It is closed when the test ends.
func Open(tb testing.TB) *postgres.Store {
	tb.Helper()
	store, err := postgres.Open(tb.Context(), postgres.Config{DSN: DSN(tb), Key: postgres.NewKey()}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(store.Close)
	return store
}

// Engine gives the engine of this test binary, started at the first call.
func Engine(tb testing.TB) *embedded.Server {
	tb.Helper()
	engine.Lock()
	defer engine.Unlock()
	if engine.server != nil {
		return engine.server
	}
	if err := start(); err != nil {
		tb.Fatalf("cannot give the test a PostgreSQL: %v", err)
	}
	return engine.server
}

func start() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, dir, err := launch(ctx)
	engine.dir = dir
	if err != nil {
		return err
	}
	engine.server = server
	return makeTemplate(ctx, server)
}

// launch starts an engine in a temporary folder.
func launch(ctx context.Context) (*embedded.Server, string, error) {
	dir, err := os.MkdirTemp("", "infrazen-pgtest-")
	if err != nil {
		return nil, "", err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, dir, err
	}
	cfg := embedded.Config{DataDir: filepath.Join(dir, "data"), RootDir: filepath.Join(dir, "root"), Volatile: true, StopTimeout: 2 * time.Second}
	server, err := embedded.Start(ctx, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	return server, dir, err
}

// OwnEngine gives an engine of the test's own, with no database of ours in it: for tests that kill it. It ends with the test.
func OwnEngine(tb testing.TB) *embedded.Server {
	tb.Helper()
	server, dir, err := launch(tb.Context())
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err != nil {
		tb.Fatalf("cannot give the test a PostgreSQL: %v", err)
	}
	tb.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}

func makeTemplate(ctx context.Context, server *embedded.Server) error {
	if err := admin(ctx, server, "CREATE DATABASE "+template); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, postgres.Config{DSN: server.DSNOf(template)}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		return err
	}
	defer store.Close()
	return store.Migrate(ctx)
}

func fresh(tb testing.TB, how string) string {
	tb.Helper()
	server := Engine(tb)
	engine.Lock()
	engine.serial++
	name := fmt.Sprintf("test_%d", engine.serial)
	engine.Unlock()
	if err := admin(tb.Context(), server, "CREATE DATABASE "+name+how); err != nil {
		tb.Fatalf("cannot make a database for the test: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := admin(ctx, server, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("cannot drop the test's database: %v", err)
		}
	})
	return server.DSNOf(name)
}

func admin(ctx context.Context, server *embedded.Server, statement string) error {
	conn, err := pgx.Connect(ctx, server.DSN())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}

// stop ends the engine and removes its files.
func stop() error {
	engine.Lock()
	defer engine.Unlock()
	if engine.dir == "" {
		return nil
	}
	defer func() { _ = os.RemoveAll(engine.dir) }()
	if engine.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return engine.server.Stop(ctx)
}
