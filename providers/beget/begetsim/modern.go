package begetsim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// number is a price as it goes over the wire: a JSON number as it was written, or null.
func number(s string) any {
	if s == "" {
		return nil
	}
	return json.Number(s)
}

// month is 30 times a price per day, as Beget shows it.
func month(day string) any {
	d, err := decimal.NewFromString(day)
	if err != nil {
		return nil
	}
	return json.Number(d.Mul(decimal.NewFromInt(30)).String())
}

func (s *Server) stamp(offset time.Duration) string {
	return s.conf.Start.Add(offset).In(moscow()).Format(time.RFC3339)
}

// cut gives the page that a request asks for.
func cut[T any](s *Server, r *http.Request, list []T) []T {
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit <= 0 || limit > s.conf.PageSize {
		limit = s.conf.PageSize
	}
	offset = min(max(offset, 0), len(list))
	return list[offset:min(offset+limit, len(list))]
}

func (s *Server) vpsList(w http.ResponseWriter, r *http.Request, a *Account) {
	now := s.look(a)
	out := []object{}
	for _, m := range cut(s, r, now.machines) {
		out = append(out, s.vps(m))
	}
	write(w, object{"vps": out, "total_count": len(now.machines)})
}

// vpsOne serves /v1/vps/server/{id} and /v1/vps/{id}/history, which no pattern can tell apart.
func (s *Server) vpsOne(w http.ResponseWriter, r *http.Request, a *Account) {
	first, second := r.PathValue("first"), r.PathValue("second")
	switch {
	case second == "history":
		s.vpsHistory(w, first, a)
	case first == "server":
		s.vpsInfo(w, second, a)
	default:
		notFound(w)
	}
}

func (s *Server) vpsInfo(w http.ResponseWriter, id string, a *Account) {
	for _, m := range s.look(a).machines {
		if m.ID == id {
			write(w, object{"vps": s.vps(m)})
			return
		}
	}
	notFound(w)
}

func notFound(w http.ResponseWriter) {
	w.WriteHeader(http.StatusNotFound)
	write(w, object{"code": 5, "message": "not found"})
}

func (s *Server) vps(m Machine) object {
	used := m.DiskMB * int64(30+s.dice(m.ID, 1).IntN(40)) / 100
	return object{
		"id": m.ID, "slug": m.Name, "display_name": m.Name, "hostname": m.Name, "description": "",
		"configuration": object{
			"id": "cfg-" + m.ID[:4], "name": "Mix", "cpu_count": m.CPU, "disk_size": m.DiskMB, "memory": m.MemoryMB,
			"bandwidth_public": 150, "price_day": number(m.PriceDay), "price_month": month(m.PriceDay), "available": true,
			"custom": true, "configurable": true, "region": m.Region, "group": "normal_cpu",
		},
		"status": m.Status, "ssh_keys": []any{}, "has_password": true, "manage_enabled": true,
		"date_create": s.stamp(m.Created), "ip_address": ip(m.ID), "rescue_mode": false, "migrating": false,
		"host_unavailable": false, "unblocking": false, "restoring": false,
		"disk_used": strconv.FormatInt(used, 10), "disk_left": strconv.FormatInt(m.DiskMB-used, 10),
		"additional_ip_address": []any{}, "beget_ssh_access_allowed": false, "archived": m.Archived, "unarchiving": false,
		"private_network":  []any{object{"network": object{"id": "net-1", "subnet": "10.0.0.0", "mask": 24, "region": m.Region}, "ip": []any{"10.0.0.7"}}},
		"technical_domain": m.Name + ".beget.example", "software_domain": m.Name + ".beget.example",
		"software": software(m), "link_slug": "", "region": m.Region, "ui_pinned": false, "project_id": m.Project,
	}
}

// ip makes an address of a documentation network out of an identifier.
func ip(id string) string {
	sum := 0
	for _, c := range id {
		sum = sum*31 + int(c)
	}
	return "192.0.2." + strconv.Itoa(1+sum&0xff%254)
}

