package embedded_test

import (
	"context"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

func BenchmarkStatement(b *testing.B) {
	conn := openGo(b, enginetest.Database(b), func(o *clickhouse.Options) { o.MaxOpenConns, o.MaxIdleConns = 8, 8 })
	ask := func(b *testing.B) {
		var n uint64
		if err := conn.QueryRow(context.Background(), "SELECT count() FROM numbers(1000)").Scan(&n); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("one client", func(b *testing.B) {
		for b.Loop() {
			ask(b)
		}
	})
	b.Run("eight clients", func(b *testing.B) {
		b.SetParallelism(4)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ask(b)
			}
		})
	})
}

func BenchmarkMillionRows(b *testing.B) {
	conn := openGo(b, enginetest.Database(b))
	for b.Loop() {
		rows, err := conn.Query(context.Background(), "SELECT number, toString(number) FROM numbers(1000000)")
		if err != nil {
			b.Fatal(err)
		}
		var n uint64
		var s string
		for rows.Next() {
			if err := rows.Scan(&n, &s); err != nil {
				b.Fatal(err)
			}
		}
		_ = rows.Close()
	}
}
