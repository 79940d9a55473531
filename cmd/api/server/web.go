package server

import (
	"bytes"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// hashedAssets is where the web app's build puts files whose names change with their content.
const hashedAssets = "assets/"

// routeWeb serves the web app: its files as they are, and its page for every other address, which the page knows.
func (s *Server) routeWeb(r chi.Router) {
	if s.Web == nil {
		return
	}
	r.Get("/*", s.serveWeb)
	r.Head("/*", s.serveWeb)
}

func (s *Server) serveWeb(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if name == "api" || strings.HasPrefix(name, "api/") {
		s.noSuchPage(w, r)
		return
	}
	switch {
	case s.isWebFile(name) && name != "index.html":
		s.serveWebFile(w, r, name)
	case name != "" && strings.Contains(path.Base(name), "."):
		s.noSuchPage(w, r)
	default:
		s.serveWebPage(w, r)
	}
}

// serveWebPage answers with the app's page at whatever address. The standard library's file server is no help: it answers
// the address of a page, and of a folder, with a redirect.
func (s *Server) serveWebPage(w http.ResponseWriter, r *http.Request) {
	page, err := fs.ReadFile(s.Web, "index.html")
	if err != nil {
		s.noSuchPage(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "index.html", time.Time{}, bytes.NewReader(page))
}

func (s *Server) isWebFile(name string) bool {
	if !fs.ValidPath(name) || name == "." {
		return false
	}
	info, err := fs.Stat(s.Web, name)
	return err == nil && info.Mode().IsRegular()
}

func (s *Server) serveWebFile(w http.ResponseWriter, r *http.Request, name string) {
	cache := "no-cache"
	if strings.HasPrefix(name, hashedAssets) {
		cache = "public, max-age=31536000, immutable"
	}
	w.Header().Set("Cache-Control", cache)
	http.ServeFileFS(w, r, s.Web, name)
}
