package main_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// facts is a store of facts in memory, one shelf a tenant. It notes which tenants it was asked about.
type facts struct {
	mu      sync.Mutex
	shelves map[pipeline.TenantID]*shelf
	asked   []pipeline.TenantID
	deleted []pipeline.ConnectionID
	// fail, when set, is what every question ends with; away is what a ping ends with; block makes questions wait until their context ends.
	fail, away error
	block      bool
	// question is the last cost question.
	question pipeline.CostQuery
	// hourly, when set, is what each hour of every connection costs, by where the cost comes from.
	hourly map[pipeline.CostStatus]string
	// ratesAsked is the last question about rates.
	ratesAsked pipeline.RateQuery
}

type shelf struct {
	resources []pipeline.ResourceState
	usage     []pipeline.UsageSeries
	summaries []pipeline.UsageSummary
	syncs     []pipeline.SyncSummary
	balances  []pipeline.AccountBalance
	month     []pipeline.MonthCharges
	states    []pipeline.AccountState
	cost      pipeline.CostAnswer
	values    []pipeline.GroupKey
	tags      []string
	odd       []pipeline.UnrecognisedGroup
	oddOnes   []pipeline.UnrecognisedResources
	snapshots []pipeline.SyncDetail
}

func newFacts() *facts { return &facts{shelves: map[pipeline.TenantID]*shelf{}} }

// of notes the question and gives the tenant's shelf.
func (f *facts) of(ctx context.Context, tenant pipeline.TenantID) (*shelf, error) {
	f.mu.Lock()
	f.asked = append(f.asked, tenant)
	s, fail, block := f.shelves[tenant], f.fail, f.block
	f.mu.Unlock()
	if block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if s == nil {
		s = &shelf{}
	}
	return s, fail
}

func (f *facts) set(change func(*facts)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *facts) Costs(ctx context.Context, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return pipeline.CostAnswer{}, err
	}
	f.set(func(f *facts) { f.question = q })
	a := s.cost
	a.Query, a.Steps = q, []time.Time{q.From}
	if q.Step == pipeline.StepHour && f.hourly != nil {
		f.everyHour(s, &a)
	}
	return a, nil
}

// everyHour answers with the same cost in every hour for each connection that has a balance.
func (f *facts) everyHour(s *shelf, a *pipeline.CostAnswer) {
	a.Steps, a.Groups = nil, nil
	for at := a.Query.From; at.Before(a.Query.To); at = at.Add(time.Hour) {
		a.Steps = append(a.Steps, at)
	}
	for _, b := range s.balances {
		for status, cost := range f.hourly {
			a.Groups = append(a.Groups, pipeline.CostGroup{
				Keys: []pipeline.GroupKey{{Value: string(b.ConnectionID)}, {Value: string(status)}}, Currency: b.Currency,
				Series: slices.Repeat([]decimal.Decimal{dec(cost)}, len(a.Steps)),
			})
		}
	}
}

// Rates are the same for all tenants: no shelf is looked at.
func (f *facts) Rates(_ context.Context, q pipeline.RateQuery) ([]pipeline.ExchangeRate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ratesAsked = q
	return []pipeline.ExchangeRate{{
		Date: time.Date(2026, 11, 18, 0, 0, 0, 0, time.UTC), Currency: "KZT", Nominal: 100, Value: decimal.RequireFromString("15.4321"),
		Source: "cbr", SeenAt: now(),
	}}, f.fail
}

func (f *facts) Unrecognised(ctx context.Context, tenant pipeline.TenantID, _ pipeline.UnrecognisedQuery) ([]pipeline.UnrecognisedGroup, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.odd, nil
}

func (f *facts) UnrecognisedResources(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.UnrecognisedResources, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.oddOnes, nil
}

func (f *facts) Snapshots(ctx context.Context, tenant pipeline.TenantID, q pipeline.SyncQuery) ([]pipeline.SyncDetail, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(s.snapshots)
	if !q.Before.IsZero() {
		list = slices.DeleteFunc(list, func(y pipeline.SyncDetail) bool { return !y.At.Before(q.Before) })
	}
	return list[:min(q.Limit, len(list))], nil
}

func (f *facts) SnapshotChanges(ctx context.Context, tenant pipeline.TenantID, q pipeline.SyncChangesQuery) ([]pipeline.ResourceState, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []pipeline.ResourceState
	for _, r := range s.resources {
		if r.ConnectionID == q.Connection && r.SeenAt.Equal(q.At) && (len(q.Kinds) == 0 || slices.Contains(q.Kinds, r.Change)) {
			out = append(out, r)
		}
	}
	out = out[min(q.Offset, len(out)):]
	return out[:min(q.Limit, len(out))], nil
}

