package server

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

type connectionView struct {
	ID         string               `json:"id"`
	Kind       string               `json:"kind"`
	KindTitle  string               `json:"kind_title"`
	Name       string               `json:"name"`
	Settings   map[string]string    `json:"settings" doc:"The settings that are no secrets"`
	SecretsSet []string             `json:"secrets_set" doc:"The secret settings that have a value"`
	Paused     bool                 `json:"paused"`
	Version    int64                `json:"version" doc:"Give it back with an edit"`
	CreatedAt  *time.Time           `json:"created_at"`
	UpdatedAt  *time.Time           `json:"updated_at"`
	Status     connectionStatusView `json:"status"`
}

type connectionStatusView struct {
	State           string      `json:"state" enum:"new,syncing,ok,partial,failing,paused"`
	WindowsDone     int64       `json:"windows_done"`
	WindowsTotal    int64       `json:"windows_total"`
	Running         bool        `json:"running"`
	LastSuccess     *time.Time  `json:"last_success"`
	LastAttempt     *time.Time  `json:"last_attempt"`
	CompleteThrough *time.Time  `json:"complete_through"`
	Faults          []faultView `json:"faults"`
	Notes           []noteView  `json:"notes"`
	Scopes          []scopeView `json:"scopes"`
}

// connectionID is the part of the address that names a connection.
type connectionID struct {
	ID string `path:"id" format:"uuid"`
}

type connectionOut struct{ Body connectionView }

type connectionsOut struct {
	Body struct {
		Connections []connectionView `json:"connections"`
	}
}

type createConnectionIn struct {
	Body struct {
		Kind     string            `json:"kind" maxLength:"64"`
		Name     string            `json:"name" minLength:"1" maxLength:"200"`
		Settings map[string]string `json:"settings" doc:"All settings, secrets among them"`
	}
}

