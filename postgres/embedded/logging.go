package embedded

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
)

// lineLogger turns the engine's own log into ours, and remembers its last lines for an error message.
type lineLogger struct {
	log *slog.Logger

	mu   sync.Mutex
	rest []byte
	last []string
}

// lastLines is how many lines of the engine's log an error tells.
const lastLines = 5

// Write implements io.Writer.
func (l *lineLogger) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		l.rest = rest
		l.line(string(line))
	}
}

func (l *lineLogger) line(line string) {
	if line = strings.TrimSpace(line); line == "" {
		return
	}
	l.last = append(l.last, line)
	if len(l.last) > lastLines {
		l.last = l.last[1:]
	}
	l.log.Log(context.Background(), lineLevel(line), "postgres engine says", "line", line)
}

func (l *lineLogger) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.last, " | ")
}

// lineLevel is how much a line matters to us. What the engine tells a client that comes too early, or late, matters to nobody.
func lineLevel(line string) slog.Level {
	for _, usual := range []string{"the database system is", "terminating connection due to administrator command", "unexpected SIGQUIT"} {
		if strings.Contains(line, usual) {
			return slog.LevelDebug
		}
	}
	switch {
	case strings.Contains(line, "PANIC:"):
		return slog.LevelError
	case strings.Contains(line, "FATAL:"), strings.Contains(line, "WARNING:"):
		return slog.LevelWarn
	}
	return slog.LevelDebug
}
