package ask_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shelf is both stores of an Asker. It notes what it was asked.
type shelf struct {
	answer   pipeline.CostAnswer
	question pipeline.CostQuery
	conns    []pipeline.ConnectionID
	fail     error
	failData error
}

func (s *shelf) Costs(_ context.Context, _ pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	s.question = q
	a := s.answer
	a.Query = q
	return a, s.fail
}

func (s *shelf) DataState(_ context.Context, _ pipeline.TenantID, conns []pipeline.ConnectionID, from, _ time.Time) (pipeline.DataState, error) {
	s.conns = conns
	return pipeline.DataState{CollectedAt: from, Complete: true}, s.failData
}

func (s *shelf) ConnectionsOf(context.Context, pipeline.TenantID) ([]pipeline.Connection, error) {
	return []pipeline.Connection{{ID: "c1", Name: "Боевой"}}, nil
}

func day(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }

func question(change func(*pipeline.CostQuery)) pipeline.CostQuery {
	q := pipeline.CostQuery{From: day(1), To: day(8), Zone: "Europe/Moscow", Metric: pipeline.MetricBilledCost}
	if change != nil {
		change(&q)
	}
	return q
}

func TestAskNamesConnectionsAndTellsTheAge(t *testing.T) {
	s := &shelf{answer: pipeline.CostAnswer{Groups: []pipeline.CostGroup{
		{Keys: []pipeline.GroupKey{{Value: "VPS", Label: "VPS"}, {Value: "c1", Label: "c1"}}},
		{Keys: []pipeline.GroupKey{{Value: "VPS", Label: "VPS"}, {Value: "gone", Label: "gone"}}},
		{Other: true},
	}}}
	a := ask.Asker{Costs: s, Freshness: s}
	got, err := a.Ask(t.Context(), "t", question(func(q *pipeline.CostQuery) {
		q.Metric = ""
		q.GroupBy = []pipeline.Dimension{pipeline.DimService, pipeline.DimConnection}
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]pipeline.GroupKey{{{Value: "VPS", Label: "VPS"}, {Value: "c1", Label: "Боевой"}}, {{Value: "VPS", Label: "VPS"}, {Value: "gone", Label: "gone"}}, nil}
	for i, g := range got.Groups {
		if diff := cmp.Diff(want[i], g.Keys); diff != "" {
			t.Errorf("group %d:\n%s", i, diff)
		}
	}
	if !got.Data.Complete || !got.Data.CollectedAt.Equal(day(1)) || s.question.Metric != pipeline.MetricBilledCost || s.conns != nil {
		t.Errorf("data %+v of %v, metric %s", got.Data, s.conns, s.question.Metric)
	}
}

func TestConnectionsOfAFilter(t *testing.T) {
	leaf := func(op pipeline.FilterOp, d pipeline.Dimension, values ...string) pipeline.Filter {
		return pipeline.Filter{Op: op, Dimension: d, Values: values}
	}
	f := func(filter *pipeline.Filter, want ...pipeline.ConnectionID) {
		t.Helper()
		if diff := cmp.Diff(want, ask.Connections(filter)); diff != "" {
			t.Errorf("%+v:\n%s", filter, diff)
		}
	}
	one, two := leaf(pipeline.OpEquals, pipeline.DimConnection, "a"), leaf(pipeline.OpIn, pipeline.DimConnection, "a", "b")
	service := leaf(pipeline.OpEquals, pipeline.DimService, "VPS")
	f(nil)
	f(&one, "a")
	f(&two, "a", "b")
	f(&service)
	f(&pipeline.Filter{Op: pipeline.OpAnd, Args: []pipeline.Filter{service, two}}, "a", "b")
	f(&pipeline.Filter{Op: pipeline.OpOr, Args: []pipeline.Filter{one, service}})
	f(&pipeline.Filter{Op: pipeline.OpNot, Args: []pipeline.Filter{one}})
}

func TestCheckNamesEveryFault(t *testing.T) {
	f := func(change func(*pipeline.CostQuery), want ...string) {
		t.Helper()
		s := &shelf{}
		a := ask.Asker{Costs: s, Freshness: s}
		_, err := a.Ask(t.Context(), "t", question(change))
		var bad *ask.BadQuestion
		var got []string
		if errors.As(err, &bad) {
			for _, fault := range bad.Faults {
				got = append(got, fault.Field)
			}
			var first *pipeline.QueryError
			if !errors.As(err, &first) || first != bad.Faults[0] {
				t.Errorf("the error is no *pipeline.QueryError: %v", err)
			}
			if !s.question.From.IsZero() {
				t.Error("a wrong question was asked")
			}
		} else if err != nil {
			t.Errorf("an error of another kind: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	f(nil)
	f(func(q *pipeline.CostQuery) { q.To = day(1) }, "to")
	f(func(q *pipeline.CostQuery) { q.From, q.To = time.Time{}, time.Time{} }, "from", "to")
	f(func(q *pipeline.CostQuery) { q.To = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC) }, "to")
	f(func(q *pipeline.CostQuery) {
		q.To, q.Zone, q.Step, q.Metric, q.Compare, q.Top = day(1), "Mars", "minute", "love", "x", -1
		q.GroupBy, q.Filter = []pipeline.Dimension{"colour"}, &pipeline.Filter{Op: "between"}
	}, "to", "zone", "step", "metric", "compare", "top", "group_by", "filter")
}

func TestErrorsOfStoresPass(t *testing.T) {
	away := errors.New("away")
	for _, s := range []*shelf{{fail: away}, {failData: away}} {
		a := ask.Asker{Costs: s, Freshness: s}
		if _, err := a.Ask(t.Context(), "t", question(nil)); !errors.Is(err, away) {
			t.Errorf("error %v", err)
		}
	}
}
