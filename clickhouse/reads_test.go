package clickhouse

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

func appendStates(t *testing.T, s *Store, a collect.Account, states ...pipeline.ResourceState) {
	t.Helper()
	for i := range states {
		states[i].ConnectionID = a.Connection
	}
	if err := s.AppendStates(t.Context(), a, collect.SyncRecord{At: hour(len(states))}, states, fmt.Sprint(states)); err != nil {
		t.Fatal(err)
	}
}

func named(id, name string, kind pipeline.ResourceType) pipeline.ResourceState {
	st := state(id, hour(1), pipeline.ResourceCreated)
	st.Name, st.Type = name, kind
	return st
}

func ids(page pipeline.ResourcePage) []string {
	out := make([]string, len(page.Resources))
	for i, r := range page.Resources {
		out[i] = r.ID
	}
	return out
}

func TestResources(t *testing.T) {
	s, a := openStore(t), account()
	b := collect.Account{Tenant: a.Tenant, Connection: "33333333-3333-4333-8333-333333333333"}
	old, gone := named("r2", "old name", pipeline.Server), named("r9", "gone", pipeline.Server)
	gone.DeletedAt = hour(2)
	renamed := named("r2", "Бэкенд", pipeline.Server)
	renamed.SeenAt, renamed.Tags, renamed.Attributes = hour(2), map[string]string{"owner": "Маша"}, map[string]string{"ip": "192.168.7.5"}
	orphan := named("r3", "data", pipeline.Volume)
	orphan.Attributes = map[string]string{pipeline.AttributeCondition: pipeline.ConditionOrphan}
	appendStates(t, s, a, named("r1", "web", pipeline.Server), old, renamed, orphan, gone)
	appendStates(t, s, b, named("r1", "other", pipeline.Server))
	f := func(q pipeline.ResourceQuery, total int64, want ...string) {
		t.Helper()
		page, err := s.Resources(t.Context(), a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, ids(page), equal()); diff != "" || page.Total != total {
			t.Errorf("%+v: total %d, want %d; %s", q, page.Total, total, diff)
		}
	}
	f(pipeline.ResourceQuery{}, 4, "r1", "r2", "r3", "r1")
	f(pipeline.ResourceQuery{Deleted: true}, 5, "r9", "r1", "r2", "r3", "r1")
	f(pipeline.ResourceQuery{Connections: []pipeline.ConnectionID{b.Connection}}, 1, "r1")
	f(pipeline.ResourceQuery{Types: []pipeline.ResourceType{pipeline.Volume, pipeline.Bucket}}, 1, "r3")
	f(pipeline.ResourceQuery{Text: "бЭК"}, 1, "r2")
	f(pipeline.ResourceQuery{Conditions: []string{pipeline.ConditionOrphan, pipeline.ConditionZombie}}, 1, "r3")
	f(pipeline.ResourceQuery{Conditions: []string{pipeline.ConditionZombie}}, 0)
	f(pipeline.ResourceQuery{Text: "168.7."}, 1, "r2")
	f(pipeline.ResourceQuery{Text: "owner=маша"}, 1, "r2")
	f(pipeline.ResourceQuery{Text: "old name"}, 0)
	f(pipeline.ResourceQuery{Text: ".*"}, 0)
}

