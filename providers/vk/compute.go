package vk

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/flavors"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"

	"github.com/infrazen/infrazen/pipeline"
)

// size is what a flavor stands for.
type size struct {
	name     string
	vcpus    int64
	ramMB    int64
	complete bool
}

// readFlavors learns what the flavors stand for. They are kept, so that a list that fails once changes no server.
func (inv *inventory) readFlavors(ctx context.Context) {
	rows, err := readList[flavors.Flavor](ctx, inv.session, listOf(scopeFlavors), nil)
	if err == nil {
		if inv.sizes == nil {
			inv.sizes = map[string]size{}
		}
		for _, f := range rows {
			inv.sizes[f.ID] = size{name: f.Name, vcpus: bounded(int64(f.VCPUs)), ramMB: bounded(int64(f.RAM)), complete: true}
		}
	}
	inv.close(scopeFlavors, err, int64(len(rows)))
}

// bounded keeps a number of a cloud within what can be multiplied by a gigabyte.
func bounded(n int64) int64 { return min(max(n, 0), 1<<32) }

// readServers reads the servers. Their sizes stand in them (from microversion 2.47 on) or in the list of flavors; without it they are
// not handed over, as a server of no size would look resized.
func (inv *inventory) readServers(ctx context.Context) {
	rows, err := readList[servers.Server](ctx, inv.session, listOf(scopeServers), nil)
	if err != nil {
		inv.close(scopeServers, err, 0)
		return
	}
	inv.floating = map[string]string{}
	memory := map[string]int64{}
	for i := range rows {
		v := &rows[i]
		sz := inv.sizeOf(v.Flavor)
		if !sz.complete {
			inv.close(scopeServers, inv.withoutSizes(scopeServers), 0)
			continue
		}
		for _, address := range floatingOf(v.Addresses) {
			inv.floating[address] = v.ID
		}
		memory[v.ID] = sz.ramMB << 20
		if inv.add(inv.server(v, sz)) {
			inv.close(scopeServers, nil, 1)
		}
	}
	inv.close(scopeServers, nil, 0)
	inv.memory = memory
}

func (inv *inventory) withoutSizes(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultUnavailable, Scope: scope, Retry: true,
		Text: pipeline.Text{
			RU: "VK Cloud не отдал конфигурации серверов, без них размеры неизвестны. Прежние данные не изменены; повторим сами.",
			EN: "VK Cloud did not give the flavors, without which sizes are not known. Earlier data is unchanged; it will be asked again.",
		},
	}
}

// sizeOf reads a server's flavor in either shape.
func (inv *inventory) sizeOf(flavor map[string]any) size {
	number := func(key string) (int64, bool) {
		switch n := flavor[key].(type) {
		case json.Number:
			i, err := n.Int64()
			return bounded(i), err == nil
		case float64:
			return bounded(int64(n)), n == math.Trunc(n)
		}
		return 0, false
	}
	vcpus, ok1 := number("vcpus")
	ram, ok2 := number("ram")
	if ok1 && ok2 {
		name, _ := flavor["original_name"].(string)
		return size{name: name, vcpus: vcpus, ramMB: ram, complete: true}
	}
	id, _ := flavor["id"].(string)
	return inv.sizes[id]
}

// floatingOf lists the floating addresses of a server.
func floatingOf(networks map[string]any) []string {
	var out []string
	for _, ports := range networks {
		list, _ := ports.([]any)
		for _, p := range list {
			port, _ := p.(map[string]any)
			if address, _ := port["addr"].(string); port["OS-EXT-IPS:type"] == "floating" {
				out = append(out, address)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (inv *inventory) server(v *servers.Server, sz size) pipeline.Resource {
	r := pipeline.Resource{
		ID: v.ID, Type: pipeline.Server, Name: v.Name, Status: v.Status, Scope: scopeServers, ZoneID: v.AvailabilityZone,
		VCPU: sz.vcpus, MemoryBytes: sz.ramMB << 20, CreatedAt: v.Created, Tags: tagsOf(v.Metadata), Attributes: map[string]string{},
	}
	put(r.Attributes, "flavor", sz.name)
	put(r.Attributes, "floating_ips", strings.Join(floatingOf(v.Addresses), ", "))
	if strings.EqualFold(v.Status, "SHUTOFF") || strings.HasPrefix(strings.ToUpper(v.Status), "SHELVED") {
		return r // a stopped server is not billed, its disks and addresses are (cloud.vk.com, refund: "stop VM with free licenses")
	}
	r.Rates = inv.prices.rate(serviceServers, part{"vcpu", sz.vcpus}, part{"ram_mb", sz.ramMB})
	return r
}
