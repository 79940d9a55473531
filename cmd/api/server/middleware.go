package server

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

const (
	// maxBody is the greatest request body, in bytes.
	maxBody = 256 << 10
	// bodyTimeout is how long a request body may take to arrive.
	bodyTimeout = 30 * time.Second
	// contentPolicy lets a page load from its own origin only.
	contentPolicy = "default-src 'self'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)

// observe logs and counts each request by its route. No query and no header is logged: they may hold secrets.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		s.metrics.inFlight.Inc()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		s.metrics.inFlight.Dec()

		took, route, status := time.Since(started), routeOf(r), ww.Status()
		if status == 0 {
			status = http.StatusOK
		}
		s.metrics.request(r.Method, route, status, took)
		a := aboutOf(r.Context())
		attrs := []slog.Attr{
			slog.String("request_id", a.id), slog.String("method", r.Method), slog.String("route", route),
			slog.Int("status", status), slog.Int("bytes", ww.BytesWritten()),
			slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.String("address", a.addr.String()),
		}
		if a.caller != nil {
			attrs = append(attrs, slog.String("user", string(a.caller.User.ID)), slog.String("tenant", string(a.caller.tenant())))
		}
		s.Log.LogAttrs(r.Context(), logLevel(route, status), "request", attrs...)
	})
}

func routeOf(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil && c.RoutePattern() != "" {
		return c.RoutePattern()
	}
	return "none"
}

func logLevel(route string, status int) slog.Level {
	switch {
	case status >= http.StatusInternalServerError:
		return slog.LevelWarn
	case route == "/healthz" || route == "/readyz" || route == "/metrics":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// recoverPanics turns a panic into a 500 that names the request.
func (s *Server) recoverPanics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			if r.Context().Err() != nil { // huma panics when it cannot write to a client that has gone
				return
			}
			s.metrics.panics.Inc()
			s.Log.ErrorContext(r.Context(), "handler panicked", "request_id", aboutOf(r.Context()).id, "panic", v, "stack", string(debug.Stack()))
			if ww, ok := w.(middleware.WrapResponseWriter); !ok || ww.Status() == 0 {
				s.writeProblem(w, r, internal())
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func secureHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if aboutOf(r.Context()).secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

func compress() func(http.Handler) http.Handler {
	return middleware.Compress(5, "application/json", "application/problem+json", "application/openapi+json",
		"text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml")
}

func noStore(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// takeBody reads the body, other than one with a file, bounded in size and time, before anybody works on the request. It lifts the deadline again:
// one that passes while a handler works would end the request.
func (s *Server) takeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body == nil || r.Body == http.NoBody || takesFile(r) {
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(time.Now().Add(bodyTimeout))
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		_ = control.SetReadDeadline(time.Time{})
		if err != nil {
			s.writeProblem(w, r, bodyFault(err))
			return
		}
		aboutOf(r.Context()).body = body
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// refuseBrokenText refuses addresses whose text no store could keep or look for.
func (s *Server) refuseBrokenText(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := url.QueryUnescape(r.URL.RawQuery)
		if err != nil || !goodText(query) || !goodText(r.URL.Path) {
			s.writeProblem(w, r, refuse(http.StatusBadRequest, "Адрес запроса не разобран: в нём не текст в кодировке UTF-8.", "The address cannot be read: it is no text in UTF-8."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func goodText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

func bodyFault(err error) error {
	var large *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &large):
		return refuse(http.StatusRequestEntityTooLarge, "Тело запроса больше %d байт.", "The body is larger than %d bytes.", maxBody)
	case errors.As(err, &network) && network.Timeout():
		return refuse(http.StatusRequestTimeout, "Тело запроса не пришло вовремя.", "The body did not arrive in time.")
	}
	return refuse(http.StatusBadRequest, "Тело запроса не прочитано.", "The body could not be read.")
}

// noSuchMethod answers a method that the address does not have, and names those that it has.
func (s *Server) noSuchMethod(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		c := chi.NewRouteContext()
		if s.router.Match(c, method, r.URL.Path) && (c.RoutePattern() != webPattern || !isAPI(r.URL.Path)) {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		s.noSuchPage(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.writeProblem(w, r, refuse(http.StatusMethodNotAllowed, "Этот адрес понимает только: %s.", "This address takes %s only.", strings.Join(allowed, ", ")))
}

func (s *Server) noSuchPage(w http.ResponseWriter, r *http.Request) {
	s.writeProblem(w, r, refuse(http.StatusNotFound, "Такого адреса здесь нет.", "There is no such address here."))
}
