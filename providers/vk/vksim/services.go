package vksim

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// things lists what exists of some kinds. What belonged to a thing that is gone belongs to nothing.
func (s *Server) things(a *world.Account, kinds ...world.Kind) []world.Thing {
	all := a.Inventory(s.conf.Now())
	living := make(map[string]bool, len(all))
	for i := range all {
		living[all[i].ID] = true
	}
	var out []world.Thing
	for _, t := range all {
		if !living[t.ParentID] {
			t.ParentID = ""
		}
		if slices.Contains(kinds, t.Kind) {
			out = append(out, t)
		}
	}
	return out
}

// page cuts a page by limit and marker and writes it with a link to the next one, as the OpenStack services do.
func (s *Server) page(w http.ResponseWriter, r *http.Request, key string, all []object) {
	q := r.URL.Query()
	idKey := "id"
	if key == "clusters" {
		idKey = "uuid"
	}
	from := 0
	if marker := q.Get("marker"); marker != "" {
		for i, o := range all {
			if o[idKey] == marker {
				from = i + 1
			}
		}
	}
	limit := s.conf.PageSize
	if n, err := strconv.Atoi(q.Get("limit")); err == nil && n > 0 && n < limit {
		limit = n
	}
	to := min(from+limit, len(all))
	out := object{key: append([]object{}, all[from:to]...)}
	if to < len(all) {
		q.Set("marker", all[to-1][idKey].(string))
		next := "http://" + r.Host + s.conf.Prefix + r.URL.Path + "?" + q.Encode()
		switch links := []object{{"rel": "next", "href": next}}; key {
		case "clusters":
			out["next"] = next
		case "instances":
			out["links"] = links
		default:
			out[key+"_links"] = links
		}
	}
	write(w, http.StatusOK, out)
}

// flavorID is the name of a size.
func flavorID(spec world.Spec) string { return fmt.Sprintf("STD-%d-%d", spec.VCPU, spec.MemoryMB) }

func (s *Server) servers(w http.ResponseWriter, r *http.Request, a *world.Account) {
	disks, addresses := s.attached(a, world.Volume), s.attached(a, world.FloatingIP)
	var out []object
	for _, t := range s.things(a, world.Server) {
		metadata := object{"admin_password": Secret}
		for k, v := range t.Tags {
			metadata[k] = v
		}
		var volumes, ports []object
		for _, d := range disks[t.ID] {
			volumes = append(volumes, object{"id": d.ID})
		}
		ports = append(ports, object{"addr": privateIP(t.ID), "version": 4, "OS-EXT-IPS:type": "fixed"})
		for _, ip := range addresses[t.ID] {
			ports = append(ports, object{"addr": publicIP(ip.ID), "version": 4, "OS-EXT-IPS:type": "floating"})
		}
		flavor := object{"id": flavorID(t.Spec), "links": []object{}}
		if s.conf.EmbeddedFlavors {
			flavor = object{"original_name": flavorID(t.Spec), "vcpus": t.VCPU, "ram": t.MemoryMB, "disk": 0, "ephemeral": 0, "swap": 0, "extra_specs": object{}}
		}
		out = append(out, object{
			"id": t.ID, "name": t.Name, "status": novaStatus(t.Status), "tenant_id": ProjectID(a), "user_id": "u-" + a.ID,
			"created": nova(t.Created), "updated": nova(t.From), "metadata": metadata, "flavor": flavor, "image": "",
			"addresses": object{"ext-net": ports}, "os-extended-volumes:volumes_attached": volumes,
			"OS-EXT-AZ:availability_zone": t.Zone, "OS-EXT-SRV-ATTR:user_data": Secret, "adminPass": Secret,
		})
	}
	s.page(w, r, "servers", out)
}

func novaStatus(s world.Status) string {
	return map[world.Status]string{world.Running: "ACTIVE", world.Stopped: "SHUTOFF", world.Failed: "ERROR"}[s]
}

// attached gives the things of a kind by the server that they belong to.
func (s *Server) attached(a *world.Account, kind world.Kind) map[string][]world.Thing {
	out := map[string][]world.Thing{}
	for _, t := range s.things(a, kind) {
		if t.ParentID != "" {
			out[t.ParentID] = append(out[t.ParentID], t)
		}
	}
	return out
}

func (s *Server) flavors(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	seen := map[string]bool{}
	for _, t := range s.things(a, world.Server, world.Database) {
		if id := flavorID(t.Spec); !seen[id] {
			seen[id] = true
			out = append(out, object{"id": id, "name": id, "vcpus": t.VCPU, "ram": t.MemoryMB, "disk": 0, "swap": "", "rxtx_factor": 1.0})
		}
	}
	s.page(w, r, "flavors", out)
}

func (s *Server) volumes(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	for _, t := range s.things(a, world.Volume) {
		status, attachments := "available", []object{}
		if t.ParentID != "" {
			status, attachments = "in-use", append(attachments, object{"server_id": t.ParentID, "volume_id": t.ID, "id": t.ID, "device": "/dev/vda"})
		}
		out = append(out, object{
			"id": t.ID, "name": t.Name, "status": status, "size": t.DiskGB, "volume_type": volumeType(&t), "attachments": attachments,
			"availability_zone": t.Zone, "created_at": cinder(t.Created), "metadata": t.Tags, "bootable": "true", "encrypted": false, "multiattach": false,
		})
	}
	s.page(w, r, "volumes", out)
}

