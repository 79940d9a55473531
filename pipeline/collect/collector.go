package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
)

// Deps are what a Collector works with. All are required but HTTP and Uploads.
type Deps struct {
	Windows   Windows
	Ledger    Ledger
	Providers []pipeline.Provider
	// HTTP gives the client for the requests of a provider's sessions; http.DefaultClient's when nil.
	HTTP func(pipeline.Kind) *http.Client
	// Uploads gives the files that users gave to a connection; nil where there are none.
	Uploads  func(Account) pipeline.Uploads
	Log      *slog.Logger
	Registry prometheus.Registerer
	// Mappings gives what tenants say of types that no provider recognises; nil when there is no such thing.
	Mappings Mappings
}

// Collector plans windows and collects them. Any number of collectors may share one store of work.
type Collector struct {
	deps      Deps
	config    Config
	providers map[pipeline.Kind]provider
	metrics   *metrics
	sessions  *sessions
	wake      chan struct{}

	mu      sync.Mutex
	running map[pipeline.Kind]int       // windows being collected
	waiting map[pipeline.Kind]int       // those of them that wait for a cloud: for its limit or for an answer
	silent  map[pipeline.Kind]int       // those of them that have waited for the beginning of an answer for long
	heard   map[pipeline.Kind]time.Time // when a cloud last began an answer
	health  health
	memo    *Memo
	planned map[pipeline.ConnectionID]planned
	read    map[pipeline.ConnectionID]map[string]time.Time // when each scope was read whole
	listed  map[pipeline.ConnectionID]listing
}

type provider struct {
	pipeline.Provider
	info pipeline.Info
	zone *time.Location
}

// planned is when a connection was last planned in full and at all.
type planned struct {
	version    int64
	full, last time.Time
}

// New makes a collector. It works when Work is called.
func New(deps Deps, config Config) (*Collector, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("cannot make a collector: %w", err)
	}
	c := &Collector{
		deps: deps, config: config, providers: map[pipeline.Kind]provider{}, metrics: newMetrics(deps.Registry),
		sessions: newSessions(), wake: make(chan struct{}, 1),
		running: map[pipeline.Kind]int{}, waiting: map[pipeline.Kind]int{}, silent: map[pipeline.Kind]int{}, heard: map[pipeline.Kind]time.Time{},
		health: health{}, memo: NewMemo(), planned: map[pipeline.ConnectionID]planned{},
		read: map[pipeline.ConnectionID]map[string]time.Time{}, listed: map[pipeline.ConnectionID]listing{},
	}
	for _, p := range deps.Providers {
		info := p.Info()
		zone, err := time.LoadLocation(info.BillingZone)
		if err != nil {
			return nil, fmt.Errorf("cannot use the provider %s: %w", info.Kind, err)
		}
		c.providers[info.Kind] = provider{Provider: p, info: info, zone: zone}
	}
	return c, nil
}

// replanEvery is how often a connection's windows are planned in full, gaps in the past included.
const replanEvery = 6 * time.Hour

// PlanAll makes the windows of all connections that shall exist now. One connection's trouble is not another's.
func (c *Collector) PlanAll(ctx context.Context) error {
	now, err := c.deps.Windows.Now(ctx)
	if err != nil {
		return c.failed("plan", fmt.Errorf("cannot read the store's clock: %w", err))
	}
	connections, err := c.deps.Windows.Connections(ctx)
	if err != nil {
		return c.failed("plan", fmt.Errorf("cannot list connections: %w", err))
	}
	var errs []error
	for i := range connections {
		if err := c.plan(ctx, &connections[i], now); err != nil {
			errs = append(errs, fmt.Errorf("cannot plan the connection %s: %w", connections[i].ID, err))
		}
	}
	c.forget(connections)
	c.Wake()
	if err := errors.Join(errs...); err != nil {
		return c.failed("plan", err)
	}
	return nil
}

func (c *Collector) failed(step string, err error) error {
	c.metrics.failures.WithLabelValues(step).Inc()
	return err
}

