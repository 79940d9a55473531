package yandex

import (
	"crypto/rsa"
	"encoding/json"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/golang-jwt/jwt/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// config are the settings of a connection, checked.
type config struct {
	keyID, serviceAccount string
	key                   *rsa.PrivateKey
	folders               []string
	billingAccount        string

	bucket, prefix       string
	accessKey, secretKey string
	storage, region      string

	// base, when set, stands for the addresses of all REST services.
	base       string
	monitoring string
	reports    string
	// plain is true when the reports are asked for without TLS, on this machine only.
	plain bool
}

// keyFile is the JSON of an authorised key (yandex.cloud/en/docs/iam/operations/authorized-key/create).
type keyFile struct {
	ID               string `json:"id"`
	ServiceAccountID string `json:"service_account_id"`
	PrivateKey       string `json:"private_key"`
}

func settingsFault(ru, en string, args ...any) *pipeline.Fault {
	return &pipeline.Fault{Code: pipeline.FaultSettings, Text: pipeline.Textf(ru, en, args...)}
}

func parseSettings(s pipeline.Settings) (config, *pipeline.Fault) {
	field := func(name, otherwise string) string {
		if v := strings.TrimSpace(s[name]); v != "" {
			return v
		}
		return otherwise
	}
	c := config{
		billingAccount: field(FieldBillingAccount, ""), bucket: field(FieldBucket, ""), prefix: field(FieldPrefix, ""),
		accessKey: field(FieldAccessKey, ""), secretKey: field(FieldSecretKey, ""), region: field(FieldRegion, DefaultRegion),
	}
	for _, id := range strings.FieldsFunc(s[FieldFolder], func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		if !slices.Contains(c.folders, id) {
			c.folders = append(c.folders, id)
		}
	}
	for _, id := range append([]string{c.billingAccount, c.bucket, c.region}, c.folders...) {
		if !isIdentifier(id) {
			return config{}, settingsFault("Идентификатор «%s» записан неверно: в нём бывают только латинские буквы, цифры, точка, дефис и подчёркивание.",
				"The identifier %q is wrong: it may have Latin letters, digits, dots, hyphens and underscores only.", shortText(id))
		}
	}
	for _, step := range []func() *pipeline.Fault{
		func() *pipeline.Fault { return c.parseKey(s[FieldKey]) },
		c.checkExport,
		func() *pipeline.Fault { return c.parseAddresses(field) },
	} {
		if f := step(); f != nil {
			return config{}, f
		}
	}
	return c, nil
}

func isIdentifier(s string) bool {
	return len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	})
}

func shortText(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), 40)], "?")
}

// parseKey reads the key file. A line of text before the PEM block is no part of it.
func (c *config) parseKey(text string) *pipeline.Fault {
	var k keyFile
	switch err := json.Unmarshal([]byte(strings.TrimSpace(text)), &k); {
	case strings.TrimSpace(text) == "":
		return settingsFault("Не указан ключ сервисного аккаунта. Вставьте содержимое файла ключа целиком.", "The service account key is missing. Paste the whole content of the key file.")
	case err != nil:
		return settingsFault("Ключ сервисного аккаунта не читается как JSON. Вставьте содержимое файла authorized_key.json целиком, вместе со скобками.",
			"The service account key is no JSON. Paste the whole content of authorized_key.json, braces included.")
	case k.ID == "" || k.ServiceAccountID == "" || k.PrivateKey == "":
		return settingsFault("В ключе сервисного аккаунта нет id, service_account_id или private_key. Нужен авторизованный ключ, а не статический и не API-ключ.",
			"The service account key lacks id, service_account_id or private_key. An authorised key is wanted, neither a static one nor an API key.")
	}
	pem := k.PrivateKey
	if i := strings.Index(pem, "-----BEGIN"); i > 0 {
		pem = pem[i:]
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(pem))
	if err != nil {
		return settingsFault("Закрытый ключ в private_key повреждён. Создайте новый авторизованный ключ и вставьте его файл целиком.",
			"The private key in private_key is damaged. Make a new authorised key and paste its whole file.")
	}
	c.keyID, c.serviceAccount, c.key = k.ID, k.ServiceAccountID, key
	return nil
}

func (c *config) checkExport() *pipeline.Fault {
	switch {
	case c.bucket != "" && (c.accessKey == "" || c.secretKey == ""):
		return settingsFault("Для бакета с детализацией нужен статический ключ доступа: впишите идентификатор и секретный ключ.",
			"The bucket with the export needs a static access key: enter its ID and its secret.")
	case c.bucket == "" && c.prefix != "":
		return settingsFault("Указан префикс файлов, но не бакет. Впишите имя бакета или уберите префикс.", "There is a prefix and no bucket. Enter the bucket's name or remove the prefix.")
	}
	return nil
}

func (c *config) parseAddresses(field func(name, otherwise string) string) *pipeline.Fault {
	for _, a := range []struct {
		into *string
		text string
	}{{&c.base, field(FieldAddress, "")}, {&c.monitoring, field(FieldMonitoring, "")}, {&c.storage, field(FieldStorage, DefaultStorage)}} {
		address, f := checkAddress(a.text)
		if f != nil {
			return f
		}
		*a.into = address
	}
	if c.monitoring == "" || c.base != "" && c.monitoring == DefaultMonitoring {
		c.monitoring = c.base
	}
	if c.monitoring == "" {
		c.monitoring = DefaultMonitoring
	}
	return c.parseReports(field(FieldReports, DefaultReports))
}

// parseReports takes host:port with TLS, and http://host:port of this machine without.
func (c *config) parseReports(address string) *pipeline.Fault {
	rest, plain := strings.CutPrefix(address, "http://")
	rest = strings.TrimPrefix(rest, "https://")
	host, port, err := net.SplitHostPort(rest)
	if err != nil || host == "" || port == "" || strings.ContainsAny(rest, "/@?#") {
		return settingsFault("Адрес отчётов записан неверно. Нужны имя и порт, например billing.api.cloud.yandex.net:443.",
			"The address of reports is wrong. A name and a port are wanted, such as billing.api.cloud.yandex.net:443.")
	}
	if plain && !isLoopback(host) {
		return settingsFault("Отчёты без шифрования берутся только с этой же машины: уберите http:// из адреса.",
			"Reports without encryption are read from this machine only: remove http:// from the address.")
	}
	c.reports, c.plain = rest, plain
	return nil
}

// checkAddress takes https addresses, and http ones of this machine, and returns them without a trailing slash.
func checkAddress(address string) (string, *pipeline.Fault) {
	address = strings.TrimRight(address, "/")
	if address == "" {
		return "", nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", settingsFault("Адрес записан неверно. Нужен адрес вида https://storage.yandexcloud.net без логина, пароля и параметров.",
			"The address is wrong. It looks like https://storage.yandexcloud.net, without login, password or parameters.")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return "", settingsFault("Адрес должен начинаться с https://, иначе ключ уйдёт по сети открытым.",
			"The address must start with https://, or the key would travel in clear.")
	}
	return address, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
