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
	from, to := bounds(sl)
	of := common[slicePlace]{a.Tenant, slicePlace{source: sl.Source, from: seconds(from), to: seconds(to)}}
	n, err := s.joined.sliceRows.put(ctx, of, asking[int64]{a.Connection, micros(seenAt)})
	return n.all, n.fresh, err
}

// slicePlace is what slices of several connections may have in common, sliceCount how many rows one has.
type (
	slicePlace struct {
		source   string
		from, to uint32
	}
	sliceCount struct{ all, fresh int64 }
)

// sliceRowsOf counts the rows of slices, and those of them that came with the instants asked about.
func (s *Store) sliceRowsOf(ctx context.Context, of common[slicePlace], all []asking[int64]) ([]sliceCount, error) {
	seen := make([]int64, len(all))
	for i := range all {
		seen[i] = all[i].about
	}
	bound := args{
		"tenant": string(of.tenant), "source": of.of.source, "from": of.of.from, "to": of.of.to, "connections": connectionsOf(all), "seen_at": seen,
	}
	out, places := make([]sliceCount, len(all)), placesOf(all)
	err := s.rows(ctx, "slice_rows_seen", bound, func(r driver.Rows) error {
		var connection string
		var rows, fresh uint64
		if err := r.Scan(&connection, &rows, &fresh); err != nil {
			return err
		}
		out[places[connection]] = sliceCount{int64(rows), int64(fresh)}
		return nil
	})
	return out, err
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
	own := asking[none]{connection: a.Connection}
	if len(sources) == 0 {
		return s.joined.filePeriods.put(ctx, common[none]{tenant: a.Tenant}, own)
	}
	periods, err := s.filePeriodsOf(ctx, a.Tenant, sources, []asking[none]{own})
	return periods[0], err
}

func (s *Store) filePeriodsOf(ctx context.Context, tenant pipeline.TenantID, sources []string, all []asking[none]) ([][]collect.FilePeriod, error) {
	bound := args{
		"tenant": string(tenant), "connections": connectionsOf(all), "prefix": collect.SourceFile, "sources": append([]string{}, sources...),
	}
	out, places := make([][]collect.FilePeriod, len(all)), placesOf(all)
	err := s.rows(ctx, "file_periods", bound, func(r driver.Rows) error {
		var connection string
		var p collect.FilePeriod
		if err := r.Scan(&connection, &p.From, &p.To, &p.Held, &p.Touched); err != nil {
			return err
		}
		p.From, p.To = p.From.UTC(), p.To.UTC()
		at := places[connection]
		out[at] = append(out[at], p)
		return nil
	})
	return out, err
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
