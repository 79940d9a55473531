package server

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Closings is what the server needs of the store of closing documents.
type Closings interface {
	// PutClosingDocument fails with pipeline.ErrNotFound for a connection that the tenant does not have.
	PutClosingDocument(ctx context.Context, tenant pipeline.TenantID, d pipeline.ClosingDocument) (pipeline.ClosingDocument, error)
	DeleteClosingDocument(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, account string, month time.Time) error
	// ClosingDocuments lists the documents of a month; of all months when it is zero.
	ClosingDocuments(ctx context.Context, tenant pipeline.TenantID, month time.Time) ([]pipeline.ClosingDocument, error)
}

const monthForm = "2006-01"

// closingView is a closing document as held.
type closingView struct {
	ConnectionID     string     `json:"connection_id"`
	BillingAccount   string     `json:"billing_account" doc:"Empty for all of the connection"`
	Month            string     `json:"month" doc:"As 2026-10"`
	Number           string     `json:"number"`
	IssuedOn         *string    `json:"issued_on" doc:"As 2026-10-31"`
	Total            string     `json:"total" doc:"With VAT"`
	Currency         string     `json:"currency"`
	VATRate          *string    `json:"vat_rate" doc:"In percent; null without VAT"`
	PricesIncludeVAT *bool      `json:"prices_include_vat" doc:"Whether the prices of the cloud's API include VAT; null to go by what the cloud declares"`
	Note             string     `json:"note"`
	UpdatedAt        *time.Time `json:"updated_at"`
}

// closingBody is a closing document as it comes over the wire.
type closingBody struct {
	ConnectionID     string  `json:"connection_id" format:"uuid"`
	BillingAccount   string  `json:"billing_account,omitempty" maxLength:"200" doc:"Empty for all of the connection"`
	Month            string  `json:"month" maxLength:"7" doc:"As 2026-10"`
	Number           string  `json:"number,omitempty" maxLength:"100"`
	IssuedOn         string  `json:"issued_on,omitempty" maxLength:"10" doc:"As 2026-10-31"`
	Total            string  `json:"total" maxLength:"40" pattern:"^[0-9]{1,18}(\\.[0-9]{1,9})?$" patternDescription:"a decimal number such as 100000.50" doc:"With VAT"`
	Currency         string  `json:"currency,omitempty" pattern:"^([A-Z]{3})?$" patternDescription:"a currency code such as RUB" doc:"The organisation's by default"`
	VATRate          *string `json:"vat_rate,omitempty" maxLength:"10" pattern:"^[0-9]{1,2}(\\.[0-9]{1,4})?$" patternDescription:"percents such as 20" doc:"In percent; left out without VAT"`
	PricesIncludeVAT *bool   `json:"prices_include_vat,omitempty" doc:"Whether the prices of the cloud's API include VAT; left out to go by what the cloud declares"`
	Note             string  `json:"note,omitempty" maxLength:"1000"`
}

type listClosingsIn struct {
	Month string `query:"month" maxLength:"7" doc:"As 2026-10; all months by default"`
}

type putClosingIn struct{ Body closingBody }

type deleteClosingIn struct {
	Connection     string `query:"connection" required:"true" format:"uuid"`
	BillingAccount string `query:"billing_account" maxLength:"200"`
	Month          string `query:"month" required:"true" maxLength:"7" doc:"As 2026-10"`
}

type closingOut struct{ Body closingView }

type closingsOut struct {
	Body struct {
		Documents []closingView `json:"documents" doc:"The newest month first"`
	}
}

func (s *Server) routeClosing() {
	const tag, path = "reconciliation", "/closing-documents"
	add(s, operation{id: "list-closing-documents", method: http.MethodGet, path: path, tag: tag, summary: "What the clouds' closing documents say", access: members}, s.listClosings)
	add(s, operation{id: "put-closing-document", method: http.MethodPut, path: path, tag: tag, summary: "Write down what a month's closing document says", access: admins}, s.putClosing)
	add(s, operation{id: "delete-closing-document", method: http.MethodDelete, path: path, tag: tag, summary: "Forget a month's closing document", access: admins}, s.deleteClosing)
	add(s, operation{id: "get-reconciliation", method: http.MethodGet, path: "/reconciliation", tag: tag, summary: "A month's charges against its closing documents", access: members, timeout: s.Config.CostTimeout}, s.getReconciliation)
}

