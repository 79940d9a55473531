package pipeline

import (
	"time"

	"github.com/shopspring/decimal"
)

// Metric is what a cost question adds up.
type Metric string

// The metrics. The default is BilledCost.
const (
	MetricBilledCost     Metric = "billed_cost"
	MetricEffectiveCost  Metric = "effective_cost"
	MetricListCost       Metric = "list_cost"
	MetricContractedCost Metric = "contracted_cost"
)

// Step is the length of a point of the answer, cut in the question's zone. Weeks start on Monday.
type Step string

// The steps.
const (
	StepNone  Step = "" // one point: the whole period
	StepHour  Step = "hour"
	StepDay   Step = "day"
	StepWeek  Step = "week"
	StepMonth Step = "month"
)

// Dimension is a property of a charge that can be filtered and grouped by.
// A tag is the dimension "tag:" and its key: TagDimension.
type Dimension string

// The dimensions. The value of DimConnection is a ConnectionID; of the others the FOCUS column's value.
const (
	DimConnection      Dimension = "connection"
	DimSource          Dimension = "source"
	DimProvider        Dimension = "provider"        // ProviderName
	DimBillingAccount  Dimension = "billing_account" // BillingAccountId
	DimProject         Dimension = "project"         // SubAccountId; labelled by SubAccountName
	DimServiceCategory Dimension = "service_category"
	DimService         Dimension = "service"       // ServiceName
	DimResource        Dimension = "resource"      // ResourceId; labelled by ResourceName
	DimResourceName    Dimension = "resource_name" // ResourceName
	DimResourceType    Dimension = "resource_type"
	DimRegion          Dimension = "region" // RegionId
	DimZone            Dimension = "availability_zone"
	DimSku             Dimension = "sku" // SkuId
	DimChargeCategory  Dimension = "charge_category"
	DimCostStatus      Dimension = "cost_status"
	DimCurrency        Dimension = "currency"
	DimUnrecognised    Dimension = "unrecognised" // "true" or "false"
)

const tagPrefix = "tag:"

// TagDimension is the dimension of a tag's value. A charge without the tag has the value "".
func TagDimension(key string) Dimension { return Dimension(tagPrefix + key) }

// Tag returns the tag's key when d is a tag dimension.
func (d Dimension) Tag() (key string, ok bool) {
	if len(d) > len(tagPrefix) && d[:len(tagPrefix)] == tagPrefix {
		return string(d[len(tagPrefix):]), true
	}
	return "", false
}

// FilterOp is what a node of a filter does.
type FilterOp string

// The operations. And, Or and Not have Args; the others have a Dimension.
const (
	OpAnd      FilterOp = "and"      // all of Args; true when there are none
	OpOr       FilterOp = "or"       // any of Args; false when there are none
	OpNot      FilterOp = "not"      // not the one Arg
	OpEquals   FilterOp = "equals"   // the value is Values[0], to the letter
	OpIn       FilterOp = "in"       // the value is one of Values; false when there are none
	OpContains FilterOp = "contains" // the value contains Values[0], case folded as Unicode's simple lower case does
	OpHasTag   FilterOp = "has_tag"  // Dimension is a tag and the charge carries its key, with whatever value
)

// Filter is a tree of conditions. A nil *Filter lets everything through.
type Filter struct {
	Op        FilterOp  `json:"op"`
	Args      []Filter  `json:"args,omitempty"`
	Dimension Dimension `json:"dimension,omitempty"`
	Values    []string  `json:"values,omitempty"`
}

// Comparison says what an answer is compared with.
type Comparison string

// The comparisons. The previous period is as long as the question's and ends where it begins; when From and To
// are both first days of months (or Mondays, or midnights) of the zone, it is as many months (weeks, days) back.
const (
	CompareNone     Comparison = ""
	ComparePrevious Comparison = "previous_period"
)

// CostQuery is a question about money. Whoever asks about money says it in one of these.
type CostQuery struct {
	From    time.Time // inclusive
	To      time.Time // exclusive
	Zone    string    // IANA; the days, weeks and months of Step are cut in it
	Step    Step
	Filter  *Filter
	GroupBy []Dimension // at most three
	Metric  Metric
	AsOf    time.Time // what was believed at this instant; zero means now
	Compare Comparison
	// Top keeps the groups with the greatest totals, this many per currency; the rest become one group "other". 0 keeps all.
	Top int
	// Currency converts every charge by the rate of the Moscow day on which it starts, as known at AsOf. A charge without a
	// rate stays in its own currency. Empty converts nothing.
	Currency string
}

// CostAnswer answers a CostQuery. Money of different currencies is never added up unless the question has it converted: every
// group and total has one currency.
type CostAnswer struct {
	Query CostQuery
	// Steps are the starts of the points, in UTC; one for StepNone. Every step of the period is there, data or not.
	Steps []time.Time
	// Groups are ordered by currency, then total (greatest first), then keys; an "other" group is last of its currency.
	Groups []CostGroup
	// Totals has one entry per currency, in order of currency, and equals the sum of the groups. Empty when there is no data.
	Totals []CostTotal
	// Unconverted names the currencies of the totals that the question's Currency was asked for and no rate was known, in order.
	Unconverted []string
	Data        DataState
}

// CostTotal is the whole of an answer in one currency.
type CostTotal struct {
	Currency string
	CostSum
	// Previous is the sum over the previous period; nil when not asked for.
	Previous *CostSum
	// Series has one sum per step.
	Series []decimal.Decimal
}

// CostSum is a cost with what is known about it.
type CostSum struct {
	Cost decimal.Decimal
	// Estimated is the part of Cost that we worked out and no bill has stated.
	Estimated decimal.Decimal
	// Unpriced counts the lines whose price is unknown: their cost is not in Cost.
	Unpriced int64
	// Lines counts the lines of bills under the sum.
	Lines int64
}

// GroupKey is the value of one dimension of a group.
type GroupKey struct {
	Value string `json:"value"`
	// Label is the value for people: a resource's latest name, a project's. Equal to Value when there is nothing better.
	Label string `json:"label"`
}

// CostGroup is the part of an answer that has the same values in the dimensions of GroupBy.
type CostGroup struct {
	Keys     []GroupKey // as many as GroupBy; empty for the "other" group
	Other    bool
	Merged   int // for "other": how many groups are in it
	Currency string
	CostSum
	Previous *CostSum
	Series   []decimal.Decimal
}

// DataState is the age and the completeness of the data under an answer.
type DataState struct {
	// CollectedAt is the oldest "last collected" of the connections in question; zero when nothing was collected yet.
	CollectedAt time.Time `json:"collected_at"`
	// CompleteThrough is the instant up to which every connection's charges are whole; zero when unknown.
	CompleteThrough time.Time `json:"complete_through"`
	// Complete is true when no window of the question's period is missing or failed.
	Complete bool `json:"complete"`
	// Gaps say what is missing and why, worst first, at most ten; GapCount is how many there are.
	Gaps     []DataGap `json:"gaps"`
	GapCount int       `json:"gap_count"`
}

// DataGap is a window that could not be collected, or not whole.
type DataGap struct {
	ConnectionID   ConnectionID `json:"connection_id"`
	ConnectionName string       `json:"connection_name"`
	Feed           Feed         `json:"feed"`
	From           time.Time    `json:"from"`
	To             time.Time    `json:"to"`
	Reason         Text         `json:"reason"`
}
