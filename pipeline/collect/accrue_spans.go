package collect

import (
	"cmp"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// span is a time in which one state of a resource, and its price, held.
type span struct {
	from, to time.Time
	state    *pipeline.ResourceState
	// priced is false when the price in force then is not known.
	priced bool
}

// life is a resource from a creation to a removal.
type life struct {
	states []*pipeline.ResourceState // at least one, in order of SeenAt
	// absent is when the resource was found missing before this life; zero for the first.
	absent time.Time
	end    time.Time // zero while it lives
}

// spansOf tells which state held when, from the states of one resource in order of SeenAt. What lives, lives through
// the instant given.
func spansOf(states []pipeline.ResourceState, through time.Time) []span {
	events := eventsOf(states)
	var spans []span
	for _, l := range livesOf(states) {
		end := l.end
		if end.IsZero() {
			end = through
		}
		spans = append(spans, l.spans(events, end)...)
	}
	return spans
}

func livesOf(states []pipeline.ResourceState) []life {
	var lives []life
	var now life
	for i := range states {
		s := &states[i]
		if s.DeletedAt.IsZero() {
			now.states = append(now.states, s)
			continue
		}
		if len(now.states) == 0 && len(lives) > 0 {
			// The same end, known better: from the cloud's history instead of from when it was last seen.
			lives[len(lives)-1].end, now.absent = s.DeletedAt, later(now.absent, s.DeletedAt)
			continue
		}
		if len(now.states) == 0 {
			now.states = append(now.states, s)
		}
		now.end = s.DeletedAt
		lives = append(lives, now)
		now = life{absent: absentAt(s)}
	}
	if len(now.states) > 0 {
		lives = append(lives, now)
	}
	return lives
}

// absentAt is from when on the resource was surely gone.
func absentAt(s *pipeline.ResourceState) time.Time {
	if removedAt(s.Events).Equal(s.DeletedAt) {
		return s.DeletedAt
	}
	return s.SeenAt
}

// eventsOf joins the histories that the states carry; a later one is believed. Failed events are left out.
func eventsOf(states []pipeline.ResourceState) []pipeline.ResourceEvent {
	type id struct {
		kind pipeline.EventKind
		at   int64
	}
	known := map[id]pipeline.ResourceEvent{}
	for i := range states {
		for _, e := range states[i].Events {
			known[id{e.Kind, e.Time.UnixNano()}] = e
		}
	}
	events := make([]pipeline.ResourceEvent, 0, len(known))
	for _, e := range known {
		if !e.Failed {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b pipeline.ResourceEvent) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Kind, b.Kind))
	})
	return events
}

// start is when the life began: as the cloud says, or else the start of the hour in which it was first seen.
func (l *life) start(events []pipeline.ResourceEvent) time.Time {
	first := l.states[0]
	created := first.CreatedAt
	for _, e := range events {
		if e.Kind == pipeline.EventCreated && first.CreatedAt.IsZero() && !e.Time.After(first.SeenAt) {
			created = e.Time
		}
	}
	if created.IsZero() || created.Before(l.absent) {
		return later(hourOf(first.SeenAt), l.absent)
	}
	return earlier(created, first.SeenAt)
}

// spans cuts the life where its price may have changed: at the one resize between two observations, or at the start of
// the hour of the later one when there was none. Between two resizes, and before the one that led to the first
// observation, nobody can say what the price was.
func (l *life) spans(events []pipeline.ResourceEvent, end time.Time) []span {
	resizes := resizesOf(events)
	start, first := l.start(events), l.states[0]
	var spans []span
	at := start
	add := func(to time.Time, s *pipeline.ResourceState, priced bool) {
		if to = earlier(to, end); to.After(at) {
			spans = append(spans, span{from: at, to: to, state: s, priced: priced})
			at = to
		}
	}
	if before := between(resizes, start, first.SeenAt); len(before) > 0 {
		add(before[len(before)-1], first, false)
	}
	for i, s := range l.states[:len(l.states)-1] {
		next := l.states[i+1]
		switch changes := between(resizes, s.SeenAt, next.SeenAt); len(changes) {
		case 0:
			add(later(hourOf(next.SeenAt), s.SeenAt), s, true)
		default:
			add(changes[0], s, true)
			add(changes[len(changes)-1], s, false)
		}
	}
	add(end, l.states[len(l.states)-1], true)
	return spans
}

func resizesOf(events []pipeline.ResourceEvent) []time.Time {
	var times []time.Time
	for _, e := range events {
		if e.Kind == pipeline.EventResized {
			times = append(times, e.Time)
		}
	}
	return times
}

// between gives the times in (from, to].
func between(times []time.Time, from, to time.Time) []time.Time {
	lo := 0
	for lo < len(times) && !times[lo].After(from) {
		lo++
	}
	hi := lo
	for hi < len(times) && !times[hi].After(to) {
		hi++
	}
	return times[lo:hi]
}

func hourOf(t time.Time) time.Time { return t.UTC().Truncate(time.Hour) }
