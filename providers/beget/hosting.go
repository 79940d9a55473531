package beget

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// legacyList calls a method whose result is a list.
func legacyList[T any](ctx context.Context, s *session, scope string, input map[string]string, key func(T) text) ([]T, error) {
	raw, err := s.legacy(ctx, scope, input)
	if err != nil {
		return nil, err
	}
	return parseLegacyList(raw, key, s.malformed(scope))
}

func parseLegacyList[T any](raw json.RawMessage, key func(T) text, malformed func(string) error) ([]T, error) {
	r := rows{}
	if err := r.UnmarshalJSON(raw); err != nil {
		return nil, malformed("the list cannot be read")
	}
	return readUnpaged(r, key, malformed)
}

// domain is one of domain/getList. Its times are naive; we take them as Moscow's.
type domain struct {
	ID           text `json:"id"`
	FQDN         text `json:"fqdn"`
	DateAdd      text `json:"date_add"`
	DateRegister text `json:"date_register"`
	DateExpire   text `json:"date_expire"`
	AutoRenew    flag `json:"auto_renew"`
	CanRenew     flag `json:"can_renew"`
	Registrar    text `json:"registrar"`
	RegStatus    text `json:"registrar_status"`
	UnderControl flag `json:"is_under_control"`
}

func domainKey(d domain) text { return d.FQDN }

// domainResource maps a domain. It is paid by the year, outside the hourly account: no rate, the renewal price is a fact.
func domainResource(d domain, renewal map[string]money) pipeline.Resource {
	r := pipeline.Resource{
		ID: "domain:" + firstOf(d.ID, d.FQDN), Type: pipeline.Domain, Name: string(d.FQDN), Status: "INACTIVE",
		Scope: scopeDomains, Attributes: map[string]string{}, CreatedAt: d.DateAdd.instant(),
	}
	if d.UnderControl {
		r.Status = "ACTIVE"
	}
	for k, v := range map[string]text{
		"date_register": d.DateRegister, "date_expire": d.DateExpire, "registrar": d.Registrar, "registrar_status": d.RegStatus,
	} {
		if v != "0" {
			putText(r.Attributes, k, v)
		}
	}
	putFlag(r.Attributes, "auto_renew", d.AutoRenew)
	putFlag(r.Attributes, "can_renew", d.CanRenew)
	_, zone, _ := strings.Cut(strings.ToLower(string(d.FQDN)), ".")
	if p := renewal[zone]; p.Known {
		r.Volatile = map[string]string{"price_renew_year": p.Amount.String(), "price_currency": currency}
	}
	return r
}

// zone is one of domain/getZoneList, which is a map by the zone's name. Prices are roubles a year.
type zone struct {
	Zone       text  `json:"zone"`
	PriceRenew money `json:"price_renew"`
}

func (s *session) readZones(ctx context.Context) (map[string]money, error) {
	raw, err := s.legacy(ctx, scopeZones, nil)
	if err != nil {
		return nil, err
	}
	out, ok := parseZones(raw)
	if !ok {
		return nil, s.edge.Malformed(scopeZones, "the list is missing")
	}
	return out, nil
}

// parseZones reads the map of zones, or a list of them.
func parseZones(raw json.RawMessage) (map[string]money, bool) {
	out := map[string]money{}
	var byName map[string]part[zone]
	if json.Unmarshal(raw, &byName) == nil {
		for name, z := range byName {
			out[strings.ToLower(firstOf(z.V.Zone, text(name)))] = z.V.PriceRenew.price()
		}
		return out, true
	}
	var r rows
	if r.UnmarshalJSON(raw) != nil || r.Null {
		return nil, false
	}
	list, _ := readRows[zone](r)
	for _, z := range list {
		out[strings.ToLower(string(z.Zone))] = z.PriceRenew.price()
	}
	return out, true
}

// site is one of site/getList.
type site struct {
	ID      text `json:"id"`
	Path    text `json:"path"`
	Domains rows `json:"domains"`
}

func siteResource(v site) pipeline.Resource {
	r := pipeline.Resource{
		ID: "site:" + string(v.ID), Type: pipeline.Site, Name: firstOf(v.Path, v.ID), Scope: scopeSites,
		Attributes: map[string]string{},
	}
	domains, _ := readRows[struct {
		FQDN text `json:"fqdn"`
	}](v.Domains)
	var fqdns []text
	for _, d := range domains {
		fqdns = append(fqdns, d.FQDN)
	}
	putText(r.Attributes, "domains", joinTexts(fqdns))
	return r
}

// hostingDB is one of mysql/getList: a database of the hosting plan, without a price of its own.
type hostingDB struct {
	Name     text `json:"name"`
	Size     text `json:"size"`
	Accesses rows `json:"accesses"`
}

func hostingDBResource(v hostingDB) pipeline.Resource {
	r := pipeline.Resource{
		ID: "mysql:" + string(v.Name), Type: pipeline.Database, Name: string(v.Name), Scope: scopeMySQL,
		Attributes: map[string]string{"service_type": "hosting"}, Volatile: map[string]string{},
	}
	putText(r.Volatile, "size", v.Size)
	list, _ := readRows[struct {
		Name text `json:"name"`
	}](v.Accesses)
	var hosts []text
	for _, a := range list {
		hosts = append(hosts, a.Name)
	}
	putText(r.Attributes, "accesses", joinTexts(hosts))
	return r
}

// ftpAccount is one of ftp/getList.
type ftpAccount struct {
	Login   text `json:"login"`
	HomeDir text `json:"homedir"`
}

func ftpResource(v ftpAccount) pipeline.Resource {
	r := pipeline.Resource{
		ID: "ftp:" + string(v.Login), Type: pipeline.FTPAccount, Name: string(v.Login), Scope: scopeFTP,
		Attributes: map[string]string{},
	}
	putText(r.Attributes, "homedir", v.HomeDir)
	return r
}

// mailbox is one of mail/getMailboxList, asked for each domain.
type mailbox struct {
	Mailbox text `json:"mailbox"`
	Domain  text `json:"domain"`
	Spam    text `json:"spam_filter_status"`
	Forward text `json:"forward_mail_status"`
}

func mailboxResource(v mailbox, fqdn string) pipeline.Resource {
	address := string(v.Mailbox)
	if !strings.Contains(address, "@") {
		address += "@" + firstOf(v.Domain, text(fqdn))
	}
	r := pipeline.Resource{
		ID: "mail:" + address, Type: pipeline.Mailbox, Name: address, Scope: scopeMail, Attributes: map[string]string{},
	}
	putText(r.Attributes, "spam_filter_status", v.Spam)
	putText(r.Attributes, "forward_mail_status", v.Forward)
	return r
}
