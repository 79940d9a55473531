package selectel

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/infrazen/infrazen/pipeline"
)

// listing is one list that every region of every project may have.
type listing struct {
	name  string // begins the scope's name
	label pipeline.Text
	kinds []string // how catalogs call the service
	// version is put behind an address that ends in none; empty where addresses always have theirs.
	version, path string
	keys          []string // of the array in the answer; "" for an answer that is an array
	micro         string   // microversion
	service       string   // how gophercloud calls the service, for the header of the microversion
	offset        bool     // paged by offset instead of a link
	unpaged       bool
	global        bool // one list for all regions, wherever the catalog puts it
	probe         bool // asked for in every region, used or not
	// finds are the types of what it lists: a billed object of one of them that it does not list is a zombie.
	finds []pipeline.ResourceType
	read  func(ctx context.Context, inv *inventory, at site, rows []json.RawMessage) (resources []pipeline.Resource, bad int64)
}

// listings are what the inventory reads, in order: servers before what belongs to them.
func listings() []listing {
	volume := []string{"volumev3", "block-storage", "volume"}
	return []listing{
		{
			name: "servers", label: pipeline.Text{RU: "Серверы", EN: "Servers"}, kinds: []string{"compute"}, path: "servers/detail",
			keys: []string{"servers"}, micro: "latest", service: "compute", probe: true, finds: []pipeline.ResourceType{pipeline.Server}, read: readServers,
		},
		{
			name: "volumes", label: pipeline.Text{RU: "Диски", EN: "Volumes"}, kinds: volume, path: "volumes/detail",
			keys: []string{"volumes"}, probe: true, finds: []pipeline.ResourceType{pipeline.Volume}, read: readVolumes,
		},
		{
			name: "snapshots", label: pipeline.Text{RU: "Снимки дисков", EN: "Snapshots"}, kinds: volume, path: "snapshots/detail",
			keys: []string{"snapshots"}, finds: []pipeline.ResourceType{pipeline.Snapshot}, read: readSnapshots,
		},
		{
			name: "backups", label: pipeline.Text{RU: "Резервные копии", EN: "Backups"}, kinds: volume, path: "backups/detail",
			keys: []string{"backups"}, finds: []pipeline.ResourceType{pipeline.Backup}, read: readBackups,
		},
		{
			name: "floatingips", label: pipeline.Text{RU: "Публичные адреса", EN: "Public addresses"}, kinds: []string{"network"}, version: "v2.0",
			path: "floatingips", keys: []string{"floatingips"}, finds: []pipeline.ResourceType{pipeline.FloatingIP}, read: readFloatingIPs,
		},
		{
			name: "routers", label: pipeline.Text{RU: "Роутеры", EN: "Routers"}, kinds: []string{"network"}, version: "v2.0", path: "routers",
			keys: []string{"routers"}, probe: true, read: readRouters,
		},
		{
			name: "loadbalancers", label: pipeline.Text{RU: "Балансировщики", EN: "Load balancers"}, kinds: []string{"load-balancer", "octavia"},
			version: "v2.0", path: "lbaas/loadbalancers", keys: []string{"loadbalancers"}, finds: []pipeline.ResourceType{pipeline.LoadBalancer}, read: readBalancers,
		},
		{
			name: "shares", label: pipeline.Text{RU: "Файловые хранилища", EN: "File shares"}, kinds: []string{"sharev2", "shared-file-system", "share"},
			path: "shares/detail", keys: []string{"shares"}, micro: "2.45", service: "sharev2", offset: true,
			finds: []pipeline.ResourceType{pipeline.Share}, read: readShares,
		},
		{
			name: "databases", label: pipeline.Text{RU: "Облачные базы данных", EN: "Managed databases"}, kinds: []string{"dbaas", "managed-databases"},
			version: "v1", path: "datastores", keys: []string{"datastores"}, unpaged: true, finds: []pipeline.ResourceType{pipeline.Database}, read: readDatastores,
		},
		{
			name: "clusters", label: pipeline.Text{RU: "Кластеры Kubernetes", EN: "Kubernetes clusters"}, kinds: []string{"mks", "managed-kubernetes"},
			version: "v1", path: "clusters", keys: []string{"clusters"}, unpaged: true, finds: []pipeline.ResourceType{pipeline.Cluster}, read: readClusters,
		},
		{
			name: "registries", label: pipeline.Text{RU: "Реестры контейнеров", EN: "Container registries"}, kinds: []string{"craas", "container-registry"},
			version: "v1", path: "registries", keys: []string{"registries", ""}, unpaged: true, global: true,
			finds: []pipeline.ResourceType{pipeline.Registry}, read: readRegistries,
		},
	}
}

// site is where a list is: a region of a project, with the means to ask there.
type site struct {
	scope, region string
	project       project
	cloud         *projectCloud
	client        *gophercloud.ServiceClient
}

