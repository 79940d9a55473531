package vk

import (
	"net"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

func (p Provider) fields() []pipeline.Field {
	return append([]pipeline.Field{
		{
			Name: FieldUser, Required: true,
			Label: pipeline.Text{RU: "Пользователь", EN: "User"},
			Help: pipeline.Text{
				RU: "Лучше всего сервисный пользователь проекта с ролью «Наблюдатель» (msk.cloud.vk.com/service-users). Обычному пользователю VK Cloud открывает API только с включённой двухфакторной аутентификацией и включённым доступом по API.",
				EN: "Best a service user of the project with the role of a viewer (msk.cloud.vk.com/service-users). To an ordinary user VK Cloud opens its API only with two-factor sign-in and API access switched on.",
			},
		},
		{
			Name: FieldPassword, Required: true, Secret: true,
			Label: pipeline.Text{RU: "Пароль", EN: "Password"},
			Help:  pipeline.Text{RU: "Пароль этого пользователя. Коды двухфакторной аутентификации не понадобятся.", EN: "This user's password. No two-factor codes will be needed."},
		},
		{
			Name: FieldProject, Required: true, Fixed: true,
			Label: pipeline.Text{RU: "ID проекта OpenStack", EN: "OpenStack project ID"},
			Help: pipeline.Text{
				RU: "32 знака из «Настройки проекта» → «Доступ по API», поле Project ID. Это не номер вида mcs1234567890.",
				EN: "32 characters from Project settings, API access, field Project ID. It is not the number like mcs1234567890.",
			},
		},
		{
			Name:  FieldConsole,
			Label: pipeline.Text{RU: "Номер проекта в личном кабинете", EN: "Project number in the console"},
			Help: pipeline.Text{
				RU: "Номер вида mcs1234567890 из адреса страницы личного кабинета. По нему спрашивается баланс; без него баланса не будет.",
				EN: "The number like mcs1234567890 in the address of the console's page. The balance is asked by it; without it there is none.",
			},
		},
		{
			Name: FieldMapping, Mapping: true, Multiline: true,
			Label: pipeline.Text{RU: "Столбцы отчёта", EN: "Columns of the report"},
			Help: pipeline.Text{
				RU: "VK Cloud не описывает столбцы отчёта. Пустое поле подходит, если столбцы узнаны сами; иначе загрузите отчёт и укажите, где что.",
				EN: "VK Cloud does not document the report's columns. Leave it empty when they are recognised; otherwise upload a report and say what is what.",
			},
		},
		{
			Name: FieldPrices, Multiline: true, Advanced: true,
			Label: pipeline.Text{RU: "Прайс-лист", EN: "Price list"},
			Help: pipeline.Text{
				RU: "YAML или JSON с ценами вашего договора, по которым считается оценка. Пустое поле — встроенный список. Чего в списке нет, то показывается без цены.",
				EN: "YAML or JSON with your contract's prices, by which the estimate is made. Empty means the built-in list. What it lacks is shown without a price.",
			},
		},
		{
			Name: FieldRegion, Advanced: true, Default: defaultRegion,
			Label: pipeline.Text{RU: "Регион OpenStack", EN: "OpenStack region"},
			Help:  pipeline.Text{RU: "Имя региона в каталоге сервисов; у VK Cloud это RegionOne.", EN: "The region's name in the catalog of services; VK Cloud's is RegionOne."},
		},
	}, p.addressFields()...)
}

func (p Provider) addressFields() []pipeline.Field {
	help := pipeline.Text{RU: "Меняется только для прокси и проверок.", EN: "To be changed for a proxy or for tests only."}
	return []pipeline.Field{
		{Name: FieldIdentity, Advanced: true, Default: p.place.identity, Label: pipeline.Text{RU: "Адрес входа (Keystone)", EN: "Sign-in address (Keystone)"}, Help: help},
		{Name: FieldBilling, Advanced: true, Default: p.place.billing, Label: pipeline.Text{RU: "Адрес баланса", EN: "Balance address"}, Help: help},
		{Name: FieldMonitoring, Advanced: true, Default: p.place.monitoring, Label: pipeline.Text{RU: "Адрес мониторинга", EN: "Monitoring address"}, Help: help},
	}
}

const defaultRegion = "RegionOne"

// Open implements pipeline.Provider.
func (p Provider) Open(settings pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	s := &session{
		env: env, place: p.place, region: orDefault(settings[FieldRegion], defaultRegion),
		user: strings.TrimSpace(settings[FieldUser]), password: settings[FieldPassword],
		project: strings.TrimSpace(settings[FieldProject]), console: strings.TrimSpace(settings[FieldConsole]),
	}
	if f := s.checkIdentity(); f != nil {
		return nil, f
	}
	for _, a := range []struct {
		into             *string
		field, otherwise string
		ru, en           string
	}{
		{&s.identity, FieldIdentity, p.place.identity, "входа", "sign-in"},
		{&s.billing, FieldBilling, p.place.billing, "баланса", "balance"},
		{&s.monitoring, FieldMonitoring, p.place.monitoring, "мониторинга", "monitoring"},
	} {
		address, f := checkAddress(orDefault(settings[a.field], a.otherwise), a.ru, a.en)
		if f != nil {
			return nil, f
		}
		*a.into = address
	}
	s.identity += "/"
	if err := s.readSettings(settings); err != nil {
		return nil, err
	}
	s.edge = httpedge.New(httpedge.Config{Env: env, Cloud: "VK Cloud"})
	s.edge.Hide(s.password)
	return s, nil
}

// readSettings reads the settings that are texts of their own, and the zone.
func (s *session) readSettings(settings pipeline.Settings) error {
	zone, err := time.LoadLocation(s.place.zone)
	if err != nil {
		return pipeline.AsFault(err)
	}
	s.zone = zone
	if s.mapping, s.mappingVersion, err = readMapping(settings[FieldMapping], s.place.currency); err != nil {
		return err
	}
	s.prices, err = ParsePrices(orDefault(settings[FieldPrices], s.place.prices), s.place.currency)
	return err
}

func orDefault(value, otherwise string) string {
	if value = strings.TrimSpace(value); value != "" {
		return value
	}
	return otherwise
}

func settingsFault(ru, en string) *pipeline.Fault {
	return &pipeline.Fault{Code: pipeline.FaultSettings, Text: pipeline.Text{RU: ru, EN: en}}
}

func (s *session) checkIdentity() *pipeline.Fault {
	switch {
	case s.user == "":
		return settingsFault("Не указан пользователь VK Cloud. Введите имя сервисного пользователя или почту.", "The VK Cloud user is missing. Enter a service user's name or an e-mail address.")
	case tooLong(s.user):
		return settingsFault("Имя пользователя VK Cloud записано неверно: оно слишком длинное или содержит непечатные символы.", "The VK Cloud user is wrong: it is too long or has unprintable characters.")
	case s.password == "":
		return settingsFault("Не указан пароль VK Cloud. Введите пароль этого пользователя.", "The VK Cloud password is missing. Enter this user's password.")
	case s.project == "":
		return settingsFault("Не указан ID проекта OpenStack. Возьмите его в «Настройки проекта» → «Доступ по API».", "The OpenStack project ID is missing. Take it from Project settings, API access.")
	case isConsole(s.project):
		return settingsFault("В поле «ID проекта OpenStack» стоит номер из личного кабинета. Нужны 32 знака из «Доступ по API», а номер mcs… впишите в соседнее поле.",
			"The field OpenStack project ID holds the console's number. It wants the 32 characters from API access; the number mcs... belongs into the next field.")
	case tooLong(s.project) || strings.ContainsAny(s.project, "/?#% "):
		return settingsFault("ID проекта OpenStack записан неверно. Это 32 знака из «Доступ по API», без пробелов.", "The OpenStack project ID is wrong. It is 32 characters from API access, without blanks.")
	case s.console != "" && !isConsole(s.console):
		return settingsFault("Номер проекта в личном кабинете записан неверно. Он начинается с mcs и стоит в адресе страницы, например mcs1234567890.",
			"The project number in the console is wrong. It begins with mcs and stands in the page's address, such as mcs1234567890.")
	}
	return nil
}

func tooLong(s string) bool { return len(s) > 128 || strings.ContainsFunc(s, unicode.IsControl) }

// isConsole tells whether an identifier is the console's number of a project.
func isConsole(id string) bool {
	digits, ok := strings.CutPrefix(id, "mcs")
	return ok && len(digits) > 0 && len(digits) < 30 && strings.Trim(digits, "0123456789") == ""
}

// checkAddress takes https addresses, and http ones of this machine, and returns them without a trailing slash.
func checkAddress(address, ru, en string) (string, *pipeline.Fault) {
	address = strings.TrimRight(address, "/")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", settingsFault("Адрес "+ru+" VK Cloud записан неверно. Нужен адрес вида https://… без логина, пароля и параметров.",
			"The "+en+" address of VK Cloud is wrong. It looks like https://..., without login, password or parameters.")
	}
	if !safe(u) {
		return "", settingsFault("Адрес "+ru+" VK Cloud должен начинаться с https://, иначе пароль и токен уйдут по сети открытыми.",
			"The "+en+" address of VK Cloud must start with https://, or the password and the token would travel in clear.")
	}
	return address, nil
}

// safe tells whether secrets may travel to an address: by https, or within this machine.
func safe(u *url.URL) bool {
	return u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
