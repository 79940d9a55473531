package world_test

import (
	"slices"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// TestSelectelDemoCostsWhatIsSaid adds up 30 days of both accounts, near the end of the first hundred.
func TestSelectelDemoCostsWhatIsSaid(t *testing.T) {
	for i, a := range world.DemoSelectel(7, start()) {
		want := []int64{166_600, 104_300}[i]
		from := start().AddDate(0, 0, 68)
		got := a.Cost(from, from.AddDate(0, 0, 30), time.Time{})
		limit := decimal.NewFromInt(want).Mul(decimal.RequireFromString("0.02"))
		if got.Sub(decimal.NewFromInt(want)).Abs().GreaterThan(limit) {
			t.Errorf("%s costs %s in 30 days, want about %d", a.Title, got.StringFixed(2), want)
		}
	}
}

// TestSelectelDemoHasItsNames looks for everything that the demo is said to have, and for the stories.
func TestSelectelDemoHasItsNames(t *testing.T) {
	names := [][]string{
		{
			"api-backend-prod-01", "db-postgres-prod-01", "postgres-data-volume", "k8s-worker-01", "k8s-worker-02", "k8s-master-01", "lb-prod-01",
			"s3-cdn-static", "archive-cold-storage", "snapshot-storage", "analytics-etl-01", "app-cache-redis", "eip-01",
		},
		{
			"web-frontend-01", "web-frontend-02", "db-mysql-staging", "dev-k8s-node-01", "dev-k8s-node-02", "s3-media-bucket", "test-runner-01",
			"ci-runner-spot", "load-balancer-dev", "vpn-gateway", "pg-backup-volume", "misc-egress-and-ips",
		},
	}
	incidents := [][]world.IncidentKind{
		{world.LevelShift, world.CostSpike, world.Drift}, {world.ForgottenDisk, world.IdleMachine},
	}
	for i, a := range world.DemoSelectel(7, start()) {
		there, ids := map[string]bool{}, map[string]bool{}
		for _, r := range a.All() {
			if ids[r.ID] {
				t.Errorf("%s stands twice", r.ID)
			}
			ids[r.ID] = true
		}
		for _, thing := range a.Inventory(start().AddDate(0, 0, 99)) {
			there[thing.Name] = true
		}
		for _, n := range names[i] {
			if !there[n] {
				t.Errorf("%s has no %s", a.Title, n)
			}
		}
		for _, k := range incidents[i] {
			j := slices.IndexFunc(a.Incidents, func(in world.Incident) bool { return in.Kind == k })
			if j < 0 || !ids[a.Incidents[j].ResourceID] {
				t.Errorf("%s has no %s", a.Title, k)
			}
		}
	}
}
