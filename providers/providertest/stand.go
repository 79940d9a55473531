package providertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// How long the suite's HTTP client waits for an answer. Patience is a guard only; the other one has to run out in tests of a
// stand-in that cannot tell that it is stuck.
const (
	Patience             = 30 * time.Second
	PatienceWithoutStuck = 2 * time.Second
)

// bench is one session under test, with everything that comes out of it.
type bench struct {
	t     *testing.T
	cloud *Cloud
	watch *watch
	log   bytes.Buffer
	said  strings.Builder // errors and outcomes
	s     pipeline.Session
	hide  []string
}

// open opens a session with settings and watches it to the end of the test.
func (c Case) open(t *testing.T, cloud *Cloud, settings pipeline.Settings) *bench {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	b := &bench{t: t, cloud: cloud, watch: &watch{base: transport, stuck: cloud.Stuck}}
	b.hide = append(b.hide, cloud.Secrets...)
	for _, f := range c.Provider.Info().Fields {
		if v := settings[f.Name]; f.Secret && v != "" {
			b.hide = append(b.hide, v, url.QueryEscape(v))
		}
	}
	s, err := c.Provider.Open(settings, b.env(t))
	if err != nil {
		t.Fatalf("cannot open a session: %v", err)
	}
	b.s = s
	t.Cleanup(func() {
		_ = s.Close(context.Background()) // a broken cloud may not answer any more
		transport.CloseIdleConnections()
		b.noSecrets(b.log.String(), "the log")
		b.noSecrets(b.said.String(), "errors and outcomes")
	})
	return b
}

func (b *bench) env(t *testing.T) pipeline.Env {
	now := b.cloud.Now
	if now == nil {
		now = time.Now
	}
	patience := Patience
	if b.cloud.Stuck == nil {
		patience = PatienceWithoutStuck
	}
	return pipeline.Env{
		HTTP: &http.Client{Transport: b.watch, Timeout: patience},
		Now:  now,
		Log:  slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Wait: func(ctx context.Context, key string, limit pipeline.RateLimit) error {
			if key == "" || limit.Burst <= 0 || limit.Per <= 0 {
				t.Errorf("Wait(%q, %+v): a key and a limit are wanted", key, limit)
			}
			b.noSecrets(key, "the key of a rate limit")
			return ctx.Err()
		},
		TempDir: t.TempDir(), Uploads: b.cloud.Uploads,
	}
}

// noSecrets fails the test when text holds a secret.
func (b *bench) noSecrets(text, where string) {
	b.t.Helper()
	for _, s := range b.hide {
		if s != "" && strings.Contains(text, s) {
			b.t.Errorf("%s holds a secret: %.200s", where, around(text, s))
		}
	}
}

func around(text, s string) string {
	i := strings.Index(text, s)
	return text[max(0, i-60):min(len(text), i+len(s)+20)]
}

// told keeps an outcome and an error for the search for secrets, and checks their form.
func (b *bench) told(o pipeline.Outcome, err error) {
	b.t.Helper()
	fmt.Fprintf(&b.said, "%+v\n", o)
	if text, jerr := json.Marshal(o); jerr == nil {
		b.said.Write(text)
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		fmt.Fprintf(&b.said, "%+v %v\n", e, e)
	}
	for _, s := range o.Scopes {
		if s.Scope == "" || s.Label.RU == "" || s.Label.EN == "" {
			b.t.Errorf("scope %+v: a name and a label in both languages are wanted", s)
		}
		if s.Fault != nil {
			b.sentence(s.Fault)
		}
	}
	for _, n := range o.Notes {
		if n.Code == "" || n.Text.RU == "" || n.Text.EN == "" || n.Count <= 0 {
			b.t.Errorf("note %+v: a code, a text in both languages and a count are wanted", n)
		}
	}
	var f *pipeline.Fault
	switch {
	case err == nil:
	case !errors.As(err, &f):
		b.t.Errorf("error %v is no *pipeline.Fault", err)
	default:
		b.sentence(f)
	}
}

// sentence checks that a fault can be read by a user in both languages.
func (b *bench) sentence(f *pipeline.Fault) {
	b.t.Helper()
	if f.Code == "" || f.Code == pipeline.FaultInternal {
		b.t.Errorf("fault %v: a code that a user can act on is wanted", f)
	}
	for _, text := range []string{f.Text.RU, f.Text.EN} {
		if len(text) < 20 || !strings.HasSuffix(strings.TrimRight(text, ")"), ".") && !strings.HasSuffix(text, ")") {
			b.t.Errorf("fault %s: %q is no sentence", f.Code, text)
		}
	}
	if !strings.ContainsAny(f.Text.RU, "абвгдежзийклмнопрстуфхцчшщыэюя") || f.Text.RU == f.Text.EN {
		b.t.Errorf("fault %s: %q is not Russian", f.Code, f.Text.RU)
	}
}

// collect runs one task into a recorder and checks everything that does not depend on the cloud.
func (b *bench) collect(ctx context.Context, task pipeline.Task) (*Recorder, pipeline.Outcome, error) {
	b.t.Helper()
	rec := NewRecorder(task)
	if task.Known == nil {
		task.Known = b.cloud.Known
	}
	out, err := b.s.Collect(ctx, task, rec)
	b.told(out, err)
	for _, p := range rec.Problems(out) {
		b.t.Error(p)
	}
	b.noSecrets(rec.Dump(), "what was handed over")
	return rec, out, err
}

// must is collect without an error.
func (b *bench) must(task pipeline.Task) (*Recorder, pipeline.Outcome) {
	b.t.Helper()
	rec, out, err := b.collect(b.t.Context(), task)
	if err != nil {
		b.t.Fatalf("cannot collect %s: %v", task.Feed, err)
	}
	return rec, out
}

// scopeOf finds a scope's result.
func scopeOf(o pipeline.Outcome, name string) (pipeline.ScopeResult, bool) {
	for _, s := range o.Scopes {
		if s.Scope == name {
			return s, true
		}
	}
	return pipeline.ScopeResult{}, false
}

// within runs f and fails when it does not come back. The time is a guard against a test that hangs, no measure.
func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
	case <-time.After(2 * Patience):
		t.Fatalf("%s does not come back", what)
	}
}
