package focussim

// Cloud is whose bill the company gets.
type Cloud struct {
	Name, Publisher, Issuer string
	Currency                string // ISO 4217
	Account, AccountName    string
	// PriceFactor multiplies the catalogue's prices, which are roubles, in thousandths.
	PriceFactor int64
	Regions     []Region
}

// Region is a place of a cloud with its zones.
type Region struct {
	ID, Name string
	Zones    []string
}

// Volna is a made-up Russian cloud that bills in roubles.
func Volna() Cloud {
	return Cloud{
		Name: "Волна Облако", Publisher: "Волна Облако", Issuer: "ООО «Волна Облако»", Currency: "RUB",
		Account: "vl-40217", AccountName: "ООО «Северный маяк»", PriceFactor: 1000,
		Regions: []Region{
			{ID: "ru-msk1", Name: "Москва", Zones: []string{"ru-msk1-a", "ru-msk1-b"}},
			{ID: "ru-spb1", Name: "Санкт-Петербург", Zones: []string{"ru-spb1-a"}},
		},
	}
}

// Overseas is a made-up account at AWS that bills in US dollars.
func Overseas() Cloud {
	return Cloud{
		Name: "AWS", Publisher: "Amazon Web Services, Inc.", Issuer: "Amazon Web Services, Inc.", Currency: "USD",
		Account: "402170000001", AccountName: "North Light LLC", PriceFactor: 12,
		Regions: []Region{
			{ID: "eu-central-1", Name: "EU (Frankfurt)", Zones: []string{"eu-central-1a", "eu-central-1b"}},
			{ID: "us-east-1", Name: "US East (N. Virginia)", Zones: []string{"us-east-1a"}},
		},
	}
}

// pattern is how much of a thing is used in an hour.
type pattern int

const (
	steady    pattern = iota // one unit every hour
	daily                    // by the hour of day and the day of week: machines that scale
	growing                  // a little more each day: stored data
	traffic                  // daily, with rare bursts
	nightly                  // only from 1 to 4 in the morning, UTC: batch work
	workHours                // switched off at night and on weekends
)

// thing is a resource of the company, and what it is billed for.
type thing struct {
	id, name, kind    string
	category, service string
	sku, description  string
	unit              string
	price             int64 // millionths of a rouble for one unit
	pattern           pattern
	size              int64 // units in an hour at the usual load, in thousandths
	project, env      string
	team              string
	region, zone      int
	from, to          int // days after the start of the world between which it exists; to is 0 for ever
}

// catalogue is the company: a shop with a web tier, databases, a cluster, an analytics team and some leftovers.
func catalogue() []thing {
	vm := func(name string, cores, price int64, p pattern, project, env, team string, zone int) thing {
		return thing{
			name: name, kind: "server", category: "Compute", service: "Виртуальные машины", sku: "vm.standard",
			description: "vCPU и память, час", unit: "Hours", price: price, pattern: p, size: 1000 * max(1, cores/4),
			project: project, env: env, team: team, zone: zone,
		}
	}
	things := []thing{
		vm("web-1", 4, 4_280_000, steady, "shop", "prod", "storefront", 0),
		vm("web-2", 4, 4_280_000, steady, "shop", "prod", "storefront", 1),
		vm("web-autoscale", 16, 3_910_000, daily, "shop", "prod", "storefront", 0),
		vm("checkout-1", 8, 8_560_000, steady, "shop", "prod", "payments", 0),
		vm("checkout-2", 8, 8_560_000, steady, "shop", "prod", "payments", 1),
		vm("stage-1", 4, 4_280_000, workHours, "shop", "stage", "storefront", 0),
		vm("stage-2", 4, 4_280_000, steady, "shop", "stage", "storefront", 0),
		vm("etl-night", 32, 3_640_000, nightly, "analytics", "prod", "data", 0),
		vm("notebook-anna", 8, 8_560_000, workHours, "analytics", "dev", "data", 0),
		vm("old-crm", 2, 2_140_000, steady, "legacy", "", "", 0),
	}
	gpu := vm("gpu-train", 4, 96_500_000, nightly, "analytics", "dev", "data", 0)
	gpu.sku, gpu.description, gpu.from = "vm.gpu", "Машина с GPU, час", 55
	campaign := vm("sale-extra", 24, 3_910_000, daily, "shop", "prod", "storefront", 0)
	campaign.from, campaign.to = 62, 70
	return append(append(things, gpu, campaign), services()...)
}