func software(m Machine) any {
	if m.Software == "" {
		return nil
	}
	licenses := []object{}
	for i, l := range m.Licenses {
		billing := object{"daily": object{"price_day": number(l.PriceDay), "price_month": month(l.PriceDay)}}
		if l.PriceMonth != "" {
			billing = object{"monthly": object{"price_month": number(l.PriceMonth)}}
		}
		licenses = append(licenses, object{"id": i + 1, "type": l.Type, "plan": l.Plan, "billing": billing})
	}
	return object{
		"name": m.Software, "display_name": m.Software, "version": "1.108.2", "address": "", "status": "INSTALLED",
		"field_value": []object{
			{"label_ru": "Почта", "label_en": "Email", "value": "admin@example.com", "type": "EMAIL", "variable": "beget_email"},
			{"label_ru": "Пароль", "label_en": "Password", "value": Secret + "-panel", "type": "PASSWORD", "variable": "beget_password"},
		},
		"license": licenses,
	}
}

func (s *Server) vpsHistory(w http.ResponseWriter, id string, a *Account) {
	now := s.since(s.now())
	m, ok := s.ever(a, id)
	if !ok || m.Created > now {
		notFound(w)
		return
	}
	out := []object{{"date": s.stamp(m.Created), "type": "CREATE", "has_error": false}}
	for _, c := range m.sorted() {
		if c.Type != "" && c.At <= now {
			out = append(out, object{"date": s.stamp(c.At), "type": c.Type, "has_error": c.Failed})
		}
	}
	if m.Removed != 0 && m.Removed <= now {
		out = append(out, object{"date": s.stamp(m.Removed), "type": "REMOVE", "has_error": false})
	}
	slices.Reverse(out)
	write(w, object{"history": out})
}

func (s *Server) regions(w http.ResponseWriter, _ *http.Request, _ *Account) {
	write(w, object{"regions": []object{
		{"id": "ru1", "name": "Санкт-Петербург", "name_en": "Saint Petersburg", "country": "RU", "available": true, "priority": 1, "short_name": "SPB"},
		{"id": "ru2", "name": "Москва", "name_en": "Moscow", "country": "RU", "available": true, "priority": 2, "short_name": "MSK"},
		{"id": "kz1", "name": "Алматы", "name_en": "Almaty", "country": "KZ", "available": true, "priority": 3, "short_name": "ALA"},
	}})
}

func (s *Server) networks(w http.ResponseWriter, _ *http.Request, a *Account) {
	now := s.look(a)
	ips, extra, nets := []object{}, []object{}, []object{}
	for _, m := range now.machines {
		ips = append(ips, object{"ip": ip(m.ID), "mac": "02:00:00:00:00:01", "vps_id": m.ID})
	}
	for _, v := range now.addresses {
		extra = append(extra, object{"ip": v.IP, "vps_id": v.Machine, "region": v.Region})
	}
	for _, v := range a.Networks {
		nets = append(nets, object{"id": v.ID, "subnet": v.Subnet, "mask": 24, "region": v.Region})
	}
	write(w, object{"ip": ips, "additional_ip": extra, "private_network": nets})
}

func (s *Server) snapshots(w http.ResponseWriter, _ *http.Request, a *Account) {
	now := s.look(a)
	out := []object{}
	for _, v := range now.snapshots {
		i := slices.IndexFunc(now.machines, func(m Machine) bool { return m.ID == v.Machine })
		name := ""
		if i >= 0 {
			name = now.machines[i].Name
		}
		out = append(out, object{
			"id": v.ID, "vps_id": v.Machine, "vps_name": name, "vps_exists": i >= 0, "date_create": s.stamp(v.Created),
			"size": strconv.FormatInt(v.SizeMB, 10), "status": "DONE", "description": v.Description,
			"configuration": object{"cpu_count": 1, "disk_size": v.SizeMB, "memory": 1024},
			"price_day":     number(v.PriceDay), "region": v.Region,
			"installed_software": object{"name": "n8n", "field_value": []object{{"type": "PASSWORD", "value": Secret + "-snapshot"}}},
		})
	}
	write(w, object{"snapshot": out})
}

