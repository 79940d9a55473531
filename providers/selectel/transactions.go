package selectel

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// transactionsPath and the most rows of one answer (docs.selectel.ru/api/billing-transactions.json).
const (
	transactionsPath = "/v2/billing/transactions"
	transactionsPage = 500
	maxTransactions  = 200_000
)

// transaction is one movement of money on the account.
type transaction struct {
	Type    text   `json:"transaction_type"`
	Balance text   `json:"balance"`
	Dir     text   `json:"dir"`
	Created text   `json:"created"` // Moscow time without an offset
	Price   number `json:"price"`   // kopecks, negative when spent
	State   text   `json:"state"`
	IDMeta  part[struct {
		ID          part[[]text] `json:"id"`
		Billing     text         `json:"billing"`
		ServiceID   text         `json:"service_id"`
		ServiceName text         `json:"service_name"`
	}] `json:"id_meta"`
	ServerMeta part[struct {
		Main text              `json:"main_resource_uuid"`
		EN   part[serviceText] `json:"en"`
		RU   part[serviceText] `json:"ru"`
	}] `json:"server_meta"`
}

type serviceText struct {
	FullName text `json:"full_name"`
	Service  text `json:"service"`
}

type transactionsAnswer struct {
	Status text          `json:"status"`
	Data   []transaction `json:"data"`
}

// standing is how a transaction relates to the consumption statistics.
type standing int

const (
	covered   standing = iota // the statistics have it, or it is no use of a service
	left                      // the statistics leave it out
	uncertain                 // of a service that we do not know
)

// leftOut are the services that no statistics cover: dedicated servers, colocation, firewalls.
func leftOut() []string {
	return []string{"dedicated", "server", "colocation", "firewall", "rack", "chipcore", "hardware"}
}

// readTransactions reads the transactions of the window. They need the static token.
func (b *biller) readTransactions(ctx context.Context) {
	sc := b.rep.scope(scopeTransactions)
	if b.static == "" {
		sc.skipped, sc.fault = true, noStaticToken()
		return
	}
	if b.staticFault != nil {
		sc.close(staticRefused(scopeTransactions))
		return
	}
	var uncertainSum decimal.Decimal
	var uncertainCount int64
	list, err := b.transactions(ctx, span{b.task.From, b.task.To})
	sc.close(err)
	if err != nil {
		return
	}
	for i := range list {
		switch t := &list[i]; t.standing() {
		case left:
			if c, ok := t.charge(b.account, b.known, b.task); ok {
				b.bought = append(b.bought, c)
			}
		case uncertain:
			uncertainSum, uncertainCount = uncertainSum.Sub(kopecks(t.Price.D)), uncertainCount+1
		case covered:
		}
	}
	sc.found, b.boughtRead = int64(len(b.bought)), true
	text := pipeline.Textf("Операции на %s ₽ относятся к услугам, о которых неизвестно, входят ли они в статистику потребления. Они не учтены, чтобы не посчитать дважды.",
		"Transactions of %s RUB belong to services of which it is not known whether the consumption statistics have them. They are not counted, so that nothing counts twice.", uncertainSum.StringFixed(2))
	b.rep.note("transactions_left_out", scopeTransactions, uncertainCount, text.RU, text.EN)
}

func noStaticToken() *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultForbidden, Scope: scopeTransactions,
		Text: pipeline.Text{
			RU: "Операции по счёту открываются только статическим токеном, а его в настройках подключения нет. Если есть выделенные серверы или размещение, выпустите X-Token в панели управления и внесите его; облачные расходы собираются и без него.",
			EN: "Transactions open to a static token only, and the connection's settings have none. If there are dedicated servers or colocation, issue an X-Token in the control panel and enter it; cloud costs are collected without it.",
		},
	}
}

