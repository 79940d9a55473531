package embedded

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"
)

// A session lives this long after its last statement unless the client says
// otherwise, and never longer than the second.
const (
	defaultSessionTimeout = 60 * time.Second
	maxSessionTimeout     = 3600 * time.Second
)

// sessions are the connections kept for clients that name a session_id: what
// SET, USE and CREATE TEMPORARY TABLE do on one stays for its next statement.
type sessions struct {
	engine *engine
	mu     sync.Mutex
	byID   map[string]*kept
	closed bool
}

// kept is one session.
type kept struct {
	conn   *connection
	busy   bool
	expiry *time.Timer
}

func newSessions(e *engine) *sessions {
	return &sessions{engine: e, byID: map[string]*kept{}}
}

func (s *sessions) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

// close ends all sessions; no statement may run any more.
func (s *sessions) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for id, k := range s.byID {
		k.expiry.Stop()
		k.conn.Close()
		delete(s.byID, id)
	}
}

// timeout reads session_timeout.
func (q sessionRequest) timeout() (time.Duration, error) {
	if q.timeoutText == "" {
		return defaultSessionTimeout, nil
	}
	seconds := number(q.timeoutText)
	if seconds == 0 && q.timeoutText != "0" {
		return 0, fail(374, "INVALID_SESSION_TIMEOUT", "Invalid session timeout: '%s'", q.timeoutText)
	}
	timeout := time.Duration(seconds) * time.Second
	if timeout > maxSessionTimeout {
		return 0, fail(374, "INVALID_SESSION_TIMEOUT", "Session timeout '%s' is larger than max_session_timeout: %d. Maximum session timeout could be modified in configuration file", q.timeoutText, int(maxSessionTimeout.Seconds()))
	}
	return timeout, nil
}

// take locks the client's session, making it when it is new. The returned
// function unlocks it.
func (s *sessions) take(q sessionRequest) (*connection, func(), error) {
	timeout, err := q.timeout()
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.byID[q.id]
	switch {
	case k == nil && truth(q.check):
		return nil, nil, fail(372, "SESSION_NOT_FOUND", "Session %s not found", q.id)
	case k == nil:
		conn, err := s.engine.connect()
		if err != nil {
			return nil, nil, err
		}
		k = &kept{conn: conn}
		s.byID[q.id] = k
	case k.busy:
		return nil, nil, fail(373, "SESSION_IS_LOCKED", "Session %s is locked by a concurrent client", q.id)
	default:
		k.expiry.Stop()
	}
	k.busy = true
	return k.conn, func() { s.giveBack(q, k, timeout) }, nil
}

func (s *sessions) giveBack(q sessionRequest, k *kept, timeout time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k.busy = false
	if s.closed || q.close {
		k.conn.Close()
		delete(s.byID, q.id)
		return
	}
	k.expiry = time.AfterFunc(timeout, func() { s.expire(q.id, k) })
}

func (s *sessions) expire(id string, k *kept) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !k.busy && s.byID[id] == k {
		k.conn.Close()
		delete(s.byID, id)
	}
}

// borrowed remembers what a session had before settings and database of one
// request were put over it.
type borrowed struct {
	database string
	settings []struct {
		Name    string `json:"name"`
		Value   string `json:"value"`
		Changed uint8  `json:"changed"`
	}
}

// remember reads what a request is about to change.
func (c *connection) remember(req *request) (*borrowed, error) {
	b := &borrowed{}
	if req.database != "" {
		name, _, err := c.Query("SELECT currentDatabase()", "RawBLOB")
		if err != nil {
			return nil, err
		}
		b.database = string(name)
	}
	if len(req.settings) == 0 {
		return b, nil
	}
	names := make([]string, len(req.settings))
	for i, s := range req.settings {
		names[i] = quote(s.name)
	}
	answer, _, err := c.Query("SELECT groupArray((name, value, changed)::Tuple(name String, value String, changed UInt8)) FROM system.settings WHERE name IN ("+strings.Join(names, ", ")+")", "JSONCompactEachRow")
	if err != nil {
		return nil, err
	}
	var rows [1]json.RawMessage
	if err := json.Unmarshal(answer, &rows); err != nil {
		return nil, fmt.Errorf("cannot read the session's settings: %w", err)
	}
	if err := json.Unmarshal(rows[0], &b.settings); err != nil {
		return nil, fmt.Errorf("cannot read the session's settings: %w", err)
	}
	return b, nil
}

// restore puts back what the session had.
func (c *connection) restore(b *borrowed) error {
	if err := c.use(b.database); err != nil {
		return err
	}
	for _, s := range b.settings {
		value := "DEFAULT"
		if s.Changed != 0 {
			value = quote(s.Value)
		}
		if _, _, err := c.Query("SET "+s.Name+" = "+value, "Null"); err != nil {
			return err
		}
	}
	return nil
}