func services() []thing {
	return []thing{
		{name: "pg-shop", kind: "database", category: "Databases", service: "Управляемый PostgreSQL", sku: "pg.s3-c8-m32", description: "Кластер PostgreSQL, час", unit: "Hours", price: 21_900_000, size: 1000, project: "shop", env: "prod", team: "payments"},
		{name: "pg-analytics", kind: "database", category: "Databases", service: "Управляемый PostgreSQL", sku: "pg.s3-c4-m16", description: "Кластер PostgreSQL, час", unit: "Hours", price: 10_950_000, size: 1000, project: "analytics", env: "prod", team: "data"},
		{name: "clickhouse-events", kind: "database", category: "Databases", service: "Управляемый ClickHouse", sku: "ch.s3-c8-m32", description: "Хост ClickHouse, час", unit: "Hours", price: 18_400_000, size: 2000, project: "analytics", env: "prod", team: "data"},
		{name: "k8s-shop", kind: "kubernetes_cluster", category: "Compute", service: "Управляемый Kubernetes", sku: "k8s.master", description: "Мастер Kubernetes, час", unit: "Hours", price: 6_730_000, size: 1000, project: "shop", env: "prod", team: "platform"},
		{name: "k8s-shop-nodes", kind: "server", category: "Compute", service: "Управляемый Kubernetes", sku: "k8s.node", description: "Узел Kubernetes, час", unit: "Hours", price: 5_120_000, pattern: daily, size: 5000, project: "shop", env: "prod", team: "platform"},
		{name: "media", kind: "bucket", category: "Storage", service: "Объектное хранилище", sku: "s3.standard", description: "Хранение, ГБ·ч", unit: "GB-Hours", price: 2_790, pattern: growing, size: 3_400_000, project: "shop", env: "prod", team: "storefront"},
		{name: "backups", kind: "bucket", category: "Storage", service: "Объектное хранилище", sku: "s3.cold", description: "Холодное хранение, ГБ·ч", unit: "GB-Hours", price: 1_470, pattern: growing, size: 5_900_000, project: "legacy"},
		{name: "disk-pg-shop", kind: "volume", category: "Storage", service: "Блочное хранилище", sku: "disk.ssd", description: "SSD, ГБ·ч", unit: "GB-Hours", price: 18_100, size: 500_000, project: "shop", env: "prod", team: "payments"},
		{name: "disk-lost-1", kind: "volume", category: "Storage", service: "Блочное хранилище", sku: "disk.ssd", description: "SSD, ГБ·ч", unit: "GB-Hours", price: 18_100, size: 200_000, project: "legacy"},
		{name: "lb-shop", kind: "load_balancer", category: "Networking", service: "Балансировщик нагрузки", sku: "lb.l7", description: "Балансировщик, час", unit: "Hours", price: 3_350_000, size: 1000, project: "shop", env: "prod", team: "platform"},
		{name: "egress-shop", kind: "network", category: "Networking", service: "Исходящий трафик", sku: "net.egress", description: "Исходящий трафик, ГБ", unit: "GB", price: 1_530_000, pattern: traffic, size: 28_000, project: "shop", env: "prod", team: "storefront"},
		{name: "ip-shop", kind: "floating_ip", category: "Networking", service: "Публичные адреса", sku: "net.ip", description: "Публичный адрес, час", unit: "Hours", price: 259_000, size: 3000, project: "shop", env: "prod", team: "platform"},
		{name: "registry", kind: "container_registry", category: "Developer Tools", service: "Реестр контейнеров", sku: "cr.storage", description: "Образы, ГБ·ч", unit: "GB-Hours", price: 3_900, pattern: growing, size: 240_000, project: "shop", env: "prod", team: "platform"},
		{name: "spb-replica", kind: "server", category: "Compute", service: "Виртуальные машины", sku: "vm.standard", description: "vCPU и память, час", unit: "Hours", price: 8_560_000, size: 1000, project: "shop", env: "prod", team: "platform", region: 1},
	}
}
