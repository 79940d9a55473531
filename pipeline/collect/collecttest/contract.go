package collecttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// RunLedger tests what collecting relies on in a store of facts. The account is one that the store holds nothing of.
func RunLedger(t *testing.T, l collect.Ledger, a collect.Account) {
	t.Helper()
	suite := ledgerSuite{ledger: l, account: a}
	t.Run("slices", suite.slices)
	t.Run("tokens", suite.tokens)
	t.Run("stages", suite.stages)
	t.Run("cumulative", suite.cumulative)
	t.Run("files", suite.files)
	t.Run("samples", suite.samples)
	t.Run("states", suite.states)
}

type ledgerSuite struct {
	ledger  collect.Ledger
	account collect.Account
}

// start is an hour before the end of a month, so that lines lie in two.
var start = time.Date(2026, 2, 28, 23, 0, 0, 0, time.UTC)

// Line makes a line of one hour, counted from an hour before the end of a month.
func Line(hour int, resource, cost string) pipeline.Charge {
	d := decimal.RequireFromString(cost)
	at := start.Add(time.Duration(hour) * time.Hour)
	return pipeline.Charge{
		Line:  pipeline.Line{ResourceID: resource, BillingCurrency: "RUB", CostStatus: pipeline.Billed, Tags: map[string]string{"team": "web"}},
		Start: at, End: at.Add(time.Hour), Measures: pipeline.Measures{LineCount: 1, BilledCost: d, ListCost: d.Neg()},
	}
}

