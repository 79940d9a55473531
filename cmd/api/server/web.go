package server

import (
	"io/fs"
	"net/http"
	"path"
	"strings"

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
	case strings.Contains(path.Base(name), "."):
		s.noSuchPage(w, r)
	default:
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, s.Web, "/") // index.html; asked for by its own name it would redirect to "/"
	}
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
