package pipeline

import (
	"strings"

	"github.com/shopspring/decimal"
)

// noBreak is a no-break space: it stands between groups of digits, and between a number and its unit.
const noBreak = "\u00a0"

// FormatMoney writes an amount for people: "117 150,40 ₽" in Russian, "₽117,150.40" in English, rounded half away from zero
// to two digits; an amount under one that would read as zero keeps two significant digits.
func FormatMoney(amount decimal.Decimal, currency string, lang Lang) string {
	number := FormatNumber(amount, moneyDigits(amount), lang)
	symbol := currencySymbol(currency)
	if lang != English {
		return number + noBreak + symbol
	}
	if symbol == currency {
		return currency + noBreak + number
	}
	if rest, negative := strings.CutPrefix(number, "−"); negative {
		return "−" + symbol + rest
	}
	return symbol + number
}

func moneyDigits(amount decimal.Decimal) int32 {
	if amount.IsZero() || !amount.Round(2).IsZero() {
		return 2
	}
	leading := int32(-amount.Abs().Exponent()) - int32(amount.NumDigits())
	return min(leading+2, MoneyScale)
}

// FormatNumber writes a number with so many digits after the point, rounded half away from zero, digits grouped by three.
func FormatNumber(n decimal.Decimal, digits int32, lang Lang) string {
	group, point := noBreak, ","
	if lang == English {
		group, point = ",", "."
	}
	whole, fraction, _ := strings.Cut(n.Abs().StringFixed(digits), ".")
	var b strings.Builder
	if n.Round(digits).IsNegative() {
		b.WriteString("−")
	}
	for i, r := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(group)
		}
		b.WriteRune(r)
	}
	if fraction != "" {
		b.WriteString(point + fraction)
	}
	return b.String()
}

func currencySymbol(currency string) string {
	switch currency {
	case "RUB":
		return "₽"
	case "USD":
		return "$"
	case "EUR":
		return "€"
	case "KZT":
		return "₸"
	}
	return currency
}

// Plural picks the Russian form for n: 1 день, 2 дня, 5 дней.
func Plural(n int64, one, few, many string) string {
	if n < 0 {
		n = -n
	}
	switch {
	case n%10 == 1 && n%100 != 11:
		return one
	case n%10 >= 2 && n%10 <= 4 && (n%100 < 12 || n%100 > 14):
		return few
	}
	return many
}
