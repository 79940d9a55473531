package yandex

import (
	"encoding/json"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// instance is an entry of compute/v1/instances (yandex-cloud/cloudapi: yandex/cloud/compute/v1/instance.proto).
type instance struct {
	base
	PlatformID string `json:"platformId"`
	Resources  struct {
		Memory       count `json:"memory"`
		Cores        count `json:"cores"`
		CoreFraction count `json:"coreFraction"`
		GPUs         count `json:"gpus"`
	} `json:"resources"`
	NetworkInterfaces []struct {
		PrimaryV4Address struct {
			Address     string `json:"address"`
			OneToOneNat struct {
				Address string `json:"address"`
			} `json:"oneToOneNat"`
		} `json:"primaryV4Address"`
	} `json:"networkInterfaces"`
	FQDN             string `json:"fqdn"`
	SchedulingPolicy struct {
		Preemptible bool `json:"preemptible"`
	} `json:"schedulingPolicy"`
}

func readInstance(_ *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v instance
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	r := v.resource(pipeline.Server, l, f)
	r.VCPU, r.MemoryBytes = int64(v.Resources.Cores), int64(v.Resources.Memory)
	put(r.Attributes, "platform", v.PlatformID)
	put(r.Attributes, "fqdn", v.FQDN)
	if n := v.Resources.CoreFraction; n != 0 && n != 100 {
		r.Attributes["core_fraction"] = number(n)
	}
	if n := v.Resources.GPUs; n != 0 {
		r.Attributes["gpus"] = number(n)
	}
	if v.SchedulingPolicy.Preemptible {
		r.Attributes["preemptible"] = "true"
	}
	var inner, outer []string
	for _, n := range v.NetworkInterfaces {
		inner = appendText(inner, n.PrimaryV4Address.Address)
		outer = appendText(outer, n.PrimaryV4Address.OneToOneNat.Address)
	}
	put(r.Attributes, "private_ip", strings.Join(inner, ", "))
	put(r.Attributes, "public_ip", strings.Join(outer, ", "))
	return r, true
}

func appendText(list []string, s string) []string {
	if s == "" {
		return list
	}
	return append(list, s)
}

// disk is an entry of compute/v1/disks.
type disk struct {
	base
	TypeID      string   `json:"typeId"`
	Size        count    `json:"size"`
	InstanceIDs []string `json:"instanceIds"`
}

func readDisk(inv *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v disk
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	inv.disks[f.ID][v.ID] = true
	r := v.resource(pipeline.Volume, l, f)
	r.DiskBytes = int64(v.Size)
	put(r.Attributes, "type", v.TypeID)
	cluster, tied := inv.clusterOf(&v)
	put(r.Attributes, "kubernetes_cluster", cluster)
	switch {
	case len(v.InstanceIDs) > 0:
		r.ParentID = v.InstanceIDs[0]
	case !tied: // a volume of Kubernetes waits for its pod
		r.Attributes[pipeline.AttributeCondition] = pipeline.ConditionOrphan
	}
	return r, true
}

// clusterOf ties a disk that Kubernetes made to its cluster, by the label cluster-name or by the name that its driver gives.
func (inv *inventory) clusterOf(v *disk) (name string, tied bool) {
	label := v.Labels["cluster-name"]
	if id, ok := inv.clusters[label]; ok {
		return id, true
	}
	return label, label != "" || strings.HasPrefix(v.Name, "k8s-csi-")
}

func readSnapshot(inv *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v struct {
		base
		SourceDiskID string `json:"sourceDiskId"`
		StorageSize  count  `json:"storageSize"`
	}
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	r := v.resource(pipeline.Snapshot, l, f)
	r.DiskBytes, r.ParentID = int64(v.StorageSize), v.SourceDiskID
	if disks, whole := inv.disks[f.ID]; whole && v.SourceDiskID != "" && !disks[v.SourceDiskID] {
		r.Attributes[pipeline.AttributeCondition] = pipeline.ConditionOrphan
	}
	return r, true
}

func readImage(_ *inventory, l *listing, f folder, raw json.RawMessage) (pipeline.Resource, bool) {
	var v struct {
		base
		StorageSize count  `json:"storageSize"`
		Family      string `json:"family"`
	}
	if !decode(raw, &v, &v.ID) {
		return pipeline.Resource{}, false
	}
	r := v.resource(pipeline.Image, l, f)
	r.DiskBytes = int64(v.StorageSize)
	put(r.Attributes, "family", v.Family)
	return r, true
}
