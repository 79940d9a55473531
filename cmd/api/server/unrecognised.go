package server

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// FactsOfTypes is what the server reads of things that nobody recognised.
type FactsOfTypes interface {
	Unrecognised(ctx context.Context, tenant pipeline.TenantID, q pipeline.UnrecognisedQuery) ([]pipeline.UnrecognisedGroup, error)
	UnrecognisedResources(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.UnrecognisedResources, error)
}

// unrecognisedAtMost is how many groups are listed.
const unrecognisedAtMost = 500

type unrecognisedIn struct {
	From time.Time `query:"from" required:"true" doc:"Inclusive"`
	To   time.Time `query:"to" required:"true" doc:"Exclusive"`
}

type unrecognisedOut struct {
	Body struct {
		Totals    []unrecognisedTotalView    `json:"totals" doc:"One for each currency that has any cost in the period"`
		Groups    []unrecognisedGroupView    `json:"groups" doc:"Dearest first, at most 500"`
		Resources []unrecognisedResourceView `json:"resources" doc:"Living resources of types that are not among the universal ones, billed or not"`
		Data      dataView                   `json:"data"`
	}
}

type unrecognisedTotalView struct {
	Currency string  `json:"currency"`
	Cost     string  `json:"cost" doc:"Of what nobody recognised"`
	Total    string  `json:"total" doc:"Of everything"`
	Percent  *string `json:"percent" doc:"The share of the total, to two digits; null when the total is not above zero"`
	Lines    int64   `json:"lines"`
	Unpriced int64   `json:"unpriced" doc:"Lines without a known price: they are not in cost"`
}

type unrecognisedGroupView struct {
	Kind            string                    `json:"kind"`
	KindTitle       string                    `json:"kind_title"`
	ConnectionID    string                    `json:"connection_id"`
	ConnectionName  string                    `json:"connection_name"`
	ProviderName    string                    `json:"provider_name"`
	ResourceType    string                    `json:"resource_type" doc:"The cloud's own word"`
	ServiceName     string                    `json:"service_name"`
	ServiceCategory string                    `json:"service_category"`
	SkuID           string                    `json:"sku_id"`
	Currency        string                    `json:"currency"`
	Cost            string                    `json:"cost"`
	Estimated       string                    `json:"estimated" doc:"The part of cost that no bill has stated"`
	Unpriced        int64                     `json:"unpriced" doc:"Lines without a known price: they are not in cost"`
	Lines           int64                     `json:"lines"`
	Resources       int64                     `json:"resources"`
	Examples        []unrecognisedExampleView `json:"examples" doc:"Some of the resources, dearest first"`
	FirstStart      *time.Time                `json:"first_start" doc:"The start of the first period ever billed so"`
	FirstSeen       *time.Time                `json:"first_seen" doc:"When it was first collected"`
}

type unrecognisedExampleView struct {
	ResourceID   string         `json:"resource_id"`
	ResourceName string         `json:"resource_name"`
	Fields       []rawFieldView `json:"fields" doc:"What else the cloud says in a line of it"`
}

type rawFieldView struct {
	Name  string `json:"name" doc:"The FOCUS column; Tags.key for a tag"`
	Value string `json:"value"`
}

type unrecognisedResourceView struct {
	Kind           string                    `json:"kind"`
	KindTitle      string                    `json:"kind_title"`
	ConnectionID   string                    `json:"connection_id"`
	ConnectionName string                    `json:"connection_name"`
	ResourceType   string                    `json:"resource_type" doc:"The cloud's own word"`
	Count          int64                     `json:"count"`
	Examples       []unrecognisedExampleView `json:"examples"`
}

func (s *Server) routeUnrecognised() {
	add(s, operation{id: "get-unrecognised", method: http.MethodGet, path: "/unrecognised", tag: "types", summary: "What was charged for things of types that nobody recognised", access: members, timeout: s.Config.CostTimeout}, s.unrecognised)
}

