package pipeline

import "time"

// UsageQuery asks for the samples of one resource.
type UsageQuery struct {
	Connection ConnectionID
	Resource   string
	Metrics    []MetricName // empty means all
	From, To   time.Time
	// Step is the width of a point; zero gives the samples as they were collected, at most MaxPoints of each metric:
	// when there are more, the smallest step that keeps within MaxPoints is used.
	Step      time.Duration
	MaxPoints int // 1000 when zero
}

// UsageSeries is one metric of a resource. A point is the average over its step; Max the greatest sample in it.
type UsageSeries struct {
	Metric MetricName
	Step   time.Duration // 0 for samples as collected
	Times  []time.Time
	Values []float64
	Max    []float64
}

// UsageSummary is a resource's load over a period.
type UsageSummary struct {
	Connection ConnectionID
	Resource   string
	Metric     MetricName
	Samples    int64
	Average    float64
	P95        float64
	Max        float64
	Last       float64
	LastAt     time.Time
}

// ResourceQuery asks for resources.
type ResourceQuery struct {
	Connections []ConnectionID // empty means all of the tenant
	Types       []ResourceType
	// Text is looked for in name, id, addresses and tags, case folded.
	Text string
	// Conditions lets through those whose AttributeCondition is one of these; empty lets all through.
	Conditions []string
	// Deleted includes those that are gone.
	Deleted bool
	Limit   int // 100 when zero, at most 1000
	// After continues behind the last resource of the page before: its Cursor.
	After string
}

// ResourcePage is a page of resources ordered by connection, type, name, id.
type ResourcePage struct {
	Resources []ResourceState
	Cursor    string // empty on the last page
	Total     int64
}

// SyncSummary is what one snapshot of a connection saw.
type SyncSummary struct {
	ConnectionID                         ConnectionID
	At                                   time.Time
	Created, Updated, Deleted, Unchanged int64
	Complete                             bool
}

// AccountBalance is the latest state of an account.
type AccountBalance struct {
	ConnectionID ConnectionID
	AccountState
}
