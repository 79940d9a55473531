package selectelsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

func (s *Server) projects(w http.ResponseWriter, _ *http.Request, a *world.Account) {
	out := []object{}
	for _, p := range a.Projects {
		out = append(out, object{"id": p.ID, "name": p.Name, "enabled": true, "url": "https://x.selvpc.ru", "custom_url": nil})
	}
	write(w, object{"projects": out})
}

func (s *Server) statisticProjects(w http.ResponseWriter, _ *http.Request, a *world.Account) {
	out := []object{}
	for _, p := range a.Projects {
		out = append(out, object{"id": p.ID, "name": p.Name})
	}
	write(w, object{"status": "success", "data": out})
}

func (s *Server) capabilities(w http.ResponseWriter, _ *http.Request, _ *world.Account) {
	out := []object{}
	for _, r := range s.conf.Regions {
		out = append(out, object{"name": r, "description": r, "is_default": r == s.conf.Regions[0], "zones": []object{{"name": r + "a", "enabled": true}}})
	}
	write(w, object{"capabilities": object{"regions": out}})
}

// prices is the price list of the cloud platform: kopecks per unit and hour, by zone, with a private zone among them.
func (s *Server) prices(w http.ResponseWriter, _ *http.Request, a *world.Account) {
	out := []object{}
	for _, region := range world.SelectelCatalog().Regions {
		groups := append([]string{region.ID}, region.Zones...)
		for _, group := range append(groups, region.ID+"b-83671") {
			seen := map[string]bool{}
			for _, p := range a.Prices {
				now := a.PriceAt(p.SKU, s.now())
				if seen[p.SKU] || p.Unlisted || now.SKU == "" {
					continue
				}
				seen[p.SKU] = true
				out = append(out, object{"resource": p.SKU, "group": group, "value": json.Number(now.Amount.Shift(2).String()), "unit": p.Unit})
			}
		}
	}
	write(w, object{"currency": "rub", "prices": out})
}

// Balance is the money on an account, to whole kopecks.
func (s *Server) Balance(a *world.Account) int64 {
	return a.Balance(s.now()).Shift(2).Round(0).IntPart()
}

// balances tells the money: one purse, or two. The settings stand beside the data of every other account.
func (s *Server) balances(w http.ResponseWriter, _ *http.Request, a *world.Account) {
	main, bonus := s.Balance(a), a.Bonus.Shift(2).IntPart()
	settings := object{"mode": "prepay", "currency": "rub", "avaliable_billings": []string{"primary"}, "avaliable_balances": []string{"main", "bonus"}}
	debt := max(0, -main)
	data := object{"debt_status": "", "billings": []object{
		{
			"billing_type": "primary", "balances_values_sum": max(0, main) + bonus, "final_sum": main + bonus, "debt_sum": debt,
			"balances": []object{{"balance_id": 1, "balance_type": "main", "value": max(0, main)}, {"balance_id": 2, "balance_type": "bonus", "value": bonus}},
			"debt":     []object{},
		},
		{"billing_type": "storage", "final_sum": 0, "debt_sum": 0, "balances": []object{{"balance_id": 3, "balance_type": "main", "value": 0}}},
	}}
	answer := object{"status": "success", "data": data}
	if a.Seed%2 == 0 {
		answer["settings"] = settings
	} else {
		data["settings"] = settings
	}
	write(w, answer)
}

// Transaction is one movement of money.
type Transaction struct {
	At      time.Time
	Kind    string // "withdraw", "refund", "payment"
	Service string
	ID      string
	Name    string
	Kopecks int64 // negative when spent
}

// Transactions lists the movements of an account in a span, up to an instant, in order of time: the months of dedicated servers,
// which nothing else tells, and the debits and payments that the statistics and the balance tell as well.
func Transactions(a *world.Account, from, to, now time.Time) []Transaction {
	var out []Transaction
	add := func(t Transaction) {
		if !t.At.Before(from) && t.At.Before(to) && !t.At.After(now) {
			out = append(out, t)
		}
	}
	for _, r := range a.All() {
		price, err := decimal.NewFromString(r.Details[world.SelectelMonthly])
		if r.Kind != world.Dedicated || err != nil {
			continue
		}
		for i := 0; i < 36; i++ {
			at := r.Created.AddDate(0, i, 0)
			if !r.Removed.IsZero() && !at.Before(r.Removed) {
				break
			}
			add(Transaction{At: at, Kind: "withdraw", Service: "dedicated", ID: r.ID, Name: r.States[0].Name, Kopecks: -price.Shift(2).IntPart()})
		}
	}
	y, m, d := from.In(moscow()).Date()
	for at := time.Date(y, m, d, 3, 0, 0, 0, moscow()); at.Before(to); at = at.AddDate(0, 0, 1) {
		add(Transaction{At: at.UTC(), Kind: "withdraw", Service: "vpc", Name: "Cloud Platform", Kopecks: -100_00})
		add(Transaction{At: at.Add(time.Hour).UTC(), Kind: "payment", Name: "Top-up", Kopecks: 500_00})
	}
	slices.SortStableFunc(out, func(a, b Transaction) int { return a.At.Compare(b.At) })
	return out
}

// transactions opens to a static token only. It gives small pages.
func (s *Server) transactions(w http.ResponseWriter, r *http.Request) {
	a := s.byStatic(r)
	if a == nil {
		writeStatus(w, http.StatusUnauthorized, object{"status": "error", "code": "UNAUTHORIZED"})
		return
	}
	q := r.URL.Query()
	from, err1 := time.ParseInLocation(naive, q.Get("created_from"), moscow())
	to, err2 := time.ParseInLocation(naive, q.Get("created_to"), moscow())
	limit, err3 := strconv.Atoi(q.Get("limit"))
	offset, _ := strconv.Atoi(q.Get("offset"))
	if err1 != nil || err2 != nil || err3 != nil || limit < 1 || limit > 500 || offset < 0 {
		writeStatus(w, http.StatusBadRequest, object{"status": "error", "code": "BAD_REQUEST"})
		return
	}
	all := Transactions(a, from.UTC(), to.Add(time.Second).UTC(), s.now())
	all = all[min(offset, len(all)):]
	all = all[:min(len(all), limit, s.conf.PageSize)]
	out := []object{}
	for i, t := range all {
		dir := "outgoing"
		if t.Kopecks > 0 {
			dir = "incoming"
		}
		out = append(out, object{
			"transaction_type": t.Kind, "balance": "main", "dir": dir, "created": t.At.In(moscow()).Format("2006-01-02T15:04:05.000000"),
			"price": t.Kopecks, "state": "PAID", "id_meta": object{"id": []int{offset + i}, "billing": "primary", "service_id": t.ID, "service_name": t.Service},
			"server_meta":       object{"main_resource_uuid": t.ID, "en": object{"full_name": t.Name, "service": t.Service}, "secret": Secret},
			"transaction_group": t.Service,
		})
	}
	write(w, object{"status": "success", "data": out})
}
