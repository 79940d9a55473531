package postgres_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

func TestClosingDocuments(t *testing.T) {
	s := pgtest.Open(t)
	tn, other := tenant(t, s), tenant(t, s)
	conn := connect(t, s, tn, "beget", "Облако").Connection
	by := member(t, s, tn, "buh@example.ru")
	rate, no := decimal.RequireFromString("20"), false
	full := pipeline.ClosingDocument{
		ConnectionID: conn, Month: date(2026, 10, 1), Number: "А-17/3", IssuedOn: date(2026, 10, 31), Total: decimal.RequireFromString("1234567890123456.789012345678901234"),
		Currency: "RUB", VATRate: &rate, PricesIncludeVAT: &no, Note: "два акта", EnteredBy: by.ID,
	}
	bare := pipeline.ClosingDocument{ConnectionID: conn, BillingAccount: "b-1", Month: date(2026, 10, 1), Total: decimal.Zero, Currency: "USD"}
	older := pipeline.ClosingDocument{ConnectionID: conn, Month: date(2026, 9, 1), Total: decimal.NewFromInt(5), Currency: "RUB"}
	for _, d := range []pipeline.ClosingDocument{older, bare, full} {
		got, err := s.PutClosingDocument(t.Context(), tn, d)
		if diff := cmp.Diff(d, got, cmpopts.IgnoreFields(pipeline.ClosingDocument{}, "UpdatedAt")); diff != "" || err != nil || got.UpdatedAt.IsZero() {
			t.Fatalf("%v (-put +got):\n%s", err, diff)
		}
	}
	f := func(tn pipeline.TenantID, month time.Time, want ...pipeline.ClosingDocument) {
		t.Helper()
		got, err := s.ClosingDocuments(t.Context(), tn, month)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(pipeline.ClosingDocument{}, "UpdatedAt"), cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	f(tn, time.Time{}, full, bare, older)
	f(tn, date(2026, 10, 1), full, bare)
	f(tn, date(2026, 8, 1))
	f(other, time.Time{})

	full.Total, full.VATRate, full.PricesIncludeVAT, full.IssuedOn = decimal.RequireFromString("0.01"), nil, nil, time.Time{}
	if _, err := s.PutClosingDocument(t.Context(), tn, full); err != nil {
		t.Fatal(err)
	}
	f(tn, date(2026, 10, 1), full, bare)

	if _, err := s.PutClosingDocument(t.Context(), other, full); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("a document for another's connection: %v", err)
	}
	for _, err := range []error{
		s.DeleteClosingDocument(t.Context(), other, conn, "", date(2026, 10, 1)), s.DeleteClosingDocument(t.Context(), tn, conn, "b-2", date(2026, 10, 1)),
		s.DeleteClosingDocument(t.Context(), tn, "none", "", date(2026, 10, 1)),
	} {
		if !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	}
	must(t, s.DeleteClosingDocument(t.Context(), tn, conn, "b-1", date(2026, 10, 1)))
	f(tn, time.Time{}, full, older)
	must(t, s.DeleteConnection(t.Context(), tn, conn))
	f(tn, time.Time{})
}
