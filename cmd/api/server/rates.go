package server

import (
	"context"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// maxRateDays is the longest period that rates are listed for at once.
const maxRateDays = 1100

type ratesIn struct {
	From     string `query:"from" format:"date" doc:"The first day; thirty days before to by default"`
	To       string `query:"to" format:"date" doc:"The last day, included; tomorrow by default"`
	Currency string `query:"currency" pattern:"^([A-Z]{3})?$" patternDescription:"a currency code such as USD" doc:"All currencies when empty"`
}

type exchangeRateView struct {
	Date     string     `json:"date" doc:"The Moscow day from which the rate holds, until the next one"`
	Currency string     `json:"currency"`
	Nominal  int64      `json:"nominal" doc:"How many units value is for"`
	Value    string     `json:"value" doc:"Roubles for nominal units"`
	Rate     string     `json:"rate" doc:"Roubles for one unit, cut off after 18 digits"`
	Source   string     `json:"source" doc:"cbr for the Bank of Russia, file for the operator's file"`
	SeenAt   *time.Time `json:"seen_at"`
}

type ratesOut struct {
	Body struct {
		Base  string             `json:"base" doc:"The currency that rates are stated in"`
		Rates []exchangeRateView `json:"rates" doc:"By day, then currency; days without a rate of their own are left out"`
	}
}

func (s *Server) routeRates() {
	add(s, operation{id: "list-rates", method: http.MethodGet, path: "/rates", tag: "costs", summary: "Exchange rates that costs are converted by", access: members}, s.listRates)
}

func (s *Server) listRates(ctx context.Context, _ caller, in *ratesIn) (*ratesOut, error) {
	q, err := in.query(s.Now())
	if err != nil {
		return nil, err
	}
	list, err := s.Facts.Rates(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &ratesOut{}
	out.Body.Base = pipeline.RateBase
	out.Body.Rates = mapped(list, func(r pipeline.ExchangeRate) exchangeRateView {
		return exchangeRateView{
			Date: r.Date.Format(time.DateOnly), Currency: r.Currency, Nominal: r.Nominal, Value: r.Value.String(),
			Rate: r.Unit().String(), Source: r.Source, SeenAt: when(r.SeenAt),
		}
	})
	return out, nil
}

func (in *ratesIn) query(now time.Time) (pipeline.RateQuery, error) {
	var faults []fault
	day := func(name, text string, missing time.Time) time.Time {
		if text == "" {
			return missing
		}
		t, err := time.Parse(time.DateOnly, text)
		if err != nil {
			faults = append(faults, fault{location: "query." + name, text: pipeline.Textf("укажите день: 2026-11-23", "give a day such as 2026-11-23")})
		}
		return t
	}
	to := day("to", in.To, now.UTC().Add(3*time.Hour).Truncate(24*time.Hour).AddDate(0, 0, 1))
	from := day("from", in.From, to.AddDate(0, 0, -30))
	if len(faults) == 0 && (from.After(to) || to.Sub(from) > maxRateDays*24*time.Hour) {
		faults = append(faults, fault{location: "query.to", text: pipeline.Textf(
			"последний день должен быть не раньше первого и не позже чем через %d дней", "the last day must not be before the first nor more than %d days after it", maxRateDays)})
	}
	q := pipeline.RateQuery{From: from, To: to.AddDate(0, 0, 1)}
	if in.Currency != "" {
		q.Currencies = []string{in.Currency}
	}
	return q, invalid(faults...)
}
