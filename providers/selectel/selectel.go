// Package selectel reads Selectel, billing first: what every object cost in every hour by the Billing Statistics API, balances
// and transactions of the account, then what exists, over OpenStack and the managed services of every project and every
// region, and the load of servers.
//
// Selectel's billing speaks kopecks and Moscow time without an offset. Every endpoint of every region and project fails
// alone. Answers are decoded into fields named here and nowhere else, so password hashes and user data in them are gone when
// the bytes are.
package selectel

import (
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// Kind is this provider's kind of connection.
const Kind pipeline.Kind = "selectel"

// Where Selectel's APIs are (docs.selectel.ru/en/api/urls). Addresses of regions come from the Keystone catalog.
const (
	DefaultIdentity = "https://cloud.api.selcloud.ru/identity/v3"
	DefaultAPI      = "https://api.selectel.ru"
)

// The names of the settings.
const (
	FieldAccount  = "account"
	FieldUser     = "service_user"
	FieldPassword = "password"
	FieldToken    = "static_token"
	FieldIdentity = "identity_url"
	FieldAPI      = "api_url"
)

// currency of every amount of the billing.
const currency = "RUB"

// Provider is Selectel. Its zero value is ready.
type Provider struct{}

// New returns the provider.
func New() Provider { return Provider{} }

// Info implements pipeline.Provider.
func (Provider) Info() pipeline.Info {
	return pipeline.Info{
		Kind:  Kind,
		Title: pipeline.Text{RU: "Selectel", EN: "Selectel"},
		About: pipeline.Text{
			RU: "Почасовые расходы Selectel по проектам и ресурсам, баланс, серверы, диски, базы, кластеры и их загрузка.",
			EN: "Selectel's hourly costs by project and resource, balance, servers, volumes, databases, clusters and their load.",
		},
		Fields:      fields(),
		Feeds:       feeds(),
		BillingZone: "Europe/Moscow",
		Concurrency: 2,
		Prepaid:     prepaid(),
		Closing:     closing(),
	}
}

// closing is how Selectel's documents differ from its statistics, which are in whole kopecks for each hour and metric and leave out
// what the transactions tell: dedicated servers, colocation and firewalls.
func closing() *pipeline.ClosingRule {
	return &pipeline.ClosingRule{
		RoundsRows: true, Source: "https://docs.selectel.ru/api/balance-statistics.json",
		NotBilled: pipeline.Text{
			RU: "Статистика Selectel не\u00a0содержит выделенных серверов, размещения оборудования и\u00a0межсетевых экранов: они учитываются, только если в\u00a0подключении указан статический токен.",
			EN: "Selectel's statistics leave out dedicated servers, colocation and firewalls: they are counted only when the connection has a static token.",
		},
	}
}

const day = 24 * time.Hour

// feeds: charges are asked for again for 40 days, so that the month before is looked at until the 10th. Metrics are asked for by
// the day, which takes two requests a server however long the window is; those already held are dropped.
func feeds() []pipeline.FeedSpec {
	return []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour},
		{
			Feed: pipeline.FeedCharges, Grain: pipeline.GrainDay, Every: time.Hour, Restated: 40 * day, Backfill: 90 * day,
			After: pipeline.FeedInventory,
		},
		{Feed: pipeline.FeedUsage, Grain: pipeline.GrainDay, Every: time.Hour, Backfill: 30 * day},
	}
}

// prepaid is the rule of the cloud platform: use is debited hourly; without money resources are blocked at the debit and go
// on being charged; a debt that is not paid within 14 days ends with everything deleted.
func prepaid() *pipeline.Prepaid {
	return &pipeline.Prepaid{
		SuspendedAfter: 0, DeletedAfter: 14 * day, BonusPays: true,
		Text: pipeline.Text{
			RU: "Деньги списываются каждый час. Если их не хватает, ресурсы облачной платформы сразу блокируются и продолжают тарифицироваться; через 14 дней без оплаты долга они удаляются.",
			EN: "Money is debited every hour. Without enough of it the cloud platform's resources are blocked at once and go on being charged; after 14 days without paying the debt they are deleted.",
		},
		Source: "https://docs.selectel.ru/en/cloud/servers/about/payment",
	}
}

