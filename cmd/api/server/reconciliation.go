package server

import (
	"context"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/analyze"
	"github.com/infrazen/infrazen/pipeline/ask"
)

type reconciliationView struct {
	ConnectionID   string             `json:"connection_id"`
	ConnectionName string             `json:"connection_name"`
	Kind           string             `json:"kind"`
	BillingAccount string             `json:"billing_account" doc:"Empty for all of the connection"`
	State          string             `json:"state" enum:"no_document,no_data,equal,explained,unexplained"`
	Currency       string             `json:"currency" doc:"The document's; without one, that of most charges"`
	Ours           string             `json:"ours" doc:"All charges of the month"`
	Estimated      string             `json:"estimated" doc:"The part of ours that no bill has stated"`
	Lines          int64              `json:"lines"`
	Unpriced       int64              `json:"unpriced" doc:"Lines without a known price: they are not in ours"`
	Categories     []categoryView     `json:"categories" doc:"The parts of ours"`
	Document       maybe[closingView] `json:"document" doc:"Null when none was entered"`
	Difference     *string            `json:"difference" doc:"The document's sum less ours; null without a document"`
	Items          []itemView         `json:"items" doc:"They add up to the difference exactly"`
	Notes          []string           `json:"notes" doc:"What may be in the unexplained part and has no known amount"`
}

type categoryView struct {
	Category string `json:"category" doc:"FOCUS ChargeCategory"`
	Cost     string `json:"cost"`
	Lines    int64  `json:"lines"`
}

type itemView struct {
	Kind    string  `json:"kind" enum:"vat,credits,bonus,corrections,gaps,rounding,unexplained"`
	Amount  string  `json:"amount" doc:"Signed: ours and all amounts together are the document's sum"`
	Assumed bool    `json:"assumed" doc:"Nobody has declared it: it is taken because less remains unexplained with it"`
	Bound   *string `json:"bound" doc:"The most that it may be, for estimates"`
	Text    string  `json:"text"`
}

type reconciliationIn struct {
	Month      string `query:"month" maxLength:"7" doc:"As 2026-10; the month before this one by default"`
	Connection string `query:"connection" doc:"All when none is given" maxLength:"64"`
}

type reconciliationOut struct {
	Body struct {
		Month string               `json:"month"`
		Rows  []reconciliationView `json:"rows" doc:"One for each connection, or for each billing account with a document, by name"`
	}
}

func (s *Server) getReconciliation(ctx context.Context, c caller, in *reconciliationIn) (*reconciliationOut, error) {
	month, err := readMonth(in.Month, "query.month")
	if err != nil {
		return nil, err
	}
	now := s.Now()
	if month.IsZero() {
		month = monthBefore(now, c.Tenant.Zone)
	}
	only := pipeline.ConnectionID(in.Connection)
	list, err := s.months.Closing(ctx, c.tenant(), month, only, now)
	if err != nil {
		return nil, err
	}
	if only != "" && len(list) == 0 {
		return nil, pipeline.ErrNotFound
	}
	out := &reconciliationOut{}
	out.Body.Month = month.Format(monthForm)
	out.Body.Rows = mapped(list, func(m ask.ClosingMonth) reconciliationView { return viewReconciliation(m, c) })
	return out, nil
}

// monthBefore is the first day of the month before the one that is now in the zone, at midnight UTC.
func monthBefore(now time.Time, zone string) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	y, m, _ := now.In(loc).Date()
	return time.Date(y, m-1, 1, 0, 0, 0, 0, time.UTC)
}

func viewReconciliation(m ask.ClosingMonth, c caller) reconciliationView {
	v := reconciliationView{
		ConnectionID: string(m.Connection.ID), ConnectionName: m.Connection.Name, Kind: string(m.Connection.Kind), BillingAccount: m.BillingAccount,
	}
	var r pipeline.Reconciliation
	if m.Document == nil {
		r = analyze.Month(m.Facts, analyze.MainCurrency(m.Facts, c.Tenant.Currency))
	} else {
		r = analyze.Reconcile(*m.Document, m.Facts)
		v.Document, v.Difference = just(viewClosing(*m.Document)), money(&r.Difference)
	}
	v.State, v.Currency, v.Ours, v.Estimated, v.Lines, v.Unpriced = string(r.State), r.Currency, r.Ours.String(), r.Estimated.String(), r.Lines, r.Unpriced
	v.Categories = mapped(r.Categories, func(s pipeline.CategorySum) categoryView {
		return categoryView{Category: string(s.Category), Cost: s.Cost.String(), Lines: s.Lines}
	})
	v.Items = mapped(r.Items, func(i pipeline.ReconciliationItem) itemView {
		return itemView{Kind: string(i.Kind), Amount: i.Amount.String(), Assumed: i.Assumed, Bound: money(i.Bound), Text: i.Text.In(c.lang)}
	})
	v.Notes = mapped(r.Notes, func(t pipeline.Text) string { return t.In(c.lang) })
	return v
}
