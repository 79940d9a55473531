package focus

import (
	"bytes"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/charmap"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/tagtext"
)

var errMixed = errors.New("two kinds of decimal points")

// mapper turns the rows of one file into charges, and remembers what it coped with and what it cannot take.
type mapper struct {
	binding binding
	variant Variant
	width   int
	// commas allows a comma as the decimal point: the cells are then not divided by commas.
	commas  bool
	point   pointUse
	words   words
	tags    tagCache
	counts  tally
	invalid complaints
}

// pointUse remembers which decimal point a file has.
type pointUse struct {
	dots, commas int64
	// clear counts the numbers with a comma that cannot be read as thousands; the first of the others is kept.
	clear     int64
	line      int64
	column    string
	ambiguous string
}

// tally counts what was coped with.
type tally struct {
	rows, unpriced, badTags, emptyPeriod, currencyCase, subsecond int64
	noCost                                                        [measureCount]int64
	rounded                                                       [measureCount]int64
	difference                                                    [measureCount]decimal.Decimal
	categories                                                    map[string]int64
}

func newMapper(b binding, v Variant, width int, commas bool) *mapper {
	return &mapper{
		binding: b, variant: v, width: width, commas: commas,
		words: newWords(), tags: newTagCache(),
		counts: tally{categories: make(map[string]int64)},
	}
}

// charge reads one row. ok is false when a cell cannot be taken; the complaint is then on record.
func (m *mapper) charge(row [][]byte, line int64) (c pipeline.Charge, ok bool) {
	before := m.invalid.count
	if len(row) != m.width {
		m.complainWidth(row, line)
		return c, false
	}
	m.counts.rows++
	c.LineCount = 1
	c.CostStatus = pipeline.Billed
	if !m.binding.provider {
		c.ProviderName = m.variant.ProviderName
	}
	var unpriced bool
	for i := range m.binding.cells {
		cell := &m.binding.cells[i]
		value := trimNull(row[cell.at])
		if len(value) == 0 {
			unpriced = m.empty(cell, line) || unpriced
			continue
		}
		m.set(&c, cell, value, line)
	}
	if m.invalid.count > before {
		return c, false
	}
	m.checkPeriod(&c, line)
	if unpriced {
		m.unprice(&c)
	}
	return c, m.invalid.count == before
}

func (m *mapper) complainWidth(row [][]byte, line int64) {
	m.invalid.add(line, "—", bytes.Join(row[:min(len(row), 3)], []byte{','}), pipeline.Textf(
		"в строке %d ячеек, а в заголовке %d", "a row of %d cells under a header of %d", len(row), m.width))
}

// empty deals with a cell that is not given. It tells whether the row has thereby no price.
func (m *mapper) empty(cell *boundCell, line int64) (unpriced bool) {
	switch {
	case cell.kind == costColumn && cell.number == billedCost:
		return true
	case cell.kind == costColumn:
		m.counts.noCost[cell.number]++
	case cell.kind == categoryColumn:
		m.counts.categories[""]++
	case cell.required:
		m.invalid.add(line, cell.name, nil, pipeline.Text{RU: "обязательное значение пусто", EN: "empty, but it is required"})
	}
	return false
}

func (m *mapper) set(c *pipeline.Charge, cell *boundCell, value []byte, line int64) {
	switch cell.kind {
	case textColumn:
		m.setText(cell.text(&c.Line), cell, value, line)
	case currencyColumn:
		m.setCurrency(c, cell, value, line)
	case categoryColumn:
		m.setCategory(c, cell, value, line)
	case costColumn, quantityColumn:
		m.setNumber(c, cell, value, line)
	case priceColumn:
		if d, ok := m.number(cell, value, line); ok {
			*cell.text(&c.Line) = m.words.text(d.String())
		}
	case startColumn:
		c.Start = m.time(cell, value, line)
	case endColumn:
		c.End = m.time(cell, value, line)
	case billingStartColumn:
		c.BillingPeriodStart = m.time(cell, value, line)
	case tagsColumn:
		c.Tags = m.tagsOf(value)
	}
}

