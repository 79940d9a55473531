package killtest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collectbench"
)

// BenchmarkCollect beside plain appends of the same rows into the same table.
func BenchmarkCollect(b *testing.B) {
	s := &stage{ClickHouse: enginetest.Database(b)}
	facts, err := s.facts(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = facts.Close() }()
	if err := facts.Migrate(b.Context(), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		n := time.Now().UnixNano()
		one, two := collect.Account{Tenant: "one", Connection: pipeline.ConnectionID(fmt.Sprint(n))}, collect.Account{Tenant: "two", Connection: pipeline.ConnectionID(fmt.Sprint(n))}
		plain := func(ctx context.Context, a collect.Account, rows []pipeline.Charge) error {
			sl := pipeline.Slice{Source: "bench", From: rows[0].Start, To: rows[0].End}
			return facts.Append(ctx, a, sl, time.Now(), fmt.Sprint(n, sl.From), rows)
		}
		f, err := collectbench.Run(b.Context(), facts, plain, one, two, collectbench.DefaultConfig())
		if err != nil {
			b.Fatal(err)
		}
		if f.AppendedAgain != 0 {
			b.Errorf("collecting the same again appended %d rows", f.AppendedAgain)
		}
		b.ReportMetric(f.Collected, "collected-rows/s")
		b.ReportMetric(f.Plain, "plain-rows/s")
		b.ReportMetric(f.Again, "again-rows/s")
		b.ReportMetric(f.Ratio(), "ratio")
	}
}
