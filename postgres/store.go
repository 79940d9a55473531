package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
)

// Store is the database. It may be used by many goroutines and reconnects by itself.
type Store struct {
	cfg     Config
	pool    *pgxpool.Pool
	log     *slog.Logger
	metrics *metrics
	keys    atomic.Pointer[keyring]
}

// Open connects to the database, waiting while it is still starting. It changes nothing there: see Migrate.
func Open(ctx context.Context, cfg Config, logger *slog.Logger, reg prometheus.Registerer) (*Store, error) {
	cfg = cfg.withDefaults()
	keys, err := newKeyring(cfg.Key, cfg.KeySetting)
	if err != nil {
		return nil, fmt.Errorf("cannot open PostgreSQL: %w", err)
	}
	poolConfig, err := cfg.pool()
	if err != nil {
		return nil, fmt.Errorf("cannot open PostgreSQL: %w; check the setting %s", err, cfg.DSNSetting)
	}
	m := newMetrics()
	poolConfig.ConnConfig.Tracer = queryTracer{m}
	pool, err := pgxpool.NewWithConfig(ctx, poolConfig)
	if err != nil {
		return nil, fmt.Errorf("cannot open PostgreSQL: %w", err)
	}
	s := &Store{cfg: cfg, pool: pool, log: logger, metrics: m}
	s.keys.Store(keys)
	if err := s.waitReady(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("cannot open PostgreSQL: %w; check the setting %s", err, cfg.DSNSetting)
	}
	if err := m.register(reg, pool); err != nil {
		pool.Close()
		return nil, fmt.Errorf("cannot open PostgreSQL: %w", err)
	}
	return s, nil
}

// waitReady pings until the database answers. It gives up at once when waiting cannot help. Of a wait that was too long it
// tells what stood in the way, rather than that time ran out.
func (s *Store) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.ConnectTimeout)
	defer cancel()
	var cause error
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := s.Ping(ctx)
		if err == nil || refused(err) {
			return err
		}
		if cause == nil || ctx.Err() == nil {
			cause = err
		}
		select {
		case <-ctx.Done():
			return cause
		case <-time.After(pause):
		}
	}
}

// refused tells whether the database answered and said no, other than "I am starting up" or "I am full".
func refused(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code != "57P03" && pg.Code != "53300"
}

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.pool.Ping(ctx); err != nil {
		return fmt.Errorf("cannot reach PostgreSQL: %w", err)
	}
	return nil
}

// Close ends all connections to the database.
func (s *Store) Close() { s.pool.Close() }

// Now is the database's clock.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now time.Time
	err := s.pool.QueryRow(ctx, `/* now */ SELECT clock_timestamp()`).Scan(&now)
	return now.UTC(), wrap(err, "ask the database for the time")
}

// inTx runs f in a transaction, which it commits when f succeeds.
func (s *Store) inTx(ctx context.Context, f func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, s.pool, f)
}

// querier is a pool or a transaction.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// wrap says what could not be done. It turns the database's ways of saying "not found" and "there already" into ours.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("cannot "+format+": %w", append(args, ours(err))...)
}

func ours(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return pipeline.ErrNotFound
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return err
	}
	switch pg.Code {
	case "23505": // unique_violation
		return pipeline.ErrConflict
	case "23503": // foreign_key_violation
		return pipeline.ErrNotFound
	}
	return err
}

// one is the error of a statement that had to change one row.
func one(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return pipeline.ErrNotFound
	}
	return err
}

// collect reads all rows with scan. It never returns nil without an error.
func collectRows[T any](rows pgx.Rows, err error, scan func(pgx.CollectableRow) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// uuid is an identifier for the database. What is no UUID becomes one that nothing has.
func uuid[T ~string](id T) pgtype.UUID {
	u := pgtype.UUID{}
	if err := u.Scan(string(id)); err != nil {
		return pgtype.UUID{Valid: true}
	}
	return u
}

func uuids[T ~string](ids []T) []pgtype.UUID {
	out := make([]pgtype.UUID, len(ids))
	for i, id := range ids {
		out[i] = uuid(id)
	}
	return out
}

// instant is a time for the database: NULL for the zero time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// timeOf is a time from the database: zero for NULL.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}
