package server

import (
	"context"
	"net/http"

	"github.com/infrazen/infrazen/pipeline"
)

type providerView struct {
	Kind   string      `json:"kind"`
	Title  string      `json:"title"`
	About  string      `json:"about" doc:"One sentence for the connection wizard"`
	Fields []fieldView `json:"fields" doc:"The settings to ask for, in order"`
}

type fieldView struct {
	Name     string       `json:"name"`
	Label    string       `json:"label"`
	Help     string       `json:"help"`
	Secret   bool         `json:"secret" doc:"Never returned; leave it out of an edit to keep it"`
	Required bool         `json:"required"`
	Default  string       `json:"default"`
	Options  []optionView `json:"options" doc:"When there are any, the only values allowed"`
	Advanced bool         `json:"advanced"`
}

type optionView struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

type providersOut struct{ Body []providerView }

func (s *Server) routeProviders() {
	add(s, operation{id: "list-providers", method: http.MethodGet, path: "/providers", tag: "connections", summary: "The kinds of connection on offer", access: members}, s.listProviders)
}

func (s *Server) listProviders(_ context.Context, c caller, _ *struct{}) (*providersOut, error) {
	return &providersOut{Body: mapped(s.Providers, func(p pipeline.Provider) providerView { return viewProvider(p.Info(), c.lang) })}, nil
}

func viewProvider(i pipeline.Info, lang pipeline.Lang) providerView {
	return providerView{
		Kind: string(i.Kind), Title: i.Title.In(lang), About: i.About.In(lang),
		Fields: mapped(i.Fields, func(f pipeline.Field) fieldView {
			return fieldView{
				Name: f.Name, Label: f.Label.In(lang), Help: f.Help.In(lang), Secret: f.Secret, Required: f.Required,
				Default: f.Default, Advanced: f.Advanced,
				Options: mapped(f.Options, func(o pipeline.Option) optionView { return optionView{Value: o.Value, Label: o.Label.In(lang)} }),
			}
		}),
	}
}
