package clickhouse

import (
	"errors"
	"fmt"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// ErrDigits says that a number does not fit the ledger's 20 digits before and 18 digits after the point.
var ErrDigits = errors.New("the ledger keeps 20 digits before and 18 digits after the point")

// exact returns d unless the ledger would have to round or cut it.
func exact(column string, d decimal.Decimal) (decimal.Decimal, error) {
	if d.Exponent() < -pipeline.MoneyScale && !d.Truncate(pipeline.MoneyScale).Equal(d) {
		return d, fmt.Errorf("cannot keep %s %s: %w", column, d, ErrDigits)
	}
	// NumDigits counts the coefficient's digits: those before the point are NumDigits + Exponent.
	if d.Exponent() > 20 && !d.IsZero() || d.NumDigits()+int(d.Exponent()) > 20 {
		return d, fmt.Errorf("cannot keep %s %s: %w", column, d, ErrDigits)
	}
	return d, nil
}