// transactions reads all pages of a span.
func (b *biller) transactions(ctx context.Context, d span) ([]transaction, error) {
	var out []transaction
	for offset := 0; offset < maxTransactions; {
		query := url.Values{
			"created_from": {d.from.In(moscow()).Format(naive)}, "created_to": {d.to.Add(-time.Second).In(moscow()).Format(naive)},
			"balances": {"main,bonus"}, "limit": {strconv.Itoa(transactionsPage)}, "offset": {strconv.Itoa(offset)}, "without_removed": {"true"},
		}
		var a transactionsAnswer
		ans, err := b.askWith(ctx, scopeTransactions, transactionsPath, query, "X-Token", b.static, func(body io.Reader) error {
			return b.decode(scopeTransactions, body, &a)
		})
		switch {
		case err != nil:
			return nil, err
		case ans.Status == http.StatusUnauthorized:
			b.staticFault = staticRefused(scopeTransactions)
			return nil, b.staticFault
		}
		if err := b.accountFault(scopeTransactions, ans.Status); err != nil {
			return nil, err
		}
		if a.Data == nil || !success(a.Status) {
			return nil, b.edge.Malformed(scopeTransactions, "no data in the answer")
		}
		if len(a.Data) == 0 {
			return out, nil
		}
		out = append(out, a.Data...)
		offset += len(a.Data)
	}
	return nil, b.edge.Malformed(scopeTransactions, "a list without an end")
}

// standing tells whether a transaction is to be counted beside the statistics.
func (t *transaction) standing() standing {
	if t.Type != "withdraw" && t.Type != "refund" || !t.Price.Known || t.Price.D.IsZero() || strings.EqualFold(string(t.State), "CANCELED") {
		return covered
	}
	words := strings.ToLower(string(t.IDMeta.V.Billing + " " + t.IDMeta.V.ServiceName))
	for _, k := range append(statedKeys(), seenKeys()...) {
		if slices.Contains(strings.Fields(words), k) {
			return covered
		}
	}
	for _, w := range leftOut() {
		if strings.Contains(words, w) {
			return left
		}
	}
	if t.ServerMeta.V.Main != "" {
		return left
	}
	return uncertain
}

// charge makes a purchase in the hour in which it was made; a refund is a credit. False when it has no time in the window.
func (t *transaction) charge(account string, known map[string]*pipeline.KnownResource, task pipeline.Task) (pipeline.Charge, bool) {
	at := parseTime(string(t.Created), moscow())
	if at.IsZero() || at.Before(task.From) || !at.Before(task.To) {
		return pipeline.Charge{}, false
	}
	name := t.ServerMeta.V.EN.V.FullName
	if task.Lang != pipeline.English && t.ServerMeta.V.RU.V.FullName != "" {
		name = t.ServerMeta.V.RU.V.FullName
	}
	if name == "" {
		name = t.IDMeta.V.ServiceName
	}
	id := t.ServerMeta.V.Main
	if id == "" {
		id = t.IDMeta.V.ServiceID
	}
	cost := kopecks(t.Price.D).Neg()
	c := pipeline.Charge{Start: at.Truncate(time.Hour), End: at.Truncate(time.Hour).Add(time.Hour)}
	c.LineCount, c.BilledCost, c.EffectiveCost, c.ListCost, c.ContractedCost = 1, cost, cost, cost, cost
	c.Line = pipeline.Line{
		ProviderName: "Selectel", PublisherName: "Selectel", InvoiceIssuerName: "Selectel", BillingAccountID: account, BillingCurrency: currency,
		ServiceName: "Dedicated Servers", ServiceCategory: "Compute", ResourceID: string(id), ResourceName: string(name),
		ResourceType: string(pipeline.Server), ChargeCategory: pipeline.Purchase, ChargeFrequency: "Recurring", PricingCategory: "Standard",
		ChargeDescription: string(t.IDMeta.V.ServiceName), CostStatus: pipeline.Billed, BillingPeriodStart: monthStart(at),
	}
	if cost.IsNegative() {
		c.ChargeCategory, c.ChargeFrequency = pipeline.Credit, "One-Time"
	}
	if k := known[c.ResourceID]; k != nil {
		c.Tags = k.Tags
	}
	return c, true
}

// writeTransactions hands over what was bought, a slice a day.
func (b *biller) writeTransactions(ctx context.Context, sink pipeline.Sink) error {
	if !b.boughtRead {
		return nil
	}
	for _, d := range days(b.task.From, b.task.To) {
		var of []pipeline.Charge
		for i := range b.bought {
			if at := b.bought[i].Start; !at.Before(d.from) && at.Before(d.to) {
				of = append(of, b.bought[i])
			}
		}
		if err := b.write(ctx, sink, sourceTransactions, d, of); err != nil {
			return err
		}
	}
	return nil
}
