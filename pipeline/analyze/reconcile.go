package analyze

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Month sums up what the ledger holds of a month in a currency, without a document.
func Month(facts pipeline.MonthFacts, currency string) pipeline.Reconciliation {
	r := pipeline.Reconciliation{State: pipeline.ReconciliationNoDocument, Currency: currency}
	sums := map[pipeline.ChargeCategory]pipeline.CategorySum{}
	for _, c := range facts.Charges {
		if c.Currency != currency {
			continue
		}
		r.Ours, r.Lines, r.Unpriced = r.Ours.Add(c.Cost), r.Lines+c.Lines, r.Unpriced+c.Unpriced
		if c.Status == pipeline.Estimated {
			r.Estimated = r.Estimated.Add(c.Cost)
		}
		sum := sums[c.Category]
		sums[c.Category] = pipeline.CategorySum{Category: c.Category, Cost: sum.Cost.Add(c.Cost), Lines: sum.Lines + c.Lines}
	}
	for _, sum := range sums {
		r.Categories = append(r.Categories, sum)
	}
	slices.SortFunc(r.Categories, func(a, b pipeline.CategorySum) int { return cmp.Compare(a.Category, b.Category) })
	r.Notes = notes(facts, &r)
	return r
}

// MainCurrency is the currency of a month without a document: the one with the most lines, the organisation's when there are none.
func MainCurrency(facts pipeline.MonthFacts, otherwise string) string {
	lines := map[string]int64{}
	best := ""
	for _, c := range facts.Charges {
		lines[c.Currency] += c.Lines
	}
	for currency, n := range lines {
		if n > 0 && (best == "" || n > lines[best] || (n == lines[best] && currency < best)) {
			best = currency
		}
	}
	return cmp.Or(best, otherwise)
}

// Reconcile takes the difference between a document and the ledger apart. What is declared is taken as it is; what might be is taken
// when the remainder is smaller with it, and is marked as assumed; hours that are missing and rounding explain no more than they can;
// what then remains is unexplained. Ours and the items add up to the document's sum exactly.
func Reconcile(doc pipeline.ClosingDocument, facts pipeline.MonthFacts) pipeline.Reconciliation {
	r := Month(facts, doc.Currency)
	r.Difference = doc.Total.Sub(r.Ours)
	certain, possible := candidates(doc, facts, &r)
	rest := r.Difference
	for _, item := range certain {
		rest = rest.Sub(item.Amount)
	}
	limits := limitsOf(doc, facts, &r)
	chosen := choose(possible, rest, limits)
	for _, item := range chosen {
		rest = rest.Sub(item.Amount)
	}
	missing, rounding, rest := limits.take(rest)
	r.Items = append(certain, chosen...)
	r.Items = slices.DeleteFunc(r.Items, func(i pipeline.ReconciliationItem) bool { return i.Amount.IsZero() })
	if !missing.IsZero() {
		r.Items = append(r.Items, gapsItem(missing, limits.gaps, facts.Missing))
	}
	if !rounding.IsZero() {
		r.Items = append(r.Items, roundingItem(rounding, limits.rounding, doc.Currency))
	}
	if !rest.IsZero() {
		r.Items = append(r.Items, unexplainedItem(rest))
	}
	r.State = reconciled(&r, rest)
	return r
}

func reconciled(r *pipeline.Reconciliation, rest decimal.Decimal) pipeline.ReconciliationState {
	switch {
	case r.Lines == 0:
		return pipeline.ReconciliationNoData
	case r.Difference.Round(pipeline.MinorDigits(r.Currency)).IsZero() && rest.IsZero():
		return pipeline.ReconciliationEqual
	case rest.IsZero():
		return pipeline.ReconciliationExplained
	}
	return pipeline.ReconciliationUnexplained
}

