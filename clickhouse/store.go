// Package clickhouse keeps the facts of InfraZen in ClickHouse: the ledger of charges, samples, states of resources
// and balances. It is the only package that speaks to ClickHouse; a server and the embedded engine are the same to it.
//
// Every statement starts with a tenant, and every value in it is bound.
package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline/collect"
)

// Store is the store of facts. It may be used by many goroutines at once.
type Store struct {
	cfg     Config
	options *ch.Options
	conn    driver.Conn
	log     *slog.Logger
	metrics *metrics
	texts   map[string]string
	migrate sync.Mutex
	small   gathering
	sending sync.WaitGroup
	joined  joined
}

var _ collect.Ledger = (*Store)(nil)

// Open checks the settings and makes a store. It does not wait for the server: Ping tells whether it answers.
func Open(_ context.Context, cfg Config, logger *slog.Logger, registry prometheus.Registerer) (*Store, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	options, err := parseDSN(cfg)
	if err != nil {
		return nil, fmt.Errorf("%w; check the setting %s", err, cfg.DSNSetting)
	}
	texts, err := readQueries()
	if err != nil {
		return nil, err
	}
	m, err := newMetrics(registry)
	if err != nil {
		return nil, err
	}
	conn, err := ch.Open(options)
	if err != nil {
		return nil, fmt.Errorf("cannot open ClickHouse: %w", redact(err))
	}
	s := &Store{cfg: cfg, options: options, conn: conn, log: logger, metrics: m, texts: texts}
	s.joined = s.joinedQuestions()
	return s, nil
}

func parseDSN(cfg Config) (*ch.Options, error) {
	options, err := ch.ParseDSN(cfg.DSN)
	if scheme, _, _ := strings.Cut(cfg.DSN, "://"); err == nil && !slices.Contains([]string{"http", "https", "clickhouse", "tcp", "native"}, scheme) {
		err = errors.New("it must begin with http://, https:// or clickhouse://")
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the address of ClickHouse: %w", redact(err))
	}
	if options.Auth.Database == "" {
		options.Auth.Database = "default"
	}
	if !regexp.MustCompile(identifier).MatchString(options.Auth.Database) {
		return nil, fmt.Errorf("cannot read the address of ClickHouse: database %q is not a plain name of letters, digits and _", options.Auth.Database)
	}
	options.MaxOpenConns, options.MaxIdleConns = cfg.MaxConns, cfg.MaxConns
	options.ConnMaxLifetime = 12 * time.Hour
	options.BlockBufferSize = 4
	return options, nil
}

// redact keeps the password of an address out of an error.
func redact(err error) error {
	var bad *url.Error
	if errors.As(err, &bad) {
		return fmt.Errorf("%s: %w", bad.Op, bad.Err)
	}
	return err
}

// Database is the database that the store works in.
func (s *Store) Database() string { return s.options.Auth.Database }

// Ping asks the server whether it is there, once.
func (s *Store) Ping(ctx context.Context) error {
	var one uint8
	if err := s.conn.QueryRow(ctx, "SELECT 1").Scan(&one); err != nil {
		return fmt.Errorf("cannot reach ClickHouse: %w", redact(err))
	}
	return nil
}

// Close ends the connections.
func (s *Store) Close() error {
	s.sending.Wait()
	if err := s.conn.Close(); err != nil {
		return fmt.Errorf("cannot close ClickHouse: %w", err)
	}
	return nil
}
