package cbr

import (
	"strings"
	"testing"
	"time"
)

const (
	dailyDoc = `<?xml version="1.0" encoding="windows-1251"?><ValCurs Date="21.11.2026" name="Foreign Currency Market">` +
		`<Valute ID="R01335"><NumCode>398</NumCode><CharCode>KZT</CharCode><Nominal>100</Nominal><Name>` + "\xca\xe0\xe7" + `</Name><Value>15,4321</Value><VunitRate>0,154321</VunitRate></Valute></ValCurs>`
	dynamicDoc = `<?xml version="1.0" encoding="windows-1251"?><ValCurs ID="R01235" DateRange1="20.11.2026" DateRange2="21.11.2026" name="Foreign Currency Market Dynamic">` +
		`<Record Date="20.11.2026" Id="R01235"><Nominal>1</Nominal><Value>81,1234</Value><VunitRate>81,1234</VunitRate></Record>` +
		`<Record Date="21.11.2026" Id="R01235"><Nominal>1</Nominal><Value>80,5</Value></Record></ValCurs>`
)

func TestParse(t *testing.T) {
	rates, ids, err := parseDaily([]byte("\xef\xbb\xbf" + dailyDoc))
	if err != nil || len(rates) != 1 || rates[0].Unit().String() != "0.154321" || rates[0].Date.Format(time.DateOnly) != "2026-11-21" || ids["KZT"] != "R01335" {
		t.Errorf("%+v %v %v", rates, ids, err)
	}
	rates, err = parseDynamic([]byte(dynamicDoc), "USD", "R01235")
	if err != nil || len(rates) != 2 || rates[1].Value.String() != "80.5" || rates[1].Currency != "USD" {
		t.Errorf("%+v %v", rates, err)
	}
	f := func(from, to, want string) {
		t.Helper()
		_, err := parseDynamic([]byte(strings.Replace(dynamicDoc, from, to, 1)), "USD", "R01235")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s in place of %s: %v", to, from, err)
		}
	}
	f("81,1234", "-81,1", "is no price")
	f("81,1234", "1e9", "is no price")
	f("81,1234", "0,0000", "above 0")
	f("81,1234", "", "is no price")
	f("<Nominal>1<", "<Nominal>0<", "nominal of at least 1")
	f("<Nominal>1<", "<Nominal>x<", "is no number")
	f(`"20.11.2026" Id`, `"32.11.2026" Id`, "is no day")
	f(`Id="R01235"`, `Id="R01239"`, "came for R01235")
	f("</ValCurs>", "", "torn or wrong")
	f("ValCurs", "Other", "torn or wrong")
}

func FuzzParseDaily(f *testing.F) {
	f.Add([]byte(dailyDoc))
	f.Add([]byte(`<ValCurs>Error in parameters</ValCurs>`))
	f.Add([]byte(`<!DOCTYPE html><html></html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rates, ids, err := parseDaily(body)
		for _, r := range rates {
			if _, named := ids[r.Currency]; r.Check() != nil || !named || err != nil {
				t.Errorf("%+v, %v", r, err)
			}
		}
	})
}

func FuzzParseDynamic(f *testing.F) {
	f.Add([]byte(dynamicDoc))
	f.Add([]byte(`<ValCurs ID="R01235" name="x"></ValCurs>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rates, err := parseDynamic(body, "USD", "R01235")
		for _, r := range rates {
			if r.Check() != nil || err != nil || r.Currency != "USD" {
				t.Errorf("%+v, %v", r, err)
			}
		}
	})
}
