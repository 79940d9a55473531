package server

import (
	"context"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// FactsOfSnapshots is what the server reads of snapshots.
type FactsOfSnapshots interface {
	// Snapshots lists snapshots of a connection with how each scope went, newest first.
	Snapshots(ctx context.Context, tenant pipeline.TenantID, q pipeline.SyncQuery) ([]pipeline.SyncDetail, error)
	// SnapshotChanges lists the states that a snapshot brought, by change, type and name.
	SnapshotChanges(ctx context.Context, tenant pipeline.TenantID, q pipeline.SyncChangesQuery) ([]pipeline.ResourceState, error)
}

type snapshotView struct {
	At        time.Time   `json:"at" doc:"Names the snapshot, to the microsecond"`
	Created   int64       `json:"created"`
	Updated   int64       `json:"updated"`
	Deleted   int64       `json:"deleted"`
	Unchanged int64       `json:"unchanged"`
	Complete  bool        `json:"complete" doc:"Every permitted scope was read whole"`
	Failed    []scopeView `json:"failed" doc:"The scopes that were not read whole: nothing of them counts as deleted"`
	Scopes    []scopeView `json:"scopes"`
}

type snapshotsIn struct {
	ID     string    `path:"id" format:"uuid"`
	Limit  int       `query:"limit" minimum:"1" maximum:"500" default:"50"`
	Before time.Time `query:"before" doc:"Only those before this instant: next of the page before"`
}

type snapshotsOut struct {
	Body struct {
		Snapshots []snapshotView `json:"snapshots" doc:"Newest first"`
		Next      *time.Time     `json:"next" doc:"Give it as before; null on the last page"`
	}
}

type snapshotChangesIn struct {
	ID     string    `path:"id" format:"uuid"`
	At     time.Time `path:"at" doc:"The snapshot's at"`
	Change []string  `query:"change,explode" maxItems:"3" enum:"created,updated,deleted" doc:"All when none is given"`
	Limit  int       `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Offset int       `query:"offset" minimum:"0" maximum:"1000000"`
}

type snapshotChangesOut struct {
	Body struct {
		Changes []snapshotChangeView `json:"changes" doc:"By change, type and name"`
		More    bool                 `json:"more" doc:"There are more behind these"`
	}
}

type snapshotChangeView struct {
	Change    string       `json:"change" enum:"created,updated,deleted"`
	ID        string       `json:"id"`
	Type      string       `json:"type"`
	Name      string       `json:"name"`
	Scope     string       `json:"scope"`
	Fields    []changeView `json:"fields" doc:"What differs from the state before"`
	SeenAt    *time.Time   `json:"seen_at"`
	DeletedAt *time.Time   `json:"deleted_at" doc:"When it was removed, or was last seen"`
}

func (s *Server) routeSnapshots() {
	const tag = "connections"
	add(s, operation{id: "list-snapshots", method: http.MethodGet, path: "/connections/{id}/snapshots", tag: tag, summary: "What each listing of the resources saw, newest first", access: members}, s.listSnapshots)
	add(s, operation{id: "list-snapshot-changes", method: http.MethodGet, path: "/connections/{id}/snapshots/{at}/changes", tag: tag, summary: "The resources that a listing found created, changed or gone", access: members}, s.listSnapshotChanges)
}

func (s *Server) listSnapshots(ctx context.Context, c caller, in *snapshotsIn) (*snapshotsOut, error) {
	if _, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID)); err != nil {
		return nil, err
	}
	list, err := s.Facts.Snapshots(ctx, c.tenant(), pipeline.SyncQuery{Connection: pipeline.ConnectionID(in.ID), Before: in.Before.UTC(), Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	out := &snapshotsOut{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Body.Next = when(list[in.Limit-1].At)
	}
	out.Body.Snapshots = mapped(list, viewSnapshot(c.lang))
	return out, nil
}

func viewSnapshot(lang pipeline.Lang) func(pipeline.SyncDetail) snapshotView {
	return func(y pipeline.SyncDetail) snapshotView {
		var failed []pipeline.ScopeResult
		for _, r := range y.Scopes {
			if r.Fault != nil && !r.Skipped {
				failed = append(failed, r)
			}
		}
		return snapshotView{
			At: y.At.UTC(), Created: y.Created, Updated: y.Updated, Deleted: y.Deleted, Unchanged: y.Unchanged, Complete: y.Complete,
			Failed: mapped(failed, viewScope(lang)), Scopes: mapped(y.Scopes, viewScope(lang)),
		}
	}
}

func (s *Server) listSnapshotChanges(ctx context.Context, c caller, in *snapshotChangesIn) (*snapshotChangesOut, error) {
	if _, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID)); err != nil {
		return nil, err
	}
	list, err := s.Facts.SnapshotChanges(ctx, c.tenant(), pipeline.SyncChangesQuery{
		Connection: pipeline.ConnectionID(in.ID), At: in.At.UTC(), Limit: in.Limit + 1, Offset: in.Offset,
		Kinds: mapped(in.Change, func(k string) pipeline.ChangeKind { return pipeline.ChangeKind(k) }),
	})
	if err != nil {
		return nil, err
	}
	out := &snapshotChangesOut{}
	out.Body.More = len(list) > in.Limit
	out.Body.Changes = mapped(list[:min(len(list), in.Limit)], func(r pipeline.ResourceState) snapshotChangeView {
		return snapshotChangeView{
			Change: string(r.Change), ID: r.ID, Type: string(r.Type), Name: r.Name, Scope: r.Scope, SeenAt: when(r.SeenAt), DeletedAt: when(r.DeletedAt),
			Fields: mapped(r.Changes, func(c pipeline.FieldChange) changeView { return changeView(c) }),
		}
	})
	return out, nil
}
