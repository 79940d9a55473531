package beget

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// The types below read what Beget sends in several shapes: a number as a number or as a string, null, a list as an object
// with numeric keys. One odd field never makes its row unreadable, so their UnmarshalJSON returns no errors.

// text is a string, a number or a boolean, as text. Null and anything else is "".
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

// integer is a whole number, or a string that holds one.
type integer struct {
	N     int64
	Known bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (i *integer) UnmarshalJSON(b []byte) error {
	*i = integer{}
	m := parseMoney(b)
	if m.Known && m.Amount.IsInteger() && m.Amount.BigInt().IsInt64() {
		*i = integer{N: m.Amount.IntPart(), Known: true}
	}
	return nil
}

// positive returns the number, or 0 when it is unknown or negative.
func (i integer) positive() int64 { return max(i.N, 0) }

// money is an exact decimal, from a JSON number or from a string that holds one. Absent, null and everything else is
// unknown, which is not zero.
type money struct {
	Amount decimal.Decimal
	Known  bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *money) UnmarshalJSON(b []byte) error {
	*m = parseMoney(b)
	return nil
}

// price is a money that is not negative.
func (m money) price() money {
	if m.Known && m.Amount.IsNegative() {
		return money{}
	}
	return m
}

// maxNumberLength bounds the text of a number, and maxExponent its scale, so that 1e999999999 costs nothing.
const (
	maxNumberLength = 40
	maxExponent     = 18
)

func parseMoney(b []byte) money {
	s := string(b)
	if len(s) > 1 && s[0] == '"' {
		var t text
		_ = t.UnmarshalJSON(b) // it returns no error
		s = string(t)
	}
	if len(s) == 0 || len(s) > maxNumberLength || !strings.ContainsAny(s[:1], "-+0123456789.") {
		return money{}
	}
	d, err := decimal.NewFromString(s)
	if err != nil || d.Exponent() > maxExponent || d.Exponent() < -maxExponent {
		return money{}
	}
	return money{Amount: d, Known: true}
}

// number is a measurement. It is not money, so it is a float; Known is false for null.
type number struct {
	V     float64
	Known bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (n *number) UnmarshalJSON(b []byte) error {
	*n = number{}
	s := strings.Trim(string(b), `"`)
	if len(s) == 0 || len(s) > maxNumberLength || !strings.ContainsAny(s[:1], "-+0123456789.") {
		return nil
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		*n = number{V: v, Known: true}
	}
	return nil
}

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

// rows is a list, each element read apart so that one bad row does not cost the others. An object counts as the list of
// its values (PHP writes a list with gaps so).
type rows struct {
	Items []json.RawMessage
	// Present is false when the key was absent, Null when it was null or of another kind.
	Present, Null bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *rows) UnmarshalJSON(b []byte) error {
	*r = rows{Present: true, Null: true}
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return nil
	}
	switch b[0] {
	case '[':
		r.Null = json.Unmarshal(b, &r.Items) != nil
	case '{':
		var m map[string]json.RawMessage
		r.Null = json.Unmarshal(b, &m) != nil
		for _, k := range sortedKeys(m) {
			r.Items = append(r.Items, m[k])
		}
	}
	return nil
}

// sortedKeys sorts numeric keys by number and others behind them by text.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return keys
}

// readRows reads the rows it can and counts those it cannot.
func readRows[T any](r rows) (read []T, bad int64) {
	read = make([]T, 0, len(r.Items))
	for _, raw := range r.Items {
		var v T
		if len(raw) == 0 || raw[0] == 'n' || json.Unmarshal(raw, &v) != nil {
			bad++
			continue
		}
		read = append(read, v)
	}
	return read, bad
}

// moscow is Beget's zone since 26 October 2014, three hours ahead of UTC.
func moscow() *time.Location { return time.FixedZone("MSK", 3*60*60) }

// parseTime reads an instant as Beget writes it or may write it: RFC 3339, the same without an offset (then Moscow), a
// date, or Unix seconds or milliseconds. It gives UTC and whole seconds. What lies outside 1990 to 2100 is not a time.
func parseTime(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && len(s) >= 9 {
		if len(s) >= 12 {
			n /= 1000
		}
		return plausible(time.Unix(n, 0))
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return plausible(t)
		}
	}
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, moscow()); err == nil {
			return plausible(t)
		}
	}
	return time.Time{}, false
}

func plausible(t time.Time) (time.Time, bool) {
	if y := t.UTC().Year(); y < 1990 || y > 2100 {
		return time.Time{}, false
	}
	return t.UTC().Truncate(time.Second), true
}

// instant is parseTime for a field: zero when it is no time.
func (t text) instant() time.Time {
	at, _ := parseTime(string(t))
	return at
}
