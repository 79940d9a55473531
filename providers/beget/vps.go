package beget

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// mebibyte is Beget's "MB" of memory and disks: a 2048 MB server has 2 GiB.
const mebibyte = 1 << 20

// vpsListAnswer is GET /v1/vps/server/list (openapi-vps-go v1.8.1).
type vpsListAnswer struct {
	VPS   rows    `json:"vps"`
	Total integer `json:"total_count"`
}

// vps is one server of the list. Fields with secrets (software.field_value) are not named here.
type vps struct {
	ID              text                      `json:"id"`
	Slug            text                      `json:"slug"`
	DisplayName     text                      `json:"display_name"`
	Hostname        text                      `json:"hostname"`
	Description     text                      `json:"description"`
	Configuration   part[vpsConfiguration]    `json:"configuration"`
	Status          text                      `json:"status"`
	DateCreate      text                      `json:"date_create"`
	IPAddress       text                      `json:"ip_address"`
	AdditionalIP    part[[]text]              `json:"additional_ip_address"`
	PrivateNetwork  part[[]part[attachedNet]] `json:"private_network"`
	DiskUsed        integer                   `json:"disk_used"` // MB, as a string
	DiskLeft        integer                   `json:"disk_left"` // MB, as a string
	Archived        flag                      `json:"archived"`
	RescueMode      flag                      `json:"rescue_mode"`
	Migrating       flag                      `json:"migrating"`
	HostUnavailable flag                      `json:"host_unavailable"`
	TechnicalDomain text                      `json:"technical_domain"`
	SoftwareDomain  text                      `json:"software_domain"`
	Software        part[software]            `json:"software"`
	Region          text                      `json:"region"`
	ProjectID       text                      `json:"project_id"`
}

type vpsConfiguration struct {
	ID        text    `json:"id"`
	Name      text    `json:"name"`
	Group     text    `json:"group"`
	CPU       integer `json:"cpu_count"`
	Disk      integer `json:"disk_size"` // MB
	Memory    integer `json:"memory"`    // MB
	Bandwidth integer `json:"bandwidth_public"`
	PriceDay  money   `json:"price_day"` // roubles
	Region    text    `json:"region"`
}

type attachedNet struct {
	Network part[struct {
		ID text `json:"id"`
	}] `json:"network"`
	IP part[[]text] `json:"ip"`
}

type software struct {
	Name        text                  `json:"name"`
	DisplayName text                  `json:"display_name"`
	Version     text                  `json:"version"`
	Status      text                  `json:"status"`
	License     part[[]part[license]] `json:"license"`
}

// license is a software licence, billed apart from its server.
type license struct {
	ID          text `json:"id"`
	Type        text `json:"type"`
	DisplayName text `json:"display_name"`
	Plan        text `json:"plan"`
	Billing     part[struct {
		Daily part[struct {
			PriceDay money `json:"price_day"`
		}] `json:"daily"`
		Monthly part[struct {
			PriceMonth money `json:"price_month"`
		}] `json:"monthly"`
	}] `json:"billing"`
}

// listVPS reads all servers, archived ones among them.
func (s *session) listVPS(ctx context.Context) ([]vps, error) {
	fetch := func(ctx context.Context, offset int) (page, error) {
		var a vpsListAnswer
		err := s.get(ctx, scopeVPS, "/v1/vps/server/list", pageQuery(offset), &a)
		return page{absentIsNull(a.VPS), a.Total}, err
	}
	return readList(ctx, func(v vps) string { return string(v.ID) }, fetch, s.malformed(scopeVPS))
}

// absentIsNull treats an absent list as a missing one: an answer without it must not read as "nothing there".
func absentIsNull(r rows) rows {
	r.Null = r.Null || !r.Present
	return r
}

func (s *session) malformed(scope string) func(string) error {
	return func(why string) error { return s.edge.Malformed(scope, why) }
}

// names join identifiers to names given by other endpoints.
type names struct {
	projects, regions map[string]string
}

// vpsResource maps a server. The price in force counts whatever its status, also when archived or stopped.
func vpsResource(v vps, n names) pipeline.Resource {
	c := v.Configuration.V
	region := firstOf(v.Region, c.Region)
	r := pipeline.Resource{
		ID: string(v.ID), Type: pipeline.Server, Name: firstOf(v.DisplayName, v.Slug, v.Hostname, v.ID),
		Status: strings.ToUpper(string(v.Status)), Scope: scopeVPS,
		ProjectID: string(v.ProjectID), ProjectName: n.projects[string(v.ProjectID)],
		RegionID: region, RegionName: n.regions[region],
		VCPU: c.CPU.positive(), MemoryBytes: megabytes(c.Memory), DiskBytes: megabytes(c.Disk),
		Attributes: vpsAttributes(v), Volatile: map[string]string{},
		CreatedAt: v.DateCreate.instant(),
	}
	putBytes(r.Volatile, "disk_used_bytes", v.DiskUsed, mebibyte)
	putBytes(r.Volatile, "disk_left_bytes", v.DiskLeft, mebibyte)
	if r.Status != "REMOVED" {
		r.Rates = append([]pipeline.Rate{dayRate("", "VPS", string(c.ID), c.PriceDay)}, licenseRates(v.Software.V)...)
	}
	return r
}

