package table

import "strings"

// words keeps one copy of texts that repeat, up to a limit. A kept text does not hold on to its row.
type words struct{ held map[string]string }

const (
	maxWords      = 1 << 15
	maxWordLength = 256
)

func newWords() words { return words{held: make(map[string]string)} }

func (w *words) keep(s string) string {
	if s == "" {
		return ""
	}
	if held, found := w.held[s]; found {
		return held
	}
	s = strings.Clone(s)
	if len(s) > maxWordLength {
		return s
	}
	if len(w.held) >= maxWords {
		clear(w.held)
	}
	w.held[s] = s
	return s
}
