package server

import (
	"context"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

type balanceView struct {
	ConnectionID     string            `json:"connection_id"`
	ConnectionName   string            `json:"connection_name"`
	ObservedAt       *time.Time        `json:"observed_at"`
	Currency         string            `json:"currency"`
	Balance          *string           `json:"balance" doc:"Null when the cloud does not tell"`
	Bonus            *string           `json:"bonus"`
	DailyRate        *string           `json:"daily_rate" doc:"The cloud's own figure of what a day costs"`
	DaysToSuspension *int64            `json:"days_to_suspension" doc:"The cloud's own forecast"`
	Attributes       map[string]string `json:"attributes"`
}

type balancesOut struct {
	Body struct {
		Balances []balanceView `json:"balances"`
	}
}

func (s *Server) routeBalances() {
	add(s, operation{id: "list-balances", method: http.MethodGet, path: "/balances", tag: "costs", summary: "Money on the accounts", access: members}, s.listBalances)
}

func (s *Server) listBalances(ctx context.Context, c caller, _ *struct{}) (*balancesOut, error) {
	names, err := s.connectionNames(ctx, c)
	if err != nil {
		return nil, err
	}
	list, err := s.Facts.Balances(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	out := &balancesOut{}
	out.Body.Balances = mapped(list, func(b pipeline.AccountBalance) balanceView {
		return balanceView{
			ConnectionID: string(b.ConnectionID), ConnectionName: names[b.ConnectionID], ObservedAt: when(b.ObservedAt),
			Currency: b.Currency, Balance: money(b.Balance), Bonus: money(b.Bonus), DailyRate: money(b.DailyRate),
			DaysToSuspension: b.DaysToSuspension, Attributes: orEmpty(b.Attributes),
		}
	})
	return out, nil
}
