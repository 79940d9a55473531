package selectel

import (
	"context"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// balancesAnswer is GET /v3/balances (docs.selectel.ru/api/balance): kopecks. The settings stand in data or beside it.
type balancesAnswer struct {
	Status   text                  `json:"status"`
	Settings part[balanceSettings] `json:"settings"`
	Data     part[struct {
		Settings part[balanceSettings] `json:"settings"`
		Billings part[[]billing]       `json:"billings"`
		Debt     text                  `json:"debt_status"`
	}] `json:"data"`
}

type balanceSettings struct {
	Mode     text `json:"mode"`
	Currency text `json:"currency"`
}

// billing is one purse of the account: one for all, or one for each family of services.
type billing struct {
	Type     text   `json:"billing_type"`
	Final    number `json:"final_sum"`
	DebtSum  number `json:"debt_sum"`
	Balances part[[]struct {
		Type  text   `json:"balance_type"`
		Value number `json:"value"`
	}] `json:"balances"`
}

// readBalances reads the account's state.
func (inv *inventory) readBalances(ctx context.Context) {
	sc := inv.rep.scope(scopeBalances)
	var a balancesAnswer
	err := inv.get(ctx, scopeBalances, "/v3/balances", nil, &a)
	if err == nil && (!a.Data.Known || !a.Data.V.Billings.Known || !success(a.Status)) {
		err = inv.edge.Malformed(scopeBalances, "no billings in the answer")
	}
	sc.close(err)
	if err != nil {
		return
	}
	sc.found = 1
	state := accountState(a, inv.now())
	inv.state = &state
}

// accountState maps the account: main money less debts, and what was given, over all purses.
func accountState(a balancesAnswer, at time.Time) pipeline.AccountState {
	settings := a.Data.V.Settings.V
	if !a.Data.V.Settings.Known {
		settings = a.Settings.V
	}
	out := pipeline.AccountState{ObservedAt: at, Currency: strings.ToUpper(string(settings.Currency)), Attributes: map[string]string{}}
	if len(out.Currency) != 3 {
		out.Currency = currency
	}
	var main, bonus decimal.Decimal
	mainKnown, bonusKnown := false, false
	for _, b := range a.Data.V.Billings.V {
		own := b.Final
		for _, v := range b.Balances.V {
			switch {
			case !v.Value.Known:
			case v.Type == "main":
				own = v.Value
				own.D = own.D.Sub(b.DebtSum.D)
			default:
				bonus, bonusKnown = bonus.Add(kopecks(v.Value.D)), true
			}
		}
		if own.Known {
			main, mainKnown = main.Add(kopecks(own.D)), true
			put(out.Attributes, "balance_"+string(b.Type), kopecks(own.D).String())
		}
		if b.DebtSum.Known && !b.DebtSum.D.IsZero() {
			put(out.Attributes, "debt_"+string(b.Type), kopecks(b.DebtSum.D).String())
		}
	}
	if mainKnown {
		out.Balance = &main
	}
	if bonusKnown {
		out.Bonus = &bonus
	}
	put(out.Attributes, "billing_mode", string(settings.Mode), "debt_status", string(a.Data.V.Debt))
	return out
}
