package vk

import (
	"context"
	"errors"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// balances is the answer of the billing API: money in the project's currency (api-billing.json).
type balances struct {
	Base  *decimal.Decimal `json:"base"`
	Bonus *decimal.Decimal `json:"bonus"`
}

// readBalance asks for the money on the account; nil without the console's number of the project.
func (s *session) readBalance(ctx context.Context, rep *report) (*pipeline.AccountState, error) {
	if s.console == "" {
		rep.note("no_console_project", scopeBalance, 1,
			"Баланс не собран: не указан номер проекта в личном кабинете (mcs…). Впишите его в настройки подключения.",
			"The balance was not collected: the project number in the console (mcs...) is missing. Enter it in the connection's settings.")
		return nil, nil
	}
	ctx = withScope(ctx, scopeBalance)
	var b balances
	_, err := s.cloud.Request(ctx, http.MethodGet, s.billing+"/billing/public/v1/projects/"+s.console+"/balances/amount", &gophercloud.RequestOpts{ //nolint:bodyclose // gophercloud reads and closes the body of an answer that it decodes
		JSONResponse: &b, OkCodes: []int{http.StatusOK},
	})
	if err != nil {
		return nil, s.balanceFault(err)
	}
	if b.Base == nil && b.Bonus == nil || !sane(b.Base) || !sane(b.Bonus) {
		return nil, s.edge.Malformed(scopeBalance, "no balance in the answer")
	}
	rep.close(scopeBalance, nil, 1)
	return &pipeline.AccountState{
		ObservedAt: s.edge.Now(), Currency: s.place.currency, Balance: b.Base, Bonus: b.Bonus,
		Attributes: map[string]string{"project": s.console, "openstack_project": s.project},
	}, nil
}

// sane tells whether an amount is one that the store can hold.
func sane(d *decimal.Decimal) bool {
	return d == nil || d.Exponent() >= -pipeline.MoneyScale && d.Exponent() <= pipeline.MoneyScale && d.NumDigits() <= 28
}

// balanceFault explains the two project identifiers, which are easily taken for each other.
func (s *session) balanceFault(err error) error {
	f := s.fault(scopeBalance, err)
	var status gophercloud.ErrUnexpectedResponseCode
	if !errors.As(err, &status) || status.Actual != http.StatusNotFound && status.Actual != http.StatusUnprocessableEntity {
		return f
	}
	return &pipeline.Fault{
		Code: pipeline.FaultSettings, Scope: scopeBalance, Err: f.Err,
		Text: pipeline.Text{
			RU: "VK Cloud не знает проекта с таким номером личного кабинета. Нужен номер вида mcs1234567890 из адреса страницы, того же проекта, что и ID OpenStack; сам ID OpenStack здесь не подходит. Остальное собрано.",
			EN: "VK Cloud knows no project with this console number. It is the number like mcs1234567890 in the page's address, of the same project as the OpenStack ID; the OpenStack ID itself does not do here. Everything else was collected.",
		},
	}
}
