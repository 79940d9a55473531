package selectel

import (
	"slices"

	"github.com/infrazen/infrazen/pipeline"
)

// report gathers what a task has to say of its scopes.
type report struct {
	scopes []*scopeReport
	byName map[string]*scopeReport
	notes  []pipeline.Note
	names  map[string]string // of projects
}

// scopeReport is how one scope went; it may take many requests.
type scopeReport struct {
	name          string
	found         int64
	tried, failed int
	skipped       bool
	fault         *pipeline.Fault
}

// scope returns the report of a scope, making it on first use.
func (r *report) scope(name string) *scopeReport {
	if s := r.byName[name]; s != nil {
		return s
	}
	s := &scopeReport{name: name}
	if r.byName == nil {
		r.byName = map[string]*scopeReport{}
	}
	r.byName[name] = s
	r.scopes = append(r.scopes, s)
	return s
}

// close counts a request and keeps its fault, if any; what the account does not permit makes the scope skipped.
func (s *scopeReport) close(err error) {
	s.tried++
	if err == nil {
		return
	}
	f := pipeline.AsFault(err)
	if f.Code == pipeline.FaultForbidden {
		s.skipped, s.fault = true, f
		return
	}
	s.failed++
	if s.fault == nil {
		s.fault = f
	}
}

// whole tells whether the scope was read without a fault.
func (s *scopeReport) whole() bool { return s.fault == nil && !s.skipped }

// note counts a deviation.
func (r *report) note(code, scope string, n int64, ru, en string) {
	if n == 0 {
		return
	}
	i := slices.IndexFunc(r.notes, func(o pipeline.Note) bool { return o.Code == code && o.Scope == scope })
	if i >= 0 {
		r.notes[i].Count += n
		return
	}
	r.notes = append(r.notes, pipeline.Note{Code: code, Scope: scope, Count: n, Text: pipeline.Text{RU: ru, EN: en}})
}

func (s *scopeReport) result(names map[string]string) pipeline.ScopeResult {
	out := pipeline.ScopeResult{Scope: s.name, Label: scopeLabel(s.name, names), Found: s.found, Skipped: s.skipped}
	if s.fault == nil {
		return out
	}
	f := *s.fault
	f.Scope = s.name
	if s.tried > 1 && s.failed < s.tried && !s.skipped {
		add := pipeline.Textf(" (не удалось %d из %d запросов)", " (%d of %d requests failed)", s.failed, s.tried)
		f.Text = pipeline.Text{RU: f.Text.RU + add.RU, EN: f.Text.EN + add.EN}
	}
	out.Fault = &f
	return out
}

// outcome closes the report with what the session knows of clocks.
func (s *session) outcome(r *report) pipeline.Outcome {
	out := pipeline.Outcome{Notes: r.notes, CloudTime: s.edge.CloudTime()}
	if t := s.slow.CloudTime(); t.After(out.CloudTime) {
		out.CloudTime = t
	}
	for _, sc := range r.scopes {
		out.Scopes = append(out.Scopes, sc.result(r.names))
	}
	f := s.edge.ClockFault()
	if f == nil {
		f = s.slow.ClockFault()
	}
	if f != nil {
		out.Notes = append(out.Notes, pipeline.Note{Code: string(f.Code), Text: f.Text, Count: 1})
	}
	return out
}
