package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// steps prints what is being done, one line a step with its time, in the operator's language.
type steps struct {
	w     io.Writer
	lang  pipeline.Lang
	total int

	mu   sync.Mutex
	done int
}

// run does one step and prints how it went.
func (s *steps) run(name pipeline.Text, f func() error) error {
	start := time.Now()
	err := f()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done++
	took := time.Since(start).Round(100 * time.Millisecond).Seconds()
	switch {
	case err != nil:
		s.printf("[%d/%d] %s: не получилось\n", "[%d/%d] %s: failed\n", s.done, s.total, name.In(s.lang))
	default:
		s.printf("[%d/%d] %s: %.1f с\n", "[%d/%d] %s: %.1f s\n", s.done, s.total, name.In(s.lang), took)
	}
	return err
}

func (s *steps) printf(ru, en string, args ...any) {
	fmt.Fprint(s.w, pipeline.Textf(ru, en, args...).In(s.lang))
}
