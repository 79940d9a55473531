package clickhouse

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

// writeSchema makes the test write the schema of this version beside those of the released ones:
// go test ./clickhouse -run TestMigrateEveryReleasedSchema -write-schema 2.0.0
var writeSchema = flag.String("write-schema", "", "write the schema of this version under that name")

func TestMigrateIsIdempotentAndConcurrent(t *testing.T) {
	dsn := enginetest.Database(t)
	var wait sync.WaitGroup
	for range 4 {
		s := openRaw(t, dsn)
		for range 2 {
			wait.Go(func() {
				if err := s.Migrate(t.Context(), nil); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	if diff := cmp.Diff(schemaOf(t, openStore(t)), schemaOf(t, openRaw(t, dsn))); diff != "" {
		t.Error(diff)
	}
}

func TestMigrateRunsUnderTheLock(t *testing.T) {
	s := openRaw(t, enginetest.Database(t))
	held, calls := false, 0
	lock := func(ctx context.Context, run func(context.Context) error) error {
		calls++
		held = true
		defer func() { held = false }()
		if got := len(schemaOf(t, s)); got != 0 {
			t.Errorf("%d tables before the lock was held", got)
		}
		return run(ctx)
	}
	if err := s.Migrate(t.Context(), lock); err != nil || calls != 1 || held {
		t.Fatalf("%d calls of the lock, held %v, %v", calls, held, err)
	}
	refused := errors.New("refused")
	if err := s.Migrate(t.Context(), func(context.Context, func(context.Context) error) error { return refused }); !errors.Is(err, refused) {
		t.Errorf("a lock that is refused: %v", err)
	}
}

func TestMigrateMakesTheDatabase(t *testing.T) {
	e := enginetest.Shared(t)
	name := e.Database(t)
	e.Exec(t, "DROP DATABASE "+name+" SYNC")
	s := openRaw(t, e.DSN(name))
	if err := s.Migrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if len(schemaOf(t, s)) == 0 {
		t.Error("no tables")
	}
}

func TestMigrateRefusesANewerSchema(t *testing.T) {
	s := openStore(t)
	if err := s.conn.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, 1)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context(), nil); !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), "99999") {
		t.Errorf("a newer schema: %v", err)
	}
}

func TestRetentionFollowsTheSettings(t *testing.T) {
	dsn := enginetest.Database(t)
	for _, days := range []int{90, 30, 45} {
		s := openRaw(t, dsn)
		s.cfg.SampleDays = days
		for range 2 {
			if err := s.Migrate(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if ddl := schemaOf(t, s)["samples"]; !strings.Contains(ddl, fmt.Sprintf("TTL ts + toIntervalDay(%d)", days)) {
			t.Errorf("%d days are not in %s", days, ddl)
		}
	}
}

// schemaOf gives how every table of the store's database is made, without what differs from database to database.
func schemaOf(tb testing.TB, s *Store) map[string]string {
	tb.Helper()
	rows, err := s.conn.Query(tb.Context(), "SELECT name, replaceAll(create_table_query, currentDatabase(), 'db') FROM system.tables WHERE database IN (currentDatabase(), concat(currentDatabase(), '_analyst'))")
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]string{}
	for rows.Next() {
		var name, ddl string
		if err := rows.Scan(&name, &ddl); err != nil {
			tb.Fatal(err)
		}
		if strings.HasPrefix(ddl, "CREATE VIEW") {
			name = "analyst." + name
		}
		out[name] = ddl
	}
	if err := rows.Err(); err != nil {
		tb.Fatal(err)
	}
	return out
}

// TestMigrateEveryReleasedSchema makes a database of each schema in testdata/schemas, migrates it, and compares it with a new one.
func TestMigrateEveryReleasedSchema(t *testing.T) {
	if *writeSchema != "" {
		dumpSchema(t, filepath.Join("testdata", "schemas", *writeSchema+".sql"))
	}
	fresh := schemaOf(t, openStore(t))
	files, err := filepath.Glob(filepath.Join("testdata", "schemas", "*.sql"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no released schemas: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		e := enginetest.Shared(t)
		name := e.Database(t)
		for statement := range strings.SplitSeq(string(text), ";\n\n") {
			if statement = strings.TrimSpace(strings.ReplaceAll(statement, "{{database}}", name)); statement != "" {
				e.Exec(t, statement)
			}
		}
		s := openRaw(t, e.DSN(name))
		if err := s.Migrate(t.Context(), nil); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if diff := cmp.Diff(fresh, schemaOf(t, s)); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
		if lines := held(t, s, account(), twoMonths()); len(lines) != 1 {
			t.Errorf("%s: %d lines are left of 1", file, len(lines))
		}
	}
}

// dumpSchema writes the schema with a charge in it, so that a migration of data is tested too.
func dumpSchema(t *testing.T, file string) {
	t.Helper()
	s := openStore(t)
	var b strings.Builder
	b.WriteString("CREATE DATABASE IF NOT EXISTS {{database}}_analyst;\n\n")
	schema := schemaOf(t, s)
	// Tables come before the views on them.
	for _, views := range []bool{false, true} {
		for _, name := range slices.Sorted(maps.Keys(schema)) {
			if strings.HasPrefix(name, "analyst.") == views {
				b.WriteString(strings.ReplaceAll(strings.ReplaceAll(schema[name], " db.", " {{database}}."), " db_analyst.", " {{database}}_analyst.") + ";\n\n")
			}
		}
	}
	rows, err := s.conn.Query(t.Context(), "SELECT DISTINCT version_id FROM goose_db_version ORDER BY version_id")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var version int64
		if err := rows.Scan(&version); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "INSERT INTO {{database}}.goose_db_version (version_id, is_applied) VALUES (%d, 1);\n\n", version)
	}
	b.WriteString("INSERT INTO {{database}}.charges (tenant_id, connection_id, source, seen_at, line_key, ChargePeriodStart, ChargePeriodEnd, BillingCurrency, cost_status, line_count, BilledCost) VALUES ('" +
		string(account().Tenant) + "', '" + string(account().Connection) + "', 'accrual', 1761940800, unhex('000102030405060708090a0b0c0d0e0f'), 1793477000, 1793480600, 'RUB', 'billed', 1, 1.5);\n")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestClusterSchema(t *testing.T) {
	files, err := renderMigrations(names{database: "infrazen", analyst: "analyst", cluster: "prod"})
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	if err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		all.Write(text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	text := all.String()
	for _, want := range []string{
		"CREATE TABLE IF NOT EXISTS infrazen.charges_local ON CLUSTER prod (",
		"ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/infrazen/charges_local', '{replica}')",
		"ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/infrazen/samples_hourly_local', '{replica}', samples)",
		"CREATE TABLE IF NOT EXISTS infrazen.charges ON CLUSTER prod AS infrazen.charges_local\nENGINE = Distributed(prod, infrazen, charges_local, cityHash64(tenant_id))",
		"SETTINGS replicated_deduplication_window = 10000",
		"CREATE DATABASE IF NOT EXISTS analyst ON CLUSTER prod",
		"CREATE OR REPLACE VIEW analyst.charges ON CLUSTER prod AS",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the schema of a cluster lacks %q", want)
		}
	}
	if strings.Contains(text, "non_replicated") || strings.Contains(text, "{{") {
		t.Error("the schema of a cluster has what is for one server, or what was not filled in")
	}
}