func (s *Server) unrecognised(ctx context.Context, c caller, in *unrecognisedIn) (*unrecognisedOut, error) {
	if err := checkPeriod(in.From, in.To); err != nil {
		return nil, err
	}
	answer, err := s.asker.Ask(ctx, c.tenant(), pipeline.CostQuery{
		From: in.From.UTC(), To: in.To.UTC(), Zone: c.Tenant.Zone, GroupBy: []pipeline.Dimension{pipeline.DimUnrecognised}, Metric: pipeline.MetricBilledCost,
	})
	if err != nil {
		return nil, err
	}
	conns, err := s.Store.ConnectionsOf(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	groups, err := s.Facts.Unrecognised(ctx, c.tenant(), pipeline.UnrecognisedQuery{From: in.From.UTC(), To: in.To.UTC(), Limit: unrecognisedAtMost})
	if err != nil {
		return nil, err
	}
	resources, err := s.Facts.UnrecognisedResources(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	named := s.namesOf(conns, c.lang)
	out := &unrecognisedOut{}
	out.Body.Totals, out.Body.Data = unrecognisedTotals(answer), viewData(answer.Data, c.lang)
	out.Body.Groups = mapped(groups, named.group)
	out.Body.Resources = mapped(resources, named.resources)
	return out, nil
}

// unrecognisedTotals are the sums of an answer that is grouped by whether a line is recognised.
func unrecognisedTotals(a pipeline.CostAnswer) []unrecognisedTotalView {
	out := []unrecognisedTotalView{}
	for _, t := range a.Totals {
		var sum pipeline.CostSum
		for _, g := range a.Groups {
			if g.Currency == t.Currency && len(g.Keys) == 1 && g.Keys[0].Value == "true" {
				sum = g.CostSum
			}
		}
		v := unrecognisedTotalView{Currency: t.Currency, Cost: sum.Cost.String(), Total: t.Cost.String(), Lines: sum.Lines, Unpriced: sum.Unpriced}
		if t.Cost.IsPositive() {
			share := sum.Cost.Mul(decimal.NewFromInt(100)).DivRound(t.Cost, 2)
			v.Percent = money(&share)
		}
		out = append(out, v)
	}
	return out
}

// namesOfConnections gives connections their names and clouds.
type namesOfConnections map[pipeline.ConnectionID]struct{ name, kind, title string }

func (s *Server) namesOf(conns []pipeline.Connection, lang pipeline.Lang) namesOfConnections {
	out := namesOfConnections{}
	for _, conn := range conns {
		out[conn.ID] = struct{ name, kind, title string }{conn.Name, string(conn.Kind), or(s.kindTitle(conn.Kind, lang), string(conn.Kind))}
	}
	return out
}

func (n namesOfConnections) group(g pipeline.UnrecognisedGroup) unrecognisedGroupView {
	conn, sum := n[g.ConnectionID], viewSum(g.CostSum)
	return unrecognisedGroupView{
		Kind: conn.kind, KindTitle: conn.title, ConnectionID: string(g.ConnectionID), ConnectionName: conn.name, ProviderName: g.ProviderName,
		ResourceType: g.ResourceType, ServiceName: g.ServiceName, ServiceCategory: g.ServiceCategory, SkuID: g.SkuID, Currency: g.Currency,
		Cost: sum.Cost, Estimated: sum.Estimated, Unpriced: sum.Unpriced, Lines: sum.Lines, Resources: g.Resources,
		Examples: mapped(g.Examples, viewExample), FirstStart: when(g.FirstStart), FirstSeen: when(g.FirstSeen),
	}
}

func (n namesOfConnections) resources(r pipeline.UnrecognisedResources) unrecognisedResourceView {
	conn := n[r.ConnectionID]
	return unrecognisedResourceView{
		Kind: conn.kind, KindTitle: conn.title, ConnectionID: string(r.ConnectionID), ConnectionName: conn.name,
		ResourceType: r.ResourceType, Count: r.Count, Examples: mapped(r.Examples, viewExample),
	}
}

func viewExample(e pipeline.UnrecognisedExample) unrecognisedExampleView {
	fields := slices.Sorted(maps.Keys(e.Fields))
	return unrecognisedExampleView{
		ResourceID: e.ResourceID, ResourceName: e.ResourceName,
		Fields: mapped(fields, func(name string) rawFieldView { return rawFieldView{Name: name, Value: e.Fields[name]} }),
	}
}
