package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// WindowState is a window as the status page shows it, with how its latest attempt went.
type WindowState struct {
	ID       int64
	Feed     pipeline.Feed
	Grain    pipeline.Grain
	From, To time.Time // zero for an object
	Object   pipeline.Object
	// DueAt is when it is to be collected (again); zero when nothing is owed.
	DueAt time.Time
	// Attempt counts the tries since the last success.
	Attempt                  int
	Running                  bool
	AttemptedAt, SucceededAt time.Time
	Complete                 bool
	CompleteThrough          time.Time
	Fault                    *pipeline.Fault
}

// Run is one attempt at a window: what was asked, found, appended, how complete, how fresh, why not.
type Run struct {
	ID                    int64
	WindowID              int64
	Feed                  pipeline.Feed
	Grain                 pipeline.Grain
	From, To              time.Time
	Object                pipeline.Object // key and version only
	Holder                string
	Attempt               int
	StartedAt, FinishedAt time.Time
	Complete              bool
	CompleteThrough       time.Time
	CloudTime             time.Time
	Found, Appended       int64
	RetryAt               time.Time
	Fault                 *pipeline.Fault
	Scopes                []pipeline.ScopeResult
	Notes                 []pipeline.Note
}

const sqlWindowsOf = `/* windows_of */
SELECT w.id, w.feed, w.grain, w.from_at, w.to_at, w.object_key, w.object_version, w.object_size, w.object_modified, w.due_at, w.attempt,
       coalesce(w.leased_until > clock_timestamp(), false), w.attempted_at, w.succeeded_at, w.complete, w.complete_through, w.fault
FROM windows w WHERE w.tenant_id = $1 AND w.connection_id = $2
ORDER BY w.attempted_at DESC NULLS LAST, w.from_at DESC NULLS LAST, w.id DESC LIMIT $3`

// WindowsOf lists up to limit windows of a connection, those tried last first, then those not tried yet, newest first.
func (s *Store) WindowsOf(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, limit int) ([]WindowState, error) {
	rows, err := s.pool.Query(ctx, sqlWindowsOf, uuid(tenant), uuid(conn), limit)
	windows, err := collectRows(rows, err, scanWindowState)
	return windows, wrap(err, "list the windows of the connection %s", conn)
}

func scanWindowState(row pgx.CollectableRow) (WindowState, error) {
	var w WindowState
	var from, to, modified, due, attempted, succeeded, through *time.Time
	var fault *storedFault
	err := row.Scan(&w.ID, &w.Feed, &w.Grain, &from, &to, &w.Object.Key, &w.Object.Version, &w.Object.Size, &modified, &due, &w.Attempt,
		&w.Running, &attempted, &succeeded, &w.Complete, &through, &fault)
	w.From, w.To, w.Object.Modified, w.DueAt = timeOf(from), timeOf(to), timeOf(modified), timeOf(due)
	w.AttemptedAt, w.SucceededAt, w.CompleteThrough, w.Fault = timeOf(attempted), timeOf(succeeded), timeOf(through), fault.fault()
	return w, err
}

const sqlRunsOf = `/* runs_of */
SELECT id, window_id, feed, grain, from_at, to_at, object_key, object_version, holder, attempt, started_at, finished_at, complete,
       complete_through, cloud_time, found, appended, retry_at, fault, scopes, notes
FROM runs WHERE tenant_id = $1 AND connection_id = $2 ORDER BY id DESC LIMIT $3`

// RunsOf lists up to limit runs of a connection, newest first. The latest 200 are kept.
func (s *Store) RunsOf(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, limit int) ([]Run, error) {
	rows, err := s.pool.Query(ctx, sqlRunsOf, uuid(tenant), uuid(conn), limit)
	runs, err := collectRows(rows, err, scanRun)
	return runs, wrap(err, "list the runs of the connection %s", conn)
}

func scanRun(row pgx.CollectableRow) (Run, error) {
	var r Run
	var from, to, through, cloud, retry *time.Time
	var fault *storedFault
	var scopes []storedScope
	err := row.Scan(&r.ID, &r.WindowID, &r.Feed, &r.Grain, &from, &to, &r.Object.Key, &r.Object.Version, &r.Holder, &r.Attempt, &r.StartedAt,
		&r.FinishedAt, &r.Complete, &through, &cloud, &r.Found, &r.Appended, &retry, &fault, &scopes, &r.Notes)
	r.From, r.To, r.CompleteThrough, r.CloudTime, r.RetryAt = timeOf(from), timeOf(to), timeOf(through), timeOf(cloud), timeOf(retry)
	r.StartedAt, r.FinishedAt, r.Fault, r.Scopes = r.StartedAt.UTC(), r.FinishedAt.UTC(), fault.fault(), scopesOf(scopes)
	return r, err
}
