package postgres

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// storedFault is a fault as kept: without its cause, which is for the log only.
type storedFault struct {
	Code       pipeline.FaultCode `json:"code"`
	Scope      string             `json:"scope,omitempty"`
	Text       pipeline.Text      `json:"text"`
	Retry      bool               `json:"retry"`
	RetryAfter time.Duration      `json:"retry_after_ns,omitempty"`
}

// storedScope is a scope's result as kept.
type storedScope struct {
	Scope   string        `json:"scope"`
	Label   pipeline.Text `json:"label"`
	Found   int64         `json:"found"`
	Fault   *storedFault  `json:"fault,omitempty"`
	Skipped bool          `json:"skipped,omitempty"`
}

func storeFault(f *pipeline.Fault) *storedFault {
	if f == nil {
		return nil
	}
	return &storedFault{Code: f.Code, Scope: f.Scope, Text: f.Text, Retry: f.Retry, RetryAfter: f.RetryAfter}
}

func (f *storedFault) fault() *pipeline.Fault {
	if f == nil {
		return nil
	}
	return &pipeline.Fault{Code: f.Code, Scope: f.Scope, Text: f.Text, Retry: f.Retry, RetryAfter: f.RetryAfter}
}

func storeScopes(scopes []pipeline.ScopeResult) []storedScope {
	stored := make([]storedScope, len(scopes))
	for i, s := range scopes {
		stored[i] = storedScope{Scope: s.Scope, Label: s.Label, Found: s.Found, Fault: storeFault(s.Fault), Skipped: s.Skipped}
	}
	return stored
}

func scopesOf(stored []storedScope) []pipeline.ScopeResult {
	scopes := make([]pipeline.ScopeResult, len(stored))
	for i, s := range stored {
		scopes[i] = pipeline.ScopeResult{Scope: s.Scope, Label: s.Label, Found: s.Found, Fault: s.Fault.fault(), Skipped: s.Skipped}
	}
	return scopes
}

// worst is the fault of a result: of the whole, or else of the first scope that failed; nil when it is whole.
func worst(fault *pipeline.Fault, o pipeline.Outcome) *pipeline.Fault {
	if fault != nil {
		return fault
	}
	for _, s := range o.Scopes {
		if s.Fault != nil && !s.Skipped {
			f := *s.Fault
			if f.Scope == "" {
				f.Scope = s.Scope
			}
			return &f
		}
	}
	return nil
}
