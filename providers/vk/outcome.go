package vk

import (
	"slices"

	"github.com/infrazen/infrazen/pipeline"
)

// report gathers what a task has to say of its scopes.
type report struct {
	scopes []*scopeReport
	notes  []pipeline.Note
}

// scopeReport is how one scope went.
type scopeReport struct {
	name    string
	found   int64
	skipped bool
	fault   *pipeline.Fault
}

// of returns the report of a scope, making it on first use.
func (r *report) of(name string) *scopeReport {
	for _, s := range r.scopes {
		if s.name == name {
			return s
		}
	}
	s := &scopeReport{name: name}
	r.scopes = append(r.scopes, s)
	return s
}

// close adds what one request of a scope gave. A section that the role does not open, and a service that the project does not have,
// make the scope skipped. The first fault stays.
func (r *report) close(name string, err error, found int64) {
	s := r.of(name)
	s.found += found
	if err == nil || s.fault != nil {
		return
	}
	s.fault = pipeline.AsFault(err)
	s.skipped = s.fault.Code == pipeline.FaultForbidden || s.fault.Code == pipeline.FaultNotFound && s.fault.Text == notConnected(name).Text
}

// whole tells whether the scope was read without a fault.
func (r *report) whole(name string) bool {
	s := r.of(name)
	return s.fault == nil && !s.skipped
}

// nothingPermitted takes the skips back when every service refused: an account that opens nothing must not look like an empty one.
func (r *report) nothingPermitted() {
	for _, s := range r.scopes {
		if s.name != scopeBalance && (s.fault == nil || s.fault.Code != pipeline.FaultForbidden) {
			return
		}
	}
	for _, s := range r.scopes {
		if s.fault == nil || s.name == scopeBalance {
			continue
		}
		s.skipped, s.fault = false, &pipeline.Fault{
			Code: pipeline.FaultForbidden, Scope: s.name,
			Text: pipeline.Text{
				RU: "VK Cloud принял пароль, но не открывает ни одного раздела проекта. Дайте пользователю роль «Наблюдатель» в этом проекте.",
				EN: "VK Cloud accepted the password but opens no section of the project. Give the user the role of a viewer in this project.",
			},
		}
	}
}

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

// outcome closes the report with what the session knows of clocks.
func (s *session) outcome(r *report) pipeline.Outcome {
	out := pipeline.Outcome{Notes: r.notes, CloudTime: s.edge.CloudTime()}
	for _, sc := range r.scopes {
		res := pipeline.ScopeResult{Scope: sc.name, Label: scopeLabel(sc.name), Found: sc.found, Skipped: sc.skipped}
		if sc.fault != nil {
			f := *sc.fault
			f.Scope = sc.name
			res.Fault = &f
		}
		out.Scopes = append(out.Scopes, res)
	}
	if f := s.edge.ClockFault(); f != nil {
		out.Notes = append(out.Notes, pipeline.Note{Code: string(f.Code), Text: f.Text, Count: 1})
	}
	return out
}
