package chat

import (
	"slices"
	"sync"
)

// remembered is how many of its newest messages the set keeps of a chat: more than are ever looked through for a lost one.
const remembered = 4 * probeSpan

// messageSet remembers the newest message ids by chat.
type messageSet struct {
	mu  sync.Mutex
	ids map[int64][]int64
}

func newMessageSet() *messageSet { return &messageSet{ids: map[int64][]int64{}} }

func (s *messageSet) add(chatID, messageID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := append(s.ids[chatID], messageID)
	s.ids[chatID] = ids[max(0, len(ids)-remembered):]
}

func (s *messageSet) has(chatID, messageID int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Contains(s.ids[chatID], messageID)
}

// chatLocks let one message at a time be written to a chat, so that every message of the bot is known when the next one is begun.
type chatLocks [64]sync.Mutex

func (l *chatLocks) lock(chatID int64) (unlock func()) {
	m := &l[uint64(chatID)%uint64(len(l))]
	m.Lock()
	return m.Unlock
}
