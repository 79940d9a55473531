package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// MoneyScale is how many digits after the point the ledger keeps of every cost and quantity.
const MoneyScale = 18

// ChargeCategory is FOCUS ChargeCategory.
type ChargeCategory string

// The charge categories of FOCUS 1.2.
const (
	Usage      ChargeCategory = "Usage"
	Purchase   ChargeCategory = "Purchase"
	Tax        ChargeCategory = "Tax"
	Credit     ChargeCategory = "Credit"
	Adjustment ChargeCategory = "Adjustment"
)

// CostStatus tells where a cost comes from.
type CostStatus string

// A cost is either stated by the cloud's billing, or worked out by us from a price in force or a price list.
const (
	Billed    CostStatus = "billed"
	Estimated CostStatus = "estimated"
)

// Measures are the numbers of a charge that add up. Costs are in the charge's BillingCurrency.
type Measures struct {
	// LineCount is how many lines of the bill are in here: 1 for a line as a cloud gives it, negative in a correction.
	LineCount int64
	// UnpricedCount is how many of these lines have no known price. Their costs are not in the sums below.
	UnpricedCount    int64
	BilledCost       decimal.Decimal
	EffectiveCost    decimal.Decimal
	ListCost         decimal.Decimal
	ContractedCost   decimal.Decimal
	ConsumedQuantity decimal.Decimal
	PricingQuantity  decimal.Decimal
}

// Add returns m + o.
func (m Measures) Add(o Measures) Measures {
	return Measures{
		LineCount:        m.LineCount + o.LineCount,
		UnpricedCount:    m.UnpricedCount + o.UnpricedCount,
		BilledCost:       m.BilledCost.Add(o.BilledCost),
		EffectiveCost:    m.EffectiveCost.Add(o.EffectiveCost),
		ListCost:         m.ListCost.Add(o.ListCost),
		ContractedCost:   m.ContractedCost.Add(o.ContractedCost),
		ConsumedQuantity: m.ConsumedQuantity.Add(o.ConsumedQuantity),
		PricingQuantity:  m.PricingQuantity.Add(o.PricingQuantity),
	}
}

// Neg returns -m.
func (m Measures) Neg() Measures {
	return Measures{
		LineCount:        -m.LineCount,
		UnpricedCount:    -m.UnpricedCount,
		BilledCost:       m.BilledCost.Neg(),
		EffectiveCost:    m.EffectiveCost.Neg(),
		ListCost:         m.ListCost.Neg(),
		ContractedCost:   m.ContractedCost.Neg(),
		ConsumedQuantity: m.ConsumedQuantity.Neg(),
		PricingQuantity:  m.PricingQuantity.Neg(),
	}
}

// IsZero tells whether every measure is zero.
func (m Measures) IsZero() bool {
	return m.LineCount == 0 && m.UnpricedCount == 0 && m.BilledCost.IsZero() && m.EffectiveCost.IsZero() &&
		m.ListCost.IsZero() && m.ContractedCost.IsZero() && m.ConsumedQuantity.IsZero() && m.PricingQuantity.IsZero()
}

// Line is everything that identifies a charge except its period: FOCUS 1.2 columns under their own names.
// Empty means not given. Two charges of one period with equal lines are one line of the ledger and add up.
type Line struct {
	ProviderName               string
	PublisherName              string
	InvoiceIssuerName          string
	BillingAccountID           string
	BillingAccountName         string
	BillingCurrency            string // ISO 4217, upper case
	SubAccountID               string // project, folder, subscription
	SubAccountName             string
	ServiceCategory            string
	ServiceName                string
	ResourceID                 string
	ResourceName               string
	ResourceType               string // see ResourceType; a cloud's own word when we do not recognise it
	RegionID                   string
	RegionName                 string
	AvailabilityZone           string
	SkuID                      string
	SkuPriceID                 string
	ChargeCategory             ChargeCategory
	ChargeClass                string // "Correction" or empty
	ChargeDescription          string
	ChargeFrequency            string
	PricingCategory            string
	PricingUnit                string
	ConsumedUnit               string
	CommitmentDiscountID       string
	CommitmentDiscountName     string
	CommitmentDiscountType     string
	CommitmentDiscountCategory string
	CommitmentDiscountStatus   string
	ListUnitPrice              string // decimal in canonical form, empty when unknown
	ContractedUnitPrice        string // decimal in canonical form, empty when unknown
	CostStatus                 CostStatus
	// Unrecognised is true when the resource's type is not one we know: the sum of such lines is shown as its own figure.
	Unrecognised bool
	Tags         map[string]string
	// BillingPeriodStart is the first instant of the invoice month in the provider's billing zone, in UTC. Zero when unknown.
	BillingPeriodStart time.Time
}

// LineKey identifies a Line: the first 16 bytes of a SHA-256 over its fields.
type LineKey [16]byte

// Key returns the identity of the line. It depends on every field, on no map order, and is the same in every process.
func (l *Line) Key() LineKey {
	buf := make([]byte, 0, 512)
	for _, s := range l.fields() {
		buf = appendString(buf, s)
	}
	for _, k := range slices.Sorted(maps.Keys(l.Tags)) {
		buf = appendString(buf, k)
		buf = appendString(buf, l.Tags[k])
	}
	buf = binary.BigEndian.AppendUint64(buf, uint64(unixOrZero(l.BillingPeriodStart)))
	if l.Unrecognised {
		buf = append(buf, 1)
	}
	sum := sha256.Sum256(buf)
	return LineKey(sum[:16])
}

func (l *Line) fields() [32]string {
	return [32]string{
		l.ProviderName, l.PublisherName, l.InvoiceIssuerName, l.BillingAccountID, l.BillingAccountName,
		l.BillingCurrency, l.SubAccountID, l.SubAccountName, l.ServiceCategory, l.ServiceName, l.ResourceID,
		l.ResourceName, l.ResourceType, l.RegionID, l.RegionName, l.AvailabilityZone, l.SkuID, l.SkuPriceID,
		string(l.ChargeCategory), l.ChargeClass, l.ChargeDescription, l.ChargeFrequency, l.PricingCategory,
		l.PricingUnit, l.ConsumedUnit, l.CommitmentDiscountID, l.CommitmentDiscountName,
		l.CommitmentDiscountType + "\x00" + l.CommitmentDiscountCategory, l.CommitmentDiscountStatus,
		l.ListUnitPrice, l.ContractedUnitPrice, string(l.CostStatus),
	}
}

func appendString(buf []byte, s string) []byte {
	buf = binary.AppendUvarint(buf, uint64(len(s)))
	return append(buf, s...)
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// Charge is one line of a bill: what was used by what, for how long, at what cost.
type Charge struct {
	Line
	// Start and End are FOCUS ChargePeriodStart (inclusive) and ChargePeriodEnd (exclusive), in UTC, whole seconds.
	Start, End time.Time
	Measures
}
