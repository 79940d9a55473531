package dashboards

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/infrazen/infrazen/pipeline"
)

// Load reads every .yaml file at the root of fsys, in order of name, and checks it. The error joins everything
// that is wrong, each with the file, the panel and what to change; unknown keys are refused.
func Load(fsys fs.FS) ([]Dashboard, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("cannot list dashboard files: %w", err)
	}
	var all []Dashboard
	var errs []error
	for _, name := range names {
		d, err := loadFile(fsys, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, d)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return all, nil
}

func loadFile(fsys fs.FS, name string) (Dashboard, error) {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Dashboard{}, fmt.Errorf("cannot read dashboard %s: %w", name, err)
	}
	d, err := parse(raw)
	if err != nil {
		return Dashboard{}, fmt.Errorf("cannot read dashboard %s: %w", name, err)
	}
	d.fill()
	c := check{file: name}
	c.dashboard(&d, strings.TrimSuffix(path.Base(name), ".yaml"))
	return d, errors.Join(c.errs...)
}

func parse(raw []byte) (Dashboard, error) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	dec.KnownFields(true)
	var d Dashboard
	if err := dec.Decode(&d); err != nil {
		if errors.Is(err, io.EOF) {
			return d, errors.New("the file is empty")
		}
		return d, err
	}
	if err := dec.Decode(&struct{}{}); !errors.Is(err, io.EOF) {
		return d, errors.New("the file holds more than one document")
	}
	return d, nil
}

// fill puts the defaults where a file is silent, and empty lists where it has none: they are lists in JSON too.
func (d *Dashboard) fill() {
	d.Range = or(d.Range, "30d")
	d.Refresh = or(d.Refresh, "1m")
	if d.Variables == nil {
		d.Variables = []Variable{}
	}
	for i := range d.Panels {
		d.Panels[i].fill()
	}
}

func (p *Panel) fill() {
	if p.Type == PanelTimeSeries {
		p.Draw = or(p.Draw, "bars")
	}
	q := &p.Query
	if q.Kind == QueryCost {
		q.Metric = or(q.Metric, pipeline.MetricBilledCost)
	}
	if q.GroupBy == nil {
		q.GroupBy = []pipeline.Dimension{}
	}
	if q.Metrics == nil {
		q.Metrics = []pipeline.MetricName{}
	}
}

func or[T ~string](v, fallback T) T {
	if v == "" {
		return fallback
	}
	return v
}
