package world

import (
	"fmt"
	"math/rand/v2"

	"github.com/shopspring/decimal"
)

// The details that a stand-in of Beget knows.
const (
	// BegetService is the detail with Beget's word for a managed service: "MYSQL8", "S_3".
	BegetService = "service"
	// BegetSoftware is the detail with the name of an installed program.
	BegetSoftware = "software"
	// BegetArchived is the detail of a server that is archived: "true".
	BegetArchived = "archived"
	// BegetLicense begins the SKUs of licences, which Beget prices apart from their server: "license-isp-host".
	BegetLicense = "license-"
)

// BegetCatalog is what Beget rents: servers priced by cores, memory and disk, databases, snapshots; buckets, addresses and
// CDN, of which its API tells no price. The prices are made up: 2 cores with 2 GB and 30 GB are 19.20 roubles a day here and
// about 22 at Beget. Beget says prices by the day; they are the sums of these times 24, with two digits after the point.
func BegetCatalog() Catalog {
	price := func(sku, name, unit, amount string) Price {
		return Price{SKU: sku, Name: name, Unit: unit, Amount: decimal.RequireFromString(amount)}
	}
	return Catalog{
		Cloud: Beget, Currency: "RUB", TaxRate: decimal.RequireFromString("0.22"), Exact: true, Step: decimal.RequireFromString("0.00125"),
		Prices: []Price{
			price("vps-core", "VPS: core", "item", "0.2"),
			price("vps-memory", "VPS: memory", "GB", "0.125"),
			price("vps-disk", "VPS: disk", "GB", "0.005"),
			price("db-core", "Cloud database: core", "item", "0.25"),
			price("db-memory", "Cloud database: memory", "GB", "0.1625"),
			price("db-disk", "Cloud database: disk", "GB", "0.00625"),
			price("snapshot-disk", "Snapshot", "GB", "0.0025"),
		},
		Regions: []Region{{ID: "ru1", Name: "Санкт-Петербург", Zones: []string{"ru1"}}, {ID: "ru2", Name: "Москва", Zones: []string{"ru2"}}},
		Kinds:   []Kind{Database, Bucket, Snapshot, FloatingIP, CDN},
		Parts:   begetParts, ID: begetID, Detail: begetDetail,
		AccountID: func(d *rand.Rand) string { return fmt.Sprintf("user%06d", d.IntN(1_000_000)) },
		ProjectID: uuid,
	}
}

func begetParts(k Kind, s Spec) []Part {
	gigabytes := decimal.NewFromInt(s.MemoryMB).Div(decimal.NewFromInt(1024))
	machine := func(prefix string) []Part {
		return []Part{
			{SKU: prefix + "-core", Quantity: decimal.NewFromInt(s.VCPU)},
			{SKU: prefix + "-memory", Quantity: gigabytes},
			{SKU: prefix + "-disk", Quantity: decimal.NewFromInt(s.DiskGB)},
		}
	}
	switch k {
	case Server:
		return machine("vps")
	case Database:
		return machine("db")
	case Snapshot:
		return []Part{{SKU: "snapshot-disk", Quantity: decimal.NewFromInt(s.DiskGB)}}
	}
	return nil
}

func begetID(k Kind, d *rand.Rand) string {
	if k == FloatingIP {
		return fmt.Sprintf("203.0.113.%d", 1+d.IntN(254))
	}
	return uuid(d)
}

func begetDetail(k Kind, _ Spec, d *rand.Rand) map[string]string {
	switch k {
	case Database:
		return map[string]string{BegetService: pick(d, "MYSQL5", "MYSQL8", "POSTGRESQL15", "POSTGRESQL164")}
	case Bucket:
		return map[string]string{BegetService: "S_3"}
	case CDN:
		return map[string]string{BegetService: "CDN"}
	}
	return nil
}

// uuid makes an identifier in the form of a random UUID.
func uuid(d *rand.Rand) string {
	a, b := d.Uint64(), d.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}
