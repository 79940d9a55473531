package collect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// BenchmarkAccrual works out 90 days of hours of 29 resources.
func BenchmarkAccrual(b *testing.B) {
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		b.Fatal(err)
	}
	through := at("2026-11-23 10:00:00")
	a := &collect.Accrual{Provider: "Beget", Zone: zone, NotBefore: through.AddDate(0, 0, -90), Through: through}
	lines := 0
	for b.Loop() {
		lines = 0
		for i := range 29 {
			s := state("2026-11-23 10:00:00", "2026-07-01 12:34:56", rate("420.5", pipeline.PerDay))
			s.ID = fmt.Sprint(i)
			lines += len(a.Charges([]pipeline.ResourceState{s}, a.NotBefore, through))
		}
	}
	b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
