package cbr

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
	"golang.org/x/text/encoding/charmap"

	"github.com/infrazen/infrazen/pipeline"
)

// errPage says that a web page came in place of rates, as the protection against overload sends one.
var errPage = errors.New("a web page came in place of rates")

// daily is the answer of XML_daily.asp: the rates of one day, for all currencies.
type daily struct {
	Date    string `xml:"Date,attr"`
	Valutes []struct {
		ID       string `xml:"ID,attr"`
		CharCode string
		price
	} `xml:"Valute"`
	Text string `xml:",chardata"`
}

// dynamic is the answer of XML_dynamic.asp: the rates of one currency in a period, one for each day on which one was set.
type dynamic struct {
	ID      string `xml:"ID,attr"`
	Records []struct {
		Date string `xml:"Date,attr"`
		ID   string `xml:"Id,attr"`
		price
	} `xml:"Record"`
	Text string `xml:",chardata"`
}

// price is what so many units cost. VunitRate is the price of one unit, rounded; it came in 2023 and says nothing more.
type price struct {
	Nominal, Value string
}

// decode reads an answer. It is windows-1251 whatever it says of itself, and only names of currencies would show if it were
// not: they are not read.
func decode(body []byte, into any) error {
	start := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	head := strings.ToLower(string(start[:min(len(start), 200)]))
	if strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html") {
		return errPage
	}
	d := xml.NewDecoder(charmap.Windows1251.NewDecoder().Reader(bytes.NewReader(start)))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	if err := d.Decode(into); err != nil {
		return errors.New("torn or wrong XML")
	}
	return nil
}

// parseDaily reads the rates of one day and the bank's own identifiers of the currencies. A day without rates gives none.
func parseDaily(body []byte) (rates []pipeline.ExchangeRate, ids map[string]string, err error) {
	var doc struct {
		XMLName xml.Name `xml:"ValCurs"`
		daily
	}
	if err := decode(body, &doc); err != nil {
		return nil, nil, err
	}
	if len(doc.Valutes) == 0 {
		return nil, nil, complaint(doc.Text)
	}
	date, err := parseDate(doc.Date)
	if err != nil {
		return nil, nil, err
	}
	ids = map[string]string{}
	for _, v := range doc.Valutes {
		r, err := v.rate(v.CharCode, date)
		if err != nil {
			return nil, nil, err
		}
		rates = append(rates, r)
		ids[r.Currency] = strings.TrimSpace(v.ID)
	}
	return rates, ids, nil
}

// parseDynamic reads the rates of a currency in a period.
func parseDynamic(body []byte, currency, id string) ([]pipeline.ExchangeRate, error) {
	var doc struct {
		XMLName xml.Name `xml:"ValCurs"`
		dynamic
	}
	if err := decode(body, &doc); err != nil {
		return nil, err
	}
	if len(doc.Records) == 0 {
		return nil, complaint(doc.Text)
	}
	rates := make([]pipeline.ExchangeRate, 0, len(doc.Records))
	for _, rec := range doc.Records {
		if rec.ID != id {
			return nil, fmt.Errorf("a rate of currency %.20q came for %s", rec.ID, id)
		}
		date, err := parseDate(rec.Date)
		if err != nil {
			return nil, err
		}
		r, err := rec.rate(currency, date)
		if err != nil {
			return nil, err
		}
		rates = append(rates, r)
	}
	return rates, nil
}

// complaint is what the bank says in place of rates: "Error in parameters". An answer that says nothing is no complaint.
func complaint(text string) error {
	if text = strings.TrimSpace(text); text != "" {
		return fmt.Errorf("it complains: %.80q", text)
	}
	return nil
}

func (p price) rate(currency string, date time.Time) (pipeline.ExchangeRate, error) {
	r := pipeline.ExchangeRate{Date: date, Currency: strings.TrimSpace(currency), Source: Name}
	var err error
	if r.Nominal, err = strconv.ParseInt(strings.TrimSpace(p.Nominal), 10, 32); err != nil {
		return r, fmt.Errorf("nominal %.20q is no number", p.Nominal)
	}
	if r.Value, err = parseValue(p.Value); err != nil {
		return r, err
	}
	return r, r.Check()
}

// parseValue reads a decimal with a comma.
func parseValue(text string) (decimal.Decimal, error) {
	text = strings.Replace(strings.TrimSpace(text), ",", ".", 1)
	whole, fraction, dotted := strings.Cut(text, ".")
	digits := func(s string, most int) bool { return s != "" && len(s) <= most && strings.Trim(s, "0123456789") == "" }
	if !digits(whole, 12) || dotted && !digits(fraction, pipeline.RateScale) {
		return decimal.Zero, fmt.Errorf("value %.40q is no price", text)
	}
	return decimal.NewFromString(text)
}

// parseDate reads dd.mm.yyyy; older answers have dd/mm/yyyy.
func parseDate(text string) (time.Time, error) {
	date, err := time.Parse("02.01.2006", strings.ReplaceAll(strings.TrimSpace(text), "/", "."))
	if err != nil {
		return time.Time{}, fmt.Errorf("date %.20q is no day", text)
	}
	return date, nil
}
