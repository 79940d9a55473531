package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// withSession collects a window with a session of its connection and fills the result.
func (c *Collector) withSession(ctx context.Context, w Window, l *lease, log *slog.Logger, r *Result) error {
	p, ok := c.providers[w.Connection.Kind]
	if !ok {
		return fmt.Errorf("cannot collect: no provider %q", w.Connection.Kind)
	}
	spec, ok := specOf(p.info.Feeds, &w)
	if !ok {
		return fmt.Errorf("cannot collect: the provider %s has no feed %s by %s", w.Connection.Kind, w.Feed, w.Grain)
	}
	mappings, err := c.mappings(ctx, &w)
	if err != nil {
		return err
	}
	session, err := c.session(ctx, w, &p, log)
	if err != nil {
		return err
	}
	t := &task{
		ledger: c.deps.Ledger, windows: c.deps.Windows, window: w, info: p.info, spec: spec, zone: p.zone, lang: c.config.Lang, log: log, read: c.scopesRead(w.Account.Connection),
		options:  SliceOptions{MaxLines: c.config.MaxLines, Memo: c.memo, Now: c.deps.Windows.Now, Guard: l.guard, Types: &mappings},
		mappings: mappings,
	}
	if spec.After == pipeline.FeedInventory {
		t.listed = c.listing(w.Account.Connection, w.StoreNow)
	}
	outcome, err := c.runTask(ctx, t, session)
	if err == nil && spec.Feed == pipeline.FeedInventory {
		c.keepScopesRead(w.Account.Connection, t.read)
		c.keepListing(t, &outcome, w.StoreNow)
	}
	r.Outcome, r.Found, r.Appended = session.redactor.outcome(outcome), t.found, t.appended
	if err != nil && !errors.Is(err, ErrLeaseLost) && ctx.Err() == nil {
		err = session.redactor.fault(pipeline.AsFault(err))
	}
	c.putBack(ctx, session, err)
	return err
}

// scopesRead is when this collector read each scope of a connection whole: an own copy.
func (c *Collector) scopesRead(id pipeline.ConnectionID) map[string]time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	read := maps.Clone(c.read[id])
	if read == nil {
		read = map[string]time.Time{}
	}
	return read
}

func (c *Collector) keepScopesRead(id pipeline.ConnectionID, read map[string]time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read[id] = read
}

// specOf finds the feed that a window is of. A feed of objects has snapshot windows too, which list them.
func specOf(feeds []pipeline.FeedSpec, w *Window) (pipeline.FeedSpec, bool) {
	for _, f := range feeds {
		sameGrain := f.Grain == w.Grain || f.Grain == pipeline.GrainObject && w.Grain == pipeline.GrainSnapshot ||
			f.Grain == pipeline.GrainHour && w.Grain == pipeline.GrainDay
		if f.Feed == w.Feed && sameGrain {
			return f, true
		}
	}
	return pipeline.FeedSpec{}, false
}

func (c *Collector) session(ctx context.Context, w Window, p *provider, log *slog.Logger) (*openSession, error) {
	if s := c.sessions.take(sessionKey{w.Account.Connection, w.Connection.Version}); s != nil {
		return s, nil
	}
	settings, version, err := c.deps.Windows.Secrets(ctx, w.Account)
	if err != nil {
		return nil, fmt.Errorf("cannot read the connection's settings: %w", err)
	}
	redactor := newRedactor(p.info.Fields, settings)
	env, err := c.env(ctx, w, redactor.logger(log))
	if err != nil {
		return nil, err
	}
	s, err := p.Open(settings, env)
	if err != nil {
		return nil, redactor.fault(pipeline.AsFault(err))
	}
	c.metrics.sessions.Inc()
	return &openSession{Session: s, key: sessionKey{w.Account.Connection, version}, redactor: redactor}, nil
}

