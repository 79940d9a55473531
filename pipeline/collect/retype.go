package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

const (
	// retypedAtOnce is how many lines are relabelled by one append.
	retypedAtOnce = 20_000
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
		return nil
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
	for _, day := range days {
		if err := r.day(ctx, day); err != nil {
			return err
		}
		r.work.DaysDone++
		if err := r.extend(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (r *retyping) extend(ctx context.Context) error {
	asked := time.Now()
	if err := r.mappings.ExtendRetyping(ctx, r.work, r.lease); err != nil {
		return fmt.Errorf("cannot prolong a retyping: %w", err)
	}
	r.until = asked.Add(r.lease)
	return nil
}

// day relabels the lines of a slice until none is left to relabel. Each append takes lines back under their old words and gives
// them under the new ones, so it adds nothing up: whoever else writes the slice meanwhile, the total is right at any time, and what
// two writers did to the same line is made good by the one that looks last.
func (r *retyping) day(ctx context.Context, s pipeline.Slice) error {
	p := place{ledger: r.ledger, account: r.work.Account, slice: s}
	var last digest
	for repeated := 0; repeated < maxRounds; {
		lines, state, err := r.corrections(ctx, s)
		if err != nil || len(lines) == 0 {
			return err
		}
		if repeated++; state != last {
			repeated, last = 0, state
		}
		seenAt, err := r.now(ctx)
		if err != nil {
			return fmt.Errorf("cannot read the store's clock: %w", err)
		}
		if !time.Now().Before(r.until) {
			return ErrLeaseLost
		}
		if err := r.ledger.Append(ctx, r.work.Account, s, seenAt, p.token(state, "retype "+saltOf(repeated)), lines); err != nil {
			return fmt.Errorf("cannot append to %s: %w", s.Source, err)
		}
		r.work.Lines += int64(len(lines) / 2)
		if err := r.extend(ctx); err != nil {
			return err
		}
	}
	return fmt.Errorf("cannot retype %s: %w", s.Source, errUnsettled)
}

// corrections are what must be appended so that the lines of a slice carry the types of now, some of them when there are many; and
// what they were made from, with the edition of the mappings that they were made for.
func (r *retyping) corrections(ctx context.Context, s pipeline.Slice) (lines []pipeline.Charge, state digest, err error) {
	state[0] = uint64(r.work.Version)
	err = r.ledger.RetypeLines(ctx, r.work.Account, s, func(c pipeline.Charge) error {
		fresh := c
		if fresh.Line = r.types.Relabel(c.Line); len(lines) >= 2*retypedAtOnce || equalLines(&fresh.Line, &c.Line) {
			return nil
		}
		held, err := sumsOf(&c.Measures)
		if err != nil {
			return fmt.Errorf("line of %s: %w", c.Start, err)
		}
		state.add(compactID(LineID{Start: c.Start, End: c.End, Key: c.Key()}), &held)
		c.Measures = c.Neg()
		lines = append(lines, c, fresh)
		return nil
	})
	if err != nil {
		return nil, digest{}, fmt.Errorf("cannot read what is held of %s: %w", s.Source, err)
	}
	return lines, state, nil
}
