package table_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

// FuzzParseMapping: what is taken is written and read again as the same; what is refused has a sentence.
func FuzzParseMapping(f *testing.F) {
	for _, s := range []string{simple, awsMapping, azureMapping, julyMapping, longMapping, "{", "null", `{"version":1,"columns":{"start":null}}`, `{"version":1e3}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := table.ParseMapping(s)
		if err != nil {
			var fault *pipeline.Fault
			if !errors.As(err, &fault) || fault.Text.RU == "" || fault.Text.EN == "" {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := table.ParseMapping(m.JSON())
		if err != nil {
			t.Fatalf("%q: %s is refused: %v", s, m.JSON(), err)
		}
		if diff := cmp.Diff(m, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q:\n%s", s, diff)
		}
	})
}

// FuzzRead: nothing panics, and the report is that of the charges.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"date,cost\n2026-07-01,1\n", julyBill, "a;b\n\"", "sep=;\ndate;cost\n2026-07-01;1", "\xff\xfed\x00", "PK\x03\x04", "date,cost\n2026-07-01,1e5\n,\n", "\n\n\n", "date,date,cost\n1,2,3"} {
		f.Add([]byte(s), simple)
		f.Add([]byte(s), julyMapping)
	}
	f.Fuzz(func(t *testing.T, content []byte, text string) {
		m, err := table.ParseMapping(text)
		if err != nil {
			m, _ = table.ParseMapping(simple)
		}
		if s, err := table.Look(t.Context(), strings.NewReader(string(content)), "a.csv", m); err == nil {
			guessed, _ := table.Guess(s)
			if _, err := table.DecodeMapping(guessed.JSON()); err != nil {
				t.Fatalf("the guess %s is refused: %v", guessed.JSON(), err)
			}
		}
		charges, r, err := readAll(t, "a.csv", content, m)
		if err != nil {
			var fault *pipeline.Fault
			if !errors.As(err, &fault) || fault.Text.RU == "" || fault.Text.EN == "" {
				t.Fatal(err)
			}
			return
		}
		sum, unpriced := map[string]decimal.Decimal{}, int64(0)
		for i := range charges {
			c := &charges[i]
			sum[c.BillingCurrency] = sum[c.BillingCurrency].Add(c.BilledCost)
			unpriced += c.UnpricedCount
			if !c.End.After(c.Start) || c.Start.Location() != time.UTC || c.Start.Nanosecond() != 0 || len(c.BillingCurrency) != 3 {
				t.Fatalf("charge %+v", c)
			}
		}
		equal := cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })
		if diff := cmp.Diff(sum, r.Totals, equal, cmpopts.EquateEmpty()); diff != "" || r.Lines != int64(len(charges)) || r.Unpriced != unpriced {
			t.Fatalf("report %+v of %d charges:\n%s", r, len(charges), diff)
		}
	})
}

// TestWhatIsWrittenIsRead writes charges as a table in any manner, and reads the same totals.
func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		comma := rapid.SampledFrom([]string{";", "\t", "|"}).Draw(rt, "delimiter")
		layout := rapid.SampledFrom([]string{"2006-01-02", "02.01.2006"}).Draw(rt, "layout")
		decimalComma := rapid.Bool().Draw(rt, "decimal comma")
		text := "Услуга" + comma + "Дата" + comma + "Сумма\n"
		want, rows := decimal.Decimal{}, rapid.IntRange(1, 30).Draw(rt, "rows")
		for range rows {
			d := decimal.New(rapid.Int64Range(-1e12, 1e12).Draw(rt, "digits"), -rapid.Int32Range(0, 12).Draw(rt, "scale"))
			want = want.Add(d)
			number := d.String()
			if decimalComma {
				number = strings.Replace(number, ".", ",", 1)
			}
			day := time.Date(2026, 1, rapid.IntRange(1, 365).Draw(rt, "day"), 0, 0, 0, 0, time.UTC)
			text += rapid.StringMatching(`"[а-яa-z ]{0,9}(""|\n|;)?[a-z]"`).Draw(rt, "service") + comma + day.Format(layout) + comma + number + "\n"
		}
		m := `{"version":1,"period":"day","currency":"RUB","columns":{"start":"Дата","cost":"Сумма","service":"Услуга"}}`
		if decimalComma {
			m = strings.Replace(m, `"period"`, `"decimal":",","period"`, 1)
		}
		_, r, err := readAll(t, "a.csv", []byte(text), mapping(t, m))
		if err != nil || !r.Totals["RUB"].Equal(want) || r.Lines != int64(rows) {
			rt.Fatalf("%q: %+v, %v; want %s", text, r, err, want)
		}
	})
}