func (f *facts) Resources(ctx context.Context, tenant pipeline.TenantID, q pipeline.ResourceQuery) (pipeline.ResourcePage, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return pipeline.ResourcePage{}, err
	}
	page := pipeline.ResourcePage{}
	for _, r := range s.resources {
		if (len(q.Connections) == 0 || slices.Contains(q.Connections, r.ConnectionID)) && strings.Contains(r.Name, q.Text) &&
			(len(q.Types) == 0 || slices.Contains(q.Types, r.Type)) && (q.Deleted || r.DeletedAt.IsZero()) &&
			(len(q.Conditions) == 0 || slices.Contains(q.Conditions, r.Attributes[pipeline.AttributeCondition])) {
			page.Resources = append(page.Resources, r)
		}
	}
	page.Total = int64(len(page.Resources))
	page.Resources = slices.DeleteFunc(page.Resources, func(r pipeline.ResourceState) bool { return r.ID <= q.After })
	if len(page.Resources) > q.Limit {
		page.Resources = page.Resources[:q.Limit]
		page.Cursor = page.Resources[q.Limit-1].ID
	}
	return page, nil
}

func (f *facts) Resource(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, id string) (pipeline.ResourceState, error) {
	states, err := f.ResourceHistory(ctx, tenant, conn, id)
	if err != nil {
		return pipeline.ResourceState{}, err
	}
	if len(states) == 0 {
		return pipeline.ResourceState{}, pipeline.ErrNotFound
	}
	return states[0], nil
}

func (f *facts) ResourceHistory(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, id string) ([]pipeline.ResourceState, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []pipeline.ResourceState
	for _, r := range s.resources {
		if r.ConnectionID == conn && r.ID == id {
			out = append(out, r)
		}
	}
	return out, nil
}

func (f *facts) Syncs(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, limit int) ([]pipeline.SyncSummary, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.syncs[:min(limit, len(s.syncs))], nil
}

func (f *facts) Usage(ctx context.Context, tenant pipeline.TenantID, q pipeline.UsageQuery) ([]pipeline.UsageSeries, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.usage, nil
}

func (f *facts) UsageSummaries(ctx context.Context, tenant pipeline.TenantID, conns []pipeline.ConnectionID, metrics []pipeline.MetricName, from, to time.Time) ([]pipeline.UsageSummary, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.summaries, nil
}

func (f *facts) Balances(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.AccountBalance, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.balances, nil
}

func (f *facts) MonthCharges(ctx context.Context, tenant pipeline.TenantID, q pipeline.MonthQuery) ([]pipeline.MonthCharges, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.month, nil
}

func (f *facts) AccountStates(ctx context.Context, tenant pipeline.TenantID, _ pipeline.ConnectionID, _, _ time.Time) ([]pipeline.AccountState, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.states, nil
}

func (f *facts) DimensionValues(ctx context.Context, tenant pipeline.TenantID, _ pipeline.Dimension, text string, limit int) ([]pipeline.GroupKey, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	var out []pipeline.GroupKey
	for _, v := range s.values {
		if strings.Contains(v.Label, text) && len(out) < limit {
			out = append(out, v)
		}
	}
	return out, nil
}