type updateConnectionIn struct {
	ID   string `path:"id" format:"uuid"`
	Body struct {
		Version  int64             `json:"version" doc:"The version that was read; 409 when there is a newer one"`
		Name     *string           `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Settings map[string]string `json:"settings,omitempty" doc:"The settings to change; an empty value clears one, and keeps a secret"`
		Paused   *bool             `json:"paused,omitempty"`
	}
}

type statusOut struct{ Body connectionStatusView }

func (s *Server) routeConnections() {
	const tag = "connections"
	add(s, operation{id: "list-connections", method: http.MethodGet, path: "/connections", tag: tag, summary: "All connections with their status", access: members}, s.listConnections)
	add(s, operation{id: "create-connection", method: http.MethodPost, path: "/connections", tag: tag, summary: "Connect an account of a cloud", access: admins, status: http.StatusCreated, once: true}, s.createConnection)
	add(s, operation{id: "test-settings", method: http.MethodPost, path: "/connections/test", tag: tag, summary: "Try settings before saving them", access: admins, timeout: s.Config.ProbeTimeout + 5*time.Second}, s.testSettings)
	add(s, operation{id: "get-connection", method: http.MethodGet, path: "/connections/{id}", tag: tag, summary: "One connection", access: members}, s.getConnection)
	add(s, operation{id: "update-connection", method: http.MethodPatch, path: "/connections/{id}", tag: tag, summary: "Edit a connection", access: admins}, s.updateConnection)
	add(s, operation{id: "delete-connection", method: http.MethodDelete, path: "/connections/{id}", tag: tag, summary: "Delete a connection and everything collected by it", access: admins, timeout: 2 * time.Minute}, s.deleteConnection)
	add(s, operation{id: "test-connection", method: http.MethodPost, path: "/connections/{id}/test", tag: tag, summary: "Try a connection, with other settings if given", access: admins, timeout: s.Config.ProbeTimeout + 5*time.Second}, s.testConnection)
	add(s, operation{id: "sync-connection", method: http.MethodPost, path: "/connections/{id}/sync", tag: tag, summary: "Collect now", access: admins, status: http.StatusAccepted}, s.syncConnection)
	add(s, operation{id: "get-connection-status", method: http.MethodGet, path: "/connections/{id}/status", tag: tag, summary: "How the collection stands", access: members}, s.connectionStatus)
	add(s, operation{id: "list-windows", method: http.MethodGet, path: "/connections/{id}/windows", tag: tag, summary: "What was asked of the cloud, newest first", access: members}, s.listWindows)
	add(s, operation{id: "list-runs", method: http.MethodGet, path: "/connections/{id}/runs", tag: tag, summary: "The attempts at windows, newest first", access: members}, s.listRuns)
	add(s, operation{id: "list-syncs", method: http.MethodGet, path: "/connections/{id}/syncs", tag: tag, summary: "What the snapshots saw, newest first", access: members}, s.listSyncs)
}

func (s *Server) listConnections(ctx context.Context, c caller, _ *struct{}) (*connectionsOut, error) {
	conns, err := s.Store.ConnectionsOf(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	statuses, err := s.Store.Statuses(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	byID := map[pipeline.ConnectionID]pipeline.ConnectionStatus{}
	for _, st := range statuses {
		byID[st.ConnectionID] = st
	}
	out := &connectionsOut{}
	out.Body.Connections = mapped(conns, func(conn pipeline.Connection) connectionView {
		return s.viewConnection(conn, byID[conn.ID], c.lang)
	})
	return out, nil
}

func (s *Server) getConnection(ctx context.Context, c caller, in *connectionID) (*connectionOut, error) {
	conn, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
	if err != nil {
		return nil, err
	}
	return s.withStatus(ctx, c, conn)
}

func (s *Server) withStatus(ctx context.Context, c caller, conn pipeline.Connection) (*connectionOut, error) {
	st, err := s.Store.Status(ctx, c.tenant(), conn.ID)
	if err != nil {
		return nil, err
	}
	return &connectionOut{Body: s.viewConnection(conn, st, c.lang)}, nil
}

func (s *Server) createConnection(ctx context.Context, c caller, in *createConnectionIn) (*connectionOut, error) {
	p, err := s.provider(in.Body.Kind)
	if err != nil {
		return nil, err
	}
	settings, err := s.checkSettings(p, in.Body.Settings, nil)
	if err != nil {
		return nil, err
	}
	open, secrets := splitSettings(p.Info(), settings)
	conn, err := s.Store.CreateConnection(ctx, c.tenant(), pipeline.Connection{
		TenantID: c.tenant(), Kind: p.Info().Kind, Name: strings.TrimSpace(in.Body.Name), Settings: open,
	}, secrets)
	if err != nil {
		return nil, connectionConflict(err)
	}
	return s.withStatus(ctx, c, conn)
}

func (s *Server) updateConnection(ctx context.Context, c caller, in *updateConnectionIn) (*connectionOut, error) {
	change := ConnectionChange{Name: in.Body.Name, Paused: in.Body.Paused}
	if in.Body.Settings != nil {
		held, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
		if err != nil {
			return nil, err
		}
		p, merged, err := s.mergeSettings(ctx, c, held, in.Body.Settings)
		if err != nil {
			return nil, err
		}
		change.Settings, _ = splitSettings(p.Info(), merged)
		if err := s.keepFixed(ctx, c, held, p.Info(), change.Settings); err != nil {
			return nil, err
		}
		_, change.Secrets = splitSettings(p.Info(), in.Body.Settings)
	}
	conn, err := s.Store.UpdateConnection(ctx, c.tenant(), pipeline.ConnectionID(in.ID), in.Body.Version, change)
	if err != nil {
		return nil, connectionConflict(err)
	}
	if change.Settings != nil {
		s.lookAtFiles(ctx, c, conn)
	}
	return s.withStatus(ctx, c, conn)
}

func connectionConflict(err error) error {
	if !errors.Is(err, pipeline.ErrConflict) {
		return err
	}
	e := refuse(http.StatusConflict, "Подключение с таким именем уже есть: выберите другое имя.", "There is a connection of this name already: choose another name.")
	e.faults = []fault{{location: "body.name", text: e.text}}
	return e
}

// deleteConnection removes the facts before the row and once more after it: whatever a collector appended until it
// noticed goes too, and a failure in between leaves a paused connection that can be deleted again.
func (s *Server) deleteConnection(ctx context.Context, c caller, in *connectionID) (*struct{}, error) {
	conn, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
	if err != nil {
		return nil, err
	}
	paused := true
	if !conn.Paused {
		if _, err := s.Store.UpdateConnection(ctx, c.tenant(), conn.ID, conn.Version, ConnectionChange{Paused: &paused}); err != nil {
			return nil, err
		}
	}
	if err := s.Facts.DeleteConnection(ctx, c.tenant(), conn.ID); err != nil {
		return nil, err
	}
	if err := s.Store.DeleteConnection(ctx, c.tenant(), conn.ID); err != nil {
		return nil, err
	}
	if err := s.Facts.DeleteConnection(ctx, c.tenant(), conn.ID); err != nil {
		s.Log.ErrorContext(ctx, "facts of a deleted connection may remain", "tenant", c.tenant(), "connection", conn.ID, "error", err)
	}
	return nil, nil
}

func (s *Server) syncConnection(ctx context.Context, c caller, in *connectionID) (*statusOut, error) {
	conn, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
	if err != nil {
		return nil, err
	}
	if conn.Paused {
		return nil, refuse(http.StatusConflict, "Подключение приостановлено: сначала возобновите его.", "The connection is paused: resume it first.")
	}
	if err := s.Store.SyncNow(ctx, c.tenant(), conn.ID); err != nil {
		return nil, err
	}
	return s.connectionStatus(ctx, c, in)
}

func (s *Server) connectionStatus(ctx context.Context, c caller, in *connectionID) (*statusOut, error) {
	st, err := s.Store.Status(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
	if err != nil {
		return nil, err
	}
	return &statusOut{Body: viewStatus(st, c.lang)}, nil
}

func (s *Server) viewConnection(conn pipeline.Connection, st pipeline.ConnectionStatus, lang pipeline.Lang) connectionView {
	title := string(conn.Kind)
	open := map[string]string{}
	if p, ok := s.kinds[conn.Kind]; ok {
		title = p.Info().Title.In(lang)
		open, _ = splitSettings(p.Info(), conn.Settings) // a field that has become secret since is not shown either
	}
	return connectionView{
		ID: string(conn.ID), Kind: string(conn.Kind), KindTitle: title, Name: conn.Name, Settings: orEmpty(open),
		SecretsSet: orNone(conn.SecretsSet), Paused: conn.Paused, Version: conn.Version,
		CreatedAt: when(conn.CreatedAt), UpdatedAt: when(conn.UpdatedAt), Status: viewStatus(st, lang),
	}
}

func viewStatus(st pipeline.ConnectionStatus, lang pipeline.Lang) connectionStatusView {
	state := st.State
	if state == "" {
		state = pipeline.ConnectionNew
	}
	return connectionStatusView{
		State: string(state), WindowsDone: st.WindowsDone, WindowsTotal: st.WindowsTotal, Running: st.Running,
		LastSuccess: when(st.LastSuccess), LastAttempt: when(st.LastAttempt), CompleteThrough: when(st.CompleteThrough),
		Faults: mapped(st.Faults, func(f pipeline.Fault) faultView { return viewFault(f, lang) }),
		Notes:  mapped(st.Notes, viewNote(lang)), Scopes: mapped(st.Scopes, viewScope(lang)),
	}
}
