package embedded_test

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

func open(t *testing.T, dsn string) clickhouse.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestClickHouseGo(t *testing.T) {
	ctx := context.Background()
	conn := open(t, enginetest.Database(t))
	if err := conn.Exec(ctx, "CREATE TABLE t (a UInt32, b String, c Decimal(38, 12)) ENGINE = MergeTree ORDER BY a"); err != nil {
		t.Fatal(err)
	}
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (a, b)")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if err := batch.Append(uint32(i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var rows []struct {
		A uint64 `ch:"n"`
		B string `ch:"b"`
	}
	if err := conn.Select(ctx, &rows, "SELECT count() AS n, b FROM t WHERE a >= ? GROUP BY b", 10); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(uint64(990), rows[0].A); diff != "" {
		t.Error(diff)
	}
}
