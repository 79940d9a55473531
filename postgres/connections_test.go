package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func TestConnections(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	settings := map[string]string{"login": "ivan"}
	made, err := s.CreateConnection(t.Context(), tn, pipeline.Connection{Kind: "beget", Name: "Облако", Settings: settings}, nil)
	must(t, err)
	want := pipeline.Connection{
		ID: made.ID, TenantID: tn, Kind: "beget", Name: "Облако", Settings: settings, SecretsSet: []string{}, Version: 1,
		CreatedAt: made.CreatedAt, UpdatedAt: made.UpdatedAt,
	}
	if diff := cmp.Diff(want, made); diff != "" {
		t.Error(diff)
	}
	if _, err := s.CreateConnection(t.Context(), tn, want, nil); !errors.Is(err, pipeline.ErrConflict) {
		t.Errorf("two connections of one name: %v", err)
	}
	changed, err := s.UpdateConnection(t.Context(), tn, made.ID, 1, postgres.ConnectionChange{Settings: map[string]string{"login": "petr"}})
	must(t, err)
	want.Settings, want.Version, want.UpdatedAt = map[string]string{"login": "petr"}, 2, changed.UpdatedAt
	if diff := cmp.Diff(want, changed); diff != "" {
		t.Error(diff)
	}
	if _, err := s.UpdateConnection(t.Context(), tn, made.ID, 1, postgres.ConnectionChange{}); !errors.Is(err, pipeline.ErrStale) {
		t.Errorf("an edit of an older version: %v", err)
	}
	list, err := s.ConnectionsOf(t.Context(), tn)
	if diff := cmp.Diff([]pipeline.Connection{want}, list); diff != "" || err != nil {
		t.Error(diff, err)
	}
	must(t, s.DeleteConnection(t.Context(), tn, made.ID))
	if _, err := s.Connection(t.Context(), tn, made.ID); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("a deleted connection: %v", err)
	}
}

func TestConnectionOfAnotherTenant(t *testing.T) {
	s := pgtest.Open(t)
	a := connect(t, s, tenant(t, s), "beget", "c")
	days(t, s, a, 1, 0)
	w := claim(t, s, 1, nil)[0]
	other := collect.Account{Tenant: tenant(t, s), Connection: a.Connection}
	forged := w
	forged.Account = other
	for name, reach := range map[string]func(context.Context) error{
		"read":   func(ctx context.Context) error { _, err := s.Connection(ctx, other.Tenant, a.Connection); return err },
		"open":   func(ctx context.Context) error { _, _, err := s.Secrets(ctx, other); return err },
		"delete": func(ctx context.Context) error { return s.DeleteConnection(ctx, other.Tenant, a.Connection) },
		"sync":   func(ctx context.Context) error { return s.SyncNow(ctx, other.Tenant, a.Connection) },
		"status": func(ctx context.Context) error { _, err := s.Status(ctx, other.Tenant, a.Connection); return err },
		"change": func(ctx context.Context) error {
			_, err := s.UpdateConnection(ctx, other.Tenant, a.Connection, 1, postgres.ConnectionChange{})
			return err
		},
		"plan": func(ctx context.Context) error {
			return s.Plan(ctx, other, []collect.WindowPlan{{Feed: pipeline.FeedUsage, Grain: pipeline.GrainDay, From: hour, To: hour.Add(time.Hour), DueAt: hour}})
		},
	} {
		if err := reach(t.Context()); !errors.Is(err, pipeline.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := errors.Join(s.Extend(t.Context(), forged, time.Minute)); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("extend: %v", err)
	}
	if err := s.Finish(t.Context(), forged, collect.Result{}); !errors.Is(err, collect.ErrLeaseLost) {
		t.Errorf("finish: %v", err)
	}
	windows, err := s.WindowsOf(t.Context(), other.Tenant, a.Connection, 10)
	if len(windows) != 0 || err != nil {
		t.Errorf("windows: %+v, %v", windows, err)
	}
	finish(t, s, w, collect.Result{})
	runs, err := s.RunsOf(t.Context(), other.Tenant, a.Connection, 10)
	if len(runs) != 0 || err != nil {
		t.Errorf("runs: %+v, %v", runs, err)
	}
}

// TestEngineDies kills the engine under an open store and uses the store again.
func TestEngineDies(t *testing.T) {
	engine := pgtest.OwnEngine(t)
	s, _ := open(t, engine.DSN(), "")
	must(t, s.Migrate(t.Context()))
	const started = `SELECT pg_postmaster_start_time()::text`
	before := text(t, s, started)
	engine.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		after, err := s.Text(ctx, started)
		if err == nil && after != before {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick.C:
		}
	}
	tenant(t, s)
}
