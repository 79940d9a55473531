package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// runsKept is how many runs of a connection are kept, and the latest of each feed besides.
const runsKept = 200

func sortClaimed(taken []claimed) {
	slices.SortFunc(taken, func(a, b claimed) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(a.nth, b.nth), cmp.Compare(a.Lease, b.Lease))
	})
}

const sqlExtend = `/* extend_lease */
UPDATE windows SET leased_until = clock_timestamp() + $4::interval
WHERE tenant_id = $1 AND id = $2 AND lease = $3 AND leased_until IS NOT NULL`

// Extend prolongs a lease; it fails with collect.ErrLeaseLost when another has it.
func (s *Store) Extend(ctx context.Context, w collect.Window, lease time.Duration) error {
	err := one(s.pool.Exec(ctx, sqlExtend, uuid(w.Account.Tenant), w.ID, w.Lease, lease))
	return wrap(s.leaseError(err), "extend the lease on the window %d", w.ID)
}

// leaseError counts and names the loss of a lease.
func (s *Store) leaseError(err error) error {
	if errors.Is(err, pgx.ErrNoRows) || errors.Is(err, pipeline.ErrNotFound) {
		err = collect.ErrLeaseLost
	}
	if errors.Is(err, collect.ErrLeaseLost) {
		s.metrics.leases.WithLabelValues("lost").Inc()
	}
	return err
}

// The lock keeps an edit from slipping in between the look at the version and the mark. It is taken before the window's, as
// an edit does.
const sqlVersion = `/* connection_version */
SELECT version FROM connections WHERE tenant_id = $1 AND id = $2 FOR SHARE`

const sqlHeld = `/* held_window */
SELECT holder, attempt, leased_at, lease_version FROM windows
WHERE tenant_id = $1 AND connection_id = $2 AND id = $3 AND lease = $4 AND leased_until IS NOT NULL FOR NO KEY UPDATE`

const sqlDueAgain = `/* due_again */
UPDATE windows SET due_at = clock_timestamp(), leased_until = NULL, attempt = 0 WHERE tenant_id = $1 AND id = $2 AND lease = $3`

const sqlFinish = `/* finish_window */
UPDATE windows SET leased_until = NULL, due_at = $4, attempt = CASE WHEN $5 THEN 0 ELSE attempt END,
       succeeded_at = CASE WHEN $5 THEN leased_at ELSE succeeded_at END,
       complete = $5, complete_through = coalesce($6, CASE WHEN $7 THEN complete_through END),
       done_version = CASE WHEN $5 THEN $8 ELSE done_version END, fault = $9
WHERE tenant_id = $1 AND id = $2 AND lease = $3`

const sqlAddRun = `/* add_run */
INSERT INTO runs (tenant_id, connection_id, window_id, feed, grain, from_at, to_at, object_key, object_version, holder, attempt, started_at,
    finished_at, complete, complete_through, cloud_time, found, appended, retry_at, fault, scopes, notes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) RETURNING id`

const sqlNoteFeed = `/* note_feed */
INSERT INTO feeds AS f (connection_id, feed, grain, run_id, collected_at)
SELECT id, $3, $4, $5, $6 FROM connections WHERE tenant_id = $1 AND id = $2
ON CONFLICT (connection_id, feed) DO UPDATE SET run_id = greatest(f.run_id, excluded.run_id), grain = excluded.grain,
    collected_at = greatest(f.collected_at, excluded.collected_at)`

const sqlPruneRuns = `/* prune_runs */
DELETE FROM runs WHERE tenant_id = $1 AND connection_id = $2
  AND id <= (SELECT id FROM runs WHERE connection_id = $2 ORDER BY id DESC OFFSET $3 LIMIT 1)
  AND id NOT IN (SELECT run_id FROM feeds WHERE connection_id = $2)`

const sqlRestLane = `/* rest_lane */
UPDATE lanes SET not_before = greatest(not_before, $3)
WHERE connection_id = (SELECT id FROM connections WHERE tenant_id = $1 AND id = $2)`

// held is what the store knows of a window under a lease.
type held struct {
	holder  string
	attempt int
	began   time.Time
	// current is false when the connection was edited since.
	current bool
}

// Finish marks the result and ends the lease. It fails with collect.ErrLeaseLost when another has the lease, or when the
// connection was edited meanwhile (then the window is due again at once) or deleted.
func (s *Store) Finish(ctx context.Context, w collect.Window, r collect.Result) error {
	var h held
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var err error
		if h, err = holdWindow(ctx, tx, w); err != nil {
			return err
		}
		if !h.current {
			_, err := tx.Exec(ctx, sqlDueAgain, uuid(w.Account.Tenant), w.ID, w.Lease)
			return err
		}
		return mark(ctx, tx, w, r, h)
	})
	if err == nil && !h.current {
		err = fmt.Errorf("its connection was edited: %w", collect.ErrLeaseLost)
	}
	if err == nil {
		s.metrics.leases.WithLabelValues("finished").Inc()
		s.metrics.outcomes.WithLabelValues(string(w.Feed), outcomeName(r)).Inc()
	}
	return wrap(s.leaseError(err), "finish the window %d", w.ID)
}

// holdWindow locks a window that is still under the lease. It gives pgx.ErrNoRows when the lease or the connection is gone.
func holdWindow(ctx context.Context, tx pgx.Tx, w collect.Window) (held, error) {
	var h held
	var version, leased int64
	tenant, conn := uuid(w.Account.Tenant), uuid(w.Account.Connection)
	if err := tx.QueryRow(ctx, sqlVersion, tenant, conn).Scan(&version); err != nil {
		return h, err
	}
	err := tx.QueryRow(ctx, sqlHeld, tenant, conn, w.ID, w.Lease).Scan(&h.holder, &h.attempt, &h.began, &leased)
	h.current = version == leased
	return h, err
}

