package collect

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Backoff says when a window that went wrong is tried again.
type Backoff struct {
	// First is the wait after the first failure, doubled with every further one up to Most. 30 s and 30 min when zero.
	First, Most time.Duration
	// Slow is the wait after a fault that only a person can mend: 30 minutes when zero. Such an account is not hammered.
	Slow time.Duration
}

// DefaultBackoff is how long to wait unless told otherwise.
func DefaultBackoff() Backoff {
	return Backoff{First: 30 * time.Second, Most: 30 * time.Minute, Slow: 30 * time.Minute}
}

// After is the wait before the next try. Attempt counts from 1; random lies in [0, 1) and spreads the tries of many
// windows over a fifth of the wait. What the cloud asked for is honoured.
func (b Backoff) After(attempt int, faults []*pipeline.Fault, random float64) time.Duration {
	wait := b.Slow
	for _, f := range faults {
		if f.Retry && !needsPerson(f.Code) {
			wait = b.grown(attempt)
		}
	}
	wait += time.Duration(random * float64(wait) / 5)
	for _, f := range faults {
		wait = max(wait, f.RetryAfter)
	}
	return wait
}

func (b Backoff) grown(attempt int) time.Duration {
	wait := b.First
	for ; attempt > 1 && wait < b.Most; attempt-- {
		wait *= 2
	}
	return min(wait, b.Most)
}

// needsPerson tells whether trying again soon could do harm: too many wrong passwords lock an account.
func needsPerson(c pipeline.FaultCode) bool {
	switch c {
	case pipeline.FaultCredentials, pipeline.FaultSecondFactor, pipeline.FaultAccount, pipeline.FaultExpired,
		pipeline.FaultForbidden, pipeline.FaultSettings:
		return true
	}
	return false
}

// faultsOf lists what went wrong in a task: as a whole, and in parts that the account permits.
func faultsOf(fault *pipeline.Fault, o *pipeline.Outcome) []*pipeline.Fault {
	var faults []*pipeline.Fault
	if fault != nil {
		faults = append(faults, fault)
	}
	for _, s := range o.Scopes {
		if s.Fault != nil && !s.Skipped {
			faults = append(faults, s.Fault)
		}
	}
	return faults
}
