// Package stores gives cmd/api/server its stores. The server knows no database; what PostgreSQL and ClickHouse say in words
// of their own is said here in the server's.
package stores

import (
	"context"
	"errors"

	"github.com/infrazen/infrazen/clickhouse"
	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
)

// People is PostgreSQL as the server wants it.
type People struct{ *postgres.Store }

var _ server.Store = People{}

// Session implements server.People.
func (p People) Session(ctx context.Context, token string) (server.SignIn, error) {
	in, err := p.Store.Session(ctx, token)
	return server.SignIn{User: in.User, Tenant: in.Tenant, Role: in.Role, Token: in.Kind == postgres.SignInToken, ExpiresAt: in.ExpiresAt}, err
}

// Tokens implements server.People.
func (p People) Tokens(ctx context.Context, tenant pipeline.TenantID, user pipeline.UserID) ([]server.Token, error) {
	list, err := p.Store.Tokens(ctx, tenant, user)
	return each(list, func(t postgres.Token) server.Token {
		return server.Token{ID: t.ID, Name: t.Name, CreatedAt: t.CreatedAt, ExpiresAt: t.ExpiresAt}
	}), err
}

// UpdateConnection implements server.Connections.
func (p People) UpdateConnection(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID, version int64, change server.ConnectionChange) (pipeline.Connection, error) {
	return p.Store.UpdateConnection(ctx, tenant, id, version, postgres.ConnectionChange(change))
}

// WindowsOf implements server.Connections.
func (p People) WindowsOf(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID, limit int) ([]server.WindowState, error) {
	list, err := p.Store.WindowsOf(ctx, tenant, id, limit)
	return each(list, func(w postgres.WindowState) server.WindowState {
		return server.WindowState{
			Feed: w.Feed, Grain: w.Grain, From: w.From, To: w.To, Object: w.Object.Key, DueAt: w.DueAt,
			AttemptedAt: w.AttemptedAt, SucceededAt: w.SucceededAt, Running: w.Running, Complete: w.Complete,
			Attempt: w.Attempt, Fault: w.Fault,
		}
	}), err
}

// RunsOf implements server.Connections.
func (p People) RunsOf(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID, limit int) ([]server.Run, error) {
	list, err := p.Store.RunsOf(ctx, tenant, id, limit)
	return each(list, func(r postgres.Run) server.Run {
		return server.Run{
			Feed: r.Feed, Grain: r.Grain, From: r.From, To: r.To, Object: r.Object.Key, Attempt: r.Attempt,
			StartedAt: r.StartedAt, FinishedAt: r.FinishedAt, Complete: r.Complete, Found: r.Found, Appended: r.Appended,
			Fault: r.Fault, Scopes: r.Scopes, Notes: r.Notes,
		}
	}), err
}

// Idempotent implements server.Answers.
func (p People) Idempotent(ctx context.Context, tenant pipeline.TenantID, key string, request []byte) (*server.StoredAnswer, error) {
	held, err := p.Store.Idempotent(ctx, tenant, key, request)
	if held == nil || err != nil {
		return nil, err
	}
	return &server.StoredAnswer{Status: held.Status, Body: held.Body}, nil
}

// StoreIdempotent implements server.Answers.
func (p People) StoreIdempotent(ctx context.Context, tenant pipeline.TenantID, key string, answer server.StoredAnswer) error {
	return p.Store.StoreIdempotent(ctx, tenant, key, postgres.StoredResponse{Status: answer.Status, Body: answer.Body})
}

// Facts is ClickHouse as the server wants it.
type Facts struct{ *clickhouse.Store }

var _ server.Facts = Facts{}

// Resources implements server.Facts.
func (f Facts) Resources(ctx context.Context, tenant pipeline.TenantID, q pipeline.ResourceQuery) (pipeline.ResourcePage, error) {
	page, err := f.Store.Resources(ctx, tenant, q)
	if errors.Is(err, clickhouse.ErrCursor) {
		err = server.ErrCursor
	}
	return page, err
}

func each[T, V any](in []T, f func(T) V) []V {
	out := make([]V, len(in))
	for i, v := range in {
		out[i] = f(v)
	}
	return out
}
