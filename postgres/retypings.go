package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

var _ collect.Mappings = (*Store)(nil)

// A window whose lease was given before this edition was first claimed may have begun with an older one. A lease that a claim has not
// committed yet is of no concern: its window reads the mappings behind that, and so behind this.
const sqlClaimRetyping = `/* claim_retyping */
WITH due AS (
    SELECT connection_id FROM retypings
    WHERE due_at <= clock_timestamp() AND (leased_until IS NULL OR leased_until <= clock_timestamp())
    ORDER BY due_at, connection_id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE retypings r SET lease = nextval('lease_tokens'), holder = $1, leased_until = clock_timestamp() + $2::interval, attempt = r.attempt + 1,
       begun_at = CASE WHEN r.begun = r.wanted THEN r.begun_at ELSE clock_timestamp() END, begun = r.wanted, days_done = 0, days_total = 0, lines = 0
FROM due, connections c
WHERE r.connection_id = due.connection_id AND c.id = r.connection_id AND c.tenant_id = r.tenant_id
RETURNING r.tenant_id::text, r.connection_id::text, c.kind, r.wanted, r.lease, r.attempt,
    EXISTS (SELECT FROM windows w WHERE w.connection_id = r.connection_id AND w.leased_until > clock_timestamp() AND w.leased_at <= r.begun_at)`

// ClaimRetyping leases the retyping that has been due longest and that nobody holds; ok is false when there is none.
func (s *Store) ClaimRetyping(ctx context.Context, holder string, lease time.Duration) (r collect.Retyping, ok bool, err error) {
	err = s.pool.QueryRow(ctx, sqlClaimRetyping, holder, lease).Scan(&r.Account.Tenant, &r.Account.Connection, &r.Kind, &r.Version, &r.Lease, &r.Attempt, &r.Unsettled)
	if errors.Is(err, pgx.ErrNoRows) {
		return collect.Retyping{}, false, nil
	}
	return r, err == nil, wrap(err, "claim a retyping")
}

const sqlExtendRetyping = `/* extend_retyping */
UPDATE retypings SET leased_until = clock_timestamp() + $4::interval, days_done = $5, days_total = $6, lines = $7
WHERE tenant_id = $1 AND connection_id = $2 AND lease = $3 AND leased_until IS NOT NULL`

// ExtendRetyping prolongs the lease and notes how far the work is; it fails with collect.ErrLeaseLost when another has it.
func (s *Store) ExtendRetyping(ctx context.Context, r collect.Retyping, lease time.Duration) error {
	err := one(s.pool.Exec(ctx, sqlExtendRetyping, uuid(r.Account.Tenant), uuid(r.Account.Connection), r.Lease, lease, r.DaysDone, r.DaysTotal, r.Lines))
	return wrap(s.leaseError(err), "extend the lease on the retyping of %s", r.Account.Connection)
}

const sqlFinishRetyping = `/* finish_retyping */
UPDATE retypings SET leased_until = NULL, days_done = $5, days_total = $6, lines = $7, fault = $8,
       done = CASE WHEN $9 THEN $4 ELSE done END, attempt = CASE WHEN $9 THEN 0 ELSE attempt END,
       finished_at = CASE WHEN $9 THEN clock_timestamp() ELSE finished_at END,
       due_at = CASE WHEN wanted > $4 THEN clock_timestamp() WHEN $9 THEN NULL ELSE $10 END
WHERE tenant_id = $1 AND connection_id = $2 AND lease = $3 AND leased_until IS NOT NULL`

// FinishRetyping ends the lease. The work is done unless there is a fault, or r.RetryAt is set, or the mappings have changed since it
// was claimed. It fails with collect.ErrLeaseLost when another has the lease.
func (s *Store) FinishRetyping(ctx context.Context, r collect.Retyping, fault *pipeline.Fault) error {
	whole := fault == nil && r.RetryAt.IsZero()
	err := one(s.pool.Exec(ctx, sqlFinishRetyping, uuid(r.Account.Tenant), uuid(r.Account.Connection), r.Lease, r.Version, r.DaysDone, r.DaysTotal, r.Lines,
		storeFault(fault), whole, instant(r.RetryAt)))
	return wrap(s.leaseError(err), "mark the retyping of %s", r.Account.Connection)
}

const sqlRetypings = `/* retypings */
SELECT r.connection_id::text, c.name, c.kind, r.done = r.wanted, coalesce(r.leased_until > clock_timestamp(), false), r.days_done, r.days_total, r.lines,
       r.asked_at, r.finished_at, r.fault
FROM retypings r JOIN connections c ON c.id = r.connection_id AND c.tenant_id = r.tenant_id
WHERE r.tenant_id = $1 ORDER BY c.kind, c.name`

// Retypings tells how the application of the tenant's mappings stands, by connection. One that has not been touched by any is not listed.
func (s *Store) Retypings(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Retyping, error) {
	rows, err := s.pool.Query(ctx, sqlRetypings, uuid(tenant))
	list, err := collectRows(rows, err, func(row pgx.CollectableRow) (pipeline.Retyping, error) {
		var r pipeline.Retyping
		var finished *time.Time
		var fault *storedFault
		err := row.Scan(&r.ConnectionID, &r.ConnectionName, &r.Kind, &r.Done, &r.Running, &r.DaysDone, &r.DaysTotal, &r.Lines, &r.AskedAt, &finished, &fault)
		r.AskedAt, r.FinishedAt, r.Fault = r.AskedAt.UTC(), timeOf(finished), fault.fault()
		return r, err
	})
	return list, wrap(err, "list the retypings")
}
