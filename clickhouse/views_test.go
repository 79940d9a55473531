package clickhouse

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
)

// TestAnalystViews looks at the facts through the views as an analyst does: FOCUS names and types, NULL for what is not given.
func TestAnalystViews(t *testing.T) {
	s := openStore(t)
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -10)
	a := account()
	fillTenant(t, s, a, "own", start)
	c := charge(1, "r", "2.5")
	c.EffectiveCost, c.ListUnitPrice, c.BillingPeriodStart, c.Tags = dec("2.25"), "", time.Time{}, nil
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "y"}, start, "t", []pipeline.Charge{c}); err != nil {
		t.Fatal(err)
	}
	views := s.names().analyst
	f := func(statement, want string) {
		t.Helper()
		var got string
		if err := s.conn.QueryRow(t.Context(), "SELECT toString(tuple("+statement).Scan(&got); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", statement, diff)
		}
	}
	f("BilledCost, EffectiveCost, ListUnitPrice, BillingPeriodStart, RegionName, ServiceName, Tags, x_cost_status)) FROM "+views+".charges WHERE x_source = 'y'",
		`(2.5,2.25,NULL,NULL,NULL,'VPS',{},'estimated')`)
	f("BilledCost, ListUnitPrice, Tags['own'])) FROM "+views+".charges WHERE x_source = 'x'", `(1,1.5,'own')`)
	f("ResourceId, metric, value)) FROM "+views+".samples", `('shared','own',1)`)
	f("ResourceId, average, greatest, least, samples)) FROM "+views+".samples_hourly", `('shared',1,1,1,1)`)
	f("ResourceId, ResourceName, deleted_at, memory_bytes, Tags['env'])) FROM "+views+".resource_states", `('shared','own',NULL,4294967296,'prod')`)
	f("BillingCurrency, balance, bonus)) FROM "+views+".balances", `('own',1,NULL)`)
	f("arrayStringConcat(groupArray(c), ' '))) FROM (SELECT arrayJoin([toTypeName(BilledCost), toTypeName(ResourceId), toTypeName(Tags), toTypeName(ChargePeriodStart)]) AS c FROM (SELECT * FROM "+views+".charges LIMIT 1))",
		`('Decimal(38, 18) LowCardinality(Nullable(String)) Map(String, String) DateTime(\'UTC\')')`)
}
