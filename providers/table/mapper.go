package table

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// mapper turns the rows of one file into charges.
type mapper struct {
	m        *Mapping
	b        binding
	loc      *time.Location
	excel    bool
	from1904 bool
	report   *Report
	words    words
	tags     tagReader
	lost     []LeftOutRows // by rule, and last the rows that cannot be read
	counts   tally
}

// tally counts what was coped with.
type tally struct {
	rounded, emptyPeriod, subsecond, badTags int64
	difference                               decimal.Decimal
	noCost                                   map[Role]int64
	categories                               map[string]int64
}

func newMapper(m *Mapping, b binding, zone *time.Location, src rows, r *Report) *mapper {
	mp := &mapper{
		m: m, b: b, loc: m.Location(zone), report: r, words: newWords(), tags: newTagReader(b.tags),
		lost:   make([]LeftOutRows, len(b.rules)+1),
		counts: tally{noCost: make(map[Role]int64), categories: make(map[string]int64)},
	}
	mp.excel, mp.from1904 = src.workbook()
	for i := range b.rules {
		mp.lost[i].Reason = b.rules[i].rule.text()
	}
	mp.lost[len(b.rules)].Reason = pipeline.Text{RU: "строку не удалось прочитать", EN: "the row could not be read"}
	return mp
}

// cell gives the text of a role; ok is false when no column has it.
func (mp *mapper) cell(cells []string, role Role) (text string, ok bool) {
	at, ok := mp.b.cell[role]
	if !ok {
		return "", false
	}
	return cellAt(cells, at), true
}

func (mp *mapper) complain(line int64, role Role, value string, why pipeline.Text) {
	mp.report.problem(line, mp.b.names[mp.b.cell[role]], value, why)
}

// charge reads one row. Cells that cannot be read become problems of the report.
func (mp *mapper) charge(cells []string, line int64) pipeline.Charge {
	var c pipeline.Charge
	if !mp.excel && mp.ragged(cells, line) {
		return c
	}
	c.LineCount, c.CostStatus, c.ProviderName = 1, pipeline.Billed, mp.m.Provider
	mp.setPeriod(&c, cells, line)
	mp.setTexts(&c, cells)
	mp.setCategory(&c, cells)
	mp.setCosts(&c, cells, line)
	mp.setQuantity(&c, cells, line)
	tags, bad := mp.tags.read(cells)
	c.Tags = tags
	if bad {
		mp.counts.badTags++
	}
	return c
}

// ragged tells whether a row has other cells than the header: then it is not known which value is whose.
func (mp *mapper) ragged(cells []string, line int64) bool {
	width := len(mp.b.names)
	if len(cells) == width || (len(cells) > width && blankRow(cells[width:])) {
		return false
	}
	mp.report.problem(line, "—", strings.Join(cells[:min(len(cells), 3)], " "), pipeline.Textf(
		"в строке %d ячеек, а в заголовке %d", "a row of %d cells under a header of %d", len(cells), width))
	return true
}

func (mp *mapper) setTexts(c *pipeline.Charge, cells []string) {
	for _, t := range [...]struct {
		role Role
		to   *string
	}{
		{RoleService, &c.ServiceName},
		{RoleServiceGroup, &c.ServiceCategory},
		{RoleResourceID, &c.ResourceID},
		{RoleResourceName, &c.ResourceName},
		{RoleResourceType, &c.ResourceType},
		{RoleProjectID, &c.SubAccountID},
		{RoleProjectName, &c.SubAccountName},
		{RoleRegion, &c.RegionID},
		{RoleZone, &c.AvailabilityZone},
		{RoleSku, &c.SkuID},
		{RoleDescription, &c.ChargeDescription},
		{RoleUnit, &c.ConsumedUnit},
		{RoleAccount, &c.BillingAccountID},
		{RoleProvider, &c.ProviderName},
	} {
		if s, ok := mp.cell(cells, t.role); ok && s != "" {
			*t.to = mp.words.keep(s)
		}
	}
	if _, ok := mp.b.cell[RoleResourceID]; !ok {
		c.ResourceID = c.ResourceName
	}
	if _, ok := mp.b.cell[RoleProjectID]; !ok {
		c.SubAccountID = c.SubAccountName
	}
}

