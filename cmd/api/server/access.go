package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/infrazen/infrazen/pipeline"
)

// access is who may use an operation.
type access int

const (
	// anyone needs no session.
	anyone access = iota
	// members may be viewers: they read, and change what is their own.
	members
	// admins change what is the tenant's.
	admins
	// persons are members with a session of their own; API tokens do not open it.
	persons
)

// caller is who a request is made by. The tenant is the only one that the request can reach.
type caller struct {
	SignIn
	secret string
	lang   pipeline.Lang
}

func (c caller) tenant() pipeline.TenantID { return c.Tenant.ID }

// operation is an entry of the API.
type operation struct {
	id, method, path, tag, summary string
	access                         access
	// status of a success; 200 with a body and 204 without when zero.
	status int
	// timeout is Config.RequestTimeout when zero.
	timeout time.Duration
	// once is true when an Idempotency-Key is honoured.
	once bool
	// body describes the body of a POST that the handler reads itself.
	body *huma.RequestBody
	// keep gives the part of the answer that may be kept for the key: all of it when nil.
	keep func(body []byte) ([]byte, error)
}

// add puts an operation into the API. The handler's errors may be any: they are explained to the user here.
func add[I, O any](s *Server, o operation, h func(context.Context, caller, *I) (*O, error)) {
	if o.timeout == 0 {
		o.timeout = s.Config.RequestTimeout
	}
	huma.Register(s.api, s.describe(o), func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := context.WithTimeout(ctx, o.timeout)
		defer cancel()
		out, err := h(ctx, callerOf(ctx), in)
		if err != nil {
			return nil, s.explain(ctx, err)
		}
		return out, nil
	})
	if o.body != nil { // told to huma beforehand, it would read the body
		s.api.OpenAPI().Paths[apiRoot+o.path].Post.RequestBody = o.body
	}
}

func (s *Server) describe(o operation) huma.Operation {
	op := huma.Operation{
		OperationID: o.id, Method: o.method, Path: apiRoot + o.path, Tags: []string{o.tag}, Summary: o.summary,
		DefaultStatus:                o.status,
		BodyReadTimeout:              -1, // takeBody has read it; a deadline left on the connection would end the request
		MaxBodyBytes:                 maxBody + 1,
		RejectUnknownQueryParameters: true,
		Middlewares:                  huma.Middlewares{s.guard(o.access)},
		Responses: map[string]*huma.Response{"default": {
			Description: "What is wrong and what to do",
			Content: map[string]*huma.MediaType{"application/problem+json": {
				Schema: s.api.OpenAPI().Components.Schemas.Schema(typeOf[problem](), true, ""),
			}},
		}},
	}
	if o.access == anyone {
		op.Security = []map[string][]string{}
	} else {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
	}
	if o.once {
		op.Middlewares = append(op.Middlewares, s.onlyOnce(o.keep))
		op.Parameters = []*huma.Param{idempotencyParam()}
	}
	return op
}

// guard lets through whom the operation is for.
func (s *Server) guard(a access) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		if err := permit(ctx.Context(), a); err != nil {
			r, w := humachi.Unwrap(ctx)
			s.writeProblem(w, r, err)
			return
		}
		next(ctx)
	}
}

func permit(ctx context.Context, a access) error {
	if a == anyone {
		return nil
	}
	info := aboutOf(ctx)
	if info.caller == nil {
		return refuse(http.StatusUnauthorized, "Нужно войти: сессии нет или она закончилась.", "Sign in: there is no session, or it has ended.")
	}
	if a == admins && info.caller.Role != pipeline.Admin {
		return refuse(http.StatusForbidden, "Это может менять только администратор организации. Попросите его или смените организацию.",
			"Only an admin of the organisation may change this. Ask one, or switch to another organisation.")
	}
	if a == persons && info.caller.Token {
		return refuse(http.StatusForbidden, "С токеном API этого сделать нельзя: войдите сами.", "This cannot be done with an API token: sign in yourself.")
	}
	return nil
}

// callerOf is who makes the request; of nobody and no tenant when it is made without a session.
func callerOf(ctx context.Context) caller {
	info := aboutOf(ctx)
	if info.caller == nil {
		return caller{lang: info.lang}
	}
	c := *info.caller
	c.lang = info.lang
	return c
}
