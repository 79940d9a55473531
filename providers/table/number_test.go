package table

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func TestParseAmount(t *testing.T) {
	for _, c := range []struct {
		text, point, group, want, currency string
		err                                error
	}{
		{"1234.56", ".", "", "1234.56", "", nil},
		{"1 234,56 ₽", ",", "", "1234.56", "RUB", nil},
		{"1\u00a0234\u00a0567,8\u00a0руб.", ",", "", "1234567.8", "RUB", nil},
		{"1\u202f234,5", ",", "", "1234.5", "", nil},
		{"1'234.50", ".", "", "1234.5", "", nil},
		{"$1,234.5", ".", ",", "1234.5", "USD", nil},
		{"1.234,5 €", ",", ".", "1234.5", "EUR", nil},
		{"(12.50)", ".", "", "-12.5", "", nil},
		{"−12,5", ",", "", "-12.5", "", nil},
		{"12.5-", ".", "", "-12.5", "", nil},
		{"-$5", ".", "", "-5", "USD", nil},
		{"$-5", ".", "", "-5", "USD", nil},
		{"RUB 5", ".", "", "5", "RUB", nil},
		{"+5", ".", "", "5", "", nil},
		{"5.64902E-05", ".", "", "0.0000564902", "", nil},
		{"0.30000000000000004", ".", "", "0.30000000000000004", "", nil},
		{".5", ".", "", "0.5", "", nil},
		{"5.", ".", "", "5", "", nil},
		{"1,234", ".", "", "", "", errOtherPoint},
		{"1.234,5", ".", "", "", "", errOtherPoint},
		{"1.2.3", ".", "", "", "", errOtherPoint},
		{"12 34", ".", "", "", "", errGroups},
		{"1  234", ".", "", "", "", errGroups},
		{"1,23,456", ".", ",", "", "", errGroups},
		{"1234 567", ".", "", "", "", errGroups},
		{"#N/A", ".", "", "", "", errExcel},
		{"1e999", ".", "", "", "", errHuge},
		{"1e-999999999", ".", "", "", "", errHuge},
		{"1234567890123456789", ".", "", "", "", errHuge},
		{strings.Repeat("1", 101), ".", "", "", "", errHuge},
		{"", ".", "", "", "", errNotNumber},
		{"-", ".", "", "", "", errNotNumber},
		{"--5", ".", "", "", "", errNotNumber},
		{"+-5", ".", "", "", "", errNotNumber},
		{"abc", ".", "", "", "", errNotNumber},
		{"NaN", ".", "", "", "", errNotNumber},
		{"0x10", ".", "", "", "", errNotNumber},
		{"1_000", ".", "", "", "", errNotNumber},
		{"12%", ".", "", "", "", errNotNumber},
		{"₽", ".", "", "", "", errNotNumber},
	} {
		a, err := parseAmount(c.text, c.point, c.group)
		if !errors.Is(err, c.err) {
			t.Errorf("%q: error %v, want %v", c.text, err, c.err)
			continue
		}
		if err == nil && (a.value.String() != c.want || a.currency != c.currency) {
			t.Errorf("%q is %s %s, want %s %s", c.text, a.value, a.currency, c.want, c.currency)
		}
		if err != nil && (whyNumber(err, c.point).RU == "" || whyNumber(err, c.point).EN == "") {
			t.Errorf("%q: no reason", c.text)
		}
	}
}

// TestAmountComesBack writes numbers in every manner and reads them again.
func TestAmountComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64Range(-1e15, 1e15).Draw(t, "digits"), -rapid.Int32Range(0, 18).Draw(t, "scale"))
		point := rapid.SampledFrom([]string{".", ","}).Draw(t, "point")
		group := rapid.SampledFrom([]string{"", " ", "\u00a0", "\u202f", "'", "other"}).Draw(t, "group")
		if group == "other" {
			group = map[string]string{".": ",", ",": "."}[point]
		}
		whole, fraction, has := strings.Cut(d.Abs().String(), ".")
		var b strings.Builder
		for i, r := range whole {
			if i > 0 && (len(whole)-i)%3 == 0 {
				b.WriteString(group)
			}
			b.WriteRune(r)
		}
		if has {
			b.WriteString(point + fraction)
		}
		text := b.String()
		if d.IsNegative() {
			text = rapid.SampledFrom([]func(string) string{
				func(s string) string { return "-" + s }, func(s string) string { return "−" + s },
				func(s string) string { return "(" + s + ")" }, func(s string) string { return s + "-" },
			}).Draw(t, "minus")(text)
		}
		sign := rapid.SampledFrom([]string{"", " ₽", " руб.", " RUB"}).Draw(t, "currency")
		told := ""
		if group == "." || group == "," {
			told = group
		}
		a, err := parseAmount(text+sign, point, told)
		if err != nil || !a.value.Equal(d) || (a.currency == "RUB") != (sign != "") {
			t.Fatalf("%q is %s %s, %v; want %s", text+sign, a.value, a.currency, err, d)
		}
	})
}

// FuzzAmount compares with math/big: what looks like a plain number and is taken is exactly that number, and every other
// number that is taken has its digits in the text.
func FuzzAmount(f *testing.F) {
	for _, s := range []string{"0", "-0", "1.5", "5.6E-05", "1e999", "(1)", "1 234,5", "$1", "1,234.5", "NaN", "1e", "0.1234567890123456789", "--1", "р5", "#REF!"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, comma bool) {
		point, group := ".", ","
		if comma {
			point, group = ",", "."
		}
		a, err := parseAmount(s, point, group)
		if err != nil {
			return
		}
		if strings.Trim(s, "0123456789.eE-+") == "" && !comma && !strings.HasSuffix(s, "-") {
			want, ok := new(big.Rat).SetString(s)
			if !ok || want.Cmp(a.value.Rat()) != 0 {
				t.Fatalf("%q is %s, want %v", s, a.value, want)
			}
		}
		if !a.value.IsZero() && !strings.ContainsAny(s, "123456789") {
			t.Fatalf("%q is %s", s, a.value)
		}
		if a.currency != "" && !isCurrency(a.currency) {
			t.Fatalf("%q: currency %q", s, a.currency)
		}
	})
}
