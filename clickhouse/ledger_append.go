package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// Append implements [collect.Ledger]. The token that the server sees is made of the slice, of how many rows the slice had
// when it was last read by Held, and of the token given.
func (s *Store) Append(ctx context.Context, a collect.Account, sl pipeline.Slice, seenAt time.Time, token string, lines []pipeline.Charge) error {
	if len(lines) == 0 {
		return nil
	}
	id := idOf(a, sl)
	rows, ok := s.seen.get(id)
	if !ok {
		var err error
		if rows, err = s.sliceRows(ctx, a, sl); err != nil {
			return err
		}
	}
	if err := inSlice(sl, lines); err != nil {
		return err
	}
	block, err := newChargeBlock(lines)
	if err != nil {
		return err
	}
	full := tokenOf("charges", a.Tenant, a.Connection, id.source, id.from, id.to, rows, token)
	if err := s.insert(ctx, "charges", full, block.forLedger(a, sl.Source, seenAt.UTC().Truncate(time.Microsecond))); err != nil {
		return err
	}
	s.seen.drop(id)
	return nil
}

func inSlice(sl pipeline.Slice, lines []pipeline.Charge) error {
	from, to := bounds(sl)
	for i := range lines {
		if start := lines[i].Start; start.Before(from) || !start.Before(to) {
			return fmt.Errorf("cannot append a charge of %s: it lies outside its slice from %s to %s", start.UTC(), from, to)
		}
	}
	return nil
}
