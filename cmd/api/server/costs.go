package server

import (
	"context"
	"net/http"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// costQuestion is pipeline.CostQuery as it comes over the wire.
type costQuestion struct {
	From    time.Time        `json:"from" doc:"Inclusive"`
	To      time.Time        `json:"to" doc:"Exclusive"`
	Zone    string           `json:"zone,omitempty" maxLength:"64" doc:"IANA; the days, weeks and months of step are cut in it. The organisation's by default"`
	Step    string           `json:"step,omitempty" enum:"hour,day,week,month," doc:"One point when empty"`
	Filter  *pipeline.Filter `json:"filter,omitempty"`
	GroupBy []string         `json:"group_by,omitempty" maxItems:"3" doc:"Dimensions; a tag is tag:its-key"`
	Metric  string           `json:"metric,omitempty" enum:"billed_cost,effective_cost,list_cost,contracted_cost," doc:"billed_cost by default"`
	AsOf    *time.Time       `json:"as_of,omitempty" doc:"What was believed at this instant"`
	Compare string           `json:"compare,omitempty" enum:"previous_period,"`
	Top     int              `json:"top,omitempty" minimum:"0" maximum:"1000" doc:"The greatest groups per currency; the rest become one. 0 keeps all"`
	// Currency is converted to.
	Currency string `json:"currency,omitempty" pattern:"^([A-Z]{3})?$" patternDescription:"a currency code such as RUB" doc:"Every charge is converted by the rate of its own Moscow day, as known at as_of. Empty converts nothing"`
}

type costsIn struct{ Body costQuestion }

type costsOut struct{ Body costAnswerView }

type costAnswerView struct {
	Steps  []time.Time     `json:"steps" doc:"The starts of the points"`
	Groups []costGroupView `json:"groups" doc:"By currency, then the greatest first; other is last of its currency"`
	Totals []costTotalView `json:"totals" doc:"One for each currency; money of different currencies is never added up unless currency was asked for"`
	// Unconverted is what could not be converted.
	Unconverted []string `json:"unconverted" doc:"Currencies of the totals that no rate was known for: they stand beside the converted total and are not in it"`
	Data        dataView `json:"data"`
}

type costSumView struct {
	Cost      string `json:"cost"`
	Estimated string `json:"estimated" doc:"The part of cost that no bill has stated"`
	Unpriced  int64  `json:"unpriced" doc:"Lines without a known price: they are not in cost"`
	Lines     int64  `json:"lines"`
}

type costGroupView struct {
	Keys      []keyView          `json:"keys" doc:"One for each dimension of group_by; none for other"`
	Other     bool               `json:"other"`
	Merged    int                `json:"merged" doc:"For other: how many groups are in it"`
	Currency  string             `json:"currency"`
	Cost      string             `json:"cost"`
	Estimated string             `json:"estimated" doc:"The part of cost that no bill has stated"`
	Unpriced  int64              `json:"unpriced" doc:"Lines without a known price: they are not in cost"`
	Lines     int64              `json:"lines"`
	Previous  maybe[costSumView] `json:"previous" doc:"The previous period; null when not asked for"`
	Series    []string           `json:"series"`
}

type costTotalView struct {
	Currency  string             `json:"currency"`
	Cost      string             `json:"cost"`
	Estimated string             `json:"estimated" doc:"The part of cost that no bill has stated"`
	Unpriced  int64              `json:"unpriced" doc:"Lines without a known price: they are not in cost"`
	Lines     int64              `json:"lines"`
	Previous  maybe[costSumView] `json:"previous" doc:"The previous period; null when not asked for"`
	Series    []string           `json:"series"`
}

type keyView struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

func (s *Server) routeCosts() {
	add(s, operation{id: "query-costs", method: http.MethodPost, path: "/costs/query", tag: "costs", summary: "Ask about money", access: members, timeout: s.Config.CostTimeout}, s.queryCosts)
	add(s, operation{id: "list-dimensions", method: http.MethodGet, path: "/dimensions", tag: "costs", summary: "What costs can be filtered and grouped by", access: members}, s.listDimensions)
	add(s, operation{id: "list-dimension-values", method: http.MethodGet, path: "/dimensions/{dimension}/values", tag: "costs", summary: "The values of a dimension in the last 90 days", access: members}, s.dimensionValues)
}

// query is the question as the pipeline knows it.
func (b costQuestion) query(c caller) pipeline.CostQuery {
	q := pipeline.CostQuery{
		From: b.From.UTC(), To: b.To.UTC(), Zone: b.Zone, Step: pipeline.Step(b.Step), Filter: b.Filter,
		GroupBy: mapped(b.GroupBy, func(d string) pipeline.Dimension { return pipeline.Dimension(d) }),
		Metric:  pipeline.Metric(b.Metric), Compare: pipeline.Comparison(b.Compare), Top: b.Top, Currency: b.Currency,
	}
	if q.Zone == "" {
		q.Zone = c.Tenant.Zone
	}
	if b.AsOf != nil {
		q.AsOf = b.AsOf.UTC()
	}
	return q
}

func (s *Server) queryCosts(ctx context.Context, c caller, in *costsIn) (*costsOut, error) {
	answer, err := s.asker.Ask(ctx, c.tenant(), in.Body.query(c))
	if err != nil {
		return nil, err
	}
	return &costsOut{Body: viewCosts(answer, c.lang)}, nil
}

func viewCosts(a pipeline.CostAnswer, lang pipeline.Lang) costAnswerView {
	return costAnswerView{
		Steps:  mapped(a.Steps, func(t time.Time) time.Time { return t.UTC() }),
		Groups: mapped(a.Groups, viewGroup), Totals: mapped(a.Totals, viewTotal), Data: viewData(a.Data, lang),
		Unconverted: orNone(a.Unconverted),
	}
}

func viewGroup(g pipeline.CostGroup) costGroupView {
	sum := viewSum(g.CostSum)
	return costGroupView{
		Keys: mapped(g.Keys, viewKey), Other: g.Other, Merged: g.Merged, Currency: g.Currency,
		Cost: sum.Cost, Estimated: sum.Estimated, Unpriced: sum.Unpriced, Lines: sum.Lines,
		Previous: viewPrevious(g.Previous), Series: mapped(g.Series, decimal.Decimal.String),
	}
}

func viewTotal(t pipeline.CostTotal) costTotalView {
	sum := viewSum(t.CostSum)
	return costTotalView{
		Currency: t.Currency, Cost: sum.Cost, Estimated: sum.Estimated, Unpriced: sum.Unpriced, Lines: sum.Lines,
		Previous: viewPrevious(t.Previous), Series: mapped(t.Series, decimal.Decimal.String),
	}
}

func viewKey(k pipeline.GroupKey) keyView { return keyView(k) }

func viewSum(c pipeline.CostSum) costSumView {
	return costSumView{Cost: c.Cost.String(), Estimated: c.Estimated.String(), Unpriced: c.Unpriced, Lines: c.Lines}
}

func viewPrevious(c *pipeline.CostSum) maybe[costSumView] {
	if c == nil {
		return maybe[costSumView]{}
	}
	return just(viewSum(*c))
}
