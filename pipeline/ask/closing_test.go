package ask_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
)

// books is all that months are gathered from.
type books struct {
	shelf
	mu       sync.Mutex
	asked    []pipeline.MonthQuery
	docs     []pipeline.ClosingDocument
	gaps     []pipeline.DataGap
	gapCount int
	charges  []pipeline.MonthCharges
	bonus    []int64
	made     time.Time
}

func (b *books) ConnectionsOf(context.Context, pipeline.TenantID) ([]pipeline.Connection, error) {
	return []pipeline.Connection{
		{ID: "c2", Name: "Я", Kind: "billed", CreatedAt: b.made}, {ID: "c1", Name: "А", Kind: "accrued", CreatedAt: b.made},
	}, nil
}

func (b *books) ClosingDocuments(_ context.Context, _ pipeline.TenantID, month time.Time) ([]pipeline.ClosingDocument, error) {
	if !month.Equal(time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)) {
		return nil, errors.New("another month")
	}
	return b.docs, nil
}

func (b *books) MonthCharges(_ context.Context, _ pipeline.TenantID, q pipeline.MonthQuery) ([]pipeline.MonthCharges, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, q)
	return b.charges, b.fail
}

func (b *books) AccountStates(context.Context, pipeline.TenantID, pipeline.ConnectionID, time.Time, time.Time) ([]pipeline.AccountState, error) {
	var out []pipeline.AccountState
	for _, n := range b.bonus {
		amount := decimal.NewFromInt(n)
		out = append(out, pipeline.AccountState{Currency: "RUB", Bonus: &amount})
	}
	return append(out, pipeline.AccountState{Currency: "RUB"}), nil
}

func (b *books) DataState(context.Context, pipeline.TenantID, []pipeline.ConnectionID, time.Time, time.Time) (pipeline.DataState, error) {
	return pipeline.DataState{Gaps: b.gaps, GapCount: max(b.gapCount, len(b.gaps))}, b.failData
}

func months(b *books) *ask.Months {
	return &ask.Months{Ledger: b, Work: b, Kinds: map[pipeline.Kind]pipeline.Info{
		"billed": {BillingZone: "UTC", Feeds: []pipeline.FeedSpec{{Feed: pipeline.FeedCharges}, {Feed: pipeline.FeedInventory}}},
		"accrued": {
			BillingZone: "Europe/Moscow", Feeds: []pipeline.FeedSpec{{Feed: pipeline.FeedInventory, Accrues: true}},
			Closing: &pipeline.ClosingRule{RoundsRows: true},
		},
	}}
}

var october = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

func closing(t *testing.T, b *books, only pipeline.ConnectionID, now time.Time) []ask.ClosingMonth {
	t.Helper()
	got, err := months(b).Closing(t.Context(), tenant, october, only, now)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestClosingMonths(t *testing.T) {
	b := &books{
		bonus: []int64{100, 70, 500, 460, 460}, charges: []pipeline.MonthCharges{{Currency: "RUB", Lines: 10, LinesAsOf: 9, First: october}},
		docs: []pipeline.ClosingDocument{
			{ConnectionID: "c2", BillingAccount: "b-1", IssuedOn: time.Date(2026, 10, 31, 0, 0, 0, 0, time.UTC)}, {ConnectionID: "c2", BillingAccount: "a-1"},
		},
	}
	got := closing(t, b, "", day(20))
	names := make([]string, len(got))
	for i, m := range got {
		names[i] = m.Connection.Name + m.BillingAccount
	}
	if diff := cmp.Diff([]string{"А", "Яa-1", "Яb-1"}, names); diff != "" {
		t.Fatal(diff)
	}
	accrued, billed := got[0].Facts, got[2].Facts
	if accrued.BonusUsed.String() != "70" || accrued.BonusCurrency != "RUB" || accrued.Hours != 744 || accrued.Missing != 0 || accrued.Open || accrued.Rule == nil {
		t.Errorf("got %+v", accrued)
	}
	if !billed.CorrectionsKnown || accrued.CorrectionsKnown || got[0].Document != nil || got[2].Document == nil {
		t.Errorf("got %+v and %+v", billed, accrued)
	}
	for _, q := range b.asked {
		switch {
		case q.Connection == "c1" && !q.From.Equal(october.Add(-3*time.Hour)):
			t.Errorf("October begins at %s", q.From)
		case q.BillingAccount == "b-1" && (!q.AsOf.Equal(day(1)) || !q.From.Equal(october)):
			t.Errorf("the document's day ends at %s", q.AsOf)
		}
	}
	b.made = day(2) // after the document
	if closing(t, b, "c2", day(20))[1].Facts.CorrectionsKnown {
		t.Error("the connection was not there when the document was issued")
	}
	if open := closing(t, &books{}, "c1", october.Add(21*time.Hour)); len(open) != 1 || !open[0].Facts.Open || open[0].Facts.Hours != 24 {
		t.Errorf("got %+v", open)
	}
	b.fail = errors.New("away")
	if _, err := months(b).Closing(t.Context(), tenant, october, "", day(20)); err == nil {
		t.Error("charges are not known, and nobody says so")
	}
}

func TestClosingMonthsMissing(t *testing.T) {
	at := func(d, h int) time.Time { return time.Date(2026, 10, d, h, 0, 0, 0, time.UTC) }
	gap := func(feed pipeline.Feed, from, to time.Time) pipeline.DataGap {
		return pipeline.DataGap{Feed: feed, From: from, To: to}
	}
	f := func(name string, b *books, conn pipeline.ConnectionID, missing int64, more bool) {
		t.Helper()
		facts := closing(t, b, conn, day(20))[0].Facts
		if facts.Missing != missing || facts.MoreMissing != more {
			t.Errorf("%s: %d hours, more %v; want %d, %v", name, facts.Missing, facts.MoreMissing, missing, more)
		}
	}
	overlapping := []pipeline.DataGap{
		gap(pipeline.FeedCharges, at(5, 0), at(6, 0)), gap(pipeline.FeedCharges, at(2, 0), at(2, 5)), gap(pipeline.FeedCharges, at(5, 12), at(6, 3)),
		gap(pipeline.FeedCharges, at(5, 1), at(5, 2)), gap(pipeline.FeedCharges, at(31, 20), day(3)),
	}
	f("gaps that overlap", &books{gaps: overlapping}, "c2", 5+27+4, false)
	f("more gaps than are told", &books{gaps: overlapping[:1], gapCount: 11}, "c2", 24, true)
	f("an inventory that bears no charges", &books{gaps: []pipeline.DataGap{gap(pipeline.FeedInventory, at(5, 0), at(6, 0))}}, "c2", 0, false)
	f("one that does", &books{gaps: []pipeline.DataGap{gap(pipeline.FeedInventory, at(5, 0), at(6, 0))}}, "c1", 24, false)
	f("a file", &books{gaps: []pipeline.DataGap{gap(pipeline.FeedFiles, at(1, 0), day(1))}}, "c2", 0, true)
	first := []pipeline.MonthCharges{{Lines: 1, First: at(3, 0)}, {Lines: 1, First: at(2, 0)}}
	f("a connection made within the month", &books{made: at(10, 0), charges: first}, "c2", 24, false)
	f("one that was there before", &books{made: at(1, 0).Add(-time.Hour), charges: first}, "c2", 0, false)
}
