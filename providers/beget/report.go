package beget

import (
	"context"
	"slices"

	"github.com/infrazen/infrazen/pipeline"
)

// report gathers what a task has to say of its scopes.
type report struct {
	scopes []*scopeReport
	notes  []pipeline.Note
}

// scopeReport is how one scope went; it may take many requests.
type scopeReport struct {
	name    string
	found   int64
	tried   int
	failed  int
	skipped bool
	fault   *pipeline.Fault
}

// scope returns the report of a scope, making it on first use.
func (r *report) scope(name string) *scopeReport {
	for _, s := range r.scopes {
		if s.name == name {
			return s
		}
	}
	s := &scopeReport{name: name}
	r.scopes = append(r.scopes, s)
	return s
}

// done counts a request of the scope and keeps its fault, if any.
func (s *scopeReport) done(err error) {
	s.tried++
	if err != nil {
		s.fail(pipeline.AsFault(err))
	}
}

func (s *scopeReport) fail(f *pipeline.Fault) {
	s.failed++
	if s.fault == nil {
		s.fault = f
	}
}

// close counts a request; a section that the account does not permit makes the scope skipped.
func (s *scopeReport) close(err error) {
	f := (*pipeline.Fault)(nil)
	if err != nil {
		f = pipeline.AsFault(err)
	}
	if f != nil && f.Code == pipeline.FaultForbidden {
		s.tried++
		s.skip(f)
		return
	}
	s.done(err)
}

// closeScope reports on one request of a scope.
func (r *report) closeScope(name string, err error, found int64) {
	sc := r.scope(name)
	sc.found += found
	sc.close(err)
}

// skip marks the scope as not permitted.
func (s *scopeReport) skip(f *pipeline.Fault) { s.skipped, s.fault = true, f }

// whole tells whether the scope was read without a fault.
func (s *scopeReport) whole() bool { return s.fault == nil && !s.skipped }

// nothingPermitted takes back the skips when a whole API opened nothing: then it is not one section that is closed, and an
// empty account must not look like a complete one.
func (r *report) nothingPermitted() {
	legacy := legacyScopes()
	r.unskip(func(name string) bool { return !slices.Contains(legacy, name) }, nothingOpened)
	r.unskip(func(name string) bool { return slices.Contains(legacy, name) }, wrongAPIPassword)
}

func (r *report) unskip(of func(string) bool, fault func(string) *pipeline.Fault) {
	var closed []*scopeReport
	for _, s := range r.scopes {
		switch {
		case !of(s.name) || s.tried == 0 && s.fault == nil:
		case s.skipped && s.fault.Code == pipeline.FaultForbidden:
			closed = append(closed, s)
		default:
			return
		}
	}
	for _, s := range closed {
		s.skipped, s.fault = false, fault(s.name)
	}
}

func nothingOpened(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultForbidden, Scope: scope,
		Text: pipeline.Text{
			RU: "Beget принял пароль, но не открывает ни одного раздела. Включите в панели Beget «Разрешить аутентификацию по API» и права этой учётной записи.",
			EN: "Beget accepted the password but opens no section. Allow authentication by API and this account's rights in Beget's panel.",
		},
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

func (s *scopeReport) result() pipeline.ScopeResult {
	out := pipeline.ScopeResult{Scope: s.name, Label: scopeLabel(s.name), Found: s.found, Skipped: s.skipped}
	if s.fault == nil {
		return out
	}
	f := *s.fault
	f.Scope = s.name
	if s.tried > 1 && s.failed < s.tried {
		add := pipeline.Textf(" (не удалось %d из %d запросов)", " (%d of %d requests failed)", s.failed, s.tried)
		f.Text = pipeline.Text{RU: f.Text.RU + add.RU, EN: f.Text.EN + add.EN}
	}
	out.Fault = &f
	return out
}

// outcome closes the report with what the session knows of clocks.
func (s *session) outcome(r *report) pipeline.Outcome {
	out := pipeline.Outcome{Notes: r.notes, CloudTime: s.edge.CloudTime()}
	for _, sc := range r.scopes {
		out.Scopes = append(out.Scopes, sc.result())
	}
	if f := s.edge.ClockFault(); f != nil {
		out.Notes = append(out.Notes, pipeline.Note{Code: string(f.Code), Text: f.Text, Count: 1})
	}
	return out
}

// stopped gives the fault of a task that was cancelled; nil while it runs on.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	f := &pipeline.Fault{
		Code:  pipeline.FaultUnavailable,
		Text:  pipeline.Text{RU: "Сбор остановлен до конца. Он продолжится сам.", EN: "Collection was stopped before its end. It continues by itself."},
		Retry: true,
		Err:   ctx.Err(),
	}
	return f
}
