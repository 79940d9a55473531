// Package ratefile reads exchange rates from a file, for networks that cannot reach the Bank of Russia.
//
// The file is CSV in UTF-8 with the columns date, currency and rate in any order, and nominal when rates are not for one unit:
//
//	date,currency,rate
//	2026-11-21,USD,81.1234
//	2026-11-21,KZT,0.154321
//
// Rates are roubles for one unit (for the nominal, where there is that column). A day's rate holds until the next one of the
// currency. Semicolons may stand for commas; a rate may have a decimal comma then. Dates are 2026-11-21 or 21.11.2026.
package ratefile

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Name is the source in the rates that come from here.
const Name = "file"

// MaxBytes is the greatest size of a file: thirty currencies over a hundred years.
const MaxBytes = 32 << 20

// Source reads a file, afresh each time.
type Source struct{ path string }

// New makes a source of the file at a path.
func New(path string) *Source { return &Source{path: path} }

// Name implements the collector's source.
func (s *Source) Name() string { return Name }

// Rates gives the file's rates of currencies that begin to hold between two days, both included. A file with a wrong line gives
// none; the error is a *pipeline.Fault that names the line.
func (s *Source) Rates(_ context.Context, currencies []string, from, to time.Time) ([]pipeline.ExchangeRate, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, s.fault(pipeline.FaultNotFound, err, "не открывается", "cannot be opened")
	}
	defer func() { _ = f.Close() }() // what was read stands
	body, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, s.fault(pipeline.FaultUnavailable, err, "не читается", "cannot be read")
	}
	if len(body) > MaxBytes {
		return nil, s.fault(pipeline.FaultTooLarge, nil, "больше 32 МБ", "is larger than 32 MB")
	}
	rates, err := Parse(string(body))
	var wrong *LineError
	if errors.As(err, &wrong) {
		return nil, s.fault(pipeline.FaultMalformed, err, fmt.Sprintf("неверен в строке %d", wrong.Line), fmt.Sprintf("is wrong in line %d", wrong.Line))
	}
	if err != nil {
		return nil, s.fault(pipeline.FaultMalformed, err, "не имеет заголовка date,currency,rate", "has no header date,currency,rate")
	}
	return slices.DeleteFunc(rates, func(r pipeline.ExchangeRate) bool {
		return !slices.Contains(currencies, r.Currency) || r.Date.Before(from) || r.Date.After(to)
	}), nil
}

func (s *Source) fault(code pipeline.FaultCode, err error, ru, en string) *pipeline.Fault {
	return &pipeline.Fault{Code: code, Scope: "rates.file", Retry: true, Err: err, Text: pipeline.Text{
		RU: "Файл курсов " + s.path + " " + ru + ". Исправьте его; прежние курсы остались.",
		EN: "The file of rates " + s.path + " " + en + ". Correct it; the rates held are unchanged.",
	}}
}

// LineError says which line of a file is wrong, counted from 1.
type LineError struct {
	Line int
	Err  error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("cannot read line %d: %v", e.Line, e.Err) }

// Unwrap gives the cause.
func (e *LineError) Unwrap() error { return e.Err }

// Parse reads a file's text. A wrong line is a [*LineError].
func Parse(text string) ([]pipeline.ExchangeRate, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	head, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	if strings.Contains(head, ";") {
		r.Comma = ';'
	}
	header, err := r.Read()
	if err != nil {
		return nil, errors.New("cannot read the header")
	}
	columns := map[string]int{}
	for i, name := range header {
		columns[strings.ToLower(strings.TrimSpace(name))] = i
	}
	for _, name := range []string{"date", "currency", "rate"} {
		if _, ok := columns[name]; !ok {
			return nil, fmt.Errorf("cannot find the column %s", name)
		}
	}
	var out []pipeline.ExchangeRate
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		var wrong *csv.ParseError
		if errors.As(err, &wrong) {
			return nil, &LineError{Line: wrong.Line, Err: errors.New("not as many values as columns, or a stray quote")}
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		rate, err := parseLine(record, columns)
		if err != nil {
			return nil, &LineError{Line: line, Err: err}
		}
		out = append(out, rate)
	}
}

func parseLine(record []string, columns map[string]int) (pipeline.ExchangeRate, error) {
	r := pipeline.ExchangeRate{Source: Name, Nominal: 1, Currency: strings.ToUpper(strings.TrimSpace(record[columns["currency"]]))}
	date := strings.TrimSpace(record[columns["date"]])
	layout := time.DateOnly
	if strings.Contains(date, ".") {
		layout = "02.01.2006"
	}
	var err error
	if r.Date, err = time.Parse(layout, date); err != nil {
		return r, fmt.Errorf("%.20q is no date", date)
	}
	value := strings.Replace(strings.TrimSpace(record[columns["rate"]]), ",", ".", 1)
	if len(value) > 40 || strings.Trim(value, "0123456789.") != "" {
		return r, fmt.Errorf("%.40q is no rate", value)
	}
	if r.Value, err = decimal.NewFromString(value); err != nil {
		return r, fmt.Errorf("%.40q is no rate", value)
	}
	if i, ok := columns["nominal"]; ok {
		if r.Nominal, err = strconv.ParseInt(strings.TrimSpace(record[i]), 10, 32); err != nil {
			return r, fmt.Errorf("%.20q is no nominal", record[i])
		}
	}
	return r, r.Check()
}
