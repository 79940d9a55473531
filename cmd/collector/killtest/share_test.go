package killtest

import (
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

// Three collectors share the work of one stand-in over the real stores: each window is collected once, and the connections of
// its one account cost the same.
func TestThreeCollectorsShareOneStandIn(t *testing.T) {
	th := open(t, 1)
	sim := httptest.NewServer(begetsim.New(begetsim.Config{Seed: 1, LegacyLimit: -1, PageSize: 50}))
	t.Cleanup(sim.Close)
	tenant, err := th.windows.CreateTenant(t.Context(), "shared", "Europe/Moscow", "RUB")
	if err != nil {
		t.Fatal(err)
	}
	var connections []pipeline.Connection
	a := begetsim.Demo()[1]
	for i := range 4 {
		c, err := th.windows.CreateConnection(t.Context(), tenant.ID, pipeline.Connection{
			Kind: beget.Kind, Name: fmt.Sprint(a.Title, " ", i), Settings: map[string]string{beget.FieldLogin: a.Login, beget.FieldAddress: sim.URL},
		}, map[string]string{beget.FieldPassword: a.Password, beget.FieldAPIPassword: a.APIPassword})
		if err != nil {
			t.Fatal(err)
		}
		connections = append(connections, c)
	}
	collectors := th.three(t)
	if err := collectors[0].PlanAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	for planned := int64(-1); planned != 0; {
		var wg sync.WaitGroup
		for _, c := range collectors {
			wg.Go(func() { c.CollectDue(t.Context()) })
		}
		wg.Wait()
		planned = th.unfinished(t, tenant.ID)
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
	runs, holders := map[int64]int{}, map[string]int{}
	for _, c := range connections {
		list, err := th.windows.RunsOf(t.Context(), tenant.ID, c.ID, 200)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			runs[r.WindowID]++
			holders[r.Holder]++
		}
	}
	for id, n := range runs {
		if n != 1 {
			t.Errorf("window %d was collected %d times", id, n)
		}
	}
	if len(runs) < 100 || len(holders) != 3 {
		t.Errorf("%d windows were collected by %v", len(runs), holders)
	}
	th.costAlike(t, tenant.ID, connections)
}

// three are collectors with names of their own that take one window at a time, so that none can have them all.
func (th *theatre) three(t *testing.T) []*collect.Collector {
	t.Helper()
	var out []*collect.Collector
	for _, name := range []string{"one", "two", "three"} {
		own := *th.stage
		own.Holder, own.Workers = name, 1
		c, err := own.collector(unpaced{th.windows}, th.facts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.CloseIdle(t.Context()) })
		out = append(out, c)
	}
	return out
}

func (th *theatre) unfinished(t *testing.T, tenant pipeline.TenantID) (n int64) {
	t.Helper()
	statuses, err := th.windows.Statuses(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statuses {
		n += s.WindowsTotal - s.WindowsDone
	}
	return n
}

// costAlike wants all connections to have the same whole days, to the last digit.
func (th *theatre) costAlike(t *testing.T, tenant pipeline.TenantID, connections []pipeline.Connection) {
	t.Helper()
	today := time.Now().UTC().Truncate(24 * time.Hour)
	a, err := th.facts.Costs(t.Context(), tenant, pipeline.CostQuery{
		From: today.AddDate(0, 0, -30), To: today, Zone: "UTC", Step: pipeline.StepDay, GroupBy: []pipeline.Dimension{pipeline.DimConnection}, Metric: pipeline.MetricBilledCost,
	})
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]string{}
	for _, g := range a.Groups {
		series[g.Keys[0].Value] = fmt.Sprint(g.Series)
	}
	first := series[string(connections[0].ID)]
	for _, c := range connections {
		if got := series[string(c.ID)]; got == "" || got != first {
			t.Errorf("%s costs\n%s\nand the first\n%s", c.Name, got, first)
		}
	}
}