// readMonth reads a month of the wire; an empty one is zero.
func readMonth(text, location string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	month, err := time.Parse(monthForm, text)
	if err != nil || month.Year() < 2000 || month.Year() >= 2100 {
		return time.Time{}, invalid(fault{location: location, text: pipeline.Textf("укажите месяц, например 2026-10", "give a month such as 2026-10")})
	}
	return month, nil
}

// document checks the body and gives the document it describes.
func (b closingBody) document(c caller) (pipeline.ClosingDocument, error) {
	var faults []fault
	d := pipeline.ClosingDocument{
		ConnectionID: pipeline.ConnectionID(b.ConnectionID), BillingAccount: strings.TrimSpace(b.BillingAccount), Number: strings.TrimSpace(b.Number),
		Currency: or(b.Currency, c.Tenant.Currency), PricesIncludeVAT: b.PricesIncludeVAT, Note: strings.TrimSpace(b.Note), EnteredBy: c.User.ID,
	}
	var err error
	if d.Month, err = readMonth(b.Month, "body.month"); err != nil || d.Month.IsZero() {
		faults = append(faults, fault{location: "body.month", text: pipeline.Textf("укажите месяц, например 2026-10", "give a month such as 2026-10")})
	}
	if b.IssuedOn != "" {
		if d.IssuedOn, err = time.Parse(time.DateOnly, b.IssuedOn); err != nil || d.IssuedOn.Year() < 2000 || d.IssuedOn.Year() >= 2100 {
			faults = append(faults, fault{location: "body.issued_on", text: pipeline.Textf("укажите дату, например 2026-10-31", "give a date such as 2026-10-31")})
		}
	}
	if d.Total, err = decimal.NewFromString(b.Total); err != nil {
		faults = append(faults, fault{location: "body.total", text: pipeline.Textf("укажите сумму числом", "give the sum as a number")})
	}
	if b.VATRate != nil {
		rate, err := decimal.NewFromString(*b.VATRate)
		if err != nil {
			faults = append(faults, fault{location: "body.vat_rate", text: pipeline.Textf("укажите ставку НДС числом", "give the VAT rate as a number")})
		}
		d.VATRate = &rate
	}
	return d, invalid(faults...)
}

func (s *Server) listClosings(ctx context.Context, c caller, in *listClosingsIn) (*closingsOut, error) {
	month, err := readMonth(in.Month, "query.month")
	if err != nil {
		return nil, err
	}
	list, err := s.Store.ClosingDocuments(ctx, c.tenant(), month)
	if err != nil {
		return nil, err
	}
	out := &closingsOut{}
	out.Body.Documents = mapped(list, viewClosing)
	return out, nil
}

func (s *Server) putClosing(ctx context.Context, c caller, in *putClosingIn) (*closingOut, error) {
	d, err := in.Body.document(c)
	if err != nil {
		return nil, err
	}
	if d, err = s.Store.PutClosingDocument(ctx, c.tenant(), d); err != nil {
		return nil, err
	}
	return &closingOut{Body: viewClosing(d)}, nil
}

func (s *Server) deleteClosing(ctx context.Context, c caller, in *deleteClosingIn) (*struct{}, error) {
	month, err := readMonth(in.Month, "query.month")
	if err != nil {
		return nil, err
	}
	return nil, s.Store.DeleteClosingDocument(ctx, c.tenant(), pipeline.ConnectionID(in.Connection), in.BillingAccount, month)
}

func viewClosing(d pipeline.ClosingDocument) closingView {
	v := closingView{
		ConnectionID: string(d.ConnectionID), BillingAccount: d.BillingAccount, Month: d.Month.Format(monthForm), Number: d.Number,
		Total: d.Total.String(), Currency: d.Currency, VATRate: money(d.VATRate), PricesIncludeVAT: d.PricesIncludeVAT, Note: d.Note, UpdatedAt: when(d.UpdatedAt),
	}
	if !d.IssuedOn.IsZero() {
		day := d.IssuedOn.Format(time.DateOnly)
		v.IssuedOn = &day
	}
	return v
}
