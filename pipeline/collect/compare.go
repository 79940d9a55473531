package collect

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// digest sums up a set of lines in whatever order they come.
type digest [4]uint64

func (d *digest) add(id lineID, s *sums) {
	buf := make([]byte, 0, 160)
	buf = binary.BigEndian.AppendUint64(buf, uint64(id.start))
	buf = binary.BigEndian.AppendUint64(buf, uint64(id.end))
	buf = append(buf, id.key[:]...)
	buf = binary.BigEndian.AppendUint64(buf, uint64(s.lines))
	buf = binary.BigEndian.AppendUint64(buf, uint64(s.unpriced))
	for i := range s.numbers {
		buf = binary.BigEndian.AppendUint64(buf, uint64(s.numbers[i].hi))
		buf = binary.BigEndian.AppendUint64(buf, s.numbers[i].lo)
	}
	sum := sha256.Sum256(buf)
	for i := range d {
		d[i] += binary.BigEndian.Uint64(sum[8*i:])
	}
}

// difference is what must be appended so that the held lines become the new content.
type difference struct {
	// held sums up what was compared with.
	held    digest
	changed []change
	gone    []goneLine
	lines   []pipeline.Charge // the gone lines, taken back
}

type change struct {
	row  int32
	sums sums
}

type goneLine struct {
	id   lineID
	sums sums
}

func (d *difference) empty() bool { return len(d.changed) == 0 && len(d.lines) == 0 }

// charges gives the lines to append.
func (d *difference) charges(c *content) []pipeline.Charge {
	out := make([]pipeline.Charge, 0, len(d.changed)+len(d.lines))
	for i := range d.changed {
		out = append(out, c.charge(int(d.changed[i].row), &d.changed[i].sums))
	}
	return append(out, d.lines...)
}

// place is a slice of an account in a ledger.
type place struct {
	ledger  Ledger
	account Account
	slice   pipeline.Slice
}

// comparison compares a content with what is held, as often as needed.
type comparison struct {
	place
	content *content
	// keep tells of a held line that the content does not have whether it shall stay. Nil means that none does.
	keep func(pipeline.Line) bool
	// keeps sums up what keep and never decide by; zero when they may decide otherwise the next time.
	keeps digest
	// never tells of a line that starts at an instant that it shall not stay, whatever keep says. Nil means that keep decides.
	never func(start time.Time) bool
	// kept are the lines that keep said yes to.
	kept  map[lineID]bool
	round int32
	// empty is true when the slice was just seen to have no rows: then it is not read.
	empty bool
}

// eachHeld gives the net of every line of the slice.
func (c *comparison) eachHeld(ctx context.Context, f func(HeldLine) error) error {
	if c.empty {
		return nil
	}
	return c.ledger.Held(ctx, c.account, c.slice, f)
}

func (c *comparison) run(ctx context.Context) (difference, error) {
	if c.slice.Cumulative {
		return c.runCumulative(ctx)
	}
	c.round++
	var d difference
	err := c.eachHeld(ctx, func(h HeldLine) error { return c.meet(&d, &h) })
	if err != nil {
		return difference{}, fmt.Errorf("cannot read what is held of %s: %w", c.slice.Source, err)
	}
	for i := range c.content.rows {
		row := &c.content.rows[i]
		if row.seen != c.round && row.sums != (sums{}) {
			d.changed = append(d.changed, change{row: int32(i), sums: row.sums})
		}
	}
	return d, c.takeBack(ctx, &d)
}

func (c *comparison) meet(d *difference, h *HeldLine) error {
	s, err := sumsOf(&h.Measures)
	if err != nil {
		return fmt.Errorf("line of %s: %w", h.Start, err)
	}
	id := compactID(h.LineID)
	d.held.add(id, &s)
	at, ok := c.content.cells[id]
	if !ok {
		if !c.kept[id] {
			d.gone = append(d.gone, goneLine{id: id, sums: s})
		}
		return nil
	}
	row := &c.content.rows[at]
	row.seen = c.round
	if row.sums != s {
		d.changed = append(d.changed, change{row: at, sums: row.sums.add(s.neg())})
	}
	return nil
}

// linesAsked is how many lines are looked up at once.
const linesAsked = 5000

func (c *comparison) takeBack(ctx context.Context, d *difference) error {
	for some := range slices.Chunk(d.gone, linesAsked) {
		ids := make([]LineID, len(some))
		for i := range some {
			ids[i] = some[i].id.public()
		}
		lines, err := c.ledger.Lines(ctx, c.account, c.slice, ids)
		if err != nil {
			return fmt.Errorf("cannot look up lines of %s: %w", c.slice.Source, err)
		}
		for i, id := range ids {
			line, ok := lines[id]
			if !ok {
				return fmt.Errorf("cannot take back a line of %s: the ledger does not know it", c.slice.Source)
			}
			c.takeBackLine(d, &some[i], line)
		}
	}
	return nil
}

func (c *comparison) takeBackLine(d *difference, g *goneLine, line pipeline.Line) {
	if c.keep != nil && c.keep(line) && (c.never == nil || !c.never(time.Unix(g.id.start, 0))) {
		if c.kept == nil {
			c.kept = map[lineID]bool{}
		}
		c.kept[g.id] = true
		return
	}
	id, s := g.id.public(), g.sums.neg()
	d.lines = append(d.lines, pipeline.Charge{Line: line, Start: id.Start, End: id.End, Measures: s.measures()})
}

// token names an append: of one slice, from one held state. A second append from the same state is dropped by the
// ledger, whoever sends it and whatever it holds, so that of two collectors only one moves the slice on.
func (p *place) token(held digest, salt string) string {
	buf := make([]byte, 0, 256)
	for _, s := range []string{string(p.account.Tenant), string(p.account.Connection), p.slice.Source, salt} {
		buf = binary.AppendUvarint(buf, uint64(len(s)))
		buf = append(buf, s...)
	}
	for _, n := range []int64{unixOrZero(p.slice.From), unixOrZero(p.slice.To)} {
		buf = binary.BigEndian.AppendUint64(buf, uint64(n))
	}
	for _, n := range held {
		buf = binary.BigEndian.AppendUint64(buf, n)
	}
	sum := sha256.Sum256(buf)
	return hex.EncodeToString(sum[:])
}

// saltOf gives the salt of the n-th append from one state. A slice that comes back to a state that it was in before
// finds the first tokens used; the third is one that nobody can have used.
func saltOf(n int) string {
	if n < 2 {
		return fmt.Sprint(n)
	}
	return rand.Text()
}
