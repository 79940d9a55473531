package beget

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// regionAnswer is GET /v1/vps/region.
type regionAnswer struct {
	Regions rows `json:"regions"`
}

type region struct {
	ID     text `json:"id"`
	Name   text `json:"name"`
	NameEN text `json:"name_en"`
}

func (s *session) listRegions(ctx context.Context, lang pipeline.Lang) (map[string]string, error) {
	var a regionAnswer
	if err := s.get(ctx, scopeRegion, "/v1/vps/region", nil, &a); err != nil {
		return nil, err
	}
	if absentIsNull(a.Regions).Null {
		return nil, s.edge.Malformed(scopeRegion, "the list is missing")
	}
	read, _ := readRows[region](a.Regions)
	out := map[string]string{}
	for _, r := range read {
		out[string(r.ID)] = firstOf(r.Name, r.NameEN)
		if lang == pipeline.English {
			out[string(r.ID)] = firstOf(r.NameEN, r.Name)
		}
	}
	return out, nil
}

// projectsAnswer is GET /v1/cloud/projects/list; the page is nested.
type projectsAnswer struct {
	Page part[struct {
		Projects rows    `json:"projects"`
		Total    integer `json:"total_count"`
	}] `json:"page"`
}

type project struct {
	ID   text `json:"id"`
	Name text `json:"name"`
}

func (s *session) listProjects(ctx context.Context) (map[string]string, error) {
	fetch := func(ctx context.Context, offset int) (page, error) {
		var a projectsAnswer
		err := s.get(ctx, scopeProjects, "/v1/cloud/projects/list", pageQuery(offset), &a)
		return page{absentIsNull(a.Page.V.Projects), a.Page.V.Total}, err
	}
	list, err := readList(ctx, func(p project) string { return string(p.ID) }, fetch, s.malformed(scopeProjects))
	out := map[string]string{}
	for _, p := range list {
		out[string(p.ID)] = firstOf(p.Name, p.ID)
	}
	return out, err
}

// snapshotAnswer is GET /v1/vps/snapshot; it has no pages.
type snapshotAnswer struct {
	Snapshot rows `json:"snapshot"`
}

type snapshot struct {
	ID          text    `json:"id"`
	VPSID       text    `json:"vps_id"`
	VPSName     text    `json:"vps_name"`
	VPSExists   flag    `json:"vps_exists"`
	DateCreate  text    `json:"date_create"`
	Size        integer `json:"size"` // MB, as a string; unit not documented
	Status      text    `json:"status"`
	Description text    `json:"description"`
	PriceDay    money   `json:"price_day"` // roubles
	Region      text    `json:"region"`
}

func (s *session) listSnapshots(ctx context.Context) ([]snapshot, error) {
	var a snapshotAnswer
	if err := s.get(ctx, scopeSnapshot, "/v1/vps/snapshot", nil, &a); err != nil {
		return nil, err
	}
	return readUnpaged(a.Snapshot, func(v snapshot) text { return v.ID }, s.malformed(scopeSnapshot))
}

