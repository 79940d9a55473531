package collect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// SourceFile begins the name of every source that is a file; the file's key follows.
const SourceFile = "file:"

// FilePeriod is a charge period that lines of files have, or once had.
type FilePeriod struct {
	From, To time.Time // UTC
	// Held is true while a file holds a line of that period.
	Held bool
	// Touched is true when a file asked about holds or once held such a line.
	Touched bool
}

// coverage are the days of a billing zone on which files stand for what was accrued.
type coverage struct {
	zone *time.Location
	days map[int64]bool // by the first second of the day
}

func (c *coverage) has(t time.Time) bool {
	return c != nil && len(c.days) > 0 && c.days[dayOf(t, c.zone).Unix()]
}

// supersededBy tells whether a provider has files that stand for what was accrued.
func supersededBy(feeds []pipeline.FeedSpec) bool {
	return slices.ContainsFunc(feeds, func(f pipeline.FeedSpec) bool { return f.Supersedes })
}

// coverage reads which days are covered, and which of them, or of those that were covered once, the sources have to do with.
func (t *task) coverage(ctx context.Context, sources []string) (covered *coverage, touched []time.Time, err error) {
	if !supersededBy(t.info.Feeds) {
		return nil, nil, nil
	}
	periods, err := t.ledger.FilePeriods(ctx, t.window.Account, sources)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the days of files: %w", err)
	}
	covered = &coverage{zone: t.zone, days: map[int64]bool{}}
	seen := map[int64]bool{}
	for _, p := range periods {
		for day := dayOf(p.From, t.zone); day.Equal(dayOf(p.From, t.zone)) || day.Before(p.To); day = nextDay(day, t.zone) {
			if p.Held {
				covered.days[day.Unix()] = true
			}
			if p.Touched && !seen[day.Unix()] {
				seen[day.Unix()] = true
				touched = append(touched, day)
			}
		}
	}
	slices.SortFunc(touched, time.Time.Compare)
	return covered, touched, nil
}

// supersede brings what was accrued into line with the files that the task has written: it is taken back on the days that a
// file covers now, and comes back on those that no file covers any more. It looks at nothing but what is held, so it may
// be repeated.
func (t *task) supersede(ctx context.Context) error {
	i := slices.IndexFunc(t.info.Feeds, func(f pipeline.FeedSpec) bool { return f.Accrues })
	sources := t.sources()
	if !t.spec.Supersedes || i < 0 || len(sources) == 0 {
		return nil
	}
	covered, touched, err := t.coverage(ctx, sources)
	if err != nil || len(touched) == 0 {
		return err
	}
	last, err := lastWhole(ctx, t.ledger, t.window.Account)
	if err != nil {
		return err
	}
	run := restoring{
		ledger: t.ledger, account: t.window.Account, options: t.options, covered: covered, last: last, read: t.read,
		accrual: Accrual{Provider: t.info.Title.EN, Zone: t.zone, NotBefore: t.notBeforeOf(&t.info.Feeds[i]), Step: stepOf(&t.info.Feeds[i])},
	}
	appended, err := run.run(ctx, touched)
	t.appended += appended
	return err
}

// sources are those that the task opened slices of.
func (t *task) sources() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var sources []string
	for _, w := range t.writers {
		if !slices.Contains(sources, w.slice.Source) {
			sources = append(sources, w.slice.Source)
		}
	}
	return sources
}

// restoring works out anew what was accrued on given days, from what earlier snapshots told.
type restoring struct {
	ledger  Ledger
	account Account
	options SliceOptions
	accrual Accrual
	covered *coverage
	// last is the newest whole snapshot, read when each scope was read whole after that.
	last time.Time
	read map[string]time.Time
}

func (r *restoring) run(ctx context.Context, days []time.Time) (appended int64, err error) {
	history, err := r.ledger.RateHistory(ctx, r.account, days[0])
	if err != nil {
		return 0, fmt.Errorf("cannot read earlier prices: %w", err)
	}
	history = slices.Clone(history)
	slices.SortStableFunc(history, func(a, b pipeline.ResourceState) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), a.SeenAt.Compare(b.SeenAt))
	})
	groups, lines := groupStates(history), 0
	for _, states := range groups {
		lines += len(states[len(states)-1].Rates)
	}
	for _, day := range days {
		for _, p := range piecesOfDay(period{day, nextDay(day, r.accrual.Zone)}, lines, min(r.options.maxLines(), accruedAtOnce)) {
			n, err := r.write(ctx, groups, p)
			appended += n
			if err != nil {
				return appended, err
			}
		}
	}
	return appended, nil
}

func (r *restoring) write(ctx context.Context, groups [][]pipeline.ResourceState, p period) (appended int64, err error) {
	w := NewWriter(r.ledger, r.account, pipeline.Slice{Source: SourceAccrual, From: p.from, To: p.to}, r.options)
	w.keep = func(pipeline.Line) bool { return false } // no line is left, and none is staged
	defer w.Abort()
	for _, states := range groups {
		if r.covered.has(p.from) {
			break
		}
		accrual := r.accrual
		accrual.Through = r.through(&states[len(states)-1])
		for _, c := range accrual.Charges(states, p.from, p.to) {
			if err := w.Add(ctx, c); err != nil {
				return 0, err
			}
		}
	}
	err = w.Commit(ctx)
	return w.Appended, err
}

// through is the instant up to which a resource was charged: when it was seen last.
func (r *restoring) through(s *pipeline.ResourceState) time.Time {
	if !s.DeletedAt.IsZero() && !removedAt(s.Events).Equal(s.DeletedAt) {
		return s.DeletedAt
	}
	return later(s.SeenAt, later(r.last, r.read[s.Scope]))
}
