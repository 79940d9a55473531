package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// Append implements [collect.Ledger]. A token belongs to its account: another account's is another token.
func (s *Store) Append(ctx context.Context, a collect.Account, sl pipeline.Slice, seenAt time.Time, token string, lines []pipeline.Charge) error {
	if len(lines) == 0 {
		return nil
	}
	if err := inSlice(sl, lines); err != nil {
		return err
	}
	block, err := newChargeBlock(lines)
	if err != nil {
		return err
	}
	content := block.forLedger(a, sl.Source, seenAt.UTC().Truncate(time.Microsecond))
	return s.insert(ctx, "charges", tokenOf("charges", a.Tenant, a.Connection, token), content)
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
