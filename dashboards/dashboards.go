// Package dashboards holds the dashboard files and the web app, embedded, and reads and checks the files.
//
// A dashboard is a YAML file: panels with their queries on a grid of twelve columns. The API serves it as JSON and the
// web app draws it. The format is told in README.md.
package dashboards

import (
	"embed"
	"errors"
	"io/fs"
)

//go:embed *.yaml
var files embed.FS

//go:embed web/dist
var dist embed.FS

// Files returns the dashboard files that come with the product.
func Files() fs.FS { return files }

// Web returns the web app: index.html and assets/. An asset's name holds a hash of its content, so it may be kept
// for ever; index.html may not be kept. Before the app is built, index.html is a page that says how to build it.
func Web() (fs.FS, error) {
	sub, err := fs.Sub(dist, "web/dist")
	if err != nil {
		return nil, err
	}
	return page{sub}, nil
}

// builtPage is the name under which the build writes the app's page, beside the committed placeholder.
const builtPage = "app.html"

// page serves the built page under the name index.html when there is one.
type page struct{ fs.FS }

// Open implements fs.FS.
func (p page) Open(name string) (fs.File, error) {
	if name != "index.html" {
		return p.FS.Open(name)
	}
	f, err := p.FS.Open(builtPage)
	if errors.Is(err, fs.ErrNotExist) {
		return p.FS.Open(name)
	}
	return f, err
}
