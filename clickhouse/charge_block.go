package clickhouse

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// chargeBlock is charges turned into columns. Columns that say nothing are left out.
type chargeBlock struct {
	block
	box      *boxer
	start    []time.Time
	end      []time.Time
	billing  []time.Time
	lines    []*boxedLine // of each row
	unknown  []bool
	count    []int64
	unpriced []int64
	money    [6][]decimal.Decimal
}

// boxedLine holds a line's texts ready for the columns: boxed once, however many rows have the line.
type boxedLine struct {
	key   any
	texts []any // as lineColumns, then Tags
}

// typeKey is the column of a line's key.
const typeKey = "LowCardinality(FixedString(16))"

func moneyColumns() [6]string {
	return [6]string{"BilledCost", "ConsumedQuantity", "effective_over_billed", "list_over_billed", "contracted_over_billed", "pricing_over_consumed"}
}

func newChargeBlock(lines []pipeline.Charge) (*chargeBlock, error) {
	n := len(lines)
	b := &chargeBlock{
		block: block{n: n}, box: newBoxer(), start: make([]time.Time, n), end: make([]time.Time, n), lines: make([]*boxedLine, n),
		count: make([]int64, n), unpriced: make([]int64, n),
	}
	for i := range b.money {
		b.money[i] = make([]decimal.Decimal, n)
	}
	for i := range lines {
		c := &lines[i]
		if err := b.set(i, c); err != nil {
			return nil, err
		}
		b.lines[i] = b.box.line(&c.Line)
		if c.Unrecognised {
			b.unknown = grow(b.unknown, n)
			b.unknown[i] = true
		}
		if !c.BillingPeriodStart.IsZero() {
			b.billing = grow(b.billing, n)
			b.billing[i] = c.BillingPeriodStart
		}
	}
	return b, nil
}

func grow[T any](s []T, n int) []T {
	if s == nil {
		return make([]T, n)
	}
	return s
}

// set takes a row's instants and measures.
func (b *chargeBlock) set(i int, c *pipeline.Charge) error {
	if c.Start.Unix() < firstSecond || c.End.Unix() > lastSecond || c.Start.Nanosecond() != 0 || c.End.Nanosecond() != 0 {
		return fmt.Errorf("cannot keep a charge from %s to %s: the ledger keeps whole seconds from 1970 to 2106", c.Start.UTC(), c.End.UTC())
	}
	b.start[i], b.end[i] = c.Start, c.End
	b.count[i], b.unpriced[i] = c.LineCount, c.UnpricedCount
	values := [6]decimal.Decimal{
		c.BilledCost, c.ConsumedQuantity, minus(c.EffectiveCost, c.BilledCost), minus(c.ListCost, c.BilledCost),
		minus(c.ContractedCost, c.BilledCost), minus(c.PricingQuantity, c.ConsumedQuantity),
	}
	for j, name := range moneyColumns() {
		value, err := exact(name, values[j])
		if err != nil {
			return err
		}
		b.money[j][i] = value
	}
	return nil
}

// minus is a - b, quick for the usual a that is b.
func minus(a, b decimal.Decimal) decimal.Decimal {
	if a == b {
		return decimal.Decimal{}
	}
	return a.Sub(b)
}

// boxer keeps the boxed lines of a block.
type boxer struct {
	columns []lineColumn
	known   map[pipeline.LineKey]*boxedLine
	used    []bool // columns with a text in any line; the last is Tags
}

func newBoxer() *boxer {
	columns := lineColumns()
	return &boxer{columns: columns, known: map[pipeline.LineKey]*boxedLine{}, used: make([]bool, len(columns)+1)}
}

func (x *boxer) line(l *pipeline.Line) *boxedLine {
	key := l.Key()
	if known, ok := x.known[key]; ok {
		return known
	}
	boxed := &boxedLine{key: string(key[:]), texts: make([]any, len(x.columns)+1)}
	for i, c := range x.columns {
		x.put(boxed, i, *c.field(l))
	}
	x.put(boxed, len(x.columns), encodeMap(l.Tags))
	x.known[key] = boxed
	return boxed
}

func (x *boxer) put(b *boxedLine, i int, text string) {
	b.texts[i] = text
	x.used[i] = x.used[i] || text != ""
}

// forLedger adds the columns that only the ledger has.
func (b *chargeBlock) forLedger(a collect.Account, source string, seenAt time.Time) *block {
	b.addSame("tenant_id", typeText, string(a.Tenant))
	b.addSame("connection_id", typeText, string(a.Connection))
	b.addSame("source", typeText, source)
	b.addSame("seen_at", typeInstant, seenAt)
	b.layout()
	return &b.block
}

// layout adds the columns that the ledger and the stage have in common.
func (b *chargeBlock) layout() {
	box := b.box
	addEach(&b.block, "line_key", typeKey, b.lines, func(l **boxedLine) any { return (*l).key })
	addSlice(&b.block, "ChargePeriodStart", typeSecond, b.start)
	addSlice(&b.block, "ChargePeriodEnd", typeSecond, b.end)
	if b.billing != nil {
		addSlice(&b.block, "BillingPeriodStart", typeSecond, orEpoch(b.billing))
	}
	for i, used := range box.used {
		if used {
			name := "Tags"
			if i < len(box.columns) {
				name = box.columns[i].name
			}
			addEach(&b.block, name, typeText, b.lines, func(l **boxedLine) any { return (*l).texts[i] })
		}
	}
	if b.unknown != nil {
		addSlice(&b.block, "unrecognised", "Bool", b.unknown)
	}
	addSlice(&b.block, "line_count", typeInt, b.count)
	addSlice(&b.block, "unpriced_count", typeInt, b.unpriced)
	for i, name := range moneyColumns() {
		if !allZero(b.money[i]) {
			addSlice(&b.block, name, typeDecimal, b.money[i])
		}
	}
}

// orEpoch puts the epoch, which stands for "unknown", in place of zero times.
func orEpoch(times []time.Time) []time.Time {
	for i := range times {
		if times[i].IsZero() {
			times[i] = time.Unix(0, 0)
		}
	}
	return times
}

func allZero(ds []decimal.Decimal) bool {
	for i := range ds {
		if !ds[i].IsZero() {
			return false
		}
	}
	return true
}
