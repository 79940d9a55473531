// Package bench measures the store of facts: how big it is, how fast it answers, and how fast it takes rows in.
package bench

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/clickhouse"
)

// Options say what is measured.
type Options struct {
	// DSN is an engine's HTTP address; a database of its own is made there and dropped afterwards.
	DSN string
	// World is what the questions are asked of; Full when zero.
	World World
	// Rounds is how often each question is asked by one client; 40 when zero.
	Rounds int
	// Loaded is how long eight clients ask, on each side; 10 seconds when zero.
	Loaded time.Duration
	// Rows is how many rows are appended on each side; a million when zero.
	Rows int
	// Progress is told what is being measured; may be nil.
	Progress func(string)
	// Traces is the path of planetlab-workload-traces.tar.gz; without it the samples are not measured.
	Traces string
}

func (o Options) withDefaults() Options {
	if o.World == (World{}) {
		o.World = Full()
	}
	if o.Rounds == 0 {
		o.Rounds = 40
	}
	if o.Loaded == 0 {
		o.Loaded = 10 * time.Second
	}
	if o.Rows == 0 {
		o.Rows = 1_000_000
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	return o
}

// bench is one run.
type bench struct {
	Options
	figures  []Figure
	database string
	conn     driver.Conn
	store    *clickhouse.Store
}

// Figure is one measurement beside its limit.
type Figure struct {
	Name, Measured string
	// Limit is what the measurement must be, as text; empty when there is none.
	Limit string
	// Missed is true when it is not.
	Missed bool
	// Err is why it could not be measured.
	Err error
}

// Bench measures all figures of the store. A part that fails leaves a figure with its error, and the others go on.
func Bench(ctx context.Context, o Options) (figures []Figure, err error) {
	b := &bench{Options: o.withDefaults()}
	if err := b.open(ctx); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close(context.WithoutCancel(ctx))) }()
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{
		{"appending charges", b.appends},
		{"appending samples", b.samples},
		{"loading the ledger", b.load},
		{"the size of a charge", b.size},
		{"questions of one client", b.oneClient},
		{"questions of eight clients", b.eightClients},
	} {
		b.Progress("measuring " + part.name)
		if err := part.measure(ctx); err != nil {
			b.figures = append(b.figures, Figure{Name: part.name, Err: err})
		}
		if err := ctx.Err(); err != nil {
			return b.figures, err
		}
	}
	return b.figures, nil
}

// tell keeps a figure that has no limit.
func (b *bench) tell(name, measured string) {
	b.figures = append(b.figures, Figure{Name: name, Measured: measured})
}

// judge keeps a figure that has one.
func (b *bench) judge(name, measured, limit string, ok bool) {
	b.figures = append(b.figures, Figure{Name: name, Measured: measured, Limit: limit, Missed: !ok})
}

// open makes a database of its own.
func (b *bench) open(ctx context.Context) error {
	address, err := url.Parse(b.DSN)
	if err != nil || address.Scheme != "http" {
		return errors.New("cannot measure: the engine's address must begin with http://")
	}
	var random [4]byte
	_, _ = rand.Read(random[:])
	b.database = "bench_" + hex.EncodeToString(random[:])
	address.Path = "/" + b.database
	b.DSN = address.String()
	if b.store, err = openStore(ctx, b.DSN); err != nil {
		return err
	}
	if err := b.store.Migrate(ctx, nil); err != nil {
		return err
	}
	options, err := ch.ParseDSN(b.DSN)
	if err != nil {
		return errors.New("cannot read the engine's address")
	}
	options.ReadTimeout = 10 * time.Minute
	b.conn, err = ch.Open(options)
	return err
}

func openStore(ctx context.Context, dsn string) (*clickhouse.Store, error) {
	cfg := clickhouse.DefaultConfig()
	cfg.DSN = dsn
	return clickhouse.Open(ctx, cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}

func (b *bench) close(ctx context.Context) error {
	return errors.Join(
		b.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+b.database+"_analyst SYNC"),
		b.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+b.database+" SYNC"),
		b.conn.Close(), b.store.Close())
}

func (b *bench) load(ctx context.Context) error {
	if err := b.conn.Exec(ctx, "TRUNCATE TABLE charges"); err != nil {
		return fmt.Errorf("cannot empty the ledger: %w", err)
	}
	start := time.Now()
	if err := b.World.load(ctx, b.conn); err != nil {
		return err
	}
	rows := b.World.Tenants * b.World.Resources * b.World.Hours
	b.tell("loading the ledger of the questions", fmt.Sprintf("%d rows in %.0f s", rows, time.Since(start).Seconds()))
	return nil
}

// size tells what the ledger takes on disk.
func (b *bench) size(ctx context.Context) error {
	var rows, bytes uint64
	const text = "SELECT sum(rows), sum(bytes_on_disk) FROM system.parts WHERE database = currentDatabase() AND table = 'charges' AND active"
	if err := b.conn.QueryRow(ctx, text).Scan(&rows, &bytes); err != nil {
		return fmt.Errorf("cannot measure the ledger: %w", err)
	}
	each := float64(bytes) / float64(rows)
	b.judge("bytes a charge row on disk, projections, names, tags included", fmt.Sprintf("%.2f", each), "<= 6", each <= 6)
	return nil
}