func TestResourcesArePaged(t *testing.T) {
	s, a := openStore(t), account()
	var states []pipeline.ResourceState
	for i := range 25 {
		states = append(states, named(fmt.Sprintf("r%02d", i), fmt.Sprintf("name'%d", i%3), pipeline.Server))
	}
	appendStates(t, s, a, states...)
	all, err := s.Resources(t.Context(), a.Tenant, pipeline.ResourceQuery{})
	if err != nil || len(all.Resources) != 25 || all.Cursor != "" {
		t.Fatalf("%d resources, cursor %q, %v", len(all.Resources), all.Cursor, err)
	}
	var got []string
	q := pipeline.ResourceQuery{Limit: 10}
	for pages := 1; ; pages++ {
		page, err := s.Resources(t.Context(), a.Tenant, q)
		if err != nil || page.Total != 25 {
			t.Fatalf("total %d, %v", page.Total, err)
		}
		got = append(got, ids(page)...)
		if page.Cursor == "" {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		q.After = page.Cursor
	}
	if diff := cmp.Diff(ids(all), got); diff != "" {
		t.Error(diff)
	}
	if _, err := s.Resources(t.Context(), a.Tenant, pipeline.ResourceQuery{After: "nonsense"}); !errors.Is(err, ErrCursor) {
		t.Errorf("a cursor of nonsense: %v", err)
	}
}

func TestResourceAndItsHistory(t *testing.T) {
	s, a := openStore(t), account()
	first, second := state("r'1", hour(1), pipeline.ResourceCreated), state("r'1", hour(2), pipeline.ResourceUpdated)
	appendStates(t, s, a, first, second)
	got, err := s.Resource(t.Context(), a.Tenant, a.Connection, "r'1")
	if diff := cmp.Diff(second, got, equal()); diff != "" || err != nil {
		t.Error(err, diff)
	}
	history, err := s.ResourceHistory(t.Context(), a.Tenant, a.Connection, "r'1")
	if diff := cmp.Diff([]pipeline.ResourceState{second, first}, history, equal()); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := s.Resource(t.Context(), a.Tenant, a.Connection, "none"); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("a resource that is not there: %v", err)
	}
	if _, err := s.ResourceHistory(t.Context(), "another", a.Connection, "r'1"); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("the history of another tenant's resource: %v", err)
	}
}

