package yandex

import (
	"errors"
	"strings"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Errors of a number in a report.
var (
	errNoNumber = errors.New("no number")
	errTooWide  = errors.New("a number out of range")
)

// parseDecimal reads a decimal text exactly. An empty text is no number.
func parseDecimal(s string) (decimal.Decimal, error) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > 80 || strings.Trim(s, "0123456789+-.eE") != "" {
		return decimal.Decimal{}, errNoNumber
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return decimal.Decimal{}, errNoNumber
	}
	if d.Exponent() > 40 || d.Exponent() < -80 || d.NumDigits()+int(d.Exponent()) > 20 {
		return decimal.Decimal{}, errTooWide
	}
	return d, nil
}

// fit rounds a number to what the ledger keeps; rounded tells whether that changed it.
func fit(d decimal.Decimal) (fitted decimal.Decimal, rounded bool) {
	r := d.Round(pipeline.MoneyScale)
	return r, !r.Equal(d)
}
