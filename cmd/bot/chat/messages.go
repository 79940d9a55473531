package chat

import "sync"

// messageSet remembers message ids by chat.
type messageSet struct {
	mu  sync.Mutex
	ids map[[2]int64]bool
}

func newMessageSet() *messageSet { return &messageSet{ids: map[[2]int64]bool{}} }

func (s *messageSet) add(chatID, messageID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids[[2]int64{chatID, messageID}] = true
}

func (s *messageSet) has(chatID, messageID int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[[2]int64{chatID, messageID}]
}
