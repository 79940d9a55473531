package table

import (
	"errors"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// setPeriod reads the period of a row.
func (mp *mapper) setPeriod(c *pipeline.Charge, cells []string, line int64) {
	start, ok := mp.date(cells, line, RoleStart)
	if !ok {
		return
	}
	if _, hasEnd := mp.b.cell[RoleEnd]; !hasEnd {
		mp.setLength(c, cells, start, line)
		return
	}
	end, ok := mp.date(cells, line, RoleEnd)
	if !ok {
		return
	}
	from, to := start.time, end.time
	if mp.m.EndInclusive {
		switch end.unit {
		case dateAlone:
			to = to.AddDate(0, 0, 1)
		case monthAlone:
			to = to.AddDate(0, 1, 0)
		}
	}
	s, _ := mp.cell(cells, RoleEnd)
	switch {
	case to.Before(from):
		mp.complain(line, RoleEnd, s, pipeline.Text{RU: "раньше начала периода", EN: "before the period's start"})
	case to.Equal(from) && end.unit != wholeInstant && start.unit != wholeInstant:
		mp.complain(line, RoleEnd, s, pipeline.Text{
			RU: "тот же день, что и начало; отметьте, что последний день входит в период",
			EN: "the same day as the start; tick that the last day belongs to the period",
		})
	case to.Equal(from):
		to = from.Add(time.Second)
		mp.counts.emptyPeriod++
	}
	c.Start, c.End = from.UTC(), to.UTC()
}

// setLength makes the period of the mapping's length in which an instant lies.
func (mp *mapper) setLength(c *pipeline.Charge, cells []string, start when, line int64) {
	if start.unit == monthAlone && mp.m.Period != Month {
		s, _ := mp.cell(cells, RoleStart)
		mp.complain(line, RoleStart, s, pipeline.Text{RU: "месяц без дня; выберите срок «месяц»", EN: "a month without a day; choose the length \"month\""})
		return
	}
	t := start.time.In(mp.loc)
	var from, to time.Time
	switch mp.m.Period {
	case Hour:
		from = t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second)
		to = from.Add(time.Hour)
	case Day:
		from = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, mp.loc)
		to = from.AddDate(0, 0, 1)
	default:
		from = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, mp.loc)
		to = from.AddDate(0, 1, 0)
	}
	c.Start, c.End = from.UTC(), to.UTC()
}

// date reads a date of a role; ok is false when it cannot be read, which is then on record.
func (mp *mapper) date(cells []string, line int64, role Role) (w when, ok bool) {
	s, _ := mp.cell(cells, role)
	if s == "" {
		mp.complain(line, role, s, pipeline.Text{RU: "даты нет", EN: "empty, but a date is needed"})
		return when{}, false
	}
	var err error
	if mp.excel && isSerial(s) {
		w, err = excelDate(s, mp.from1904, mp.loc)
	} else {
		w, err = parseDate(s, mp.m.DateOrder, mp.loc)
	}
	if err != nil {
		mp.complain(line, role, s, whyDate(err))
		return when{}, false
	}
	if w.cut {
		mp.counts.subsecond++
	}
	return w, true
}

// isSerial tells whether a cell of a workbook is a date as a number: days of 1990 to 2100.
func isSerial(s string) bool {
	d, err := exact(s)
	return err == nil && d.GreaterThan(decimal.NewFromInt(30_000)) && d.LessThan(decimal.NewFromInt(80_000))
}

func whyDate(err error) pipeline.Text {
	switch {
	case errors.Is(err, errDateAmbiguous):
		return pipeline.Text{RU: "день и месяц могут быть переставлены; выберите порядок даты", EN: "a date whose day and month may be swapped; choose the order of dates"}
	case errors.Is(err, errExcel):
		return pipeline.Text{RU: "ошибка таблицы вместо даты; исправьте формулу", EN: "an error of the spreadsheet in place of a date; correct the formula"}
	}
	return pipeline.Text{RU: "не дата; нужна вида 2026-09-30 или 30.09.2026", EN: "not a date; it must look like 2026-09-30 or 30.09.2026"}
}
