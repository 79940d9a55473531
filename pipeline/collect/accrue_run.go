package collect

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// SyncLog tells what earlier snapshots saw. A ledger that has it lets accrual begin where the last whole one ended; of one that
// has not, everything is worked out anew each time.
type SyncLog interface {
	// Syncs gives the snapshots of a connection, newest first.
	Syncs(ctx context.Context, tenant pipeline.TenantID, c pipeline.ConnectionID, limit int) ([]pipeline.SyncSummary, error)
	// LastWhole gives the instant of the newest snapshot that was whole; zero when there is none.
	LastWhole(ctx context.Context, a Account) (time.Time, error)
}

// lastWhole is the instant of the newest snapshot that was whole; zero when there is none.
func lastWhole(ctx context.Context, l Ledger, a Account) (time.Time, error) {
	log, ok := l.(SyncLog)
	if !ok {
		return time.Time{}, nil
	}
	last, err := log.LastWhole(ctx, a)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read earlier snapshots: %w", err)
	}
	return last, nil
}

// accruedAtOnce is how many lines are worked out, compared and appended at once: enough that the engine is asked rarely, and
// little enough for a small collector's memory.
const accruedAtOnce = 12_500

// accruing works out the charges of one snapshot.
type accruing struct {
	ledger  Ledger
	account Account
	options SliceOptions
	accrual Accrual
	spec    pipeline.FeedSpec
	// prev are the states before the snapshot, changes what it brought, last the newest whole snapshot before it, read when
	// each scope was read whole after that.
	prev    []pipeline.ResourceState
	changes Changes
	last    time.Time
	read    map[string]time.Time
	// covered are the days on which files stand for what was accrued: nothing is charged then.
	covered *coverage
}

// run replaces the charges of every day that the snapshot bears on. Resources whose end is not known to the hour, and those
// that the snapshot could not see, keep the charges they have.
func (r *accruing) run(ctx context.Context) (found, appended int64, err error) {
	from := r.reach()
	history, err := r.earlier(ctx, from)
	if err != nil {
		return 0, 0, err
	}
	history = append(slices.Clone(history), r.changes.Changed...)
	slices.SortStableFunc(history, func(a, b pipeline.ResourceState) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), a.SeenAt.Compare(b.SeenAt))
	})
	live, lines := r.computed(groupStates(history))
	for _, p := range pieces(period{from, r.accrual.Through}, r.accrual.Zone, lines, min(r.options.maxLines(), accruedAtOnce)) {
		f, a, err := r.write(ctx, live, p)
		found, appended = found+f, appended+a
		if err != nil {
			return found, appended, err
		}
	}
	return found, appended, nil
}

// earlier gives the prices of before the snapshot; there are none when it is the first.
func (r *accruing) earlier(ctx context.Context, from time.Time) ([]pipeline.ResourceState, error) {
	if len(r.prev) == 0 {
		return nil, nil
	}
	history, err := r.ledger.RateHistory(ctx, r.account, from)
	if err != nil {
		return nil, fmt.Errorf("cannot read earlier prices: %w", err)
	}
	return history, nil
}

// computed leaves out the resources whose charges stay as they are, and estimates the lines of an hour of the others.
func (r *accruing) computed(groups [][]pipeline.ResourceState) (live map[string][]pipeline.ResourceState, lines int) {
	live = make(map[string][]pipeline.ResourceState, len(groups))
	for _, states := range groups {
		last := &states[len(states)-1]
		known := r.changes.Seen[last.ID]
		if !last.DeletedAt.IsZero() {
			known = removedAt(last.Events).Equal(last.DeletedAt)
		}
		if known {
			live[last.ID] = states
			lines += len(last.Rates)
		}
	}
	return live, lines
}

func (r *accruing) write(ctx context.Context, live map[string][]pipeline.ResourceState, p period) (found, appended int64, err error) {
	w := NewWriter(r.ledger, r.account, pipeline.Slice{Source: SourceAccrual, From: p.from, To: p.to}, r.options)
	w.keep = func(l pipeline.Line) bool { return live[l.ResourceID] == nil }
	w.never, w.keeps = r.covered.has, r.keeps(live, p)
	defer w.Abort()
	for _, states := range live {
		for _, c := range r.accrual.Charges(states, p.from, p.to) {
			if r.covered.has(c.Start) {
				continue
			}
			if err := w.Add(ctx, c); err != nil {
				return 0, 0, err
			}
		}
	}
	err = w.Commit(ctx)
	return w.Found, w.Appended, err
}

