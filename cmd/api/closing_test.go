package main_test

import (
	"net/http"
	"slices"
	"testing"

	"github.com/infrazen/infrazen/pipeline"
)

func (s suite) TestClosingDocuments(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("Боевой")
	body := func(change map[string]any) map[string]any {
		b := map[string]any{"connection_id": id, "month": "2026-10", "total": "1200.50", "vat_rate": "20", "number": " А-17 ", "issued_on": "2026-10-31"}
		for k, v := range change {
			b[k] = v
		}
		return b
	}
	put := func(change map[string]any) *answer {
		t.Helper()
		return c.do(http.MethodPut, "/api/v1/closing-documents", body(change))
	}
	a := put(nil).want(http.StatusOK)
	if a.text("total") != "1200.5" || a.text("currency") != "RUB" || a.text("number") != "А-17" || a.text("issued_on") != "2026-10-31" || a.text("vat_rate") != "20" || a.at("prices_include_vat") != nil {
		t.Errorf("document: %s", a.body)
	}
	if a = put(map[string]any{"total": "7", "vat_rate": nil, "currency": "USD", "prices_include_vat": false}).want(http.StatusOK); a.at("vat_rate") != nil || a.at("prices_include_vat") != false {
		t.Errorf("document: %s", a.body)
	}
	put(map[string]any{"month": "2026-09", "issued_on": ""}).want(http.StatusOK)
	if a = w.asViewer().get("/api/v1/closing-documents").want(http.StatusOK); len(a.at("documents").([]any)) != 2 || a.text("documents", 0, "total") != "7" || a.at("documents", 1, "issued_on") != nil {
		t.Errorf("documents: %s", a.body)
	}
	if a = c.get("/api/v1/closing-documents?month=2026-09").want(http.StatusOK); len(a.at("documents").([]any)) != 1 {
		t.Errorf("documents of September: %s", a.body)
	}
	c.get("/api/v1/closing-documents?month=2026-9x").want(http.StatusUnprocessableEntity)
	w.asViewer().do(http.MethodPut, "/api/v1/closing-documents", body(nil)).want(http.StatusForbidden)
	w.asViewer().do(http.MethodDelete, "/api/v1/closing-documents?month=2026-10&connection="+id, nil).want(http.StatusForbidden)
	f := func(change map[string]any, want ...string) {
		t.Helper()
		if a := put(change).want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), want) {
			t.Errorf("%v: faults at %v, want %v: %s", change, a.locations(), want, a.body)
		}
	}
	f(map[string]any{"month": "октябрь", "issued_on": "31.10.2026"}, "body.month", "body.issued_on")
	f(map[string]any{"month": "1999-01"}, "body.month")
	f(map[string]any{"total": "-5"}, "body.total")
	f(map[string]any{"total": "1e9"}, "body.total")
	f(map[string]any{"vat_rate": "сто"}, "body.vat_rate")
	f(map[string]any{"currency": "рубль"}, "body.currency")
	put(map[string]any{"connection_id": unknownID}).want(http.StatusNotFound)
	c.do(http.MethodDelete, "/api/v1/closing-documents?month=2026-10&connection="+id, nil).want(http.StatusNoContent)
	c.do(http.MethodDelete, "/api/v1/closing-documents?month=2026-10&connection="+id, nil).want(http.StatusNotFound)
	c.do(http.MethodDelete, "/api/v1/closing-documents?month=x&connection="+id, nil).want(http.StatusUnprocessableEntity)
}

func (s suite) TestReconciliation(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("Боевой")
	w.facts.set(func(f *facts) {
		f.shelves[w.alpha.ID] = &shelf{
			month: []pipeline.MonthCharges{
				{Currency: "RUB", Category: pipeline.Usage, Status: pipeline.Billed, Cost: dec("1000.123456789"), Lines: 720, First: now().AddDate(0, -2, 0)},
				{Currency: "RUB", Category: pipeline.Usage, Status: pipeline.Estimated, Cost: dec("0.5"), Lines: 3, Unpriced: 2, First: now()},
			},
			states: []pipeline.AccountState{{Currency: "RUB", Bonus: decOrNil("50"), ObservedAt: now()}, {Currency: "RUB", Bonus: decOrNil("20"), ObservedAt: now()}},
		}
	})
	a := w.asViewer().get("/api/v1/reconciliation").want(http.StatusOK)
	if a.text("month") != "2026-10" || a.text("rows", 0, "state") != "no_document" || a.text("rows", 0, "ours") != "1000.623456789" || a.at("rows", 0, "difference") != nil || a.at("rows", 0, "document") != nil {
		t.Errorf("reconciliation: %s", a.body)
	}
	// 1164.75 with 20 per cent of VAT holds 194.13 of it; 30 of bonus money are not in the document.
	c.do(http.MethodPut, "/api/v1/closing-documents", map[string]any{
		"connection_id": id, "month": "2026-10", "total": "1164.75", "vat_rate": "20", "prices_include_vat": false,
	}).want(http.StatusOK)
	a = c.get("/api/v1/reconciliation?month=2026-10&connection=" + id).want(http.StatusOK)
	sum := dec(a.text("rows", 0, "ours"))
	kinds := []string{}
	for _, raw := range a.at("rows", 0, "items").([]any) {
		item := object(raw)
		kinds, sum = append(kinds, item["kind"].(string)), sum.Add(dec(item["amount"].(string)))
	}
	if !sum.Equal(dec("1164.75")) || !slices.Equal(kinds, []string{"vat", "bonus", "rounding"}) || a.text("rows", 0, "state") != "explained" {
		t.Errorf("items %v give %s: %s", kinds, sum, a.body)
	}
	if a.at("rows", 0, "items", 1, "assumed") != true || a.text("rows", 0, "document", "month") != "2026-10" || len(a.at("rows", 0, "notes").([]any)) != 1 {
		t.Errorf("reconciliation: %s", a.body)
	}
	english := w.asAdmin()
	english.do(http.MethodPatch, "/api/v1/session/user", map[string]string{"lang": "en"}).want(http.StatusOK)
	if !hasCyrillic(a.text("rows", 0, "items", 0, "text")) || hasCyrillic(english.get("/api/v1/reconciliation").text("rows", 0, "items", 0, "text")) {
		t.Errorf("not in the user's language: %s", a.body)
	}
	c.get("/api/v1/reconciliation?month=2026").want(http.StatusUnprocessableEntity)
	c.get("/api/v1/reconciliation?connection=" + unknownID).want(http.StatusNotFound)
	w.asOther().get("/api/v1/reconciliation?connection=" + id).want(http.StatusNotFound)
	if a := w.asOther().get("/api/v1/reconciliation").want(http.StatusOK); len(a.at("rows").([]any)) != 0 {
		t.Errorf("another organisation's: %s", a.body)
	}
}
