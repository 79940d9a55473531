package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// check gathers what is wrong with one file.
type check struct {
	file string
	errs []error
}

func (c *check) bad(where, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s: %s: %s", c.file, where, fmt.Sprintf(format, args...)))
}

func (c *check) dashboard(d *Dashboard, name string) {
	if d.Name != name {
		c.bad("name", "%q must be the file's name, %q", d.Name, name)
	}
	c.text("title", d.Title)
	c.optionalText("about", d.About)
	if !slices.Contains(Ranges(), d.Range) {
		c.bad("range", "%q is not one of %q", d.Range, Ranges())
	}
	if refreshes := []string{"off", "30s", "1m", "5m"}; !slices.Contains(refreshes, d.Refresh) {
		c.bad("refresh", "%q is not one of %q", d.Refresh, refreshes)
	}
	c.variables(d.Variables)
	c.panels(d.Panels)
}

func (c *check) variables(vs []Variable) {
	seen := map[string]bool{}
	for i, v := range vs {
		where := fmt.Sprintf("variable %d (%q)", i+1, v.Name)
		c.identifier(where, "name", v.Name, seen)
		c.text(where+": title", v.Title)
		if !v.Dimension.Known() {
			c.bad(where, "dimension %q is not known", v.Dimension)
		}
	}
}

func (c *check) panels(ps []Panel) {
	if len(ps) == 0 {
		c.bad("panels", "there is none; a dashboard has at least one")
	}
	seen := map[string]bool{}
	for i := range ps {
		p := &ps[i]
		where := fmt.Sprintf("panel %d (%q)", i+1, p.ID)
		c.identifier(where, "id", p.ID, seen)
		c.panel(where, p)
		for j := range ps[:i] {
			if p.Grid.overlaps(ps[j].Grid) {
				c.bad(where, "its place overlaps that of panel %q", ps[j].ID)
			}
		}
	}
}

func (c *check) panel(where string, p *Panel) {
	c.text(where+": title", p.Title)
	c.optionalText(where+": help", p.Help)
	if g := p.Grid; g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 2 || g.X+g.W > Columns {
		c.bad(where, "grid %+v: x and y count from 0, w is at least 1, h at least 2, and x+w at most %d", g, Columns)
	}
	kinds, ok := kindsOf()[p.Type]
	if !ok {
		c.bad(where, "type %q is not known", p.Type)
		return
	}
	if !slices.Contains(kinds, p.Query.Kind) {
		c.bad(where, "a panel of type %q takes a query of kind %q, not %q", p.Type, kinds, p.Query.Kind)
		return
	}
	if draws := []string{"bars", "area", "line"}; p.Type == PanelTimeSeries && !slices.Contains(draws, p.Draw) {
		c.bad(where, "draw %q is not one of %q", p.Draw, draws)
	}
	if p.PreviousLine && (p.Type != PanelTimeSeries || p.Query.Kind != QueryCost) {
		c.bad(where, "previous_line is for time series of cost")
	}
	c.query(where+": query", p)
}

// kindsOf tells which kinds of query each type of panel can show.
func kindsOf() map[PanelType][]QueryKind {
	return map[PanelType][]QueryKind{
		PanelStat:       {QueryCost},
		PanelUnpriced:   {QueryCost},
		PanelTimeSeries: {QueryCost, QueryUsage},
		PanelDonut:      {QueryCost},
		PanelBars:       {QueryCost},
		PanelTable:      {QueryCost},
		PanelBalances:   {QueryBalances},
		PanelLoad:       {QueryUsage},
		PanelFreshness:  {QueryConnections},
	}
}

func (c *check) query(where string, p *Panel) {
	q := &p.Query
	if q.Kind != QueryUsage && len(q.Metrics) > 0 {
		c.bad(where, "metrics are for queries of kind %q", QueryUsage)
	}
	switch q.Kind {
	case QueryCost:
		c.cost(where, p)
	case QueryUsage:
		c.usage(where, p)
	case QueryBalances, QueryConnections:
		if len(q.GroupBy) > 0 || q.Filter != nil || q.Step != "" || q.Top != 0 || q.Compare != "" || q.Metric != "" {
			c.bad(where, "a query of kind %q takes nothing but its kind", q.Kind)
		}
	}
}

func (c *check) cost(where string, p *Panel) {
	q := &p.Query
	step := pipeline.Step(q.Step)
	if q.Step == "auto" {
		step = pipeline.StepDay
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	asked := pipeline.CostQuery{
		From: from, To: from.AddDate(0, 0, 30), Zone: "UTC", Step: step, Filter: q.Filter,
		GroupBy: q.GroupBy, Metric: q.Metric, Compare: q.Compare, Top: q.Top,
	}
	if err := asked.Check(); err != nil {
		c.bad(where, "%v", err)
	}
	if p.Type == PanelTimeSeries && step == pipeline.StepNone {
		c.bad(where, "a time series needs a step; \"auto\" fits it to the period")
	}
	ranking := p.Type == PanelDonut || p.Type == PanelBars || p.Type == PanelTable
	if ranking && len(q.GroupBy) == 0 {
		c.bad(where, "a panel of type %q needs group_by", p.Type)
	}
	if len(q.GroupBy) > 0 && q.Top == 0 {
		c.bad(where, "a query with group_by needs top: how many groups are shown before the rest become one")
	}
}

func (c *check) usage(where string, p *Panel) {
	q := &p.Query
	if len(q.GroupBy) > 0 || q.Filter != nil || q.Compare != "" || q.Metric != "" {
		c.bad(where, "a query of kind %q takes metrics and top only", QueryUsage)
	}
	if len(q.Metrics) == 0 {
		c.bad(where, "metrics must name at least one measurement, such as cpu_percent")
	}
	if p.Type == PanelTimeSeries && len(q.Metrics) > 1 {
		c.bad(where, "a time series shows one measurement, and metrics names %d", len(q.Metrics))
	}
	for _, m := range q.Metrics {
		if !slices.Contains(metrics(), m) {
			c.bad(where, "measurement %q is not known; known are %q", m, metrics())
		}
	}
	if q.Top < 1 || q.Top > 50 {
		c.bad(where, "top must be 1 to 50: how many machines are shown")
	}
}

func metrics() []pipeline.MetricName {
	return []pipeline.MetricName{
		pipeline.CPUPercent, pipeline.MemoryUsedBytes, pipeline.DiskUsedBytes, pipeline.DiskReadBytes,
		pipeline.DiskWriteBytes, pipeline.NetworkReceiveBytes, pipeline.NetworkTransmitBytes,
		pipeline.PrivateNetReceiveBytes, pipeline.PrivateNetSendBytes, pipeline.LoadAverage1,
		pipeline.LoadAverage5, pipeline.LoadAverage15,
	}
}

func (c *check) identifier(where, field, value string, seen map[string]bool) {
	if ok, _ := regexp.MatchString(`^[a-z][a-z0-9_-]{0,63}$`, value); !ok {
		c.bad(where, "%s %q must be lower-case letters, digits, - and _, beginning with a letter", field, value)
	}
	if seen[value] {
		c.bad(where, "%s %q is used twice", field, value)
	}
	seen[value] = true
}

func (c *check) text(where string, t pipeline.Text) {
	if t.RU == "" || t.EN == "" {
		c.bad(where, "both ru and en are needed")
	}
}

func (c *check) optionalText(where string, t pipeline.Text) {
	if (t.RU == "") != (t.EN == "") {
		c.bad(where, "ru and en are needed both, or neither")
	}
}

func (g Grid) overlaps(o Grid) bool {
	return g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H
}
