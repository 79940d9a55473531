package selectel

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/infrazen/infrazen/pipeline"
)

// datastore is one cluster of managed databases. Its configuration and users are not read.
type datastore struct {
	ID        text         `json:"id"`
	Name      text         `json:"name"`
	Status    text         `json:"status"`
	Type      text         `json:"type_id"`
	Flavor    part[flavor] `json:"flavor"`
	Created   text         `json:"created_at"`
	Databases number       `json:"databases_count"`
	Instances part[[]struct {
		Zone text `json:"availability_zone"`
	}] `json:"instances"`
}

func readDatastores(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v datastore) (pipeline.Resource, bool) {
		r := base(at, pipeline.Database, v.ID, v.Name, v.Status)
		f, nodes := v.Flavor.V, int64(max(1, len(v.Instances.V)))
		r.CreatedAt = v.Created.utc()
		r.VCPU, r.MemoryBytes, r.DiskBytes = f.VCPUs.whole()*nodes, f.RAM.whole()<<20*nodes, f.Disk.whole()*gib*nodes
		put(r.Attributes, "type", string(v.Type), "nodes", strconv.FormatInt(nodes, 10))
		if len(v.Instances.V) > 0 {
			r.ZoneID = string(v.Instances.V[0].Zone)
		}
		return r, v.ID != ""
	})
}

// cluster is one cluster of Managed Kubernetes.
type cluster struct {
	ID      text `json:"id"`
	Name    text `json:"name"`
	Status  text `json:"status"`
	Version text `json:"kube_version"`
	Zonal   flag `json:"zonal"`
	Created text `json:"created_at"`
}

func readClusters(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v cluster) (pipeline.Resource, bool) {
		r := base(at, pipeline.Cluster, v.ID, v.Name, v.Status)
		r.CreatedAt = v.Created.utc()
		put(r.Attributes, "version", string(v.Version), "zonal", strconv.FormatBool(bool(v.Zonal)))
		return r, v.ID != ""
	})
}

// registry is one container registry.
type registry struct {
	ID      text   `json:"id"`
	Name    text   `json:"name"`
	Status  text   `json:"status"`
	Created text   `json:"createdAt"`
	Limit   number `json:"sizeLimit"`
	Size    number `json:"size"`
}

func readRegistries(_ context.Context, _ *inventory, at site, rows []json.RawMessage) ([]pipeline.Resource, int64) {
	return readEach(rows, func(v registry) (pipeline.Resource, bool) {
		r := base(at, pipeline.Registry, v.ID, v.Name, v.Status)
		r.CreatedAt = v.Created.utc()
		if v.Size.Known {
			r.Volatile["size_bytes"] = v.Size.D.String()
		}
		return r, v.ID != ""
	})
}
