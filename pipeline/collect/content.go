package collect

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// lineID is LineID without pointers.
type lineID struct {
	start, end int64
	key        pipeline.LineKey
}

func (id lineID) public() LineID {
	return LineID{Start: time.Unix(id.start, 0).UTC(), End: time.Unix(id.end, 0).UTC(), Key: id.key}
}

func compactID(id LineID) lineID {
	return lineID{start: id.Start.Unix(), end: id.End.Unix(), key: id.Key}
}

// cell is one line of a slice's new content.
type cell struct {
	sums sums
	line int32 // index into content.lines
	seen int32 // the comparison that met it last
}

// content is what a slice shall hold. Lines of equal identity add up; what identifies a line is kept once
// however many periods it has.
type content struct {
	cells map[lineID]int32
	rows  []cell
	ids   []lineID
	lines []interned
	// byResource finds the lines of a resource, so that a line met again costs no hash.
	byResource map[string][]int32
}

type interned struct {
	line *pipeline.Line
	key  pipeline.LineKey
}

// maxLinesCompared bounds the search for an equal line among those of one resource.
const maxLinesCompared = 8

func newContent() *content {
	return &content{cells: map[lineID]int32{}, byResource: map[string][]int32{}}
}

func (c *content) len() int { return len(c.rows) }

func (c *content) add(charge *pipeline.Charge) error {
	s, err := sumsOf(&charge.Measures)
	if err != nil {
		return err
	}
	line := c.intern(&charge.Line)
	id := lineID{start: charge.Start.Unix(), end: charge.End.Unix(), key: c.lines[line].key}
	at, ok := c.cells[id]
	if !ok {
		c.cells[id] = int32(len(c.rows))
		c.rows = append(c.rows, cell{sums: s, line: line})
		c.ids = append(c.ids, id)
		return nil
	}
	row := &c.rows[at]
	row.sums = row.sums.add(s)
	if row.sums.tooWide() {
		return errTooWide
	}
	return nil
}

func (c *content) intern(l *pipeline.Line) int32 {
	same := c.byResource[l.ResourceID]
	for i := len(same) - 1; i >= max(0, len(same)-maxLinesCompared); i-- {
		if equalLines(c.lines[same[i]].line, l) {
			return same[i]
		}
	}
	kept := *l
	c.lines = append(c.lines, interned{line: &kept, key: kept.Key()})
	n := int32(len(c.lines) - 1)
	c.byResource[l.ResourceID] = append(same, n)
	return n
}

// equalLines tells whether a and b have the same key without hashing them.
func equalLines(a, b *pipeline.Line) bool {
	return a.ProviderName == b.ProviderName && a.PublisherName == b.PublisherName && a.InvoiceIssuerName == b.InvoiceIssuerName &&
		a.BillingAccountID == b.BillingAccountID && a.BillingAccountName == b.BillingAccountName &&
		a.BillingCurrency == b.BillingCurrency && a.SubAccountID == b.SubAccountID && a.SubAccountName == b.SubAccountName &&
		a.ServiceCategory == b.ServiceCategory && a.ServiceName == b.ServiceName && a.ResourceID == b.ResourceID &&
		a.ResourceName == b.ResourceName && a.ResourceType == b.ResourceType && a.RegionID == b.RegionID &&
		a.RegionName == b.RegionName && a.AvailabilityZone == b.AvailabilityZone && a.SkuID == b.SkuID &&
		a.SkuPriceID == b.SkuPriceID && a.ChargeCategory == b.ChargeCategory && a.ChargeClass == b.ChargeClass &&
		a.ChargeDescription == b.ChargeDescription && a.ChargeFrequency == b.ChargeFrequency &&
		a.PricingCategory == b.PricingCategory && a.PricingUnit == b.PricingUnit && a.ConsumedUnit == b.ConsumedUnit &&
		a.CommitmentDiscountID == b.CommitmentDiscountID && a.CommitmentDiscountName == b.CommitmentDiscountName &&
		a.CommitmentDiscountType == b.CommitmentDiscountType && a.CommitmentDiscountCategory == b.CommitmentDiscountCategory &&
		a.CommitmentDiscountStatus == b.CommitmentDiscountStatus && a.ListUnitPrice == b.ListUnitPrice &&
		a.ContractedUnitPrice == b.ContractedUnitPrice && a.CostStatus == b.CostStatus && a.Unrecognised == b.Unrecognised &&
		a.BillingPeriodStart.Equal(b.BillingPeriodStart) && maps.Equal(a.Tags, b.Tags)
}

// charges gives every line of the content.
func (c *content) charges() []pipeline.Charge {
	out := make([]pipeline.Charge, 0, len(c.rows))
	for i := range c.rows {
		out = append(out, c.charge(i, &c.rows[i].sums))
	}
	return out
}

func (c *content) charge(row int, s *sums) pipeline.Charge {
	id := c.ids[row].public()
	return pipeline.Charge{Line: *c.lines[c.rows[row].line].line, Start: id.Start, End: id.End, Measures: s.measures()}
}

// checkCharge tells what is wrong with a line, or nil. Money is looked at when the line is added.
func checkCharge(s pipeline.Slice, c *pipeline.Charge) error {
	if s.Cumulative {
		if err := checkCumulative(s, c); err != nil {
			return err
		}
	}
	switch {
	case !inSlice(s, c.Start):
		return fmt.Errorf("it starts at %s, outside of its slice", c.Start.UTC().Format(time.RFC3339))
	case c.End.Before(c.Start):
		return fmt.Errorf("it ends at %s, before its start", c.End.UTC().Format(time.RFC3339))
	case c.Start.Nanosecond() != 0 || c.End.Nanosecond() != 0:
		return errors.New("its period is not whole seconds")
	case c.LineCount < 1 || c.UnpricedCount < 0 || c.UnpricedCount > c.LineCount:
		return fmt.Errorf("it counts %d lines, %d of them without a price", c.LineCount, c.UnpricedCount)
	}
	return nil
}

func inSlice(s pipeline.Slice, t time.Time) bool {
	if s.From.IsZero() && s.To.IsZero() {
		return true
	}
	return !t.Before(s.From) && t.Before(s.To)
}
