package server

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// hashedAssets is where the web app's build puts files whose names change with their content.
const hashedAssets = "assets/"

// webPattern is every address that nothing else has.
const webPattern = "/*"

func isAPI(address string) bool { return address == "/api" || strings.HasPrefix(address, "/api/") }

// routeWeb serves the web app: its files as they are, and its page for every other address, which the page knows.
func (s *Server) routeWeb(r chi.Router) {
	if s.Web == nil {
		return
	}
	r.Get(webPattern, s.serveWeb)
}

func (s *Server) serveWeb(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	switch {
	case isAPI("/" + name):
		s.noSuchPage(w, r)
	case name != "index.html" && s.isWebFile(name):
		s.serveWebFile(w, r, name)
	case name != "index.html" && strings.Contains(path.Base("/"+name), "."):
		s.noSuchPage(w, r)
	default:
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeContent(w, r, "index.html", time.Time{}, bytes.NewReader(s.page))
	}
}

// readPage gives the web app's page.
func readPage(web fs.FS) ([]byte, error) {
	if web == nil {
		return nil, nil
	}
	page, err := fs.ReadFile(web, "index.html")
	if err != nil {
		return nil, fmt.Errorf("cannot read the web app's page: %w", err)
	}
	return page, nil
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
