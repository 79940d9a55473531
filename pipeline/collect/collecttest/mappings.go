package collecttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

var (
	_ collect.Mappings     = (*Windows)(nil)
	_ collect.RetypeLedger = (*Ledger)(nil)
)

// types are the mappings of a Windows and the work that they make. There is one tenant to a connection.
type types struct {
	mappings map[string]pipeline.TypeMappings
	works    map[pipeline.ConnectionID]*retyping
}

type retyping struct {
	work                 collect.Retyping
	wanted, begun, done  int64
	begunAt, due, leased time.Time
	fault                *pipeline.Fault
}

func shelfOf(tenant pipeline.TenantID, kind pipeline.Kind) string {
	return string(tenant) + " " + string(kind)
}

// Map replaces the mappings of a tenant for a kind; the history of its connections is then to be relabelled.
func (s *Windows) Map(tenant pipeline.TenantID, kind pipeline.Kind, ms ...pipeline.TypeMapping) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.types.mappings == nil {
		s.types = types{mappings: map[string]pipeline.TypeMappings{}, works: map[pipeline.ConnectionID]*retyping{}}
	}
	s.types.mappings[shelfOf(tenant, kind)] = slices.Clone(ms)
	for id, c := range s.connections {
		if c.TenantID != tenant || c.Kind != kind {
			continue
		}
		r := s.types.works[id]
		if r == nil {
			r = &retyping{work: collect.Retyping{Account: collect.Account{Tenant: tenant, Connection: id}, Kind: kind}}
			s.types.works[id] = r
		}
		r.wanted, r.due = r.wanted+1, s.now
	}
}

// Retyped tells whether all history is as the mappings say, and why not when it is known.
func (s *Windows) Retyped() (done bool, faults []*pipeline.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done = true
	for _, r := range s.types.works {
		done = done && r.done == r.wanted
		if r.fault != nil {
			faults = append(faults, r.fault)
		}
	}
	return done, faults
}

// TypeMappings implements collect.Mappings.
func (s *Windows) TypeMappings(ctx context.Context, tenant pipeline.TenantID, kind pipeline.Kind) (pipeline.TypeMappings, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.types.mappings[shelfOf(tenant, kind)]), ctx.Err()
}

// ClaimRetyping implements collect.Mappings.
func (s *Windows) ClaimRetyping(ctx context.Context, _ string, lease time.Duration) (collect.Retyping, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return collect.Retyping{}, false, err
	}
	for _, id := range slices.Sorted(maps.Keys(s.types.works)) {
		r := s.types.works[id]
		if r.due.IsZero() || r.due.After(s.now) || r.leased.After(s.now) {
			continue
		}
		if r.begun != r.wanted {
			r.begun, r.begunAt = r.wanted, s.now
		}
		s.leases++
		r.leased = s.now.Add(lease)
		w := &r.work
		w.Version, w.Lease, w.Attempt, w.RetryAt = r.wanted, s.leases, w.Attempt+1, time.Time{}
		w.Unsettled = slices.ContainsFunc(s.rows, func(row *row) bool {
			return row.window.Account == w.Account && row.window.LeasedUntil.After(s.now) && !row.window.StoreNow.After(r.begunAt)
		})
		return *w, true, nil
	}
	return collect.Retyping{}, false, nil
}

// heldRetyping is the work under a lease.
func (s *Windows) heldRetyping(w *collect.Retyping) (*retyping, error) {
	r := s.types.works[w.Account.Connection]
	if r == nil || r.work.Lease != w.Lease || r.leased.IsZero() {
		return nil, fmt.Errorf("cannot find the retyping of %s: %w", w.Account.Connection, collect.ErrLeaseLost)
	}
	return r, nil
}

// ExtendRetyping implements collect.Mappings.
func (s *Windows) ExtendRetyping(ctx context.Context, w collect.Retyping, lease time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.heldRetyping(&w)
	if err = cmp.Or(ctx.Err(), err); err != nil {
		return err
	}
	r.leased = s.now.Add(lease)
	return nil
}

// FinishRetyping implements collect.Mappings.
func (s *Windows) FinishRetyping(ctx context.Context, w collect.Retyping, fault *pipeline.Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.heldRetyping(&w)
	if err = cmp.Or(ctx.Err(), err); err != nil {
		return err
	}
	r.leased, r.fault, r.due = time.Time{}, fault, w.RetryAt
	if fault == nil && w.RetryAt.IsZero() {
		r.done, r.work.Attempt = w.Version, 0
	}
	if r.done != r.wanted && r.due.IsZero() {
		r.due = s.now
	}
	return nil
}

// dayOffset is what the days of a Ledger are ahead of UTC.
const dayOffset = 3 * time.Hour

// RetypeDays implements collect.RetypeLedger.
func (l *Ledger) RetypeDays(_ context.Context, a collect.Account) ([]pipeline.Slice, error) {
	seen := map[pipeline.Slice]bool{}
	for _, r := range l.Rows() {
		if r.Account == a && (r.Charge.Unrecognised || pipeline.Relabelled(&r.Charge.Line)) {
			from := r.Charge.Start.UTC().Add(dayOffset).Truncate(24 * time.Hour).Add(-dayOffset)
			seen[pipeline.Slice{Source: r.Source, From: from, To: from.Add(24 * time.Hour)}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b pipeline.Slice) int {
		return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Source, b.Source))
	}), nil
}

// RetypeLines implements collect.RetypeLedger.
func (l *Ledger) RetypeLines(_ context.Context, a collect.Account, s pipeline.Slice, f func(pipeline.Charge) error) error {
	net := map[collect.LineID]pipeline.Charge{}
	for _, r := range l.Rows() {
		if r.Account != a || r.Source != s.Source || !inSlice(s, r.Charge.Start) || !r.Charge.Unrecognised && !pipeline.Relabelled(&r.Charge.Line) {
			continue
		}
		c := r.Charge
		c.Measures = net[r.id].Add(c.Measures)
		net[r.id] = c
	}
	ids := slices.SortedFunc(maps.Keys(net), func(a, b collect.LineID) int {
		return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End), slices.Compare(a.Key[:], b.Key[:]))
	})
	for _, id := range ids {
		if c := net[id]; !c.IsZero() {
			if err := f(c); err != nil {
				return err
			}
		}
	}
	return nil
}