// amount reads a number of a role and rounds it to the ledger's digits; ok is false when it is empty or cannot be read.
func (mp *mapper) amount(cells []string, line int64, role Role) (a amount, ok bool) {
	s, there := mp.cell(cells, role)
	if !there || s == "" || isDash(s) {
		return amount{}, false
	}
	point, group := mp.m.point(), mp.m.Group
	if mp.excel && isPlain(s) {
		point, group = ".", "" // a workbook's numbers have a point, whatever its texts have
	}
	a, err := parseAmount(s, point, group)
	if err != nil {
		mp.complain(line, role, s, whyNumber(err, point))
		return amount{}, false
	}
	if a.value.Exponent() < -pipeline.MoneyScale {
		rounded := a.value.RoundBank(pipeline.MoneyScale)
		mp.counts.rounded++
		mp.counts.difference = mp.counts.difference.Add(rounded.Sub(a.value))
		a.value = rounded
	}
	return a, true
}

func isDash(s string) bool { return oneOf(s, "-", "–", "—", "−") }

func (mp *mapper) setQuantity(c *pipeline.Charge, cells []string, line int64) {
	s, ok := mp.cell(cells, RoleQuantity)
	if !ok || s == "" {
		return
	}
	if a, ok := mp.amount(cells, line, RoleQuantity); ok {
		c.ConsumedQuantity = a.value
	}
}

// setCosts reads the costs. A charge without a cost counts as unpriced. Costs that no column gives are the billed one.
func (mp *mapper) setCosts(c *pipeline.Charge, cells []string, line int64) {
	mp.setCurrency(c, cells, line)
	cost, ok := mp.amount(cells, line, RoleCost)
	if !ok {
		c.UnpricedCount = 1
		return
	}
	if cost.currency != "" && c.BillingCurrency != "" && !sameCurrency(cost.currency, c.BillingCurrency) {
		s, _ := mp.cell(cells, RoleCost)
		mp.complain(line, RoleCost, s, pipeline.Textf("другая валюта, чем %s", "in another currency than %s", c.BillingCurrency))
	}
	c.BilledCost = mp.signed(cost.value, c.ChargeCategory)
	c.EffectiveCost, c.ListCost, c.ContractedCost = c.BilledCost, c.BilledCost, c.BilledCost
	for _, other := range [...]struct {
		role Role
		to   *decimal.Decimal
	}{{RoleEffectiveCost, &c.EffectiveCost}, {RoleListCost, &c.ListCost}} {
		if _, given := mp.b.cell[other.role]; !given {
			continue
		}
		a, ok := mp.amount(cells, line, other.role)
		if !ok {
			mp.counts.noCost[other.role]++
		}
		*other.to = mp.signed(a.value, c.ChargeCategory)
	}
}

func (mp *mapper) signed(d decimal.Decimal, category pipeline.ChargeCategory) decimal.Decimal {
	if mp.m.Sign == Negated || (mp.m.Sign == PositiveCredits && category == pipeline.Credit && d.IsPositive()) {
		return d.Neg()
	}
	return d
}

func (mp *mapper) setCurrency(c *pipeline.Charge, cells []string, line int64) {
	s, ok := mp.cell(cells, RoleCurrency)
	if !ok || (s == "" && mp.m.Currency != "") {
		c.BillingCurrency = mp.m.Currency
		return
	}
	if code, ok := currencyCode(s); ok {
		c.BillingCurrency = code
		return
	}
	mp.complain(line, RoleCurrency, s, pipeline.Text{RU: "не валюта; нужны три буквы ISO 4217, например RUB", EN: "no currency; three letters of ISO 4217 are needed, such as USD"})
}

