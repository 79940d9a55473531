package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// A claim goes in two statements. The first locks the lanes of connections that have work, in order of the priority of
// their first due window; kinds of clouds take turns, and within a kind comes first who was served longest ago. The second sees everything that earlier holders of
// those locks did, so that what it counts of a connection's running windows is exact, and takes the windows.
const sqlLockLanes = `/* lock_lanes */
WITH candidate AS (
SELECT l.connection_id, c.kind, first.priority, l.served_at,
       row_number() OVER (PARTITION BY c.kind ORDER BY first.priority, l.served_at, l.connection_id) AS nth
FROM lanes l
JOIN connections c ON c.id = l.connection_id AND NOT c.paused AND coalesce(($4::jsonb ->> c.kind)::int, 1) > 0
CROSS JOIN LATERAL (
    SELECT w.priority FROM windows w
    WHERE w.connection_id = l.connection_id AND w.due_at <= $1 AND (w.leased_until IS NULL OR w.leased_until <= $1)
    ORDER BY w.priority, w.from_at DESC NULLS LAST, w.id LIMIT 1
) first
WHERE l.not_before <= $1
  AND (SELECT count(*) FROM windows w WHERE w.connection_id = l.connection_id AND w.leased_until > $1)
      < coalesce(($2::jsonb ->> c.kind)::int, 1)
)
SELECT l.connection_id, candidate.kind
FROM lanes l JOIN candidate ON candidate.connection_id = l.connection_id
WHERE candidate.nth <= coalesce(($4::jsonb ->> candidate.kind)::bigint, 2147483647) + $3
ORDER BY candidate.priority, candidate.nth, candidate.served_at, l.connection_id
LIMIT 2 * $3
FOR NO KEY UPDATE OF l SKIP LOCKED`

const sqlTakeWindows = `/* take_windows */
WITH lane AS (
    SELECT l.connection_id, l.served_at,
           coalesce(($3::jsonb ->> c.kind)::int, 1)
           - (SELECT count(*) FROM windows w WHERE w.connection_id = l.connection_id AND w.leased_until > $1) AS room
    FROM lanes l JOIN connections c ON c.id = l.connection_id
    WHERE l.connection_id = ANY ($2::uuid[])
), due AS MATERIALIZED (
    SELECT w.id, w.priority, w.nth, w.taken_over, lane.served_at, lane.connection_id
    FROM lane CROSS JOIN LATERAL (
        SELECT t.id, t.priority, t.leased_until IS NOT NULL AS taken_over, row_number() OVER (ORDER BY t.priority, t.from_at DESC NULLS LAST, t.id) AS nth
        FROM (SELECT w.id, w.priority, w.from_at, w.leased_until FROM windows w
              WHERE w.connection_id = lane.connection_id AND w.due_at <= $1 AND (w.leased_until IS NULL OR w.leased_until <= $1)
              ORDER BY w.priority, w.from_at DESC NULLS LAST, w.id
              LIMIT greatest(least(lane.room, $4), 0)
              FOR NO KEY UPDATE SKIP LOCKED) t
    ) w
    ORDER BY w.priority, w.nth, lane.served_at, lane.connection_id
    LIMIT $4
), served AS (
    UPDATE lanes l SET served_at = $1 WHERE l.connection_id IN (SELECT connection_id FROM due)
)
UPDATE windows w SET lease = nextval('lease_tokens'), holder = $5, lease_version = c.version, leased_at = $1, leased_until = $1 + $6::interval,
       attempt = w.attempt + 1, attempted_at = $1
FROM due, connections c
WHERE w.id = due.id AND c.id = w.connection_id AND c.tenant_id = w.tenant_id
RETURNING due.priority, due.nth, due.taken_over, ` + windowColumns + `, ` + connectionColumns

// windowColumns are what scanWindow reads, of the table windows called w.
const windowColumns = `w.id, w.tenant_id::text, w.connection_id::text, w.feed, w.grain, w.from_at, w.to_at, w.object_key, w.object_version,
    w.object_size, w.object_modified, w.attempt, w.lease, w.leased_until`

