package beget

import (
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// The scopes: one endpoint each, named after its path.
const (
	scopeAuth      = "auth"
	scopeVPS       = "vps"
	scopeHistory   = "vps/history"
	scopeSnapshot  = "vps/snapshot"
	scopeRegion    = "vps/region"
	scopeNetwork   = "vps/network"
	scopeQuote     = "vps/configurator"
	scopeCloud     = "cloud"
	scopeProjects  = "cloud/projects"
	scopeS3Price   = "cloud/s3/price"
	scopeAccount   = "user/getAccountInfo"
	scopeDomains   = "domain/getList"
	scopeZones     = "domain/getZoneList"
	scopeSites     = "site/getList"
	scopeMySQL     = "mysql/getList"
	scopeFTP       = "ftp/getList"
	scopeMail      = "mail/getMailboxList"
	scopeVPSStat   = "vps/statistic/"
	scopeCloudStat = "cloud/statistic/"
)

// legacyScopes are those that need the API password, in the order of collection.
func legacyScopes() []string {
	return []string{scopeAccount, scopeDomains, scopeZones, scopeSites, scopeMySQL, scopeFTP, scopeMail}
}

// scopeLabel names a scope for people.
func scopeLabel(scope string) pipeline.Text {
	if metric, ok := strings.CutPrefix(scope, scopeVPSStat); ok {
		return pipeline.Text{RU: "Нагрузка VPS: " + metric, EN: "VPS load: " + metric}
	}
	if metric, ok := strings.CutPrefix(scope, scopeCloudStat); ok {
		return pipeline.Text{RU: "Нагрузка облачных баз: " + metric, EN: "Cloud database load: " + metric}
	}
	labels := map[string]pipeline.Text{
		scopeAuth:     {RU: "Вход", EN: "Sign-in"},
		scopeVPS:      {RU: "VPS", EN: "VPS"},
		scopeHistory:  {RU: "История VPS", EN: "VPS history"},
		scopeSnapshot: {RU: "Снимки VPS", EN: "VPS snapshots"},
		scopeRegion:   {RU: "Регионы", EN: "Regions"},
		scopeNetwork:  {RU: "Сети и адреса", EN: "Networks and addresses"},
		scopeQuote:    {RU: "Цены конфигураций", EN: "Prices of configurations"},
		scopeCloud:    {RU: "Облачные базы и хранилища", EN: "Cloud databases and storage"},
		scopeProjects: {RU: "Проекты", EN: "Projects"},
		scopeS3Price:  {RU: "Тарифы S3", EN: "S3 prices"},
		scopeAccount:  {RU: "Аккаунт и баланс", EN: "Account and balance"},
		scopeDomains:  {RU: "Домены", EN: "Domains"},
		scopeZones:    {RU: "Цены доменных зон", EN: "Prices of domain zones"},
		scopeSites:    {RU: "Сайты", EN: "Sites"},
		scopeMySQL:    {RU: "Базы MySQL хостинга", EN: "Hosting MySQL databases"},
		scopeFTP:      {RU: "FTP", EN: "FTP"},
		scopeMail:     {RU: "Почта", EN: "Mail"},
	}
	if t, ok := labels[scope]; ok {
		return t
	}
	return pipeline.Text{RU: scope, EN: scope}
}
