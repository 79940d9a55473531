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
	// Uploads is what files the kind takes.
	Uploads maybe[uploadSpecView] `json:"uploads" doc:"The files that a connection takes from users; null when none"`
	// Previews is true when the kind can show a file before it is saved.
	Previews bool `json:"previews" doc:"A file can be shown before a connection is made: preview-upload"`
}

type uploadSpecView struct {
	Title      string   `json:"title" doc:"What the file is"`
	Help       string   `json:"help" doc:"Where the user finds it"`
	Extensions []string `json:"extensions" doc:"Endings of the names, with the dot"`
	MaxBytes   int64    `json:"max_bytes"`
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
	Multi    bool         `json:"multiline" doc:"A text of many lines"`
	Mapping  bool         `json:"mapping" doc:"A column mapping, made with the help of preview-upload"`
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
	return &providersOut{Body: mapped(s.Providers, func(p pipeline.Provider) providerView {
		view := viewProvider(p.Info(), c.lang)
		_, view.Previews = p.(pipeline.Previewer)
		return view
	})}, nil
}

func viewProvider(i pipeline.Info, lang pipeline.Lang) providerView {
	var uploads maybe[uploadSpecView]
	if u := i.Uploads; u != nil {
		uploads = just(uploadSpecView{Title: u.Title.In(lang), Help: u.Help.In(lang), Extensions: mapped(u.Extensions, func(e string) string { return e }), MaxBytes: uploadLimit(u)})
	}
	return providerView{
		Kind: string(i.Kind), Title: i.Title.In(lang), About: i.About.In(lang), Uploads: uploads,
		Fields: mapped(i.Fields, func(f pipeline.Field) fieldView {
			return fieldView{
				Name: f.Name, Label: f.Label.In(lang), Help: f.Help.In(lang), Secret: f.Secret, Required: f.Required,
				Default: f.Default, Advanced: f.Advanced, Multi: f.Multiline, Mapping: f.Mapping,
				Options: mapped(f.Options, func(o pipeline.Option) optionView { return optionView{Value: o.Value, Label: o.Label.In(lang)} }),
			}
		}),
	}
}
