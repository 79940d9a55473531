package yandex

import (
	"slices"

	"github.com/infrazen/infrazen/pipeline"
)

// report gathers what a task has to say of its scopes.
type report struct {
	scopes []pipeline.ScopeResult
	notes  []pipeline.Note
}

// scope reports how a scope went. What the account may not read is skipped.
func (r *report) scope(name string, label pipeline.Text, found int64, err error) {
	res := pipeline.ScopeResult{Scope: name, Label: label, Found: found}
	if err != nil {
		f := *pipeline.AsFault(err)
		f.Scope = name
		res.Fault, res.Skipped = &f, f.Code == pipeline.FaultForbidden
	}
	r.scopes = append(r.scopes, res)
}

// skip reports a scope that is not read for a reason of the settings.
func (r *report) skip(name string, label, why pipeline.Text) {
	r.scopes = append(r.scopes, pipeline.ScopeResult{
		Scope: name, Label: label, Skipped: true, Fault: &pipeline.Fault{Code: pipeline.FaultSettings, Scope: name, Text: why},
	})
}

// nothingPermitted takes the skips back when nothing at all may be read: an account without rights must not look empty.
func (r *report) nothingPermitted() {
	closed := func(s pipeline.ScopeResult) bool { return s.Skipped && s.Fault.Code == pipeline.FaultForbidden }
	if slices.ContainsFunc(r.scopes, func(s pipeline.ScopeResult) bool { return !closed(s) }) {
		return
	}
	for i := range r.scopes {
		r.scopes[i].Skipped = false
	}
}

// note counts a deviation.
func (r *report) note(code, scope string, n int64, text pipeline.Text) {
	if n == 0 {
		return
	}
	i := slices.IndexFunc(r.notes, func(o pipeline.Note) bool { return o.Code == code && o.Scope == scope })
	if i >= 0 {
		r.notes[i].Count += n
		return
	}
	r.notes = append(r.notes, pipeline.Note{Code: code, Scope: scope, Count: n, Text: text})
}

// outcome closes the report with what the session knows of clocks.
func (s *session) outcome(r *report) pipeline.Outcome {
	out := pipeline.Outcome{Scopes: r.scopes, Notes: r.notes, CloudTime: s.edge.CloudTime()}
	if f := s.edge.ClockFault(); f != nil {
		out.Notes = append(out.Notes, pipeline.Note{Code: string(f.Code), Text: f.Text, Count: 1})
	}
	return out
}
