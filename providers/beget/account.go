package beget

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// unlimited is how the legacy API writes a limit that there is not.
const unlimited = "2147483647"

// accountInfo is the result of user/getAccountInfo (beget.com/en/kb/api/user-functions): numbers and strings mixed.
type accountInfo map[string]text

// UnmarshalJSON implements json.Unmarshaler.
func (a *accountInfo) UnmarshalJSON(b []byte) error {
	var m map[string]text
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*a = m
	return nil
}

func (s *session) readAccount(ctx context.Context) (accountInfo, error) {
	raw, err := s.legacy(ctx, scopeAccount, nil)
	if err != nil {
		return nil, err
	}
	info, ok := parseAccount(raw)
	if !ok {
		return nil, s.edge.Malformed(scopeAccount, "no account in the answer")
	}
	return info, nil
}

// parseAccount reads the result; ok is false when it has none of the fields of an account.
func parseAccount(raw json.RawMessage) (info accountInfo, ok bool) {
	if json.Unmarshal(raw, &info) != nil {
		return nil, false
	}
	for _, k := range []string{"plan_name", "user_balance", "user_rate_current"} {
		if _, has := info[k]; has {
			return info, true
		}
	}
	return nil, false
}

// accountAttributes are the fields shown: the plan, what is used of it, and the hosting server. All others are dropped.
func accountAttributes() []string {
	return []string{
		"plan_name", "user_sites", "plan_site", "user_domains", "plan_domain", "user_mysqlsize", "plan_mysql", "user_quota",
		"plan_quota", "user_ftp", "plan_ftp", "user_mail", "plan_mail", "user_bash", "plan_cp", "user_is_year_plan",
		"user_rate_year", "user_rate_month",
		"server_apache_version", "server_mysql_version", "server_nginx_version", "server_perl_version", "server_php_version",
		"server_python_version", "server_name", "server_cpu_name", "server_memory", "server_memorycurrent",
		"server_loadaverage", "server_uptime",
	}
}

// accountState maps the account. Its daily rate is Beget's own sum over all services: for reconciliation, never a cost.
func accountState(info accountInfo, at time.Time) pipeline.AccountState {
	a := pipeline.AccountState{
		ObservedAt: at, Currency: currency,
		Balance: amount(info["user_balance"]), DailyRate: amount(info["user_rate_current"]),
		Attributes: map[string]string{},
	}
	if days := amount(info["user_days_to_block"]); days != nil && days.IsInteger() && days.BigInt().IsInt64() {
		n := days.IntPart()
		a.DaysToSuspension = &n
	}
	for _, k := range accountAttributes() {
		v := info[k]
		if v == unlimited && strings.HasPrefix(k, "plan_") {
			v = "unlimited"
		}
		putText(a.Attributes, k, v)
	}
	return a
}

// amount is a text as an exact decimal; nil when it is none.
func amount(t text) *decimal.Decimal {
	m := parseMoney([]byte(t))
	if !m.Known {
		return nil
	}
	return &m.Amount
}