func fields() []pipeline.Field {
	return []pipeline.Field{
		{
			Name: FieldAccount, Required: true, Fixed: true,
			Label: pipeline.Text{RU: "Номер аккаунта", EN: "Account number"},
			Help:  pipeline.Text{RU: "Стоит в панели управления Selectel справа вверху.", EN: "Stands in the upper right of Selectel's control panel."},
		},
		{
			Name: FieldUser, Required: true,
			Label: pipeline.Text{RU: "Сервисный пользователь", EN: "Service user"},
			Help: pipeline.Text{
				RU: "Имя сервисного пользователя с ролью «Наблюдатель аккаунта». Для расходов ему нужна и роль «Администратор биллинга», для ресурсов доступ к проектам.",
				EN: "The name of a service user with the role Account viewer. For costs it needs the role Billing administrator as well, for resources access to the projects.",
			},
		},
		{
			Name: FieldPassword, Required: true, Secret: true,
			Label: pipeline.Text{RU: "Пароль сервисного пользователя", EN: "Password of the service user"},
		},
		{
			Name: FieldToken, Secret: true,
			Label: pipeline.Text{RU: "Статический токен (X-Token)", EN: "Static token (X-Token)"},
			Help: pipeline.Text{
				RU: "Необязательно. Без него не видны операции по счёту: выделенные серверы и другое, чего нет в статистике потребления.",
				EN: "Optional. Without it the account's transactions are not seen: dedicated servers and whatever else the consumption statistics leave out.",
			},
		},
		{
			Name: FieldIdentity, Advanced: true, Default: DefaultIdentity,
			Label: pipeline.Text{RU: "Адрес Keystone", EN: "Keystone address"},
			Help:  pipeline.Text{RU: "Меняется только для прокси и проверок.", EN: "To be changed for a proxy or for tests only."},
		},
		{
			Name: FieldAPI, Advanced: true, Default: DefaultAPI,
			Label: pipeline.Text{RU: "Адрес API аккаунта", EN: "Address of the account API"},
			Help:  pipeline.Text{RU: "Меняется только для прокси и проверок.", EN: "To be changed for a proxy or for tests only."},
		},
	}
}

// maxAnswer bounds one day of consumption: about 700,000 lines.
const maxAnswer = 256 << 20

// Open implements pipeline.Provider.
func (Provider) Open(settings pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	s := &session{
		env: env, account: strings.TrimSpace(settings[FieldAccount]), user: strings.TrimSpace(settings[FieldUser]),
		password: settings[FieldPassword], static: strings.TrimSpace(settings[FieldToken]),
	}
	if f := checkCredentials(s); f != nil {
		return nil, f
	}
	var f *pipeline.Fault
	if s.identity, f = checkAddress(settings[FieldIdentity], DefaultIdentity); f != nil {
		return nil, f
	}
	if s.api, f = checkAddress(settings[FieldAPI], DefaultAPI); f != nil {
		return nil, f
	}
	s.edge = httpedge.New(httpedge.Config{Env: env, Cloud: "Selectel"})
	s.slow = httpedge.New(httpedge.Config{Env: env, Cloud: "Selectel", Timeout: billingTimeout, MaxBody: maxAnswer})
	s.hide()
	return s, nil
}

func settingsFault(ru, en string) *pipeline.Fault {
	return &pipeline.Fault{Code: pipeline.FaultSettings, Text: pipeline.Text{RU: ru, EN: en}}
}

func checkCredentials(s *session) *pipeline.Fault {
	switch {
	case s.account == "" || len(s.account) > 64 || strings.ContainsFunc(s.account, func(r rune) bool { return !unicode.IsDigit(r) && !unicode.IsLetter(r) && r != '_' && r != '-' }):
		return settingsFault("Номер аккаунта Selectel не указан или записан неверно. Возьмите его в панели управления: это число справа вверху.",
			"The Selectel account number is missing or wrong. Take it from the control panel: it is the number in the upper right.")
	case s.user == "" || len(s.user) > 255 || strings.ContainsFunc(s.user, unicode.IsControl):
		return settingsFault("Имя сервисного пользователя Selectel не указано или записано неверно. Введите его так, как оно записано в панели управления.",
			"The name of the Selectel service user is missing or wrong. Enter it as the control panel shows it.")
	case s.password == "":
		return settingsFault("Не указан пароль сервисного пользователя Selectel. Введите его или задайте новый в панели управления.",
			"The password of the Selectel service user is missing. Enter it, or set a new one in the control panel.")
	case strings.ContainsFunc(s.static, func(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }):
		return settingsFault("Статический токен Selectel записан неверно: в нём есть пробелы или непечатные символы. Скопируйте его заново.",
			"The static token of Selectel is wrong: it has spaces or unprintable characters. Copy it again.")
	}
	return nil
}

// checkAddress takes https addresses, and http ones of this machine, and returns them without a trailing slash.
func checkAddress(address, otherwise string) (string, *pipeline.Fault) {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if address == "" {
		return otherwise, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", settingsFault("Адрес API Selectel записан неверно. Нужен адрес вида "+otherwise+" без логина, пароля и параметров.",
			"An API address of Selectel is wrong. It looks like "+otherwise+", without login, password or parameters.")
	}
	if !safe(u) {
		return "", settingsFault("Адрес API Selectel должен начинаться с https://, иначе пароль уйдёт по сети открытым.",
			"The API address of Selectel must start with https://, or the password would travel in clear.")
	}
	return address, nil
}

// safe tells whether a token may be sent there: over https, or on this machine.
func safe(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
