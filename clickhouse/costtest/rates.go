package costtest

import (
	"math/big"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// changed gives what a row's cost is in the wanted currency and that currency; the row's own when no rate is known.
func (e *evaluation) changed(r *Row, cost decimal.Decimal) (decimal.Decimal, string) {
	want := e.query.Currency
	if want == "" || want == r.BillingCurrency {
		return cost, r.BillingCurrency
	}
	at := day(r.Start)
	have, ok := e.roubles(r.BillingCurrency, at)
	base, alsoOK := e.roubles(want, at)
	if !ok || !alsoOK {
		return cost, r.BillingCurrency
	}
	// Cut off after 18 digits.
	scaled := new(big.Rat).Mul(new(big.Rat).Quo(have, base), new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(18), nil)))
	whole := new(big.Int).Quo(scaled.Num(), scaled.Denom())
	return cost.Mul(decimal.NewFromBigInt(whole, -18)), want
}

// roubles is what one unit of a currency costs on a day: by the rate of that day or of one of the fourteen before it.
func (e *evaluation) roubles(currency, day string) (*big.Rat, bool) {
	if currency == "RUB" {
		return big.NewRat(1, 1), true
	}
	if found, ok := e.found[currency+day]; ok {
		return found, found != nil
	}
	found := e.lookUp(currency, day)
	e.found[currency+day] = found
	return found, found != nil
}

func (e *evaluation) lookUp(currency, day string) *big.Rat {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	for back := range 15 {
		var last *pipeline.ExchangeRate
		for i := range e.rates {
			r := &e.rates[i]
			if r.Currency != currency || !r.Date.Equal(at.AddDate(0, 0, -back)) || !e.query.AsOf.IsZero() && r.SeenAt.After(e.query.AsOf) {
				continue
			}
			if last == nil || r.SeenAt.After(last.SeenAt) {
				last = r
			}
		}
		if last != nil {
			return new(big.Rat).Quo(last.Value.Rat(), big.NewRat(last.Nominal, 1))
		}
	}
	return nil
}

// unconverted names the currencies that are left beside the wanted one.
func unconverted(q *pipeline.CostQuery, totals []pipeline.CostTotal) []string {
	var out []string
	for _, t := range totals {
		if q.Currency != "" && t.Currency != q.Currency {
			out = append(out, t.Currency)
		}
	}
	return out
}