func vpsAttributes(v vps) map[string]string {
	a := map[string]string{}
	c := v.Configuration.V
	putText(a, "hostname", v.Hostname)
	putText(a, "slug", v.Slug)
	putText(a, "description", v.Description)
	putText(a, "ip_address", v.IPAddress)
	putText(a, "additional_ip_address", joinTexts(v.AdditionalIP.V))
	putText(a, "private_ip_address", privateAddresses(v))
	putText(a, "configuration", c.Name)
	putText(a, "configuration_group", c.Group)
	if c.Bandwidth.Known {
		a["bandwidth_public"] = strconv.FormatInt(c.Bandwidth.N, 10)
	}
	putText(a, "technical_domain", v.TechnicalDomain)
	putText(a, "software_domain", v.SoftwareDomain)
	putText(a, "software", text(firstOf(v.Software.V.DisplayName, v.Software.V.Name)))
	putText(a, "software_version", v.Software.V.Version)
	putText(a, "software_status", v.Software.V.Status)
	putFlag(a, "archived", v.Archived)
	putFlag(a, "rescue_mode", v.RescueMode)
	putFlag(a, "migrating", v.Migrating)
	putFlag(a, "host_unavailable", v.HostUnavailable)
	return a
}

func privateAddresses(v vps) text {
	var all []text
	for _, n := range v.PrivateNetwork.V {
		all = append(all, n.V.IP.V...)
	}
	return joinTexts(all)
}

// licenseRates maps licences: each is a rate of its own, by the day or by the month. Its component is its type, with the
// licence's id behind it when a type occurs twice.
func licenseRates(sw software) []pipeline.Rate {
	var out []pipeline.Rate
	used := map[string]bool{}
	for _, l := range sw.License.V {
		if !l.Known {
			continue
		}
		component := "license:" + strings.ToLower(firstOf(l.V.Type, l.V.ID, "unknown"))
		if used[component] {
			component += ":" + string(l.V.ID)
		}
		if used[component] {
			component += ":" + strconv.Itoa(len(out))
		}
		used[component] = true
		out = append(out, licenseRate(component, l.V))
	}
	return out
}

func licenseRate(component string, l license) pipeline.Rate {
	sku := strings.ToLower(strings.Trim(string(l.Type)+"-"+string(l.Plan), "-"))
	b := l.Billing.V
	if b.Monthly.Known && !b.Daily.Known {
		r := dayRate(component, "Software licence", sku, b.Monthly.V.PriceMonth)
		r.Period = pipeline.PerMonth
		return r
	}
	return dayRate(component, "Software licence", sku, b.Daily.V.PriceDay)
}

// dayRate is a price in force per day in roubles. A price that is absent, not a number or negative is unknown.
func dayRate(component, service, sku string, m money) pipeline.Rate {
	p := m.price()
	return pipeline.Rate{
		Component: component, ServiceName: service, SkuID: sku, Known: p.Known, Amount: p.Amount,
		Currency: currency, Period: pipeline.PerDay, CostStatus: pipeline.Estimated,
	}
}

// historyAnswer is GET /v1/vps/{id}/history.
type historyAnswer struct {
	History rows `json:"history"`
}

type historyItem struct {
	Date     text `json:"date"`
	Type     text `json:"type"`
	HasError flag `json:"has_error"`
}

// vpsHistory reads what happened to a server. Events without a time are left out and counted.
func (s *session) vpsHistory(ctx context.Context, id string) (events []pipeline.ResourceEvent, undated int64, err error) {
	var a historyAnswer
	if err := s.get(ctx, scopeHistory, "/v1/vps/"+url.PathEscape(id)+"/history", nil, &a); err != nil {
		return nil, 0, err
	}
	if absentIsNull(a.History).Null {
		return nil, 0, s.edge.Malformed(scopeHistory, "the history is missing")
	}
	events, undated = historyEvents(a.History)
	return events, undated, nil
}

// historyEvents maps a history, in order of time.
func historyEvents(r rows) (events []pipeline.ResourceEvent, undated int64) {
	items, bad := readRows[historyItem](r)
	for _, it := range items {
		at := it.Date.instant()
		if at.IsZero() {
			bad++
			continue
		}
		events = append(events, pipeline.ResourceEvent{Kind: eventKind(it.Type), Time: at, Failed: bool(it.HasError)})
	}
	slices.SortStableFunc(events, func(a, b pipeline.ResourceEvent) int { return a.Time.Compare(b.Time) })
	return events, bad
}

func eventKind(word text) pipeline.EventKind {
	kinds := map[string]pipeline.EventKind{
		"CREATE": pipeline.EventCreated, "START": pipeline.EventStarted, "STOP": pipeline.EventStopped,
		"RESTART": pipeline.EventRestarted, "REINSTALL": pipeline.EventReinstalled,
		"RECONFIGURE": pipeline.EventResized, "REMOVE": pipeline.EventRemoved,
	}
	if k, ok := kinds[strings.ToUpper(string(word))]; ok {
		return k
	}
	return pipeline.EventUnrecognised
}

func firstOf(ts ...text) string {
	for _, t := range ts {
		if t != "" {
			return string(t)
		}
	}
	return ""
}

func joinTexts(ts []text) text {
	var out []string
	for _, t := range ts {
		if t != "" {
			out = append(out, string(t))
		}
	}
	slices.Sort(out)
	return text(strings.Join(slices.Compact(out), ", "))
}

// maxMegabytes keeps a count of MB within int64 bytes.
const maxMegabytes = 1 << 42

func megabytes(i integer) int64 {
	if n := i.positive(); n <= maxMegabytes {
		return n * mebibyte
	}
	return 0
}

func putBytes(m map[string]string, key string, i integer, unit int64) {
	if i.Known && i.N >= 0 && i.N <= maxMegabytes {
		m[key] = strconv.FormatInt(i.N*unit, 10)
	}
}

func putText(m map[string]string, key string, v text) {
	if v != "" {
		m[key] = string(v)
	}
}

func putFlag(m map[string]string, key string, v flag) {
	if v {
		m[key] = "true"
	}
}
