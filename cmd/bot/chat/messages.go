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

// chatLocks let one message at a time be written to a chat, so that every message of the bot is known when the next one is begun.
type chatLocks [64]sync.Mutex

func (l *chatLocks) lock(chatID int64) (unlock func()) {
	m := &l[uint64(chatID)%uint64(len(l))]
	m.Lock()
	return m.Unlock
}
