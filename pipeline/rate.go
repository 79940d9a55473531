package pipeline

import (
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// RateBase is the currency that rates are stated in.
const RateBase = "RUB"

// RateHolds is for how many days a rate holds when no later one is published: longer than the Bank of Russia's longest
// break, the first days of January. An older rate is no rate: a conversion by it would only look right.
const RateHolds = 15

// RateScale is how many digits after the point a price of one unit keeps. What a fraction has beyond them is cut off; this is
// the only place where a conversion rounds.
const RateScale = 18

// ErrRate says that a rate cannot be one.
var ErrRate = errors.New("a rate must name a currency of three capital letters, a day, a nominal of at least 1 and a price above 0 of at most 12 digits before and 18 after the point")

// ExchangeRate is what so many units of a currency cost in roubles from a day on.
type ExchangeRate struct {
	// Date is the day from which the rate holds, until the next one: midnight UTC of the date in Moscow.
	Date     time.Time
	Currency string // ISO 4217
	// Nominal is how many units Value is for: 1, 10, 100.
	Nominal int64
	Value   decimal.Decimal
	// Source is who stated it: "cbr", "file".
	Source string
	// SeenAt is when it was collected; zero before it is kept.
	SeenAt time.Time
}

// Unit is the price of one unit in roubles, cut off after RateScale digits.
func (r ExchangeRate) Unit() decimal.Decimal {
	q, _ := r.Value.QuoRem(decimal.NewFromInt(r.Nominal), RateScale)
	return q
}

// Same tells whether both state the same price, be it for other numbers of units.
func (r ExchangeRate) Same(o ExchangeRate) bool {
	return r.Value.Mul(decimal.NewFromInt(o.Nominal)).Equal(o.Value.Mul(decimal.NewFromInt(r.Nominal)))
}

// Check fails with ErrRate for what is no rate.
func (r ExchangeRate) Check() error {
	midnight := r.Date.Equal(r.Date.UTC().Truncate(24 * time.Hour))
	switch {
	case !IsCurrency(r.Currency), r.Currency == RateBase, r.Nominal < 1, r.Nominal > 1_000_000_000, r.Date.IsZero(), !midnight:
	case !r.Value.IsPositive(), r.Value.Exponent() < -RateScale, r.Value.Exponent() > 12, r.Value.NumDigits()+int(r.Value.Exponent()) > 12:
	default:
		return nil
	}
	return fmt.Errorf("cannot use the rate of %q on %s: %w", r.Currency, r.Date.Format(time.DateOnly), ErrRate)
}

// IsCurrency tells whether a text is the form of an ISO 4217 code: three capital letters.
func IsCurrency(code string) bool {
	if len(code) != 3 {
		return false
	}
	for i := range len(code) {
		if code[i] < 'A' || code[i] > 'Z' {
			return false
		}
	}
	return true
}

// RateQuery asks for rates.
type RateQuery struct {
	Currencies []string  // empty means all
	From, To   time.Time // days on which the rates begin to hold; To is exclusive
	// AsOf is the instant at which the rates were known; zero means now.
	AsOf time.Time
}
