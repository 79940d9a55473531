package bench

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
)

//go:embed lines.sql
var linesSQL string

//go:embed world.sql
var worldSQL string

// World is how much is loaded.
type World struct {
	Tenants, Resources, Hours int
	From                      time.Time
}

// Full is 36 million charges: 50,000 resources of 100 tenants over the 30 days of a month.
func Full() World {
	return World{Tenants: 100, Resources: 500, Hours: 720, From: time.Date(2026, 10, 31, 21, 0, 0, 0, time.UTC).AddDate(0, 0, -30)}
}

// Tenant is the n-th tenant of a world.
func Tenant(n int) pipeline.TenantID {
	return pipeline.TenantID(fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
}

// To is the end of the world's time.
func (w World) To() time.Time { return w.From.Add(time.Duration(w.Hours) * time.Hour) }

// load fills the table charges of the connection's database, a few tenants at a time.
func (w World) load(ctx context.Context, conn driver.Conn) error {
	if err := conn.Exec(ctx, linesSQL, ch.Named("tenants", w.Tenants), ch.Named("resources", w.Resources)); err != nil {
		return fmt.Errorf("cannot make the lines: %w", err)
	}
	const step = 10
	for first := 0; first < w.Tenants; first += step {
		err := conn.Exec(ch.Context(ctx, ch.WithSettings(ch.Settings{"min_insert_block_size_rows": 2_000_000, "min_insert_block_size_bytes": 0})), worldSQL, ch.Named("from", w.From.Unix()), ch.Named("hours", w.Hours), ch.Named("first", first), ch.Named("last", first+step))
		if err != nil {
			return fmt.Errorf("cannot load the charges: %w", err)
		}
	}
	if err := conn.Exec(ctx, "OPTIMIZE TABLE charges FINAL"); err != nil {
		return fmt.Errorf("cannot merge the charges: %w", err)
	}
	return nil
}
