package table

import (
	"errors"
	"strings"
	"time"
)

// guessDates finds the order of dates, the length of periods and whether the last day counts.
func (g *guesser) guessDates() {
	start := g.index(RoleStart)
	if start < 0 {
		return
	}
	g.guessOrder(start)
	if end := g.index(RoleEnd); end >= 0 {
		g.guessInclusive(start, end)
		return
	}
	g.guessPeriod(start)
}

// guessOrder looks at every column for a date that only one order can be, when the start's own may be either.
func (g *guesser) guessOrder(start int) {
	needed, dayFirst, monthFirst := false, false, false
	for s := range g.values(start) {
		if _, err := parseDate(s, "", time.UTC); errors.Is(err, errDateAmbiguous) {
			needed = true
			break
		}
	}
	for i := range g.sample.Names {
		for s := range g.values(i) {
			if strings.Contains(s, ".") {
				continue // dots are day first whatever the order
			}
			if _, err := parseDate(s, "", time.UTC); err != nil {
				continue
			}
			day, errDay := parseDate(s, DayFirst, time.UTC)
			month, errMonth := parseDate(s, MonthFirst, time.UTC)
			switch {
			case errDay == nil && errMonth != nil:
				dayFirst = true
			case errMonth == nil && errDay != nil:
				monthFirst = true
			case !day.time.Equal(month.time):
				needed = true
			}
		}
	}
	switch {
	case dayFirst && !monthFirst:
		g.m.DateOrder = DayFirst
	case monthFirst && !dayFirst:
		g.m.DateOrder = MonthFirst
	case needed:
		g.ask(AskDateOrder, "Не понять порядок дня и месяца в датах: выберите, что стоит первым.", "It is not clear whether the day or the month comes first in dates: choose.")
	}
}

// guessInclusive: a period that begins and ends on the same day is that day.
func (g *guesser) guessInclusive(start, end int) {
	for _, r := range g.sample.Rows {
		from, err1 := parseDate(cellAt(r.Cells, start), g.m.DateOrder, time.UTC)
		to, err2 := parseDate(cellAt(r.Cells, end), g.m.DateOrder, time.UTC)
		if err1 != nil || err2 != nil || to.unit == wholeInstant {
			continue
		}
		lastOfMonth := to.unit == dateAlone && to.time.AddDate(0, 0, 1).Day() == 1 && from.time.Day() == 1 && from.time.Month() == to.time.Month()
		if to.time.Equal(from.time) || lastOfMonth {
			g.m.EndInclusive = true
			return
		}
	}
}

func (g *guesser) guessPeriod(start int) {
	days, firsts, clocks, months := map[time.Time]bool{}, 0, 0, 0
	for s := range g.values(start) {
		w, err := parseDate(s, g.m.DateOrder, time.UTC)
		if g.sample.Workbook && isSerial(s) {
			w, err = excelDate(s, false, time.UTC)
		}
		if err != nil {
			continue
		}
		days[w.time] = true
		switch {
		case w.unit == monthAlone:
			months++
		case w.time.Hour() != 0 || w.time.Minute() != 0:
			clocks++
		case w.time.Day() == 1:
			firsts++
		}
	}
	name := fold(g.sample.Names[start])
	switch {
	case months > 0 || strings.Contains(name, "месяц") || strings.Contains(name, "month") || name == "отчетныйпериод" || name == "billingperiod":
		g.m.Period = Month
	case clocks > 0:
		g.m.Period = Hour
	case len(days) > 1 && firsts > 0 && g.onlyFirsts(days):
		g.m.Period = Month
	default:
		g.m.Period = Day
	}
}

func (g *guesser) onlyFirsts(days map[time.Time]bool) bool {
	for d := range days {
		if d.Day() != 1 {
			return false
		}
	}
	return true
}

// guessNumbers finds what parts decimals and thousands.
func (g *guesser) guessNumbers() {
	var dots, commas, doubtful int
	var bothLast byte
	for _, role := range []Role{RoleCost, RoleQuantity, RoleListCost, RoleEffectiveCost} {
		at := g.index(role)
		if at < 0 {
			continue
		}
		for s := range g.values(at) {
			if g.sample.Workbook && isPlain(s) {
				continue
			}
			dot, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
			switch {
			case dot >= 0 && comma >= 0:
				bothLast = '.'
				if comma > dot {
					bothLast = ','
				}
			case strings.Count(s, ",") > 1:
				bothLast = '.'
			case strings.Count(s, ".") > 1 && !strings.HasSuffix(s, "."):
				bothLast = ','
			case comma >= 0 && threeAfter(s, comma):
				doubtful++
			case comma >= 0:
				commas++
			case dot >= 0:
				dots++
			}
		}
	}
	switch {
	case bothLast == ',':
		g.m.Decimal, g.m.Group = ",", "."
	case bothLast == '.':
		g.m.Decimal, g.m.Group = ".", ","
	case commas > 0:
		g.m.Decimal = ","
	case doubtful > 0 && dots > 0:
		g.m.Decimal, g.m.Group = ".", ","
	case doubtful > 0:
		g.ask(AskDecimal, "Не понять, отделяет ли запятая дробную часть или тысячи: выберите.", "It is not clear whether a comma parts decimals or thousands: choose.")
	}
}

// threeAfter tells whether exactly three digits stand after a comma, and one to three before it: "1,234".
func threeAfter(s string, comma int) bool {
	digits := 0
	for _, r := range s[comma+1:] {
		if isDigit(r) {
			digits++
		}
	}
	before := 0
	for _, r := range s[:comma] {
		if isDigit(r) {
			before++
		}
	}
	return digits == 3 && before >= 1 && before <= 3 && !strings.HasPrefix(strings.TrimLeft(s, "-−("), "0")
}