// pageSize is asked for; services may give fewer. maxPages bounds a list.
const (
	pageSize = 1000
	maxPages = 1000
)

// endpoints are a project's addresses of a listing, one a region, those of the better name first.
func (l *listing) endpoints(c *projectCloud) []endpoint {
	var out []endpoint
	for _, kind := range l.kinds {
		for _, e := range c.catalog {
			if e.kind == kind && !slices.ContainsFunc(out, func(o endpoint) bool { return o.region == e.region }) {
				out = append(out, e)
			}
		}
	}
	slices.SortFunc(out, func(a, b endpoint) int { return strings.Compare(a.region, b.region) })
	return out
}

// serviceClient makes a client of one address of the catalog.
func serviceClient(c *projectCloud, address, version, service, micro string) *gophercloud.ServiceClient {
	address = strings.TrimRight(address, "/") + "/"
	if version != "" && !endsInVersion(address) {
		address += version + "/"
	}
	return &gophercloud.ServiceClient{ProviderClient: c.client, Endpoint: address, Type: service, Microversion: micro}
}

// endsInVersion tells whether the last step of an address is a version: ".../v2.0/".
func endsInVersion(address string) bool {
	address = strings.TrimSuffix(address, "/")
	last := address[strings.LastIndexByte(address, '/')+1:]
	return len(last) > 1 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9'
}

// list reads all pages of a list. It returns what it got also with an error.
func (s *session) list(ctx context.Context, at site, l *listing) ([]json.RawMessage, error) {
	var out []json.RawMessage
	address := at.client.ServiceURL(l.path)
	if !l.unpaged {
		address += "?limit=" + strconv.Itoa(pageSize)
	}
	for range maxPages {
		rows, next, err := s.page(ctx, at, l, address)
		if err != nil {
			return out, err
		}
		out = append(out, rows...)
		switch {
		case l.unpaged || !l.offset && next == "" || len(rows) == 0:
			return out, nil
		case l.offset:
			address = at.client.ServiceURL(l.path) + "?limit=" + strconv.Itoa(pageSize) + "&offset=" + strconv.Itoa(len(out))
		default:
			if address, err = follow(address, next); err != nil {
				return out, s.edge.Malformed(at.scope, err.Error())
			}
		}
	}
	return out, s.edge.Malformed(at.scope, "a list without an end")
}

// page reads one page and the address of the next one.
func (s *session) page(ctx context.Context, at site, l *listing, address string) (rows []json.RawMessage, next string, err error) {
	var raw json.RawMessage
	if _, err := at.client.Get(scoped(ctx, at.scope), address, &raw, nil); err != nil { //nolint:bodyclose // gophercloud reads and closes the body of an answer that it decodes
		if at.cloud.fault != nil {
			err = at.cloud.fault
		}
		return nil, "", s.openstackFault(ctx, at.scope, err)
	}
	fields := map[string]json.RawMessage{}
	if len(raw) > 0 && raw[0] == '[' {
		fields[""] = raw
	} else if json.Unmarshal(raw, &fields) != nil {
		return nil, "", s.edge.Malformed(at.scope, "an answer that is no object")
	}
	for _, key := range l.keys {
		if list, ok := fields[key]; ok && len(list) > 0 && list[0] == '[' {
			if json.Unmarshal(list, &rows) != nil {
				break
			}
			return rows, nextLink(fields[key+"_links"]), nil
		}
	}
	return nil, "", s.edge.Malformed(at.scope, "no list in the answer")
}

func nextLink(raw json.RawMessage) string {
	var links []struct {
		Rel  text `json:"rel"`
		Href text `json:"href"`
	}
	if json.Unmarshal(raw, &links) != nil {
		return ""
	}
	for _, l := range links {
		if l.Rel == "next" {
			return string(l.Href)
		}
	}
	return ""
}

// follow is the next page's address. A link's host and path do not count, only its query: services behind a proxy write their
// inner address, and a token must not travel to another host.
func follow(address, next string) (string, error) {
	here, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	there, err := url.Parse(next)
	if err != nil || there.RawQuery == "" || there.RawQuery == here.RawQuery {
		return "", errBadLink
	}
	here.RawQuery = there.RawQuery
	return here.String(), nil
}

// readEach decodes rows one by one, so that one bad row does not cost the others.
func readEach[T any](rows []json.RawMessage, resource func(T) (pipeline.Resource, bool)) (out []pipeline.Resource, bad int64) {
	for _, raw := range rows {
		var v T
		if len(raw) == 0 || raw[0] != '{' || json.Unmarshal(raw, &v) != nil {
			bad++
			continue
		}
		if r, ok := resource(v); ok {
			out = append(out, r)
		} else {
			bad++
		}
	}
	return out, bad
}
