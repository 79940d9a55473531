package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// snapshotsKept is how long the rows of past snapshots are kept.
const snapshotsKept = 7 * 24 * time.Hour

const sqlOwned = `/* owned */ SELECT 1 FROM connections WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE`

// A window that nothing is owed of becomes due when it was last tried before the time it is due at. A failing one keeps the
// time that it is to be tried again at. An object becomes due when its version changes, which does not wait for the old
// version's next try, and when it was given up.
const sqlPlan = `/* plan_windows */
INSERT INTO windows AS w (tenant_id, connection_id, feed, grain, from_at, to_at, object_key, object_version, object_size, object_modified, due_at, priority)
SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[], $9::bigint[],
                             $10::timestamptz[], $11::timestamptz[], $12::int[])
ON CONFLICT (connection_id, feed, from_at, to_at, object_key) DO UPDATE SET
    due_at = CASE WHEN w.grain = 'object' THEN excluded.due_at ELSE least(w.due_at, excluded.due_at) END,
    priority = excluded.priority, object_version = excluded.object_version, object_size = excluded.object_size,
    object_modified = excluded.object_modified
WHERE w.tenant_id = excluded.tenant_id
  AND (w.leased_until IS NULL OR w.leased_until <= clock_timestamp())
  AND CASE WHEN w.grain = 'object' THEN
          excluded.object_version <> w.object_version
          OR (NOT w.complete AND w.due_at IS NULL AND excluded.due_at > w.attempted_at)
      WHEN w.due_at IS NULL THEN excluded.due_at > greatest(w.succeeded_at, w.attempted_at, '-infinity')
      WHEN w.attempt > 0 THEN false
      ELSE excluded.due_at < w.due_at OR excluded.priority <> w.priority
      END`

const sqlPlanFeeds = `/* plan_feeds */
INSERT INTO feeds (connection_id, feed, grain)
SELECT DISTINCT ON (p.feed) c.id, p.feed, p.grain FROM connections c, unnest($3::text[], $4::text[]) p (feed, grain) WHERE c.tenant_id = $1 AND c.id = $2
ON CONFLICT DO NOTHING`

const sqlSupersede = `/* supersede_snapshots */
UPDATE windows SET due_at = NULL
WHERE tenant_id = $1 AND connection_id = $2 AND feed = $3 AND grain = 'snapshot' AND from_at < $4 AND due_at IS NOT NULL
  AND (leased_until IS NULL OR leased_until <= clock_timestamp())`

const sqlForgetSnapshots = `/* forget_snapshots */
DELETE FROM windows
WHERE tenant_id = $1 AND connection_id = $2 AND feed = $3 AND grain = 'snapshot' AND from_at < $4
  AND (leased_until IS NULL OR leased_until <= clock_timestamp())
  AND id IS DISTINCT FROM (SELECT id FROM windows WHERE connection_id = $2 AND feed = $3 AND grain = 'snapshot' AND complete ORDER BY from_at DESC LIMIT 1)`

// A file that is not listed any more while one of the same version is was renamed: what it held is taken back, first of all.
const sqlTakeBack = `/* take_back_renamed */
UPDATE windows SET object_version = '', due_at = clock_timestamp(), priority = 0, attempt = 0
WHERE tenant_id = $1 AND connection_id = $2 AND feed = $3 AND grain = 'object' AND object_version <> ''
  AND object_key <> ALL($4::text[]) AND object_version = ANY($5::text[])
  AND (leased_until IS NULL OR leased_until <= clock_timestamp())`

// Plan makes these windows exist and sets when they are due. It never touches a window under a lease. A snapshot of a later
// hour takes the place of earlier ones, which cannot be taken any more. Objects must be the whole listing of their feed: one
// that is missing in it while another has its version was renamed, and is planned once more with no version, to be taken back.
func (s *Store) Plan(ctx context.Context, a collect.Account, plans []collect.WindowPlan) error {
	if len(plans) == 0 {
		return nil
	}
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var owned int
		if err := tx.QueryRow(ctx, sqlOwned, uuid(a.Tenant), uuid(a.Connection)).Scan(&owned); err != nil {
			return err
		}
		args := planArgs(a, plans)
		if _, err := tx.Exec(ctx, sqlPlan, args...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlPlanFeeds, args[:4]...); err != nil {
			return err
		}
		if err := takeBackRenamed(ctx, tx, a, plans); err != nil {
			return err
		}
		return supersede(ctx, tx, a, plans)
	})
	return wrap(err, "plan windows of the connection %s", a.Connection)
}

func planArgs(a collect.Account, plans []collect.WindowPlan) []any {
	n := len(plans)
	feeds, grains, keys, versions := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	from, to, modified, due := make([]*time.Time, n), make([]*time.Time, n), make([]*time.Time, n), make([]*time.Time, n)
	sizes, priorities := make([]int64, n), make([]int32, n)
	for i, p := range plans {
		feeds[i], grains[i], keys[i], versions[i] = string(p.Feed), string(p.Grain), p.Object.Key, p.Object.Version
		from[i], to[i], modified[i], due[i] = instant(p.From), instant(p.To), instant(p.Object.Modified), instant(p.DueAt)
		sizes[i], priorities[i] = p.Object.Size, int32(p.Priority)
	}
	return []any{uuid(a.Tenant), uuid(a.Connection), feeds, grains, from, to, keys, versions, sizes, modified, due, priorities}
}

func takeBackRenamed(ctx context.Context, tx pgx.Tx, a collect.Account, plans []collect.WindowPlan) error {
	keys, versions := map[pipeline.Feed][]string{}, map[pipeline.Feed][]string{}
	for _, p := range plans {
		if p.Grain == pipeline.GrainObject {
			keys[p.Feed], versions[p.Feed] = append(keys[p.Feed], p.Object.Key), append(versions[p.Feed], p.Object.Version)
		}
	}
	for feed := range keys {
		if _, err := tx.Exec(ctx, sqlTakeBack, uuid(a.Tenant), uuid(a.Connection), string(feed), keys[feed], versions[feed]); err != nil {
			return err
		}
	}
	return nil
}

func supersede(ctx context.Context, tx pgx.Tx, a collect.Account, plans []collect.WindowPlan) error {
	newest := map[pipeline.Feed]time.Time{}
	for _, p := range plans {
		if p.Grain == pipeline.GrainSnapshot && p.From.After(newest[p.Feed]) {
			newest[p.Feed] = p.From
		}
	}
	for feed, from := range newest {
		if _, err := tx.Exec(ctx, sqlSupersede, uuid(a.Tenant), uuid(a.Connection), string(feed), from); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlForgetSnapshots, uuid(a.Tenant), uuid(a.Connection), string(feed), from.Add(-snapshotsKept)); err != nil {
			return err
		}
	}
	return nil
}
