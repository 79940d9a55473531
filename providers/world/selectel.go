package world

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/shopspring/decimal"
)

// SelectelCatalog is what Selectel offers: metrics, units and types as its billing names them, prices of 2026's order.
func SelectelCatalog() Catalog {
	return Catalog{
		Cloud: Selectel, Currency: "RUB", TaxRate: decimal.RequireFromString("0.22"), SeparateVolumes: true,
		Prices: selectelPrices(), Regions: selectelRegions(),
		Kinds: []Kind{
			Bucket, FloatingIP, LoadBalancer, Database, Snapshot, Backup, Image, Share, Cluster, Registry, CDN, Router, Dedicated,
			Novelty,
		},
		Parts:     SelectelParts,
		ID:        func(_ Kind, d *rand.Rand) string { return selectelID(d) },
		AccountID: func(d *rand.Rand) string { return fmt.Sprint(100_000 + d.IntN(900_000)) },
		ProjectID: func(d *rand.Rand) string { return fmt.Sprintf("%016x%016x", d.Uint64(), d.Uint64()) },
		Detail:    selectelDetail,
	}
}

// selectelRegions are the regions where accounts have things; the cloud itself has more.
func selectelRegions() []Region {
	return []Region{
		{ID: "ru-1", Name: "Санкт-Петербург", Zones: []string{"ru-1a", "ru-1b", "ru-1c"}},
		{ID: "ru-3", Name: "Санкт-Петербург", Zones: []string{"ru-3a", "ru-3b"}},
		{ID: "ru-7", Name: "Москва", Zones: []string{"ru-7a", "ru-7b"}},
		{ID: "ru-9", Name: "Санкт-Петербург", Zones: []string{"ru-9a"}},
	}
}

// selectelPrices are roubles per unit and hour.
func selectelPrices() []Price {
	price := func(sku, name, unit, amount string) Price {
		return Price{SKU: sku, Name: name, Unit: unit, Amount: decimal.RequireFromString(amount)}
	}
	out := []Price{
		price("compute_cores", "vCPU", "item", "0.8976"),
		price("compute_cores_preemptible", "vCPU (прерываемые)", "item", "0.3591"),
		price("compute_ram", "RAM", "MB", "0.0003182"),
		price("compute_ram_preemptible", "RAM (прерываемая)", "MB", "0.0001273"),
		price("volume_gigabytes_basic", "Базовый диск", "GB*H", "0.01095"),
		price("volume_gigabytes_universal", "Универсальный диск", "GB*H", "0.01971"),
		price("volume_gigabytes_fast", "Быстрый диск", "GB*H", "0.03153"),
		price("volume_backups_gigabytes", "Резервные копии дисков", "GB*H", "0.00623"),
		price("snapshot_gigabytes_basic", "Снимки дисков", "GB*H", "0.00548"),
		price("share_gigabytes_basic", "Файловое хранилище", "GB*H", "0.02055"),
		price("image_gigabytes", "Образы", "GB*H", "0.00479"),
		price("network_floatingips", "Публичный IP-адрес", "item", "0.3014"),
		price("load_balancers_single_2_2", "Балансировщик нагрузки", "item", "2.4177"),
		price("exttraffic", "Внешний трафик", "GB", "0.9137"),
		price("mks_cluster_zonal", "Кластер Managed Kubernetes", "item", "5.0137"),
		price("quantum_cores", "Кванты", "item", "11.1111"),
	}
	for _, p := range []Price{
		price("dbaas_cores", "vCPU базы данных", "item", "1.9178"),
		price("dbaas_ram", "RAM базы данных", "MB", "0.0007123"),
		price("dbaas_disk", "Диск базы данных", "GB*H", "0.04712"),
		price("storage_standard", "Стандартное хранение", "GB*H", "0.0027397"),
		price("storage_cold", "Холодное хранение", "GB*H", "0.0013699"),
		price("storage_traffic", "Исходящий трафик S3", "GB", "0.7534"),
		price("craas_gigabytes", "Реестр контейнеров", "GB*H", "0.00417"),
		price("cdn_traffic", "Трафик CDN", "GB", "0.6219"),
	} {
		p.Unlisted = true // the price list is that of the cloud platform
		out = append(out, p)
	}
	return out
}

// SelectelParts are what Selectel's bill counts of a thing. Dedicated servers are not in it: they are paid by the month.
func SelectelParts(kind Kind, s Spec) []Part {
	of := func(sku string, n int64) Part { return Part{SKU: sku, Quantity: decimal.NewFromInt(n)} }
	suffix := ""
	if s.Preemptible {
		suffix = "_preemptible"
	}
	switch kind {
	case Server:
		return []Part{of("compute_cores"+suffix, s.VCPU), of("compute_ram"+suffix, s.MemoryMB)}
	case Volume:
		return []Part{of("volume_gigabytes_"+selectelVolumeType(s), s.DiskGB)}
	case Snapshot:
		return []Part{of("snapshot_gigabytes_basic", s.DiskGB)}
	case Backup:
		return []Part{of("volume_backups_gigabytes", s.DiskGB)}
	case Image:
		return []Part{of("image_gigabytes", s.DiskGB)}
	case Share:
		return []Part{of("share_gigabytes_basic", s.DiskGB)}
	case FloatingIP:
		return []Part{of("network_floatingips", 1)}
	case LoadBalancer:
		return []Part{of("load_balancers_single_2_2", 1)}
	case Database:
		return []Part{of("dbaas_cores", s.VCPU), of("dbaas_ram", s.MemoryMB), of("dbaas_disk", s.DiskGB)}
	case Bucket:
		return []Part{of("storage_"+selectelStorageClass(s), s.DiskGB), {SKU: "storage_traffic", Quantity: decimal.NewFromInt(max(1, s.DiskGB/400)), Follows: true}}
	case Cluster:
		return []Part{of("mks_cluster_zonal", 1)}
	case Registry:
		return []Part{of("craas_gigabytes", s.DiskGB)}
	case CDN:
		return []Part{{SKU: "cdn_traffic", Quantity: decimal.NewFromInt(max(1, s.DiskGB/100)), Follows: true}}
	case Novelty:
		return []Part{of("quantum_cores", s.VCPU)}
	case Router, Dedicated:
	}
	return nil
}

func selectelVolumeType(s Spec) string {
	if slices.Contains([]string{"basic", "fast"}, s.Type) {
		return s.Type
	}
	return "universal"
}

func selectelStorageClass(s Spec) string {
	if s.Type == "cold" {
		return "cold"
	}
	return "standard"
}

// Details of resources that the stand-in of Selectel understands.
const (
	// SelectelUnlisted resources are billed and in no list.
	SelectelUnlisted = "unlisted"
	// SelectelNameless resources have no name in the bill.
	SelectelNameless = "nameless"
	// SelectelReserved volumes are on their way to a server.
	SelectelReserved = "reserved"
	// SelectelNoFine servers have no metrics at the usual granularity of five minutes.
	SelectelNoFine = "no_300"
	// SelectelMonthly is a dedicated server's price by the month, in roubles.
	SelectelMonthly = "monthly_price"
)

func selectelDetail(kind Kind, _ Spec, d *rand.Rand) map[string]string {
	switch kind {
	case Database:
		return map[string]string{"engine": []string{"postgresql", "mysql", "redis"}[d.IntN(3)]}
	case Dedicated:
		return map[string]string{SelectelMonthly: fmt.Sprint(5000 + 100*d.IntN(100))}
	default:
		return nil
	}
}

// selectelID makes an identifier in the form of a random UUID.
func selectelID(d *rand.Rand) string {
	a, b := d.Uint64(), d.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}