func (c *Collector) env(ctx context.Context, w Window, log *slog.Logger) (pipeline.Env, error) {
	store, err := c.deps.Windows.Now(ctx)
	if err != nil {
		return pipeline.Env{}, fmt.Errorf("cannot read the store's clock: %w", err)
	}
	local := time.Now()
	env := pipeline.Env{
		Now: func() time.Time { return store.Add(time.Since(local)) }, Log: log, Wait: c.patient(w.Connection.Kind), TempDir: c.config.TempDir,
	}
	if c.deps.HTTP != nil {
		env.HTTP = c.yielding(w.Connection.Kind, c.deps.HTTP(w.Connection.Kind))
	}
	if c.deps.Uploads != nil {
		env.Uploads = c.deps.Uploads(w.Account)
	}
	return env, nil
}

// yielding is a client whose requests leave the window's place to another one until the cloud begins to answer: a cloud that is
// slow or down takes no place from the others.
func (c *Collector) yielding(kind pipeline.Kind, client *http.Client) *http.Client {
	own := *client
	base := own.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	own.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		c.wait(kind, 1)
		defer c.wait(kind, -1)
		c.Wake()
		timer := time.AfterFunc(silence, func() {
			c.fallSilent(kind, 1)
			c.Wake()
		})
		defer func() {
			if !timer.Stop() {
				c.fallSilent(kind, -1)
			}
		}()
		resp, err := base.RoundTrip(r)
		if err == nil {
			c.hear(kind)
		}
		return resp, err
	})
	return &own
}

// silence is how long a window waits for the beginning of an answer before it is no part of the crowd any more, when its cloud has not
// answered others either. hearing is how long an answer counts: a cloud that gave none for so long begins few windows.
const (
	silence = 500 * time.Millisecond
	hearing = 5 * time.Second
)

func (c *Collector) hear(kind pipeline.Kind) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard[kind] = time.Now()
}

func (c *Collector) fallSilent(kind pipeline.Kind, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent[kind] += n
}

// roundTripper is a function as an http.RoundTripper.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// patient waits for a cloud's limit. A window that waits leaves its place to another one.
func (c *Collector) patient(kind pipeline.Kind) func(context.Context, string, pipeline.RateLimit) error {
	return func(ctx context.Context, key string, limit pipeline.RateLimit) error {
		c.wait(kind, 1)
		defer c.wait(kind, -1)
		c.Wake()
		return c.deps.Windows.Wait(ctx, key, limit)
	}
}

func (c *Collector) wait(kind pipeline.Kind, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting[kind] += n
}

// putBack keeps a session for the next window, or ends it when it may be what is wrong.
func (c *Collector) putBack(ctx context.Context, s *openSession, err error) {
	if err == nil {
		c.sessions.give(s, time.Now())
		return
	}
	c.metrics.sessions.Dec()
	closeAll(ctx, []*openSession{s})
}

// errPanic is a panic of a provider.
var errPanic = errors.New("panic")

// runTask runs a task within its time. A panic is a fault of this window alone.
func (c *Collector) runTask(ctx context.Context, t *task, s pipeline.Session) (outcome pipeline.Outcome, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.TaskTimeout, errTooLong)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			t.abort()
			t.log.Error("provider panicked", "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			outcome, err = pipeline.Outcome{}, fmt.Errorf("cannot collect: %w of type %T", errPanic, p)
		}
	}()
	outcome, err = t.run(ctx, s)
	if err != nil && errors.Is(context.Cause(ctx), errTooLong) {
		err = tooLong(c.config.TaskTimeout, err)
	}
	return outcome, err
}

func (t *task) abort() {
	for _, w := range t.writers {
		w.Abort()
	}
}

var errTooLong = errors.New("the window took too long")

func tooLong(limit time.Duration, err error) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultTimeout, Retry: true, Err: fmt.Errorf("%w: %w", errTooLong, err),
		Text: pipeline.Textf(
			"Облако не успело отдать данные за %s. Повторим сами; прочитанное раньше осталось без изменений.",
			"The cloud did not give the data within %s. It will be tried again; what was read before stays as it was.", limit),
	}
}
