package pipeline

import (
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

func TestFormatMoney(t *testing.T) {
	f := func(amount, currency string, lang Lang, want string) {
		t.Helper()
		if got := FormatMoney(decimal.RequireFromString(amount), currency, lang); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	f("117150.4", "RUB", Russian, "117\u00a0150,40\u00a0₽")
	f("117150.4", "RUB", English, "₽117,150.40")
	f("-1234567.895", "USD", English, "−$1,234,567.90")
	f("-1234567.895", "USD", Russian, "−1\u00a0234\u00a0567,90\u00a0$")
	f("0", "RUB", Russian, "0,00\u00a0₽")
	f("0.00012345", "USD", Russian, "0,00012\u00a0$")
	f("0.0049", "RUB", Russian, "0,0049\u00a0₽")
	f("-0.00009", "RUB", Russian, "−0,000090\u00a0₽")
	f("999.995", "RUB", Russian, "1\u00a0000,00\u00a0₽")
	f("12", "CHF", Russian, "12,00\u00a0CHF")
	f("12", "CHF", English, "CHF\u00a012.00")
}

func TestPlural(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-1000, 1000).Draw(t, "n")
		last, lastTwo := max(n, -n)%10, max(n, -n)%100
		want := "many"
		if form := map[int64]string{1: "one", 2: "few", 3: "few", 4: "few"}[last]; form != "" && (lastTwo < 11 || lastTwo > 14) {
			want = form
		}
		if got := Plural(n, "one", "few", "many"); got != want {
			t.Fatalf("%d: got %s, want %s", n, got, want)
		}
	})
}
