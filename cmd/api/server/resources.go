package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

type resourceView struct {
	ConnectionID   string            `json:"connection_id"`
	ConnectionName string            `json:"connection_name"`
	ID             string            `json:"id" doc:"The cloud's own; unique within the connection"`
	Type           string            `json:"type"`
	Name           string            `json:"name"`
	Status         string            `json:"status" doc:"The cloud's own word"`
	Scope          string            `json:"scope"`
	ParentID       string            `json:"parent_id"`
	ProjectID      string            `json:"project_id"`
	ProjectName    string            `json:"project_name"`
	RegionID       string            `json:"region_id"`
	RegionName     string            `json:"region_name"`
	ZoneID         string            `json:"zone_id"`
	VCPU           int64             `json:"vcpu"`
	MemoryBytes    int64             `json:"memory_bytes"`
	DiskBytes      int64             `json:"disk_bytes"`
	Tags           map[string]string `json:"tags"`
	Attributes     map[string]string `json:"attributes"`
	Volatile       map[string]string `json:"volatile" doc:"Facts that change all the time"`
	CreatedAt      *time.Time        `json:"created_at"`
	Rates          []rateView        `json:"rates" doc:"The prices in force"`
	Events         []eventView       `json:"events" doc:"The cloud's own history"`
	Change         string            `json:"change" enum:"created,updated,deleted,unchanged,"`
	Changes        []changeView      `json:"changes"`
	SeenAt         *time.Time        `json:"seen_at" doc:"When this state was first seen"`
	DeletedAt      *time.Time        `json:"deleted_at"`
}

type rateView struct {
	Component   string  `json:"component"`
	ServiceName string  `json:"service_name"`
	SkuID       string  `json:"sku_id"`
	Amount      *string `json:"amount" doc:"Null for a price that is not known"`
	Currency    string  `json:"currency"`
	Period      string  `json:"period" enum:"hour,day,month,"`
	CostStatus  string  `json:"cost_status" enum:"billed,estimated,"`
}

type eventView struct {
	Kind   string     `json:"kind"`
	Time   *time.Time `json:"time"`
	Failed bool       `json:"failed"`
}

type changeView struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

