package collecttest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// Windows is a collect.Windows in memory, with a clock that stands still until it is moved.
type Windows struct {
	mu          sync.Mutex
	now         time.Time
	connections map[pipeline.ConnectionID]pipeline.Connection
	settings    map[pipeline.ConnectionID]pipeline.Settings
	rows        []*row
	leases      int64
	finished    []Finished
	types       types
	// Shuffle, when set, puts the due windows into another order before they are given out.
	Shuffle func(n int, swap func(i, j int))
}

// Finished is one mark of a window.
type Finished struct {
	Holder string
	Window collect.Window
	Result collect.Result
}

type row struct {
	window    collect.Window
	priority  int
	due       time.Time // zero when nothing is owed
	succeeded time.Time
	tried     bool
	version   string // of the object that was collected
	holder    string
	edition   int64 // the connection's version under the lease
}

var _ collect.Windows = (*Windows)(nil)

// NewWindows makes an empty store whose clock shows now.
func NewWindows(now time.Time) *Windows {
	return &Windows{
		now: now, connections: map[pipeline.ConnectionID]pipeline.Connection{}, settings: map[pipeline.ConnectionID]pipeline.Settings{},
	}
}

// Set puts the clock to an instant.
func (s *Windows) Set(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

// Connect adds a connection, or an edit of it.
func (s *Windows) Connect(c pipeline.Connection, settings pipeline.Settings) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections[c.ID], s.settings[c.ID] = c, settings
}

// Finished gives the marks made so far.
func (s *Windows) Finished() []Finished {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.finished)
}

// AllDue makes every window due now, whatever was done.
func (s *Windows) AllDue() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		r.due, r.version = s.now, ""
	}
}

// Steal ends every lease, as if it had run out and another collector had taken the window and given it up.
func (s *Windows) Steal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		s.leases++
		r.window.Lease, r.window.LeasedUntil = s.leases, time.Time{}
	}
}

// Now implements collect.Windows.
func (s *Windows) Now(ctx context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now, ctx.Err()
}

// Connections implements collect.Windows.
func (s *Windows) Connections(context.Context) ([]pipeline.Connection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Collect(maps.Values(s.connections))
	slices.SortFunc(list, func(a, b pipeline.Connection) int { return cmp.Compare(a.ID, b.ID) })
	return slices.DeleteFunc(list, func(c pipeline.Connection) bool { return c.Paused }), nil
}

// Secrets implements collect.Windows.
func (s *Windows) Secrets(_ context.Context, a collect.Account) (pipeline.Settings, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.connections[a.Connection]
	if !ok || c.TenantID != a.Tenant {
		return nil, 0, pipeline.ErrNotFound
	}
	return maps.Clone(s.settings[a.Connection]), c.Version, nil
}

// Plan implements collect.Windows.
func (s *Windows) Plan(_ context.Context, a collect.Account, plans []collect.WindowPlan) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range plans {
		r := s.find(a, &p)
		if r == nil {
			r = &row{window: collect.Window{ID: int64(len(s.rows) + 1), Account: a, Feed: p.Feed, Grain: p.Grain, From: p.From, To: p.To}}
			s.rows = append(s.rows, r)
			r.due = p.DueAt
		}
		if r.window.LeasedUntil.After(s.now) {
			continue
		}
		r.plan(&p)
	}
	return nil
}

func (r *row) plan(p *collect.WindowPlan) {
	r.priority = p.Priority
	switch {
	case p.Grain == pipeline.GrainObject:
		if r.window.Object.Version != p.Object.Version && r.version != p.Object.Version {
			r.due = p.DueAt
		}
		r.window.Object = p.Object
	case r.due.IsZero() && p.DueAt.After(r.succeeded):
		r.due = p.DueAt
	}
}

func (s *Windows) find(a collect.Account, p *collect.WindowPlan) *row {
	for _, r := range s.rows {
		w := &r.window
		if w.Account == a && w.Feed == p.Feed && w.From.Equal(p.From) && w.To.Equal(p.To) && w.Object.Key == p.Object.Key {
			return r
		}
	}
	return nil
}

// Claim implements collect.Windows.
func (s *Windows) Claim(ctx context.Context, holder string, n int, length time.Duration, limits collect.ClaimLimits) ([]collect.Window, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	held, taken := map[pipeline.ConnectionID]int{}, map[pipeline.Kind]map[pipeline.ConnectionID]bool{}
	var due []*row
	for _, r := range s.rows {
		c, ok := s.connections[r.window.Account.Connection]
		switch {
		case !ok || c.Paused:
		case r.window.LeasedUntil.After(s.now):
			held[c.ID]++
		case !r.due.IsZero() && !r.due.After(s.now):
			due = append(due, r)
		}
	}
	slices.SortStableFunc(due, func(a, b *row) int { return cmp.Compare(a.priority, b.priority) })
	if s.Shuffle != nil {
		s.Shuffle(len(due), func(i, j int) { due[i], due[j] = due[j], due[i] })
	}
	var windows []collect.Window
	for _, r := range due {
		c := s.connections[r.window.Account.Connection]
		most, known := limits.PerConnection[c.Kind]
		if !known {
			most = 1
		}
		if taken[c.Kind] == nil {
			taken[c.Kind] = map[pipeline.ConnectionID]bool{}
		}
		if room, bounded := limits.PerKind[c.Kind]; bounded && !taken[c.Kind][c.ID] && len(taken[c.Kind]) >= room {
			continue
		}
		if len(windows) < n && held[c.ID] < most {
			taken[c.Kind][c.ID] = true
			held[c.ID]++
			windows = append(windows, s.take(r, c, holder, length))
		}
	}
	return windows, nil
}

func (s *Windows) take(r *row, c pipeline.Connection, holder string, length time.Duration) collect.Window {
	s.leases++
	w := &r.window
	w.Connection, w.Lease, w.LeasedUntil, w.StoreNow = c, s.leases, s.now.Add(length), s.now
	w.Attempt++
	r.holder, r.edition, r.tried = holder, c.Version, true
	return *w
}

func (s *Windows) held(w *collect.Window) (*row, error) {
	for _, r := range s.rows {
		if r.window.ID == w.ID && r.window.Lease == w.Lease && !r.window.LeasedUntil.IsZero() {
			return r, nil
		}
	}
	return nil, collect.ErrLeaseLost
}

// Extend implements collect.Windows.
func (s *Windows) Extend(ctx context.Context, w collect.Window, length time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := s.held(&w)
	if err == nil {
		r.window.LeasedUntil = s.now.Add(length)
	}
	return err
}

// Finish implements collect.Windows.
func (s *Windows) Finish(ctx context.Context, w collect.Window, result collect.Result) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	r, err := s.held(&w)
	if err != nil {
		return err
	}
	r.window.LeasedUntil = time.Time{}
	if c, ok := s.connections[w.Account.Connection]; !ok || c.Version != r.edition {
		r.due, r.window.Attempt = s.now, 0
		return collect.ErrLeaseLost
	}
	r.due = result.RetryAt
	if result.Fault == nil && result.Outcome.Complete() {
		r.succeeded, r.version, r.window.Attempt = w.StoreNow, w.Object.Version, 0
	}
	s.finished = append(s.finished, Finished{Holder: r.holder, Window: w, Result: result})
	return nil
}

// Wait implements collect.Windows. Nothing is limited.
func (s *Windows) Wait(ctx context.Context, _ string, _ pipeline.RateLimit) error { return ctx.Err() }
