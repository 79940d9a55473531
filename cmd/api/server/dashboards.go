package server

import (
	"context"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/infrazen/infrazen/dashboards"
)

type dashboardEntry struct {
	Name  string `json:"name"`
	Title string `json:"title"`
}

type dashboardsOut struct {
	Body struct {
		Dashboards []dashboardEntry `json:"dashboards"`
	}
}

type dashboardIn struct {
	Name string `path:"name" maxLength:"100"`
}

type dashboardOut struct {
	Body any `doc:"The dashboard file as JSON, defaults filled in: dashboards.Dashboard"`
}

func readDashboards(files fs.FS) ([]dashboards.Dashboard, error) {
	if files == nil {
		return nil, nil
	}
	list, err := dashboards.Load(files)
	if err != nil {
		return nil, fmt.Errorf("cannot load the dashboards: %w", err)
	}
	return list, nil
}

func (s *Server) routeDashboards() {
	add(s, operation{id: "list-dashboards", method: http.MethodGet, path: "/dashboards", tag: "dashboards", summary: "The dashboards", access: members}, s.listDashboards)
	add(s, operation{id: "get-dashboard", method: http.MethodGet, path: "/dashboards/{name}", tag: "dashboards", summary: "One dashboard", access: members}, s.getDashboard)
}

func (s *Server) listDashboards(_ context.Context, c caller, _ *struct{}) (*dashboardsOut, error) {
	out := &dashboardsOut{}
	out.Body.Dashboards = mapped(s.dashboards, func(d dashboards.Dashboard) dashboardEntry {
		return dashboardEntry{Name: d.Name, Title: d.Title.In(c.lang)}
	})
	return out, nil
}

func (s *Server) getDashboard(_ context.Context, _ caller, in *dashboardIn) (*dashboardOut, error) {
	for _, d := range s.dashboards {
		if d.Name == in.Name {
			return &dashboardOut{Body: d}, nil
		}
	}
	return nil, notFound()
}