func TestUsage(t *testing.T) {
	s, a := openStore(t), account()
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -20)
	var samples []pipeline.Sample
	for i := range 12 * 24 * 10 { // ten days of five minutes
		samples = append(samples, pipeline.Sample{ResourceID: "a", Metric: pipeline.CPUPercent, Time: start.Add(time.Duration(i) * 5 * time.Minute), Value: float64(i % 12)})
	}
	samples = append(samples, pipeline.Sample{ResourceID: "a", Metric: pipeline.LoadAverage1, Time: start.Add(time.Hour), Value: 0.25})
	if _, err := s.AppendSamples(t.Context(), a, samples); err != nil {
		t.Fatal(err)
	}
	f := func(q pipeline.UsageQuery) []pipeline.UsageSeries {
		t.Helper()
		q.Connection, q.Resource = a.Connection, "a"
		got, err := s.Usage(t.Context(), a.Tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	raw := f(pipeline.UsageQuery{From: start.Add(time.Hour), To: start.Add(time.Hour + 10*time.Minute)})
	want := []pipeline.UsageSeries{
		{Metric: pipeline.CPUPercent, Times: []time.Time{start.Add(time.Hour), start.Add(65 * time.Minute)}, Values: []float64{0, 1}, Max: []float64{0, 1}},
		{Metric: pipeline.LoadAverage1, Times: []time.Time{start.Add(time.Hour)}, Values: []float64{0.25}, Max: []float64{0.25}},
	}
	if diff := cmp.Diff(want, raw, equal()); diff != "" {
		t.Error(diff)
	}
	for _, step := range []time.Duration{0, time.Hour, 30 * time.Minute, 24 * time.Hour} {
		got := f(pipeline.UsageQuery{From: start, To: start.AddDate(0, 0, 10), Step: step, MaxPoints: 240, Metrics: []pipeline.MetricName{pipeline.CPUPercent}})
		if len(got) != 1 {
			t.Fatalf("%d series, want 1", len(got))
		}
		wantStep, n := step, int(240*time.Hour/max(step, time.Hour))
		if step == 0 {
			wantStep = time.Hour
		}
		if step == 30*time.Minute {
			n = 480
		}
		if got[0].Step != wantStep || len(got[0].Times) != n || !got[0].Times[0].Equal(start) {
			t.Errorf("step %s: series of %d points of %s from %s, want %d of %s", step, len(got[0].Times), got[0].Step, got[0].Times[0], n, wantStep)
		}
		if step != 30*time.Minute && (got[0].Values[n-1] != 5.5 || got[0].Max[n-1] != 11) {
			t.Errorf("step %s: average %v and greatest %v, want 5.5 and 11", step, got[0].Values[n-1], got[0].Max[n-1])
		}
	}
	if got := f(pipeline.UsageQuery{From: start, To: start.AddDate(0, 0, 10), Step: 4 * time.Hour}); len(got) != 2 || got[0].Max[0] != 11 {
		t.Errorf("steps of four hours: %v", got)
	}
	sums, err := s.UsageSummaries(t.Context(), a.Tenant, nil, []pipeline.MetricName{pipeline.CPUPercent}, start, start.Add(100*5*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	wantSums := []pipeline.UsageSummary{{Connection: a.Connection, Resource: "a", Metric: pipeline.CPUPercent, Samples: 100, Average: 5.34, P95: 11, Max: 11, Last: 3, LastAt: start.Add(99 * 5 * time.Minute)}}
	if diff := cmp.Diff(wantSums, sums, equal()); diff != "" {
		t.Error(diff)
	}
}

func TestHourlySumsAreMadeAgainWhenSamplesArriveLate(t *testing.T) {
	s, a := openStore(t), account()
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -20)
	at := func(minute int, v float64) pipeline.Sample {
		return pipeline.Sample{ResourceID: "a", Metric: pipeline.CPUPercent, Time: start.Add(time.Duration(minute) * time.Minute), Value: v}
	}
	for _, samples := range [][]pipeline.Sample{{at(0, 1)}, {at(5, 2)}, {at(0, 1), at(10, 6)}, {at(10, 6)}} {
		if _, err := s.AppendSamples(t.Context(), a, samples); err != nil {
			t.Fatal(err)
		}
	}
	q := pipeline.UsageQuery{Connection: a.Connection, Resource: "a", From: start, To: start.AddDate(0, 0, 10), Step: time.Hour}
	got, err := s.Usage(t.Context(), a.Tenant, q)
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.UsageSeries{{Metric: pipeline.CPUPercent, Step: time.Hour, Times: []time.Time{start}, Values: []float64{3}, Max: []float64{6}}}
	if diff := cmp.Diff(want, got, equal()); diff != "" {
		t.Error(diff)
	}
}

func TestDimensionValuesAndTagKeys(t *testing.T) {
	s, a := openStore(t), account()
	today := time.Now().UTC().Truncate(time.Hour).AddDate(0, 0, -1)
	at := func(days int, resource, name string) pipeline.Charge {
		c := charge(0, resource, "1")
		c.ResourceName, c.Start = name, today.AddDate(0, 0, -days)
		c.End, c.Tags = c.Start.Add(time.Hour), map[string]string{"tag of " + resource: "v", pipeline.TagCloudType: "ours, and not to choose from"}
		return c
	}
	cancelled := at(2, "r3", "taken back")
	back := cancelled
	back.Measures = back.Neg()
	lines := []pipeline.Charge{at(10, "r1", "old"), at(5, "r1", "Новое имя"), at(5, "r2", ""), at(100, "r0", "too old"), cancelled, back}
	if err := s.Append(t.Context(), a, pipeline.Slice{Source: "x"}, hour(1), "t", lines); err != nil {
		t.Fatal(err)
	}
	f := func(d pipeline.Dimension, text string, limit int, want ...pipeline.GroupKey) {
		t.Helper()
		got, err := s.DimensionValues(t.Context(), a.Tenant, d, text, limit)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, equal()); diff != "" {
			t.Errorf("%s %q: %s", d, text, diff)
		}
	}
	r1, r2 := pipeline.GroupKey{Value: "r1", Label: "Новое имя"}, pipeline.GroupKey{Value: "r2", Label: "r2"}
	f(pipeline.DimResource, "", 0, r1, r2)
	f(pipeline.DimResource, "", 1, r1)
	f(pipeline.DimResource, "НОВОЕ", 0, r1)
	f(pipeline.DimResource, "R2", 0, r2)
	f(pipeline.DimService, "vps", 0, pipeline.GroupKey{Value: "VPS", Label: "VPS"})
	f(pipeline.DimUnrecognised, "", 0, pipeline.GroupKey{Value: "false", Label: "false"})
	f(pipeline.TagDimension("tag of r2"), "", 0, pipeline.GroupKey{Value: "v", Label: "v"})
	f(pipeline.TagDimension("none"), "", 0)
	if _, err := s.DimensionValues(t.Context(), a.Tenant, "no such", "", 0); err == nil {
		t.Error("a dimension that is not there has values")
	}
	keys, err := s.TagKeys(t.Context(), a.Tenant)
	if diff := cmp.Diff([]string{"tag of r1", "tag of r2"}, keys); diff != "" || err != nil {
		t.Error(err, diff)
	}
}
