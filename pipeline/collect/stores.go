// Package collect brings one window of one connection from a cloud into the stores: fetch, check, compare, append, mark.
//
// Retry, idempotency and restatement live here and nowhere else. What a cloud says now is compared with what is held,
// and only the difference is appended.
package collect

import (
	"context"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Account names whose data something is: every read and write of facts starts with it.
type Account struct {
	Tenant     pipeline.TenantID
	Connection pipeline.ConnectionID
}

// LineID identifies a line of the ledger within a slice.
type LineID struct {
	Start, End time.Time
	Key        pipeline.LineKey
}

// HeldLine is the net of a line as held: the sum of everything ever appended for it.
type HeldLine struct {
	LineID
	pipeline.Measures
}

// Ledger is what collect needs of the store of facts.
type Ledger interface {
	// Held calls f with the net of every line of the slice, leaving out those that are zero in every measure. Order is free.
	Held(ctx context.Context, a Account, s pipeline.Slice, f func(HeldLine) error) error
	// Lines gives what identifies the lines of these ids, with zero measures, for taking them back.
	Lines(ctx context.Context, a Account, s pipeline.Slice, ids []LineID) (map[LineID]pipeline.Line, error)
	// Append adds the lines as one INSERT: atomic within a month, once for a token however often it is sent.
	Append(ctx context.Context, a Account, s pipeline.Slice, seenAt time.Time, token string, lines []pipeline.Charge) error
	// Stage opens a place beside the ledger for a slice too large to compare in memory. Staged lines are no charges yet.
	Stage(ctx context.Context, a Account, s pipeline.Slice) (Stage, error)

	// FilePeriods gives the charge periods that lines of files, the sources that begin with SourceFile, have or once had. The
	// sources given are those that Touched tells of. Order is free.
	FilePeriods(ctx context.Context, a Account, sources []string) ([]FilePeriod, error)

	// AppendSamples adds the samples not yet held and returns how many those were.
	AppendSamples(ctx context.Context, a Account, samples []pipeline.Sample) (int64, error)
	// LastSamples gives the time of the newest sample held for each resource.
	LastSamples(ctx context.Context, a Account) (map[string]time.Time, error)

	// States gives the latest state of every resource, deleted ones included.
	States(ctx context.Context, a Account) ([]pipeline.ResourceState, error)
	// RateHistory gives the states of every resource that bear on its cost from the instant on: those first seen after it,
	// and the last one before it; ordered by resource, then SeenAt.
	RateHistory(ctx context.Context, a Account, from time.Time) ([]pipeline.ResourceState, error)
	// AppendStates adds changed states, and one row on what the sync saw, as one INSERT each, once for a token.
	AppendStates(ctx context.Context, a Account, sync SyncRecord, changed []pipeline.ResourceState, token string) error
	// AppendAccount adds the account's state when it differs from the latest one held.
	AppendAccount(ctx context.Context, a Account, s pipeline.AccountState) error
}

// Stage holds the new content of a large slice.
type Stage interface {
	// Add takes lines; a line given twice adds up.
	Add(ctx context.Context, lines []pipeline.Charge) error
	// Apply appends the difference between the staged and the held content and returns how many rows that took.
	// It is repeatable: after a success it appends nothing.
	Apply(ctx context.Context, seenAt time.Time) (appended int64, err error)
	// Drop removes what was staged.
	Drop(ctx context.Context) error
}

// SyncRecord is what one snapshot saw.
type SyncRecord struct {
	At                                   time.Time
	Created, Updated, Deleted, Unchanged int64
	Scopes                               []pipeline.ScopeResult
	Complete                             bool
}

// Window is a piece of work: one connection, one feed, one period or object.
type Window struct {
	ID         int64
	Account    Account
	Connection pipeline.Connection
	Feed       pipeline.Feed
	Grain      pipeline.Grain
	// From (inclusive) and To (exclusive); for a snapshot the hour it belongs to; zero for an object.
	From, To time.Time
	Object   pipeline.Object
	// Attempt counts the tries since the last success, from 1.
	Attempt int
	// Lease is the token that marks must carry: a mark with an older token is refused.
	Lease int64
	// LeasedUntil is when others may take the window, by the store's clock.
	LeasedUntil time.Time
	// StoreNow is the store's clock when the lease was given.
	StoreNow time.Time
}

// WindowPlan says that a window shall exist, and when it is due.
type WindowPlan struct {
	Feed     pipeline.Feed
	Grain    pipeline.Grain
	From, To time.Time
	Object   pipeline.Object
	// DueAt is when it is to be collected (again). A window whose last success is not older than DueAt is left alone,
	// as is an object whose version was collected.
	DueAt time.Time
	// Priority orders due windows of a connection: smaller first. Newest data first, backfill after it.
	Priority int
}

// Result is how a window's collection ended.
type Result struct {
	Outcome pipeline.Outcome
	// Fault is why the whole window failed; nil when it did not.
	Fault *pipeline.Fault
	// Found and Appended count rows of charges, samples and states.
	Found, Appended int64
	StartedAt       time.Time
	FinishedAt      time.Time
	// RetryAt is when to try again after a fault or an incomplete outcome; zero when not.
	RetryAt time.Time
}

// ClaimLimits are how many windows may be claimed.
type ClaimLimits struct {
	// PerConnection is how many of one connection may be under a lease at once over all collectors; 1 for a kind that is not there.
	PerConnection map[pipeline.Kind]int
	// PerKind is from how many connections of a kind this claim may take; any number for a kind that is not there.
	PerKind map[pipeline.Kind]int
}

// Windows is what collect needs of the store of work (PostgreSQL). Its clock is the one that leases and seen_at go by.
type Windows interface {
	// Now is the store's clock.
	Now(ctx context.Context) (time.Time, error)
	// Connections lists the connections of all tenants that are not paused.
	Connections(ctx context.Context) ([]pipeline.Connection, error)
	// Secrets opens a connection's settings, secrets in clear, with the version they belong to.
	Secrets(ctx context.Context, a Account) (settings pipeline.Settings, version int64, err error)
	// Plan makes these windows exist and sets when they are due. It never touches a window under a lease.
	Plan(ctx context.Context, a Account, plans []WindowPlan) error
	// Claim leases up to n due windows within the limits, and skips what others hold.
	Claim(ctx context.Context, holder string, n int, lease time.Duration, limits ClaimLimits) ([]Window, error)
	// Extend prolongs a lease; it fails with ErrLeaseLost when another has it.
	Extend(ctx context.Context, w Window, lease time.Duration) error
	// Finish marks the result and ends the lease; it fails with ErrLeaseLost when another has it or the connection was edited or deleted.
	Finish(ctx context.Context, w Window, r Result) error
	// Wait blocks until one more request is allowed under the key's limit, shared by all collectors.
	Wait(ctx context.Context, key string, limit pipeline.RateLimit) error
}
