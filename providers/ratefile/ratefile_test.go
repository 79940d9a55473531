package ratefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/ratefile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rates.csv")
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	f := func(text, want string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		rates, err := ratefile.New(path).Rates(t.Context(), []string{"USD", "KZT"}, day, day.AddDate(0, 0, 5))
		got := ""
		for _, r := range rates {
			got += r.Date.Format(time.DateOnly) + " " + r.Currency + " " + r.Unit().String() + " " + r.Source + "\n"
		}
		var fault *pipeline.Fault
		if errors.As(err, &fault) {
			got = fault.Text.EN
			if strings.Contains(fault.Text.RU+fault.Text.EN, "%!") {
				t.Errorf("%+v", fault.Text)
			}
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q gives %q, want %q", text, got, want)
		}
	}
	f("date,currency,rate\n2026-11-21,USD,81.1234\n2026-11-21,EUR,90\n2026-11-19,USD,80\n2026-11-26,USD,80\n", "2026-11-21 USD 81.1234 file\n")
	f("\ufeffCurrency;Rate;Date;Nominal\r\nkzt;15,4321;25.11.2026;100\r\n", "2026-11-25 KZT 0.154321 file\n")
	f("date,currency,rate\n", "")
	f("date,currency,rate\n2026-11-21,USD,81\n2026-11-22,USD,0\n", "is wrong in line 3")
	f("date,currency,rate\n2026-11-21,USD,1e5\n", "is wrong in line 2")
	f("date,currency,rate\n2026-11-21,RUB,1\n", "is wrong in line 2")
	f("date,currency,rate\n2026-13-21,USD,81\n", "is wrong in line 2")
	f("date,currency,rate\n2026-11-21,USD\n", "is wrong in line 2")
	f("date,currency,rate\n2026-11-21,\"US\"D,1\n", "is wrong in line 2")
	f("date,currency\n2026-11-21,USD\n", "has no header")
	f("", "has no header")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	_, err := ratefile.New(path).Rates(t.Context(), nil, day, day)
	if f := pipeline.AsFault(err); f.Code != pipeline.FaultNotFound || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("date,currency,rate\n2026-11-21,USD,81.1234\n")
	f.Add("\ufeffcurrency;rate;date;nominal\r\nKZT;15,4321;25.11.2026;100\r\n")
	f.Add("date,currency,rate\n\"2026-11-21,USD\n")
	f.Fuzz(func(t *testing.T, text string) {
		rates, err := ratefile.Parse(text)
		for _, r := range rates {
			if r.Check() != nil || err != nil {
				t.Errorf("%+v, %v", r, err)
			}
		}
	})
}
