package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// A request may go when the one Burst places before it is Per ago. The row's lock makes the clock of one reservation come
// after the one before, so the slots of a key are in order.
const sqlReserve = `/* reserve_slot */
INSERT INTO rate_limits AS r (key, slots) VALUES ($1, ARRAY[clock_timestamp()])
ON CONFLICT (key) DO UPDATE SET slots = (r.slots || greatest(clock_timestamp(), r.slots[cardinality(r.slots)],
        r.slots[cardinality(r.slots) - $2 + 1] + $3::interval))[greatest(cardinality(r.slots) + 2 - $2, 1):]
RETURNING slots[cardinality(slots)], clock_timestamp()`

// Wait blocks until one more request is allowed under the key's limit, shared by all collectors: never more than
// limit.Burst of them in any limit.Per. A request given up while waiting keeps its place.
func (s *Store) Wait(ctx context.Context, key string, limit pipeline.RateLimit) error {
	if limit.Burst <= 0 || limit.Per <= 0 {
		return nil
	}
	pause, _, err := s.reserve(ctx, key, limit)
	if err != nil {
		return wrap(err, "wait for the rate limit of %s", key)
	}
	s.metrics.waits.Observe(pause.Seconds())
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < pause {
		return fmt.Errorf("cannot wait %s for the rate limit of %s: %w", pause.Round(time.Millisecond), key, context.DeadlineExceeded)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("cannot wait for the rate limit of %s: %w", key, ctx.Err())
	case <-timer.C:
		return nil
	}
}

// reserve takes the next free slot and tells how long it is until then.
func (s *Store) reserve(ctx context.Context, key string, limit pipeline.RateLimit) (pause time.Duration, slot time.Time, err error) {
	var now time.Time
	err = s.pool.QueryRow(ctx, sqlReserve, key, limit.Burst, limit.Per).Scan(&slot, &now)
	return max(slot.Sub(now), 0), slot.UTC(), err
}
