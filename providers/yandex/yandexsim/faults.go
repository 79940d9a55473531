package yandexsim

import (
	"context"
	"net/http"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/infrazen/infrazen/providers/standin"
)

// Break switches a fault of the REST services or of the bucket on and returns what switches it off.
func (s *Server) Break(f standin.Fault) (mend func()) { return s.front.Break(f) }

// Faults is where faults of the REST services and of the bucket are switched on.
func (s *Server) Faults() *standin.Server { return s.front }

// Stuck gives a value whenever a request of Hang or Slow has come as far as it will.
func (s *Server) Stuck() <-chan struct{} { return s.front.Stuck() }

// At matches the requests at a path, or at all that begin so when it ends with a slash; with a folder, those about it only.
func At(path, folder string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if folder != "" && r.URL.Query().Get("folderId") != folder {
			return false
		}
		return r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path)
	}
}

// ReportFault is something that goes wrong with usage reports.
type ReportFault struct {
	// Code answers with this code.
	Code codes.Code
	// Times is how many calls it spoils; 0 means all until it is mended.
	Times int
	// Hang, when set, takes a value when a call has come, which is then answered no more.
	Hang chan<- struct{}
}

// BreakReports switches a fault of the usage reports on and returns what switches it off.
func (s *Server) BreakReports(f ReportFault) (mend func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := &f
	s.reportFault = own
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.reportFault == own {
			s.reportFault = nil
		}
	}
}

// spoil gives the error of a call that a fault spoils.
func (s *Server) spoil(ctx context.Context) error {
	s.mu.Lock()
	f := s.reportFault
	if f != nil && f.Times > 0 {
		if f.Times--; f.Times == 0 {
			s.reportFault = nil
		}
	}
	s.mu.Unlock()
	switch {
	case f == nil:
		return nil
	case f.Hang == nil:
		return status.Error(f.Code, Secret)
	}
	select {
	case f.Hang <- struct{}{}:
		<-ctx.Done()
	case <-ctx.Done():
	}
	return ctx.Err()
}
