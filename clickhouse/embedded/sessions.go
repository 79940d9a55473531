package embedded

import "sync"

// sessions are the connections kept for clients that name a session_id.
type sessions struct {
	engine *engine
	mu     sync.Mutex
	byID   map[string]*connection
}

func newSessions(e *engine) *sessions {
	return &sessions{engine: e, byID: map[string]*connection{}}
}

func (s *sessions) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

func (s *sessions) close() {}