func (c *Collector) plan(ctx context.Context, conn *pipeline.Connection, now time.Time) error {
	p, ok := c.providers[conn.Kind]
	if !ok {
		return nil
	}
	c.mu.Lock()
	before := c.planned[conn.ID]
	c.mu.Unlock()
	since := before.last
	if before.version != conn.Version || now.Sub(before.full) >= replanEvery {
		since = time.Time{}
	}
	plans := Plan(p.info.Feeds, p.zone, *conn, now, since)
	if err := c.deps.Windows.Plan(ctx, Account{Tenant: conn.TenantID, Connection: conn.ID}, plans); err != nil {
		return err
	}
	c.metrics.planned.Add(float64(len(plans)))
	done := planned{version: conn.Version, full: before.full, last: now}
	if since.IsZero() {
		done.full = now
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.planned[conn.ID] = done
	return nil
}

// forget drops what is known of connections that are gone or paused.
func (c *Collector) forget(connections []pipeline.Connection) {
	kept := make(map[pipeline.ConnectionID]bool, len(connections))
	for i := range connections {
		kept[connections[i].ID] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.planned, func(id pipeline.ConnectionID, _ planned) bool { return !kept[id] })
	maps.DeleteFunc(c.read, func(id pipeline.ConnectionID, _ map[string]time.Time) bool { return !kept[id] })
	maps.DeleteFunc(c.listed, func(id pipeline.ConnectionID, _ listing) bool { return !kept[id] })
}

// Wake makes Work look for due windows at once. It never blocks.
func (c *Collector) Wake() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// claimPause is the shortest time between two claims: windows that end meanwhile are replaced together. After a claim that got all it
// asked for the next one comes sooner, for there is more to do.
const (
	claimPause     = 400 * time.Millisecond
	fullClaimPause = 50 * time.Millisecond
)

// errStopping ends windows that outlast the grace given to them.
var errStopping = errors.New("the collector stops")

// Work collects due windows until ctx ends, looking for them whenever it is woken or a window is done. When ctx ends it
// lets running windows finish for a while, then abandons them: another collector takes them up.
func (c *Collector) Work(ctx context.Context) {
	tasks, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	for ctx.Err() == nil {
		pause := claimPause
		select {
		case <-c.wake:
			if taken, asked := c.claim(ctx, tasks, &wg); taken > 0 && taken == asked {
				pause = fullClaimPause
			}
		case <-ctx.Done():
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
	grace := time.AfterFunc(c.config.Grace, func() { cancel(errStopping) })
	wg.Wait()
	grace.Stop()
	cancel(errStopping)
	c.closeSessions(ctx, 0)
}

// CloseIdle ends sessions that nobody has used for a while.
func (c *Collector) CloseIdle(ctx context.Context) { c.closeSessions(ctx, c.config.SessionIdle) }

func (c *Collector) closeSessions(ctx context.Context, idle time.Duration) {
	before := time.Now().Add(-idle)
	if idle == 0 {
		before = before.Add(time.Hour)
	}
	old := c.sessions.expired(before)
	closeAll(ctx, old)
	c.metrics.sessions.Sub(float64(len(old)))
}

// CollectDue collects what is due, and what becomes due by that, until nothing is left or ctx ends.
func (c *Collector) CollectDue(ctx context.Context) {
	var wg sync.WaitGroup
	defer wg.Wait()
	for ctx.Err() == nil {
		idle := c.idle()
		if taken, _ := c.claim(ctx, ctx, &wg); taken == 0 && idle {
			return
		}
		select {
		case <-c.wake:
		case <-ctx.Done():
		}
	}
}

func (c *Collector) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.running {
		if n > 0 {
			return false
		}
	}
	return true
}

// claim takes as many due windows as there are free workers and sets to work on them. It returns how many it took, and asked for.
func (c *Collector) claim(ctx, tasks context.Context, wg *sync.WaitGroup) (taken, free int) {
	free, limits := c.room()
	if free <= 0 {
		return 0, free
	}
	asked := time.Now()
	windows, err := c.deps.Windows.Claim(ctx, c.config.Holder, free, c.config.Lease, limits)
	if err != nil {
		if ctx.Err() == nil {
			c.deps.Log.Error("cannot claim windows", "error", c.failed("claim", err))
		}
		return 0, free
	}
	for _, w := range windows {
		c.count(w.Connection.Kind, 1)
		wg.Go(func() {
			defer c.Wake()
			defer c.count(w.Connection.Kind, -1)
			c.collect(tasks, w, asked)
		})
	}
	if len(windows) == free {
		c.Wake()
	}
	return len(windows), free
}

func (c *Collector) count(k pipeline.Kind, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[k] += n
	c.metrics.running.Add(float64(n))
}

// crowd is how many times as many windows as workers may be begun and not ended, when most of them wait for clouds. Those of a
// cloud that has not answered lately and is silent come on top: they hold hardly any memory, and a cloud that is down takes no place from
// the others.
const crowd = 3

// room is how many workers are free, and what they may take.
func (c *Collector) room() (free int, limits ClaimLimits) {
	c.mu.Lock()
	defer c.mu.Unlock()
	free, limits = c.config.Workers, ClaimLimits{PerConnection: map[pipeline.Kind]int{}, PerKind: map[pipeline.Kind]int{}}
	all := crowd * c.config.Workers
	for kind, n := range c.running {
		free -= max(0, n-c.waiting[kind])
		all -= n
		if !c.answers(kind) {
			all += min(n, max(0, c.silent[kind]))
		}
	}
	free = min(free, all)
	for kind, p := range c.providers {
		limits.PerConnection[kind] = max(1, p.info.Concurrency)
		if inOrder(p.info.Feeds) {
			limits.PerConnection[kind] = 1
		}
		if len(c.providers) > 1 && c.config.Workers > 1 {
			running, working := c.running[kind], max(0, c.running[kind]-c.waiting[kind])
			most := c.health.share(kind, crowd*c.config.Workers)
			if !c.answers(kind) {
				most = min(most, max(1, c.config.Workers/4)) // its first answer lets the others begin
			}
			limits.PerKind[kind] = max(0, min(c.health.share(kind, c.config.Workers)-working, most-running))
		}
	}
	return free, limits
}

// answers tells whether a cloud has begun an answer lately. The caller holds the lock.
func (c *Collector) answers(kind pipeline.Kind) bool { return time.Since(c.heard[kind]) < hearing }

// inOrder tells whether windows of a connection go one by one: two snapshots of one account at once would work out the same
// days, an import and a snapshot could miss each other's change, and a feed that comes after another must not overtake it.
func inOrder(feeds []pipeline.FeedSpec) bool {
	for _, f := range feeds {
		if f.Accrues || f.Supersedes || f.After != "" {
			return true
		}
	}
	return false
}

// collect does one window: under its lease, with a session, to its mark.
func (c *Collector) collect(tasks context.Context, w Window, asked time.Time) {
	log := c.deps.Log.With("tenant", w.Account.Tenant, "connection", w.Account.Connection, "feed", w.Feed, "window", w.ID)
	began := time.Now()
	if w.Attempt > 1 {
		c.metrics.retries.WithLabelValues(string(w.Connection.Kind), string(w.Feed)).Inc()
	}
	l := newLease(c.deps.Windows, w, c.config.Lease, asked)
	ctx, stop := l.keep(tasks)
	result := c.attempt(ctx, w, l, log)
	lost := context.Cause(ctx)
	stop()
	if lost != nil || result == nil {
		c.metrics.abandoned(w.Connection.Kind, w.Feed)
		log.Info("window abandoned", "cause", lost)
		if !errors.Is(lost, ErrLeaseLost) {
			l.handBack(tasks)
		}
		return
	}
	c.mu.Lock()
	c.health.take(w.Connection.Kind, result)
	c.mu.Unlock()
	now := c.finish(tasks, w, l, result, log)
	c.metrics.finished(&w, result, time.Since(began), now)
	c.tell(log, &w, result, time.Since(began))
}

func (c *Collector) tell(log *slog.Logger, w *Window, r *Result, took time.Duration) {
	level, args := slog.LevelDebug, []any{"found", r.Found, "appended", r.Appended, "attempt", w.Attempt, "duration", took}
	for _, f := range faultsOf(r.Fault, &r.Outcome) {
		level = slog.LevelWarn
		args = append(args, "fault", f.Error())
	}
	log.Log(context.Background(), level, "window collected", args...)
}

// attempt collects a window and says how it went; nil when the lease was lost on the way.
func (c *Collector) attempt(ctx context.Context, w Window, l *lease, log *slog.Logger) *Result {
	r := &Result{}
	var err error
	if r.StartedAt, err = c.deps.Windows.Now(ctx); err == nil {
		err = c.withSession(ctx, w, l, log, r)
	}
	if context.Cause(ctx) != nil || errors.Is(err, ErrLeaseLost) {
		return nil
	}
	if err != nil {
		r.Fault = pipeline.AsFault(err)
	}
	return r
}

// finish marks the window, trying as long as the lease lasts.
func (c *Collector) finish(tasks context.Context, w Window, l *lease, r *Result, log *slog.Logger) time.Time {
	ctx, cancel := context.WithDeadline(context.WithoutCancel(tasks), l.deadline())
	defer cancel()
	now, err := c.deps.Windows.Now(ctx)
	for pause := 100 * time.Millisecond; ; pause *= 2 {
		if err == nil {
			r.FinishedAt, r.RetryAt = now, c.retryAt(now, &w, r)
			err = c.deps.Windows.Finish(ctx, w, *r)
		}
		if err == nil || errors.Is(err, ErrLeaseLost) || ctx.Err() != nil {
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		now, err = c.deps.Windows.Now(ctx)
	}
	if err != nil {
		log.Warn("cannot mark a window", "error", c.failed("finish", err))
	}
	return now
}

func (c *Collector) retryAt(now time.Time, w *Window, r *Result) time.Time {
	faults := faultsOf(r.Fault, &r.Outcome)
	if len(faults) == 0 {
		return time.Time{}
	}
	return now.Add(c.config.Backoff.After(w.Attempt, faults, rand.Float64()))
}
