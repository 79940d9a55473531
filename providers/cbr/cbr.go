// Package cbr reads the official exchange rates of the Bank of Russia over its XML interface.
//
// XML_daily.asp gives the rates of a day for all currencies, XML_dynamic.asp those of one currency in a period. Rates are set
// on working days for the next day and hold until the next are set, so most Sundays and Mondays have no rate of their own.
// Source: https://www.cbr.ru/development/sxml/.
package cbr

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// Name is the source in the rates that come from here.
const Name = "cbr"

// Address is the bank's own.
const Address = "https://www.cbr.ru"

// maxBody is a hundred times a year of a currency.
const maxBody = 16 << 20

// limit keeps below the ten requests a second at which the bank begins to refuse.
func limit() pipeline.RateLimit { return pipeline.RateLimit{Burst: 2, Per: time.Second} }

// Source asks the bank. One goroutine at a time uses it.
type Source struct {
	address string
	env     pipeline.Env
	client  *httpedge.Client
}

// New makes a source that asks at an address: Address, or a stand-in's.
func New(address string, env pipeline.Env) *Source {
	return &Source{
		address: strings.TrimRight(address, "/"), env: env,
		client: httpedge.New(httpedge.Config{Env: env, Cloud: "Банк России", MaxBody: maxBody}),
	}
}

// Name implements the collector's source.
func (s *Source) Name() string { return Name }

// Rates gives the rates of currencies that begin to hold between two days, both included. What could not be read is in the error,
// whose parts are *pipeline.Fault; the other currencies are given all the same. A day without rates is none.
func (s *Source) Rates(ctx context.Context, currencies []string, from, to time.Time) ([]pipeline.ExchangeRate, error) {
	out, ids, err := s.day(ctx, to)
	if err != nil {
		return nil, err
	}
	out = slices.DeleteFunc(out, func(r pipeline.ExchangeRate) bool {
		return !slices.Contains(currencies, r.Currency) || r.Date.Before(from) || r.Date.After(to)
	})
	var errs []error
	for _, currency := range currencies {
		rates, err := s.period(ctx, currency, ids, from, to)
		if err != nil {
			errs = append(errs, err)
			if ctx.Err() != nil || pipeline.AsFault(err).Code == pipeline.FaultThrottled {
				break
			}
		}
		out = append(out, rates...)
	}
	return out, errors.Join(errs...)
}

// day asks for the rates of a day. The bank answers with those of the last day that has any.
func (s *Source) day(ctx context.Context, day time.Time) ([]pipeline.ExchangeRate, map[string]string, error) {
	const scope = "XML_daily"
	body, err := s.ask(ctx, scope, url.Values{"date_req": {day.Format("02/01/2006")}})
	if err != nil {
		return nil, nil, err
	}
	rates, ids, err := parseDaily(body)
	if err != nil {
		return nil, nil, s.unreadable(scope, err)
	}
	all := knownIDs()
	for currency, id := range ids {
		all[currency] = id
	}
	return rates, all, nil
}

func (s *Source) period(ctx context.Context, currency string, ids map[string]string, from, to time.Time) ([]pipeline.ExchangeRate, error) {
	scope := "XML_dynamic " + currency
	id, ok := ids[currency]
	if !ok {
		return nil, &pipeline.Fault{Code: pipeline.FaultNotFound, Scope: scope, Text: pipeline.Textf(
			"Банк России не устанавливает курс валюты %s. Задайте её курсы файлом (rates.source = file) или уберите её из rates.currencies.",
			"The Bank of Russia sets no rate of %s. Give its rates in a file (rates.source = file) or take it out of rates.currencies.", currency)}
	}
	body, err := s.ask(ctx, scope, url.Values{
		"date_req1": {from.Format("02/01/2006")}, "date_req2": {to.Format("02/01/2006")}, "VAL_NM_RQ": {id},
	})
	if err != nil {
		return nil, err
	}
	rates, err := parseDynamic(body, currency, id)
	if err != nil {
		return nil, s.unreadable(scope, err)
	}
	return slices.DeleteFunc(rates, func(r pipeline.ExchangeRate) bool { return r.Date.Before(from) || r.Date.After(to) }), nil
}

// ask makes one request when its turn comes. The bank wants slashes in dates as they are.
func (s *Source) ask(ctx context.Context, scope string, query url.Values) ([]byte, error) {
	if s.env.Wait != nil {
		if err := s.env.Wait(ctx, "cbr", limit()); err != nil {
			return nil, fmt.Errorf("cannot wait for the turn to ask the Bank of Russia: %w", err)
		}
	}
	script, _, _ := strings.Cut(scope, " ")
	a, err := s.client.Do(ctx, httpedge.Request{
		Scope: scope, Method: http.MethodGet,
		URL:    s.address + "/scripts/" + script + ".asp?" + strings.ReplaceAll(query.Encode(), "%2F", "/"),
		Header: http.Header{"User-Agent": {"InfraZen"}, "Accept": {"application/xml, text/xml"}},
	})
	if err != nil {
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, s.refused(scope, a.Status)
	}
	return a.Body, nil
}

func (s *Source) refused(scope string, status int) *pipeline.Fault {
	return &pipeline.Fault{Code: pipeline.FaultUnavailable, Scope: scope, Retry: true, Text: pipeline.Textf(
		"Банк России не отдал курсы (HTTP %d): обычно так отвечает его защита от перегрузки. Повторим сами; если не пройдёт, проверьте, открыт ли сайт с сервера InfraZen, или задайте курсы файлом.",
		"The Bank of Russia did not give rates (HTTP %d): mostly its protection against overload answers so. It will be asked again; if it lasts, check that the site opens from the InfraZen server, or give the rates in a file.", status)}
}

func (s *Source) unreadable(scope string, err error) *pipeline.Fault {
	if errors.Is(err, errPage) {
		return s.refused(scope, http.StatusOK)
	}
	return s.client.Malformed(scope, err.Error())
}

// knownIDs are the bank's identifiers of the currencies that clouds bill in, for a day on which it lists none.
func knownIDs() map[string]string {
	return map[string]string{"USD": "R01235", "EUR": "R01239", "CNY": "R01375", "KZT": "R01335", "CAD": "R01350", "GBP": "R01035", "BYN": "R01090B"}
}
