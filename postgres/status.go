package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/infrazen/infrazen/pipeline"
)

const sqlStatuses = `/* statuses */
SELECT c.id::text, c.paused, w.total, w.done, w.owed, w.failing, w.running, w.last_success, w.last_attempt
FROM connections c
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE grain <> 'snapshot') AS total,
           count(*) FILTER (WHERE grain <> 'snapshot' AND succeeded_at IS NOT NULL AND (grain <> 'object' OR done_version = object_version)) AS done,
           count(*) FILTER (WHERE grain <> 'snapshot' AND succeeded_at IS NULL AND due_at IS NOT NULL) AS owed,
           count(*) FILTER (WHERE grain <> 'snapshot' AND NOT complete AND fault IS NOT NULL) AS failing,
           coalesce(bool_or(leased_until > clock_timestamp()), false) AS running,
           max(succeeded_at) AS last_success, max(attempted_at) AS last_attempt
    FROM windows WHERE connection_id = c.id AND tenant_id = c.tenant_id
) w
WHERE c.tenant_id = $1 AND ($2::uuid IS NULL OR c.id = $2)
ORDER BY c.name, c.id`

// The latest run of every feed says how the feed stands.
const sqlLatestRuns = `/* latest_runs */
SELECT c.id::text, r.feed, r.complete, r.fault, r.scopes, r.notes
FROM connections c JOIN feeds f ON f.connection_id = c.id JOIN runs r ON r.id = f.run_id AND r.tenant_id = c.tenant_id
WHERE c.tenant_id = $1 AND ($2::uuid IS NULL OR c.id = $2)
ORDER BY c.id, r.feed`

// What failed stays in the way until it is collected, though other windows of its feed have been collected since.
const sqlWindowFaults = `/* window_faults */
SELECT DISTINCT ON (c.id, w.feed, w.fault ->> 'code', w.fault ->> 'scope') c.id::text, w.feed, w.fault
FROM connections c
JOIN windows w ON w.connection_id = c.id AND w.tenant_id = c.tenant_id AND NOT w.whole AND NOT w.complete AND w.fault IS NOT NULL
WHERE c.tenant_id = $1 AND ($2::uuid IS NULL OR c.id = $2) AND w.grain <> 'snapshot'
ORDER BY c.id, w.feed, w.fault ->> 'code', w.fault ->> 'scope', w.attempted_at DESC`

// latestRun is the latest run of a feed, or a window that failed.
type latestRun struct {
	connection pipeline.ConnectionID
	feed       pipeline.Feed
	complete   bool
	fault      *storedFault
	scopes     []storedScope
	notes      []pipeline.Note
}

// windowCounts are what the windows of a connection tell.
type windowCounts struct {
	paused                     bool
	total, done, owed, failing int64
}

// Statuses tells how the collection of each connection of a tenant stands, by the connection's name.
func (s *Store) Statuses(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.ConnectionStatus, error) {
	statuses, err := s.statuses(ctx, tenant, pgtype.UUID{})
	return statuses, wrap(err, "read how the connections stand")
}

// Status tells how the collection of a connection stands.
func (s *Store) Status(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) (pipeline.ConnectionStatus, error) {
	statuses, err := s.statuses(ctx, tenant, uuid(id))
	if err == nil && len(statuses) == 0 {
		err = pipeline.ErrNotFound
	}
	if err != nil {
		return pipeline.ConnectionStatus{}, wrap(err, "read how the connection %s stands", id)
	}
	return statuses[0], nil
}

func (s *Store) statuses(ctx context.Context, tenant pipeline.TenantID, only pgtype.UUID) ([]pipeline.ConnectionStatus, error) {
	var statuses []pipeline.ConnectionStatus
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		known, err := readKnown(ctx, tx, tenant, only)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlStatuses, uuid(tenant), only)
		statuses, err = collectRows(rows, err, func(row pgx.CollectableRow) (pipeline.ConnectionStatus, error) {
			return scanStatus(row, known)
		})
		return err
	})
	return statuses, err
}

// known is what statuses are made of, by connection.
type known struct {
	runs    map[pipeline.ConnectionID][]latestRun
	failed  map[pipeline.ConnectionID][]latestRun
	through map[pipeline.ConnectionID]time.Time
}

func readKnown(ctx context.Context, q querier, tenant pipeline.TenantID, only pgtype.UUID) (known, error) {
	var k known
	var err error
	if k.runs, err = latestRuns(ctx, q, tenant, only); err != nil {
		return k, err
	}
	if k.failed, err = windowFaults(ctx, q, tenant, only); err != nil {
		return k, err
	}
	var connections []pgtype.UUID
	if only.Valid {
		connections = []pgtype.UUID{only}
	}
	k.through, err = completeness(ctx, q, tenant, connections)
	return k, err
}

