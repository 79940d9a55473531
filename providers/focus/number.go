package focus

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/shopspring/decimal"
)

// Why a number cannot be taken. None of them is guessed around: a wrong guess is a wrong bill.
var (
	errNotNumber = errors.New("not a number")
	errThousands = errors.New("thousands separator")
	errComma     = errors.New("comma as the decimal point")
	errHuge      = errors.New("number out of range")
)

// Bounds of a number: enough for any bill, and small enough that sums stay within the ledger's decimals.
const (
	maxDigits     = 80
	maxWholeDigit = 18
)

// digits is a number as written: sign, digits without the point, and the power of ten they are multiplied by.
type digits struct {
	negative bool
	text     [maxDigits]byte
	n        int
	exp      int
}

// parseNumber reads a decimal number as FOCUS writes it, with an optional exponent. point is '.' or ','.
// The result is exact: nothing is rounded.
func parseNumber(b []byte, point byte) (decimal.Decimal, error) {
	var d digits
	rest, err := d.scan(b, point)
	if err != nil {
		return decimal.Decimal{}, err
	}
	if len(rest) > 0 {
		if err := d.scanExponent(rest); err != nil {
			return decimal.Decimal{}, whyNot(b, point)
		}
	}
	return d.value()
}

// scan reads sign, digits and point, and gives what follows them.
func (d *digits) scan(b []byte, point byte) ([]byte, error) {
	i, seen, inFraction := 0, false, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		d.negative = b[0] == '-'
		i++
	}
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case c >= '0' && c <= '9':
			seen = true
			if inFraction {
				d.exp--
			}
			if !d.push(c) {
				return nil, errHuge
			}
		case c == point && !inFraction:
			inFraction = true
		case (c == 'e' || c == 'E') && seen:
			return b[i:], nil
		default:
			return nil, whyNot(b, point)
		}
	}
	if !seen {
		return nil, whyNot(b, point)
	}
	return nil, nil
}

// push keeps a digit; leading zeros are left out.
func (d *digits) push(c byte) bool {
	if d.n == 0 && c == '0' {
		return d.exp >= -10*maxDigits
	}
	if d.n == maxDigits {
		return false
	}
	d.text[d.n] = c
	d.n++
	return true
}

func (d *digits) scanExponent(b []byte) error {
	b = b[1:]
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 6 {
		return errNotNumber
	}
	e := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return errNotNumber
		}
		e = e*10 + int(c-'0')
	}
	if negative {
		e = -e
	}
	d.exp += e
	return nil
}

func (d *digits) value() (decimal.Decimal, error) {
	for d.n > 0 && d.text[d.n-1] == '0' {
		d.n--
		d.exp++
	}
	if d.n == 0 {
		return decimal.Decimal{}, nil
	}
	if d.n+d.exp > maxWholeDigit || d.exp < -maxDigits {
		return decimal.Decimal{}, errHuge
	}
	if d.n > 18 {
		return d.bigValue(), nil
	}
	var v int64
	for _, c := range d.text[:d.n] {
		v = v*10 + int64(c-'0')
	}
	if d.negative {
		v = -v
	}
	return decimal.New(v, int32(d.exp)), nil
}

func (d *digits) bigValue() decimal.Decimal {
	v, _ := new(big.Int).SetString(string(d.text[:d.n]), 10)
	if d.negative {
		v.Neg(v)
	}
	return decimal.NewFromBigInt(v, int32(d.exp))
}

// whyNot names what is wrong with a text that is no number for us.
func whyNot(b []byte, point byte) error {
	plain := bytes.TrimLeft(b, "+-")
	if len(plain) == 0 || !isDigit(plain[0]) {
		return errNotNumber
	}
	for _, sep := range []string{"\u00a0", "\u202f", "\u2009", " ", "'", "’"} {
		plain = bytes.ReplaceAll(plain, []byte(sep), []byte("_"))
	}
	if len(bytes.Trim(plain, "0123456789.,_")) > 0 {
		return errNotNumber
	}
	if bytes.Count(plain, []byte{','}) == 1 && bytes.IndexByte(plain, '.') < 0 && bytes.IndexByte(plain, '_') < 0 && point == '.' {
		return errComma
	}
	return errThousands
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// looksLikeThousands tells whether a number with a comma may as well be a whole one with a thousands separator: "1,234".
func looksLikeThousands(b []byte) bool {
	whole, fraction, found := bytes.Cut(bytes.TrimLeft(b, "+-"), []byte{','})
	return found && len(fraction) == 3 && len(whole) >= 1 && len(whole) <= 3 && whole[0] != '0'
}
