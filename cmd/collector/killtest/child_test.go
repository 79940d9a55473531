package killtest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/clickhouse"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/providers"
)

// childVariable holds a collector's settings when the test binary is a collector.
const childVariable = "INFRAZEN_KILLTEST_CHILD"

func TestMain(m *testing.M) {
	if settings := os.Getenv(childVariable); settings != "" {
		if err := runChild(settings); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	enginetest.Main(m)
}

// stage is where everything is: what a collector needs to begin.
type stage struct {
	Postgres, Key, ClickHouse string
	// Folder is where the files of FOCUS lie.
	Folder string
	Holder string
	// Workers is how many windows a collector collects at once; 3 when zero.
	Workers int
}

func runChild(settings string) error {
	var s stage
	if err := json.Unmarshal([]byte(settings), &s); err != nil {
		return err
	}
	ctx := context.Background()
	windows, facts, err := s.open(ctx)
	if err != nil {
		return err
	}
	c, err := s.collector(unpaced{windows}, facts)
	if err != nil {
		return err
	}
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			c.Wake()
		}
	}()
	c.Work(ctx) // until we are killed
	return nil
}

func (s *stage) open(ctx context.Context) (*postgres.Store, *clickhouse.Store, error) {
	log := slog.New(slog.DiscardHandler)
	windows, err := postgres.Open(ctx, postgres.Config{DSN: s.Postgres, Key: s.Key, MaxConns: 6}, log, prometheus.NewRegistry())
	if err != nil {
		return nil, nil, err
	}
	facts, err := s.facts(ctx)
	return windows, facts, err
}

func (s *stage) facts(ctx context.Context) (*clickhouse.Store, error) {
	cfg := clickhouse.DefaultConfig()
	cfg.DSN, cfg.RetryFor = s.ClickHouse, 5*time.Second
	return clickhouse.Open(ctx, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}

func (s *stage) collector(windows collect.Windows, facts collect.Ledger) (*collect.Collector, error) {
	cfg := collect.DefaultConfig()
	cfg.Holder, cfg.Workers, cfg.Lease, cfg.MaxLines = s.Holder, cmp.Or(s.Workers, 3), 1500*time.Millisecond, 400
	cfg.Backoff = collect.Backoff{First: 20 * time.Millisecond, Most: 100 * time.Millisecond, Slow: 100 * time.Millisecond}
	cloud := &collecttest.Cloud{World: readWorld, Parallel: 2}
	return collect.New(collect.Deps{
		Windows: windows, Ledger: facts, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
		Providers: append([]pipeline.Provider{cloud}, providers.All(providers.Options{FolderRoot: s.Folder})...),
	}, cfg)
}

// unpaced is a store of work that lets requests to clouds go at once: the stand-ins stand them.
type unpaced struct{ *postgres.Store }

// Wait implements collect.Windows.
func (unpaced) Wait(ctx context.Context, _ string, _ pipeline.RateLimit) error { return ctx.Err() }

// readWorld reads what the small cloud tells from the file that the connection's login names.
func readWorld(_ context.Context, settings pipeline.Settings) (collecttest.World, error) {
	var w collecttest.World
	text, err := os.ReadFile(settings["login"])
	if err != nil {
		return w, err
	}
	return w, json.Unmarshal(text, &w)
}

// process is a collector in a process of its own.
type process struct {
	cmd  *exec.Cmd
	done chan error
}

func (s *stage) start(t *testing.T, holder string) *process {
	t.Helper()
	own := *s
	own.Holder = holder
	settings, err := json.Marshal(own)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(exe), done: make(chan error, 1)}
	p.cmd.Env = append(os.Environ(), childVariable+"="+string(settings))
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	return p
}

// kill ends the collector as kill -9 does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}
