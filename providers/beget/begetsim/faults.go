package begetsim

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/standin"
)

// Fault is something that goes wrong at a path.
type Fault struct {
	// Path is a whole path, or the beginning of many when it ends with a slash.
	Path string
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

// LegacyError is the Body of a legacy error: outer level as the API gives for AUTH_ERROR, inner as for LIMIT_ERROR.
func LegacyError(inner bool, code, text string) string {
	if inner {
		return `{"status":"success","answer":{"status":"error","errors":[{"error_code":` + strconv.Quote(code) + `,"error_text":` + strconv.Quote(text) + `}]}}`
	}
	return `{"status":"error","error_text":` + strconv.Quote(text) + `,"error_code":` + strconv.Quote(code) + `}`
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
		if !f.matches(r.URL.Path) {
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

func (f *Fault) matches(path string) bool {
	return path == f.Path || strings.HasSuffix(f.Path, "/") && strings.HasPrefix(path, f.Path)
}

// spoiling is what goes wrong with a request that the fault has picked.
func (f *Fault) spoiling() *standin.Fault {
	return &standin.Fault{
		Status: f.Status, RetryAfter: f.RetryAfter, Body: f.Body, Hang: f.Hang, Slow: f.Slow, Torn: f.Torn, Cut: f.Cut,
	}
}

// Stuck gives a value whenever a request of Hang or Slow has come as far as it will.
func (s *Server) Stuck() <-chan struct{} { return s.front.Stuck() }
