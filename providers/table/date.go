package table

import (
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// Why a text is no date.
var (
	errNotDate       = errors.New("not a date")
	errDateAmbiguous = errors.New("day and month may be swapped")
)

// dateUnit is how much of an instant a text gives.
type dateUnit int

const (
	wholeInstant dateUnit = iota
	dateAlone
	monthAlone
)

// when is a date of a cell. cut tells that a fraction of a second was dropped.
type when struct {
	time time.Time
	unit dateUnit
	cut  bool
}

// parseDate reads a date with or without a time: ISO 8601 and its looser forms, 20260701, 01.07.2026, 7/1/2026 by the order,
// "1 июля 2026", "July 2026", 2026-07, with "15:04", "15:04:05.999", "3:04 PM" and a zone. Without a zone it is in loc.
// Years outside 1990 to 2100 are refused.
func parseDate(s string, order DateOrder, loc *time.Location) (when, error) {
	s = strings.TrimFunc(s, isBlank)
	if s == "" || len(s) > maxNumberText {
		return when{}, errNotDate
	}
	if strings.HasPrefix(s, "#") {
		return when{}, errExcel
	}
	day, clock := cutClock(s)
	year, month, date, err := parseDay(day, order)
	if err != nil {
		return when{}, err
	}
	w := when{unit: dateAlone}
	if date == 0 {
		w.unit, date = monthAlone, 1
	}
	if !validDate(year, month, date) || (w.unit == monthAlone && clock != "") {
		return when{}, errNotDate
	}
	seconds := 0
	if clock != "" {
		var shift *int
		if seconds, shift, w.cut, err = parseClock(clock); err != nil {
			return when{}, err
		}
		w.unit = wholeInstant
		if shift != nil {
			w.time = time.Date(year, time.Month(month), date, 0, 0, seconds-*shift, 0, time.UTC)
			return w, nil
		}
	}
	w.time = time.Date(year, time.Month(month), date, seconds/3600, seconds/60%60, seconds%60, 0, loc)
	return w, nil
}

func validDate(year, month, day int) bool {
	if year < 1990 || year > 2100 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// cutClock parts the date from the time, which begins with the hour before the first colon.
func cutClock(s string) (day, clock string) {
	i := strings.IndexByte(s, ':')
	if i < 0 {
		return s, ""
	}
	for i > 0 && isDigit(rune(s[i-1])) {
		i--
	}
	day = s[:i]
	if len(day) > 1 && (day[len(day)-1] == 'T' || day[len(day)-1] == 't') && isDigit(rune(day[len(day)-2])) {
		day = day[:len(day)-1]
	} else if trimmed := strings.TrimRightFunc(day, isBlank); trimmed == day {
		return s, "" // glued to the date: no time
	}
	return day, s[i:]
}

// parseDay reads the date alone; date is 0 when the text is a month.
func parseDay(s string, order DateOrder) (year, month, date int, err error) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return isBlank(r) || strings.ContainsRune("./-,", r) })
	if n := len(parts); n > 1 && oneOf(strings.ToLower(parts[n-1]), "г", "года", "год") {
		parts = parts[:n-1]
	}
	switch len(parts) {
	case 1:
		if p := parts[0]; len(p) == 8 && allDigits(p) {
			return number(p[:4]), number(p[4:6]), number(p[6:]), nil
		}
		return 0, 0, 0, errNotDate
	case 2:
		year, month = parseMonth(parts[0], parts[1])
		return year, month, 0, orNotDate(month)
	case 3:
		return parseThree([3]string(parts), strings.ContainsRune(s, '.'), order)
	}
	return 0, 0, 0, errNotDate
}

func orNotDate(month int) error {
	if month == 0 {
		return errNotDate
	}
	return nil
}

// parseMonth reads a year and a month in either order; month is 0 when they are none.
func parseMonth(a, b string) (year, month int) {
	if len(a) == 4 && allDigits(a) {
		a, b = b, a
	}
	if len(b) != 4 || !allDigits(b) {
		return 0, 0
	}
	if m := monthNamed(a); m != 0 {
		return number(b), m
	}
	if len(a) > 2 || !allDigits(a) {
		return 0, 0
	}
	return number(b), number(a)
}

// parseThree reads the three parts of a date.
func parseThree(p [3]string, dots bool, order DateOrder) (year, month, date int, err error) {
	if m := monthNamed(p[1]); m != 0 && short(p[0]) {
		return fullYear(p[2]), m, number(p[0]), nil
	}
	if m := monthNamed(p[0]); m != 0 && short(p[1]) {
		return fullYear(p[2]), m, number(p[1]), nil
	}
	if len(p[0]) == 4 && allDigits(p[0]) && short(p[1]) && short(p[2]) {
		return number(p[0]), number(p[1]), number(p[2]), nil
	}
	if !short(p[0]) || !short(p[1]) {
		return 0, 0, 0, errNotDate
	}
	a, b, year := number(p[0]), number(p[1]), fullYear(p[2])
	switch {
	case year == 0:
		return 0, 0, 0, errNotDate
	case dots || order == DayFirst || (order == "" && (a > 12 || a == b)):
		return year, b, a, nil
	case order == MonthFirst || b > 12:
		return year, a, b, nil
	}
	return 0, 0, 0, errDateAmbiguous
}

func short(s string) bool { return len(s) > 0 && len(s) <= 2 && allDigits(s) }