func (f *facts) TagKeys(ctx context.Context, tenant pipeline.TenantID) ([]string, error) {
	s, err := f.of(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return s.tags, nil
}

func (f *facts) DeleteConnection(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID) error {
	if _, err := f.of(ctx, tenant); err != nil {
		return err
	}
	f.set(func(f *facts) { f.deleted = append(f.deleted, conn) })
	return nil
}

func (f *facts) Ping(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.away
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func decOrNil(s string) *decimal.Decimal {
	d := dec(s)
	return &d
}

// fill puts one of everything on the tenant's shelf; name is in every text of it.
func (f *facts) fill(tenant pipeline.TenantID, conn pipeline.ConnectionID, name string) {
	at := now().Add(-time.Hour)
	server := pipeline.ResourceState{
		Resource: pipeline.Resource{
			ID: "vm-1", Type: pipeline.Server, Name: name, Status: "RUNNING", Scope: "vps", VCPU: 2, MemoryBytes: 4 << 30,
			Tags: map[string]string{"env": name}, CreatedAt: at,
			Rates: []pipeline.Rate{
				{ServiceName: "VPS", Known: true, Amount: dec("0.100000000000000001"), Currency: "RUB", Period: pipeline.PerHour, CostStatus: pipeline.Billed},
				{Component: "license", Currency: "RUB", Period: pipeline.PerMonth},
			},
			Events: []pipeline.ResourceEvent{{Kind: pipeline.EventCreated, Time: at}},
		},
		ConnectionID: conn, Change: pipeline.ResourceUpdated, SeenAt: at,
		Changes: []pipeline.FieldChange{{Field: "status", Old: "STOPPED", New: "RUNNING"}},
	}
	gone := pipeline.ResourceState{
		Resource: pipeline.Resource{ID: "vm-2", Type: pipeline.Server, Name: name}, ConnectionID: conn,
		Change: pipeline.ResourceDeleted, SeenAt: at, DeletedAt: at,
	}
	sum := pipeline.CostSum{Cost: dec("1234567890123456.123456789012345678"), Estimated: dec("0.5"), Unpriced: 2, Lines: 30}
	days := int64(12)
	f.set(func(f *facts) {
		f.shelves[tenant] = &shelf{
			resources: []pipeline.ResourceState{server, gone},
			usage:     []pipeline.UsageSeries{{Metric: pipeline.CPUPercent, Times: []time.Time{at}, Values: []float64{12.5}, Max: []float64{90}}},
			summaries: []pipeline.UsageSummary{{Connection: conn, Resource: "vm-1 " + name, Metric: pipeline.CPUPercent, Samples: 10, Average: 5, P95: 9, Max: 10, Last: 4, LastAt: at}},
			syncs:     []pipeline.SyncSummary{{ConnectionID: conn, At: at, Created: 2, Complete: true}},
			balances: []pipeline.AccountBalance{{ConnectionID: conn, AccountState: pipeline.AccountState{
				ObservedAt: at, Currency: "RUB", Balance: decOrNil("100.10"), DaysToSuspension: &days, Attributes: map[string]string{"plan": name},
			}}},
			cost: pipeline.CostAnswer{
				Groups: []pipeline.CostGroup{
					{Keys: []pipeline.GroupKey{{Value: string(conn), Label: string(conn)}}, Currency: "RUB", CostSum: sum, Previous: &sum, Series: []decimal.Decimal{sum.Cost}},
					{Other: true, Merged: 3, Currency: "RUB", Series: []decimal.Decimal{}},
				},
				Totals: []pipeline.CostTotal{{Currency: "RUB", CostSum: sum, Series: []decimal.Decimal{sum.Cost}}},
			},
			values: []pipeline.GroupKey{{Value: name, Label: name}},
			tags:   []string{"env " + name},
			odd: []pipeline.UnrecognisedGroup{{
				ConnectionID: conn, ResourceType: "TAPE " + name, ServiceName: name, SkuID: "t-1", Currency: "RUB", CostSum: pipeline.CostSum{Cost: dec("12.5"), Lines: 3}, Resources: 2,
				Examples:   []pipeline.UnrecognisedExample{{ResourceID: "t-1", ResourceName: name, Fields: map[string]string{"ChargeDescription": name, "Tags.env": "prod"}}},
				FirstStart: at, FirstSeen: at,
			}},
			oddOnes: []pipeline.UnrecognisedResources{{ConnectionID: conn, ResourceType: "TAPE " + name, Count: 2, Examples: []pipeline.UnrecognisedExample{{ResourceID: "t-1", ResourceName: name}}}},
			snapshots: []pipeline.SyncDetail{
				{SyncSummary: pipeline.SyncSummary{ConnectionID: conn, At: at, Updated: 1, Deleted: 1}, Scopes: []pipeline.ScopeResult{
					{Scope: "vps", Label: pipeline.Text{RU: name, EN: name}, Found: 2},
					{Scope: "dns", Skipped: true, Fault: &pipeline.Fault{Code: pipeline.FaultForbidden, Text: pipeline.Text{RU: "нет права", EN: "not permitted"}}},
					{Scope: "mail", Fault: &pipeline.Fault{Code: pipeline.FaultUnavailable, Text: pipeline.Text{RU: "не отвечает", EN: "does not answer"}}},
				}},
				{SyncSummary: pipeline.SyncSummary{ConnectionID: conn, At: at.Add(-time.Hour), Created: 2, Complete: true}},
			},
		}
	})
}
