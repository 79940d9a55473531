package table

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Bounds of a mapping.
const (
	maxHeaderRow = 1000
	maxRules     = 100
	maxName      = 1000
)

// check refuses values that mean nothing.
func (m *Mapping) check() *pipeline.Fault {
	if m.Version != Version {
		return faultMapping("Разметка столбцов версии %d; поддерживается версия %d. Настройте столбцы заново.",
			"The column mapping has version %d; version %d is supported. Set the columns again.", m.Version, Version)
	}
	if f := m.checkValues(); f != nil {
		return f
	}
	if f := m.checkColumns(); f != nil {
		return f
	}
	return m.checkRules()
}

func (m *Mapping) checkValues() *pipeline.Fault {
	for _, v := range []struct {
		name, value string
		ok          bool
	}{
		{"delimiter", m.Delimiter, oneOf(m.Delimiter, "", ",", ";", "\t", "|")},
		{"encoding", string(m.Encoding), oneOf(m.Encoding, "", UTF8, UTF16, Windows1251)},
		{"date_order", string(m.DateOrder), oneOf(m.DateOrder, "", DayFirst, MonthFirst)},
		{"period", string(m.Period), oneOf(m.Period, "", Hour, Day, Month)},
		{"decimal", m.Decimal, oneOf(m.Decimal, "", ".", ",")},
		{"group", m.Group, oneOf(m.Group, "", ".", ",")},
		{"sign", string(m.Sign), oneOf(m.Sign, AsGiven, Negated, PositiveCredits)},
		{"bad_rows", string(m.BadRows), oneOf(m.BadRows, RefuseFile, LeaveBadRows)},
	} {
		if !v.ok {
			return faultMapping("Разметка столбцов: значение «%[2]s» для «%[1]s» неизвестно.", "The column mapping: %[2]q is not a value of %[1]q.", v.name, v.value)
		}
	}
	switch {
	case m.HeaderRow < 0 || m.HeaderRow > maxHeaderRow:
		return faultMapping("Номер строки с заголовком — от 1 до %d.", "The header's row number is from 1 to %d.", maxHeaderRow)
	case m.Currency != "" && !isCurrency(m.Currency):
		return faultMapping("Валюта «%s» — не код ISO 4217. Нужны три заглавные латинские буквы, например RUB.",
			"The currency %q is no code of ISO 4217. Three capital letters are needed, such as USD.", m.Currency)
	case m.Group != "" && m.Group == m.point():
		return faultMapping("Разделитель тысяч и разделитель дробной части не могут быть одним знаком.",
			"Thousands and decimals cannot be parted by the same character.")
	}
	if _, err := time.LoadLocation(m.Zone); err != nil || m.Zone == "Local" {
		return faultMapping("Часовой пояс «%s» неизвестен. Нужно имя вида Europe/Moscow.", "The time zone %q is not known. A name such as Europe/Berlin is needed.", m.Zone)
	}
	return nil
}

func (m *Mapping) checkColumns() *pipeline.Fault {
	for role, column := range m.Columns {
		if !knownRole(role) {
			return faultMapping("Разметка столбцов: назначение «%s» неизвестно.", "The column mapping: the role %q is not known.", role)
		}
		if len(column) > maxName {
			return faultMapping("Имя столбца длиннее %d байт.", "A column's name is longer than %d bytes.", maxName)
		}
	}
	if len(m.Tags) > maxRules || len(m.LeaveOut) > maxRules || len(m.Categories) > maxRules {
		return faultMapping("В разметке столбцов больше %d тегов или правил.", "The column mapping has more than %d tags or rules.", maxRules)
	}
	for _, t := range m.Tags {
		if t.Column == "" {
			return faultMapping("У тега «%s» не указан столбец.", "The tag %q has no column.", t.Key)
		}
	}
	return nil
}

func (m *Mapping) checkRules() *pipeline.Fault {
	for _, r := range m.LeaveOut {
		given := 0
		for _, is := range []bool{r.Equals != "", r.Prefix != "", r.Contains != "", r.Empty} {
			if is {
				given++
			}
		}
		if r.Column == "" || given != 1 {
			return faultMapping("Правило пропуска строк: нужен столбец и одно условие.", "A rule that leaves rows out needs a column and one condition.")
		}
	}
	for word, to := range m.Categories {
		if !knownCategory(to) {
			return faultMapping("Вид начисления «%[2]s» для «%[1]s» неизвестен.", "The charge category %[2]q for %[1]q is not known.", word, to)
		}
	}
	return nil
}

func knownRole(role Role) bool {
	for _, r := range roles() {
		if r.role == role {
			return true
		}
	}
	return false
}

func knownCategory(c pipeline.ChargeCategory) bool {
	return oneOf(c, pipeline.Usage, pipeline.Purchase, pipeline.Tax, pipeline.Credit, pipeline.Adjustment)
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

// point is the decimal point of numbers.
func (m *Mapping) point() string {
	if m.Decimal == "" {
		return "."
	}
	return m.Decimal
}
