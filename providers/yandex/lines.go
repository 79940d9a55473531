package yandex

import (
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// charges turns a row into its line of use and its lines of credit. All span the day.
//
// Cost and credit are kept apart, as the cloud keeps them. The cost is before every credit, so it is the list, the contracted
// and the billed cost of the use; a credit is a charge of its own, whose four costs are equal, as FOCUS wants of a charge of the
// category Credit. The sum of the billed, as of the effective, costs is what is to be paid.
func (r *row) charges() []pipeline.Charge {
	line := r.line()
	use := pipeline.Charge{
		Line: line, Start: r.date, End: r.date.Add(day),
		Measures: pipeline.Measures{LineCount: 1, ConsumedQuantity: r.quantity, PricingQuantity: r.quantity},
	}
	if r.cost == nil {
		use.UnpricedCount = 1
	} else {
		setCost(&use.Measures, *r.cost)
	}
	return append([]pipeline.Charge{use}, creditCharges(use, r.credit, r.parts)...)
}

func (r *row) line() pipeline.Line {
	t := r.text
	kind, known := typeOf(t["service_name"], t["sku_name"])
	name := t["service_name"]
	if name == "" {
		name = t["service_id"]
	}
	return pipeline.Line{
		ProviderName: cloudName, PublisherName: cloudName, InvoiceIssuerName: cloudName,
		BillingAccountID: t["billing_account_id"], BillingAccountName: t["billing_account_name"],
		BillingCurrency: strings.ToUpper(t["currency"]),
		SubAccountID:    t["folder_id"], SubAccountName: t["folder_name"],
		ServiceName: name, ResourceID: t["resource_id"], ResourceType: string(kind), Unrecognised: !known,
		SkuID: t["sku_id"], ChargeCategory: pipeline.Usage, ChargeDescription: t["sku_name"], ChargeFrequency: "Usage-Based",
		PricingCategory: "Standard", PricingUnit: t["pricing_unit"], ConsumedUnit: t["pricing_unit"],
		CostStatus: pipeline.Billed, Tags: r.labels, BillingPeriodStart: monthOf(r.date),
	}
}

// monthOf is the first instant of an instant's month in the billing zone.
func monthOf(t time.Time) time.Time {
	y, m, _ := t.In(billingZone()).Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, billingZone()).UTC()
}
