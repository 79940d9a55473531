// Package beget reads Beget: servers, managed services, statistics and projects over the modern API, and the account,
// domains, sites, databases, FTP accounts and mailboxes over the legacy one.
//
// Beget has no billing history. Its inventory carries the prices in force, which pipeline/collect turns into hourly
// charges. Every endpoint fails alone. Answers are decoded into fields named here and nowhere else, so passwords and keys
// in them are gone when the bytes are.
package beget

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
const Kind pipeline.Kind = "beget"

// DefaultAddress is where Beget's APIs are, both of them.
const DefaultAddress = "https://api.beget.com"

// The names of the settings.
const (
	FieldLogin       = "login"
	FieldPassword    = "password"
	FieldAPIPassword = "api_password"
	FieldAddress     = "base_url"
)

// currency of every price of Beget.
const currency = "RUB"

// Provider is Beget. Its zero value is ready.
type Provider struct{}

// New returns the provider.
func New() Provider { return Provider{} }

// Info implements pipeline.Provider.
func (Provider) Info() pipeline.Info {
	return pipeline.Info{
		Kind:  Kind,
		Title: pipeline.Text{RU: "Beget", EN: "Beget"},
		About: pipeline.Text{
			RU: "VPS, облачные базы данных и хранилища, домены, сайты и почта Beget: цены, нагрузка, баланс.",
			EN: "VPS, cloud databases and storage, domains, sites and mail of Beget: prices, load, balance.",
		},
		Fields:      fields(),
		Feeds:       feeds(),
		BillingZone: "Europe/Moscow",
		Concurrency: 1,
		Prepaid:     prepaid(),
		Closing: &pipeline.ClosingRule{NotBilled: pipeline.Text{
			RU: "Beget отдаёт по\u00a0API действующие цены, а\u00a0не\u00a0списания: разовые покупки, скидки и\u00a0перерасчёты в\u00a0нашу сумму не\u00a0входят.",
			EN: "Beget's API tells prices in force and no deductions: one-off purchases, discounts and recalculations are not in our sum.",
		}},
	}
}

// prepaid is Beget's rule for an account without money. The API counts the days to the block (user_days_to_block of
// user/getAccountInfo) and names no grace; for how long data is kept after that was not found in Beget's documentation.
func prepaid() *pipeline.Prepaid {
	return &pipeline.Prepaid{Text: pipeline.Text{
		RU: "Когда деньги на\u00a0балансе закончатся, Beget заблокирует аккаунт. Через какое время данные удалят, уточните в\u00a0поддержке Beget.",
		EN: "When the balance is used up, Beget blocks the account. Ask Beget's support for how long it keeps the data after that.",
	}}
}

func feeds() []pipeline.FeedSpec {
	return []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: time.Hour, Backfill: 90 * 24 * time.Hour, Accrues: true},
		{Feed: pipeline.FeedUsage, Grain: pipeline.GrainHour, Every: time.Hour, Backfill: 30 * 24 * time.Hour},
	}
}

func fields() []pipeline.Field {
	return []pipeline.Field{
		{
			Name: FieldLogin, Required: true, Fixed: true,
			Label: pipeline.Text{RU: "Логин", EN: "Login"},
			Help: pipeline.Text{
				RU: "Логин панели управления Beget. Включите в панели «Разрешить аутентификацию по API»; двухфакторная проверка для этой учётной записи должна быть выключена.",
				EN: "The login of Beget's control panel. Allow authentication by API there; two-factor sign-in must be off for this account.",
			},
		},
		{
			Name: FieldPassword, Required: true, Secret: true,
			Label: pipeline.Text{RU: "Пароль панели", EN: "Panel password"},
			Help:  pipeline.Text{RU: "Пароль, с которым входят в панель Beget.", EN: "The password for Beget's control panel."},
		},
		{
			Name: FieldAPIPassword, Secret: true,
			Label: pipeline.Text{RU: "Пароль API", EN: "API password"},
			Help: pipeline.Text{
				RU: "Отдельный пароль из раздела «API» панели, где отмечают и доступные разделы. Без него не будет баланса, доменов, сайтов, баз хостинга, FTP и почты.",
				EN: "The separate password from the panel's API section, where sections are permitted too. Without it there is no balance, no domains, sites, hosting databases, FTP or mail.",
			},
		},
		{
			Name: FieldAddress, Advanced: true, Default: DefaultAddress,
			Label: pipeline.Text{RU: "Адрес API", EN: "API address"},
			Help:  pipeline.Text{RU: "Меняется только для прокси и проверок.", EN: "To be changed for a proxy or for tests only."},
		},
	}
}

// Open implements pipeline.Provider.
func (Provider) Open(settings pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	s := &session{
		env:         env,
		login:       strings.TrimSpace(settings[FieldLogin]),
		password:    settings[FieldPassword],
		apiPassword: settings[FieldAPIPassword],
	}
	if f := checkCredentials(s.login, s.password); f != nil {
		return nil, f
	}
	base, f := checkAddress(settings[FieldAddress])
	if f != nil {
		return nil, f
	}
	s.base = base
	s.edge = httpedge.New(httpedge.Config{Env: env, Cloud: "Beget"})
	s.edge.Hide(s.password, s.apiPassword)
	return s, nil
}

func settingsFault(ru, en string) *pipeline.Fault {
	return &pipeline.Fault{Code: pipeline.FaultSettings, Text: pipeline.Text{RU: ru, EN: en}}
}

func checkCredentials(login, password string) *pipeline.Fault {
	switch {
	case login == "":
		return settingsFault("Не указан логин Beget. Введите логин от панели управления.", "The Beget login is missing. Enter the login of the control panel.")
	case len(login) > 128 || strings.ContainsFunc(login, unicode.IsControl):
		return settingsFault("Логин Beget записан неверно: он слишком длинный или содержит непечатные символы. Введите его заново.",
			"The Beget login is wrong: it is too long or has unprintable characters. Enter it again.")
	case password == "":
		return settingsFault("Не указан пароль Beget. Введите пароль от панели управления.", "The Beget password is missing. Enter the password of the control panel.")
	}
	return nil
}

// checkAddress takes https addresses, and http ones of this machine, and returns them without a trailing slash.
func checkAddress(address string) (string, *pipeline.Fault) {
	address = strings.TrimRight(strings.TrimSpace(address), "/")
	if address == "" {
		return DefaultAddress, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", settingsFault("Адрес API Beget записан неверно. Нужен адрес вида https://api.beget.com без логина, пароля и параметров.",
			"The API address of Beget is wrong. It looks like https://api.beget.com, without login, password or parameters.")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return "", settingsFault("Адрес API Beget должен начинаться с https://, иначе пароль уйдёт по сети открытым.",
			"The API address of Beget must start with https://, or the password would travel in clear.")
	}
	return address, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