func outcomeName(r collect.Result) string {
	switch {
	case r.Fault != nil:
		return "failed"
	case !r.Outcome.Complete():
		return "partial"
	}
	return "whole"
}

// mark writes the result down: at the window, as a run, and at the feed and the lane.
func mark(ctx context.Context, tx pgx.Tx, w collect.Window, r collect.Result, h held) error {
	tenant, conn := uuid(w.Account.Tenant), uuid(w.Account.Connection)
	whole := r.Fault == nil && r.Outcome.Complete()
	_, err := tx.Exec(ctx, sqlFinish, tenant, w.ID, w.Lease, instant(r.RetryAt), whole, completeThrough(w, r, h), r.Fault != nil, w.Object.Version,
		storeFault(worst(r.Fault, r.Outcome)))
	if err != nil {
		return err
	}
	run, err := addRun(ctx, tx, w, r, h)
	if err != nil {
		return err
	}
	var collected *time.Time
	if whole {
		collected = &h.began
	}
	if _, err := tx.Exec(ctx, sqlNoteFeed, tenant, conn, string(w.Feed), string(w.Grain), run, collected); err != nil {
		return err
	}
	if !stopsAll(r.Fault) || r.RetryAt.IsZero() {
		return nil
	}
	_, err = tx.Exec(ctx, sqlRestLane, tenant, conn, r.RetryAt)
	return err
}

func addRun(ctx context.Context, tx pgx.Tx, w collect.Window, r collect.Result, h held) (int64, error) {
	tenant, conn := uuid(w.Account.Tenant), uuid(w.Account.Connection)
	var id int64
	err := tx.QueryRow(ctx, sqlAddRun, tenant, conn, w.ID, string(w.Feed), string(w.Grain), instant(w.From), instant(w.To), w.Object.Key,
		w.Object.Version, h.holder, h.attempt, orTime(r.StartedAt, h.began), orTime(r.FinishedAt, h.began), r.Fault == nil && r.Outcome.Complete(),
		completeThrough(w, r, h), instant(r.Outcome.CloudTime), r.Found, r.Appended, instant(r.RetryAt), storeFault(worst(r.Fault, r.Outcome)),
		storeScopes(r.Outcome.Scopes), append([]pipeline.Note{}, r.Outcome.Notes...)).Scan(&id)
	if err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, sqlPruneRuns, tenant, conn, runsKept)
	return id, err
}

// completeThrough is the instant up to which the window's data is whole; nil when it is not whole at all. Nothing can be
// whole beyond the moment at which its collection began.
func completeThrough(w collect.Window, r collect.Result, h held) *time.Time {
	if r.Fault != nil || !r.Outcome.Complete() {
		return nil
	}
	through := orTime(r.Outcome.CompleteThrough, w.To)
	if through.After(h.began) {
		through = h.began
	}
	return instant(through)
}

// stopsAll tells whether a fault concerns every request of the connection, so that trying its other windows would only
// annoy the cloud or get the account blocked.
func stopsAll(f *pipeline.Fault) bool {
	return f != nil && slices.Contains([]pipeline.FaultCode{
		pipeline.FaultCredentials, pipeline.FaultSecondFactor, pipeline.FaultAccount, pipeline.FaultExpired,
		pipeline.FaultSettings, pipeline.FaultClock, pipeline.FaultThrottled,
	}, f.Code)
}

func orTime(t, otherwise time.Time) time.Time {
	if t.IsZero() {
		return otherwise
	}
	return t
}

const sqlRetryFailed = `/* retry_failed */
UPDATE windows SET due_at = clock_timestamp(), attempt = 0
WHERE tenant_id = $1 AND connection_id = $2 AND NOT complete AND attempted_at IS NOT NULL
  AND (leased_until IS NULL OR leased_until <= clock_timestamp())
  AND (grain <> 'snapshot' OR from_at = (SELECT max(from_at) FROM windows WHERE connection_id = $2 AND grain = 'snapshot'))`

const sqlWakeLane = `/* wake_lane */
UPDATE lanes SET not_before = '-infinity'
WHERE connection_id = (SELECT id FROM connections WHERE tenant_id = $1 AND id = $2)`

// retryFailed makes everything due that failed, back-off or not.
func retryFailed(ctx context.Context, q querier, tenant pipeline.TenantID, conn pipeline.ConnectionID) error {
	if _, err := q.Exec(ctx, sqlRetryFailed, uuid(tenant), uuid(conn)); err != nil {
		return err
	}
	_, err := q.Exec(ctx, sqlWakeLane, uuid(tenant), uuid(conn))
	return err
}

const sqlNewestDue = `/* newest_due */
UPDATE windows w SET due_at = clock_timestamp()
FROM (SELECT DISTINCT ON (feed, object_key) id FROM windows
      WHERE tenant_id = $1 AND connection_id = $2 AND grain <> 'object' AND from_at <= clock_timestamp()
      ORDER BY feed, object_key, from_at DESC) newest
WHERE w.id = newest.id AND (w.leased_until IS NULL OR w.leased_until <= clock_timestamp())`

// SyncNow makes the newest window of every feed of a connection due now, and all that failed, back-off or not.
func (s *Store) SyncNow(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) error {
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var owned int
		if err := tx.QueryRow(ctx, sqlOwned, uuid(tenant), uuid(id)).Scan(&owned); err != nil {
			return err
		}
		if err := retryFailed(ctx, tx, tenant, id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, sqlNewestDue, uuid(tenant), uuid(id))
		return err
	})
	return wrap(err, "sync the connection %s now", id)
}
