package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// priceIndex finds prices without a walk through the whole list. It is made anew when Account.Prices is another list.
type priceIndex struct {
	of  []Price
	sku map[string][]Price // in order of From
	// turns are the instants at which some price changes, in order.
	turns []time.Time
}

func newPriceIndex(list []Price) *priceIndex {
	p := &priceIndex{of: list, sku: make(map[string][]Price, len(list))}
	for _, price := range list {
		p.sku[price.SKU] = append(p.sku[price.SKU], price)
		if !price.From.IsZero() {
			p.turns = append(p.turns, price.From)
		}
	}
	for _, prices := range p.sku {
		slices.SortStableFunc(prices, func(a, b Price) int { return a.From.Compare(b.From) })
	}
	slices.SortFunc(p.turns, time.Time.Compare)
	p.turns = slices.CompactFunc(p.turns, time.Time.Equal)
	return p
}

// prices is the index of the price list as it is now.
func (a *Account) prices() *priceIndex {
	p := a.index.Load()
	if p == nil || len(p.of) != len(a.Prices) || len(p.of) > 0 && &p.of[0] != &a.Prices[0] {
		p = newPriceIndex(a.Prices)
		a.index.Store(p)
	}
	return p
}

func (p *priceIndex) at(sku string, t time.Time) Price {
	list := p.sku[sku]
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].From.After(t) {
			return list[i]
		}
	}
	return Price{}
}

// nextTurn is the first instant behind t at which some price changes; zero when none does.
func (p *priceIndex) nextTurn(t time.Time) time.Time {
	for _, turn := range p.turns {
		if turn.After(t) {
			return turn
		}
	}
	return time.Time{}
}

// PriceAt is an SKU's price at an instant; the zero Price when it has none.
func (a *Account) PriceAt(sku string, t time.Time) Price { return a.prices().at(sku, t) }

// HourlyCost is what parts cost for an hour of running at the prices of an instant, after the contract's discount. Parts that
// follow the load count in full.
func (a *Account) HourlyCost(parts []Part, t time.Time) decimal.Decimal {
	index, sum := a.prices(), decimal.Zero
	for _, p := range parts {
		sum = sum.Add(p.Quantity.Mul(index.at(p.SKU, t).Amount))
	}
	return sum.Mul(one().Sub(a.Discount))
}

// Tax is the VAT that an amount at the account's prices contains, in its currency with two digits after the point.
func (a *Account) Tax(amount decimal.Decimal) decimal.Decimal {
	return amount.Mul(a.TaxRate).DivRound(one().Add(a.TaxRate), 2)
}

func one() decimal.Decimal { return decimal.New(1, 0) }
