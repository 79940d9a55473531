package clickhouse

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// lineColumn is a text column of the ledger that identifies a line.
type lineColumn struct {
	name  string
	field func(*pipeline.Line) *string
}

// lineColumns are the text columns of a line but those that are kept in another form: Tags, cost_status and ChargeCategory.
func lineColumns() []lineColumn {
	type line = pipeline.Line
	return []lineColumn{
		{"ProviderName", func(l *line) *string { return &l.ProviderName }},
		{"PublisherName", func(l *line) *string { return &l.PublisherName }},
		{"InvoiceIssuerName", func(l *line) *string { return &l.InvoiceIssuerName }},
		{"BillingAccountId", func(l *line) *string { return &l.BillingAccountID }},
		{"BillingAccountName", func(l *line) *string { return &l.BillingAccountName }},
		{"BillingCurrency", func(l *line) *string { return &l.BillingCurrency }},
		{"SubAccountId", func(l *line) *string { return &l.SubAccountID }},
		{"SubAccountName", func(l *line) *string { return &l.SubAccountName }},
		{"ServiceCategory", func(l *line) *string { return &l.ServiceCategory }},
		{"ServiceName", func(l *line) *string { return &l.ServiceName }},
		{"ResourceId", func(l *line) *string { return &l.ResourceID }},
		{"ResourceName", func(l *line) *string { return &l.ResourceName }},
		{"ResourceType", func(l *line) *string { return &l.ResourceType }},
		{"RegionId", func(l *line) *string { return &l.RegionID }},
		{"RegionName", func(l *line) *string { return &l.RegionName }},
		{"AvailabilityZone", func(l *line) *string { return &l.AvailabilityZone }},
		{"SkuId", func(l *line) *string { return &l.SkuID }},
		{"SkuPriceId", func(l *line) *string { return &l.SkuPriceID }},
		{"ChargeClass", func(l *line) *string { return &l.ChargeClass }},
		{"ChargeDescription", func(l *line) *string { return &l.ChargeDescription }},
		{"ChargeFrequency", func(l *line) *string { return &l.ChargeFrequency }},
		{"PricingCategory", func(l *line) *string { return &l.PricingCategory }},
		{"PricingUnit", func(l *line) *string { return &l.PricingUnit }},
		{"ConsumedUnit", func(l *line) *string { return &l.ConsumedUnit }},
		{"CommitmentDiscountId", func(l *line) *string { return &l.CommitmentDiscountID }},
		{"CommitmentDiscountName", func(l *line) *string { return &l.CommitmentDiscountName }},
		{"CommitmentDiscountType", func(l *line) *string { return &l.CommitmentDiscountType }},
		{"CommitmentDiscountCategory", func(l *line) *string { return &l.CommitmentDiscountCategory }},
		{"CommitmentDiscountStatus", func(l *line) *string { return &l.CommitmentDiscountStatus }},
		{"ListUnitPrice", func(l *line) *string { return &l.ListUnitPrice }},
		{"ContractedUnitPrice", func(l *line) *string { return &l.ContractedUnitPrice }},
		{"ChargeCategory", func(l *line) *string { return (*string)(&l.ChargeCategory) }},
		{"cost_status", func(l *line) *string { return (*string)(&l.CostStatus) }},
	}
}

// lineSelect lists the columns of a line as any(...) in the order that scanLine takes them.
func lineSelect() string {
	var b strings.Builder
	for _, c := range lineColumns() {
		b.WriteString("any(" + c.name + "), ")
	}
	b.WriteString("any(Tags), any(unrecognised), any(BillingPeriodStart)")
	return b.String()
}

// scanLine takes the columns of lineSelect that follow the destinations given.
func scanLine(scan func(...any) error, before ...any) (pipeline.Line, error) {
	var l pipeline.Line
	var tags string
	dest := before
	for _, c := range lineColumns() {
		dest = append(dest, c.field(&l))
	}
	var billing time.Time
	dest = append(dest, &tags, &l.Unrecognised, &billing)
	if err := scan(dest...); err != nil {
		return l, err
	}
	if billing.Unix() != 0 {
		l.BillingPeriodStart = billing.UTC()
	}
	var err error
	l.Tags, err = decodeMap(tags)
	return l, err
}

// encodeMap writes a map as a JSON object with sorted keys; an empty map is an empty text.
func encodeMap(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteByte('{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(quoteJSON(k))
		b.WriteByte(':')
		b.WriteString(quoteJSON(m[k]))
	}
	b.WriteByte('}')
	return b.String()
}

func quoteJSON(s string) string {
	text, _ := json.Marshal(s) // a string cannot fail
	return string(text)
}

func decodeMap(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // an empty map is nil here
	}
	var m map[string]string
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return nil, fmt.Errorf("cannot read the tags %q: %w", text, err)
	}
	return m, nil
}
