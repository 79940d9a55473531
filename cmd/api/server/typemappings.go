package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Mappings is what the server needs of the store of type mappings.
type Mappings interface {
	TypeMappingsOf(ctx context.Context, tenant pipeline.TenantID) (pipeline.TypeMappings, error)
	// CreateTypeMapping makes a mapping and the work of applying it to history; there is one for what it matches.
	CreateTypeMapping(ctx context.Context, tenant pipeline.TenantID, m pipeline.TypeMapping) (pipeline.TypeMapping, error)
	UpdateTypeMapping(ctx context.Context, tenant pipeline.TenantID, m pipeline.TypeMapping) (pipeline.TypeMapping, error)
	DeleteTypeMapping(ctx context.Context, tenant pipeline.TenantID, id string) error
	// Retypings tells how that work stands, by connection.
	Retypings(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Retyping, error)
}

type typeMatchView struct {
	ResourceType string `json:"resource_type" maxLength:"500" doc:"The cloud's own word, to the letter; empty for lines that have none"`
	ServiceName  string `json:"service_name,omitempty" maxLength:"500" doc:"The cloud's own name of the service, to the letter; any when empty"`
	SkuPrefix    string `json:"sku_prefix,omitempty" maxLength:"500" doc:"What the SKU begins with; any when empty"`
}

type typeTargetView struct {
	ResourceType    string `json:"resource_type" maxLength:"100" doc:"One of the universal types"`
	ServiceCategory string `json:"service_category,omitempty" maxLength:"100" doc:"FOCUS ServiceCategory; that of the type when empty"`
	ServiceName     string `json:"service_name,omitempty" maxLength:"500" doc:"In place of the cloud's name when not empty"`
}

type typeMappingView struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind"`
	KindTitle string         `json:"kind_title"`
	Match     typeMatchView  `json:"match"`
	To        typeTargetView `json:"to"`
	CreatedAt *time.Time     `json:"created_at"`
	UpdatedAt *time.Time     `json:"updated_at"`
}

type retypingView struct {
	ConnectionID   string           `json:"connection_id"`
	ConnectionName string           `json:"connection_name"`
	Kind           string           `json:"kind"`
	Done           bool             `json:"done" doc:"What is held is as the mappings of now say"`
	Running        bool             `json:"running"`
	DaysDone       int64            `json:"days_done" doc:"Of the latest pass"`
	DaysTotal      int64            `json:"days_total"`
	Lines          int64            `json:"lines" doc:"Lines relabelled in the latest pass"`
	AskedAt        *time.Time       `json:"asked_at"`
	FinishedAt     *time.Time       `json:"finished_at"`
	Fault          maybe[faultView] `json:"fault"`
}

type universalTypeView struct {
	Value           string `json:"value"`
	ServiceCategory string `json:"service_category" doc:"FOCUS ServiceCategory of the type"`
}

type typeMappingsOut struct {
	Body struct {
		Mappings          []typeMappingView   `json:"mappings"`
		Applications      []retypingView      `json:"applications" doc:"How the mappings reach what is held, by connection"`
		Types             []universalTypeView `json:"types" doc:"The universal types, in the order to show them"`
		ServiceCategories []string            `json:"service_categories"`
	}
}

type typeMappingBody struct {
	Kind  string         `json:"kind" maxLength:"64" doc:"The kind of connection that it is for"`
	Match typeMatchView  `json:"match"`
	To    typeTargetView `json:"to"`
}

type createTypeMappingIn struct{ Body typeMappingBody }

type updateTypeMappingIn struct {
	ID   string `path:"id" format:"uuid"`
	Body typeMappingBody
}

type typeMappingID struct {
	ID string `path:"id" format:"uuid"`
}

type typeMappingOut struct{ Body typeMappingView }

func (s *Server) routeTypeMappings() {
	const tag = "types"
	add(s, operation{id: "list-type-mappings", method: http.MethodGet, path: "/type-mappings", tag: tag, summary: "What the clouds' own types are in the universal taxonomy, and how that reaches history", access: members}, s.listTypeMappings)
	add(s, operation{id: "create-type-mapping", method: http.MethodPost, path: "/type-mappings", tag: tag, summary: "Say what a cloud's own type is, from now on and in history", access: admins, status: http.StatusCreated, once: true}, s.createTypeMapping)
	add(s, operation{id: "update-type-mapping", method: http.MethodPut, path: "/type-mappings/{id}", tag: tag, summary: "Change a mapping, from now on and in history", access: admins}, s.updateTypeMapping)
	add(s, operation{id: "delete-type-mapping", method: http.MethodDelete, path: "/type-mappings/{id}", tag: tag, summary: "Undo a mapping, from now on and in history", access: admins}, s.deleteTypeMapping)
}

