package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/infrazen/infrazen/clickhouse/bench"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
)

// benchAll prints the figures beside their limits: engines of its own in a temporary folder, the programs beside this one.
// It fails only when something could not be measured.
func benchAll(ctx context.Context, env boot.Env) (err error) {
	dir, err := os.MkdirTemp("", "infrazen-bench-")
	if err != nil {
		return fmt.Errorf("cannot make a folder to measure in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // PostgreSQL may run as another user, who must come by
		return fmt.Errorf("cannot open the folder to measure in: %w", err)
	}
	b := &benchmark{env: env, progress: env.Stderr}
	if err := b.settle(ctx, dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.engines.Stop()) }()
	if err := b.start(ctx, dir); err != nil {
		return err
	}
	figures, err := b.measure(ctx)
	return errors.Join(err, printFigures(env.Stdout, figures))
}

// benchmark is one run of "infrazen bench".
type benchmark struct {
	env      boot.Env
	engines  engines
	progress io.Writer
}

func (b *benchmark) say(what string) { fmt.Fprintln(b.progress, "... "+what) }

// settle sets the folder and free ports; nothing of the operator's own installation is used.
func (b *benchmark) settle(ctx context.Context, dir string) error {
	s := &b.env.Settings
	library, binaries := s.ClickHouse.Library, s.Postgres.Binaries
	*s = boot.Default()
	s.DataDir, s.KeyFile = dir, filepath.Join(dir, "key")
	s.ClickHouse.Library, s.Postgres.Binaries = library, binaries
	for _, port := range []*int{&s.ClickHouse.Port, &s.Postgres.Port} {
		var err error
		if *port, err = freePort(ctx); err != nil {
			return err
		}
	}
	b.env.Log, b.env.Registry = slog.New(slog.DiscardHandler), boot.NewRegistry()
	_, err := boot.EnsureKey(s.KeyFile)
	return err
}

func freePort(ctx context.Context) (int, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("cannot find a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func (b *benchmark) start(ctx context.Context, dir string) error {
	b.say("starting ClickHouse and PostgreSQL")
	log, err := os.Create(filepath.Join(dir, "engines.log"))
	if err != nil {
		return fmt.Errorf("cannot make the engines' log: %w", err)
	}
	b.engines.onStop(log.Close)
	if err := b.engines.startClickHouse(ctx, &b.env, log); err != nil {
		return err
	}
	return b.engines.startPostgres(ctx, &b.env)
}

// onlyVariable leaves out all figures but those of one part: "sync".
const onlyVariable = "BENCH_ONLY"

// measure takes the figures of memory first, while the engine is fresh, then those of the store.
func (b *benchmark) measure(ctx context.Context) ([]bench.Figure, error) {
	stores, err := wire.OpenStores(ctx, b.env)
	if err != nil {
		return nil, err
	}
	if os.Getenv(onlyVariable) == "sync" {
		figures, err := b.syncs(ctx, stores)
		return figures, errors.Join(err, stores.Close())
	}
	resident, err := b.resident(ctx, stores)
	if err != nil {
		return resident, errors.Join(err, stores.Close())
	}
	synced, err := b.syncs(ctx, stores)
	resident = append(resident, synced...)
	if err := errors.Join(err, stores.Close(), ctx.Err()); err != nil {
		return resident, err
	}
	figures, err := bench.Bench(ctx, bench.Options{DSN: b.env.Settings.ClickHouse.DSN, Progress: b.say, Traces: traces()})
	if m, memErr := memoryOf(b.engines.clickhouse.PID()); memErr == nil {
		figures = append(figures, bench.Figure{Name: "resident memory: ClickHouse after all this", Measured: fmt.Sprintf("%s, peak %s", megabytes(m.now), megabytes(m.peak))})
	}
	return append(figures, resident...), err
}

// traces is where the CPU traces are: in the folder "shared" beside the project. "" when they are not there.
func traces() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
			continue
		}
		name := filepath.Join(filepath.Dir(dir), "shared", "data", "vm", "planetlab-workload-traces.tar.gz")
		if _, err := os.Stat(name); err == nil {
			return name
		}
		return ""
	}
	return ""
}

// printFigures writes the table. It fails when a figure could not be measured.
func printFigures(w io.Writer, figures []bench.Figure) error {
	t := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	var errs []error
	row := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t| ")) }
	row("figure", "measured", "limit", "")
	for _, f := range figures {
		verdict := ""
		switch {
		case f.Err != nil:
			f.Measured = "not measured: " + f.Err.Error()
			errs = append(errs, fmt.Errorf("cannot measure %s: %w", f.Name, f.Err))
		case f.Missed:
			verdict = "MISSED"
		case f.Limit != "":
			verdict = "ok"
		}
		row(f.Name, f.Measured, f.Limit, verdict)
	}
	row("cores; load average of the last minute", fmt.Sprintf("%d; %s", runtime.NumCPU(), loadAverage()), "", "")
	return errors.Join(append(errs, t.Flush())...)
}

func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
