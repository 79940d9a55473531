package begetsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"
)

// legacy answers the legacy API, always with HTTP 200.
func (s *Server) legacy(w http.ResponseWriter, r *http.Request) {
	login, password := r.FormValue("login"), r.FormValue("passwd")
	s.mu.Lock()
	a := s.account(login)
	s.mu.Unlock()
	section, method := r.PathValue("section"), r.PathValue("method")
	switch {
	case a == nil || a.APIPassword == "" || a.APIPassword != password:
		legacyError(w, false, "AUTH_ERROR", "No such user or password")
	case s.overLimit(login):
		legacyError(w, true, "LIMIT_ERROR", "Too many requests: no more than 60 per minute")
	case slices.Contains(a.Closed, section):
		legacyError(w, false, "AUTH_ERROR", "Cannot access method "+section)
	default:
		result, ok := s.result(a, section, method, r)
		if !ok {
			legacyError(w, false, "NO_SUCH_METHOD", "No such method")
			return
		}
		if result == nil {
			legacyError(w, true, "INVALID_DATA", "Domain is not given")
			return
		}
		write(w, object{"status": "success", "answer": object{"status": "success", "result": result}})
	}
}

func legacyError(w http.ResponseWriter, inner bool, code, text string) {
	write(w, json.RawMessage(LegacyError(inner, code, text)))
}

// overLimit counts a call and tells whether the user has made too many within a minute.
func (s *Server) overLimit(login string) bool {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := slices.DeleteFunc(s.calls[login], func(t time.Time) bool { return now.Sub(t) >= time.Minute })
	s.calls[login] = append(calls, now)
	return s.conf.LegacyLimit >= 0 && len(calls) >= s.conf.LegacyLimit
}

// result is what a method gives; nil means wrong input, and ok is false for an unknown method.
func (s *Server) result(a *Account, section, method string, r *http.Request) (result any, ok bool) {
	switch section + "/" + method {
	case "user/getAccountInfo":
		return s.accountInfo(a), true
	case "domain/getList":
		return s.domainList(a), true
	case "domain/getZoneList":
		return object{
			"ru":  object{"id": 1, "zone": "ru", "price": 179, "price_renew": "199", "price_idn": 0, "is_idn": 0, "min_period": 1, "max_period": 1},
			"com": object{"id": "7", "zone": "com", "price": 999, "price_renew": 1199.5, "is_idn": "0", "min_period": 1, "max_period": 10},
		}, true
	case "site/getList":
		return siteList(a), true
	case "mysql/getList":
		return databaseList(a), true
	case "ftp/getList":
		return ftpList(a), true
	case "mail/getMailboxList":
		return mailboxes(a, r.FormValue("input_data")), true
	}
	return nil, false
}

// accountInfo mixes numbers and strings as the API does. Its daily rate is the sum over paid services, off by some kopecks.
func (s *Server) accountInfo(a *Account) object {
	w := s.look(a)
	drift := decimal.New(int64(s.dice(a.Login+"/drift", w.at.Unix()/3600).IntN(9)-4), -2)
	rate := w.dailySum().Add(drift)
	balance, days := s.balance(&w, rate)
	return object{
		"plan_name": "Cloud", "user_sites": len(a.Sites), "plan_site": "2147483647", "user_domains": strconv.Itoa(len(a.Domains)),
		"plan_domain": 2147483647, "user_mysqlsize": "112", "plan_mysql": 2147483647, "user_quota": 5120, "plan_quota": "20000",
		"user_ftp": len(a.FTP), "plan_ftp": "5", "user_mail": "3", "plan_mail": 2147483647, "user_bash": "/bin/bash", "plan_cp": "1",
		"user_rate_current": rate.StringFixed(2), "user_is_year_plan": "0",
		"user_rate_year":  rate.Mul(decimal.NewFromInt(365)).Round(0).IntPart(),
		"user_rate_month": rate.Mul(decimal.NewFromInt(30)).StringFixed(2),
		"user_balance":    json.Number(balance.String()), "user_days_to_block": days,
		"server_apache_version": "2.4.55", "server_mysql_version": "8.0.36", "server_nginx_version": "1.24.0", "server_perl_version": "5.36",
		"server_php_version": "8.2", "server_python_version": "3.11", "server_name": "gagarin7.example", "server_cpu_name": "24 * CPU 2.4 GHz",
		"server_memory": 128000, "server_memorycurrent": "92311", "server_loadaverage": "7.52", "server_uptime": 203,
		"user_secret_note": Secret + "-account",
	}
}

// balance is the money left: what was paid in less a rate's worth of the time gone by.
func (s *Server) balance(w *picture, rate decimal.Decimal) (balance decimal.Decimal, days int64) {
	if w.World != nil {
		balance = w.World.Balance(w.at).Round(2)
	} else {
		hours := decimal.NewFromInt(int64(w.since / time.Hour))
		spent := rate.Mul(hours).DivRound(decimal.NewFromInt(24), 2)
		top := decimal.NewFromInt(max(w.TopUp, 1))
		balance = top.Sub(spent.Mod(top)).Round(2)
	}
	if !rate.IsPositive() {
		return balance, 999
	}
	return balance, balance.Div(rate).IntPart()
}

func (s *Server) domainList(a *Account) []object {
	out := []object{}
	for i, d := range a.Domains {
		o := object{
			"id": strconv.Itoa(d.ID), "fqdn": d.FQDN, "date_add": s.conf.Start.In(moscow()).AddDate(-1, 0, i).Format(time.DateTime),
			"auto_renew": "0", "date_register": nil, "date_expire": 0, "can_renew": "0", "registrar": nil,
			"registrar_status": nil, "register_order_status": nil, "register_order_comment": nil, "renew_order_status": "0",
			"is_under_control": 1,
		}
		if d.Registered {
			o["date_register"] = s.conf.Start.AddDate(-1, 0, 0).Format(time.DateOnly)
			o["date_expire"] = s.conf.Start.AddDate(1, 0, 0).Format(time.DateOnly)
			o["registrar"], o["auto_renew"], o["can_renew"] = "beget", 1, "1"
		}
		out = append(out, o)
	}
	return out
}

func siteList(a *Account) []object {
	out := []object{}
	for _, v := range a.Sites {
		domains := []object{}
		for i, d := range v.Domains {
			domains = append(domains, object{"id": strconv.Itoa(i + 1), "fqdn": d})
		}
		out = append(out, object{"id": v.ID, "path": v.Path, "domains": domains})
	}
	return out
}

func databaseList(a *Account) []object {
	out := []object{}
	for _, name := range a.Databases {
		out = append(out, object{"name": name, "size": "112", "accesses": []object{{"name": "localhost"}}})
	}
	return out
}

func ftpList(a *Account) []object {
	out := []object{}
	for _, login := range a.FTP {
		out = append(out, object{"login": login, "homedir": "/home/" + login, "password": Secret + "-ftp"})
	}
	return out
}

// mailboxes are those of the domain in the input; nil when no domain of the account is given.
func mailboxes(a *Account, input string) any {
	var in struct {
		Domain string `json:"domain"`
	}
	if json.Unmarshal([]byte(input), &in) != nil {
		return nil
	}
	for _, d := range a.Domains {
		if d.FQDN != in.Domain {
			continue
		}
		out := []object{}
		for i, m := range d.Mailboxes {
			out = append(out, object{"mailbox": m, "domain": d.FQDN, "spam_filter_status": i, "forward_mail_status": "no"})
		}
		return out
	}
	return nil
}