func (m *mapper) setText(to *string, cell *boundCell, value []byte, line int64) {
	s, ok := m.words.get(value)
	if !ok {
		guess, _ := charmap.Windows1251.NewDecoder().Bytes(value)
		m.invalid.add(line, cell.name, guess, whyEncoding())
		return
	}
	*to = s
}

func whyEncoding() pipeline.Text {
	return pipeline.Text{
		RU: "текст не в UTF-8 (похоже на Windows-1251); сохраните файл в UTF-8",
		EN: "text that is not UTF-8 (Windows-1251, it seems); save the file as UTF-8",
	}
}

func (m *mapper) setCurrency(c *pipeline.Charge, cell *boundCell, value []byte, line int64) {
	s, _ := m.words.get(value)
	upper := strings.ToUpper(s)
	if upper != s {
		m.counts.currencyCase++
	}
	if !isCurrency(upper) {
		m.invalid.add(line, cell.name, value, pipeline.Text{RU: "не код валюты; нужны три буквы ISO 4217, например RUB", EN: "no currency code; three letters of ISO 4217 are needed, such as USD"})
		return
	}
	c.BillingCurrency = upper
}

func isCurrency(s string) bool {
	if len(s) != 3 {
		return false
	}
	for _, r := range s {
		if r < 'A' || r > 'Z' {
			return false
		}
	}
	return true
}

func (m *mapper) setCategory(c *pipeline.Charge, cell *boundCell, value []byte, line int64) {
	for _, known := range []pipeline.ChargeCategory{
		pipeline.Usage, pipeline.Purchase, pipeline.Tax, pipeline.Credit, pipeline.Adjustment,
	} {
		if strings.EqualFold(string(value), string(known)) {
			c.ChargeCategory = known
			return
		}
	}
	var s string
	m.setText(&s, cell, value, line)
	c.ChargeCategory = pipeline.ChargeCategory(s)
	if len(m.counts.categories) < 100 {
		m.counts.categories[s]++
	}
}

func (m *mapper) setNumber(c *pipeline.Charge, cell *boundCell, value []byte, line int64) {
	d, ok := m.number(cell, value, line)
	if !ok {
		return
	}
	if d.Exponent() < -pipeline.MoneyScale {
		r := d.RoundBank(pipeline.MoneyScale)
		m.counts.rounded[cell.number]++
		m.counts.difference[cell.number] = m.counts.difference[cell.number].Add(r.Sub(d))
		d = r
	}
	*measureOf(&c.Measures, cell.number) = d
}

func measureOf(m *pipeline.Measures, which measure) *decimal.Decimal {
	switch which {
	case billedCost:
		return &m.BilledCost
	case effectiveCost:
		return &m.EffectiveCost
	case listCost:
		return &m.ListCost
	case contractedCost:
		return &m.ContractedCost
	case consumedQuantity:
		return &m.ConsumedQuantity
	default:
		return &m.PricingQuantity
	}
}

func (m *mapper) number(cell *boundCell, value []byte, line int64) (decimal.Decimal, bool) {
	d, err := m.parse(cell, value, line)
	if err != nil {
		m.invalid.add(line, cell.name, value, whyNumber(err))
		return d, false
	}
	return d, true
}

// parse reads a number with the decimal point that the file has; both kinds in one file are refused.
func (m *mapper) parse(cell *boundCell, value []byte, line int64) (decimal.Decimal, error) {
	if m.commas && bytes.IndexByte(value, ',') >= 0 {
		d, err := parseNumber(value, ',')
		if err == nil && m.point.dots > 0 {
			err = errMixed
		}
		m.point.comma(cell, value, line)
		return d, err
	}
	if m.commas && bytes.IndexByte(value, '.') >= 0 {
		m.point.dots++
		if m.point.commas > 0 {
			return decimal.Decimal{}, errMixed
		}
	}
	return parseNumber(value, '.')
}

func (p *pointUse) comma(cell *boundCell, value []byte, line int64) {
	p.commas++
	if !looksLikeThousands(value) {
		p.clear++
	} else if p.ambiguous == "" {
		p.line, p.column, p.ambiguous = line, cell.name, string(value)
	}
}

