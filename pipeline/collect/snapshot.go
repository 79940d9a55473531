package collect

import (
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Snapshot is what one listing of a connection showed.
type Snapshot struct {
	// At is the instant that the listing is true of.
	At time.Time
	// LastSeen is the instant of the newest earlier listing that was whole: a resource that is gone now and of whose
	// removal the cloud says nothing was there then. Zero when there was none.
	LastSeen time.Time
	// ScopeSeen are later instants at which a scope was read whole, as far as they are known.
	ScopeSeen map[string]time.Time
	Resources []pipeline.Resource
	Outcome   pipeline.Outcome
}

// Changes is what a snapshot brought.
type Changes struct {
	// Changed are the states to append: created, updated and deleted ones.
	Changed                              []pipeline.ResourceState
	Created, Updated, Deleted, Unchanged int64
	// Seen are the resources that the snapshot showed, those that it showed as removed included.
	Seen map[string]bool
}

// stateStep tells two states of one resource apart in the ledger.
const stateStep = time.Millisecond

// Compare finds what a snapshot changes of the states held. A resource that is missing counts as deleted only when the
// scope that listed it was read whole this time.
func Compare(prev []pipeline.ResourceState, s Snapshot) Changes {
	held := make(map[string]*pipeline.ResourceState, len(prev))
	for i := range prev {
		held[prev[i].ID] = &prev[i]
	}
	c := Changes{Seen: make(map[string]bool, len(s.Resources))}
	for i := range s.Resources {
		r := &s.Resources[i]
		if !c.Seen[r.ID] {
			c.Seen[r.ID] = true
			c.meet(held[r.ID], r, s.At)
		}
	}
	whole := wholeScopes(&s.Outcome)
	for i := range prev {
		if p := &prev[i]; !c.Seen[p.ID] && p.DeletedAt.IsZero() && whole[p.Scope] {
			c.miss(p, &s)
		}
	}
	return c
}

func wholeScopes(o *pipeline.Outcome) map[string]bool {
	whole := map[string]bool{}
	for _, s := range o.Scopes {
		whole[s.Scope] = s.Fault == nil && !s.Skipped
	}
	for _, s := range o.Scopes {
		if s.Fault != nil || s.Skipped {
			whole[s.Scope] = false
		}
	}
	return whole
}

func (c *Changes) meet(prev *pipeline.ResourceState, r *pipeline.Resource, at time.Time) {
	state := pipeline.ResourceState{Resource: *r, SeenAt: after(prev, at), DeletedAt: removedAt(r.Events)}
	if prev != nil {
		state.ConnectionID = prev.ConnectionID
		state.Changes = changedFields(&prev.Resource, r)
	}
	switch {
	case !state.DeletedAt.IsZero():
		if prev == nil || prev.DeletedAt.Equal(state.DeletedAt) {
			return
		}
		// Of what is gone a cloud tells little more than its history: the rest stays as it was known.
		state.Resource = prev.Resource
		state.Status, state.Events = r.Status, r.Events
		state.Change = pipeline.ResourceDeleted
		state.Changes = changedFields(&prev.Resource, &state.Resource)
		c.Deleted++
	case prev == nil, !prev.DeletedAt.IsZero():
		state.Change = pipeline.ResourceCreated
		c.Created++
	case len(state.Changes) > 0:
		state.Change = pipeline.ResourceUpdated
		c.Updated++
	default:
		c.Unchanged++
		return
	}
	c.Changed = append(c.Changed, state)
}

func (c *Changes) miss(p *pipeline.ResourceState, s *Snapshot) {
	gone := *p
	gone.Change, gone.Changes = pipeline.ResourceDeleted, nil
	gone.SeenAt = after(p, s.At)
	if gone.DeletedAt = removedAt(p.Events); gone.DeletedAt.IsZero() {
		gone.DeletedAt = later(p.SeenAt, later(s.LastSeen, s.ScopeSeen[p.Scope]))
	}
	c.Changed = append(c.Changed, gone)
	c.Deleted++
}

// after is at, or just behind the state before when the clock has gone back.
func after(prev *pipeline.ResourceState, at time.Time) time.Time {
	if prev != nil && !at.After(prev.SeenAt) {
		return prev.SeenAt.Add(stateStep)
	}
	return at
}

// removedAt is when the cloud's history says that the resource was removed; zero when it says that it lives.
func removedAt(events []pipeline.ResourceEvent) time.Time {
	var last pipeline.ResourceEvent
	for _, e := range events {
		if e.Failed || e.Kind != pipeline.EventCreated && e.Kind != pipeline.EventRemoved {
			continue
		}
		if !e.Time.Before(last.Time) {
			last = e
		}
	}
	if last.Kind == pipeline.EventRemoved {
		return last.Time
	}
	return time.Time{}
}

// newEvents are those of now that prev does not have.
func newEvents(prev, now []pipeline.ResourceEvent) []pipeline.ResourceEvent {
	var fresh []pipeline.ResourceEvent
	for _, e := range now {
		if !slices.ContainsFunc(prev, func(p pipeline.ResourceEvent) bool {
			return p.Kind == e.Kind && p.Failed == e.Failed && p.Time.Equal(e.Time)
		}) {
			fresh = append(fresh, e)
		}
	}
	return fresh
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
