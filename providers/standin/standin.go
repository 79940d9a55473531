// Package standin makes the HTTP server of a stand-in cloud fail as clouds do: it refuses, hangs, breaks off, answers late or
// with a web page, and its clock goes wrong.
package standin

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Fault is something that goes wrong with requests.
type Fault struct {
	// Match picks the requests; all when nil.
	Match func(*http.Request) bool

	// Status answers with this HTTP status, and Retry-After when RetryAfter is set.
	Status     int
	RetryAfter time.Duration
	// Body, when set, is the answer, with Status or 200.
	Body string
	// Hang answers nothing until the client leaves.
	Hang bool
	// Slow sends half of the true answer and no more until the client leaves.
	Slow bool
	// Torn sends half of the true answer as if it were all of it.
	Torn bool
	// Cut sends half of the true answer and drops the connection.
	Cut bool
}

// Server is an http.Handler that spoils what another one answers. Many goroutines may use it.
type Server struct {
	next http.Handler
	now  func() time.Time

	mu     sync.Mutex
	faults []*Fault
	offset time.Duration

	stuck chan struct{}
}

// New makes a server of a cloud's handler and the cloud's clock.
func New(next http.Handler, now func() time.Time) *Server {
	return &Server{next: next, now: now, stuck: make(chan struct{})}
}

// Break switches a fault on and returns what switches it off. The newest fault that matches a request has it.
func (s *Server) Break(f Fault) (mend func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := &f
	s.faults = append(s.faults, own)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		own.Match = func(*http.Request) bool { return false }
	}
}

// SetClockOffset makes the Date header differ from the clock.
func (s *Server) SetClockOffset(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = d
}

// Stuck gives a value whenever a request of Hang or Slow has come as far as it will.
func (s *Server) Stuck() <-chan struct{} { return s.stuck }

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	f := s.faultFor(r)
	w.Header().Set("Date", s.now().Add(s.offset).UTC().Format(http.TimeFormat))
	s.mu.Unlock()
	if f == nil {
		s.next.ServeHTTP(w, r)
		return
	}
	s.Spoil(f, w, r, s.next)
}

// Spoil answers one request with a fault, whatever it matches, where next gives the true answer: for stand-ins that choose their
// faults themselves.
func (s *Server) Spoil(f *Fault, w http.ResponseWriter, r *http.Request, next http.Handler) {
	switch {
	case f.Hang:
		s.untilGone(r)
	case f.Slow || f.Torn || f.Cut:
		t := &tearing{ResponseWriter: w}
		next.ServeHTTP(t, r)
		s.tear(t, f, r)
	default:
		f.answer(w)
	}
}

// faultFor finds the newest fault for a request. The caller holds mu.
func (s *Server) faultFor(r *http.Request) *Fault {
	for i := len(s.faults) - 1; i >= 0; i-- {
		if f := *s.faults[i]; f.Match == nil || f.Match(r) {
			return &f
		}
	}
	return nil
}

func (f *Fault) answer(w http.ResponseWriter) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	w.Header().Set("Content-Type", "application/json")
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	_, _ = io.WriteString(w, f.Body) // the client may have gone
}

// tearing keeps the true answer back to send a part of it.
type tearing struct {
	http.ResponseWriter
	buf bytes.Buffer
}

// Write keeps the bytes back.
func (t *tearing) Write(b []byte) (int, error) { return t.buf.Write(b) }

func (s *Server) tear(t *tearing, f *Fault, r *http.Request) {
	half := t.buf.Bytes()[:t.buf.Len()/2]
	if !f.Torn {
		t.Header().Set("Content-Length", strconv.Itoa(t.buf.Len()))
	}
	_, _ = t.ResponseWriter.Write(half) // the client may have gone
	if f.Torn {
		return
	}
	_ = http.NewResponseController(t.ResponseWriter).Flush() // as much as the connection can
	if f.Slow {
		s.untilGone(r)
		return
	}
	panic(http.ErrAbortHandler)
}

// untilGone waits until the client leaves. The server notices that only when the request's body has been read.
func (s *Server) untilGone(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the client may have gone already
	select {
	case s.stuck <- struct{}{}:
		<-r.Context().Done()
	case <-r.Context().Done():
	}
}
