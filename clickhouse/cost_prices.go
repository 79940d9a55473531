package clickhouse

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// waiting is a cell in another currency than the wanted one, with the values of its group. Which prices it needs is known when
// all cells are read; most organisations have none, and pay nothing for asking in their own currency.
type waiting struct {
	values []string
	cell   cell
}

// wait keeps the cell that was just read until its price is known.
func (f *fold) wait() {
	f.waiting = append(f.waiting, waiting{values: slices.Clone(f.values), cell: f.cell})
}

// settlePrices converts the waiting cells by the rates known at the question's instant. What has no rate keeps its currency.
func (s *Store) settlePrices(ctx context.Context, b *costSQL, f *fold) error {
	if len(f.waiting) == 0 {
		return nil
	}
	q := pipeline.RateQuery{
		From: dayOf(dayNumber(b.span.before) - pipeline.RateHolds + 1), To: dayOf(dayNumber(b.span.to) + 1),
		AsOf: b.query.AsOf, Currencies: []string{b.query.Currency},
	}
	for i := range f.waiting {
		q.Currencies = append(q.Currencies, f.waiting[i].cell.currency)
	}
	slices.Sort(q.Currencies)
	q.Currencies = slices.Compact(q.Currencies)
	rates, err := s.Rates(ctx, q)
	if err != nil {
		return err
	}
	prices := newPrices(rates)
	for i := range f.waiting {
		w := &f.waiting[i]
		f.values, f.cell = w.values, w.cell
		if price, ok := prices.of(w.cell.currency, b.query.Currency, w.cell.rateDay); ok {
			f.cell.cost, f.cell.currency = w.cell.cost.Mul(price), b.query.Currency
		}
		if err := f.add(f.group()); err != nil {
			return err
		}
	}
	return nil
}

// prices are rates by currency, in order of days.
type prices map[string][]pipeline.ExchangeRate

func newPrices(rates []pipeline.ExchangeRate) prices {
	p := prices{}
	for _, r := range rates {
		p[r.Currency] = append(p[r.Currency], r)
	}
	return p
}

// of is the price of one unit of a currency in another on a day, cut off after pipeline.RateScale digits.
func (p prices) of(from, to string, day int64) (decimal.Decimal, bool) {
	have, ok := p.on(from, day)
	want, alsoOK := p.on(to, day)
	if !ok || !alsoOK {
		return decimal.Zero, false
	}
	price, _ := have.Value.Mul(decimal.NewFromInt(want.Nominal)).QuoRem(want.Value.Mul(decimal.NewFromInt(have.Nominal)), pipeline.RateScale)
	return price, true
}

// on is the last rate that began to hold by a day, unless it is too old.
func (p prices) on(currency string, day int64) (pipeline.ExchangeRate, bool) {
	if currency == pipeline.RateBase {
		return pipeline.ExchangeRate{Nominal: 1, Value: decimal.NewFromInt(1)}, true
	}
	list := p[currency]
	i, found := slices.BinarySearchFunc(list, day, func(r pipeline.ExchangeRate, day int64) int { return cmp.Compare(dateNumber(r.Date), day) })
	if !found {
		i--
	}
	if i < 0 || day-dateNumber(list[i].Date) >= pipeline.RateHolds {
		return pipeline.ExchangeRate{}, false
	}
	return list[i], true
}

// dayOf is the date of a day's number, as midnight UTC.
func dayOf(number int64) time.Time { return time.Unix(max(number, 0)*86400, 0).UTC() }
