package yandexsim

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/providers/world"
)

// list is one list of a folder.
type list struct {
	key    string
	kind   world.Kind
	engine string // of databases
	entry  func(t *tenant, v world.Thing) object
}

func lists() map[string]list {
	out := map[string]list{
		"/compute/v1/instances":                  {key: "instances", kind: world.Server, entry: instanceEntry},
		"/compute/v1/disks":                      {key: "disks", kind: world.Volume, entry: diskEntry},
		"/compute/v1/snapshots":                  {key: "snapshots", kind: world.Snapshot, entry: snapshotEntry},
		"/compute/v1/images":                     {key: "images", kind: world.Image, entry: imageEntry},
		"/vpc/v1/addresses":                      {key: "addresses", kind: world.FloatingIP, entry: addressEntry},
		"/managed-kubernetes/v1/clusters":        {key: "clusters", kind: world.Cluster, entry: clusterEntry},
		"/load-balancer/v1/networkLoadBalancers": {key: "networkLoadBalancers", kind: world.LoadBalancer, entry: balancerEntry},
		"/container-registry/v1/registries":      {key: "registries", kind: world.Registry, entry: baseEntry},
		"/storage/v1/buckets":                    {key: "buckets", kind: world.Bucket, entry: bucketEntry},
	}
	for _, engine := range []string{"postgresql", "mysql", "clickhouse", "mongodb", "redis", "kafka", "opensearch"} {
		out["/managed-"+engine+"/v1/clusters"] = list{key: "clusters", kind: world.Database, engine: engine, entry: databaseEntry}
	}
	return out
}

func (s *Server) serveList(l list) handler {
	return func(w http.ResponseWriter, r *http.Request, t *tenant) {
		folder := r.URL.Query().Get("folderId")
		if !t.hasFolder(folder) {
			refuse(w, http.StatusForbidden, 7, "Permission denied")
			return
		}
		var entries []object
		for _, v := range t.account.Inventory(s.now()) {
			if v.ProjectID != folder || v.Kind != l.kind || l.engine != "" && v.Details["engine"] != l.engine {
				continue
			}
			entries = append(entries, l.entry(t, v))
		}
		s.page(w, r, l.key, entries)
	}
}

func (t *tenant) hasFolder(id string) bool {
	for _, p := range t.account.Projects {
		if p.ID == id {
			return true
		}
	}
	return false
}

// page gives a part of a list, and a token for the rest. An empty list has no key.
func (s *Server) page(w http.ResponseWriter, r *http.Request, key string, entries []object) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("pageSize"))
	if err != nil || size <= 0 || size > s.conf.PageSize {
		size = s.conf.PageSize
	}
	at := 0
	if token := q.Get("pageToken"); token != "" {
		text, err := base64.URLEncoding.DecodeString(token)
		if err == nil {
			at, err = strconv.Atoi(string(text))
		}
		if err != nil || at < 0 || at > len(entries) {
			refuse(w, http.StatusBadRequest, 3, "Invalid page token")
			return
		}
	}
	out := object{}
	end := min(at+size, len(entries))
	if end > at {
		out[key] = entries[at:end]
	}
	if end < len(entries) {
		out["nextPageToken"] = base64.URLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
	}
	write(w, out)
}

// baseEntry is what all lists share. What is empty is left out.
func baseEntry(_ *tenant, v world.Thing) object {
	o := object{"id": v.ID, "folderId": v.ProjectID, "createdAt": stamp(v.Created), "name": v.Name}
	if len(v.Tags) > 0 {
		o["labels"] = v.Tags
	}
	return o
}

func int64s(n int64) string { return strconv.FormatInt(n, 10) }

const (
	megabyte = 1 << 20
	gigabyte = 1 << 30
)

func statusOf(v world.Thing, running string) string {
	switch v.Status {
	case world.Stopped:
		return "STOPPED"
	case world.Failed:
		return "ERROR"
	}
	return running
}

func instanceEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	fraction := v.CoreFraction
	if fraction == 0 {
		fraction = 100
	}
	o["zoneId"], o["platformId"], o["status"], o["fqdn"] = v.Zone, "standard-v3", statusOf(v, "RUNNING"), v.ID+".auto.internal"
	o["resources"] = object{"memory": int64s(v.MemoryMB * megabyte), "cores": int64s(v.VCPU), "coreFraction": int64s(fraction)}
	o["networkInterfaces"] = []object{{
		"index": "0", "macAddress": "d0:0d:00:00:00:01",
		"primaryV4Address": object{"address": "10.128.0.7", "oneToOneNat": object{"address": "203.0.113.7", "ipVersion": "IPV4"}},
	}}
	if v.Preemptible {
		o["schedulingPolicy"] = object{"preemptible": true}
	} else {
		o["schedulingPolicy"] = object{}
	}
	return o
}

func diskEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["zoneId"], o["typeId"], o["size"], o["status"], o["blockSize"] = v.Zone, "network-ssd", int64s(v.DiskGB*gigabyte), "READY", "4096"
	if v.State.ParentID != "" {
		o["instanceIds"] = []string{v.State.ParentID}
	}
	return o
}

func snapshotEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["storageSize"], o["diskSize"], o["status"] = int64s(v.DiskGB*gigabyte), int64s(v.DiskGB*gigabyte), "READY"
	if v.State.ParentID != "" {
		o["sourceDiskId"] = v.State.ParentID
	}
	return o
}

func imageEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["storageSize"], o["status"], o["family"] = int64s(v.DiskGB*gigabyte), "READY", "own"
	return o
}

func addressEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["externalIpv4Address"] = object{"address": "198.51.100.9", "zoneId": v.Zone, "requirements": object{}}
	o["reserved"], o["type"], o["ipVersion"] = true, "EXTERNAL", "IPV4"
	if v.State.ParentID != "" {
		o["used"] = true
	}
	return o
}

func clusterEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["status"], o["health"], o["master"] = "RUNNING", "HEALTHY", object{"version": "1.31"}
	return o
}

func balancerEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["regionId"], o["status"], o["type"] = v.Region, "ACTIVE", "EXTERNAL"
	return o
}

func bucketEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["id"], o["name"], o["defaultStorageClass"] = "e3e"+v.ID, v.ID, "STANDARD"
	delete(o, "labels")
	var tags []object
	for k, value := range v.Tags {
		tags = append(tags, object{"key": k, "value": value})
	}
	o["tags"] = tags
	return o
}

func databaseEntry(t *tenant, v world.Thing) object {
	o := baseEntry(t, v)
	o["environment"], o["health"], o["status"] = "PRODUCTION", "ALIVE", statusOf(v, "RUNNING")
	o["config"] = object{
		"version":   v.Details["version"],
		"resources": object{"resourcePresetId": v.Details["preset"], "diskSize": int64s(v.DiskGB * gigabyte), "diskTypeId": "network-ssd"},
	}
	return o
}

func (s *Server) clouds(w http.ResponseWriter, r *http.Request, t *tenant) {
	if s.conf.HideClouds {
		refuse(w, http.StatusForbidden, 7, "Permission denied to list clouds")
		return
	}
	s.page(w, r, "clouds", []object{{"id": t.cloudID, "createdAt": stamp(t.account.Start), "name": "cloud", "organizationId": "bpf" + t.cloudID[3:]}})
}

func (s *Server) folders(w http.ResponseWriter, r *http.Request, t *tenant) {
	if s.conf.HideClouds || r.URL.Query().Get("cloudId") != t.cloudID {
		refuse(w, http.StatusForbidden, 7, "Permission denied to cloud")
		return
	}
	var entries []object
	for _, p := range t.account.Projects {
		entries = append(entries, t.folderEntry(p))
	}
	s.page(w, r, "folders", entries)
}

func (t *tenant) folderEntry(p world.Project) object {
	return object{"id": p.ID, "cloudId": t.cloudID, "createdAt": stamp(t.account.Start), "name": p.Name, "status": "ACTIVE"}
}

func (s *Server) oneFolder(w http.ResponseWriter, r *http.Request, t *tenant) {
	for _, p := range t.account.Projects {
		if p.ID == r.PathValue("id") {
			write(w, t.folderEntry(p))
			return
		}
	}
	refuse(w, http.StatusForbidden, 7, "Permission denied")
}

func (s *Server) accountEntry(t *tenant) object {
	o := object{
		"id": t.account.ID, "name": t.account.Title, "createdAt": stamp(t.account.Start), "countryCode": "RU", "currency": t.account.Currency, "active": true,
	}
	if b := t.account.Balance(s.now()); !b.IsZero() {
		o["balance"] = b.String()
	}
	return o
}

func (s *Server) billingAccounts(w http.ResponseWriter, r *http.Request, t *tenant) {
	if s.conf.HideClouds { // no right and no data look the same
		write(w, object{})
		return
	}
	s.page(w, r, "billingAccounts", []object{s.accountEntry(t)})
}

func (s *Server) oneBillingAccount(w http.ResponseWriter, r *http.Request, t *tenant) {
	if r.PathValue("id") != t.account.ID {
		refuse(w, http.StatusNotFound, 5, "Billing account not found")
		return
	}
	write(w, s.accountEntry(t))
}

// skus is the price list: decimals in strings, the prices that stand in it only.
func (s *Server) skus(w http.ResponseWriter, r *http.Request, t *tenant) {
	if r.URL.Query().Get("currency") == "" {
		refuse(w, http.StatusBadRequest, 3, "currency: is required")
		return
	}
	var entries []object
	for _, p := range t.account.Prices {
		if p.Unlisted {
			continue
		}
		service, _, _ := strings.Cut(p.SKU, ".")
		entries = append(entries, object{
			"id": skuID(p.SKU), "name": p.Name, "serviceId": services()[service].id, "pricingUnit": p.Unit,
			"pricingVersions": []object{{
				"type": "STREET_PRICE", "effectiveTime": stamp(p.From),
				"pricingExpressions": []object{{"rates": []object{{"startPricingQuantity": "0", "unitPrice": p.Amount.String(), "currency": t.account.Currency}}}},
			}},
		})
	}
	s.page(w, r, "skus", entries)
}