// volumeType is the volume's type; ceph-ssd unless the world says something else.
func volumeType(t *world.Thing) string {
	if v := t.Details["volume_type"]; v != "" {
		return v
	}
	return "ceph-ssd"
}

func (s *Server) snapshots(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	for _, t := range s.things(a, world.Snapshot) {
		out = append(out, object{
			"id": t.ID, "name": t.Name, "status": "available", "size": t.DiskGB, "volume_id": t.ParentID, "created_at": cinder(t.Created), "metadata": t.Tags,
		})
	}
	s.page(w, r, "snapshots", out)
}

func (s *Server) backups(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	for _, t := range s.things(a, world.Backup) {
		out = append(out, object{
			"id": t.ID, "name": t.Name, "status": "available", "size": t.DiskGB, "volume_id": t.ParentID, "created_at": cinder(t.Created), "is_incremental": false,
		})
	}
	s.page(w, r, "backups", out)
}

// floatingIPs shows those of one software-defined network only: that of the X-SDN header, neutron without one. Addresses with an
// even last octet are of sprut.
func (s *Server) floatingIPs(w http.ResponseWriter, r *http.Request, a *world.Account) {
	sprut := strings.EqualFold(r.Header.Get("X-SDN"), "sprut")
	var out []object
	for _, t := range s.things(a, world.FloatingIP) {
		if (hash(t.ID)%2 == 0) != sprut {
			continue
		}
		o := object{
			"id": t.ID, "floating_ip_address": publicIP(t.ID), "status": "DOWN", "port_id": nil, "fixed_ip_address": nil, "description": t.Name,
			"tenant_id": ProjectID(a), "project_id": ProjectID(a), "created_at": nova(t.Created), "updated_at": nova(t.From), "tags": neutronTags(t.Tags),
		}
		if t.ParentID != "" {
			o["status"], o["port_id"], o["fixed_ip_address"] = "ACTIVE", "port-"+t.ParentID, privateIP(t.ParentID)
		}
		out = append(out, o)
	}
	s.page(w, r, "floatingips", out)
}

func neutronTags(tags map[string]string) []string {
	out := []string{}
	for _, k := range []string{"env", "team"} {
		if v := tags[k]; v != "" {
			out = append(out, k+"="+v)
		}
	}
	return out
}

func (s *Server) loadBalancers(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	for _, t := range s.things(a, world.LoadBalancer) {
		out = append(out, object{
			"id": t.ID, "name": t.Name, "provisioning_status": "ACTIVE", "operating_status": "ONLINE", "vip_address": privateIP(t.ID),
			"created_at": neutron(t.Created), "project_id": ProjectID(a), "admin_state_up": true, "tags": neutronTags(t.Tags), "availability_zone": t.Zone,
		})
	}
	s.page(w, r, "loadbalancers", out)
}

func (s *Server) shares(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	for _, t := range s.things(a, world.Share) {
		out = append(out, object{
			"id": t.ID, "name": t.Name, "status": "available", "size": t.DiskGB, "share_proto": "NFS", "share_type_name": "default_share_type",
			"availability_zone": t.Zone, "created_at": cinder(t.Created), "metadata": t.Tags, "project_id": ProjectID(a), "export_location": Secret,
		})
	}
	s.page(w, r, "shares", out)
}

func (s *Server) clusters(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	for _, t := range s.things(a, world.Cluster) {
		out = append(out, object{
			"uuid": t.ID, "name": t.Name, "status": "RUNNING", "master_count": 1, "node_count": 2, "created_at": t.Created.UTC().Format(time.RFC3339),
			"master_flavor_id": flavorID(t.Spec), "flavor_id": flavorID(t.Spec), "labels": t.Tags, "project_id": ProjectID(a), "discovery_url": Secret,
		})
	}
	s.page(w, r, "clusters", out)
}

func (s *Server) instances(w http.ResponseWriter, r *http.Request, a *world.Account) {
	var out []object
	for _, t := range s.things(a, world.Database) {
		out = append(out, object{
			"id": t.ID, "name": t.Name, "status": "ACTIVE", "created": cinder(t.Created), "updated": cinder(t.From), "volume": object{"size": t.DiskGB},
			"flavor": object{"id": flavorID(t.Spec), "links": []object{}}, "datastore": object{"type": "postgresql", "version": "16"},
		})
	}
	s.page(w, r, "instances", out)
}

func hash(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	return h.Sum32()
}

func publicIP(id string) string  { return fmt.Sprintf("203.0.113.%d", hash(id)%254+1) }
func privateIP(id string) string { return fmt.Sprintf("10.0.%d.%d", hash(id)>>8%250, hash(id)%250+1) }

// How the services write an instant: with a Z, without a zone and with parts of a second, without either.
func nova(t time.Time) string    { return t.UTC().Format("2006-01-02T15:04:05Z") }
func cinder(t time.Time) string  { return t.UTC().Format("2006-01-02T15:04:05.000000") }
func neutron(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }
