package ask_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
)

// bank is all that accounts are gathered from: one charged by the hour, one in dollars, one without charges, one without a balance.
type bank struct {
	shelf
	gaps    []pipeline.DataGap
	steps   []pipeline.CostQuery
	through time.Time
	more    int
}

const tenant = pipeline.TenantID("t")

func (b *bank) Costs(_ context.Context, who pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	a := pipeline.CostAnswer{Query: q}
	if who != tenant || b.fail != nil {
		return a, errors.Join(b.fail, errors.New("of another tenant"))
	}
	if q.Step == pipeline.StepNone {
		a.Totals = []pipeline.CostTotal{{Currency: "RUB", CostSum: pipeline.CostSum{Unpriced: 3}}}
		return a, nil
	}
	b.steps = append(b.steps, q)
	for at := q.From; at.Before(q.To); at = at.Add(time.Hour) {
		a.Steps = append(a.Steps, at)
	}
	group := func(conn, status, currency string, cost func(time.Time) int64) {
		g := pipeline.CostGroup{Keys: []pipeline.GroupKey{{Value: conn}, {Value: status}}, Currency: currency}
		for _, at := range a.Steps {
			g.Series = append(g.Series, decimal.NewFromInt(cost(at)))
		}
		a.Groups = append(a.Groups, g)
	}
	since := func(from time.Time, cost int64) func(time.Time) int64 {
		return func(at time.Time) int64 {
			if at.Before(from) || missed(b.gaps, at) {
				return 0
			}
			return cost
		}
	}
	group("c1", "billed", "RUB", since(day(10), 2))
	group("c1", "estimated", "RUB", since(day(10), 1))
	group("c1", "billed", "USD", since(day(10), 9))
	group("c2", "billed", "USD", since(day(10), 1))
	group("c4", "billed", "RUB", since(day(30), 0))
	return a, nil
}

func missed(gaps []pipeline.DataGap, at time.Time) bool {
	return len(gaps) > 0 && !at.Before(gaps[0].From) && at.Before(gaps[0].To)
}

func (b *bank) DataState(context.Context, pipeline.TenantID, []pipeline.ConnectionID, time.Time, time.Time) (pipeline.DataState, error) {
	return pipeline.DataState{Gaps: b.gaps, GapCount: len(b.gaps) + b.more}, b.failData
}

func (b *bank) ConnectionsOf(context.Context, pipeline.TenantID) ([]pipeline.Connection, error) {
	kind := func(id, name, kind string) pipeline.Connection {
		return pipeline.Connection{ID: pipeline.ConnectionID(id), Name: name, Kind: pipeline.Kind(kind)}
	}
	return []pipeline.Connection{
		kind("c1", "Боевой", "paid"), kind("c2", "Архив", "paid"), kind("c3", "Новый", "paid"), kind("c4", "Пустой", "paid"),
		kind("c5", "Потом", "later"), kind("c6", "Файлы", "later"),
	}, nil
}

func (b *bank) Balances(context.Context, pipeline.TenantID) ([]pipeline.AccountBalance, error) {
	var out []pipeline.AccountBalance
	for _, id := range []pipeline.ConnectionID{"c1", "c2", "c4", "c5", "gone"} {
		amount := decimal.NewFromInt(100)
		out = append(out, pipeline.AccountBalance{ConnectionID: id, AccountState: pipeline.AccountState{ObservedAt: day(19), Currency: "RUB", Balance: &amount}})
	}
	return out, nil
}

func (b *bank) Statuses(context.Context, pipeline.TenantID) ([]pipeline.ConnectionStatus, error) {
	return []pipeline.ConnectionStatus{{ConnectionID: "c1", LastSuccess: day(20), CompleteThrough: b.through}}, nil
}

func accounts(b *bank) *ask.Accounts {
	return &ask.Accounts{Costs: b, Balances: b, Work: b, Rules: map[pipeline.Kind]*pipeline.Prepaid{"paid": {}}}
}

func TestPrepaidAccounts(t *testing.T) {
	b := &bank{through: day(20).Add(90 * time.Minute)}
	got, err := accounts(b).Prepaid(t.Context(), tenant, day(20).Add(5*time.Hour+time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		Name    string
		Hours   int
		Foreign []string
		Prepaid bool
		Balance bool
	}
	lines := make([]line, len(got))
	for i, a := range got {
		lines[i] = line{a.Name, len(a.Burn), a.Foreign, a.Rule != nil, a.State.Balance != nil}
	}
	// Charges of the first are whole to one o'clock of the 20th and begin on the 10th: 241 hours.
	want := []line{
		{"Архив", 0, []string{"USD"}, true, true},
		{"Боевой", 241, []string{"USD"}, true, true},
		{"Новый", 0, nil, true, false},
		{"Потом", 0, nil, false, true},
		{"Пустой", 24, nil, true, true},
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	one := got[1]
	if h := one.Burn[240]; !h.Start.Equal(day(20)) || h.Cost.String() != "3" || h.Estimated.String() != "1" {
		t.Errorf("the last hour is %+v", h)
	}
	if !one.Through.Equal(day(20).Add(time.Hour)) || !one.CheckedAt.Equal(day(20)) || one.Unpriced != 3 {
		t.Errorf("through %s, checked %s, %d without a price", one.Through, one.CheckedAt, one.Unpriced)
	}
	if len(b.steps) != 1 {
		t.Fatalf("%d questions by the hour for all accounts", len(b.steps))
	}
	excluded := b.steps[0].Filter.Args[0]
	if b.steps[0].Filter.Op != pipeline.OpNot || excluded.Dimension != pipeline.DimChargeCategory || !cmp.Equal(excluded.Values, []string{"Purchase", "Credit", "Adjustment"}) {
		t.Errorf("purchases are in the burn: %+v", b.steps[0].Filter)
	}
	if err := b.steps[0].Check(); err != nil {
		t.Error(err)
	}
}

// An hour that could not be collected is not known; it is not an hour without cost.
func TestPrepaidAccountsGap(t *testing.T) {
	b := &bank{through: day(20), gaps: []pipeline.DataGap{{Feed: pipeline.FeedCharges, From: day(12), To: day(13)}}}
	got, err := accounts(b).Prepaid(t.Context(), tenant, day(20))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(got[1].Burn); n != 216 {
		t.Errorf("%d hours are known, want nine days of them", n)
	}
	for _, h := range got[1].Burn {
		if h.Cost.IsZero() {
			t.Fatalf("%s cost nothing", h.Start)
		}
	}
	// Something of long ago is missing: what was charged since is known all the same.
	b.through = day(1)
	if got, err = accounts(b).Prepaid(t.Context(), tenant, day(20)); err != nil || len(got[1].Burn) != 216 || !got[1].Through.Equal(day(20)) {
		t.Errorf("%d hours are known to %s, %v", len(got[1].Burn), got[1].Through, err)
	}
	// There are more gaps than are told of: an hour without cost may lie in any.
	b.more, b.gaps[0].Feed = 5, pipeline.FeedFiles
	if got, err = accounts(b).Prepaid(t.Context(), tenant, day(20)); err != nil || len(got[1].Burn) != 216 {
		t.Errorf("%d hours are known, %v", len(got[1].Burn), err)
	}
	b.failData = errors.New("away")
	if _, err := accounts(b).Prepaid(t.Context(), tenant, day(20)); err == nil {
		t.Error("what was collected is not known, and nobody says so")
	}
	b.fail, b.failData = errors.New("away"), nil
	if _, err := accounts(b).Prepaid(t.Context(), tenant, day(20)); err == nil {
		t.Error("costs are not known, and nobody says so")
	}
}
