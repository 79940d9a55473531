package selectelsim

import (
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// Row is what one metric of one object costs in one hour as Selectel bills it.
type Row struct {
	world.BillLine
	// Kopecks is the cost rounded half away from zero to whole kopecks.
	Kopecks int64
}

// Service is the provider key that bills a kind of resource.
func Service(k world.Kind) string {
	switch k {
	case world.Database:
		return "dbaas"
	case world.Cluster:
		return "mks"
	case world.Registry:
		return "craas"
	case world.Bucket:
		return "storage"
	case world.CDN:
		return "cdn"
	default:
		return "vpc"
	}
}

// ObjectType is Selectel's word for what a line is about.
func ObjectType(l *world.BillLine) string {
	switch l.Kind {
	case world.Server:
		return "cloud_vm"
	case world.Database:
		return "dbaas_datastore"
	case world.Cluster:
		return "mks_cluster"
	case world.Registry:
		return "craas_registry"
	case world.Bucket:
		return "s3_container"
	case world.CDN:
		return "cdn_resource"
	case world.LoadBalancer:
		return "load_balancers_single"
	case world.Novelty:
		return "quantum_annealer"
	default:
		return l.SKU
	}
}

// Rows are the rows of the hours in [from, to) as given out at an instant; the truth in the end when it is zero. Rows that
// round to nothing are there as well.
func (s *Server) Rows(a *world.Account, from, to, at time.Time) []Row {
	lines := a.Bill(from, to, at)
	out := make([]Row, 0, len(lines))
	for i := range lines {
		if !at.IsZero() && lines[i].Hour.Add(time.Hour+s.late(lines[i].ResourceID)).After(at) {
			continue
		}
		out = append(out, Row{BillLine: lines[i], Kopecks: lines[i].Cost.Shift(2).Round(0).IntPart()})
	}
	return out
}

// late is how much later than the others an object appears in an hour.
func (s *Server) late(id string) time.Duration {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	if h.Sum32()%3 != 0 {
		return 0
	}
	return s.conf.LateBy
}

// Owner is the resource under which a row belongs, given the servers that are billed in the same answer: that of a disk or an
// address is its server.
func Owner(r *Row, servers map[string]bool) string {
	switch {
	case r.Kind == world.Bucket && r.Name == "":
		return ""
	case r.Kind == world.Bucket:
		return "s3:" + r.Region + ":" + visible(r.Name)
	case (r.Kind == world.Volume || r.Kind == world.FloatingIP) && servers[r.ParentID]:
		return r.ParentID
	}
	return r.ResourceID
}

func visible(container string) string {
	container = strings.TrimSuffix(container, "_segments")
	return strings.TrimSuffix(container, "_s3multipartuploads")
}

// Servers are the servers with rows.
func Servers(rows []Row) map[string]bool {
	out := map[string]bool{}
	for i := range rows {
		if rows[i].Kind == world.Server {
			out[rows[i].ResourceID] = true
		}
	}
	return out
}

// Costs are what must be collected of a span that is asked for in one piece: roubles by hour and owner, without those that
// are nothing.
func (s *Server) Costs(a *world.Account, from, to, at time.Time) map[time.Time]map[string]decimal.Decimal {
	rows := s.Rows(a, from, to, at)
	servers := Servers(rows)
	out := map[time.Time]map[string]decimal.Decimal{}
	for i := range rows {
		r := &rows[i]
		if r.Kopecks == 0 {
			continue
		}
		h := out[r.Hour]
		if h == nil {
			h = map[string]decimal.Decimal{}
			out[r.Hour] = h
		}
		id := Owner(r, servers)
		h[id] = h[id].Add(decimal.New(r.Kopecks, -2))
	}
	return out
}

// details finds what the stand-in knows of resources beside their lines.
func details(a *world.Account) map[string]*world.Resource {
	out := map[string]*world.Resource{}
	for _, r := range a.All() {
		out[r.ID] = r
	}
	return out
}

// known tells whether the statistics take a provider key.
func (s *Server) known(key string) bool {
	all := []string{
		"vpc", "serverless", "mks", "dbaas", "storage", "cdn", "vmware", "craas", "ones", "mobfarm", "ses", "private_storage", "inference", "netdisk",
	}
	return slices.Contains(all, key) && !slices.Contains(s.conf.UnknownServices, key)
}
