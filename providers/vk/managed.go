package vk

import (
	"context"
	"strconv"

	"github.com/gophercloud/gophercloud/v2/openstack/containerinfra/v1/clusters"
	"github.com/gophercloud/gophercloud/v2/openstack/db/v1/instances"

	"github.com/infrazen/infrazen/pipeline"
)

// readClusters reads the Kubernetes clusters. Their nodes are servers of the project and have prices of their own; the cluster's is the
// control plane's.
func (inv *inventory) readClusters(ctx context.Context) {
	gather(ctx, inv, scopeClusters, func(v *clusters.Cluster) pipeline.Resource {
		r := pipeline.Resource{
			ID: v.UUID, Type: pipeline.Cluster, Name: v.Name, Status: v.Status, Scope: scopeClusters, CreatedAt: v.CreatedAt,
			Tags: tagsOf(v.Labels), Attributes: map[string]string{"masters": strconv.Itoa(v.MasterCount), "nodes": strconv.Itoa(v.NodeCount)},
			Rates: inv.prices.rate(serviceCluster, part{"k8s_master", bounded(int64(v.MasterCount))}),
		}
		put(r.Attributes, "version", v.COEVersion)
		return r
	})
}

// readDatabases reads the database instances. Their sizes are flavors of the servers.
func (inv *inventory) readDatabases(ctx context.Context) {
	rows, err := readList[instances.Instance](ctx, inv.session, listOf(scopeDatabases), nil)
	inv.close(scopeDatabases, err, 0)
	for i := range rows {
		v := &rows[i]
		sz := inv.sizes[v.Flavor.ID]
		if !sz.complete && !inv.whole(scopeFlavors) {
			inv.close(scopeDatabases, inv.withoutSizes(scopeDatabases), 0)
			continue
		}
		if inv.add(inv.database(v, sz)) {
			inv.close(scopeDatabases, nil, 1)
		}
	}
}

func (inv *inventory) database(v *instances.Instance, sz size) pipeline.Resource {
	disk := bounded(int64(v.Volume.Size))
	r := pipeline.Resource{
		ID: v.ID, Type: pipeline.Database, Name: v.Name, Status: v.Status, Scope: scopeDatabases, CreatedAt: v.Created,
		VCPU: sz.vcpus, MemoryBytes: sz.ramMB << 20, DiskBytes: disk << 30, Attributes: map[string]string{},
		Rates: inv.prices.rate(serviceData, part{"db_vcpu", sz.vcpus}, part{"db_ram_mb", sz.ramMB}, part{"db_disk_gb", disk}),
	}
	if !sz.complete {
		r.Rates = inv.prices.rate(serviceData, part{"flavor:" + v.Flavor.ID, 1}) // of a size that is not told
	}
	put(r.Attributes, "engine", v.Datastore.Type)
	put(r.Attributes, "version", v.Datastore.Version)
	put(r.Attributes, "flavor", sz.name)
	return r
}
