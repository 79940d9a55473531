package world

import (
	"math/rand/v2"

	"github.com/shopspring/decimal"
)

// The SKUs of Yandex Cloud. The first word is the service.
const (
	YandexCPU           = "compute.vm.cpu.c100.v3"
	YandexRAM           = "compute.vm.ram.v3"
	YandexSSD           = "compute.hdd.network-ssd"
	YandexSnapshot      = "compute.snapshot"
	YandexImage         = "compute.image"
	YandexAddress       = "vpc.public_ip"
	YandexEgress        = "vpc.egress.inet"
	YandexPostgresCPU   = "postgresql.cluster.cpu.v3"
	YandexPostgresRAM   = "postgresql.cluster.ram.v3"
	YandexPostgresSSD   = "postgresql.cluster.network-ssd"
	YandexBucket        = "storage.bucket.used_space.standard"
	YandexBalancer      = "balancer.active"
	YandexKubernetes    = "kubernetes.master.zonal"
	YandexRegistry      = "registry.used_space"
	YandexFutureService = "quasar.node"
)

// YandexCatalog is Yandex Cloud: servers with disks of their own, prices with nine digits and more after the point, and one
// service that is too new for anybody to know.
func YandexCatalog() Catalog {
	return Catalog{
		Cloud: Yandex, Currency: "RUB", TaxRate: decimal.RequireFromString("0.22"), SeparateVolumes: true, Credits: true,
		Prices:  yandexPrices(),
		Regions: []Region{{ID: "ru-central1", Name: "ru-central1", Zones: []string{"ru-central1-a", "ru-central1-b", "ru-central1-d"}}},
		Kinds:   []Kind{Volume, Snapshot, Image, Database, Bucket, FloatingIP, LoadBalancer, Cluster, Registry, Novelty},
		Parts:   yandexParts,
		ID:      yandexID, AccountID: yandexWord("dn2"), ProjectID: yandexWord("b1g"),
		Detail: func(k Kind, _ Spec, _ *rand.Rand) map[string]string {
			if k == Database {
				return map[string]string{"engine": "postgresql", "version": "16", "preset": "s3-c2-m8"}
			}
			return nil
		},
	}
}

func yandexPrices() []Price {
	price := func(sku, name, unit, amount string) Price {
		return Price{SKU: sku, Name: name, Unit: unit, Amount: decimal.RequireFromString(amount)}
	}
	future := price(YandexFutureService, "Quasar node", "node*hour", "3.1415926535")
	future.Unlisted = true
	return []Price{
		price(YandexCPU, "Intel Ice Lake. 100% vCPU", "core*hour", "1.0938572416"),
		price(YandexRAM, "Intel Ice Lake. RAM", "gbyte*hour", "0.291847263"),
		price(YandexSSD, "Fast network drive (SSD)", "gbyte*hour", "0.0165872139"),
		price(YandexSnapshot, "Disk snapshot", "gbyte*hour", "0.0047916667"),
		price(YandexImage, "Disk image", "gbyte*hour", "0.0047916668"),
		price(YandexAddress, "Public IP address", "fip*hour", "0.2593128571"),
		price(YandexEgress, "Outgoing traffic", "gbyte", "1.5312345678"),
		price(YandexPostgresCPU, "PostgreSQL. Intel Ice Lake. 100% vCPU", "core*hour", "2.3456789123"),
		price(YandexPostgresRAM, "PostgreSQL. Intel Ice Lake. RAM", "gbyte*hour", "0.6123456789"),
		price(YandexPostgresSSD, "PostgreSQL. Fast network drive", "gbyte*hour", "0.0183756194"),
		price(YandexBucket, "Standard storage", "gbyte*hour", "0.0029569444"),
		price(YandexBalancer, "Network load balancer", "lb*hour", "1.0123456781"),
		price(YandexKubernetes, "Kubernetes master. Zonal", "master*hour", "6.1234567891"),
		price(YandexRegistry, "Registry storage", "gbyte*hour", "0.0044713297"),
		future,
	}
}

func yandexParts(k Kind, s Spec) []Part {
	n := decimal.NewFromInt
	memory, disk := decimal.NewFromInt(s.MemoryMB).Div(n(1024)), n(s.DiskGB)
	switch k {
	case Server:
		return []Part{
			{SKU: YandexCPU, Quantity: n(s.VCPU), WhenRunning: true},
			{SKU: YandexRAM, Quantity: memory, WhenRunning: true},
			{SKU: YandexEgress, Quantity: n(s.VCPU), Follows: true, WhenRunning: true},
		}
	case Database:
		return []Part{
			{SKU: YandexPostgresCPU, Quantity: n(s.VCPU), WhenRunning: true},
			{SKU: YandexPostgresRAM, Quantity: memory, WhenRunning: true},
			{SKU: YandexPostgresSSD, Quantity: disk},
		}
	}
	sku, size := YandexFutureService, n(1)
	switch k {
	case Volume:
		sku, size = YandexSSD, disk
	case Snapshot:
		sku, size = YandexSnapshot, disk
	case Image:
		sku, size = YandexImage, disk
	case FloatingIP:
		sku = YandexAddress
	case Bucket:
		sku, size = YandexBucket, disk
	case LoadBalancer:
		sku = YandexBalancer
	case Cluster:
		sku = YandexKubernetes
	case Registry:
		sku, size = YandexRegistry, disk
	}
	return []Part{{SKU: sku, Quantity: size}}
}

// yandexID gives a bucket a name, and everything else the service's prefix and 17 letters and digits.
func yandexID(k Kind, d *rand.Rand) string {
	prefix := map[Kind]string{
		Server: "fhm", Volume: "fhm", Snapshot: "fd8", Image: "fd8", Database: "c9q", FloatingIP: "e9b", LoadBalancer: "enp", Cluster: "cat",
		Registry: "crp", Bucket: "bucket-", Novelty: "qsr",
	}[k]
	return yandexWord(prefix)(d)
}

func yandexWord(prefix string) func(d *rand.Rand) string {
	return func(d *rand.Rand) string {
		const letters = "0123456789abcdefghijklmnopqrstuv"
		b := []byte(prefix)
		for range 17 {
			b = append(b, letters[d.IntN(len(letters))])
		}
		return string(b)
	}
}
