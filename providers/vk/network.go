package vk

import (
	"context"

	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"

	"github.com/infrazen/infrazen/pipeline"
)

// sdnHeader picks one of VK's two software-defined networks, each of which shows its own addresses (terraform-provider-vkcs, SelectSDN).
const sdnHeader = "X-SDN"

func sdns() []string { return []string{"neutron", "sprut"} }

// readFloatingIPs reads the addresses of both networks. A project that has one of them only refuses the other one's name.
func (inv *inventory) readFloatingIPs(ctx context.Context) {
	var refused *pipeline.Fault
	answered := false
	for _, sdn := range sdns() {
		rows, err := readList[floatingips.FloatingIP](ctx, inv.session, listOf(scopeFloatingIPs), map[string]string{sdnHeader: sdn})
		if inv.ended(ctx) != nil {
			return
		}
		if f, ok := noSuchSDN(err); ok {
			refused = f
			continue
		}
		answered = true
		var found int64
		for i := range rows {
			if inv.add(inv.floatingIP(&rows[i], sdn)) {
				found++
			}
		}
		inv.close(scopeFloatingIPs, err, found)
		if err != nil {
			return
		}
	}
	if !answered {
		inv.close(scopeFloatingIPs, refused, 0)
	}
}

// noSuchSDN tells whether a list was refused for the network's name.
func noSuchSDN(err error) (*pipeline.Fault, bool) {
	if err == nil {
		return nil, false
	}
	f := pipeline.AsFault(err)
	return f, f.Code == pipeline.FaultNotFound && f.Text != notConnected(f.Scope).Text || f.Code == pipeline.FaultSettings
}

func (inv *inventory) floatingIP(v *floatingips.FloatingIP, sdn string) pipeline.Resource {
	r := pipeline.Resource{
		ID: v.ID, Type: pipeline.FloatingIP, Name: v.FloatingIP, Status: v.Status, Scope: scopeFloatingIPs, CreatedAt: v.CreatedAt, Tags: splitTags(v.Tags),
		ParentID: inv.floating[v.FloatingIP], Attributes: map[string]string{"sdn": sdn},
		Rates: inv.prices.rate(serviceNetwork, part{"floating_ip", 1}),
	}
	put(r.Attributes, "description", v.Description)
	put(r.Attributes, "fixed_ip", v.FixedIP)
	if v.PortID == "" {
		r.Attributes[pipeline.AttributeCondition] = pipeline.ConditionOrphan
	}
	return r
}

func (inv *inventory) readLoadBalancers(ctx context.Context) {
	gather(ctx, inv, scopeLoadBalancers, func(v *loadbalancers.LoadBalancer) pipeline.Resource {
		r := pipeline.Resource{
			ID: v.ID, Type: pipeline.LoadBalancer, Name: v.Name, Status: v.ProvisioningStatus, Scope: scopeLoadBalancers, ZoneID: v.AvailabilityZone,
			CreatedAt: v.CreatedAt, Tags: splitTags(v.Tags), Attributes: map[string]string{}, Volatile: map[string]string{},
			Rates: inv.prices.rate(serviceNetwork, part{"load_balancer", 1}),
		}
		put(r.Attributes, "address", v.VipAddress)
		put(r.Volatile, "operating_status", v.OperatingStatus)
		return r
	})
}
