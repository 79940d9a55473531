package postgres_test

import (
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

// crowd makes 1,000 connections of one tenant with 300 day windows each, 10 of them due.
const crowd = `
WITH t AS (INSERT INTO tenants (name, zone, currency) VALUES ('x', 'Europe/Moscow', 'RUB') RETURNING id),
c AS (INSERT INTO connections (tenant_id, kind, name) SELECT t.id, 'beget', n::text FROM t, generate_series(1, 1000) n RETURNING id, tenant_id),
l AS (INSERT INTO lanes (connection_id) SELECT id FROM c),
f AS (INSERT INTO feeds (connection_id, feed, grain, run_id, collected_at) SELECT id, 'charges', 'day', 1, now() FROM c)
INSERT INTO windows (tenant_id, connection_id, feed, grain, from_at, to_at, priority, due_at, attempted_at, leased_at, succeeded_at, complete, complete_through)
SELECT c.tenant_id, c.id, 'charges', 'day', d, d + interval '1 day', CASE WHEN n < 3 THEN 0 ELSE 1 END, CASE WHEN n < 10 THEN d END, d, d, d, n >= 10, d + interval '1 day'
FROM c, generate_series(0, 299) n, LATERAL (SELECT timestamptz '2026-03-01' - n * interval '1 day' AS d) x`

func crowded(b *testing.B) (*postgres.Store, pipeline.TenantID) {
	b.Helper()
	s := pgtest.Open(b)
	for _, sql := range []string{crowd, `ANALYZE`} {
		if err := s.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
	tenants, err := s.Tenants(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return s, tenants[0].ID
}

func BenchmarkClaimAndFinish(b *testing.B) {
	s, _ := crowded(b)
	for b.Loop() {
		windows, err := s.Claim(b.Context(), "me", 10, time.Minute, collect.ClaimLimits{})
		if err != nil || len(windows) != 10 {
			b.Fatal(len(windows), err)
		}
		for _, w := range windows {
			if err := s.Finish(b.Context(), w, collect.Result{}); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkDataStateOf1000Connections(b *testing.B) {
	s, tenant := crowded(b)
	for b.Loop() {
		if _, err := s.DataState(b.Context(), tenant, nil, hour.AddDate(0, 0, -30), hour); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStatusesOf1000Connections(b *testing.B) {
	s, tenant := crowded(b)
	for b.Loop() {
		if _, err := s.Statuses(b.Context(), tenant); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlanOf100Windows(b *testing.B) {
	s, tenant := crowded(b)
	connections, err := s.ConnectionsOf(b.Context(), tenant)
	if err != nil {
		b.Fatal(err)
	}
	plans := make([]collect.WindowPlan, 100)
	for i := range plans {
		from := hour.AddDate(0, 0, -i)
		plans[i] = collect.WindowPlan{Feed: pipeline.FeedCharges, Grain: pipeline.GrainDay, From: from, To: from.AddDate(0, 0, 1), DueAt: hour}
	}
	n := 0
	for b.Loop() {
		a := collect.Account{Tenant: tenant, Connection: connections[n%len(connections)].ID}
		if err := s.Plan(b.Context(), a, plans); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
