package clickhouse

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// keysAtOnce is how many line keys go into one statement.
const keysAtOnce = 5000

func sliceArgs(a collect.Account, s pipeline.Slice) args {
	from, to := bounds(s)
	return args{"tenant": string(a.Tenant), "connection": string(a.Connection), "source": s.Source, "from": seconds(from), "to": seconds(to)}
}

// SliceRows implements [collect.RowCounter].
func (s *Store) SliceRows(ctx context.Context, a collect.Account, sl pipeline.Slice, seenAt time.Time) (all, fresh int64, err error) {
	bound := sliceArgs(a, sl)
	bound["seen_at"] = micros(seenAt)
	var rows, of uint64
	err = s.rows(ctx, "slice_rows_seen", bound, func(r driver.Rows) error { return r.Scan(&rows, &of) })
	return int64(rows), int64(of), err
}

// Held implements [collect.Ledger].
func (s *Store) Held(ctx context.Context, a collect.Account, sl pipeline.Slice, f func(collect.HeldLine) error) error {
	var h heldScan
	return s.rows(ctx, "held", sliceArgs(a, sl), func(r driver.Rows) error {
		line, err := h.scan(r)
		if err != nil {
			return err
		}
		return f(line)
	})
}

// heldScan reads the rows of held.sql into the same places.
type heldScan struct {
	line                                                       collect.HeldLine
	key                                                        string
	billed, consumed, effective, list, contracted, pricingOver decimal.Decimal
}

func (h *heldScan) scan(r driver.Rows) (collect.HeldLine, error) {
	if err := r.Scan(h.dest()...); err != nil {
		return collect.HeldLine{}, err
	}
	return h.held(), nil
}

// scanWithLine reads a row that has the columns of lineSelect behind those of held.sql.
func (h *heldScan) scanWithLine(r driver.Rows) (pipeline.Line, collect.HeldLine, error) {
	line, err := scanLine(r.Scan, h.dest()...)
	if err != nil {
		return pipeline.Line{}, collect.HeldLine{}, err
	}
	return line, h.held(), nil
}

func (h *heldScan) dest() []any {
	l := &h.line
	return []any{
		&l.Start, &l.End, &h.key, &l.LineCount, &l.UnpricedCount, &h.billed, &h.consumed,
		&h.effective, &h.list, &h.contracted, &h.pricingOver,
	}
}

func (h *heldScan) held() collect.HeldLine {
	l := &h.line
	copy(l.Key[:], h.key)
	l.BilledCost, l.ConsumedQuantity = h.billed, h.consumed
	l.EffectiveCost, l.ListCost = plus(h.billed, h.effective), plus(h.billed, h.list)
	l.ContractedCost, l.PricingQuantity = plus(h.billed, h.contracted), plus(h.consumed, h.pricingOver)
	l.Start, l.End = l.Start.UTC(), l.End.UTC()
	return *l
}

// plus is a + b, quick for the usual b of zero.
func plus(a, b decimal.Decimal) decimal.Decimal {
	if b.IsZero() {
		return a
	}
	return a.Add(b)
}

// FilePeriods implements [collect.Ledger].
func (s *Store) FilePeriods(ctx context.Context, a collect.Account, sources []string) ([]collect.FilePeriod, error) {
	if sources == nil {
		sources = []string{}
	}
	bound := args{"tenant": string(a.Tenant), "connection": string(a.Connection), "prefix": collect.SourceFile, "sources": sources}
	var periods []collect.FilePeriod
	err := s.rows(ctx, "file_periods", bound, func(r driver.Rows) error {
		var p collect.FilePeriod
		if err := r.Scan(&p.From, &p.To, &p.Held, &p.Touched); err != nil {
			return err
		}
		p.From, p.To = p.From.UTC(), p.To.UTC()
		periods = append(periods, p)
		return nil
	})
	return periods, err
}

// Lines implements [collect.Ledger].
func (s *Store) Lines(ctx context.Context, a collect.Account, sl pipeline.Slice, ids []collect.LineID) (map[collect.LineID]pipeline.Line, error) {
	keys := make(map[pipeline.LineKey]pipeline.Line, len(ids))
	var wanted []string
	for _, id := range ids {
		if _, ok := keys[id.Key]; !ok {
			keys[id.Key] = pipeline.Line{}
			wanted = append(wanted, hex.EncodeToString(id.Key[:]))
		}
	}
	found := make(map[pipeline.LineKey]bool, len(keys))
	text := strings.ReplaceAll(s.texts["lines"], "{{line}}", lineSelect())
	for part := range slices.Chunk(wanted, keysAtOnce) {
		bound := sliceArgs(a, sl)
		bound["keys"] = part
		err := s.rowsOf(ctx, "lines", text, bound, func(r driver.Rows) error {
			var key string
			line, err := scanLine(r.Scan, &key)
			if err != nil {
				return err
			}
			keys[pipeline.LineKey([]byte(key))] = line
			found[pipeline.LineKey([]byte(key))] = true
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if len(found) != len(keys) {
		return nil, fmt.Errorf("cannot find %d of %d lines of %s: they are not in the slice", len(keys)-len(found), len(keys), sl.Source)
	}
	out := make(map[collect.LineID]pipeline.Line, len(ids))
	for _, id := range ids {
		out[id] = keys[id.Key]
	}
	return out, nil
}
