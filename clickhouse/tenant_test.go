package clickhouse

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// fillTenant gives a tenant facts of every kind. The tenants share the connection's and the resource's ids.
func fillTenant(t *testing.T, s *Store, a collect.Account, own string, start time.Time) {
	t.Helper()
	c := charge(0, "shared", "1")
	c.Start, c.End, c.BillingPeriodStart = start, start.Add(time.Hour), start
	c.ResourceName, c.ServiceName, c.Tags = own, own, map[string]string{own: own}
	odd := c
	odd.ResourceType, odd.Unrecognised = own, true
	st := state("shared", start, pipeline.ResourceCreated)
	st.Type = pipeline.ResourceType(own)
	st.Name = own
	sample := pipeline.Sample{ResourceID: "shared", Metric: pipeline.MetricName(own), Time: start, Value: 1}
	balance := dec("1")
	_, samplesErr := s.AppendSamples(t.Context(), a, []pipeline.Sample{sample})
	for _, err := range []error{
		s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, start, own, []pipeline.Charge{c, odd}),
		s.AppendStates(t.Context(), a, collect.SyncRecord{At: start, Created: int64(len(own))}, []pipeline.ResourceState{st}, own),
		s.AppendAccount(t.Context(), a, pipeline.AccountState{ObservedAt: start, Currency: own, Balance: &balance}),
		samplesErr,
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// reads calls every method that reads facts, by its name, for a tenant.
func reads(t *testing.T, s *Store, a collect.Account, start time.Time) map[string]func() (any, error) {
	t.Helper()
	ctx, sl := t.Context(), pipeline.Slice{Source: "x"}
	c := charge(0, "shared", "1")
	end := start.AddDate(0, 0, 1)
	return map[string]func() (any, error){
		"Held": func() (any, error) {
			var out []collect.HeldLine
			err := s.Held(ctx, a, sl, func(l collect.HeldLine) error { out = append(out, l); return nil })
			return out, err
		},
		"SliceRows": func() (any, error) {
			all, fresh, err := s.SliceRows(ctx, a, sl, start)
			return []int64{all, fresh}, err
		},
		"Lines":       func() (any, error) { return s.Lines(ctx, a, sl, []collect.LineID{idOfCharge(c)}) },
		"FilePeriods": func() (any, error) { return s.FilePeriods(ctx, a, nil) },
		"LastSamples": func() (any, error) { return s.LastSamples(ctx, a) },
		"States":      func() (any, error) { return s.States(ctx, a) },
		"RateHistory": func() (any, error) { return s.RateHistory(ctx, a, start.Add(-time.Hour)) },
		"Costs": func() (any, error) {
			return s.Costs(ctx, a.Tenant, pipeline.CostQuery{
				From: start.AddDate(0, 0, -1), To: end, Zone: "Europe/Moscow", GroupBy: []pipeline.Dimension{pipeline.DimResource, pipeline.DimService},
				// A filter that would let everything through if it were not held together with the tenant.
				Filter: &pipeline.Filter{Op: pipeline.OpOr, Args: []pipeline.Filter{{Op: pipeline.OpAnd}, {Op: pipeline.OpEquals, Dimension: pipeline.DimService, Values: []string{"') OR 1=1 --"}}}},
			})
		},
		"Resources":       func() (any, error) { return s.Resources(ctx, a.Tenant, pipeline.ResourceQuery{Deleted: true}) },
		"Resource":        func() (any, error) { return s.Resource(ctx, a.Tenant, a.Connection, "shared") },
		"ResourceHistory": func() (any, error) { return s.ResourceHistory(ctx, a.Tenant, a.Connection, "shared") },
		"Unrecognised": func() (any, error) {
			return s.Unrecognised(ctx, a.Tenant, pipeline.UnrecognisedQuery{From: start.AddDate(0, 0, -1), To: end})
		},
		"UnrecognisedResources": func() (any, error) { return s.UnrecognisedResources(ctx, a.Tenant) },
		"RetypeDays":            func() (any, error) { return s.RetypeDays(ctx, a) },
		"RetypeLines": func() (any, error) {
			var out []pipeline.Charge
			err := s.RetypeLines(ctx, a, sl, func(c pipeline.Charge) error { out = append(out, c); return nil })
			return out, err
		},
		"Snapshots": func() (any, error) { return s.Snapshots(ctx, a.Tenant, pipeline.SyncQuery{Connection: a.Connection}) },
		"SnapshotChanges": func() (any, error) {
			return s.SnapshotChanges(ctx, a.Tenant, pipeline.SyncChangesQuery{Connection: a.Connection, At: start})
		},
		"Syncs": func() (any, error) { return s.Syncs(ctx, a.Tenant, a.Connection, 10) },
		"LastWhole": func() (any, error) {
			at, err := s.LastWhole(ctx, a)
			return map[bool][]time.Time{true: nil, false: {at}}[at.IsZero()], err
		},
		"Usage": func() (any, error) {
			return s.Usage(ctx, a.Tenant, pipeline.UsageQuery{Connection: a.Connection, Resource: "shared", From: start, To: end})
		},
		"UsageSummaries": func() (any, error) { return s.UsageSummaries(ctx, a.Tenant, nil, nil, start, end) },
		"Balances":       func() (any, error) { return s.Balances(ctx, a.Tenant) },
		"AccountStates":  func() (any, error) { return s.AccountStates(ctx, a.Tenant, a.Connection, start, end) },
		"MonthCharges": func() (any, error) {
			return s.MonthCharges(ctx, a.Tenant, pipeline.MonthQuery{Connection: a.Connection, From: start, To: end})
		},
		"DimensionValues": func() (any, error) { return s.DimensionValues(ctx, a.Tenant, pipeline.DimResource, "", 0) },
		"TagKeys":         func() (any, error) { return s.TagKeys(ctx, a.Tenant) },
	}
}

// TestTenantsSeeTheirOwnFactsOnly reads a tenant's facts beside another's that share every id, and compares them with what
// the tenant reads in a store of its own. A third tenant sees nothing.
func TestTenantsSeeTheirOwnFactsOnly(t *testing.T) {
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -10)
	own := collect.Account{Tenant: "tenant-1", Connection: "shared"}
	other := collect.Account{Tenant: "tenant-2", Connection: "shared"}
	alone, both := openStore(t), openStore(t)
	fillTenant(t, alone, own, "own", start)
	fillTenant(t, both, own, "own", start)
	fillTenant(t, both, other, "other's", start)
	want, got, nobody := reads(t, alone, own, start), reads(t, both, own, start), reads(t, both, collect.Account{Tenant: "tenant-3", Connection: "shared"}, start)
	for name := range want {
		if name == "Lines" {
			continue // a line is asked for by its key, which nobody has here: see below
		}
		a, errA := want[name]()
		b, errB := got[name]()
		if errA != nil || errB != nil {
			t.Errorf("%s: %v, %v", name, errA, errB)
		}
		if diff := cmp.Diff(a, b, equal()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if c, err := nobody[name](); err == nil && hasFacts(c) {
			t.Errorf("%s gives a tenant without facts %v", name, c)
		}
	}
	for _, a := range []map[string]func() (any, error){got, nobody} {
		if lines, err := a["Lines"](); err == nil {
			t.Errorf("Lines gives another tenant's line: %v", lines)
		}
	}
	t.Run("every reading method is in the test", func(t *testing.T) {
		writes := []string{"Append", "AppendSamples", "AppendStates", "AppendAccount", "Stage", "Migrate", "Close", "Ping", "Database", "DeleteConnection"}
		// Exchange rates are nobody's, and the currencies that want some are told to no tenant.
		writes = append(writes, "AppendRates", "Rates", "ChargeCurrencies")
		kind := reflect.TypeFor[*Store]()
		for i := range kind.NumMethod() {
			name := kind.Method(i).Name
			if _, ok := want[name]; !ok && !slices.Contains(writes, name) {
				t.Errorf("method %s is not in the test", name)
			}
		}
	})
}

// hasFacts tells whether an answer says anything.
func hasFacts(answer any) bool {
	switch a := answer.(type) {
	case pipeline.CostAnswer:
		return len(a.Groups) > 0 || len(a.Totals) > 0
	case pipeline.ResourcePage:
		return len(a.Resources) > 0 || a.Total > 0
	case []int64:
		return slices.Max(a) > 0
	}
	return reflect.ValueOf(answer).Len() > 0
}

func TestDeleteConnection(t *testing.T) {
	s := openStore(t)
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -10)
	gone := collect.Account{Tenant: "tenant-1", Connection: "gone"}
	kept := []collect.Account{{Tenant: "tenant-1", Connection: "kept"}, {Tenant: "tenant-2", Connection: "gone"}}
	fillTenant(t, s, gone, "x", start)
	before := map[string]any{}
	for _, a := range kept {
		fillTenant(t, s, a, "x", start)
	}
	costs := func(a collect.Account) any {
		answer, err := s.Costs(t.Context(), a.Tenant, pipeline.CostQuery{
			From: start.AddDate(0, 0, -1), To: start.AddDate(0, 0, 1), Zone: "Europe/Moscow", GroupBy: []pipeline.Dimension{pipeline.DimConnection},
			Filter: &pipeline.Filter{Op: pipeline.OpEquals, Dimension: pipeline.DimConnection, Values: []string{string(a.Connection)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return answer.Groups
	}
	for _, a := range kept {
		before[string(a.Tenant)] = costs(a)
	}
	for range 2 {
		if err := s.DeleteConnection(t.Context(), gone.Tenant, gone.Connection); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Held", "LastSamples", "States", "RateHistory", "Syncs", "Usage"} {
		if got, err := reads(t, s, gone, start)[name](); err != nil || hasFacts(got) {
			t.Errorf("%s after deletion: %v, %v", name, got, err)
		}
		for _, a := range kept {
			if got, err := reads(t, s, a, start)[name](); err != nil || !hasFacts(got) {
				t.Errorf("%s of %v after another's deletion: %v, %v", name, a, got, err)
			}
		}
	}
	if got := costs(gone); hasFacts(got) {
		t.Errorf("costs after deletion: %v", got)
	}
	for _, a := range kept {
		if diff := cmp.Diff(before[string(a.Tenant)], costs(a), equal()); diff != "" {
			t.Error(diff)
		}
	}
}
