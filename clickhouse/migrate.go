package clickhouse

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"
	"text/template"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// ErrNewerSchema says that the database was made by a newer InfraZen than this one.
var ErrNewerSchema = errors.New("the database of ClickHouse was made by a newer version of InfraZen: start that version, or restore a backup")

// Lock runs a function while no other process does so: a PostgreSQL advisory lock, for one.
type Lock func(ctx context.Context, run func(context.Context) error) error

// Migrate brings the database to this program's schema, making it when it is missing. Only one process does so at a
// time under the lock; without a lock (nil) concurrent starters do no harm either, because every step is idempotent.
// It fails with ErrNewerSchema when the database is newer than the program.
func (s *Store) Migrate(ctx context.Context, lock Lock) error {
	s.migrate.Lock()
	defer s.migrate.Unlock()
	if lock == nil {
		return s.migrateAll(ctx)
	}
	if err := lock(ctx, s.migrateAll); err != nil {
		return fmt.Errorf("cannot migrate ClickHouse under the lock: %w", err)
	}
	return nil
}

func (s *Store) migrateAll(ctx context.Context) error {
	if err := s.createDatabase(ctx); err != nil {
		return fmt.Errorf("%w; check the setting %s", err, s.cfg.DSNSetting)
	}
	files, err := renderMigrations(s.names())
	if err != nil {
		return err
	}
	if err := s.do(ctx, "migrate", func(ctx context.Context) error { return s.up(ctx, files) }); err != nil {
		return err
	}
	return s.applyRetention(ctx)
}

// createDatabase makes the database of the DSN. A session needs a database that exists, so it is asked from "default".
func (s *Store) createDatabase(ctx context.Context) error {
	options := *s.options
	options.Auth.Database = "default"
	conn, err := ch.Open(&options)
	if err != nil {
		return fmt.Errorf("cannot open ClickHouse: %w", redact(err))
	}
	defer func() { _ = conn.Close() }()
	return s.do(ctx, "create_database", func(ctx context.Context) error {
		return conn.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+s.Database()+" "+s.names().OnCluster())
	})
}

func (s *Store) up(ctx context.Context, files fs.FS) error {
	db := ch.OpenDB(s.options)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectClickHouse, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("cannot read the migrations: %w", err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the version of the schema: %w", err)
	}
	if current > target {
		return fmt.Errorf("%w (schema %d, this version knows %d)", ErrNewerSchema, current, target)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("cannot migrate from schema %d: %w", current, err)
	}
	if len(results) > 0 {
		s.log.InfoContext(ctx, "clickhouse migrated", "from", current, "to", target, "steps", len(results))
	}
	return nil
}

// applyRetention sets for how long samples are kept, when that differs from what holds.
func (s *Store) applyRetention(ctx context.Context) error {
	var ddl string
	if err := s.do(ctx, "table_ddl", func(ctx context.Context) error {
		return s.conn.QueryRow(ctx, s.texts["table_ddl"], args{"table": s.names().local("samples")}.named()...).Scan(&ddl)
	}); err != nil {
		return err
	}
	ttl := fmt.Sprintf("ts + toIntervalDay(%d)", s.cfg.SampleDays)
	if strings.Contains(ddl, "TTL "+ttl) {
		return nil
	}
	return s.execText(ctx, "set_retention", "ALTER TABLE "+s.names().Local("samples")+" MODIFY TTL "+ttl, nil, ch.Settings{"materialize_ttl_after_modify": 0})
}

// names are the words of DDL that depend on where the tables are.
type names struct {
	database, analyst, cluster string
}

func (s *Store) names() names {
	n := names{database: s.Database(), analyst: s.cfg.Analyst, cluster: s.cfg.Cluster}
	if n.analyst == "" {
		n.analyst = n.database + "_analyst"
		if n.database == "default" || n.database == "infrazen" {
			n.analyst = "analyst"
		}
	}
	return n
}

func (n names) local(table string) string {
	if n.cluster != "" {
		return table + "_local"
	}
	return table
}

// OnCluster is the clause that runs DDL on every server, empty without a cluster.
func (n names) OnCluster() string {
	if n.cluster != "" {
		return "ON CLUSTER " + n.cluster
	}
	return ""
}

// Local names the table that holds the rows, with the clause of the cluster.
func (n names) Local(table string) string {
	return strings.TrimSpace(n.database + "." + n.local(table) + " " + n.OnCluster())
}

// Engine is a table engine, replicated on a cluster. The second argument is the engine's own parameter, if any.
func (n names) Engine(table, engine string, parameters ...string) string {
	if n.cluster != "" {
		engine = "Replicated" + engine
		parameters = append([]string{"'/clickhouse/tables/{shard}/" + n.database + "/" + n.local(table) + "'", "'{replica}'"}, parameters...)
	}
	return engine + "(" + strings.Join(parameters, ", ") + ")"
}

// Dedup is the setting that remembers the tokens of the last inserts.
func (n names) Dedup() string {
	if n.cluster != "" {
		return "replicated_deduplication_window"
	}
	return "non_replicated_deduplication_window"
}

// Distributed makes the table over all shards, by tenant or by another column; without a cluster it does nothing.
func (n names) Distributed(table string, by ...string) string {
	if n.cluster == "" {
		return "SELECT 1"
	}
	column := "tenant_id"
	if len(by) > 0 {
		column = by[0]
	}
	return fmt.Sprintf("CREATE TABLE IF NOT EXISTS %[1]s.%[2]s %[3]s AS %[1]s.%[4]s\nENGINE = Distributed(%[5]s, %[1]s, %[4]s, cityHash64(%[6]s))",
		n.database, table, n.OnCluster(), n.local(table), n.cluster, column)
}

func renderMigrations(n names) (fs.FS, error) {
	functions := template.FuncMap{
		"local": n.Local, "engine": n.Engine, "dedup": n.Dedup, "distributed": n.Distributed, "onCluster": n.OnCluster,
		"analyst": func() string { return n.analyst }, "database": func() string { return n.database },
	}
	parsed, err := template.New("").Funcs(functions).ParseFS(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("cannot read the migrations: %w", err)
	}
	out := fstest.MapFS{}
	for _, t := range parsed.Templates() {
		if t.Tree == nil || t.Name() == "" {
			continue
		}
		var text bytes.Buffer
		if err := t.Execute(&text, nil); err != nil {
			return nil, fmt.Errorf("cannot render the migration %s: %w", t.Name(), err)
		}
		out[t.Name()] = &fstest.MapFile{Data: text.Bytes()}
	}
	return out, nil
}