func (s *ledgerSuite) held(t *testing.T, sl pipeline.Slice) map[collect.LineID]string {
	t.Helper()
	held := map[collect.LineID]string{}
	if err := s.ledger.Held(t.Context(), s.account, sl, func(h collect.HeldLine) error {
		held[h.LineID] = MeasuresText(h.Measures)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return held
}

func wanted(charges ...pipeline.Charge) map[collect.LineID]string {
	sums := map[collect.LineID]pipeline.Measures{}
	for i := range charges {
		id := idOf(&charges[i])
		sums[id] = sums[id].Add(charges[i].Measures)
	}
	held := map[collect.LineID]string{}
	for id, m := range sums {
		if !m.IsZero() {
			held[id] = MeasuresText(m)
		}
	}
	return held
}

func negated(c pipeline.Charge) pipeline.Charge {
	c.Measures = c.Neg()
	return c
}

func (s *ledgerSuite) check(t *testing.T, sl pipeline.Slice, want ...pipeline.Charge) {
	t.Helper()
	if d := cmp.Diff(wanted(want...), s.held(t, sl)); d != "" {
		t.Error(d)
	}
}

func (s *ledgerSuite) append(t *testing.T, sl pipeline.Slice, token string, lines ...pipeline.Charge) {
	t.Helper()
	if err := s.ledger.Append(t.Context(), s.account, sl, start, token, lines); err != nil {
		t.Fatal(err)
	}
}

func (s *ledgerSuite) slices(t *testing.T) {
	first := pipeline.Slice{Source: "slices", From: start, To: start.Add(2 * time.Hour)}
	whole, other := pipeline.Slice{Source: "slices"}, pipeline.Slice{Source: "another"}
	a, b, late := Line(0, "a", "0.000000000000000001"), Line(1, "b", "49999999999999999999.999999999999999999"), Line(2, "a", "3")
	s.check(t, whole)
	s.append(t, first, "1", a, b)
	s.append(t, whole, "2", late)
	s.append(t, other, "3", Line(0, "a", "7"))
	s.check(t, first, a, b)
	s.check(t, whole, a, b, late)
	s.append(t, first, "4", negated(b))
	s.check(t, first, a)
	lines, err := s.ledger.Lines(t.Context(), s.account, first, []collect.LineID{idOf(&a)})
	if d := cmp.Diff(map[collect.LineID]pipeline.Line{idOf(&a): a.Line}, lines); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	stop := errors.New("stop")
	if err := s.ledger.Held(t.Context(), s.account, whole, func(collect.HeldLine) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the caller came back as %v", err)
	}
	stranger := ledgerSuite{ledger: s.ledger, account: collect.Account{Tenant: s.account.Tenant, Connection: "00000000-0000-4000-8000-000000000000"}}
	stranger.check(t, whole)
}

// tokens: from one state held, a token lets one append in, whatever the second holds.
func (s *ledgerSuite) tokens(t *testing.T) {
	sl := pipeline.Slice{Source: "tokens"}
	a, b, c := Line(0, "a", "1"), Line(1, "b", "2"), Line(0, "c", "3")
	s.check(t, sl)
	if err := s.ledger.Append(t.Context(), s.account, sl, start, "same", []pipeline.Charge{a, b}); err != nil {
		t.Fatal(err)
	}
	writer := func(lines ...pipeline.Charge) {
		t.Helper()
		w := collect.NewWriter(s.ledger, s.account, sl, collect.SliceOptions{Now: func(context.Context) (time.Time, error) { return start, nil }})
		for _, l := range lines {
			if err := w.Add(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 5 { // to and fro between the same contents
		writer(a, b, c)
		s.check(t, sl, a, b, c)
		writer(b)
		s.check(t, sl, b)
	}
}

func (s *ledgerSuite) stages(t *testing.T) {
	sl := pipeline.Slice{Source: "stages"}
	a, b, c := Line(0, "a", "1"), Line(1, "b", "2"), Line(0, "c", "3")
	s.append(t, sl, "before", a, b)
	stage, err := s.ledger.Stage(t.Context(), s.account, sl)
	if err != nil {
		t.Fatal(err)
	}
	for _, lines := range [][]pipeline.Charge{{c, b}, {c}} {
		if err := stage.Add(t.Context(), lines); err != nil {
			t.Fatal(err)
		}
	}
	s.check(t, sl, a, b)
	for i, want := range []int64{2, 0} {
		if n, err := stage.Apply(t.Context(), start); err != nil || n != want {
			t.Errorf("apply %d appended %d rows, %v; want %d", i, n, err, want)
		}
	}
	s.check(t, sl, b, c, c)
	if err := stage.Drop(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.check(t, sl, b, c, c)
}

// files: which periods files hold lines of, and which they once held lines of.
func (s *ledgerSuite) files(t *testing.T) {
	a, b := pipeline.Slice{Source: collect.SourceFile + "a"}, pipeline.Slice{Source: collect.SourceFile + "b"}
	first, second, third := Line(0, "a", "1"), Line(1, "b", "2"), Line(2, "b", "0")
	s.append(t, pipeline.Slice{Source: "no file"}, "files 1", Line(5, "a", "7"))
	s.append(t, a, "files 2", first, second)
	s.append(t, b, "files 3", second, third)
	s.append(t, a, "files 4", negated(first), negated(second))
	got, err := s.ledger.FilePeriods(t.Context(), s.account, []string{a.Source})
	want := []collect.FilePeriod{
		{From: first.Start, To: first.End, Touched: true}, {From: second.Start, To: second.End, Held: true, Touched: true}, {From: third.Start, To: third.End, Held: true},
	}
	byTime := cmpopts.SortSlices(func(a, b collect.FilePeriod) bool { return a.From.Before(b.From) })
	if d := cmp.Diff(want, got, byTime); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	none, err := s.ledger.FilePeriods(t.Context(), s.account, nil)
	if err != nil || len(none) != 3 || slices.ContainsFunc(none, func(f collect.FilePeriod) bool { return f.Touched }) {
		t.Errorf("asked about no file: %v %+v", err, none)
	}
}

func (s *ledgerSuite) samples(t *testing.T) {
	at := time.Now().UTC().Truncate(time.Second).Add(-time.Hour)
	samples := []pipeline.Sample{
		{ResourceID: "a", Metric: pipeline.CPUPercent, Time: at, Value: 1.5},
		{ResourceID: "a", Metric: pipeline.CPUPercent, Time: at.Add(time.Minute), Value: 2},
		{ResourceID: "b", Metric: pipeline.CPUPercent, Time: at, Value: 3},
	}
	for i, want := range []int64{2, 1, 0} {
		n, err := s.ledger.AppendSamples(t.Context(), s.account, samples[:min(2+i, 3)])
		if err != nil || n != want {
			t.Errorf("append %d took %d samples, %v; want %d", i, n, err, want)
		}
	}
	last, err := s.ledger.LastSamples(t.Context(), s.account)
	if d := cmp.Diff(map[string]time.Time{"a": at.Add(time.Minute), "b": at}, last); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
}

func (s *ledgerSuite) states(t *testing.T) {
	state := func(id string, hour int, change pipeline.ChangeKind) pipeline.ResourceState {
		return pipeline.ResourceState{
			Resource: pipeline.Resource{
				ID: id, Type: pipeline.Server, Name: fmt.Sprint(id, hour), Scope: "vps", Tags: map[string]string{"a": "b"}, CreatedAt: start,
				Rates:  []pipeline.Rate{{ServiceName: "VPS", Known: true, Amount: decimal.RequireFromString("22.5"), Currency: "RUB", Period: pipeline.PerDay}},
				Events: []pipeline.ResourceEvent{{Kind: pipeline.EventCreated, Time: start}},
			},
			ConnectionID: s.account.Connection, Change: change, SeenAt: start.Add(time.Duration(hour) * time.Hour),
		}
	}
	gone := state("b", 3, pipeline.ResourceDeleted)
	gone.DeletedAt = start.Add(2 * time.Hour)
	syncs := [][]pipeline.ResourceState{
		{state("a", 0, pipeline.ResourceCreated), state("b", 0, pipeline.ResourceCreated)},
		{state("a", 2, pipeline.ResourceUpdated)},
		{gone},
		{state("a", 4, pipeline.ResourceUpdated)},
		nil,
	}
	for i, changed := range syncs {
		record := collect.SyncRecord{At: start.Add(time.Duration(i) * time.Hour), Complete: i != 4, Unchanged: int64(i)}
		for range 2 {
			if err := s.ledger.AppendStates(t.Context(), s.account, record, changed, fmt.Sprint("states ", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	same := cmp.Options{cmpopts.EquateEmpty()}
	latest, err := s.ledger.States(t.Context(), s.account)
	if d := cmp.Diff([]pipeline.ResourceState{syncs[3][0], gone}, latest, same); err != nil || d != "" {
		t.Errorf("latest: %v %s", err, d)
	}
	history, err := s.ledger.RateHistory(t.Context(), s.account, start.Add(150*time.Minute))
	if d := cmp.Diff([]pipeline.ResourceState{syncs[1][0], syncs[3][0], syncs[0][1], gone}, history, same); err != nil || d != "" {
		t.Errorf("history: %v %s", err, d)
	}
	if log, ok := s.ledger.(collect.SyncLog); ok {
		got, err := log.Syncs(t.Context(), s.account.Tenant, s.account.Connection, 3)
		if err != nil || len(got) != 3 || got[0].Complete || !got[1].At.Equal(start.Add(3*time.Hour)) || got[1].Unchanged != 3 {
			t.Errorf("syncs: %v %+v", err, got)
		}
		whole, err := log.LastWhole(t.Context(), s.account)
		if err != nil || !whole.Equal(start.Add(3*time.Hour)) {
			t.Errorf("last whole: %v %s", err, whole)
		}
	}
}

// WindowStore is a store of work with two connections of the kind "small" at one tenant, which have no windows yet.
type WindowStore struct {
	collect.Windows
	One, Two collect.Account
	// Pass lets time pass by the store's clock.
	Pass func(time.Duration)
}

// RunWindows tests what collecting relies on in a store of work.
func RunWindows(t *testing.T, s WindowStore) {
	t.Helper()
	ctx := t.Context()
	now := func() time.Time {
		t.Helper()
		at, err := s.Now(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	hour := now().UTC().Truncate(time.Hour)
	plan := func(a collect.Account, due time.Time, hours ...int) {
		t.Helper()
		var plans []collect.WindowPlan
		for _, h := range hours {
			from := hour.Add(-time.Duration(h) * time.Hour)
			plans = append(plans, collect.WindowPlan{Feed: pipeline.FeedCharges, Grain: pipeline.GrainHour, From: from, To: from.Add(time.Hour), DueAt: due, Priority: h})
		}
		if err := s.Plan(ctx, a, plans); err != nil {
			t.Fatal(err)
		}
	}
	claim := func(holder string, n, perConnection int, lease time.Duration) []collect.Window {
		t.Helper()
		got, err := s.Claim(ctx, holder, n, lease, collect.ClaimLimits{PerConnection: map[pipeline.Kind]int{Kind: perConnection}})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	plan(s.One, now(), 1, 2, 3, 4)
	plan(s.Two, now(), 1)
	if got := claim("a", 10, 0, time.Minute); len(got) != 0 {
		t.Errorf("%d windows of a kind with no room were given out", len(got))
	}
	for most := range 2 {
		got, err := s.Claim(ctx, "a", 10, time.Minute, collect.ClaimLimits{PerKind: map[pipeline.Kind]int{Kind: most}})
		if err != nil || len(got) != most {
			t.Fatalf("%d windows of a kind that may have %d connections were given out, %v", len(got), most, err)
		}
		for _, w := range got {
			if err := s.Extend(ctx, w, time.Nanosecond); err != nil {
				t.Fatal(err)
			}
			s.Pass(time.Millisecond)
		}
	}
	first := claim("a", 10, 2, time.Minute)
	if got := hoursOf(first, hour); !maps.Equal(got, map[string]int{string(s.One.Connection) + " 1": 1, string(s.One.Connection) + " 2": 1, string(s.Two.Connection) + " 1": 1}) {
		t.Errorf("the first claim got %v", got)
	}
	if again := claim("b", 10, 2, time.Minute); len(again) != 0 {
		t.Errorf("%d windows were given out beyond the connection's bound", len(again))
	}
	for _, w := range first {
		if err := s.Extend(ctx, w, time.Minute); err != nil {
			t.Error(err)
		}
		if err := s.Finish(ctx, w, collect.Result{StartedAt: now(), FinishedAt: now()}); err != nil {
			t.Error(err)
		}
		if err := s.Finish(ctx, w, collect.Result{}); !errors.Is(err, collect.ErrLeaseLost) {
			t.Errorf("a second mark: %v", err)
		}
	}
	plan(s.One, first[0].StoreNow.Add(-time.Minute), 1, 2)
	short := claim("b", 10, 9, 50*time.Millisecond)
	if len(short) != 2 {
		t.Fatalf("%d windows are left, want 2: what succeeded after it was due is left alone", len(short))
	}
	s.Pass(100 * time.Millisecond)
	taken := claim("c", 10, 9, time.Minute)
	if len(taken) != 2 || taken[0].Attempt != 2 {
		t.Fatalf("after the leases ran out %d windows were given out", len(taken))
	}
	for _, w := range short {
		if err := errors.Join(s.Finish(ctx, w, collect.Result{})); !errors.Is(err, collect.ErrLeaseLost) {
			t.Errorf("the mark of a lost lease: %v", err)
		}
	}
	fault := &pipeline.Fault{Code: pipeline.FaultUnavailable, Retry: true, Text: pipeline.Text{RU: "нет", EN: "no"}}
	if err := s.Finish(ctx, taken[0], collect.Result{Fault: fault, RetryAt: now().Add(30 * time.Millisecond)}); err != nil {
		t.Fatal(err)
	}
	s.Pass(time.Second)
	retried := claim("d", 1, 9, time.Minute)
	if len(retried) != 1 || retried[0].ID != taken[0].ID || retried[0].Attempt != 3 {
		t.Errorf("the failed window came back as %+v", retried)
	}
}

func hoursOf(windows []collect.Window, hour time.Time) map[string]int {
	got := map[string]int{}
	for _, w := range windows {
		got[fmt.Sprint(w.Account.Connection, " ", int(hour.Sub(w.From)/time.Hour))]++
	}
	return got
}
