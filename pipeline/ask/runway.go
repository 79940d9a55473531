package ask

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/pipeline"
)

// profileLength is how far back the burn of an account is read. What is not whole yet may be this much longer ago by dataLag.
const (
	profileLength = 28 * 24 * time.Hour
	dataLag       = 7 * 24 * time.Hour
)

// Balances is the store that knows the accounts.
type Balances interface {
	// Balances gives the latest state of each connection's account.
	Balances(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.AccountBalance, error)
}

// Statuses is the store that knows how collection stands.
type Statuses interface {
	Freshness
	Statuses(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.ConnectionStatus, error)
}

// Accounts gathers what is known of prepaid accounts.
type Accounts struct {
	Costs    Costs
	Balances Balances
	Work     Statuses
	// Rules are what clouds do with accounts without money, by kind. Kinds that are not here are billed afterwards.
	Rules map[pipeline.Kind]*pipeline.Prepaid
}

// Rules are the rules of the kinds that have one.
func Rules(kinds []pipeline.Provider) map[pipeline.Kind]*pipeline.Prepaid {
	rules := map[pipeline.Kind]*pipeline.Prepaid{}
	for _, p := range kinds {
		if info := p.Info(); info.Prepaid != nil {
			rules[info.Kind] = info.Prepaid
		}
	}
	return rules
}

// Prepaid gives the accounts of all connections that tell a balance or whose cloud is paid in advance, by name.
func (a *Accounts) Prepaid(ctx context.Context, tenant pipeline.TenantID, now time.Time) ([]pipeline.PrepaidAccount, error) {
	accounts, err := a.list(ctx, tenant)
	if err != nil {
		return nil, err
	}
	hour := now.UTC().Truncate(time.Hour)
	burns, err := a.burns(ctx, tenant, hour)
	if err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i := range accounts {
		one := &accounts[i]
		if one.Rule == nil || one.State.Balance == nil {
			continue
		}
		group.Go(func() error { return a.addBurn(ctx, tenant, one, burns[one.ConnectionID], hour) })
	}
	return accounts, group.Wait()
}

func (a *Accounts) list(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.PrepaidAccount, error) {
	conns, err := a.Work.ConnectionsOf(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("cannot name connections: %w", err)
	}
	balances, err := a.Balances.Balances(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("cannot read balances: %w", err)
	}
	statuses, err := a.Work.Statuses(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("cannot tell how collection stands: %w", err)
	}
	var out []pipeline.PrepaidAccount
	for _, c := range conns {
		one := pipeline.PrepaidAccount{ConnectionID: c.ID, Name: c.Name, Kind: c.Kind, Rule: a.Rules[c.Kind]}
		b := slices.IndexFunc(balances, func(b pipeline.AccountBalance) bool { return b.ConnectionID == c.ID })
		if b < 0 && one.Rule == nil {
			continue
		}
		if b >= 0 {
			one.State = balances[b].AccountState
		}
		if s := slices.IndexFunc(statuses, func(s pipeline.ConnectionStatus) bool { return s.ConnectionID == c.ID }); s >= 0 {
			one.CheckedAt, one.Through = statuses[s].LastSuccess, statuses[s].CompleteThrough.Truncate(time.Hour)
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b pipeline.PrepaidAccount) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ConnectionID, b.ConnectionID))
	})
	return out, nil
}

