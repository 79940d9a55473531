package selectel

import (
	"context"
	"net/url"
	"time"

	"github.com/shopspring/decimal"
)

// priceListAge is how long a price list is good for.
const priceListAge = 6 * time.Hour

// priceList is GET /v2/billing/vpc/prices: kopecks per unit and hour, by resource and by region or zone.
type priceList struct {
	at     time.Time
	prices map[priceKey]decimal.Decimal // roubles
}

type priceKey struct{ resource, group string }

type pricesAnswer struct {
	Currency text `json:"currency"`
	Prices   []struct {
		Resource text   `json:"resource"`
		Group    text   `json:"group"`
		Value    number `json:"value"`
	} `json:"prices"`
}

// readPrices reads the price list unless it is fresh. Without one the charges lack list prices and nothing else.
func (b *biller) readPrices(ctx context.Context) {
	now := b.now()
	if p := b.prices; p != nil && now.Sub(p.at).Abs() < priceListAge {
		return
	}
	sc := b.rep.scope(scopePrices)
	var a pricesAnswer
	err := b.get(ctx, scopePrices, "/v2/billing/vpc/prices", url.Values{"currency": {"rub"}}, &a)
	if err == nil && a.Prices == nil {
		err = b.edge.Malformed(scopePrices, "no prices in the answer")
	}
	sc.close(err)
	if err != nil {
		return
	}
	sc.found = int64(len(a.Prices))
	b.session.prices = newPriceList(a, b.now())
}

func newPriceList(a pricesAnswer, at time.Time) *priceList {
	p := &priceList{at: at, prices: make(map[priceKey]decimal.Decimal, len(a.Prices))}
	for _, v := range a.Prices {
		if v.Value.Known && !v.Value.D.IsNegative() {
			p.prices[priceKey{string(v.Resource), string(v.Group)}] = kopecks(v.Value.D)
		}
	}
	return p
}

// priceOf is the list price of a row's metric in roubles per unit and hour; lists name regions or zones. It is told only where it explains the row to the
// kopeck: the list is today's, and an old row at another price, or one with a discount, must not be given it.
func (p *priceList) priceOf(r *row) (decimal.Decimal, bool) {
	if p == nil || !r.value.Known || !r.metric.Quantity.Known || r.metric.ID == "" {
		return decimal.Decimal{}, false
	}
	limit := decimal.New(1, -2)
	region, _ := place(string(r.metric.Region))
	for _, group := range []string{string(r.metric.Region), region, region + "a", region + "b", region + "c"} {
		price, ok := p.prices[priceKey{string(r.metric.ID), group}]
		if ok && price.Mul(r.metric.Quantity.D).Sub(kopecks(r.value.D)).Abs().LessThanOrEqual(limit) {
			return price, true
		}
	}
	return decimal.Decimal{}, false
}