type resourcesIn struct {
	Connection []string `query:"connection,explode" maxItems:"100" doc:"Only these connections"`
	Type       []string `query:"type,explode" maxItems:"50" doc:"Only these types"`
	Q          string   `query:"q" maxLength:"200" doc:"Looked for in name, id, addresses and tags"`
	Condition  []string `query:"condition,explode" maxItems:"2" enum:"zombie,orphan" doc:"Only those of which one of these is wrong: zombie is billed and in no listing, orphan is without the server that it is for"`
	Deleted    bool     `query:"deleted" doc:"With those that are gone"`
	Limit      int      `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	After      string   `query:"after" maxLength:"4000" doc:"The cursor of the page before"`
}

type resourcesOut struct {
	Body struct {
		Resources []resourceView `json:"resources"`
		Cursor    string         `json:"cursor" doc:"Empty on the last page"`
		Total     int64          `json:"total"`
	}
}

type resourceIn struct {
	Connection string `query:"connection" required:"true" format:"uuid"`
	ID         string `query:"id" required:"true" maxLength:"1000"`
}

type resourceOut struct{ Body resourceView }

type historyOut struct {
	Body struct {
		States []resourceView `json:"states" doc:"Newest first"`
	}
}

func (s *Server) routeResources() {
	const tag = "resources"
	add(s, operation{id: "list-resources", method: http.MethodGet, path: "/resources", tag: tag, summary: "Resources, by connection, type and name", access: members}, s.listResources)
	add(s, operation{id: "get-resource", method: http.MethodGet, path: "/resource", tag: tag, summary: "One resource", access: members}, s.getResource)
	add(s, operation{id: "get-resource-history", method: http.MethodGet, path: "/resource/history", tag: tag, summary: "How a resource changed", access: members}, s.resourceHistory)
}

func (s *Server) listResources(ctx context.Context, c caller, in *resourcesIn) (*resourcesOut, error) {
	names, err := s.connectionNames(ctx, c)
	if err != nil {
		return nil, err
	}
	page, err := s.Facts.Resources(ctx, c.tenant(), pipeline.ResourceQuery{
		Connections: connectionIDs(in.Connection),
		Types:       mapped(in.Type, func(t string) pipeline.ResourceType { return pipeline.ResourceType(t) }),
		Text:        in.Q, Conditions: in.Condition, Deleted: in.Deleted, Limit: in.Limit, After: in.After,
	})
	if errors.Is(err, ErrCursor) {
		return nil, invalid(fault{location: "query.after", text: pipeline.Text{RU: "нужно значение cursor предыдущей страницы", EN: "give the cursor of the page before"}})
	}
	if err != nil {
		return nil, err
	}
	out := &resourcesOut{}
	out.Body.Resources = mapped(page.Resources, viewResource(names))
	out.Body.Cursor, out.Body.Total = page.Cursor, page.Total
	return out, nil
}

func (s *Server) getResource(ctx context.Context, c caller, in *resourceIn) (*resourceOut, error) {
	names, err := s.connectionNames(ctx, c)
	if err != nil {
		return nil, err
	}
	r, err := s.Facts.Resource(ctx, c.tenant(), pipeline.ConnectionID(in.Connection), in.ID)
	if err != nil {
		return nil, err
	}
	return &resourceOut{Body: viewResource(names)(r)}, nil
}

func (s *Server) resourceHistory(ctx context.Context, c caller, in *resourceIn) (*historyOut, error) {
	names, err := s.connectionNames(ctx, c)
	if err != nil {
		return nil, err
	}
	states, err := s.Facts.ResourceHistory(ctx, c.tenant(), pipeline.ConnectionID(in.Connection), in.ID)
	if err != nil {
		return nil, err
	}
	if len(states) == 0 {
		return nil, notFound()
	}
	out := &historyOut{}
	out.Body.States = mapped(states, viewResource(names))
	return out, nil
}

type connectionNames map[pipeline.ConnectionID]string

func (s *Server) connectionNames(ctx context.Context, c caller) (connectionNames, error) {
	conns, err := s.Store.ConnectionsOf(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	names := connectionNames{}
	for _, conn := range conns {
		names[conn.ID] = conn.Name
	}
	return names, nil
}

func connectionIDs(in []string) []pipeline.ConnectionID {
	return mapped(in, func(id string) pipeline.ConnectionID { return pipeline.ConnectionID(id) })
}

func viewResource(names connectionNames) func(pipeline.ResourceState) resourceView {
	return func(r pipeline.ResourceState) resourceView {
		return resourceView{
			ConnectionID: string(r.ConnectionID), ConnectionName: names[r.ConnectionID],
			ID: r.ID, Type: string(r.Type), Name: r.Name, Status: r.Status, Scope: r.Scope, ParentID: r.ParentID,
			ProjectID: r.ProjectID, ProjectName: r.ProjectName, RegionID: r.RegionID, RegionName: r.RegionName, ZoneID: r.ZoneID,
			VCPU: r.VCPU, MemoryBytes: r.MemoryBytes, DiskBytes: r.DiskBytes,
			Tags: orEmpty(r.Tags), Attributes: orEmpty(r.Attributes), Volatile: orEmpty(r.Volatile), CreatedAt: when(r.CreatedAt),
			Rates: mapped(r.Rates, viewRate), Events: mapped(r.Events, viewEvent), Change: string(r.Change),
			Changes: mapped(r.Changes, func(c pipeline.FieldChange) changeView { return changeView(c) }),
			SeenAt:  when(r.SeenAt), DeletedAt: when(r.DeletedAt),
		}
	}
}

func viewRate(r pipeline.Rate) rateView {
	v := rateView{
		Component: r.Component, ServiceName: r.ServiceName, SkuID: r.SkuID, Currency: r.Currency,
		Period: string(r.Period), CostStatus: string(r.CostStatus),
	}
	if r.Known {
		v.Amount = money(&r.Amount)
	}
	return v
}

func viewEvent(e pipeline.ResourceEvent) eventView {
	return eventView{Kind: string(e.Kind), Time: when(e.Time), Failed: e.Failed}
}
