package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// A cumulative slice says how much each line has come to since From. It is held by hours. What identifies a line is all of it
// but its period; the total of the slice is compared with the sum of the line's hours, number by number:
//
//   - what it has grown by goes to the hours between the last one held of the slice and Through, evenly;
//   - when there is no such hour and the period goes on, to the last hour;
//   - any other change scales the hours held, in proportion, and what does not divide goes to the largest;
//   - a line that is not there any more is taken back.
//
// The hours of a line always add up to its latest total to the last digit.

const secondsOfHour = int64(time.Hour / time.Second)

// checkCumulative tells what is wrong with a line of a cumulative slice, or nil.
func checkCumulative(s pipeline.Slice, c *pipeline.Charge) error {
	switch {
	case !s.From.Before(s.To) || s.From.Unix()%secondsOfHour != 0 || s.To.Unix()%secondsOfHour != 0:
		return errors.New("a cumulative slice needs a period of whole hours")
	case !c.Start.Equal(s.From) || !c.End.Equal(s.To):
		return fmt.Errorf("it lasts from %s to %s, not as long as its cumulative slice",
			c.Start.UTC().Format(time.RFC3339), c.End.UTC().Format(time.RFC3339))
	}
	return nil
}

// hourCell is one held period of a line.
type hourCell struct {
	start, end int64
	sums       sums
}

// runCumulative compares the totals with the hours held.
func (c *comparison) runCumulative(ctx context.Context) (difference, error) {
	c.round++
	var d difference
	held := map[pipeline.LineKey][]hourCell{}
	last := c.slice.From.Unix()
	err := c.eachHeld(ctx, func(h HeldLine) error {
		s, err := sumsOf(&h.Measures)
		if err != nil {
			return fmt.Errorf("line of %s: %w", h.Start, err)
		}
		id := compactID(h.LineID)
		d.held.add(id, &s)
		last = max(last, id.end)
		held[id.key] = append(held[id.key], hourCell{start: id.start, end: id.end, sums: s})
		return nil
	})
	if err != nil {
		return difference{}, fmt.Errorf("cannot read what is held of %s: %w", c.slice.Source, err)
	}
	c.grow(&d, held, hoursOf(c.slice, last))
	return d, c.takeBack(ctx, &d)
}

// grow adds to the difference what turns the held hours into the totals.
func (c *comparison) grow(d *difference, held map[pipeline.LineKey][]hourCell, hours sliceHours) {
	for i := range c.content.rows {
		row := &c.content.rows[i]
		line := c.content.lines[row.line]
		cells := held[line.key]
		delete(held, line.key)
		for _, cell := range hours.move(cells, &row.sums) {
			d.lines = append(d.lines, pipeline.Charge{
				Line: *line.line, Start: unixTime(cell.start), End: unixTime(cell.end), Measures: cell.sums.measures(),
			})
		}
	}
	for key, cells := range held {
		for _, cell := range cells {
			d.gone = append(d.gone, goneLine{id: lineID{start: cell.start, end: cell.end, key: key}, sums: cell.sums})
		}
	}
}

func unixTime(s int64) time.Time { return time.Unix(s, 0).UTC() }

// sliceHours are the hours of a cumulative slice, as starts.
type sliceHours struct {
	// fresh are those since the slice was last read, through all those until Through.
	fresh, through []int64
	// open is true while the period goes on.
	open bool
}

// hoursOf cuts a slice whose hours are held until last.
func hoursOf(s pipeline.Slice, last int64) sliceHours {
	from, to := s.From.Unix(), s.To.Unix()
	through := to
	if !s.Through.IsZero() {
		through = min(s.Through.Unix()-s.Through.Unix()%secondsOfHour, to)
	}
	through = max(through, from+secondsOfHour) // what was used in an hour that is not over lies in it
	h := sliceHours{open: through < to}
	for at := from; at < through; at += secondsOfHour {
		h.through = append(h.through, at)
		if at >= last {
			h.fresh = append(h.fresh, at)
		}
	}
	return h
}