// candidates are the items whose amounts are known: those that are declared, and those that may be.
func candidates(doc pipeline.ClosingDocument, facts pipeline.MonthFacts, r *pipeline.Reconciliation) (certain, possible []pipeline.ReconciliationItem) {
	rule := facts.Rule
	if rule == nil {
		rule = &pipeline.ClosingRule{}
	}
	put := func(item pipeline.ReconciliationItem, declared *bool) {
		if item.Amount.IsZero() || (declared != nil && !*declared) {
			return
		}
		if declared != nil {
			certain = append(certain, item)
			return
		}
		item.Assumed = true
		possible = append(possible, item)
	}
	includes := rule.PricesIncludeVAT
	if doc.PricesIncludeVAT != nil {
		includes = doc.PricesIncludeVAT
	}
	if !taxed(r) {
		put(vatItem(doc), not(includes))
	}
	put(creditsItem(r), nil)
	if facts.BonusCurrency == doc.Currency {
		put(bonusItem(facts.BonusUsed), not(rule.BonusInDocument))
	}
	if facts.CorrectionsKnown {
		put(correctionsItem(facts, doc.Currency), nil)
	}
	return certain, possible
}

func not(b *bool) *bool {
	if b == nil {
		return nil
	}
	n := !*b
	return &n
}

func taxed(r *pipeline.Reconciliation) bool {
	return slices.ContainsFunc(r.Categories, func(c pipeline.CategorySum) bool { return c.Category == pipeline.Tax && !c.Cost.IsZero() })
}

// limits are the most that items may be whose amounts are not known.
type limits struct {
	gaps, rounding decimal.Decimal
	digits         int32
}

// limitsOf bounds the missing hours by what the known hours cost in the mean, as long as these are the greater part, and rounding by half a minor unit for each row
// that the cloud rounds, and for the document's sum and its VAT.
func limitsOf(doc pipeline.ClosingDocument, facts pipeline.MonthFacts, r *pipeline.Reconciliation) limits {
	half := decimal.New(5, -pipeline.MinorDigits(doc.Currency)-1)
	rounded := int64(1)
	if doc.VATRate != nil && doc.VATRate.IsPositive() {
		rounded++
	}
	if facts.Rule != nil && facts.Rule.RoundsRows {
		rounded += max(0, r.Lines)
	}
	l := limits{rounding: half.Mul(decimal.NewFromInt(rounded)), digits: pipeline.MinorDigits(doc.Currency)}
	if known := facts.Hours - facts.Missing; facts.Missing > 0 && known >= facts.Missing && r.Ours.IsPositive() {
		l.gaps = r.Ours.Mul(decimal.NewFromInt(facts.Missing)).DivRound(decimal.NewFromInt(known), pipeline.MinorDigits(doc.Currency))
	}
	return l
}

// take takes apart what remains: rounding alone where that is enough, else what is missing first. Of a remainder that rounding cannot
// explain it takes what is less than a minor unit.
func (l limits) take(rest decimal.Decimal) (gaps, rounding, left decimal.Decimal) {
	if rest.Abs().GreaterThan(l.rounding) {
		gaps = within(rest, decimal.Zero, l.gaps)
	}
	left = rest.Sub(gaps)
	if rounding = left; rounding.Abs().GreaterThan(l.rounding) {
		rounding = left.Sub(left.Round(l.digits))
	}
	return gaps, rounding, left.Sub(rounding)
}

func within(d, low, high decimal.Decimal) decimal.Decimal {
	return decimal.Max(low, decimal.Min(high, d))
}

// choose gives those of the possible items with which the least remains unexplained; of several such choices the one with the fewest
// items, the first of these.
func choose(possible []pipeline.ReconciliationItem, rest decimal.Decimal, l limits) []pipeline.ReconciliationItem {
	var best []pipeline.ReconciliationItem
	_, _, least := l.take(rest)
	least = least.Abs()
	for mask := 1; mask < 1<<len(possible); mask++ {
		var chosen []pipeline.ReconciliationItem
		left := rest
		for i, item := range possible {
			if mask&(1<<i) != 0 {
				chosen, left = append(chosen, item), left.Sub(item.Amount)
			}
		}
		_, _, left = l.take(left)
		left = left.Abs()
		if left.LessThan(least) || (left.Equal(least) && len(chosen) < len(best)) {
			best, least = chosen, left
		}
	}
	return best
}
