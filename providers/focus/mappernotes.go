package focus

import (
	"slices"
	"strings"
)

// note writes down what was coped with in the rows.
func (m *mapper) note(n *notebook) {
	t := &m.counts
	if t.rows == 0 {
		n.add(NoteNoRows, 1, "В файле только заголовок: за его период нет начислений.", "The file has only a header: there are no charges in its period.")
	}
	m.noteCosts(n)
	m.noteRounding(n)
	if m.point.commas > 0 {
		n.add(NoteCommaDecimals, m.point.commas,
			"Дробная часть чисел отделена запятой, прочитана как точка.", "Numbers have a comma for the decimal point; it was read as a dot.")
	}
	if t.badTags > 0 {
		n.add(NoteBadTags, t.badTags,
			"Теги в %d строках — не JSON-объект: начисления загружены без тегов.",
			"The tags of %d rows are no JSON object: the charges were loaded without tags.", t.badTags)
	}
	if t.emptyPeriod > 0 {
		n.add(NoteEmptyPeriod, t.emptyPeriod,
			"В %d строках период начинается и кончается в один миг; принято за одну секунду.",
			"In %d rows the period begins and ends at one instant; it was taken for one second.", t.emptyPeriod)
	}
	if t.subsecond > 0 {
		n.add(NoteSubsecond, t.subsecond, "Доли секунды у %d значений времени отброшены.", "Fractions of a second were dropped from %d times.", t.subsecond)
	}
	if t.currencyCase > 0 {
		n.add(NoteCurrencyCase, t.currencyCase,
			"Код валюты в %d строках записан строчными буквами, прочитан как прописные.",
			"The currency code of %d rows is in small letters; it was read as capitals.", t.currencyCase)
	}
	m.noteCategories(n)
}

func (m *mapper) noteCosts(n *notebook) {
	if u := m.counts.unpriced; u > 0 {
		n.add(NoteUnpriced, u,
			"В %d строках нет BilledCost: они учтены как строки без цены, и ни одна из их сумм не вошла в итоги.",
			"%d rows have no BilledCost: they count as lines without a price, and none of their costs is in the sums.", u)
	}
	for which, count := range m.counts.noCost {
		if count > 0 {
			name := measureName(measure(which))
			n.add(NoteEmptyCost, count,
				"В %d строках нет %s: сумма по %s их не включает.", "%d rows have no %s: the sum of %s does not include them.",
				count, name, name)
		}
	}
}

func (m *mapper) noteRounding(n *notebook) {
	for which, count := range m.counts.rounded {
		if count > 0 {
			n.add(NoteRounded, count,
				"%s: в %d строках больше 18 знаков после точки, округлено до 18 (банковское округление); вся разница — %s.",
				"%s: %d rows have more than 18 digits after the point and were rounded to 18, half to even; the whole difference is %s.",
				measureName(measure(which)), count, m.counts.difference[which].String())
		}
	}
}

func (m *mapper) noteCategories(n *notebook) {
	if len(m.counts.categories) == 0 {
		return
	}
	var total int64
	names := make([]string, 0, len(m.counts.categories))
	for name, count := range m.counts.categories {
		total += count
		if name == "" {
			name = "NULL"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	n.add(NoteCategory, total,
		"ChargeCategory не из FOCUS (%s): значение оставлено как есть.", "ChargeCategory is not one of FOCUS's (%s): it was left as it is.",
		strings.Join(names[:min(len(names), 10)], ", "))
}

func measureName(which measure) string {
	for _, c := range columns() {
		if (c.kind == costColumn || c.kind == quantityColumn) && c.number == which {
			return c.name
		}
	}
	return ""
}
