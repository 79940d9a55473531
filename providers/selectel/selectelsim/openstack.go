package selectelsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// things are what exists of some kinds at a place. Zombies are in the bill only.
func (p *place) things(kinds ...world.Kind) []world.Thing {
	return slices.DeleteFunc(p.account.Inventory(p.now), func(t world.Thing) bool {
		return t.ProjectID != p.project || p.region != "" && t.Region != p.region || !slices.Contains(kinds, t.Kind) || t.Details[world.SelectelUnlisted] != ""
	})
}

func notFound(w http.ResponseWriter) {
	writeStatus(w, http.StatusNotFound, object{"itemNotFound": object{"code": 404, "message": "not found"}})
}

// page cuts a list by limit and marker and links to the next page by the service's inner address, as services behind a proxy do.
func (s *Server) page(w http.ResponseWriter, r *http.Request, key string, all []object) {
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil || limit < 1 || limit > s.conf.PageSize {
		limit = s.conf.PageSize
	}
	if marker := q.Get("marker"); marker != "" {
		i := slices.IndexFunc(all, func(o object) bool { return o["id"] == marker })
		all = all[i+1:]
	}
	answer := object{}
	if len(all) > limit {
		all = all[:limit]
		q.Set("marker", fmt.Sprint(all[limit-1]["id"]))
		answer[key+"_links"] = []object{{"rel": "next", "href": "http://inner.invalid" + r.URL.Path + "?" + q.Encode()}}
	}
	answer[key] = all
	write(w, answer)
}

// list renders things as a list that is never null.
func list(ts []world.Thing, render func(t *world.Thing) object) []object {
	out := make([]object, 0, len(ts))
	for i := range ts {
		out = append(out, render(&ts[i]))
	}
	return out
}

// stamp is an instant as Cinder and its like write it: naive, in UTC.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000") }

func pairs(tags map[string]string) []string {
	out := []string{}
	for k, v := range tags {
		out = append(out, k+"="+v)
	}
	slices.Sort(out)
	return out
}

func flavorName(t *world.Thing) string { return fmt.Sprintf("SL1.%d-%d", t.VCPU, t.MemoryMB) }

func (s *Server) servers(w http.ResponseWriter, r *http.Request, p *place) {
	latest := strings.HasSuffix(r.Header.Get("OpenStack-API-Version"), "latest") && !s.conf.OldNova
	disks := p.account.Inventory(p.now)
	s.page(w, r, "servers", list(p.things(world.Server), func(t *world.Thing) object {
		volumes := []object{}
		for _, d := range disks {
			if d.Kind == world.Volume && d.ParentID == t.ID {
				volumes = append(volumes, object{"id": d.ID, "delete_on_termination": false})
			}
		}
		flavor := object{"id": flavorName(t), "links": []object{}}
		if latest {
			flavor = object{"vcpus": t.VCPU, "ram": t.MemoryMB, "disk": 0, "ephemeral": 0, "swap": 0, "original_name": flavorName(t), "extra_specs": object{}}
		}
		tags := []string{}
		if t.Preemptible {
			tags = append(tags, "preemptible")
		}
		metadata := object{"x_sel_server_password_hash": Secret, "x_sel_other": "1"}
		for k, v := range t.Tags {
			if k == "team" {
				tags = append(tags, k+"="+v)
			} else {
				metadata[k] = v
			}
		}
		return object{
			"id": t.ID, "name": t.Name, "status": map[world.Status]string{world.Running: "ACTIVE", world.Stopped: "SHUTOFF", world.Failed: "ERROR"}[t.Status],
			"tenant_id": t.ProjectID, "metadata": metadata, "tags": tags, "flavor": flavor, "image": "", "created": t.Created.UTC().Format(time.RFC3339),
			"updated":                     t.From.UTC().Format(time.RFC3339),
			"addresses":                   object{"nat": []object{{"version": 4, "addr": "10.0.0.2", "OS-EXT-IPS:type": "fixed"}}},
			"OS-EXT-AZ:availability_zone": t.Zone, "OS-SRV-USG:launched_at": stamp(t.Created), "config_drive": "True", "locked": false,
			"os-extended-volumes:volumes_attached": volumes, "OS-EXT-SRV-ATTR:user_data": Secret, "description": nil,
		}
	}))
}

func (s *Server) flavor(w http.ResponseWriter, r *http.Request, _ *place) {
	var cpu, ram int64
	if _, err := fmt.Sscanf(r.PathValue("id"), "SL1.%d-%d", &cpu, &ram); err != nil {
		notFound(w)
		return
	}
	write(w, object{"flavor": object{"id": r.PathValue("id"), "name": r.PathValue("id"), "vcpus": cpu, "ram": ram, "disk": 0}})
}