// keeps sums up which resources' lines stay as they are in a period.
func (r *accruing) keeps(live map[string][]pipeline.ResourceState, p period) digest {
	names := slices.Sorted(maps.Keys(live))
	for day := dayOf(p.from, r.accrual.Zone); day.Before(p.to); day = nextDay(day, r.accrual.Zone) {
		if r.covered.has(day) {
			names = append(names, fmt.Sprint("covered ", day.Unix()))
		}
	}
	h := sha256.New()
	for _, n := range names {
		_, _ = fmt.Fprintf(h, "%d:%s", len(n), n)
	}
	sum := h.Sum(nil)
	var d digest
	for i := range d {
		d[i] = binary.BigEndian.Uint64(sum[8*i:])
	}
	return d
}

// reach is the first day that must be worked out: of the last time that the scopes of what is seen were read whole, of what
// the cloud may still restate, or of what a state or an event that is new reaches back to.
func (r *accruing) reach() time.Time {
	from := r.accrual.Through
	held := make(map[string]*pipeline.ResourceState, len(r.prev))
	for i := range r.prev {
		p := &r.prev[i]
		held[p.ID] = p
		if !r.changes.Seen[p.ID] {
			continue
		}
		if last := later(r.last, r.read[p.Scope]); last.IsZero() {
			from = earlier(from, reachOf(nil, p))
		} else {
			from = earlier(from, last.Add(-r.spec.Restated))
		}
	}
	for i := range r.changes.Changed {
		s := &r.changes.Changed[i]
		from = earlier(from, reachOf(held[s.ID], s))
	}
	return dayOf(later(from, r.accrual.NotBefore), r.accrual.Zone)
}

// reachOf is the earliest instant whose cost a state may change.
func reachOf(prev, s *pipeline.ResourceState) time.Time {
	from := hourOf(s.SeenAt)
	events := s.Events
	if prev == nil {
		if !s.CreatedAt.IsZero() {
			from = earlier(from, s.CreatedAt)
		}
	} else {
		events = newEvents(prev.Events, events)
		if !s.CreatedAt.Equal(prev.CreatedAt) {
			from = earlier(from, earlierKnown(prev.CreatedAt, s.CreatedAt))
		}
	}
	for _, e := range events {
		from = earlier(from, e.Time)
	}
	if !s.DeletedAt.IsZero() {
		from = earlier(from, s.DeletedAt)
	}
	return from
}

func earlierKnown(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	if b.IsZero() {
		return a
	}
	return earlier(a, b)
}

// pieces cuts whole days, from the start of the first one to the end of that in which the period ends, so that no piece has
// more lines than are compared in memory, nor is shorter than an hour. Days go together by 2, 4, 8 and so on, always the same
// ones, whenever they are cut: two collectors that write the same days at once write the same slices.
func pieces(p period, zone *time.Location, linesOfHour, most int) []period {
	var out []period
	for at := p.from; at.Before(p.to); {
		days := 1
		next := nextDay(at, zone)
		for wider := 2; wider*24*linesOfHour <= most && wider <= maxDays && dayNumber(at, zone)%wider == 0; wider *= 2 {
			end := daysOn(at, wider, zone)
			if end.After(nextDay(p.to.Add(-time.Nanosecond), zone)) {
				break
			}
			days, next = wider, end
		}
		if days == 1 {
			out = append(out, piecesOfDay(period{at, next}, linesOfHour, most)...)
		} else {
			out = append(out, period{at, next})
		}
		at = next
	}
	return out
}

// maxDays is how many days are compared and appended at once: an INSERT into many months is atomic in none but each.
const maxDays = 32

// dayNumber counts the days of the calendar.
func dayNumber(t time.Time, zone *time.Location) int {
	y, m, d := t.In(zone).Date()
	return int(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60))
}

func daysOn(t time.Time, days int, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+days, 0, 0, 0, 0, zone).UTC()
}

func piecesOfDay(day period, linesOfHour, most int) []period {
	hours := 24
	for _, n := range []int{24, 12, 8, 6, 4, 3, 2, 1} {
		if hours = n; n*linesOfHour <= most {
			break
		}
	}
	if hours == 24 {
		return []period{day}
	}
	var out []period
	for at := day.from; at.Before(day.to); {
		next := earlier(at.Add(time.Duration(hours)*time.Hour), day.to)
		out = append(out, period{at, next})
		at = next
	}
	return out
}
