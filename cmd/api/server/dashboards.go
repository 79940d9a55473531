package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/infrazen/infrazen/pipeline"
)

// dashboardFiles are the dashboards as JSON, by name.
type dashboardFiles struct {
	names  []string
	titles map[string]pipeline.Text
	files  map[string]json.RawMessage
}

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
	Body any `doc:"The dashboard file as JSON; dashboards/README.md tells its form"`
}

func readDashboards(files fs.FS) (*dashboardFiles, error) {
	d := &dashboardFiles{titles: map[string]pipeline.Text{}, files: map[string]json.RawMessage{}}
	if files == nil {
		return d, nil
	}
	paths, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("cannot list dashboards: %w", err)
	}
	slices.Sort(paths)
	for _, p := range paths {
		if err := d.read(files, p); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *dashboardFiles) read(files fs.FS, file string) error {
	raw, err := fs.ReadFile(files, file)
	if err != nil {
		return fmt.Errorf("cannot read dashboard %s: %w", file, err)
	}
	var head struct {
		Title pipeline.Text `yaml:"title"`
	}
	var content map[string]any
	if err := yaml.Unmarshal(raw, &content); err != nil {
		return fmt.Errorf("cannot read dashboard %s: %w", file, err)
	}
	if err := yaml.Unmarshal(raw, &head); err != nil {
		return fmt.Errorf("cannot read the title of dashboard %s: %w", file, err)
	}
	name := strings.TrimSuffix(path.Base(file), ".yaml")
	if d.files[name], err = json.Marshal(content); err != nil {
		return fmt.Errorf("cannot write dashboard %s as JSON: %w", file, err)
	}
	d.names = append(d.names, name)
	d.titles[name] = head.Title
	return nil
}

func (s *Server) routeDashboards() {
	add(s, operation{id: "list-dashboards", method: http.MethodGet, path: "/dashboards", tag: "dashboards", summary: "The dashboards", access: members}, s.listDashboards)
	add(s, operation{id: "get-dashboard", method: http.MethodGet, path: "/dashboards/{name}", tag: "dashboards", summary: "One dashboard", access: members}, s.getDashboard)
}

func (s *Server) listDashboards(_ context.Context, c caller, _ *struct{}) (*dashboardsOut, error) {
	out := &dashboardsOut{}
	out.Body.Dashboards = mapped(s.dashboards.names, func(name string) dashboardEntry {
		return dashboardEntry{Name: name, Title: s.dashboards.titles[name].In(c.lang)}
	})
	return out, nil
}

func (s *Server) getDashboard(_ context.Context, _ caller, in *dashboardIn) (*dashboardOut, error) {
	file, ok := s.dashboards.files[in.Name]
	if !ok {
		return nil, notFound()
	}
	return &dashboardOut{Body: file}, nil
}
