// Package postgres keeps what InfraZen knows beside the facts: people, connections and their secrets, the windows of work and
// their leases, rate limits, budgets, incidents and the outbox. One file per noun.
//
// Every query of a tenant's data begins with the tenant. What is not found and what is another tenant's look the same:
// pipeline.ErrNotFound. The clock is the database's.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says how to reach the database and how to seal secrets.
type Config struct {
	// DSN is a postgres:// address or a list of key=value.
	DSN string
	// DSNSetting is what the setting with the DSN is called, for error messages; "postgres.dsn (INFRAZEN_POSTGRES_DSN)" when empty.
	DSNSetting string
	// Key is the key-encryption key: 32 bytes in base64, as NewKey makes. It is kept outside the database. Without it the
	// store works but neither seals nor opens secrets.
	Key string
	// KeySetting is what the setting with the key is called, for error messages; "key_file (INFRAZEN_KEY_FILE)" when empty.
	KeySetting string
	// MaxConns limits the pool; 10 when zero.
	MaxConns int32
	// ConnectTimeout is how long Open waits for a database that is still starting; 30 s when zero.
	ConnectTimeout time.Duration
	// Password is what hashing a password costs; 19 MiB, two passes and one lane when nil (the least that OWASP recommends).
	Password *argon2id.Params
}

func (c Config) withDefaults() Config {
	if c.DSNSetting == "" {
		c.DSNSetting = "postgres.dsn (INFRAZEN_POSTGRES_DSN)"
	}
	if c.KeySetting == "" {
		c.KeySetting = "key_file (INFRAZEN_KEY_FILE)"
	}
	if c.MaxConns == 0 {
		c.MaxConns = 10
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 30 * time.Second
	}
	if c.Password == nil {
		c.Password = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}
	}
	return c
}

func (c Config) pool() (*pgxpool.Config, error) {
	if c.DSN == "" {
		return nil, errors.New("the DSN of PostgreSQL is empty")
	}
	pool, err := pgxpool.ParseConfig(c.DSN)
	if err != nil {
		return nil, fmt.Errorf("the DSN of PostgreSQL cannot be read: %w", err)
	}
	pool.MaxConns = c.MaxConns
	pool.MaxConnIdleTime = 5 * time.Minute
	pool.ConnConfig.DialFunc = patientDial(pool.ConnConfig.DialFunc)
	pool.ConnConfig.RuntimeParams["application_name"] = "infrazen"
	pool.ConnConfig.RuntimeParams["timezone"] = "UTC"
	return pool, nil
}

// restartTime is how long a new connection waits for an engine that is being started again.
const restartTime = 3 * time.Second

// patientDial tries again while nobody listens, for as long as a restart of the engine takes.
func patientDial(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		until := time.Now().Add(restartTime)
		for {
			conn, err := dial(ctx, network, addr)
			if err == nil || !errors.Is(err, syscall.ECONNREFUSED) || time.Now().After(until) {
				return conn, err
			}
			select {
			case <-ctx.Done():
				return nil, err
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}
