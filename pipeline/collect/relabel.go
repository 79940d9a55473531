package collect

import (
	"context"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// relabelledAtOnce is how many lines are relabelled by one append.
const relabelledAtOnce = 20_000

// relabelling gives held lines the types that the mappings say.
type relabelling struct {
	ledger  RetypeLedger
	account Account
	types   pipeline.TypeMappings
	// edition tells appends of one edition of the mappings from those of another.
	edition int64
	// clock is the store's; its error stops the work before an append.
	clock func(context.Context) (time.Time, error)
	// appended is told how many lines an append has relabelled. Nil tells nobody.
	appended func(ctx context.Context, lines int64) error
}

// run relabels the lines of a slice until none is left to relabel. Each append takes lines back under their old words and gives
// them under the new ones, so it adds nothing up: whoever else writes the slice meanwhile, the total is right at any time, and what
// two writers did to the same line is made good by the one that looks last.
func (r *relabelling) run(ctx context.Context, s pipeline.Slice) error {
	p := place{ledger: r.ledger, account: r.account, slice: s}
	var last digest
	for repeated := 0; repeated < maxRounds; {
		lines, state, err := r.corrections(ctx, s)
		if err != nil || len(lines) == 0 {
			return err
		}
		if repeated++; state != last {
			repeated, last = 0, state
		}
		seenAt, err := r.clock(ctx)
		if err != nil {
			return fmt.Errorf("cannot append to %s: %w", s.Source, err)
		}
		if err := r.ledger.Append(ctx, r.account, s, seenAt, p.token(state, "retype "+saltOf(repeated)), lines); err != nil {
			return fmt.Errorf("cannot append to %s: %w", s.Source, err)
		}
		if r.appended == nil {
			continue
		}
		if err := r.appended(ctx, int64(len(lines)/2)); err != nil {
			return err
		}
	}
	return fmt.Errorf("cannot retype %s: %w", s.Source, errUnsettled)
}

// corrections are what must be appended so that the lines of a slice carry the types of now, some of them when there are many; and
// what they were made from, with the edition of the mappings that they were made for.
func (r *relabelling) corrections(ctx context.Context, s pipeline.Slice) (lines []pipeline.Charge, state digest, err error) {
	state[0] = uint64(r.edition)
	err = r.ledger.RetypeLines(ctx, r.account, s, func(c pipeline.Charge) error {
		fresh := c
		if fresh.Line = r.types.Relabel(c.Line); len(lines) >= 2*relabelledAtOnce || equalLines(&fresh.Line, &c.Line) {
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

// relabelHeld gives what is held of a cumulative slice the types of its new content. Such a slice is compared line by line over its
// hours: a line whose type has changed since would lose the hours that its sum came in. It gives the rows that the slice has then.
func (w *Writer) relabelHeld(ctx context.Context, before sliceRows) (sliceRows, error) {
	ledger, ok := w.ledger.(RetypeLedger)
	if !ok || !w.slice.Cumulative || w.options.Types == nil || !w.content.typed() {
		return before, nil
	}
	relabelled := false
	r := relabelling{ledger: ledger, account: w.account, types: *w.options.Types, clock: w.clock, appended: func(context.Context, int64) error {
		relabelled = true
		return nil
	}}
	if err := r.run(ctx, w.slice); err != nil || !relabelled {
		return before, err
	}
	return w.rows(ctx, time.Time{})
}

// typed tells whether the content has a line that a mapping may have to do with.
func (c *content) typed() bool {
	for i := range c.lines {
		if l := c.lines[i].line; l.Unrecognised || pipeline.Relabelled(l) {
			return true
		}
	}
	return false
}
