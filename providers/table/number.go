package table

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"
)

// Why a text is no number. None of them is guessed around: a wrong guess is a wrong bill.
var (
	errNotNumber  = errors.New("not a number")
	errGroups     = errors.New("groups of digits that are not of three")
	errOtherPoint = errors.New("another decimal point or thousands separator")
	errHuge       = errors.New("number out of range")
	errExcel      = errors.New("an error of the spreadsheet")
)

// Bounds of a number: enough for any bill, and small enough that sums stay within the ledger's decimals.
const (
	maxNumberText = 100
	maxWhole      = 18
	maxFraction   = 80
)

// amount is a number of a cell and the currency that was written beside it, empty when none.
type amount struct {
	value    decimal.Decimal
	currency string
}

// parseAmount reads a number exactly: "1 234,56 ₽", "(12.50)", "$1,234.5", "5.6E-05", "12-". point is "." or ","; group is the
// other one, or empty when thousands are not parted by it.
func parseAmount(s, point, group string) (amount, error) {
	if len(s) > maxNumberText {
		return amount{}, errHuge
	}
	s = strings.TrimFunc(s, isBlank)
	if strings.HasPrefix(s, "#") {
		return amount{}, errExcel
	}
	s, negative, signed := takeSign(s)
	s, currency := takeCurrency(s)
	if !signed {
		s, negative, _ = takeSign(s)
	}
	plain, err := plainNumber(s, point, group)
	if err != nil {
		return amount{}, err
	}
	d, err := exact(plain)
	if err != nil {
		return amount{}, err
	}
	if negative {
		d = d.Neg()
	}
	return amount{value: d, currency: currency}, nil
}

func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == '\u00a0' || r == '\u202f' || r == '\u2009' || r == '\ufeff'
}

// takeSign takes a sign off: a minus before or after, or brackets around, which accountants write for a minus.
func takeSign(s string) (rest string, negative, found bool) {
	if inner, ok := strings.CutPrefix(s, "("); ok && strings.HasSuffix(inner, ")") {
		return strings.TrimFunc(strings.TrimSuffix(inner, ")"), isBlank), true, true
	}
	for _, minus := range []string{"-", "−", "–"} {
		if rest, ok := strings.CutPrefix(s, minus); ok {
			return strings.TrimLeftFunc(rest, isBlank), true, true
		}
		if rest, ok := strings.CutSuffix(s, minus); ok {
			return strings.TrimRightFunc(rest, isBlank), true, true
		}
	}
	rest, found = strings.CutPrefix(s, "+")
	return rest, false, found
}

// takeCurrency takes a currency's sign or code off the front or the back.
func takeCurrency(s string) (rest, currency string) {
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if (isDigit(first) || first == '.' || first == ',' || first == '-' || first == '−') && (isDigit(last) || last == '-') {
		return s, ""
	}
	for _, c := range currencySigns() {
		if rest, ok := cutFold(s, c.sign); ok {
			return strings.TrimFunc(rest, isBlank), c.code
		}
	}
	return s, ""
}

// cutFold takes a word off the front or the back without regard to case.
func cutFold(s, word string) (string, bool) {
	if len(s) >= len(word) && strings.EqualFold(s[:len(word)], word) {
		return s[len(word):], true
	}
	if len(s) >= len(word) && strings.EqualFold(s[len(s)-len(word):], word) {
		return s[:len(s)-len(word)], true
	}
	return s, false
}

type currencySign struct{ sign, code string }

