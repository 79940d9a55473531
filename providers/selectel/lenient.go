package selectel

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// text is a string, a number or a boolean, as text. Null and anything else is "". One odd field never makes its row
// unreadable, so the UnmarshalJSON here return no errors.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	*t = ""
	switch {
	case len(b) == 0 || b[0] == '{' || b[0] == '[' || b[0] == 'n':
	case b[0] == '"':
		var s string
		if json.Unmarshal(b, &s) == nil {
			*t = text(strings.TrimSpace(s))
		}
	default:
		*t = text(b)
	}
	return nil
}

// number is an exact number, from a JSON number or from a string that holds one. Absent, null and everything else is
// unknown, which is not zero.
type number struct {
	D     decimal.Decimal
	Known bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	*n = parseNumber(b)
	return nil
}

// maxNumberLength bounds the text of a number, and maxExponent its scale, so that 1e999999999 costs nothing.
const (
	maxNumberLength = 36
	maxExponent     = 15
	maxDigits       = 20
)

func parseNumber(b []byte) number {
	if n, ok := smallInteger(b); ok {
		return number{D: decimal.NewFromInt(n), Known: true}
	}
	s := strings.Trim(string(b), `"`)
	if len(s) == 0 || len(s) > maxNumberLength || !strings.ContainsAny(s[:1], "-+0123456789.") {
		return number{}
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > maxExponent || d.Exponent() < -maxExponent || d.NumDigits() > maxDigits {
		return number{}
	}
	return number{D: d, Known: true}
}

// smallInteger reads what almost all amounts are.
func smallInteger(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 17 {
		return 0, false
	}
	n := int64(0)
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// whole is the number as an integer that is not negative; 0 when it is none.
func (n number) whole() int64 {
	if !n.Known || n.D.IsNegative() || !n.D.BigInt().IsInt64() {
		return 0
	}
	return n.D.IntPart()
}

// kopecks turns kopecks into roubles.
func kopecks(d decimal.Decimal) decimal.Decimal { return d.Shift(-2) }

// flag is true for true, 1, "1", "true" and "yes".
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(b []byte) error {
	s := strings.ToLower(strings.Trim(string(b), `"`))
	*f = s == "true" || s == "1" || s == "yes"
	return nil
}

// part is a nested value that may be absent or of a wrong shape. Known tells whether it was read.
type part[T any] struct {
	V     T
	Known bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *part[T]) UnmarshalJSON(b []byte) error {
	*p = part[T]{}
	if len(b) == 0 || b[0] == 'n' {
		return nil
	}
	var v T
	if json.Unmarshal(b, &v) == nil {
		*p = part[T]{V: v, Known: true}
	}
	return nil
}

// moscow is Selectel's zone: three hours ahead of UTC, without summer time.
func moscow() *time.Location { return time.FixedZone("MSK", 3*60*60) }

// naive is how the billing writes an instant: Moscow time without an offset.
const naive = "2006-01-02T15:04:05"

// parseTime reads an instant: with an offset, or without one as time in zone. It gives UTC and whole seconds; zero when it is
// none or lies outside 1990 to 2100.
func parseTime(s string, zone *time.Location) time.Time {
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.RFC3339Nano, time.DateOnly} {
		t, err := time.ParseInLocation(layout, s, zone)
		if err != nil {
			continue
		}
		if y := t.UTC().Year(); y < 1990 || y > 2100 {
			return time.Time{}
		}
		return t.UTC().Truncate(time.Second)
	}
	return time.Time{}
}

// utc is parseTime for OpenStack, whose times without an offset are UTC.
func (t text) utc() time.Time { return parseTime(string(t), time.UTC) }