// calculation quotes 3 % above what the account's machine of that shape pays, or a price made of its parts.
func (s *Server) calculation(w http.ResponseWriter, r *http.Request, a *Account) {
	q := r.URL.Query()
	for _, m := range s.look(a).machines {
		if q.Get("params.cpu_count") == strconv.FormatInt(m.CPU, 10) && q.Get("params.memory") == strconv.FormatInt(m.MemoryMB, 10) &&
			q.Get("params.disk_size") == strconv.FormatInt(m.DiskMB, 10) && m.PriceDay != "" {
			day := decimal.RequireFromString(m.PriceDay).Mul(decimal.RequireFromString("1.03")).Round(2)
			write(w, object{"success": object{"price_day": json.Number(day.String()), "price_month": month(day.String())}})
			return
		}
	}
	write(w, object{"error": object{"code": "INVALID_CONFIGURATION", "message": "no such configuration"}})
}

func (s *Server) cloudList(w http.ResponseWriter, r *http.Request, a *Account) {
	now := s.look(a)
	out := []object{}
	for _, v := range cut(s, r, now.services) {
		out = append(out, s.service(v))
	}
	write(w, object{"service": out, "total_count": len(now.services)})
}

func (s *Server) service(v Service) object {
	status := v.Status
	if status == "" {
		status = "RUNNING"
	}
	o := object{
		"id": v.ID, "configuration_id": strings.ToLower(v.Type) + "-" + strconv.FormatInt(v.CPU, 10), "display_name": v.Name,
		"description": "", "status": status, "status_details": "_", "created_at": s.stamp(v.Created),
		"price_day": number(v.PriceDay), "price_month": month(v.PriceDay), "type": v.Type, "region": v.Region,
		"slug": v.Name, "manage_enabled": true, "monitorable_resources": []any{"cpu"}, "project_id": v.Project,
	}
	switch {
	case v.Type == "S_3":
		login := object{"host": "ftp.example", "port": 21, "login": "u1", "password": Secret + "-ftp", "status": "ENABLED"}
		o["s3"] = object{
			"public": false, "access_key": Secret + "-access", "secret_key": Secret + "-s3", "fqdn": "s3.example", "cors": []any{},
			"quota_used_size": 700 + s.dice(v.ID, 1).IntN(1000), "ftp": login, "sftp": login,
		}
	case v.Type == "CDN":
		o["cdn"] = object{"ssl_enabled": true, "traffic": "48318382080", "settings": object{"tokenized_url_secure_key": Secret + "-cdn"}}
	case strings.HasPrefix(v.Type, "MYSQL") || strings.HasPrefix(v.Type, "POSTGRESQL"):
		o[strings.ToLower(v.Type)] = s.database(v)
	default:
		o[strings.ToLower(v.Type)] = object{"token": Secret + "-new"}
	}
	return o
}

func (s *Server) database(v Service) object {
	used := v.DiskMB << 20 * int64(10+s.dice(v.ID, 1).IntN(50)) / 100
	return object{
		"configuration": object{
			"cpu_count": v.CPU, "disk_size": v.DiskMB, "memory": v.MemoryMB, "version": "5.7.34", "display_version": "5.7",
			"param_config": []any{}, "param_default": object{},
		},
		"host": v.Name + ".beget.example", "port": 3306,
		"address_info": object{"public": []any{object{"ip": ip(v.ID)}}, "private": []any{object{"ip": "10.0.0.2", "network_id": "12345"}}},
		"pma_url":      "https://pma.example/?token=" + Secret + "-pma",
		"disk_used":    strconv.FormatInt(used, 10), "disk_left": strconv.FormatInt(v.DiskMB<<20-used, 10),
		"read_only": false, "pma_installing": false,
	}
}

func (s *Server) projects(w http.ResponseWriter, r *http.Request, a *Account) {
	out := []object{}
	for _, p := range cut(s, r, a.Projects) {
		out = append(out, object{"id": p.ID, "name": p.Name, "description": "", "is_default": false, "created_at": s.stamp(0), "updated_at": s.stamp(0)})
	}
	write(w, object{"page": object{"projects": out, "total_count": len(a.Projects)}})
}

func (s *Server) s3Price(w http.ResponseWriter, _ *http.Request, a *Account) {
	out := []object{}
	for _, v := range s.look(a).services {
		if v.Type == "S_3" {
			out = append(out, object{
				"name": v.Name, "display_name": v.Name, "storage_size": 900, "storage_rate": json.Number("0.0027"),
				"traffic_amount": 12, "traffic_rate": json.Number("1.2"),
			})
		}
	}
	write(w, object{"bucket": out})
}