// mapping checks the body and gives the mapping that it describes.
func (s *Server) mapping(c caller, b typeMappingBody) (pipeline.TypeMapping, error) {
	var faults []fault
	if s.kindTitle(pipeline.Kind(b.Kind), c.lang) == "" {
		faults = append(faults, fault{location: "body.kind", text: pipeline.Textf("такого облака InfraZen не знает", "InfraZen knows no such cloud")})
	}
	m := pipeline.TypeMapping{
		TenantID: c.tenant(), Kind: pipeline.Kind(b.Kind), CreatedBy: c.User.ID,
		Match: pipeline.TypeMatch{ResourceType: b.Match.ResourceType, ServiceName: b.Match.ServiceName, SkuPrefix: b.Match.SkuPrefix},
		To: pipeline.TypeTarget{
			ResourceType: pipeline.ResourceType(b.To.ResourceType), ServiceCategory: b.To.ServiceCategory, ServiceName: strings.TrimSpace(b.To.ServiceName),
		},
	}
	if m.Match == (pipeline.TypeMatch{}) {
		faults = append(faults, fault{
			location: "body.match", text: pipeline.Textf("укажите тип, сервис или начало артикула: иначе сюда попадёт всё без типа", "give a type, a service or the beginning of a SKU: else everything without a type would be in it"),
		})
	}
	if !slices.Contains(pipeline.ResourceTypes(), m.To.ResourceType) {
		faults = append(faults, fault{location: "body.to.resource_type", text: pipeline.Textf("выберите тип из списка", "choose a type of the list")})
	}
	if m.To.ServiceCategory != "" && !slices.Contains(pipeline.ServiceCategories(), m.To.ServiceCategory) {
		faults = append(faults, fault{location: "body.to.service_category", text: pipeline.Textf("выберите категорию из списка", "choose a category of the list")})
	}
	return m, invalid(faults...)
}

func (s *Server) kindTitle(kind pipeline.Kind, lang pipeline.Lang) string {
	for _, p := range s.Providers {
		if info := p.Info(); info.Kind == kind {
			return info.Title.In(lang)
		}
	}
	return ""
}

func (s *Server) viewMapping(c caller) func(pipeline.TypeMapping) typeMappingView {
	return func(m pipeline.TypeMapping) typeMappingView {
		return typeMappingView{
			ID: m.ID, Kind: string(m.Kind), KindTitle: or(s.kindTitle(m.Kind, c.lang), string(m.Kind)),
			Match: typeMatchView(m.Match), CreatedAt: when(m.CreatedAt), UpdatedAt: when(m.UpdatedAt),
			To: typeTargetView{ResourceType: string(m.To.ResourceType), ServiceCategory: m.To.ServiceCategory, ServiceName: m.To.ServiceName},
		}
	}
}

func viewRetyping(lang pipeline.Lang) func(pipeline.Retyping) retypingView {
	return func(r pipeline.Retyping) retypingView {
		return retypingView{
			ConnectionID: string(r.ConnectionID), ConnectionName: r.ConnectionName, Kind: string(r.Kind), Done: r.Done, Running: r.Running,
			DaysDone: r.DaysDone, DaysTotal: r.DaysTotal, Lines: r.Lines, AskedAt: when(r.AskedAt), FinishedAt: when(r.FinishedAt), Fault: viewFaultIfAny(r.Fault, lang),
		}
	}
}

func (s *Server) listTypeMappings(ctx context.Context, c caller, _ *struct{}) (*typeMappingsOut, error) {
	mappings, err := s.Store.TypeMappingsOf(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	works, err := s.Store.Retypings(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	out := &typeMappingsOut{}
	out.Body.Mappings = mapped(mappings, s.viewMapping(c))
	out.Body.Applications = mapped(works, viewRetyping(c.lang))
	out.Body.Types = mapped(pipeline.ResourceTypes(), func(t pipeline.ResourceType) universalTypeView {
		return universalTypeView{Value: string(t), ServiceCategory: t.ServiceCategory()}
	})
	out.Body.ServiceCategories = pipeline.ServiceCategories()
	return out, nil
}

func (s *Server) createTypeMapping(ctx context.Context, c caller, in *createTypeMappingIn) (*typeMappingOut, error) {
	m, err := s.mapping(c, in.Body)
	if err != nil {
		return nil, err
	}
	if m, err = s.Store.CreateTypeMapping(ctx, c.tenant(), m); err != nil {
		return nil, err
	}
	return &typeMappingOut{Body: s.viewMapping(c)(m)}, nil
}

func (s *Server) updateTypeMapping(ctx context.Context, c caller, in *updateTypeMappingIn) (*typeMappingOut, error) {
	m, err := s.mapping(c, in.Body)
	if err != nil {
		return nil, err
	}
	m.ID = in.ID
	if m, err = s.Store.UpdateTypeMapping(ctx, c.tenant(), m); err != nil {
		return nil, err
	}
	return &typeMappingOut{Body: s.viewMapping(c)(m)}, nil
}

func (s *Server) deleteTypeMapping(ctx context.Context, c caller, in *typeMappingID) (*struct{}, error) {
	return nil, s.Store.DeleteTypeMapping(ctx, c.tenant(), in.ID)
}