// burns reads the hourly costs of all connections, by connection and currency.
func (a *Accounts) burns(ctx context.Context, tenant pipeline.TenantID, hour time.Time) (map[pipeline.ConnectionID]map[string][]pipeline.BurnHour, error) {
	answer, err := a.Costs.Costs(ctx, tenant, pipeline.CostQuery{
		From: hour.Add(-profileLength - dataLag), To: hour, Zone: "UTC", Step: pipeline.StepHour, Filter: running(), Metric: pipeline.MetricBilledCost,
		GroupBy: []pipeline.Dimension{pipeline.DimConnection, pipeline.DimCostStatus},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot add up the costs of each hour: %w", err)
	}
	out := map[pipeline.ConnectionID]map[string][]pipeline.BurnHour{}
	for _, g := range answer.Groups {
		if len(g.Keys) < 2 {
			continue
		}
		conn := pipeline.ConnectionID(g.Keys[0].Value)
		if out[conn] == nil {
			out[conn] = map[string][]pipeline.BurnHour{}
		}
		hours := out[conn][g.Currency]
		if hours == nil {
			hours = make([]pipeline.BurnHour, len(answer.Steps))
			for i, start := range answer.Steps {
				hours[i].Start = start
			}
			out[conn][g.Currency] = hours
		}
		for i, cost := range g.Series {
			hours[i].Cost = hours[i].Cost.Add(cost)
			if g.Keys[1].Value == string(pipeline.Estimated) {
				hours[i].Estimated = hours[i].Estimated.Add(cost)
			}
		}
	}
	return out, nil
}

// running lets through what goes on by itself. What is bought once, given or corrected is no burn.
func running() *pipeline.Filter {
	return &pipeline.Filter{Op: pipeline.OpNot, Args: []pipeline.Filter{{
		Op: pipeline.OpIn, Dimension: pipeline.DimChargeCategory,
		Values: []string{string(pipeline.Purchase), string(pipeline.Credit), string(pipeline.Adjustment)},
	}}}
}

// addBurn gives the account the hours that are known of it: those between its first charge and the instant to which its charges are
// whole, without those that could not be collected.
func (a *Accounts) addBurn(ctx context.Context, tenant pipeline.TenantID, one *pipeline.PrepaidAccount, burns map[string][]pipeline.BurnHour, hour time.Time) error {
	for currency := range burns {
		if currency != one.State.Currency {
			one.Foreign = append(one.Foreign, currency)
		}
	}
	slices.Sort(one.Foreign)
	hours := burns[one.State.Currency]
	if hours == nil {
		return nil
	}
	one.Through = knownThrough(hours, one.Through, hour)
	from := knownFrom(hours, one.Through)
	if !one.Through.After(from) {
		return nil
	}
	data, err := a.Work.DataState(ctx, tenant, []pipeline.ConnectionID{one.ConnectionID}, from, one.Through)
	if err != nil {
		return fmt.Errorf("cannot tell what of connection %s was collected: %w", one.ConnectionID, err)
	}
	for _, h := range hours {
		if !h.Start.Before(from) && h.Start.Before(one.Through) && (h.Cost.IsPositive() || !missing(&data, h.Start)) {
			one.Burn = append(one.Burn, h)
		}
	}
	one.Unpriced, err = a.unpriced(ctx, tenant, one)
	return err
}

// knownThrough is the instant up to which hours are taken as known. Charges are whole up to whole; when that is long ago, because
// something old is missing, the hours up to the last that cost anything are known all the same.
func knownThrough(hours []pipeline.BurnHour, whole, hour time.Time) time.Time {
	if whole.After(hour) || whole.IsZero() {
		return hour
	}
	if whole.After(hour.Add(-dataLag)) {
		return whole
	}
	for i := len(hours) - 1; i >= 0; i-- {
		if end := hours[i].Start.Add(time.Hour); !hours[i].Cost.IsZero() && end.After(whole) {
			return end
		}
	}
	return whole
}

// knownFrom is where the history of an account begins: four weeks back, or with its first cost. Of an account whose lines all cost
// nothing, the latest day is known.
func knownFrom(hours []pipeline.BurnHour, through time.Time) time.Time {
	first := slices.IndexFunc(hours, func(h pipeline.BurnHour) bool { return !h.Cost.IsZero() })
	if first < 0 {
		return through.Add(-24 * time.Hour)
	}
	if start := hours[first].Start; start.After(through.Add(-profileLength)) {
		return start
	}
	return through.Add(-profileLength)
}

// missing tells whether an hour lies, or may lie, in a gap: not all gaps are told of when there are many. A file has no period of its own:
// what it would tell of is not known.
func missing(data *pipeline.DataState, start time.Time) bool {
	return data.GapCount > len(data.Gaps) || slices.ContainsFunc(data.Gaps, func(g pipeline.DataGap) bool {
		return g.Feed != pipeline.FeedFiles && start.Before(g.To) && start.Add(time.Hour).After(g.From)
	})
}

func (a *Accounts) unpriced(ctx context.Context, tenant pipeline.TenantID, one *pipeline.PrepaidAccount) (int64, error) {
	filter := pipeline.Filter{Op: pipeline.OpAnd, Args: []pipeline.Filter{
		*running(), {Op: pipeline.OpEquals, Dimension: pipeline.DimConnection, Values: []string{string(one.ConnectionID)}},
	}}
	answer, err := a.Costs.Costs(ctx, tenant, pipeline.CostQuery{
		From: one.Through.Add(-24 * time.Hour), To: one.Through, Zone: "UTC", Filter: &filter, Metric: pipeline.MetricBilledCost,
	})
	if err != nil {
		return 0, fmt.Errorf("cannot count what has no price: %w", err)
	}
	n := int64(0)
	for _, t := range answer.Totals {
		n += t.Unpriced
	}
	return n, nil
}
