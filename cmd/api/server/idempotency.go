package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

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
func (s *Server) onlyOnce(keep func([]byte) ([]byte, error)) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humachi.Unwrap(ctx)
		key := r.Header.Get("Idempotency-Key")
		if key == "" {
			next(ctx)
			return
		}
		held, err := s.begin(r, key)
		switch {
		case err != nil:
			s.writeProblem(w, r, err)
		case held != nil:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Idempotency-Replayed", "true")
			w.WriteHeader(held.Status)
			_, _ = w.Write(held.Body)
		default:
			s.keepAnswer(ctx, next, key, keep)
		}
	}
}

// begin reserves the key for the request, or gives the answer that it had.
func (s *Server) begin(r *http.Request, key string) (*StoredAnswer, error) {
	const location = "header.Idempotency-Key"
	if len(key) > maxKey || !utf8.ValidString(key) {
		return nil, invalid(fault{location: location, text: pipeline.Textf("нужен текст не длиннее %d знаков", "a text of at most %d characters is needed", maxKey)})
	}
	held, err := s.Store.Idempotent(r.Context(), callerOf(r.Context()).tenant(), key, fingerprint(r))
	switch {
	case errors.Is(err, pipeline.ErrConflict):
		return nil, invalid(fault{location: location, text: pipeline.Textf("этот ключ уже был у другого запроса", "this key was used for another request")})
	case errors.Is(err, pipeline.ErrStale):
		e := refuse(http.StatusConflict, "Запрос с этим ключом ещё выполняется. Повторите через несколько секунд.", "The request with this key is still under way. Try again in a few seconds.")
		e.retry = 5 * time.Second
		return nil, e
	}
	return held, err
}

// keepAnswer works on the request and keeps the answer when it is a success: what failed may be tried again.
func (s *Server) keepAnswer(ctx huma.Context, next func(huma.Context), key string, keep func([]byte) ([]byte, error)) {
	r, w := humachi.Unwrap(ctx)
	tee := &teeWriter{ResponseWriter: w}
	defer func() {
		done, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), s.Config.RequestTimeout)
		defer cancel()
		if err := s.endOnce(done, tee, key, keep); err != nil {
			s.Log.ErrorContext(done, "answer not kept for its idempotency key", "request_id", aboutOf(done).id, "error", err)
		}
	}()
	next(humachi.NewContext(ctx.Operation(), r, tee))
}

func (s *Server) endOnce(ctx context.Context, tee *teeWriter, key string, keep func([]byte) ([]byte, error)) error {
	tenant := callerOf(ctx).tenant()
	if tee.status < 200 || tee.status > 299 {
		return s.Store.DropIdempotent(ctx, tenant, key)
	}
	body := tee.body.Bytes()
	if keep != nil {
		kept, err := keep(body)
		if err != nil {
			return err
		}
		body = kept
	}
	return s.Store.StoreIdempotent(ctx, tenant, key, StoredAnswer{Status: tee.status, Body: body})
}

// fingerprint tells requests apart that share a key.
func fingerprint(r *http.Request) []byte {
	a := aboutOf(r.Context())
	h := sha256.New()
	user := ""
	if a.caller != nil {
		user = string(a.caller.User.ID)
	}
	for _, part := range [][]byte{[]byte(user), []byte(r.Method), []byte(r.URL.Path), a.body} {
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
