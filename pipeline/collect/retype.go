package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

const (
	// settleAfter is how long to wait for windows that began with older mappings.
	settleAfter = 15 * time.Second
	// retypeRetry is how long to wait after a retyping that failed for the first time; it doubles up to retypeRetryMost.
	retypeRetry, retypeRetryMost = 5 * time.Second, 10 * time.Minute
)

// RetypeDue applies changed mappings to what is held, one connection after another, until no retyping is due or ctx ends.
func (c *Collector) RetypeDue(ctx context.Context) error {
	ledger, ok := c.deps.Ledger.(RetypeLedger)
	if c.deps.Mappings == nil || !ok {
		return nil
	}
	for ctx.Err() == nil {
		asked := time.Now()
		work, ok, err := c.deps.Mappings.ClaimRetyping(ctx, c.config.Holder, c.config.Lease)
		if err != nil {
			return c.failed("retype", fmt.Errorf("cannot claim a retyping: %w", err))
		}
		if !ok {
			return nil
		}
		if err := c.retype(ctx, ledger, work, asked); err != nil {
			return c.failed("retype", err)
		}
	}
	return nil
}

// retype does one retyping and marks how it ended. A lost lease is another's work.
func (c *Collector) retype(ctx context.Context, ledger RetypeLedger, work Retyping, asked time.Time) error {
	r := &retyping{
		ledger: ledger, mappings: c.deps.Mappings, work: work, lease: c.config.Lease, until: asked.Add(c.config.Lease), now: c.deps.Windows.Now,
	}
	err := r.run(ctx)
	if errors.Is(err, ErrLeaseLost) || err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // another has the work, or will take it up
	}
	var fault *pipeline.Fault
	if pause := r.pause(err); pause > 0 {
		now, clockErr := r.now(ctx)
		if clockErr != nil {
			return fmt.Errorf("cannot read the store's clock: %w", clockErr)
		}
		r.work.RetryAt = now.Add(pause)
	}
	if err != nil {
		fault = pipeline.AsFault(err)
		c.deps.Log.Warn("retyping failed", "tenant", work.Account.Tenant, "connection", work.Account.Connection, "error", err)
	}
	if err := c.deps.Mappings.FinishRetyping(ctx, r.work, fault); err != nil && !errors.Is(err, ErrLeaseLost) {
		return fmt.Errorf("cannot mark a retyping: %w", err)
	}
	return nil
}

// retyping relabels what one connection holds.
type retyping struct {
	ledger   RetypeLedger
	mappings Mappings
	work     Retyping
	lease    time.Duration
	until    time.Time // of the lease, by our own clock
	now      func(context.Context) (time.Time, error)
	types    pipeline.TypeMappings
}

// pause is how long to wait before the next pass; zero when none is owed.
func (r *retyping) pause(err error) time.Duration {
	switch {
	case err != nil:
		return min(retypeRetry<<min(r.work.Attempt, 10), retypeRetryMost)
	case r.work.Unsettled:
		return settleAfter
	}
	return 0
}

func (r *retyping) run(ctx context.Context) (err error) {
	if r.types, err = r.mappings.TypeMappings(ctx, r.work.Account.Tenant, r.work.Kind); err != nil {
		return fmt.Errorf("cannot read the type mappings: %w", err)
	}
	days, err := r.ledger.RetypeDays(ctx, r.work.Account)
	if err != nil {
		return fmt.Errorf("cannot list the days to retype: %w", err)
	}
	r.work.DaysDone, r.work.DaysTotal, r.work.Lines = 0, int64(len(days)), 0
	l := relabelling{ledger: r.ledger, account: r.work.Account, types: r.types, edition: r.work.Version, clock: r.clock, appended: r.count}
	for _, day := range days {
		if err := l.run(ctx, day); err != nil {
			return err
		}
		r.work.DaysDone++
		if err := r.extend(ctx); err != nil {
			return err
		}
	}
	return nil
}

// clock is the store's, as long as the lease surely lasts.
func (r *retyping) clock(ctx context.Context) (time.Time, error) {
	now, err := r.now(ctx)
	if err == nil && !time.Now().Before(r.until) {
		err = ErrLeaseLost
	}
	return now, err
}

func (r *retyping) count(ctx context.Context, lines int64) error {
	r.work.Lines += lines
	return r.extend(ctx)
}

func (r *retyping) extend(ctx context.Context) error {
	asked := time.Now()
	if err := r.mappings.ExtendRetyping(ctx, r.work, r.lease); err != nil {
		return fmt.Errorf("cannot prolong a retyping: %w", err)
	}
	r.until = asked.Add(r.lease)
	return nil
}
