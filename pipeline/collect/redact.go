package collect

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// redactor takes a connection's secrets out of everything that leaves a session. Providers do so themselves; this is the
// second lock on the door.
type redactor struct{ replace *strings.Replacer }

// shortestSecret is the length below which a secret's value is too common a word to be replaced.
const shortestSecret = 4

func newRedactor(fields []pipeline.Field, settings pipeline.Settings) *redactor {
	var pairs []string
	for _, f := range fields {
		if v := settings[f.Name]; f.Secret && len(v) >= shortestSecret {
			pairs = append(pairs, v, "[secret]")
			if q := url.QueryEscape(v); q != v {
				pairs = append(pairs, q, "[secret]")
			}
		}
	}
	return &redactor{replace: strings.NewReplacer(pairs...)}
}

func (r *redactor) text(t pipeline.Text) pipeline.Text {
	return pipeline.Text{RU: r.replace.Replace(t.RU), EN: r.replace.Replace(t.EN)}
}

func (r *redactor) fault(f *pipeline.Fault) *pipeline.Fault {
	if f == nil {
		return nil
	}
	clean := *f
	clean.Scope, clean.Text = r.replace.Replace(f.Scope), r.text(f.Text)
	if f.Err != nil {
		clean.Err = errors.New(r.replace.Replace(f.Err.Error()))
	}
	return &clean
}

func (r *redactor) outcome(o pipeline.Outcome) pipeline.Outcome {
	scopes := make([]pipeline.ScopeResult, len(o.Scopes))
	for i, s := range o.Scopes {
		s.Label, s.Fault = r.text(s.Label), r.fault(s.Fault)
		scopes[i] = s
	}
	notes := make([]pipeline.Note, len(o.Notes))
	for i, n := range o.Notes {
		n.Text = r.text(n.Text)
		notes[i] = n
	}
	o.Scopes, o.Notes = scopes, notes
	return o
}

// logger gives a session's logger, whose messages and values are cleaned too.
func (r *redactor) logger(log *slog.Logger) *slog.Logger {
	return slog.New(&redactingHandler{Handler: log.Handler(), redactor: r})
}

type redactingHandler struct {
	slog.Handler
	redactor *redactor
}

// Handle implements slog.Handler.
func (h *redactingHandler) Handle(ctx context.Context, rec slog.Record) error {
	clean := slog.NewRecord(rec.Time, rec.Level, h.redactor.replace.Replace(rec.Message), rec.PC)
	rec.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.clean(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

func (h *redactingHandler) clean(a slog.Attr) slog.Attr {
	if v := a.Value.Resolve(); v.Kind() == slog.KindString || v.Kind() == slog.KindAny || v.Kind() == slog.KindGroup {
		a.Value = slog.StringValue(h.redactor.replace.Replace(v.String()))
	}
	return a
}

// WithAttrs implements slog.Handler.
func (h *redactingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = h.clean(a)
	}
	return &redactingHandler{Handler: h.Handler.WithAttrs(clean), redactor: h.redactor}
}

// WithGroup implements slog.Handler.
func (h *redactingHandler) WithGroup(name string) slog.Handler {
	return &redactingHandler{Handler: h.Handler.WithGroup(name), redactor: h.redactor}
}
