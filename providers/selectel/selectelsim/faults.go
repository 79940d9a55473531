package selectelsim

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is something that goes wrong at a path.
type Fault struct {
	// Path is a whole path, or the beginning of many when it ends with a slash.
	Path string
	// Query, when set, must stand in the request's query, and Project must be that of its token.
	Query, Project string
	// Times is how many requests it spoils; 0 means all until it is mended.
	Times int
	// After is how many matching requests pass unharmed first.
	After int

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

// Break switches a fault on and returns what switches it off.
func (s *Server) Break(f Fault) (mend func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := &f
	s.faults = append(s.faults, own)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		own.Path = ""
	}
}

// Mend switches all faults off.
func (s *Server) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// faultFor finds the newest fault for a request and counts it. The caller holds mu.
func (s *Server) faultFor(r *http.Request) *Fault {
	for i := len(s.faults) - 1; i >= 0; i-- {
		f := s.faults[i]
		if !f.matches(r.URL.Path) || !strings.Contains(r.URL.RawQuery, f.Query) || f.Project != "" && !s.ofProjectToken(r, f.Project) {
			continue
		}
		if f.After > 0 {
			f.After--
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				f.Times = -1
			}
		} else if f.Times < 0 {
			continue
		}
		c := *f
		return &c
	}
	return nil
}

// ofProjectToken tells whether a request has a token of the project. The caller holds mu.
func (s *Server) ofProjectToken(r *http.Request, project string) bool {
	g := s.tokens[r.Header.Get("X-Auth-Token")]
	return g != nil && g.project == project
}

func (f *Fault) matches(path string) bool {
	return path == f.Path || strings.HasSuffix(f.Path, "/") && strings.HasPrefix(path, f.Path)
}

// wrap spoils an answer: it either gives it itself and returns nil, or returns the writer that spoils the true one.
func (s *Server) wrap(f *Fault, w http.ResponseWriter, r *http.Request) http.ResponseWriter {
	switch {
	case f.Hang:
		s.untilGone(r)
		return nil
	case f.Slow || f.Torn || f.Cut:
		return &tearing{ResponseWriter: w, fault: f}
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter.Seconds())))
	}
	w.Header().Set("Content-Type", "application/json")
	if f.Status != 0 {
		w.WriteHeader(f.Status)
	}
	_, _ = w.Write([]byte(f.Body)) // the client may have gone
	return nil
}

// tearing keeps the true answer back to send a part of it.
type tearing struct {
	http.ResponseWriter
	fault *Fault
	buf   bytes.Buffer
}

// Write keeps the bytes back.
func (t *tearing) Write(b []byte) (int, error) { return t.buf.Write(b) }

func (s *Server) tear(t *tearing, r *http.Request) {
	half := t.buf.Bytes()[:t.buf.Len()/2]
	if !t.fault.Torn {
		t.Header().Set("Content-Length", strconv.Itoa(t.buf.Len()))
	}
	_, _ = t.ResponseWriter.Write(half) // the client may have gone
	if t.fault.Torn {
		return
	}
	_ = http.NewResponseController(t.ResponseWriter).Flush() // as much as the connection can
	if t.fault.Slow {
		s.untilGone(r)
		return
	}
	panic(http.ErrAbortHandler)
}

// Stuck gives a value whenever a request of Hang or Slow has come as far as it will.
func (s *Server) Stuck() <-chan struct{} { return s.stuck }

// untilGone waits until the client leaves. The server notices that only when the request's body has been read.
func (s *Server) untilGone(r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the client may have gone already
	select {
	case s.stuck <- struct{}{}:
		<-r.Context().Done()
	case <-r.Context().Done():
	}
}
