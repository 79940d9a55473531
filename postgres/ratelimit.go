package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// A request may go when the one Burst places before it is Per ago; places older than that bind nobody and are dropped. The
// row's lock makes the clock of one reservation come after the one before, so the places of a key are in order, and a
// microsecond between two of them gives each a value of its own.
const sqlReserve = `/* reserve_slot */
INSERT INTO rate_limits AS r (key, slots) VALUES ($1, ARRAY[clock_timestamp()])
ON CONFLICT (key) DO UPDATE SET slots = (
    SELECT array_agg(slot ORDER BY slot) FROM (
        SELECT slot FROM unnest(r.slots) slot WHERE slot > clock_timestamp() - $3::interval
        UNION ALL SELECT ` + nextSlot + `) kept)
WHERE ` + nextSlot + ` <= clock_timestamp() + $4::interval
RETURNING slots[cardinality(slots)], clock_timestamp()`

const nextSlot = `greatest(clock_timestamp(), r.slots[cardinality(r.slots)] + interval '1 microsecond', r.slots[cardinality(r.slots) - $2 + 1] + $3::interval)`

const sqlGiveBack = `/* give_slot_back */ UPDATE rate_limits SET slots = array_remove(slots, $2) WHERE key = $1`

// forever is how long a request without a deadline may wait.
const forever = 365 * 24 * time.Hour

// Wait blocks until one more request is allowed under the key's limit, shared by all collectors: never more than
// limit.Burst of them in any limit.Per. It fails at once with context.DeadlineExceeded when ctx ends before its turn comes.
func (s *Store) Wait(ctx context.Context, key string, limit pipeline.RateLimit) error {
	if limit.Burst <= 0 || limit.Per <= 0 {
		return nil
	}
	pause, slot, err := s.reserve(ctx, key, limit)
	if errors.Is(err, pgx.ErrNoRows) {
		err = context.DeadlineExceeded
	}
	if err != nil {
		return wrap(err, "wait for the rate limit of %s", key)
	}
	s.metrics.waits.Observe(pause.Seconds())
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return wrap(errors.Join(ctx.Err(), s.giveBack(ctx, key, slot)), "wait for the rate limit of %s", key)
	case <-timer.C:
		return nil
	}
}

// reserve takes the next free place and tells how long it is until then. It gives pgx.ErrNoRows when ctx ends before.
func (s *Store) reserve(ctx context.Context, key string, limit pipeline.RateLimit) (pause time.Duration, slot time.Time, err error) {
	patience := forever
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(forever, max(time.Until(deadline), 0))
	}
	var now time.Time
	err = s.pool.QueryRow(ctx, sqlReserve, key, limit.Burst, limit.Per, patience).Scan(&slot, &now)
	return max(slot.Sub(now), 0), slot.UTC(), err
}

// giveBack frees a place that is not used after all.
func (s *Store) giveBack(ctx context.Context, key string, slot time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	_, err := s.pool.Exec(ctx, sqlGiveBack, key, slot)
	return err
}
