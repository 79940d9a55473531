package clickhouse

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/clickhouse/costtest"
	"github.com/infrazen/infrazen/pipeline"
)

// TestCostsOfManyGroups asks what has more cells than are folded up here.
func TestCostsOfManyGroups(t *testing.T) {
	s, a := openStore(t), account()
	var rows []costtest.Row
	lines := make([]pipeline.Charge, maxCells+500)
	for i := range lines {
		lines[i] = charge(i%40, fmt.Sprint("r", i), fmt.Sprintf("%d.5", i%977))
		rows = append(rows, costtest.Row{Account: a, Source: "x", SeenAt: hour(50), Charge: lines[i]})
	}
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, hour(50), "t", lines); err != nil {
		t.Fatal(err)
	}
	q := pipeline.CostQuery{From: hour(0), To: hour(48), Zone: "UTC", Metric: pipeline.MetricBilledCost, GroupBy: []pipeline.Dimension{pipeline.DimResource}, Top: 5}
	for _, compare := range []pipeline.Comparison{pipeline.CompareNone, pipeline.ComparePrevious} {
		q.Compare = compare
		got, err := s.Costs(t.Context(), a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		want, err := costtest.Costs(rows, a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestCostsRefuseAWrongQuestion(t *testing.T) {
	s := openStore(t)
	_, err := s.Costs(t.Context(), "t", pipeline.CostQuery{From: hour(1), To: hour(0), Zone: "UTC"})
	var wrong *pipeline.QueryError
	if !errors.As(err, &wrong) || wrong.Field != "to" {
		t.Errorf("error %v, want one that names the field to", err)
	}
}
