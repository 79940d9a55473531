package focus

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// columnKind says how a column's cells are read.
type columnKind int

const (
	textColumn columnKind = iota
	currencyColumn
	categoryColumn
	costColumn
	quantityColumn
	priceColumn
	startColumn
	endColumn
	billingStartColumn
	tagsColumn
	// ignoredColumn is a FOCUS column that the ledger does not keep.
	ignoredColumn
)

// column is one column of FOCUS: how it is called, how it is read and where it goes.
type column struct {
	name    string
	aliases []string // names of earlier and later versions of FOCUS
	kind    columnKind
	// required columns are those without which a row is no charge; mandatory ones are those that FOCUS demands besides.
	required, mandatory bool
	text                func(*pipeline.Line) *string
	number              measure
}

// measure numbers the decimal columns of pipeline.Measures.
type measure int

const (
	billedCost measure = iota
	effectiveCost
	listCost
	contractedCost
	consumedQuantity
	pricingQuantity
	measureCount
)

type textOf = func(*pipeline.Line) *string

func text(name string, to textOf, aliases ...string) column {
	return column{name: name, kind: textColumn, text: to, aliases: aliases}
}

func mandatory(c column) column {
	c.mandatory = true
	return c
}

// columns lists FOCUS 1.0 to 1.2, with the names that 0.5, 1.0-preview and 1.3 have for the same.
func columns() []column {
	out := []column{
		{name: "BilledCost", kind: costColumn, number: billedCost, required: true},
		{name: "BillingCurrency", kind: currencyColumn, required: true},
		{name: "ChargePeriodStart", kind: startColumn, required: true},
		{name: "ChargePeriodEnd", kind: endColumn, required: true},
		{name: "ChargeCategory", kind: categoryColumn, required: true, aliases: []string{"ChargeType"}},
		{name: "EffectiveCost", kind: costColumn, number: effectiveCost, mandatory: true, aliases: []string{"AmortizedCost"}},
		{name: "ListCost", kind: costColumn, number: listCost, mandatory: true},
		{name: "ContractedCost", kind: costColumn, number: contractedCost, mandatory: true},
		{name: "ConsumedQuantity", kind: quantityColumn, number: consumedQuantity, aliases: []string{"UsageQuantity"}},
		{name: "PricingQuantity", kind: quantityColumn, number: pricingQuantity, mandatory: true},
		{name: "ListUnitPrice", kind: priceColumn, text: func(l *pipeline.Line) *string { return &l.ListUnitPrice }},
		{name: "ContractedUnitPrice", kind: priceColumn, text: func(l *pipeline.Line) *string { return &l.ContractedUnitPrice }},
		{name: "BillingPeriodStart", kind: billingStartColumn, mandatory: true},
		{name: "Tags", kind: tagsColumn},
	}
	out = append(out, whoColumns()...)
	out = append(out, whatColumns()...)
	for _, name := range unkeptColumns() {
		out = append(out, column{name: name, kind: ignoredColumn})
	}
	return out
}

func whoColumns() []column {
	return []column{
		mandatory(text("ProviderName", func(l *pipeline.Line) *string { return &l.ProviderName }, "ServiceProviderName", "Provider")),
		mandatory(text("PublisherName", func(l *pipeline.Line) *string { return &l.PublisherName }, "Publisher")),
		mandatory(text("InvoiceIssuerName", func(l *pipeline.Line) *string { return &l.InvoiceIssuerName }, "InvoiceIssuer")),
		mandatory(text("BillingAccountId", func(l *pipeline.Line) *string { return &l.BillingAccountID })),
		mandatory(text("BillingAccountName", func(l *pipeline.Line) *string { return &l.BillingAccountName })),
		text("SubAccountId", func(l *pipeline.Line) *string { return &l.SubAccountID }),
		text("SubAccountName", func(l *pipeline.Line) *string { return &l.SubAccountName }),
		mandatory(text("ServiceCategory", func(l *pipeline.Line) *string { return &l.ServiceCategory })),
		mandatory(text("ServiceName", func(l *pipeline.Line) *string { return &l.ServiceName })),
		text("ResourceId", func(l *pipeline.Line) *string { return &l.ResourceID }),
		text("ResourceName", func(l *pipeline.Line) *string { return &l.ResourceName }),
		text("ResourceType", func(l *pipeline.Line) *string { return &l.ResourceType }),
		text("RegionId", func(l *pipeline.Line) *string { return &l.RegionID }, "Region"),
		text("RegionName", func(l *pipeline.Line) *string { return &l.RegionName }),
		text("AvailabilityZone", func(l *pipeline.Line) *string { return &l.AvailabilityZone }),
	}
}

func whatColumns() []column {
	return []column{
		text("SkuId", func(l *pipeline.Line) *string { return &l.SkuID }),
		text("SkuPriceId", func(l *pipeline.Line) *string { return &l.SkuPriceID }),
		mandatory(text("ChargeClass", func(l *pipeline.Line) *string { return &l.ChargeClass })),
		mandatory(text("ChargeDescription", func(l *pipeline.Line) *string { return &l.ChargeDescription })),
		text("ChargeFrequency", func(l *pipeline.Line) *string { return &l.ChargeFrequency }),
		text("PricingCategory", func(l *pipeline.Line) *string { return &l.PricingCategory }),
		mandatory(text("PricingUnit", func(l *pipeline.Line) *string { return &l.PricingUnit })),
		text("ConsumedUnit", func(l *pipeline.Line) *string { return &l.ConsumedUnit }, "UsageUnit"),
		text("CommitmentDiscountId", func(l *pipeline.Line) *string { return &l.CommitmentDiscountID }),
		text("CommitmentDiscountName", func(l *pipeline.Line) *string { return &l.CommitmentDiscountName }),
		text("CommitmentDiscountType", func(l *pipeline.Line) *string { return &l.CommitmentDiscountType }),
		text("CommitmentDiscountCategory", func(l *pipeline.Line) *string { return &l.CommitmentDiscountCategory }),
		text("CommitmentDiscountStatus", func(l *pipeline.Line) *string { return &l.CommitmentDiscountStatus }),
	}
}

func unkeptColumns() []string {
	return []string{
		"BillingAccountType", "BillingPeriodEnd", "CapacityReservationId", "CapacityReservationStatus",
		"CommitmentDiscountQuantity", "CommitmentDiscountUnit", "InvoiceId", "PricingCurrency",
		"PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice",
		"ServiceSubcategory", "SkuMeter", "SkuPriceDetails", "SubAccountType",
	}
}

// fold makes names comparable: case, blanks, underscores and hyphens do not count, except in a custom name (x_...).
func fold(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	if isCustom(name) {
		return name
	}
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(name)
}

// isCustom tells whether a name is a vendor's own, which FOCUS prefixes with x_.
func isCustom(name string) bool {
	return len(name) > 1 && (name[0] == 'x' || name[0] == 'X') && name[1] == '_'
}
