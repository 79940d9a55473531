package vk

import (
	"context"

	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/backups"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/snapshots"
	"github.com/gophercloud/gophercloud/v2/openstack/blockstorage/v3/volumes"
	"github.com/gophercloud/gophercloud/v2/openstack/sharedfilesystems/v2/shares"

	"github.com/infrazen/infrazen/pipeline"
)

// gather reads a list and hands its rows to the snapshot.
func gather[T any](ctx context.Context, inv *inventory, scope string, make func(*T) pipeline.Resource) {
	rows, err := readList[T](ctx, inv.session, listOf(scope), nil)
	var found int64
	for i := range rows {
		if inv.add(make(&rows[i])) {
			found++
		}
	}
	inv.close(scope, err, found)
}

// The services as the estimate's charges name them.
const (
	serviceServers = "Облачные серверы"
	serviceBackups = "Резервное копирование"
	serviceShares  = "Файловые хранилища"
	serviceNetwork = "Виртуальные сети"
	serviceCluster = "Контейнеры"
	serviceData    = "Базы данных"
)

func (inv *inventory) readVolumes(ctx context.Context) {
	gather(ctx, inv, scopeVolumes, func(v *volumes.Volume) pipeline.Resource {
		r := pipeline.Resource{
			ID: v.ID, Type: pipeline.Volume, Name: v.Name, Status: v.Status, Scope: scopeVolumes, ZoneID: v.AvailabilityZone,
			DiskBytes: bounded(int64(v.Size)) << 30, CreatedAt: v.CreatedAt, Tags: tagsOf(v.Metadata), Attributes: map[string]string{},
			Rates: inv.prices.rate(serviceServers, part{"disk:" + v.VolumeType, bounded(int64(v.Size))}),
		}
		put(r.Attributes, "volume_type", v.VolumeType)
		for _, a := range v.Attachments {
			r.ParentID = a.ServerID
		}
		if len(v.Attachments) == 0 {
			r.Attributes[pipeline.AttributeCondition] = pipeline.ConditionOrphan
		}
		return r
	})
}

func (inv *inventory) readSnapshots(ctx context.Context) {
	gather(ctx, inv, scopeSnapshots, func(v *snapshots.Snapshot) pipeline.Resource {
		return pipeline.Resource{
			ID: v.ID, Type: pipeline.Snapshot, Name: v.Name, Status: v.Status, Scope: scopeSnapshots, ParentID: v.VolumeID,
			DiskBytes: bounded(int64(v.Size)) << 30, CreatedAt: v.CreatedAt, Tags: tagsOf(v.Metadata),
			Rates: inv.prices.rate(serviceServers, part{"snapshot_gb", bounded(int64(v.Size))}),
		}
	})
}

func (inv *inventory) readBackups(ctx context.Context) {
	gather(ctx, inv, scopeBackups, func(v *backups.Backup) pipeline.Resource {
		r := pipeline.Resource{
			ID: v.ID, Type: pipeline.Backup, Name: v.Name, Status: v.Status, Scope: scopeBackups, ParentID: v.VolumeID,
			DiskBytes: bounded(int64(v.Size)) << 30, CreatedAt: v.CreatedAt, Attributes: map[string]string{},
			Rates: inv.prices.rate(serviceBackups, part{"backup_gb", bounded(int64(v.Size))}),
		}
		if v.IsIncremental {
			r.Attributes["incremental"] = "true"
		}
		if v.Metadata != nil {
			r.Tags = tagsOf(*v.Metadata)
		}
		return r
	})
}

func (inv *inventory) readShares(ctx context.Context) {
	gather(ctx, inv, scopeShares, func(v *shares.Share) pipeline.Resource {
		r := pipeline.Resource{
			ID: v.ID, Type: pipeline.Share, Name: v.Name, Status: v.Status, Scope: scopeShares, ZoneID: v.AvailabilityZone,
			DiskBytes: bounded(int64(v.Size)) << 30, CreatedAt: v.CreatedAt, Tags: tagsOf(v.Metadata), Attributes: map[string]string{},
			Rates: inv.prices.rate(serviceShares, part{"share_gb", bounded(int64(v.Size))}),
		}
		put(r.Attributes, "protocol", v.ShareProto)
		put(r.Attributes, "share_type", v.ShareTypeName)
		return r
	})
}
