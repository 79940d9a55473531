package collect

import (
	"errors"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Config are the settings of a Collector.
type Config struct {
	// Holder names this collector in leases; it differs between collectors.
	Holder string
	// Workers is how many windows are collected at once.
	Workers int
	// Lease is how long a window is held before it must be prolonged. A collector that dies gives it up after this.
	Lease time.Duration
	// TaskTimeout bounds the collection of one window.
	TaskTimeout time.Duration
	// SessionIdle is how long a session that nobody uses stays open.
	SessionIdle time.Duration
	// Grace is how long running windows may go on when the collector is told to stop.
	Grace time.Duration
	// MaxLines is how many different lines of a slice are compared in memory.
	MaxLines int
	// Lang is the language for names that a cloud gives in several.
	Lang    pipeline.Lang
	Backoff Backoff
	// TempDir is where sessions may keep big downloads while a task runs.
	TempDir string
}

// DefaultConfig is what the settings are unless told otherwise. The holder is left to the caller.
func DefaultConfig() Config {
	return Config{
		Workers: 8, Lease: time.Minute, TaskTimeout: 30 * time.Minute, SessionIdle: 10 * time.Minute, Grace: 4 * time.Second,
		MaxLines: 50_000, Lang: pipeline.Russian, Backoff: DefaultBackoff(),
	}
}

// Validate tells what is wrong with the settings.
func (c *Config) Validate() error {
	var errs []error
	if c.Holder == "" {
		errs = append(errs, errors.New("the collector needs a name of its own"))
	}
	if c.Workers < 1 {
		errs = append(errs, errors.New("at least one worker is needed"))
	}
	if c.Lease <= 0 || c.TaskTimeout <= 0 || c.MaxLines < 1 {
		errs = append(errs, errors.New("lease, task timeout and lines in memory must be above zero"))
	}
	return errors.Join(errs...)
}
