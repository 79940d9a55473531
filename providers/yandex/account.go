package yandex

import (
	"context"
	"encoding/json"
	"net/url"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// billingAccount is an entry of billing/v1/billingAccounts. Its balance is a decimal in a string.
type billingAccount struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	CountryCode string `json:"countryCode"`
	Currency    string `json:"currency"`
	Active      bool   `json:"active"`
	Balance     string `json:"balance"`
}

// readAccount reads the billing account's balance. An empty list means that the service account has no right to see any.
func (s *session) readAccount(ctx context.Context, rep *report) *pipeline.AccountState {
	a, err := s.findAccount(ctx)
	if err == nil && len(a.Currency) != 3 {
		err = s.edge.Malformed(scopeAccount, "an account without a currency")
	}
	rep.scope(scopeAccount, scopeLabel(scopeAccount), 0, err)
	if err != nil {
		return nil
	}
	state := &pipeline.AccountState{
		ObservedAt: s.edge.Now().UTC().Truncate(time.Second), Currency: a.Currency,
		Attributes: map[string]string{"billing_account_id": a.ID, "active": "false"},
	}
	put(state.Attributes, "billing_account_name", a.Name)
	put(state.Attributes, "country", a.CountryCode)
	if a.Active {
		state.Attributes["active"] = "true"
	}
	if d, err := parseDecimal(a.Balance); err == nil {
		state.Balance = &d
	} else if a.Balance == "" { // proto3 JSON leaves zero out
		state.Balance = new(decimal.Decimal)
	}
	return state
}

func (s *session) findAccount(ctx context.Context) (billingAccount, error) {
	if id := s.conf.billingAccount; id != "" {
		var a billingAccount
		err := s.get(ctx, scopeAccount, "billing", "/billing/v1/billingAccounts/"+url.PathEscape(id), nil, &a)
		if err == nil && a.ID != id {
			err = s.edge.Malformed(scopeAccount, "another account than asked for")
		}
		return a, err
	}
	raw, err := s.list(ctx, scopeAccount, "billing", "/billing/v1/billingAccounts", "billingAccounts", nil)
	if err != nil {
		return billingAccount{}, err
	}
	var best billingAccount
	for _, r := range raw {
		var a billingAccount
		if json.Unmarshal(r, &a) != nil || a.ID == "" {
			return billingAccount{}, s.edge.Malformed(scopeAccount, "an account without an identifier")
		}
		if best.ID == "" || a.Active && !best.Active {
			best = a
		}
	}
	if best.ID == "" {
		return billingAccount{}, &pipeline.Fault{
			Code: pipeline.FaultForbidden,
			Text: pipeline.Text{
				RU: "Сервисному аккаунту не виден ни один платёжный аккаунт. Назначьте ему роль billing.accounts.viewer на платёжный аккаунт.",
				EN: "The service account sees no billing account. Grant it the role billing.accounts.viewer on the billing account.",
			},
		}
	}
	return best, nil
}