// Claim leases up to n due windows within the limits, and skips what others hold. Kinds of clouds take turns, so that none has to wait
// for another; and connections do: among windows of a kind and of the same priority, the one whose connection was served least recently
// comes first.
func (s *Store) Claim(ctx context.Context, holder string, n int, lease time.Duration, limits collect.ClaimLimits) ([]collect.Window, error) {
	if n <= 0 {
		return nil, nil
	}
	perConnection, perKind := limitsOf(limits.PerConnection), limitsOf(limits.PerKind)
	var windows []collect.Window
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var now time.Time
		if err := tx.QueryRow(ctx, `/* claim_clock */ SELECT clock_timestamp()`).Scan(&now); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlLockLanes, now, perConnection, n, perKind)
		lanes, err := lanesOf(rows, err, n, perKind)
		if err != nil || len(lanes) == 0 {
			return err
		}
		windows, err = s.take(ctx, tx, now, lanes, holder, n, lease, perConnection)
		return err
	})
	return windows, wrap(err, "claim windows")
}

// limitsOf makes a map for a statement of one that may be nil.
func limitsOf(m map[pipeline.Kind]int) map[pipeline.Kind]int {
	if m == nil {
		return map[pipeline.Kind]int{}
	}
	return m
}

// lanesOf picks up to n of the lanes that were locked, no more of a kind than it may have. More were locked than are needed,
// because other collectors may have held those that come first.
func lanesOf(rows pgx.Rows, err error, n int, perKind map[pipeline.Kind]int) ([][16]byte, error) {
	type lane struct {
		ID   [16]byte
		Kind pipeline.Kind
	}
	locked, err := collectRows(rows, err, pgx.RowToStructByPos[lane])
	var picked [][16]byte
	of := map[pipeline.Kind]int{}
	for _, l := range locked {
		most, bounded := perKind[l.Kind]
		if len(picked) == n || bounded && of[l.Kind] >= most {
			continue
		}
		of[l.Kind]++
		picked = append(picked, l.ID)
	}
	return picked, err
}

// claimed is a window with its place in the order of the claim.
type claimed struct {
	collect.Window
	priority   int
	nth        int64
	takenOver  bool
	leaseUntil *time.Time
}

func (s *Store) take(ctx context.Context, tx pgx.Tx, now time.Time, lanes [][16]byte, holder string, n int, lease time.Duration, perConnection map[pipeline.Kind]int) ([]collect.Window, error) {
	rows, err := tx.Query(ctx, sqlTakeWindows, now, lanes, perConnection, n, holder, lease)
	taken, err := collectRows(rows, err, scanClaimed)
	if err != nil {
		return nil, err
	}
	sortClaimed(taken)
	windows := make([]collect.Window, len(taken))
	for i, c := range taken {
		windows[i] = c.Window
		windows[i].StoreNow = now.UTC()
		if c.takenOver {
			s.metrics.leases.WithLabelValues("expired").Inc()
		}
	}
	s.metrics.leases.WithLabelValues("taken").Add(float64(len(windows)))
	return windows, nil
}

func scanClaimed(row pgx.CollectableRow) (claimed, error) {
	var c claimed
	var from, to, modified *time.Time
	w := &c.Window
	fields := []any{
		&c.priority, &c.nth, &c.takenOver, &w.ID, &w.Account.Tenant, &w.Account.Connection, &w.Feed, &w.Grain, &from, &to,
		&w.Object.Key, &w.Object.Version, &w.Object.Size, &modified, &w.Attempt, &w.Lease, &c.leaseUntil,
	}
	err := row.Scan(append(fields, connectionFields(&w.Connection)...)...)
	w.From, w.To, w.Object.Modified, w.LeasedUntil = timeOf(from), timeOf(to), timeOf(modified), timeOf(c.leaseUntil)
	w.Connection = inUTC(w.Connection)
	return c, err
}
