package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"
)

// The units of VK Cloud's bill, named after OpenStack's words for the things.
const (
	vkVCPU         = "vcpu"
	vkRAM          = "ram_gb"
	vkDisk         = "disk:ceph-ssd"
	vkSnapshot     = "snapshot_gb"
	vkBackup       = "backup_gb"
	vkFloatingIP   = "floating_ip"
	vkLoadBalancer = "load_balancer"
	vkShare        = "share_gb"
	vkCluster      = "k8s_master"
	vkDBVCPU       = "db_vcpu"
	vkDBRAM        = "db_ram_gb"
	vkDBDisk       = "db_disk_gb"
	vkNovelty      = "quantum"
)

// VKCatalog is what VK Cloud offers in its Moscow region. An account there is one project: make it with one. Prices are made up in
// the usual range; VK gives its price list out as a web page only.
func VKCatalog() Catalog {
	return Catalog{
		Cloud: VK, Currency: "RUB", TaxRate: decimal.New(22, -2), Prices: vkPrices(),
		Regions:         []Region{{ID: "RegionOne", Name: "Москва", Zones: []string{"MS1", "GZ1", "ME1"}}},
		Kinds:           []Kind{FloatingIP, FloatingIP, FloatingIP, LoadBalancer, Share, Cluster, Database, Database, Snapshot, Backup},
		Parts:           vkParts,
		ID:              func(_ Kind, d *rand.Rand) string { return vkUUID(d) },
		AccountID:       func(d *rand.Rand) string { return fmt.Sprintf("mcs%010d", d.Uint64N(1e10)) },
		ProjectID:       func(d *rand.Rand) string { return fmt.Sprintf("%016x%016x", d.Uint64(), d.Uint64()) },
		SeparateVolumes: true,
	}
}

func vkUUID(d *rand.Rand) string {
	hi, lo := d.Uint64(), d.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>52, lo&0xffffffffffff)
}

// vkPrices are roubles per unit and hour.
func vkPrices() []Price {
	var out []Price
	for _, p := range []struct{ sku, name, unit, amount string }{
		{vkVCPU, "vCPU", "шт", "0.8123"},
		{vkRAM, "Оперативная память", "ГБ", "0.2741"},
		{vkDisk, "Диск SSD", "ГБ", "0.01479"},
		{"disk:ceph-hdd", "Диск HDD", "ГБ", "0.00616"},
		{vkSnapshot, "Снимок диска", "ГБ", "0.00616"},
		{vkBackup, "Резервная копия", "ГБ", "0.00342"},
		{vkFloatingIP, "Плавающий IP-адрес", "шт", "0.2055"},
		{vkLoadBalancer, "Балансировщик нагрузки", "шт", "1.0274"},
		{vkShare, "Файловое хранилище", "ГБ", "0.01151"},
		{vkCluster, "Управление кластером Kubernetes", "шт", "4.1096"},
		{vkDBVCPU, "vCPU базы данных", "шт", "1.2329"},
		{vkDBRAM, "Оперативная память базы данных", "ГБ", "0.4384"},
		{vkDBDisk, "Диск базы данных", "ГБ", "0.02192"},
	} {
		out = append(out, Price{SKU: p.sku, Name: p.name, Unit: p.unit, Amount: decimal.RequireFromString(p.amount), From: time.Unix(0, 0).UTC()})
	}
	return append(out, Price{
		SKU: vkNovelty, Name: "Квантовый ускоритель", Unit: "шт", Amount: decimal.RequireFromString("7.77"), From: time.Unix(0, 0).UTC(), Unlisted: true,
	})
}

func vkParts(kind Kind, spec Spec) []Part {
	count := func(sku string, n int64) Part { return Part{SKU: sku, Quantity: decimal.NewFromInt(n)} }
	ram := decimal.NewFromInt(spec.MemoryMB).Div(decimal.NewFromInt(1024))
	switch kind {
	case Server:
		return []Part{
			{SKU: vkVCPU, Quantity: decimal.NewFromInt(spec.VCPU), WhenRunning: true},
			{SKU: vkRAM, Quantity: ram, WhenRunning: true},
		}
	case Volume:
		return []Part{count(vkDisk, spec.DiskGB)}
	case Snapshot:
		return []Part{count(vkSnapshot, spec.DiskGB)}
	case Backup:
		return []Part{count(vkBackup, spec.DiskGB)}
	case FloatingIP:
		return []Part{count(vkFloatingIP, 1)}
	case LoadBalancer:
		return []Part{count(vkLoadBalancer, 1)}
	case Share:
		return []Part{count(vkShare, spec.DiskGB)}
	case Cluster:
		return []Part{count(vkCluster, 1)}
	case Database:
		return []Part{count(vkDBVCPU, spec.VCPU), {SKU: vkDBRAM, Quantity: ram}, count(vkDBDisk, spec.DiskGB)}
	case Novelty:
		return []Part{count(vkNovelty, 1)}
	}
	return nil
}
