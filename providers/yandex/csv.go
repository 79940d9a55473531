package yandex

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// labelPrefix begins the columns of a resource's own labels; which there are differs from file to file.
const labelPrefix = "label.user_labels."

// row is a line of the export: what one SKU of one resource came to in one day
// (yandex.cloud/en/docs/billing/operations/get-folder-report).
type row struct {
	text map[string]string
	// Labels are those that are not empty.
	labels map[string]string
	date   time.Time // midnight of the day in UTC+3, in UTC
	// exported is when the file was written; zero when it does not tell.
	exported time.Time
	// cost is nil when the file does not tell it.
	cost     *decimal.Decimal
	quantity decimal.Decimal
	// credit is the sum of all discounts and grants, negative and not contained in the cost; parts are what it consists of.
	credit decimal.Decimal
	parts  []creditPart
	// rounded counts numbers of more digits than the ledger keeps.
	rounded int64
}

// creditPart is one kind of credit.
type creditPart struct {
	name   string
	amount decimal.Decimal
}

// creditColumns are the kinds of credits of the export.
func creditColumns() []string {
	return []string{"monetary_grant_credit", "volume_incentive_credit", "cud_credit", "misc_credit"}
}

// exportReader reads the export by its header: no order of columns is promised.
type exportReader struct {
	csv    *csv.Reader
	header []string
}

var errNoExport = errors.New("the first line is not the header of a billing export")

func newExportReader(in io.Reader) (*exportReader, error) {
	r := csv.NewReader(in)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errNoExport
		}
		return nil, fmt.Errorf("cannot read the header: %w", err)
	}
	out := &exportReader{csv: r}
	seen := map[string]bool{}
	for i, name := range head {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		name = strings.TrimSpace(name)
		if seen[name] && name != "" {
			return nil, fmt.Errorf("column %q stands twice: %w", shortText(name), errNoExport)
		}
		seen[name] = true
		out.header = append(out.header, name)
	}
	for _, name := range []string{"date", "cost", "currency", "sku_id"} {
		if !seen[name] {
			return nil, fmt.Errorf("no column %s: %w", name, errNoExport)
		}
	}
	return out, nil
}

// next gives the next row; io.EOF after the last one.
func (e *exportReader) next() (row, error) {
	record, err := e.csv.Read()
	if err != nil {
		return row{}, err
	}
	r := row{text: map[string]string{}}
	for i, v := range record {
		name := e.header[i]
		if label, ok := strings.CutPrefix(name, labelPrefix); ok {
			if v != "" {
				if r.labels == nil {
					r.labels = map[string]string{}
				}
				r.labels[label] = v
			}
			continue
		}
		r.text[name] = strings.TrimSpace(v)
	}
	line, _ := e.csv.FieldPos(0)
	if err := r.parse(); err != nil {
		return row{}, fmt.Errorf("line %d: %w", line, err)
	}
	return r, nil
}

func (r *row) parse() error {
	var err error
	if r.date, err = parseDay(r.text["date"]); err != nil {
		return err
	}
	if len(r.text["currency"]) != 3 {
		return errors.New("a currency is missing")
	}
	r.exported = parseInstant(r.text["exported_at"])
	if r.text["cost"] != "" {
		d, err := r.number("cost")
		if err != nil {
			return err
		}
		r.cost = &d
	}
	if r.quantity, err = r.number("pricing_quantity"); err != nil {
		return err
	}
	if r.credit, err = r.number("credit"); err != nil {
		return err
	}
	for _, name := range creditColumns() {
		d, err := r.number(name)
		if err != nil {
			return err
		}
		r.parts = append(r.parts, creditPart{name, d})
	}
	if r.text["credit"] == "" {
		for _, p := range r.parts {
			r.credit = r.credit.Add(p.amount)
		}
	}
	return nil
}

// number reads a column; an empty or absent one is zero.
func (r *row) number(column string) (decimal.Decimal, error) {
	if r.text[column] == "" {
		return decimal.Zero, nil
	}
	d, err := parseDecimal(r.text[column])
	if err != nil {
		return d, fmt.Errorf("column %s: %w", column, err)
	}
	d, rounded := fit(d)
	if rounded {
		r.rounded++
	}
	return d, nil
}

// parseDay reads a day of UTC+3 as the instant at which it begins.
func parseDay(s string) (time.Time, error) {
	for _, layout := range []string{"2006-01-02", "20060102"} {
		if t, err := time.ParseInLocation(layout, s[:min(len(s), len(layout))], billingZone()); err == nil && t.Year() >= 2000 {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("a date is missing or cannot be read")
}

// parseInstant reads seconds since 1970 or RFC 3339; zero when it is neither.
func parseInstant(s string) time.Time {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 1e9 && n < 1e11 {
		return time.Unix(n, 0).UTC()
	}
	for _, layout := range []string{time.RFC3339, time.DateTime} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC().Truncate(time.Second)
		}
	}
	return time.Time{}
}