// currencyCode reads a code of ISO 4217 in any case, the old code of the rouble, or a currency's sign.
func currencyCode(s string) (string, bool) {
	for _, c := range currencySigns() {
		if strings.EqualFold(s, c.sign) {
			return c.code, true
		}
	}
	upper := strings.ToUpper(s)
	return upper, isCurrency(upper)
}

// setCategory reads the kind of charge; a word that is not known makes Usage, and is told.
func (mp *mapper) setCategory(c *pipeline.Charge, cells []string) {
	c.ChargeCategory = pipeline.Usage
	s, ok := mp.cell(cells, RoleCategory)
	if !ok || s == "" {
		return
	}
	if to, ok := mp.m.Categories[s]; ok {
		c.ChargeCategory = to
		return
	}
	if to, ok := categoryNamed(s); ok {
		c.ChargeCategory = to
		return
	}
	if _, held := mp.counts.categories[s]; held || len(mp.counts.categories) < maxRules {
		mp.counts.categories[mp.words.keep(s)]++
	}
}

// categoryNamed knows the words that clouds have for the categories of FOCUS.
func categoryNamed(s string) (pipeline.ChargeCategory, bool) {
	words := map[pipeline.ChargeCategory][]string{
		pipeline.Usage:    {"usage", "discountedusage", "savingsplancoveredusage", "bundleddiscountusage", "regular", "потребление", "использование", "услуга", "списание"},
		pipeline.Purchase: {"purchase", "fee", "rifee", "savingsplanrecurringfee", "savingsplanupfrontfee", "покупка", "предоплата", "абонентская плата"},
		pipeline.Tax:      {"tax", "налог", "ндс"},
		pipeline.Credit: {
			"credit", "discount", "refund", "edpdiscount", "privateratediscount", "bundleddiscount", "savingsplannegation",
			"скидка", "возврат", "кредит", "грант", "бонус", "бонусы",
		},
		pipeline.Adjustment: {"adjustment", "rounding_error", "roundingadjustment", "корректировка", "округление"},
	}
	s = strings.ToLower(s)
	for category, names := range words {
		if slices.Contains(names, s) {
			return category, true
		}
	}
	return "", false
}

// count adds a charge to the report.
func (mp *mapper) count(c *pipeline.Charge) {
	r := mp.report
	r.Lines++
	r.Unpriced += c.UnpricedCount
	addTotal(&r.Totals, c.BillingCurrency, c.BilledCost)
	if r.First.IsZero() || c.Start.Before(r.First) {
		r.First = c.Start
	}
	if c.End.After(r.Last) {
		r.Last = c.End
	}
}

// leave counts a row that is left out, with its cost when it can be read.
func (mp *mapper) leave(i int, cells []string) {
	out := &mp.lost[i]
	out.Rows++
	s, _ := mp.cell(cells, RoleCost)
	point, group := mp.m.point(), mp.m.Group
	if mp.excel && isPlain(s) {
		point, group = ".", ""
	}
	a, err := parseAmount(s, point, group)
	if err != nil {
		return
	}
	currency := mp.m.Currency
	if s, ok := mp.cell(cells, RoleCurrency); ok {
		if code, ok := currencyCode(s); ok {
			currency = code
		}
	}
	if currency == "" {
		currency = a.currency
	}
	addTotal(&out.Totals, currency, a.value)
}

// isPlain tells whether a cell of a workbook is a number as workbooks hold them.
func isPlain(s string) bool {
	_, err := parseAmount(s, ".", "")
	return err == nil && strings.Trim(s, "0123456789.eE+-") == ""
}

