package server

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func (s *Server) humaConfig() huma.Config {
	c := huma.DefaultConfig("InfraZen", "1")
	c.Info.Description = "What the clouds of an organisation hold, use and cost. Money is decimal strings, times are RFC 3339 in UTC, " +
		"names are in snake case. Errors are application/problem+json and name every fault in the user's language. " +
		"Sign in with a session cookie (writes then need the header X-Requested-With: infrazen) or with a token: Authorization: Bearer."
	c.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName, Description: "A signed-in browser"},
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token"},
	}
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.Formats = jsonFormats()
	c.Transformers = []huma.Transformer{s.translate}
	return c
}

// schemaName names the schema of a type in the document: CostAnswer for costAnswerView, SignInRequest for the body of
// signInIn, ConnectionsAnswer for the body of connectionsOut.
func schemaName(t reflect.Type, hint string) string {
	name := strings.TrimSuffix(huma.DefaultSchemaNamer(t, hint), "View")
	if short, ok := strings.CutSuffix(name, "InBody"); ok {
		return short + "Request"
	}
	if short, ok := strings.CutSuffix(name, "OutBody"); ok {
		return short + "Answer"
	}
	return name
}

// finishSchemas leaves out what is not ours, and says of every list that it is never null.
func finishSchemas(doc *huma.OpenAPI) {
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own form of an error, which no answer has
	delete(schemas, "ErrorDetail")
	for _, s := range schemas {
		finishSchema(s)
	}
	for _, path := range doc.Paths {
		for _, op := range []*huma.Operation{path.Get, path.Post, path.Put, path.Patch, path.Delete} {
			finishOperation(op)
		}
	}
}

func finishOperation(op *huma.Operation) {
	if op == nil {
		return
	}
	for _, p := range op.Parameters {
		finishSchema(p.Schema)
	}
	for _, r := range op.Responses {
		for _, m := range r.Content {
			finishSchema(m.Schema)
		}
	}
}

func finishSchema(s *huma.Schema) {
	if s == nil {
		return
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
		finishSchema(s.Items)
	}
	for _, p := range s.Properties {
		finishSchema(p)
	}
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok {
		finishSchema(values)
	}
}

func (s *Server) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	doc, err := s.OpenAPI()
	if err != nil {
		s.writeProblem(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(doc)
}
