package server

import (
	"context"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

type windowView struct {
	Feed        string           `json:"feed"`
	Grain       string           `json:"grain"`
	From        *time.Time       `json:"from"`
	To          *time.Time       `json:"to"`
	Object      string           `json:"object" doc:"The file, for a window that is one"`
	DueAt       *time.Time       `json:"due_at" doc:"When it is to be collected (again); null when nothing is owed"`
	LastSuccess *time.Time       `json:"last_success"`
	LastAttempt *time.Time       `json:"last_attempt"`
	Running     bool             `json:"running"`
	Complete    bool             `json:"complete"`
	Attempts    int              `json:"attempts" doc:"Tries since the last success"`
	Fault       maybe[faultView] `json:"fault"`
}

type runView struct {
	Feed       string           `json:"feed"`
	Grain      string           `json:"grain"`
	From       *time.Time       `json:"from"`
	To         *time.Time       `json:"to"`
	Object     string           `json:"object" doc:"The file, for a window that is one"`
	Attempt    int              `json:"attempt"`
	StartedAt  *time.Time       `json:"started_at"`
	FinishedAt *time.Time       `json:"finished_at"`
	Complete   bool             `json:"complete"`
	Found      int64            `json:"found"`
	Appended   int64            `json:"appended"`
	Fault      maybe[faultView] `json:"fault"`
	Scopes     []scopeView      `json:"scopes"`
	Notes      []noteView       `json:"notes"`
}

type syncView struct {
	At        *time.Time `json:"at"`
	Created   int64      `json:"created"`
	Updated   int64      `json:"updated"`
	Deleted   int64      `json:"deleted"`
	Unchanged int64      `json:"unchanged"`
	Complete  bool       `json:"complete"`
}

type listIn struct {
	ID    string `path:"id" format:"uuid"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type windowsOut struct {
	Body struct {
		Windows []windowView `json:"windows"`
	}
}

type runsOut struct {
	Body struct {
		Runs []runView `json:"runs"`
	}
}

type syncsOut struct {
	Body struct {
		Syncs []syncView `json:"syncs"`
	}
}

func (s *Server) listWindows(ctx context.Context, c caller, in *listIn) (*windowsOut, error) {
	if _, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID)); err != nil {
		return nil, err
	}
	list, err := s.Store.WindowsOf(ctx, c.tenant(), pipeline.ConnectionID(in.ID), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &windowsOut{}
	out.Body.Windows = mapped(list, func(w WindowState) windowView {
		return windowView{
			Feed: string(w.Feed), Grain: string(w.Grain), From: when(w.From), To: when(w.To), Object: w.Object, DueAt: when(w.DueAt),
			LastSuccess: when(w.SucceededAt), LastAttempt: when(w.AttemptedAt), Running: w.Running, Complete: w.Complete,
			Attempts: w.Attempt, Fault: viewFaultIfAny(w.Fault, c.lang),
		}
	})
	return out, nil
}

func (s *Server) listRuns(ctx context.Context, c caller, in *listIn) (*runsOut, error) {
	if _, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID)); err != nil {
		return nil, err
	}
	list, err := s.Store.RunsOf(ctx, c.tenant(), pipeline.ConnectionID(in.ID), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &runsOut{}
	out.Body.Runs = mapped(list, func(r Run) runView {
		return runView{
			Feed: string(r.Feed), Grain: string(r.Grain), From: when(r.From), To: when(r.To), Object: r.Object, Attempt: r.Attempt,
			StartedAt: when(r.StartedAt), FinishedAt: when(r.FinishedAt), Complete: r.Complete, Found: r.Found, Appended: r.Appended,
			Fault: viewFaultIfAny(r.Fault, c.lang), Scopes: mapped(r.Scopes, viewScope(c.lang)), Notes: mapped(r.Notes, viewNote(c.lang)),
		}
	})
	return out, nil
}

func (s *Server) listSyncs(ctx context.Context, c caller, in *listIn) (*syncsOut, error) {
	if _, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID)); err != nil {
		return nil, err
	}
	list, err := s.Facts.Syncs(ctx, c.tenant(), pipeline.ConnectionID(in.ID), in.Limit)
	if err != nil {
		return nil, err
	}
	out := &syncsOut{}
	out.Body.Syncs = mapped(list, func(y pipeline.SyncSummary) syncView {
		return syncView{At: when(y.At), Created: y.Created, Updated: y.Updated, Deleted: y.Deleted, Unchanged: y.Unchanged, Complete: y.Complete}
	})
	return out, nil
}
