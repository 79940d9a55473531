package clickhouse

import (
	"context"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
)

// snapshotsOnPage is how many snapshots are given when a question does not say.
const snapshotsOnPage = 50

// Snapshots gives what snapshots of a connection saw, newest first.
func (s *Store) Snapshots(ctx context.Context, tenant pipeline.TenantID, q pipeline.SyncQuery) ([]pipeline.SyncDetail, error) {
	limit, before := q.Limit, q.Before
	if limit <= 0 {
		limit = snapshotsOnPage
	}
	if before.IsZero() {
		before = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	bound := args{"tenant": string(tenant), "connection": string(q.Connection), "before": micros(before), "limit": min(limit, largestPage)}
	var out []pipeline.SyncDetail
	err := s.rows(ctx, "snapshots", bound, func(r driver.Rows) error {
		y := pipeline.SyncDetail{SyncSummary: pipeline.SyncSummary{ConnectionID: q.Connection}}
		var scopes string
		if err := r.Scan(&y.At, &y.Created, &y.Updated, &y.Deleted, &y.Unchanged, &y.Complete, &scopes); err != nil {
			return err
		}
		y.At = y.At.UTC()
		err := decodeList(scopes, &y.Scopes)
		out = append(out, y)
		return err
	})
	return out, err
}

// SnapshotChanges gives the states that a snapshot brought: created, deleted and updated resources with what changed of them.
func (s *Store) SnapshotChanges(ctx context.Context, tenant pipeline.TenantID, q pipeline.SyncChangesQuery) ([]pipeline.ResourceState, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	return s.states(ctx, "snapshot_changes", args{
		"tenant": string(tenant), "connection": string(q.Connection), "at": micros(q.At), "kinds": texts(q.Kinds),
		"limit": min(limit, largestPage+1), "offset": max(q.Offset, 0),
	})
}