// move gives what must be added to the cells so that they come to the total.
func (h *sliceHours) move(cells []hourCell, total *sums) []hourCell {
	// Every order in which a ledger gives the cells leads to the same result.
	slices.SortFunc(cells, func(a, b hourCell) int { return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end)) })
	var held sums
	for i := range cells {
		held = held.add(cells[i].sums)
	}
	if held == *total {
		return nil
	}
	changed := &cellSet{}
	h.moveCounts(changed, cells, total.lines-held.lines, total.unpriced-held.unpriced)
	for n := range total.numbers {
		h.moveNumber(changed, cells, n, held.numbers[n], total.numbers[n])
	}
	return changed.nonzero()
}

// moveCounts puts the change of the counts into one hour: a line counts once.
func (h *sliceHours) moveCounts(changed *cellSet, cells []hourCell, lines, unpriced int64) {
	at := h.through[len(h.through)-1]
	if len(h.fresh) > 0 {
		at = h.fresh[0]
	}
	end := at + secondsOfHour
	if i := slices.IndexFunc(cells, func(c hourCell) bool { return c.sums.lines != 0 || c.sums.unpriced != 0 }); i >= 0 {
		at, end = cells[i].start, cells[i].end
	}
	s := changed.at(at, end)
	s.lines, s.unpriced = s.lines+lines, s.unpriced+unpriced
}

func (h *sliceHours) moveNumber(changed *cellSet, cells []hourCell, n int, held, total fixed) {
	delta := total.add(held.neg())
	switch {
	case delta == (fixed{}):
	case held == (fixed{}) || h.grows(held, delta):
		h.spread(changed, n, delta)
	default:
		scale(changed, cells, n, held, total)
	}
}

// grows tells a growth from a restatement: the number goes on in its direction, and there is time in which it can have.
func (h *sliceHours) grows(held, delta fixed) bool {
	return (held.hi < 0) == (delta.hi < 0) && (len(h.fresh) > 0 || h.open)
}

// spread divides a number evenly over the fresh hours, the rest going to the last one. Without fresh hours it goes to the last
// hour of a period that goes on, and over all hours of one that is over.
func (h *sliceHours) spread(changed *cellSet, n int, delta fixed) {
	hours := h.fresh
	if len(hours) == 0 {
		hours = h.through
		if h.open {
			hours = hours[len(hours)-1:]
		}
	}
	share := delta.over(len(hours))
	rest := delta
	for i, at := range hours {
		part := share
		if i == len(hours)-1 {
			part = rest
		}
		rest = rest.add(part.neg())
		s := changed.at(at, at+secondsOfHour)
		s.numbers[n] = s.numbers[n].add(part)
	}
}

// scale changes the held cells in proportion; what does not divide goes to the largest of them.
func scale(changed *cellSet, cells []hourCell, n int, held, total fixed) {
	delta := total.add(held.neg())
	rest, largest := delta, 0
	for i := range cells {
		if cells[largest].sums.numbers[n].abs().less(cells[i].sums.numbers[n].abs()) {
			largest = i
		}
	}
	for i := range cells {
		if i == largest {
			continue
		}
		part := delta.share(cells[i].sums.numbers[n], held)
		rest = rest.add(part.neg())
		s := changed.at(cells[i].start, cells[i].end)
		s.numbers[n] = s.numbers[n].add(part)
	}
	s := changed.at(cells[largest].start, cells[largest].end)
	s.numbers[n] = s.numbers[n].add(rest)
}

// cellSet gathers what is to be added to the periods of one line.
type cellSet struct{ cells []hourCell }

func (c *cellSet) at(start, end int64) *sums {
	for i := range c.cells {
		if c.cells[i].start == start && c.cells[i].end == end {
			return &c.cells[i].sums
		}
	}
	c.cells = append(c.cells, hourCell{start: start, end: end})
	return &c.cells[len(c.cells)-1].sums
}

func (c *cellSet) nonzero() []hourCell {
	return slices.DeleteFunc(c.cells, func(h hourCell) bool { return h.sums == sums{} })
}

// spreadEvenly gives the lines of a slice too large to compare in memory: every total evenly over the hours until Through.
func spreadEvenly(s pipeline.Slice, c *content) []pipeline.Charge {
	hours := hoursOf(s, s.From.Unix())
	var out []pipeline.Charge
	for i := range c.rows {
		row := &c.rows[i]
		for _, cell := range hours.move(nil, &row.sums) {
			out = append(out, pipeline.Charge{
				Line: *c.lines[row.line].line, Start: unixTime(cell.start), End: unixTime(cell.end), Measures: cell.sums.measures(),
			})
		}
	}
	return out
}
