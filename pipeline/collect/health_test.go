package collect

import (
	"testing"

	"github.com/infrazen/infrazen/pipeline"
)

func TestADeadCloudKeepsFewWorkers(t *testing.T) {
	down := &Result{Fault: &pipeline.Fault{Code: pipeline.FaultTimeout}}
	h := health{}
	share := func(kind pipeline.Kind, want int) {
		t.Helper()
		if got := h.share(kind, 24); got != want {
			t.Errorf("%s may have %d workers, want %d", kind, got, want)
		}
	}
	share("a", 18)
	for range downAfter {
		share("a", 18)
		h.take("a", down)
	}
	share("a", probes)
	share("b", 18)
	h.take("a", &Result{})
	share("a", 18)
	if got := h.share("b", 1); got != 1 {
		t.Errorf("the only worker is kept from a cloud: %d", got)
	}
}

func TestOnlySilenceIsSilence(t *testing.T) {
	scope := func(f *pipeline.Fault) pipeline.ScopeResult { return pipeline.ScopeResult{Fault: f} }
	quiet, refused := &pipeline.Fault{Code: pipeline.FaultUnavailable}, &pipeline.Fault{Code: pipeline.FaultCredentials}
	f := func(r Result, want bool) {
		t.Helper()
		if got := unanswered(&r); got != want {
			t.Errorf("%+v: %t", r, got)
		}
	}
	f(Result{}, false)
	f(Result{Fault: quiet}, true)
	f(Result{Fault: refused}, false)
	f(Result{Outcome: pipeline.Outcome{Scopes: []pipeline.ScopeResult{scope(quiet), scope(quiet)}}}, true)
	f(Result{Outcome: pipeline.Outcome{Scopes: []pipeline.ScopeResult{scope(quiet), scope(nil)}}}, false)
	f(Result{Outcome: pipeline.Outcome{Scopes: []pipeline.ScopeResult{scope(quiet), scope(refused)}}}, false)
}
