package server

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"

	"github.com/infrazen/infrazen/pipeline"
)

// maxKey is the greatest length of an Idempotency-Key.
const maxKey = 200

func idempotencyParam() *huma.Param {
	limit := maxKey
	return &huma.Param{
		Name: "Idempotency-Key", In: "header",
		Description: "The same key with the same request gives the first answer again and creates nothing more",
		Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &limit},
	}
}

// onlyOnce answers a request that repeats an Idempotency-Key with the answer given before.
func (s *Server) onlyOnce(ctx huma.Context, next func(huma.Context)) {
	r, w := humachi.Unwrap(ctx)
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		next(ctx)
		return
	}
	if len(key) > maxKey {
		s.writeProblem(w, r, invalid(fault{location: "header.Idempotency-Key", text: pipeline.Textf("длиннее %d знаков", "longer than %d characters", maxKey)}))
		return
	}
	tenant, request := callerOf(ctx.Context()).tenant(), fingerprint(r)
	held, err := s.Store.Idempotent(ctx.Context(), tenant, key, request)
	switch {
	case errors.Is(err, pipeline.ErrConflict):
		s.writeProblem(w, r, invalid(fault{location: "header.Idempotency-Key", text: pipeline.Textf("этот ключ уже был у другого запроса", "this key was used for another request")}))
	case err != nil:
		s.writeProblem(w, r, err)
	case held != nil:
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Idempotency-Replayed", "true")
		w.WriteHeader(held.Status)
		_, _ = w.Write(held.Body)
	default:
		s.keepAnswer(ctx, next, key, request)
	}
}

// keepAnswer works on the request and stores the answer when it is a success: what failed may be tried again.
func (s *Server) keepAnswer(ctx huma.Context, next func(huma.Context), key string, request []byte) {
	r, w := humachi.Unwrap(ctx)
	tee := &teeWriter{ResponseWriter: w}
	next(humachi.NewContext(ctx.Operation(), r, tee))
	if tee.status < 200 || tee.status > 299 {
		return
	}
	answer := StoredAnswer{Status: tee.status, Body: tee.body.Bytes()}
	if err := s.Store.StoreIdempotent(r.Context(), callerOf(r.Context()).tenant(), key, request, answer); err != nil {
		s.Log.ErrorContext(r.Context(), "answer not kept for its idempotency key", "request_id", aboutOf(r.Context()).id, "error", err)
	}
}

// fingerprint tells requests apart that share a key.
func fingerprint(r *http.Request) []byte {
	a := aboutOf(r.Context())
	h := sha256.New()
	for _, part := range [][]byte{[]byte(r.Method), []byte(r.URL.Path), a.body} {
		h.Write(part)
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

// teeWriter keeps a copy of an answer.
type teeWriter struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

// WriteHeader implements http.ResponseWriter.
func (t *teeWriter) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (t *teeWriter) Write(p []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	t.body.Write(p)
	return t.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (t *teeWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