// currencySigns are the ways a currency is written beside a number, the longer before those that they contain.
// "$" is USD here; see sameCurrency.
func currencySigns() []currencySign {
	return []currencySign{
		{"рублей", "RUB"},
		{"рубля", "RUB"},
		{"рубль", "RUB"},
		{"руб.", "RUB"},
		{"руб", "RUB"},
		{"р.", "RUB"},
		{"₽", "RUB"},
		{"RUB", "RUB"},
		{"RUR", "RUB"},
		{"р", "RUB"},
		{"US$", "USD"},
		{"USD", "USD"},
		{"CA$", "CAD"},
		{"CAD", "CAD"},
		{"AUD", "AUD"},
		{"$", "USD"},
		{"долл.", "USD"},
		{"EUR", "EUR"},
		{"€", "EUR"},
		{"GBP", "GBP"},
		{"£", "GBP"},
		{"CHF", "CHF"},
		{"тенге", "KZT"},
		{"тг.", "KZT"},
		{"тг", "KZT"},
		{"₸", "KZT"},
		{"KZT", "KZT"},
		{"CNY", "CNY"},
		{"¥", "CNY"},
		{"BYN", "BYN"},
		{"UZS", "UZS"},
		{"сум", "UZS"},
		{"AMD", "AMD"},
		{"֏", "AMD"},
		{"TRY", "TRY"},
		{"₺", "TRY"},
		{"AED", "AED"},
		{"INR", "INR"},
		{"₹", "INR"},
		{"JPY", "JPY"},
	}
}

// sameCurrency tells whether a sign beside a number may mean the currency of the row. A dollar sign is any dollar's, a yen
// sign also Japan's.
func sameCurrency(sign, code string) bool {
	return sign == code || (sign == "USD" && oneOf(code, "CAD", "AUD", "SGD", "HKD", "NZD", "MXN", "BRL")) || (sign == "CNY" && code == "JPY")
}

// plainNumber writes a number with a point and without separators. Blanks and apostrophes may stand between groups of three.
func plainNumber(s, point, group string) (string, error) {
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i > 0 {
		mantissa, exponent = s[:i], s[i:]
	}
	whole, fraction, hasPoint := strings.Cut(mantissa, point)
	if hasPoint && strings.Contains(fraction, point) {
		return "", notNumber(s, errOtherPoint)
	}
	digits, err := joinGroups(whole, group)
	if err != nil {
		return "", notNumber(s, err)
	}
	if digits == "" && fraction == "" || !allDigits(digits) || !allDigits(fraction) {
		return "", notNumber(s, errOtherPoint)
	}
	if digits == "" {
		digits = "0"
	}
	if fraction != "" {
		digits += "." + fraction
	}
	return digits + exponent, nil
}

// notNumber gives the reason for a text of digits and separators, and errNotNumber for any other.
func notNumber(s string, why error) error {
	known := "0123456789.,'’ \u00a0\u202f\u2009"
	if strings.ContainsAny(s, "eE") {
		known += "eE+-"
	}
	if strings.Trim(s, known) != "" || !strings.ContainsAny(s, "0123456789") {
		return errNotNumber
	}
	return why
}

// joinGroups takes the separators of thousands out of the digits before the point.
func joinGroups(whole, group string) (string, error) {
	parts := strings.FieldsFunc(whole, func(r rune) bool {
		return isBlank(r) || r == '\'' || r == '’' || (group != "" && string(r) == group)
	})
	if len(parts) < 2 {
		if len(parts) == 1 && parts[0] == whole {
			return whole, nil
		}
		if whole == "" {
			return "", nil
		}
		return "", errGroups
	}
	if len(parts[0]) > 3 {
		return "", errGroups
	}
	separators := utf8.RuneCountInString(whole) - len(strings.Join(parts, ""))
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return "", errGroups
		}
	}
	if separators != len(parts)-1 {
		return "", errGroups
	}
	return strings.Join(parts, ""), nil
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func allDigits(s string) bool {
	for _, r := range s {
		if !isDigit(r) {
			return false
		}
	}
	return true
}

// exact reads digits with a point and an exponent, within the bounds.
func exact(s string) (decimal.Decimal, error) {
	if i := strings.IndexAny(s, "eE"); i >= 0 && len(s)-i > 5 {
		return decimal.Decimal{}, errHuge
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return decimal.Decimal{}, errNotNumber
	}
	if d.IsZero() {
		return decimal.Decimal{}, nil
	}
	if d.NumDigits()+int(d.Exponent()) > maxWhole || d.Exponent() < -maxFraction {
		return decimal.Decimal{}, errHuge
	}
	return d, nil
}
