package yandex

import (
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// creditCharges are the credits of a line of use, one for each kind. Their sum is the total that the cloud gives, whatever it
// says of the parts: reports differ in the sign of the parts, and what they leave over is a line of its own.
func creditCharges(use pipeline.Charge, total decimal.Decimal, parts []creditPart) []pipeline.Charge {
	sum := decimal.Zero
	for _, p := range parts {
		sum = sum.Add(p.amount)
	}
	negate := sum.Sign()*total.Sign() < 0
	rest := total
	var out []pipeline.Charge
	add := func(name string, amount decimal.Decimal) {
		if amount.IsZero() {
			return
		}
		c := pipeline.Charge{Line: use.Line, Start: use.Start, End: use.End, Measures: pipeline.Measures{LineCount: 1}}
		c.ChargeCategory, c.ChargeDescription, c.PricingCategory, c.PricingUnit, c.ConsumedUnit = pipeline.Credit, name, "", "", ""
		setCost(&c.Measures, amount)
		out = append(out, c)
	}
	for _, p := range parts {
		amount := p.amount
		if negate {
			amount = amount.Neg()
		}
		rest = rest.Sub(amount)
		add(p.name, amount)
	}
	add("other_credit", rest)
	return out
}

// setCost gives all four costs one value.
func setCost(m *pipeline.Measures, d decimal.Decimal) {
	m.BilledCost, m.EffectiveCost, m.ListCost, m.ContractedCost = d, d, d, d
}
