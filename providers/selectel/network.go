package selectel

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// floatingIP is one public address of Neutron.
type floatingIP struct {
	ID      text         `json:"id"`
	Address text         `json:"floating_ip_address"`
	Status  text         `json:"status"`
	Port    text         `json:"port_id"`
	Router  text         `json:"router_id"`
	Created text         `json:"created_at"`
	Tags    part[[]text] `json:"tags"`
	Details part[struct {
		Device text `json:"device_id"`
		Owner  text `json:"device_owner"`
	}] `json:"port_details"`
}

// port is one port of Neutron: what an address is attached to.
type port struct {
	ID     text `json:"id"`
	Device text `json:"device_id"`
	Owner  text `json:"device_owner"`
}

// readFloatingIPs maps a page of addresses. One without a port is an orphan. Where the answer does not tell what stands behind
// a port, the region's ports are asked for.
func readFloatingIPs(ctx context.Context, inv *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	var ports map[text]port
	return readEach(rows, func(v floatingIP) (pipeline.Resource, bool) {
		r := base(at, pipeline.FloatingIP, v.ID, v.Address, v.Status)
		r.CreatedAt, r.Tags = v.Created.utc(), tagsOf(nil, v.Tags.V)
		put(r.Attributes, "address", string(v.Address), "labels", labels(v.Tags.V))
		behind := port{Device: v.Details.V.Device, Owner: v.Details.V.Owner}
		if v.Port != "" && behind.Device == "" {
			if ports == nil {
				ports = inv.ports(ctx, at)
			}
			behind = ports[v.Port]
		}
		if strings.HasPrefix(string(behind.Owner), "compute:") {
			r.ParentID = string(behind.Device)
		}
		if v.Port == "" {
			r.Attributes[pipeline.AttributeCondition] = pipeline.ConditionOrphan
		}
		return r, v.ID != ""
	})
}

// ports reads a region's ports by their identifier. Without them addresses have no servers, which the scope tells.
func (inv *inventory) ports(ctx context.Context, at site) map[text]port {
	rows, err := inv.list(ctx, at, &listing{path: "ports", keys: []string{"ports"}})
	if err != nil {
		inv.rep.scope(at.scope).close(err)
	}
	out := map[text]port{}
	for _, raw := range rows {
		var p port
		if json.Unmarshal(raw, &p) == nil && p.ID != "" {
			out[p.ID] = p
		}
	}
	return out
}

// router is one router of Neutron.
type router struct {
	ID      text         `json:"id"`
	Name    text         `json:"name"`
	Status  text         `json:"status"`
	Created text         `json:"created_at"`
	Tags    part[[]text] `json:"tags"`
	Gateway part[struct {
		Network text `json:"network_id"`
	}] `json:"external_gateway_info"`
}

func readRouters(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v router) (pipeline.Resource, bool) {
		r := base(at, pipeline.Network, v.ID, v.Name, v.Status)
		r.CreatedAt, r.Tags = v.Created.utc(), tagsOf(nil, v.Tags.V)
		put(r.Attributes, "kind", "router", "external_network", string(v.Gateway.V.Network), "labels", labels(v.Tags.V))
		return r, v.ID != ""
	})
}

// balancer is one load balancer of Octavia.
type balancer struct {
	ID        text         `json:"id"`
	Name      text         `json:"name"`
	Operating text         `json:"operating_status"`
	Status    text         `json:"provisioning_status"`
	Address   text         `json:"vip_address"`
	Flavor    text         `json:"flavor_id"`
	Created   text         `json:"created_at"`
	Tags      part[[]text] `json:"tags"`
}

func readBalancers(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v balancer) (pipeline.Resource, bool) {
		status := v.Operating
		if status == "" {
			status = v.Status
		}
		r := base(at, pipeline.LoadBalancer, v.ID, v.Name, status)
		r.CreatedAt, r.Tags = v.Created.utc(), tagsOf(nil, v.Tags.V)
		put(r.Attributes, "address", string(v.Address), "flavor", string(v.Flavor), "labels", labels(v.Tags.V))
		return r, v.ID != ""
	})
}
