package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// closingColumns are what readClosing reads, of the table closing_documents called d. Money passes as text, to the last digit.
const closingColumns = `d.connection_id::text, d.billing_account, d.month, d.number, d.issued_on, d.total::text, d.currency, d.vat_rate::text,
    d.prices_include_vat, d.note, coalesce(d.entered_by::text, ''), d.updated_at`

func scanClosing(row pgx.CollectableRow) (pipeline.ClosingDocument, error) { return readClosing(row) }

func readClosing(row pgx.Row) (pipeline.ClosingDocument, error) {
	var d pipeline.ClosingDocument
	var total string
	var issued *time.Time
	var rate *string
	err := row.Scan(&d.ConnectionID, &d.BillingAccount, &d.Month, &d.Number, &issued, &total, &d.Currency, &rate, &d.PricesIncludeVAT, &d.Note,
		&d.EnteredBy, &d.UpdatedAt)
	if err != nil {
		return d, err
	}
	d.Month, d.IssuedOn, d.UpdatedAt = d.Month.UTC(), timeOf(issued), d.UpdatedAt.UTC()
	if rate != nil {
		percent, err := decimal.NewFromString(*rate)
		if err != nil {
			return d, err
		}
		d.VATRate = &percent
	}
	d.Total, err = decimal.NewFromString(total)
	return d, err
}

const sqlPutClosing = `/* put_closing_document */
INSERT INTO closing_documents AS d (tenant_id, connection_id, billing_account, month, number, issued_on, total, currency, vat_rate,
    prices_include_vat, note, entered_by)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::numeric, $8, $9::text::numeric, $10, $11, $12)
ON CONFLICT (connection_id, billing_account, month) DO UPDATE SET number = excluded.number, issued_on = excluded.issued_on,
    total = excluded.total, currency = excluded.currency, vat_rate = excluded.vat_rate, prices_include_vat = excluded.prices_include_vat,
    note = excluded.note, entered_by = excluded.entered_by, updated_at = clock_timestamp()
    WHERE d.tenant_id = excluded.tenant_id
RETURNING ` + closingColumns

// PutClosingDocument writes down what a month's closing document says, in place of what was held of that month and billing account. A
// connection that the tenant does not have is pipeline.ErrNotFound.
func (s *Store) PutClosingDocument(ctx context.Context, tenant pipeline.TenantID, d pipeline.ClosingDocument) (pipeline.ClosingDocument, error) {
	var by any
	if d.EnteredBy != "" {
		by = uuid(d.EnteredBy)
	}
	var rate *string
	if d.VATRate != nil {
		text := d.VATRate.String()
		rate = &text
	}
	held, err := readClosing(s.pool.QueryRow(ctx, sqlPutClosing, uuid(tenant), uuid(d.ConnectionID), d.BillingAccount, d.Month, d.Number,
		instant(d.IssuedOn), d.Total.String(), d.Currency, rate, d.PricesIncludeVAT, d.Note, by))
	return held, wrap(err, "write down the closing document of %s for %s", d.ConnectionID, d.Month.Format("2006-01"))
}

const sqlDeleteClosing = `/* delete_closing_document */
DELETE FROM closing_documents WHERE tenant_id = $1 AND connection_id = $2 AND billing_account = $3 AND month = $4`

// DeleteClosingDocument forgets the document of a month.
func (s *Store) DeleteClosingDocument(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, account string, month time.Time) error {
	return wrap(one(s.pool.Exec(ctx, sqlDeleteClosing, uuid(tenant), uuid(conn), account, month)), "forget the closing document of %s for %s",
		conn, month.Format("2006-01"))
}

const sqlClosings = `/* closing_documents */
SELECT ` + closingColumns + ` FROM closing_documents d
WHERE d.tenant_id = $1 AND ($2::date IS NULL OR d.month = $2) ORDER BY d.month DESC, d.connection_id, d.billing_account`

// ClosingDocuments lists the documents of a month, the newest month first; those of all months when month is zero.
func (s *Store) ClosingDocuments(ctx context.Context, tenant pipeline.TenantID, month time.Time) ([]pipeline.ClosingDocument, error) {
	rows, err := s.pool.Query(ctx, sqlClosings, uuid(tenant), instant(month))
	list, err := collectRows(rows, err, scanClosing)
	return list, wrap(err, "list the closing documents")
}
