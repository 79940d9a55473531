package collect

import (
	"context"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Mappings is what collect needs of the store of type mappings (PostgreSQL): the mappings, and the work of applying them to
// what is held already. One retyping is the work of one connection.
type Mappings interface {
	// TypeMappings gives the mappings of a tenant for a kind of connection.
	TypeMappings(ctx context.Context, tenant pipeline.TenantID, kind pipeline.Kind) (pipeline.TypeMappings, error)
	// ClaimRetyping leases the retyping that has been due longest and that nobody holds; ok is false when there is none.
	ClaimRetyping(ctx context.Context, holder string, lease time.Duration) (r Retyping, ok bool, err error)
	// ExtendRetyping prolongs the lease and notes how far the work is; it fails with ErrLeaseLost when another has it.
	ExtendRetyping(ctx context.Context, r Retyping, lease time.Duration) error
	// FinishRetyping ends the lease. The work is done unless there is a fault, or RetryAt is set, or the mappings have changed since
	// it was claimed. It fails with ErrLeaseLost when another has the lease.
	FinishRetyping(ctx context.Context, r Retyping, fault *pipeline.Fault) error
}

// Retyping is the work of giving what a connection holds the types that its tenant's mappings say.
type Retyping struct {
	Account Account
	Kind    pipeline.Kind
	// Version is the edition of the mappings that is to be applied, or a later one.
	Version int64
	Lease   int64
	// Attempt counts the tries since the last success, from 1.
	Attempt int
	// Unsettled is true while windows are being collected that may have begun with older mappings: what they append may carry older
	// types, so the history must be looked through once more when they have ended.
	Unsettled bool
	// DaysDone and DaysTotal count days of sources looked through, Lines the lines relabelled.
	DaysDone, DaysTotal, Lines int64
	// RetryAt is when to do it again; zero when not.
	RetryAt time.Time
}

// RetypeLedger is what retyping needs of the store of facts, besides the ledger.
type RetypeLedger interface {
	Ledger
	// RetypeDays gives the days of sources, as slices in order of time, on which an account holds lines that nobody recognised or that
	// a mapping has given a type.
	RetypeDays(ctx context.Context, a Account) ([]pipeline.Slice, error)
	// RetypeLines calls f with each such line of a slice and the net of its measures, those left out that are zero in every measure.
	// The order is the same every time.
	RetypeLines(ctx context.Context, a Account, s pipeline.Slice, f func(pipeline.Charge) error) error
}

// mappings gives the mappings that bear on a window. They are read under the window's lease: a retyping knows by that which windows
// may have begun with older ones.
func (c *Collector) mappings(ctx context.Context, w *Window) (pipeline.TypeMappings, error) {
	if c.deps.Mappings == nil {
		return nil, nil
	}
	ms, err := c.deps.Mappings.TypeMappings(ctx, w.Account.Tenant, w.Connection.Kind)
	if err != nil {
		return nil, fmt.Errorf("cannot read the type mappings: %w", err)
	}
	return ms, nil
}

// mapTypes gives the listed resources the types that the tenant's mappings say.
func (t *task) mapTypes() {
	for i := range t.resources {
		t.resources[i] = t.mappings.Resource(t.resources[i])
	}
}
