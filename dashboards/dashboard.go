package dashboards

import "github.com/infrazen/infrazen/pipeline"

// Columns is how many columns the grid has.
const Columns = 12

// Dashboard is one dashboard file.
type Dashboard struct {
	// Name is the file's name without its ending; it stands in addresses.
	Name string `yaml:"name" json:"name"`
	// Title is shown in the navigation and as the heading.
	Title pipeline.Text `yaml:"title" json:"title"`
	// About is one sentence under the heading; it may be empty.
	About pipeline.Text `yaml:"about" json:"about"`
	// Range is the period shown at first: one of Ranges. "30d" when empty.
	Range string `yaml:"range" json:"range"`
	// Refresh is how often the panels are asked anew: "off", "30s", "1m" or "5m". "1m" when empty.
	Refresh string `yaml:"refresh" json:"refresh"`
	// Variables are the selectors above the panels.
	Variables []Variable `yaml:"variables" json:"variables"`
	Panels    []Panel    `yaml:"panels" json:"panels"`
}

// Variable is a selector above the panels. Its choice is a condition on every cost panel; that of the dimension
// "connection" also chooses the connections of usage, balances and freshness.
type Variable struct {
	Name      string             `yaml:"name" json:"name"`
	Title     pipeline.Text      `yaml:"title" json:"title"`
	Dimension pipeline.Dimension `yaml:"dimension" json:"dimension"`
}

// Panel is one rectangle of a dashboard.
type Panel struct {
	// ID is unique in the dashboard; it stands in addresses and file names.
	ID    string        `yaml:"id" json:"id"`
	Title pipeline.Text `yaml:"title" json:"title"`
	// Help says what the numbers mean; it may be empty.
	Help  pipeline.Text `yaml:"help" json:"help"`
	Type  PanelType     `yaml:"type" json:"type"`
	Grid  Grid          `yaml:"grid" json:"grid"`
	Query Query         `yaml:"query" json:"query"`
	// Draw is how a time series is drawn: "bars", "area" or "line". "bars" when empty.
	Draw string `yaml:"draw" json:"draw"`
	// PreviousLine adds the previous period's total as a line to a cost time series.
	PreviousLine bool `yaml:"previous_line" json:"previous_line"`
}

// PanelType is how a panel shows its answer.
type PanelType string

// The panel types.
const (
	PanelStat       PanelType = "stat"       // one number a currency, with the change and a small curve
	PanelUnpriced   PanelType = "unpriced"   // how many resources have no known price
	PanelTimeSeries PanelType = "timeseries" // a chart over time
	PanelDonut      PanelType = "donut"      // parts of a whole
	PanelBars       PanelType = "bars"       // a ranking by horizontal bars
	PanelTable      PanelType = "table"      // rows and columns
	PanelBalances   PanelType = "balances"   // money on accounts and for how long it lasts
	PanelLoad       PanelType = "load"       // average and peak load of machines
	PanelFreshness  PanelType = "freshness"  // age and completeness of each connection's data
)

// Grid is a panel's place: columns from the left, rows from the top, both from 0. A row is 40 pixels high.
// On a narrow screen the panels follow one another from top to bottom.
type Grid struct {
	X int `yaml:"x" json:"x"`
	Y int `yaml:"y" json:"y"`
	W int `yaml:"w" json:"w"`
	H int `yaml:"h" json:"h"`
}

// Query is what a panel asks.
type Query struct {
	Kind QueryKind `yaml:"kind" json:"kind"`

	// Of a cost query; they mean what they mean in pipeline.CostQuery. The page gives the period and the zone.
	Metric  pipeline.Metric      `yaml:"metric" json:"metric"`
	Step    string               `yaml:"step" json:"step"` // "auto", "hour", "day", "week", "month", or empty for one point
	GroupBy []pipeline.Dimension `yaml:"group_by" json:"group_by"`
	Filter  *pipeline.Filter     `yaml:"filter" json:"filter"`
	Compare pipeline.Comparison  `yaml:"compare" json:"compare"`

	// Metrics of a usage query.
	Metrics []pipeline.MetricName `yaml:"metrics" json:"metrics"`

	// Top keeps this many groups of a cost query and this many machines of a usage query.
	Top int `yaml:"top" json:"top"`
}

// QueryKind is what kind of data a query asks for.
type QueryKind string

// The kinds of query.
const (
	QueryCost        QueryKind = "cost"
	QueryUsage       QueryKind = "usage"
	QueryBalances    QueryKind = "balances"
	QueryConnections QueryKind = "connections"
)

// Ranges lists the periods that a dashboard may begin with.
func Ranges() []string {
	return []string{"24h", "7d", "30d", "90d", "this_month", "previous_month"}
}
