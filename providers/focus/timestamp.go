package focus

import (
	"errors"
	"time"
)

var errNotTime = errors.New("not a date and time")

// parseTime reads an instant to the whole second: RFC 3339 with or without zone, a space in place of the T, no seconds,
// a date alone, a trailing " UTC". Without a zone it is UTC, as FOCUS says. cut tells that a fraction was dropped.
// Years outside 1990 to 2100 are refused.
func parseTime(b []byte) (t time.Time, cut bool, err error) {
	year, ok1 := number(b, 0, 4)
	month, ok2 := number(b, 5, 2)
	day, ok3 := number(b, 8, 2)
	if !ok1 || !ok2 || !ok3 || b[4] != '-' || b[7] != '-' || !validDate(year, month, day) {
		return time.Time{}, false, errNotTime
	}
	clock, rest, cut, err := parseClock(b[10:])
	if err != nil {
		return time.Time{}, false, err
	}
	shift, err := parseZone(rest)
	if err != nil {
		return time.Time{}, false, err
	}
	t = time.Date(year, time.Month(month), day, 0, 0, clock-shift, 0, time.UTC)
	return t, cut, nil
}

func validDate(year, month, day int) bool {
	if year < 1990 || year > 2100 || month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// parseClock reads "T15:04:05.999" and gives the seconds since midnight and what follows.
func parseClock(b []byte) (seconds int, rest []byte, cut bool, err error) {
	if len(b) == 0 {
		return 0, nil, false, nil
	}
	if b[0] != 'T' && b[0] != 't' && b[0] != ' ' {
		return 0, nil, false, errNotTime
	}
	hour, ok1 := number(b, 1, 2)
	minute, ok2 := number(b, 4, 2)
	if !ok1 || !ok2 || b[3] != ':' || hour > 23 || minute > 59 {
		return 0, nil, false, errNotTime
	}
	seconds = hour*3600 + minute*60
	b = b[6:]
	if len(b) == 0 || b[0] != ':' {
		return seconds, b, false, nil
	}
	second, ok := number(b, 1, 2)
	if !ok || second > 59 {
		return 0, nil, false, errNotTime
	}
	rest, cut, err = skipFraction(b[3:])
	return seconds + second, rest, cut, err
}

func skipFraction(b []byte) (rest []byte, cut bool, err error) {
	if len(b) == 0 || (b[0] != '.' && b[0] != ',') {
		return b, false, nil
	}
	i := 1
	for ; i < len(b) && isDigit(b[i]); i++ {
		cut = cut || b[i] != '0'
	}
	if i == 1 {
		return nil, false, errNotTime
	}
	return b[i:], cut, nil
}

// parseZone reads "", "Z", " UTC", "+03", "+0300", "+03:00" and gives the seconds east of UTC.
func parseZone(b []byte) (int, error) {
	if len(b) > 0 && b[0] == ' ' {
		b = b[1:]
	}
	switch string(b) {
	case "", "Z", "z", "UTC", "GMT":
		return 0, nil
	}
	if b[0] != '+' && b[0] != '-' {
		return 0, errNotTime
	}
	hour, ok := number(b, 1, 2)
	minute := 0
	switch tail := b[min(3, len(b)):]; {
	case len(tail) == 2:
		minute, ok = andNumber(ok, tail, 0)
	case len(tail) == 3 && tail[0] == ':':
		minute, ok = andNumber(ok, tail, 1)
	case len(tail) != 0:
		ok = false
	}
	if !ok || hour > 14 || minute > 59 {
		return 0, errNotTime
	}
	shift := hour*3600 + minute*60
	if b[0] == '-' {
		shift = -shift
	}
	return shift, nil
}

func andNumber(ok bool, b []byte, at int) (int, bool) {
	n, ok2 := number(b, at, 2)
	return n, ok && ok2
}

// number reads exactly width digits at an offset.
func number(b []byte, at, width int) (int, bool) {
	if len(b) < at+width {
		return 0, false
	}
	n := 0
	for _, c := range b[at : at+width] {
		if !isDigit(c) {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
