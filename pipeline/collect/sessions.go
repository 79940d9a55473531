package collect

import (
	"context"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// sessionKey is what a session is for: settings that were edited make another one.
type sessionKey struct {
	connection pipeline.ConnectionID
	version    int64
}

// openSession is a session with what keeps its secrets in.
type openSession struct {
	pipeline.Session
	key      sessionKey
	redactor *redactor
	idleFrom time.Time
}

// sessions keeps those that nobody uses, to be used again. A session is used by one goroutine at a time.
type sessions struct {
	mu   sync.Mutex
	idle map[sessionKey][]*openSession
}

func newSessions() *sessions { return &sessions{idle: map[sessionKey][]*openSession{}} }

func (s *sessions) take(key sessionKey) *openSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := s.idle[key]
	if len(free) == 0 {
		return nil
	}
	last := free[len(free)-1]
	if s.idle[key] = free[:len(free)-1]; len(free) == 1 {
		delete(s.idle, key)
	}
	return last
}

func (s *sessions) give(o *openSession, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.idleFrom = now
	s.idle[o.key] = append(s.idle[o.key], o)
}

// expired removes and returns the sessions idle since before an instant, and those of older versions of a connection.
func (s *sessions) expired(before time.Time) []*openSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	newest := map[pipeline.ConnectionID]int64{}
	for key := range s.idle {
		newest[key.connection] = max(newest[key.connection], key.version)
	}
	var old []*openSession
	for key, free := range s.idle {
		var kept []*openSession
		for _, o := range free {
			if o.idleFrom.Before(before) || key.version < newest[key.connection] {
				old = append(old, o)
			} else {
				kept = append(kept, o)
			}
		}
		if s.idle[key] = kept; len(kept) == 0 {
			delete(s.idle, key)
		}
	}
	return old
}

// closeTime bounds how long saying goodbye to a cloud may take.
const closeTime = 3 * time.Second

// closeAll ends sessions, all at once.
func closeAll(ctx context.Context, old []*openSession) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	var wg sync.WaitGroup
	for _, o := range old {
		wg.Go(func() { _ = o.Close(ctx) }) // what the cloud keeps of it runs out by itself
	}
	wg.Wait()
}
