package question

import (
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// period takes the first stretch of time that the sentence names.
func (p *parser) period() {
	for i := range p.words {
		for _, rule := range []func(int) (Period, int){p.dateRange, p.lastN, p.relative, p.monthName, p.singleDate} {
			if period, n := rule(i); n > 0 {
				p.use(i, n)
				p.preposition(i)
				p.question.Period = period
				return
			}
		}
	}
}

func (p *parser) preposition(i int) {
	if anyOf(p.at(i-1), "за в во с со на for in during on over") {
		p.use(i-1, 1)
	}
}

func (p *parser) midnight(daysAgo int) time.Time {
	y, m, d := p.now.Date()
	return time.Date(y, m, d-daysAgo, 0, 0, 0, 0, p.Zone)
}

func named(from, to time.Time, ru, en string) Period {
	return Period{From: from, To: to, Name: pipeline.Text{RU: ru, EN: en}}
}

func monthOf(t time.Time, ru, en string) Period {
	from := time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
	return named(from, from.AddDate(0, 1, 0), ru, en)
}

// relative takes "вчера", "сегодня", "эта неделя", "прошлый месяц", "неделя".
func (p *parser) relative(i int) (Period, int) {
	w := p.at(i)
	switch {
	case anyOf(w, "сегодня сегодняшний today"):
		return named(p.midnight(0), p.midnight(-1), "сегодня", "today"), 1
	case anyOf(w, "вчера вчерашний yesterday"):
		return named(p.midnight(1), p.midnight(0), "вчера", "yesterday"), 1
	case anyOf(w, "позавчера"):
		return named(p.midnight(2), p.midnight(1), "позавчера", "the day before yesterday"), 1
	}
	if begins(w, "прошл предыдущ last previous") {
		return p.calendar(p.at(i+1), -1, 2)
	}
	if begins(w, "эт текущ this current") {
		return p.calendar(p.at(i+1), 0, 2)
	}
	if anyOf(w, "за for over") {
		return p.rolling(p.at(i + 1))
	}
	return Period{}, 0
}

// calendar is the week, month, day or year that unit names, shift units from now.
func (p *parser) calendar(unit string, shift, n int) (Period, int) {
	texts := func(ru0, ru1, en string) (string, string) {
		if shift == 0 {
			return ru0, "this " + en
		}
		return ru1, "last " + en
	}
	switch {
	case begins(unit, "недел week"):
		monday := p.midnight((int(p.now.Weekday())+6)%7).AddDate(0, 0, 7*shift)
		ru, en := texts("на этой неделе", "на прошлой неделе", "week")
		return named(monday, monday.AddDate(0, 0, 7), ru, en), n
	case begins(unit, "месяц month"):
		first := time.Date(p.now.Year(), p.now.Month()+time.Month(shift), 1, 0, 0, 0, 0, p.Zone)
		ru, en := texts("в этом месяце", "в прошлом месяце", "month")
		return monthOf(first, ru, en), n
	case begins(unit, "год year"):
		from := time.Date(p.now.Year()+shift, 1, 1, 0, 0, 0, 0, p.Zone)
		ru, en := texts("в этом году", "в прошлом году", "year")
		return named(from, from.AddDate(1, 0, 0), ru, en), n
	case begins(unit, "день дня сутк day"):
		ru, en := texts("сегодня", "вчера", "day")
		return named(p.midnight(-shift), p.midnight(-shift-1), ru, en), n
	}
	return Period{}, 0
}

// rolling is "за неделю", "за месяц", "за сутки": so many days up to now, today included.
func (p *parser) rolling(unit string) (Period, int) {
	switch {
	case begins(unit, "недел week"):
		return p.lastDays(7), 2
	case begins(unit, "месяц month"):
		return monthOf(p.now, "в этом месяце", "this month"), 2
	case begins(unit, "сутк день day"):
		return named(p.now.Add(-24*time.Hour).Truncate(time.Hour), p.now, "за последние 24 часа", "in the last 24 hours"), 2
	case begins(unit, "год year"):
		return named(time.Date(p.now.Year(), 1, 1, 0, 0, 0, 0, p.Zone), p.midnight(-1), "с начала года", "this year so far"), 2
	}
	return Period{}, 0
}

func (p *parser) lastDays(n int) Period {
	ru := "за последние " + strconv.Itoa(n) + "\u00a0" + pipeline.Plural(int64(n), "день", "дня", "дней")
	return named(p.midnight(n-1), p.midnight(-1), ru, "in the last "+strconv.Itoa(n)+" days")
}

// lastN takes "последние 7 дней", "30 дней", "last 3 weeks", "24 часа".
func (p *parser) lastN(i int) (Period, int) {
	n := 0
	if begins(p.at(i), "последн last past") {
		n = 1
	}
	count, err := strconv.Atoi(p.at(i + n))
	if err != nil || count < 1 || count > 1000 {
		return Period{}, 0
	}
	unit := p.at(i + n + 1)
	switch {
	case begins(unit, "час hour"):
		to := p.now
		ru := "за последние " + strconv.Itoa(count) + "\u00a0" + pipeline.Plural(int64(count), "час", "часа", "часов")
		return named(to.Add(-time.Duration(count)*time.Hour).Truncate(time.Hour), to, ru, "in the last "+strconv.Itoa(count)+" hours"), n + 2
	case begins(unit, "ден дн day сут"):
		return p.lastDays(count), n + 2
	case begins(unit, "недел week"):
		return p.lastDays(7 * count), n + 2
	case begins(unit, "месяц month"):
		from := p.midnight(0).AddDate(0, -count, 0)
		ru := "за последние " + strconv.Itoa(count) + "\u00a0" + pipeline.Plural(int64(count), "месяц", "месяца", "месяцев")
		return named(from, p.midnight(-1), ru, "in the last "+strconv.Itoa(count)+" months"), n + 2
	}
	return Period{}, 0
}

var monthStems = []string{
	"январ jan", "феврал feb", "март марта марте mar", "апрел apr", "май мая мае may", "июн jun",
	"июл jul", "август aug", "сентябр sep", "октябр oct", "ноябр nov", "декабр dec",
}

var monthNames = [12][2]string{
	{"январе", "January"},
	{"феврале", "February"},
	{"марте", "March"},
	{"апреле", "April"},
	{"мае", "May"},
	{"июне", "June"},
	{"июле", "July"},
	{"августе", "August"},
	{"сентябре", "September"},
	{"октябре", "October"},
	{"ноябре", "November"},
	{"декабре", "December"},
}

func monthNumber(w string) time.Month {
	for i, stems := range monthStems {
		if w != "" && begins(w, stems) {
			return time.Month(i + 1)
		}
	}
	return 0
}

// monthName takes "октябрь", "в октябре 2026": the latest such month that has begun.
func (p *parser) monthName(i int) (Period, int) {
	m := monthNumber(p.at(i))
	if m == 0 {
		return Period{}, 0
	}
	year, n := p.yearOf(m), 1
	if y, err := strconv.Atoi(p.at(i + 1)); err == nil && y >= 2000 && y < 2100 {
		year, n = y, 2
	}
	t := time.Date(year, m, 1, 0, 0, 0, 0, p.Zone)
	y := strconv.Itoa(year)
	return monthOf(t, "в\u00a0"+monthNames[m-1][0]+" "+y, "in "+monthNames[m-1][1]+" "+y), n
}

func (p *parser) yearOf(m time.Month) int {
	if m > p.now.Month() {
		return p.now.Year() - 1
	}
	return p.now.Year()
}

// singleDate takes "15 октября", "15.10", "2026-10-15".
func (p *parser) singleDate(i int) (Period, int) {
	day, n := p.date(i)
	if n == 0 {
		return Period{}, 0
	}
	return named(day, day.AddDate(0, 0, 1), day.Format("02.01.2006"), day.Format("2 January 2006")), n
}

// dateRange takes "с 1 по 15 октября", "с 01.10 по 15.10", "1-15 октября", "from 2026-10-01 to 2026-10-15"; both ends belong to it.
func (p *parser) dateRange(i int) (Period, int) {
	if !anyOf(p.at(i), "с со from") {
		return Period{}, 0
	}
	from, n := p.date(i + 1)
	bare := 0
	if n == 0 {
		d, err := strconv.Atoi(p.at(i + 1))
		if err != nil || d < 1 || d > 31 {
			return Period{}, 0
		}
		bare, n = d, 1
	}
	if !anyOf(p.at(i+1+n), "по до to till until") {
		return Period{}, 0
	}
	to, m := p.date(i + 2 + n)
	if m == 0 {
		return Period{}, 0
	}
	if bare > 0 {
		from = time.Date(to.Year(), to.Month(), bare, 0, 0, 0, 0, p.Zone)
	}
	if to.Before(from) {
		return Period{}, 0
	}
	end := to.AddDate(0, 0, 1)
	return named(from, end, "с\u00a0"+from.Format("02.01.2006")+" по\u00a0"+to.Format("02.01.2006"), "from "+from.Format("2 January 2006")+" to "+to.Format("2 January 2006")), 2 + n + m
}

// date takes one date at i.
func (p *parser) date(i int) (time.Time, int) {
	w := p.at(i)
	if t, err := time.ParseInLocation("2006-01-02", w, p.Zone); err == nil {
		return t, 1
	}
	if t, err := time.ParseInLocation("2.1.2006", w, p.Zone); err == nil {
		return t, 1
	}
	if t, err := time.ParseInLocation("2.1", w, p.Zone); err == nil && strings.Contains(w, ".") {
		return p.inYear(t.Month(), t.Day()), 1
	}
	d, err := strconv.Atoi(w)
	m := monthNumber(p.at(i + 1))
	if err != nil || m == 0 || d < 1 || d > 31 {
		return time.Time{}, 0
	}
	t := p.inYear(m, d)
	if t.Day() != d {
		return time.Time{}, 0
	}
	return t, 2
}

// inYear is the latest such day that is not in the future.
func (p *parser) inYear(m time.Month, d int) time.Time {
	t := time.Date(p.now.Year(), m, d, 0, 0, 0, 0, p.Zone)
	if t.After(p.now) {
		t = time.Date(p.now.Year()-1, m, d, 0, 0, 0, 0, p.Zone)
	}
	return t
}