func whyNumber(err error, point string) pipeline.Text {
	switch {
	case errors.Is(err, errExcel):
		return pipeline.Text{RU: "ошибка таблицы вместо числа; исправьте формулу", EN: "an error of the spreadsheet in place of a number; correct the formula"}
	case errors.Is(err, errGroups):
		return pipeline.Text{RU: "число, в котором группы цифр не по три", EN: "a number whose groups of digits are not of three"}
	case errors.Is(err, errOtherPoint) && point == ".":
		return pipeline.Text{RU: "число с другими разделителями; проверьте, что отделяет дробную часть (сейчас точка) и тысячи", EN: "a number with other separators; check what parts decimals (a point now) and thousands"}
	case errors.Is(err, errOtherPoint):
		return pipeline.Text{RU: "число с другими разделителями; проверьте, что отделяет дробную часть (сейчас запятая) и тысячи", EN: "a number with other separators; check what parts decimals (a comma now) and thousands"}
	case errors.Is(err, errHuge):
		return pipeline.Text{RU: "число вне допустимых границ (до 18 цифр до точки, до 80 после)", EN: "a number out of bounds (up to 18 digits before the point and 80 after)"}
	}
	return pipeline.Text{RU: "не число", EN: "not a number"}
}

// finish writes what was coped with into the report.
func (mp *mapper) finish() {
	r, t := mp.report, &mp.counts
	for _, l := range mp.lost {
		if l.Rows > 0 {
			r.LeftOut = append(r.LeftOut, l)
			r.Notes = append(r.Notes, pipeline.Note{Code: NoteLeftOut, Count: l.Rows, Text: pipeline.Text{
				RU: fmt.Sprintf("Пропущено строк: %d. Причина: %s.", l.Rows, l.Reason.RU),
				EN: fmt.Sprintf("Rows left out: %d. The reason: %s.", l.Rows, l.Reason.EN),
			}})
		}
	}
	r.note(NoteUnpriced, "", r.Unpriced, "Строк без суммы: %d. Они учтены как строки без цены и в итоги не вошли.",
		"Rows without an amount: %d. They count as lines without a price and are not in the totals.", r.Unpriced)
	r.note(NoteRounded, "", t.rounded, "Чисел с более чем 18 знаками после точки: %d, округлены до 18 (банковское округление); вся разница — %s.",
		"Numbers with more than 18 digits after the point: %d, rounded to 18, half to even; the whole difference is %s.", t.rounded, t.difference.String())
	r.note(NoteEmptyPeriod, "", t.emptyPeriod, "Строк, чей период начинается и кончается в один миг: %d; принято за одну секунду.",
		"Rows whose period begins and ends at one instant: %d; taken for one second.", t.emptyPeriod)
	r.note(NoteSubsecond, "", t.subsecond, "Доли секунды отброшены у %d значений времени.", "Fractions of a second were dropped from %d times.", t.subsecond)
	r.note(NoteBadTags, "", t.badTags, "Строк, где теги не разобрать: %d; начисления загружены без них.",
		"Rows whose tags cannot be read: %d; the charges were loaded without them.", t.badTags)
	if len(mp.b.missing) > 0 {
		list := strings.Join(mp.b.missing, ", ")
		r.note(NoteNoTagColumn, "", int64(len(mp.b.missing)), "В файле нет столбцов с тегами: %s.", "The file lacks the columns with tags: %s.", list)
	}
	var unknown int64
	for _, n := range t.categories {
		unknown += n
	}
	names := slices.Sorted(maps.Keys(t.categories))
	r.note(NoteCategory, "", unknown, "Виды начислений неизвестны (%s): учтены как использование.",
		"Kinds of charges that are not known (%s): taken for usage.", strings.Join(names[:min(len(names), 10)], ", "))
	for _, role := range []Role{RoleEffectiveCost, RoleListCost} {
		if n := t.noCost[role]; n > 0 {
			r.note(NoteEmptyCost, "", n, "Столбец «%s» пуст в %d строках: сумма по нему их не включает.",
				"The column %q is empty in %d rows: its sum does not include them.", mp.m.Columns[role], n)
		}
	}
}
