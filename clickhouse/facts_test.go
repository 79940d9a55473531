package clickhouse

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

func TestSamplesAreAppendedOnce(t *testing.T) {
	s, a := openStore(t), account()
	sample := func(resource string, metric pipeline.MetricName, minute int, v float64) pipeline.Sample {
		return pipeline.Sample{ResourceID: resource, Metric: metric, Time: hour(3).Add(time.Duration(minute) * time.Minute), Value: v}
	}
	first := []pipeline.Sample{
		sample("a", pipeline.CPUPercent, 0, 12.345678901234567), sample("a", pipeline.CPUPercent, 5, 0.1),
		sample("a", pipeline.CPUPercent, 5, 99), sample("b", pipeline.MemoryUsedBytes, 5, 1<<40+1),
	}
	f := func(samples []pipeline.Sample, want int64) {
		t.Helper()
		got, err := s.AppendSamples(t.Context(), a, samples)
		if err != nil || got != want {
			t.Fatalf("appended %d, %v; want %d", got, err, want)
		}
	}
	f(first, 3)
	f(first, 0)
	f(append(first, sample("a", pipeline.CPUPercent, 61, 7)), 1)
	f(nil, 0)
	last, err := s.LastSamples(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]time.Time{"a": hour(4).Add(time.Minute), "b": hour(3).Add(5 * time.Minute)}
	if diff := cmp.Diff(want, last, equal()); diff != "" {
		t.Error(diff)
	}
	if _, err := s.AppendSamples(t.Context(), a, []pipeline.Sample{sample("a", pipeline.CPUPercent, 0, math.NaN())}); err == nil {
		t.Error("a value that is no number was kept")
	}
}

func state(id string, seen time.Time, change pipeline.ChangeKind) pipeline.ResourceState {
	return pipeline.ResourceState{
		Resource: pipeline.Resource{
			ID: id, Type: pipeline.Server, Name: "веб " + id, Status: "ACTIVE", Scope: "vps", ParentID: "p", ProjectID: "pr",
			ProjectName: "Project", RegionID: "ru-1", RegionName: "Москва", ZoneID: "a", VCPU: 2, MemoryBytes: 4 << 30,
			DiskBytes: 40 << 30, Tags: map[string]string{"env": "prod"}, Attributes: map[string]string{"ip": "10.0.0.1"},
			Volatile: map[string]string{"uptime": "5"}, CreatedAt: hour(-100),
			Rates:  []pipeline.Rate{{Component: "license", ServiceName: "VPS", Known: true, Amount: dec("0.1"), Currency: "RUB", Period: pipeline.PerDay, CostStatus: pipeline.Estimated}},
			Events: []pipeline.ResourceEvent{{Kind: pipeline.EventStarted, Time: hour(-99), Failed: true}},
		},
		ConnectionID: account().Connection, Change: change, SeenAt: seen,
		Changes: []pipeline.FieldChange{{Field: "status", Old: "a", New: "b"}},
	}
}

func TestStatesAndRateHistory(t *testing.T) {
	s, a := openStore(t), account()
	gone := state("b", hour(3), pipeline.ResourceDeleted)
	gone.DeletedAt = hour(2)
	bare := pipeline.ResourceState{Resource: pipeline.Resource{ID: "c"}, ConnectionID: a.Connection, SeenAt: hour(1), Change: pipeline.ResourceCreated}
	steps := [][]pipeline.ResourceState{
		{state("a", hour(1), pipeline.ResourceCreated), state("b", hour(1), pipeline.ResourceCreated), bare},
		{state("a", hour(2), pipeline.ResourceUpdated)},
		{gone},
		nil,
	}
	for i, changed := range steps {
		sync := collect.SyncRecord{At: hour(i + 1), Created: int64(len(changed)), Complete: i != 1, Scopes: []pipeline.ScopeResult{{Scope: "vps", Fault: &pipeline.Fault{Code: pipeline.FaultTimeout}}}}
		for range 2 {
			if err := s.AppendStates(t.Context(), a, sync, changed, "token"); err != nil {
				t.Fatal(err)
			}
		}
	}
	f := func(got []pipeline.ResourceState, err error, want ...pipeline.ResourceState) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" {
			t.Error(diff)
		}
	}
	got, err := s.States(t.Context(), a)
	f(got, err, steps[1][0], gone, bare)
	got, err = s.RateHistory(t.Context(), a, hour(2))
	f(got, err, steps[1][0], steps[0][1], gone, bare)
	got, err = s.RateHistory(t.Context(), a, hour(0))
	f(got, err, steps[0][0], steps[1][0], steps[0][1], gone, bare)
	syncs, err := s.Syncs(t.Context(), a.Tenant, a.Connection, 2)
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.SyncSummary{{ConnectionID: a.Connection, At: hour(4), Complete: true}, {ConnectionID: a.Connection, At: hour(3), Created: 1, Complete: true}}
	if diff := cmp.Diff(want, syncs, equal()); diff != "" {
		t.Error(diff)
	}
}

func TestAccountIsAppendedWhenItDiffers(t *testing.T) {
	s, a := openStore(t), account()
	number := func(text string) *decimal.Decimal { d := dec(text); return &d }
	days := int64(3)
	first := pipeline.AccountState{ObservedAt: hour(1), Currency: "RUB", Balance: number("100.50"), DaysToSuspension: &days, Attributes: map[string]string{"plan": "x"}}
	same := first
	same.ObservedAt, same.Balance = hour(2), number("100.5")
	other := first
	other.ObservedAt, other.Balance, other.DaysToSuspension, other.Attributes = hour(3), number("-0.01"), nil, nil
	for i, step := range []struct{ give, want pipeline.AccountState }{{first, first}, {same, first}, {other, other}} {
		if err := s.AppendAccount(t.Context(), a, step.give); err != nil {
			t.Fatal(err)
		}
		got, err := s.Balances(t.Context(), a.Tenant)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]pipeline.AccountBalance{{ConnectionID: a.Connection, AccountState: step.want}}, got, equal()); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
}