// readUnpaged reads a list that comes whole; rows without an identifier and doubles are unreadable.
func readUnpaged[T any](r rows, key func(T) text, malformed func(string) error) ([]T, error) {
	if absentIsNull(r).Null {
		return nil, malformed("the list is missing")
	}
	read, bad := readRows[T](r)
	seen := map[text]bool{}
	out := make([]T, 0, len(read))
	for _, v := range read {
		k := key(v)
		if k == "" {
			bad++
		} else if !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out, listFault(int64(len(out)), bad, -1, malformed)
}

// snapshotResource maps a snapshot of a server. It is billed by the day until it is deleted.
func snapshotResource(v snapshot, n names) pipeline.Resource {
	r := pipeline.Resource{
		ID: string(v.ID), Type: pipeline.Snapshot, Name: firstOf(v.Description, v.VPSName, v.ID),
		Status: strings.ToUpper(string(v.Status)), Scope: scopeSnapshot,
		RegionID: string(v.Region), RegionName: n.regions[string(v.Region)],
		DiskBytes: megabytes(v.Size), Attributes: map[string]string{}, CreatedAt: v.DateCreate.instant(),
	}
	putText(r.Attributes, "vps_name", v.VPSName)
	putText(r.Attributes, "vps_id", v.VPSID)
	if v.VPSExists {
		r.ParentID = string(v.VPSID)
	}
	if r.Status != "DELETED" {
		r.Rates = []pipeline.Rate{dayRate("", "VPS snapshot", "", v.PriceDay)}
	}
	return r
}

// networkAnswer is GET /v1/vps/network: addresses of servers, additional addresses that may stand unused, private networks.
type networkAnswer struct {
	AdditionalIP   rows `json:"additional_ip"`
	PrivateNetwork rows `json:"private_network"`
}

type additionalIP struct {
	IP     text `json:"ip"`
	VPSID  text `json:"vps_id"`
	Region text `json:"region"`
}

type privateNetwork struct {
	ID     text    `json:"id"`
	Subnet text    `json:"subnet"`
	Mask   integer `json:"mask"`
	Region text    `json:"region"`
}

func (s *session) listNetworks(ctx context.Context, n names) ([]pipeline.Resource, error) {
	var a networkAnswer
	if err := s.get(ctx, scopeNetwork, "/v1/vps/network", nil, &a); err != nil {
		return nil, err
	}
	ips, err := readUnpaged(a.AdditionalIP, func(v additionalIP) text { return v.IP }, s.malformed(scopeNetwork))
	nets, err2 := readUnpaged(a.PrivateNetwork, func(v privateNetwork) text { return v.ID }, s.malformed(scopeNetwork))
	if err == nil {
		err = err2
	}
	out := make([]pipeline.Resource, 0, len(ips)+len(nets))
	for _, ip := range ips {
		out = append(out, addressResource(ip, n))
	}
	for _, net := range nets {
		out = append(out, networkResource(net, n))
	}
	return out, err
}

// addressResource maps an additional address. Beget bills it and does not tell its price: unknown.
func addressResource(v additionalIP, n names) pipeline.Resource {
	status := "ATTACHED"
	if v.VPSID == "" {
		status = "FREE"
	}
	return pipeline.Resource{
		ID: "ip:" + string(v.IP), Type: pipeline.FloatingIP, Name: string(v.IP), Status: status, Scope: scopeNetwork,
		ParentID: string(v.VPSID), RegionID: string(v.Region), RegionName: n.regions[string(v.Region)],
		Attributes: map[string]string{"ip_address": string(v.IP)},
		Rates:      []pipeline.Rate{dayRate("", "Additional IP", "", money{})},
	}
}

func networkResource(v privateNetwork, n names) pipeline.Resource {
	r := pipeline.Resource{
		ID: "net:" + string(v.ID), Type: pipeline.Network, Name: firstOf(v.Subnet, v.ID), Scope: scopeNetwork,
		RegionID: string(v.Region), RegionName: n.regions[string(v.Region)], Attributes: map[string]string{},
	}
	putText(r.Attributes, "subnet", v.Subnet)
	if v.Mask.Known {
		r.Attributes["mask"] = strconv.FormatInt(v.Mask.N, 10)
	}
	return r
}

// s3PriceAnswer is GET /v1/cloud/s3/price; units are not documented.
type s3PriceAnswer struct {
	Bucket rows `json:"bucket"`
}

type s3Price struct {
	Name        text  `json:"name"`
	DisplayName text  `json:"display_name"`
	StorageRate money `json:"storage_rate"`
	TrafficRate money `json:"traffic_rate"`
}

// listS3Prices gives the prices by the bucket's name and by its display name.
func (s *session) listS3Prices(ctx context.Context) (map[string]s3Price, int64, error) {
	var a s3PriceAnswer
	if err := s.get(ctx, scopeS3Price, "/v1/cloud/s3/price", nil, &a); err != nil {
		return nil, 0, err
	}
	list, err := readUnpaged(a.Bucket, func(p s3Price) text { return text(firstOf(p.Name, p.DisplayName)) }, s.malformed(scopeS3Price))
	out := map[string]s3Price{}
	for _, p := range list {
		for _, name := range []text{p.DisplayName, p.Name} {
			if name != "" {
				out[string(name)] = p
			}
		}
	}
	return out, int64(len(list)), err
}

// s3Facts are a bucket's prices as Beget words them: facts worth showing, no rate, because their units are unknown.
func s3Facts(c cloudService, prices map[string]s3Price) map[string]string {
	out := map[string]string{}
	for _, name := range []text{c.Slug, c.DisplayName, c.ID} {
		p, ok := prices[string(name)]
		if !ok || name == "" {
			continue
		}
		if p.StorageRate.Known {
			out["price_storage_rate"] = p.StorageRate.Amount.String()
		}
		if p.TrafficRate.Known {
			out["price_traffic_rate"] = p.TrafficRate.Amount.String()
		}
		break
	}
	return out
}

// quoteAnswer is GET /v1/vps/configurator/calculation: what a configuration costs to order today.
type quoteAnswer struct {
	Success part[struct {
		PriceDay money `json:"price_day"`
	}] `json:"success"`
	Error part[struct {
		Code text `json:"code"`
	}] `json:"error"`
}

// shape is what a price quote depends on.
type shape struct {
	region, group     string
	cpu, memory, disk int64 // memory and disk in MB
}

func shapeOf(v vps) shape {
	c := v.Configuration.V
	return shape{firstOf(v.Region, c.Region), string(c.Group), c.CPU.positive(), c.Memory.positive(), c.Disk.positive()}
}

// quote asks for a shape's price of today. Unknown means that it cannot be ordered any more.
func (s *session) quote(ctx context.Context, sh shape) (money, error) {
	q := url.Values{
		"region": {sh.region}, "configuration_group": {sh.group},
		"params.cpu_count": {strconv.FormatInt(sh.cpu, 10)},
		"params.memory":    {strconv.FormatInt(sh.memory, 10)},
		"params.disk_size": {strconv.FormatInt(sh.disk, 10)},
	}
	var a quoteAnswer
	if err := s.get(ctx, scopeQuote, "/v1/vps/configurator/calculation", q, &a); err != nil {
		return money{}, err
	}
	if !a.Success.Known && !a.Error.Known {
		return money{}, s.edge.Malformed(scopeQuote, "neither success nor error in the answer")
	}
	return a.Success.V.PriceDay.price(), nil
}