func (m *mapper) time(cell *boundCell, value []byte, line int64) time.Time {
	t, cut, err := parseTime(value)
	if err != nil {
		m.invalid.add(line, cell.name, value, pipeline.Text{
			RU: "не дата; нужна вида 2026-09-30T22:00:00Z", EN: "not a date; it must look like 2026-09-30T22:00:00Z",
		})
	}
	if cut {
		m.counts.subsecond++
	}
	return t
}

func (m *mapper) tagsOf(value []byte) map[string]string {
	tags, ok := m.tags.get(value)
	if !ok {
		m.counts.badTags++
	}
	return tags
}

// checkPeriod refuses a period that runs backwards. One without length gets a second, so that it lies somewhere.
func (m *mapper) checkPeriod(c *pipeline.Charge, line int64) {
	switch {
	case c.End.Before(c.Start):
		m.invalid.add(line, "ChargePeriodEnd", []byte(c.End.Format(time.RFC3339)), pipeline.Textf(
			"раньше начала периода (%s)", "before the period's start (%s)", c.Start.Format(time.RFC3339)))
	case c.End.Equal(c.Start):
		c.End = c.Start.Add(time.Second)
		m.counts.emptyPeriod++
	}
}

func (m *mapper) unprice(c *pipeline.Charge) {
	m.counts.unpriced++
	c.UnpricedCount = 1
	c.EffectiveCost, c.ListCost, c.ContractedCost = decimal.Decimal{}, decimal.Decimal{}, decimal.Decimal{}
}

// finish gives the fault of the file as a whole once all rows are read; nil when it can be loaded.
func (m *mapper) finish(key string) *pipeline.Fault {
	if f := m.invalid.fault(key); f != nil {
		return f
	}
	if m.point.commas > 0 && m.point.clear == 0 {
		return newFault(pipeline.FaultMalformed, key,
			"Файл «%s» не загружен: не понять, отделяет ли запятая тысячи или дробную часть (строка %d, %s: «%s»). Выгрузите числа с точкой и без разделителя тысяч.",
			"Nothing of the file %q was loaded: it is not clear whether a comma parts thousands or decimals (row %d, %s: %q). Export numbers with a dot and without a thousands separator.",
			key, m.point.line, m.point.column, m.point.ambiguous)
	}
	return nil
}

// trimNull strips blanks; a bare NULL is empty.
func trimNull(b []byte) []byte {
	b = bytes.TrimSpace(b)
	if len(b) == 4 && (string(b) == "NULL" || string(b) == "null" || string(b) == "Null") {
		return nil
	}
	return b
}

// words keeps one copy of texts that repeat, up to a limit.
type words struct {
	held map[string]string
}

const (
	maxWords      = 1 << 15
	maxWordLength = 256
)

func newWords() words { return words{held: make(map[string]string)} }

// get gives the text of a cell; ok is false when it is not UTF-8.
func (w *words) get(b []byte) (s string, ok bool) {
	if s, found := w.held[string(b)]; found {
		return s, true
	}
	if !utf8.Valid(b) {
		return "", false
	}
	return w.keep(string(b)), true
}

func (w *words) text(s string) string {
	if held, found := w.held[s]; found {
		return held
	}
	return w.keep(s)
}

func (w *words) keep(s string) string {
	if len(s) > maxWordLength {
		return s
	}
	if len(w.held) >= maxWords {
		clear(w.held)
	}
	w.held[s] = s
	return s
}

// tagCache keeps the tags of texts that repeat. Charges with the same text share one map, which nobody may change.
type tagCache struct {
	held map[string]heldTags
	size int
}

type heldTags struct {
	tags map[string]string
	ok   bool
}

// Bounds of the cache of tags.
const (
	maxTagTexts = 1 << 13
	maxTagBytes = 4 << 20
)

func newTagCache() tagCache { return tagCache{held: make(map[string]heldTags)} }

func (c *tagCache) get(b []byte) (map[string]string, bool) {
	if t, found := c.held[string(b)]; found {
		return t.tags, t.ok
	}
	tags, err := tagtext.Parse(b)
	if c.size += len(b); c.size > maxTagBytes || len(c.held) >= maxTagTexts {
		clear(c.held)
		c.size = len(b)
	}
	c.held[string(b)] = heldTags{tags: tags, ok: err == nil}
	return tags, err == nil
}