func (s *Server) cinder(w http.ResponseWriter, r *http.Request, p *place) {
	kind, ok := map[string]world.Kind{"volumes": world.Volume, "snapshots": world.Snapshot, "backups": world.Backup}[r.PathValue("what")]
	if !ok {
		notFound(w)
		return
	}
	servers := map[string]bool{}
	for _, t := range p.things(world.Server) {
		servers[t.ID] = true
	}
	s.page(w, r, r.PathValue("what"), list(p.things(kind), func(t *world.Thing) object {
		metadata := object{"x_sel_key": Secret}
		for k, v := range t.Tags {
			metadata[k] = v
		}
		o := object{
			"id": t.ID, "name": t.Name, "status": "available", "size": t.DiskGB, "availability_zone": t.Zone, "created_at": stamp(t.Created),
			"updated_at": stamp(t.From), "metadata": metadata, "os-vol-tenant-attr:tenant_id": t.ProjectID,
		}
		if kind != world.Volume {
			o["volume_id"] = t.ParentID
			return o
		}
		attachments := []object{}
		if servers[t.ParentID] {
			o["status"] = "in-use"
			attachments = append(attachments, object{"id": t.ID, "server_id": t.ParentID, "device": "/dev/sda", "volume_id": t.ID})
		} else if t.Details[world.SelectelReserved] != "" {
			o["status"] = "reserved"
		}
		o["attachments"], o["bootable"], o["volume_type"] = attachments, "true", "universal."+t.Zone
		return o
	}))
}

func (s *Server) neutron(w http.ResponseWriter, r *http.Request, p *place) {
	switch r.PathValue("what") {
	case "floatingips":
		s.page(w, r, "floatingips", list(p.things(world.FloatingIP), func(t *world.Thing) object {
			o := object{"id": t.ID, "floating_ip_address": t.Name, "status": "ACTIVE", "port_id": nil, "created_at": t.Created.UTC().Format(time.RFC3339), "tags": pairs(t.Tags)}
			if t.ParentID != "" {
				o["port_id"] = "port-" + t.ParentID
			}
			return o
		}))
	case "ports":
		s.page(w, r, "ports", list(p.things(world.Server), func(t *world.Thing) object {
			return object{"id": "port-" + t.ID, "device_id": t.ID, "device_owner": "compute:" + t.Zone, "status": "ACTIVE", "fixed_ips": []object{}}
		}))
	case "routers":
		s.page(w, r, "routers", list(p.things(world.Router), func(t *world.Thing) object {
			return object{"id": t.ID, "name": t.Name, "status": "ACTIVE", "external_gateway_info": object{"network_id": "ext"}, "tags": pairs(t.Tags)}
		}))
	default:
		writeStatus(w, http.StatusNotFound, object{"NeutronError": object{"type": "HTTPNotFound", "message": "not found", "detail": ""}})
	}
}

func (s *Server) balancers(w http.ResponseWriter, r *http.Request, p *place) {
	s.page(w, r, "loadbalancers", list(p.things(world.LoadBalancer), func(t *world.Thing) object {
		return object{
			"id": t.ID, "name": t.Name, "operating_status": "ONLINE", "provisioning_status": "ACTIVE", "vip_address": "10.0.0.9",
			"created_at": stamp(t.Created), "tags": pairs(t.Tags),
		}
	}))
}

// shares are paged by offset, without links.
func (s *Server) shares(w http.ResponseWriter, r *http.Request, p *place) {
	all := list(p.things(world.Share), func(t *world.Thing) object {
		return object{
			"id": t.ID, "name": t.Name, "size": t.DiskGB, "share_proto": "NFS", "status": "available", "availability_zone": t.Zone,
			"share_type_name": "basic", "project_id": t.ProjectID, "created_at": stamp(t.Created), "metadata": t.Tags,
		}
	})
	offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil || offset < 0 {
		offset = 0
	}
	all = all[min(offset, len(all)):]
	write(w, object{"shares": all[:min(len(all), s.conf.PageSize)]})
}

func (s *Server) datastores(w http.ResponseWriter, _ *http.Request, p *place) {
	write(w, object{"datastores": list(p.things(world.Database), func(t *world.Thing) object {
		return object{
			"id": t.ID, "name": t.Name, "project_id": t.ProjectID, "status": "ACTIVE", "type_id": t.Details["engine"],
			"flavor":    object{"vcpus": t.VCPU, "ram": t.MemoryMB, "disk": t.DiskGB},
			"instances": []object{{"id": "i-" + t.ID, "availability_zone": t.Zone, "role": "MASTER", "status": "ACTIVE"}},
			"config":    object{"password": Secret}, "created_at": t.Created.UTC().Format(time.RFC3339),
		}
	})})
}

func (s *Server) clusters(w http.ResponseWriter, _ *http.Request, p *place) {
	write(w, object{"clusters": list(p.things(world.Cluster), func(t *world.Thing) object {
		return object{
			"id": t.ID, "name": t.Name, "status": "ACTIVE", "project_id": t.ProjectID, "kube_version": "1.33.1", "region": t.Region, "zonal": true,
			"kubeconfig": Secret, "created_at": t.Created.UTC().Format(time.RFC3339),
		}
	})})
}

// registries are one list for all regions.
func (s *Server) registries(w http.ResponseWriter, _ *http.Request, p *place) {
	write(w, list(p.things(world.Registry), func(t *world.Thing) object {
		return object{
			"id": t.ID, "name": t.Name, "createdAt": t.Created.UTC().Format(time.RFC3339), "status": "ACTIVE", "size": json.Number("1073741824"),
			"sizeLimit": t.DiskGB << 30, "used": 5, "token": Secret,
		}
	}))
}
