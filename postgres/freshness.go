package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/infrazen/infrazen/pipeline"
)

// maxGaps is how many gaps an answer tells of.
const maxGaps = 10

// How far a feed is whole: a snapshot as far as the latest whole one, for it tells of what was before; periods as far as
// they are whole without a hole; files as far as the latest of them reaches, unless one is missing.
const sqlCompleteness = `/* completeness */
SELECT c.id::text, f.feed, f.collected_at,
       CASE WHEN f.grain = 'snapshot' THEN whole.through
            WHEN f.grain = 'object' THEN CASE WHEN hole.n = 0 THEN files.through END
            WHEN hole.n > 0 THEN hole.through
            ELSE whole.through END
FROM connections c
JOIN feeds f ON f.connection_id = c.id AND f.feed IN ('charges', 'files', 'inventory')
LEFT JOIN LATERAL (
    SELECT w.complete_through AS through FROM windows w
    WHERE f.grain <> 'object' AND w.connection_id = c.id AND w.feed = f.feed AND w.complete ORDER BY w.from_at DESC LIMIT 1
) whole ON true
LEFT JOIN LATERAL (
    SELECT max(w.complete_through) AS through FROM windows w WHERE f.grain = 'object' AND w.connection_id = c.id AND w.feed = f.feed
) files ON true
CROSS JOIN LATERAL (
    SELECT min(CASE WHEN w.complete THEN w.complete_through ELSE w.from_at END) AS through, count(*) AS n FROM windows w
    WHERE f.grain <> 'snapshot' AND w.connection_id = c.id AND w.feed = f.feed AND NOT w.whole
) hole
WHERE c.tenant_id = $1 AND (cardinality($2::uuid[]) = 0 OR c.id = ANY ($2::uuid[]))`

// feedState is how far a feed that bears on cost is whole and when it was last collected.
type feedState struct {
	connection         pipeline.ConnectionID
	feed               pipeline.Feed
	collected, through time.Time
}

func feedStates(ctx context.Context, q querier, tenant pipeline.TenantID, connections []pgtype.UUID) ([]feedState, error) {
	rows, err := q.Query(ctx, sqlCompleteness, uuid(tenant), append([]pgtype.UUID{}, connections...))
	return collectRows(rows, err, func(row pgx.CollectableRow) (feedState, error) {
		var f feedState
		var collected, through *time.Time
		err := row.Scan(&f.connection, &f.feed, &collected, &through)
		f.collected, f.through = timeOf(collected), timeOf(through)
		return f, err
	})
}

// completeness tells how far the charges of each connection are whole; zero, or none, when that is unknown.
func completeness(ctx context.Context, q querier, tenant pipeline.TenantID, connections []pgtype.UUID) (map[pipeline.ConnectionID]time.Time, error) {
	states, err := feedStates(ctx, q, tenant, connections)
	return throughOf(states), err
}

// throughOf takes the feeds that bear charges: those of charges and files, or else the inventory that accrues them.
func throughOf(states []feedState) map[pipeline.ConnectionID]time.Time {
	billed := map[pipeline.ConnectionID]bool{}
	for _, f := range states {
		if f.feed != pipeline.FeedInventory {
			billed[f.connection] = true
		}
	}
	through := map[pipeline.ConnectionID]time.Time{}
	for _, f := range states {
		if f.feed == pipeline.FeedInventory && billed[f.connection] {
			continue
		}
		if other, known := through[f.connection]; !known || f.through.Before(other) {
			through[f.connection] = f.through
		}
	}
	return through
}

const sqlConnectionNames = `/* connection_names */
SELECT id::text, name FROM connections WHERE tenant_id = $1 AND (cardinality($2::uuid[]) = 0 OR id = ANY ($2::uuid[])) ORDER BY name, id`

// A gap is a period that failed or was never collected though it is due; a file that did; and the time since the latest
// whole snapshot when the one after it failed.
const sqlGaps = `/* gaps */
WITH gap AS (
    SELECT c.id, c.name, w.feed, w.from_at, w.to_at, w.object_key, w.fault, w.fault IS NOT NULL AS failed
    FROM connections c JOIN windows w ON w.connection_id = c.id AND w.tenant_id = c.tenant_id AND NOT w.whole AND NOT w.complete
    WHERE c.tenant_id = $1 AND (cardinality($2::uuid[]) = 0 OR c.id = ANY ($2::uuid[])) AND w.feed IN ('charges', 'files', 'inventory')
      AND CASE w.grain WHEN 'snapshot' THEN false WHEN 'object' THEN true ELSE w.from_at < $4 AND w.to_at > $3 END
      AND (w.fault IS NOT NULL OR w.due_at <= clock_timestamp())
    UNION ALL
    SELECT c.id, c.name, last.feed, whole.through, least($4, clock_timestamp()), '', last.fault, true
    FROM connections c
    CROSS JOIN LATERAL (
        SELECT w.feed, w.fault, w.complete FROM windows w
        WHERE w.connection_id = c.id AND w.tenant_id = c.tenant_id AND w.grain = 'snapshot' AND w.feed = 'inventory' AND (w.complete OR w.fault IS NOT NULL)
        ORDER BY w.from_at DESC LIMIT 1
    ) last
    LEFT JOIN LATERAL (
        SELECT max(w.complete_through) AS through FROM windows w
        WHERE w.connection_id = c.id AND w.feed = 'inventory' AND w.grain = 'snapshot' AND w.complete
    ) whole ON true
    WHERE c.tenant_id = $1 AND (cardinality($2::uuid[]) = 0 OR c.id = ANY ($2::uuid[])) AND NOT last.complete
      AND coalesce(whole.through < $4, true)
    UNION ALL
    SELECT c.id, c.name, 'inventory', NULL, NULL, '', NULL, false
    FROM connections c
    WHERE c.tenant_id = $1 AND (cardinality($2::uuid[]) = 0 OR c.id = ANY ($2::uuid[]))
      AND NOT EXISTS (SELECT FROM feeds f WHERE f.connection_id = c.id AND f.feed <> 'usage' AND f.run_id > 0)
)
SELECT id::text, name, feed, coalesce(from_at, $3), coalesce(to_at, $4), object_key, fault, count(*) OVER ()
FROM gap ORDER BY failed DESC, to_at DESC NULLS FIRST, name, id, feed LIMIT $5`

// DataState tells how old and how whole the data is that a question about cost over [from, to) stands on. No connections
// means all of the tenant's.
func (s *Store) DataState(ctx context.Context, tenant pipeline.TenantID, conns []pipeline.ConnectionID, from, to time.Time) (pipeline.DataState, error) {
	data := pipeline.DataState{Gaps: []pipeline.DataGap{}}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		states, err := feedStates(ctx, tx, tenant, uuids(conns))
		if err != nil {
			return err
		}
		if err := addAge(ctx, tx, tenant, uuids(conns), states, &data); err != nil {
			return err
		}
		return addGaps(ctx, tx, tenant, uuids(conns), from, to, &data)
	})
	data.Complete = data.GapCount == 0
	return data, wrap(err, "read how fresh the data is")
}

// addAge sets the oldest "last collected" and the least completeness of the connections.
func addAge(ctx context.Context, q querier, tenant pipeline.TenantID, conns []pgtype.UUID, states []feedState, data *pipeline.DataState) error {
	rows, err := q.Query(ctx, sqlConnectionNames, uuid(tenant), conns)
	ids, err := collectRows(rows, err, func(row pgx.CollectableRow) (pipeline.ConnectionID, error) {
		var id pipeline.ConnectionID
		var name string
		err := row.Scan(&id, &name)
		return id, err
	})
	if err != nil {
		return err
	}
	collected := map[pipeline.ConnectionID]time.Time{}
	for _, f := range states {
		if f.collected.After(collected[f.connection]) {
			collected[f.connection] = f.collected
		}
	}
	through := throughOf(states)
	for i, id := range ids {
		if at := collected[id]; !at.IsZero() && (data.CollectedAt.IsZero() || at.Before(data.CollectedAt)) {
			data.CollectedAt = at
		}
		if i == 0 || through[id].Before(data.CompleteThrough) {
			data.CompleteThrough = through[id]
		}
	}
	return nil
}

func addGaps(ctx context.Context, q querier, tenant pipeline.TenantID, conns []pgtype.UUID, from, to time.Time, data *pipeline.DataState) error {
	rows, err := q.Query(ctx, sqlGaps, uuid(tenant), conns, from, to, maxGaps)
	gaps, err := collectRows(rows, err, func(row pgx.CollectableRow) (pipeline.DataGap, error) {
		var g pipeline.DataGap
		var object string
		var fault *storedFault
		err := row.Scan(&g.ConnectionID, &g.ConnectionName, &g.Feed, &g.From, &g.To, &object, &fault, &data.GapCount)
		g.From, g.To, g.Reason = latest(g.From.UTC(), from.UTC()), g.To.UTC(), reason(object, fault)
		return g, err
	})
	data.Gaps = append(data.Gaps, gaps...)
	return err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func reason(object string, fault *storedFault) pipeline.Text {
	text := pipeline.Text{RU: "ещё не собрано", EN: "not collected yet"}
	if fault != nil && !fault.Text.IsZero() {
		text = fault.Text
	}
	if object != "" {
		return pipeline.Text{RU: object + ": " + text.RU, EN: object + ": " + text.EN}
	}
	return text
}
