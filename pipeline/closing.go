package pipeline

import (
	"time"

	"github.com/shopspring/decimal"
)

// ClosingDocument is what a cloud's closing document of a month says: an act, an invoice. There is one for a billing account and a month.
type ClosingDocument struct {
	ConnectionID ConnectionID
	// BillingAccount is the account that the document is for; empty for all of the connection.
	BillingAccount string
	// Month is the first day of the month, at midnight UTC: a date, no instant.
	Month  time.Time
	Number string
	// IssuedOn is the document's date, at midnight UTC; zero when it was not entered.
	IssuedOn time.Time
	// Total is the sum with VAT, in Currency.
	Total    decimal.Decimal
	Currency string // ISO 4217
	// VATRate is in percent; nil for a document without VAT.
	VATRate *decimal.Decimal
	// PricesIncludeVAT says whether the prices of the cloud's API include VAT; nil to go by the cloud's ClosingRule.
	PricesIncludeVAT *bool
	Note             string
	EnteredBy        UserID
	UpdatedAt        time.Time
}

// ClosingRule is how a cloud's closing documents differ from what its API tells.
type ClosingRule struct {
	// PricesIncludeVAT says whether the costs that the API tells include VAT; nil when the cloud does not say.
	PricesIncludeVAT *bool
	// BonusInDocument says whether use that was paid by bonus money is in the document's sum; nil when the cloud does not say.
	BonusInDocument *bool
	// RoundsRows is true when the cloud rounds each row of a bill to the currency's minor unit.
	RoundsRows bool
	// NotBilled names what is in the documents and not in the API; zero when nothing is known of such things.
	NotBilled Text
	// Source is where the cloud says so.
	Source string
}

// MonthCharges is a part of what the ledger holds of a billing month: lines of one currency, category and status.
type MonthCharges struct {
	Currency string
	Category ChargeCategory
	Status   CostStatus
	Cost     decimal.Decimal
	// Lines counts the lines, Unpriced those whose price is unknown: their cost is not in Cost.
	Lines, Unpriced int64
	// CostAsOf and LinesAsOf are what was held at the instant asked for.
	CostAsOf  decimal.Decimal
	LinesAsOf int64
	// First is the start of the earliest charge.
	First time.Time
}

// MonthQuery asks what the ledger holds of a billing month.
type MonthQuery struct {
	Connection ConnectionID
	// BillingAccount narrows to one account; empty for all.
	BillingAccount string
	// From and To are the month in the provider's billing zone. A charge with a billing period belongs to the month of that; another to
	// the month in which it starts.
	From, To time.Time
	// AsOf is the instant of CostAsOf and LinesAsOf; zero means now.
	AsOf time.Time
}

// MonthFacts is all that is known of a month when it is reconciled.
type MonthFacts struct {
	Charges []MonthCharges
	// BonusUsed is by how much bonus money went down within the month, in BonusCurrency.
	BonusUsed     decimal.Decimal
	BonusCurrency string
	// Hours are the hours of the month, Missing those of which no charges could be collected. MoreMissing is true when there may be more.
	Hours, Missing int64
	MoreMissing    bool
	// CorrectionsKnown is true when charges were collected before the document was issued, so that what changed since can be told.
	CorrectionsKnown bool
	// Open is true when the month is not over.
	Open bool
	// Rule is the cloud's; nil when it declares none.
	Rule *ClosingRule
}

// ReconciliationState sums up a reconciliation.
type ReconciliationState string

// The states of a reconciliation.
const (
	ReconciliationNoDocument  ReconciliationState = "no_document"
	ReconciliationNoData      ReconciliationState = "no_data"     // the ledger has no lines in the document's currency
	ReconciliationEqual       ReconciliationState = "equal"       // to the last minor unit
	ReconciliationExplained   ReconciliationState = "explained"   // the items explain all of the difference
	ReconciliationUnexplained ReconciliationState = "unexplained" // some of it remains
)

// ItemKind names a part of a difference.
type ItemKind string

// The parts of a difference, in the order they are shown in.
const (
	ItemVAT         ItemKind = "vat"         // VAT that is not in the API's prices
	ItemCredits     ItemKind = "credits"     // credits that the document leaves out
	ItemBonus       ItemKind = "bonus"       // use paid by bonus money
	ItemCorrections ItemKind = "corrections" // charges that changed after the document's date
	ItemGaps        ItemKind = "gaps"        // hours that could not be collected
	ItemRounding    ItemKind = "rounding"
	ItemUnexplained ItemKind = "unexplained"
)

// ReconciliationItem is one part of a difference.
type ReconciliationItem struct {
	Kind ItemKind
	// Amount is signed: ours and all amounts together are the document's sum.
	Amount decimal.Decimal
	// Assumed is true for what nobody has declared, and is taken because the difference is smaller with it.
	Assumed bool
	// Bound is the most that the item may be, for items that are estimates; nil for the others.
	Bound *decimal.Decimal
	Text  Text
}

// Reconciliation compares what the ledger holds of a month with a closing document. Amounts are in Currency.
type Reconciliation struct {
	State    ReconciliationState
	Currency string
	// Ours is the sum of all charges of the month; Estimated its part that no bill has stated.
	Ours, Estimated decimal.Decimal
	Lines, Unpriced int64
	// Categories are the parts of Ours.
	Categories []CategorySum
	// Difference is the document's sum less Ours. The items add up to it exactly. Both are empty without a document.
	Difference decimal.Decimal
	Items      []ReconciliationItem
	// Notes say what may lie in the unexplained part and has no known amount.
	Notes []Text
}

// CategorySum is the sum of the charges of a category.
type CategorySum struct {
	Category ChargeCategory
	Cost     decimal.Decimal
	Lines    int64
}

// MinorDigits is how many digits after the point the minor unit of a currency has: 2 for kopecks.
func MinorDigits(currency string) int32 {
	switch currency {
	case "JPY", "KRW", "VND", "CLP":
		return 0
	case "KWD", "BHD", "OMR", "TND", "JOD":
		return 3
	}
	return 2
}
