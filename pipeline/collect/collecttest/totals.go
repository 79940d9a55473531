package collecttest

import (
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Totals are measures by something, as text, without those that are zero.
type Totals map[string]string

// TotalsAsOf adds the rows up by connection, source, hour and resource, as believed at an instant; zero means now.
func (l *Ledger) TotalsAsOf(at time.Time) Totals {
	sums := map[string]pipeline.Measures{}
	for _, r := range l.Rows() {
		if !at.IsZero() && r.SeenAt.After(at) {
			continue
		}
		key := fmt.Sprintf("%s %s %s %s %s", r.Account.Connection, r.Source, r.Charge.Start.UTC().Format(time.RFC3339), r.Charge.ResourceID, r.Charge.ServiceName)
		sums[key] = sums[key].Add(r.Charge.Measures)
	}
	totals := Totals{}
	for k, m := range sums {
		if !m.IsZero() {
			totals[k] = MeasuresText(m)
		}
	}
	return totals
}

// MeasuresText writes measures to the last digit.
func MeasuresText(m pipeline.Measures) string {
	return fmt.Sprintf("%d lines %d unpriced billed %s effective %s list %s contracted %s consumed %s priced %s",
		m.LineCount, m.UnpricedCount, m.BilledCost, m.EffectiveCost, m.ListCost, m.ContractedCost, m.ConsumedQuantity, m.PricingQuantity)
}