func scanStatus(row pgx.CollectableRow, k known) (pipeline.ConnectionStatus, error) {
	var st pipeline.ConnectionStatus
	var w windowCounts
	var success, attempt *time.Time
	err := row.Scan(&st.ConnectionID, &w.paused, &w.total, &w.done, &w.owed, &w.failing, &st.Running, &success, &attempt)
	st.WindowsDone, st.WindowsTotal = w.done, w.total
	st.LastSuccess, st.LastAttempt = timeOf(success), timeOf(attempt)
	st.CompleteThrough = k.through[st.ConnectionID]
	latest := k.runs[st.ConnectionID]
	addFindings(&st, latest, k.failed[st.ConnectionID])
	st.State = state(w, st.Running, latest)
	return st, err
}

// state sums up: what failed wholly in every feed is failing, what failed anywhere is partial.
func state(w windowCounts, running bool, latest []latestRun) pipeline.ConnectionState {
	failed := 0
	for _, r := range latest {
		if !r.complete && !someScopeRead(r) {
			failed++
		}
	}
	switch {
	case w.paused:
		return pipeline.ConnectionPaused
	case len(latest) > 0 && failed == len(latest):
		return pipeline.ConnectionFailing
	case failed > 0 || w.failing > 0 || anyIncomplete(latest):
		return pipeline.ConnectionPartial
	case len(latest) == 0 && !running:
		return pipeline.ConnectionNew
	case len(latest) == 0 || w.owed > 0:
		return pipeline.ConnectionSyncing
	}
	return pipeline.ConnectionOK
}

func anyIncomplete(latest []latestRun) bool {
	for _, r := range latest {
		if !r.complete {
			return true
		}
	}
	return false
}

func someScopeRead(r latestRun) bool {
	for _, s := range r.scopes {
		if s.Fault == nil && !s.Skipped {
			return true
		}
	}
	return false
}

// addFindings gathers what stands in the way now, one fault for each scope, and the notes and scopes.
func addFindings(st *pipeline.ConnectionStatus, latest, failed []latestRun) {
	for _, r := range latest {
		for _, scope := range r.scopes {
			if !scope.Skipped {
				addFault(st, scope.Fault.fault(), scope.Scope)
			}
		}
		if !r.complete {
			addFault(st, r.fault.fault(), "")
		}
		st.Notes = append(st.Notes, r.notes...)
		if r.feed == pipeline.FeedInventory || len(latest) == 1 {
			st.Scopes = scopesOf(r.scopes)
		}
	}
	for _, w := range failed {
		addFault(st, w.fault.fault(), "")
	}
}

func addFault(st *pipeline.ConnectionStatus, f *pipeline.Fault, scope string) {
	if f == nil {
		return
	}
	if f.Scope == "" {
		f.Scope = scope
	}
	if !slices.ContainsFunc(st.Faults, func(o pipeline.Fault) bool { return o.Code == f.Code && o.Scope == f.Scope }) {
		st.Faults = append(st.Faults, *f)
	}
}

func windowFaults(ctx context.Context, q querier, tenant pipeline.TenantID, only pgtype.UUID) (map[pipeline.ConnectionID][]latestRun, error) {
	rows, err := q.Query(ctx, sqlWindowFaults, uuid(tenant), only)
	return byConnection(collectRows(rows, err, func(row pgx.CollectableRow) (latestRun, error) {
		var r latestRun
		err := row.Scan(&r.connection, &r.feed, &r.fault)
		return r, err
	}))
}

func latestRuns(ctx context.Context, q querier, tenant pipeline.TenantID, only pgtype.UUID) (map[pipeline.ConnectionID][]latestRun, error) {
	rows, err := q.Query(ctx, sqlLatestRuns, uuid(tenant), only)
	return byConnection(collectRows(rows, err, func(row pgx.CollectableRow) (latestRun, error) {
		var r latestRun
		err := row.Scan(&r.connection, &r.feed, &r.complete, &r.fault, &r.scopes, &r.notes)
		return r, err
	}))
}

func byConnection(all []latestRun, err error) (map[pipeline.ConnectionID][]latestRun, error) {
	runs := map[pipeline.ConnectionID][]latestRun{}
	for _, r := range all {
		runs[r.connection] = append(runs[r.connection], r)
	}
	return runs, err
}