// fullYear reads a year of four digits, or of two, which are of this century; 0 when it is none.
func fullYear(s string) int {
	switch {
	case !allDigits(s):
		return 0
	case len(s) == 4:
		return number(s)
	case len(s) == 2:
		return 2000 + number(s)
	}
	return 0
}

// number reads a few digits.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// monthNamed reads the name of a month in Russian or English, whole or shortened to three letters; 0 when it is none.
func monthNamed(s string) int {
	if len(s) < 3 || isDigit(rune(s[0])) {
		return 0
	}
	s = strings.ToLower(s)
	if utf8.RuneCountInString(s) < 3 {
		return 0
	}
	for i, names := range [12][]string{
		{"январь", "января", "january"},
		{"февраль", "февраля", "february"},
		{"март", "марта", "march"},
		{"апрель", "апреля", "april"},
		{"май", "мая", "may"},
		{"июнь", "июня", "june"},
		{"июль", "июля", "july"},
		{"август", "августа", "august"},
		{"сентябрь", "сентября", "september"},
		{"октябрь", "октября", "october"},
		{"ноябрь", "ноября", "november"},
		{"декабрь", "декабря", "december"},
	} {
		for _, name := range names {
			if strings.HasPrefix(name, s) {
				return i + 1
			}
		}
	}
	return 0
}

// parseClock reads "15:04:05.999 PM +03:00" and gives the seconds since midnight, and the seconds east of UTC when a zone is given.
func parseClock(s string) (seconds int, shift *int, cut bool, err error) {
	hour, s, ok := takeNumber(s)
	minute, s, ok2 := takeNumber(strings.TrimPrefix(s, ":"))
	if !ok || !ok2 {
		return 0, nil, false, errNotDate
	}
	second := 0
	if rest, found := strings.CutPrefix(s, ":"); found {
		if second, s, ok = takeNumber(rest); !ok {
			return 0, nil, false, errNotDate
		}
		if s, cut, err = skipFraction(s); err != nil {
			return 0, nil, false, err
		}
	}
	hour, s, err = halfDay(hour, strings.TrimFunc(s, isBlank))
	if err != nil || hour > 23 || minute > 59 || second > 59 {
		return 0, nil, false, errNotDate
	}
	shift, err = parseShift(s)
	return hour*3600 + minute*60 + second, shift, cut, err
}

// takeNumber takes one or two digits off the front.
func takeNumber(s string) (n int, rest string, ok bool) {
	i := 0
	for i < len(s) && i < 2 && isDigit(rune(s[i])) {
		i++
	}
	return number(s[:i]), s[i:], i > 0
}

func skipFraction(s string) (rest string, cut bool, err error) {
	if s == "" || (s[0] != '.' && s[0] != ',') {
		return s, false, nil
	}
	i := 1
	for ; i < len(s) && isDigit(rune(s[i])); i++ {
		cut = cut || s[i] != '0'
	}
	if i == 1 {
		return "", false, errNotDate
	}
	return s[i:], cut, nil
}

// halfDay applies AM or PM.
func halfDay(hour int, s string) (int, string, error) {
	for _, half := range []string{"AM", "PM"} {
		if len(s) < 2 || !strings.EqualFold(s[:2], half) {
			continue
		}
		if hour < 1 || hour > 12 {
			return 0, "", errNotDate
		}
		hour %= 12
		if half == "PM" {
			hour += 12
		}
		return hour, strings.TrimFunc(s[2:], isBlank), nil
	}
	return hour, s, nil
}

// parseShift reads a zone: nothing, Z, UTC, МСК, +03, +0300, +03:00.
func parseShift(s string) (*int, error) {
	known := map[string]int{"z": 0, "utc": 0, "gmt": 0, "мск": 3 * 3600, "msk": 3 * 3600}
	if s == "" {
		return nil, nil
	}
	if shift, ok := known[strings.ToLower(s)]; ok {
		return &shift, nil
	}
	s = strings.TrimPrefix(strings.TrimPrefix(s, "UTC"), "GMT")
	if s == "" || (s[0] != '+' && s[0] != '-') {
		return nil, errNotDate
	}
	digits := strings.Replace(s[1:], ":", "", 1)
	if !allDigits(digits) || (len(digits) != 2 && len(digits) != 4) {
		return nil, errNotDate
	}
	hours, minutes := number(digits[:2]), number(digits[2:])
	if hours > 14 || minutes > 59 {
		return nil, errNotDate
	}
	shift := hours*3600 + minutes*60
	if s[0] == '-' {
		shift = -shift
	}
	return &shift, nil
}

// excelDate reads the number by which workbooks hold dates: days since the end of 1899, or of the first day of 1904.
func excelDate(s string, from1904 bool, loc *time.Location) (when, error) {
	days, err := exact(s)
	if err != nil || days.IsNegative() {
		return when{}, errNotDate
	}
	seconds := days.Mul(decimal.NewFromInt(86400)).Round(0).IntPart() // binary fractions of a day are off by less
	origin := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	if from1904 {
		origin = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if seconds > 200*366*86400 {
		return when{}, errNotDate
	}
	day := origin.AddDate(0, 0, int(seconds/86400))
	left := int(seconds % 86400)
	if !validDate(day.Year(), int(day.Month()), day.Day()) {
		return when{}, errNotDate
	}
	w := when{time: time.Date(day.Year(), day.Month(), day.Day(), left/3600, left/60%60, left%60, 0, loc)}
	if left == 0 {
		w.unit = dateAlone
	}
	return w, nil
}
