// Package wire puts InfraZen's parts together as the settings say: what the three services and the one process of a laptop share.
package wire

import (
	"context"
	"errors"
	"fmt"

	"github.com/infrazen/infrazen/clickhouse"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/providers"
)

// Stores are the two stores, open.
type Stores struct {
	Facts  *clickhouse.Store
	People *postgres.Store
}

// OpenPeople opens PostgreSQL.
func OpenPeople(ctx context.Context, env boot.Env) (*postgres.Store, error) {
	s := env.Settings
	if s.Postgres.DSN == "" {
		return nil, fmt.Errorf("no PostgreSQL is set: set %s to postgres://user:password@host:5432/database", boot.EnvName("postgres.dsn"))
	}
	key, err := boot.ReadKey(s.KeyFile)
	if err != nil {
		return nil, err
	}
	return postgres.Open(ctx, postgres.Config{
		DSN: s.Postgres.DSN, Key: key, KeySetting: "key_file (" + boot.EnvName("key_file") + ")",
	}, env.Log, env.Registry)
}

// OpenStores opens both stores and brings their schemas to this version; several programs may do so at once.
func OpenStores(ctx context.Context, env boot.Env) (*Stores, error) {
	s := env.Settings
	if s.ClickHouse.DSN == "" {
		return nil, fmt.Errorf("no ClickHouse is set: set %s to clickhouse://user:password@host:9000/database", boot.EnvName("clickhouse.dsn"))
	}
	people, err := OpenPeople(ctx, env)
	if err != nil {
		return nil, err
	}
	cfg := clickhouse.DefaultConfig()
	cfg.DSN, cfg.Cluster = s.ClickHouse.DSN, s.ClickHouse.Cluster
	facts, err := clickhouse.Open(ctx, cfg, env.Log, env.Registry)
	if err != nil {
		people.Close()
		return nil, err
	}
	stores := &Stores{Facts: facts, People: people}
	if err := stores.migrate(ctx); err != nil {
		return nil, errors.Join(err, stores.Close())
	}
	return stores, nil
}

func (s *Stores) migrate(ctx context.Context) error {
	if err := s.People.Migrate(ctx); err != nil {
		return err
	}
	if err := s.People.CheckKey(ctx); err != nil {
		return err
	}
	return s.Facts.Migrate(ctx, s.People.Exclusively)
}

// Close closes both.
func (s *Stores) Close() error {
	s.People.Close()
	return s.Facts.Close()
}

// Asker answers cost questions from both stores.
func (s *Stores) Asker() *ask.Asker { return &ask.Asker{Costs: s.Facts, Freshness: s.People} }

// Accounts tells what is known of the money on accounts.
func (s *Stores) Accounts(settings boot.Settings) *ask.Accounts {
	return &ask.Accounts{Costs: s.Facts, Balances: s.Facts, Work: s.People, Rules: ask.Rules(Providers(settings))}
}

// Checks are what must answer for a program to be ready.
func (s *Stores) Checks() []boot.Check {
	return []boot.Check{{Name: "postgres", Ping: s.People.Ping}, {Name: "clickhouse", Ping: s.Facts.Ping}}
}

// Providers are the kinds of connection, as the settings allow.
func Providers(s boot.Settings) []pipeline.Provider {
	return providers.All(providers.Options{FolderRoot: s.Focus.FolderRoot})
}
