package world

import (
	"fmt"
	"time"

	"github.com/shopspring/decimal"
)

// DemoBeget is the demo company at Beget: its production account, of about 104,250 roubles a month of 30 days, and its
// development account, of about 41,850. Their time line goes on after the hundredth day, so that a running demo sees machines
// come, go and grow. The seed is for the load.
func DemoBeget(seed uint64, start time.Time) []*Account {
	return []*Account{demoProd(seed, start), demoDev(seed, start)}
}

// demoMaker makes one account by hand. Things cost what is said of them: the price list has roubles an hour.
type demoMaker struct {
	*Account
	number int
	region string
}

func newDemo(seed uint64, start time.Time, number int, login, title, region string) *demoMaker {
	price := func(sku, name string) Price {
		return Price{SKU: sku, Name: name, Unit: "RUB", Amount: one()}
	}
	return &demoMaker{number: number, region: region, Account: &Account{
		Seed: seed, Cloud: Beget, ID: "infrazen_" + login, Title: title, Company: "InfraZen Demo", Currency: "RUB", Start: start,
		Password: "demo-" + login + "-password", TaxRate: decimal.RequireFromString("0.22"), Opening: decimal.NewFromInt(100_000), Bonus: decimal.NewFromInt(500),
		Prices: []Price{
			price("vps", "VPS"), price("database", "Cloud database"), price("snapshot", "Snapshot"), price("s3", "S3 storage"),
			price(BegetLicense+"bitrix-business", "BITRIX Business"), price(BegetLicense+"isp-host", "ISP Host"),
		},
	}}
}

// id makes an identifier in the form of a UUID.
func (m *demoMaker) id(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-%012d", m.number, n) }

// perDay is a part of a price per day, which is a multiple of 0.03 roubles: an hour's price is exact then.
func perDay(sku, price string) []Part {
	return []Part{{SKU: sku, Quantity: decimal.RequireFromString(price).Div(decimal.NewFromInt(24))}}
}

// at is an instant of the time line.
func (m *demoMaker) at(days int, more time.Duration) time.Time {
	return m.Start.Add(time.Duration(days)*day + more).Truncate(BillGrain)
}

// thing adds a resource. Nothing is attached to anything yet.
func (m *demoMaker) thing(n int, k Kind, name, project string, created time.Time, spec Spec, parts []Part) *Resource {
	r := &Resource{
		ID: m.id(n), Kind: k, ProjectID: project, Region: m.region, Zone: m.region, Created: created.Truncate(BillGrain), Details: map[string]string{},
	}
	r.States = []State{{From: r.Created, Name: name, Status: Running, Spec: spec, Parts: parts}}
	m.resources = append(m.resources, r)
	return r
}

// server adds a server that was made some days before the start. Cpu is percent at the busiest hour, memory percent of all.
func (m *demoMaker) server(n int, name, project string, spec Spec, price string, p Pattern, cpu, memory float64) *Resource {
	r := m.thing(n, Server, name, project, m.Start.Add(-time.Duration(n)*31*time.Hour), spec, perDay("vps", price))
	r.Load = Load{Pattern: p, Peak: cpu, Base: cpu / 8, Memory: memory, Noise: cpu / 12, Bursts: 0.2}
	if p == Idle {
		r.Load = Load{Pattern: Idle, Base: 0.4, Memory: memory, Noise: 0.1}
	}
	return r
}

// service adds a managed service, with Beget's word for it.
func (m *demoMaker) service(n int, k Kind, name, word, project string, created time.Time, spec Spec, parts []Part, cpu, memory float64) *Resource {
	r := m.thing(n, k, name, project, created, spec, parts)
	r.Details[BegetService] = word
	r.Load = Load{Pattern: Daily, Peak: cpu, Base: cpu / 5, Memory: memory, Noise: cpu / 12}
	return r
}

// snapshot adds a copy of a server.
func (m *demoMaker) snapshot(n int, name, server string, gigabytes int64, price string, created time.Time) *Resource {
	r := m.thing(n, Snapshot, name, "", created, Spec{DiskGB: gigabytes}, perDay("snapshot", price))
	r.States[0].ParentID = server
	return r
}

// then appends a state.
func (r *Resource) then(at time.Time, f func(s *State)) {
	next := r.States[len(r.States)-1]
	next.From = at.Truncate(BillGrain)
	f(&next)
	r.States = append(r.States, next)
}

func shaped(cores, gigabytes, disk int64) Spec {
	return Spec{VCPU: cores, MemoryMB: gigabytes * 1024, DiskGB: disk}
}

// done makes the account ready to be shared: it can find its things, and has money.
func (m *demoMaker) done() *Account {
	list := m.resources
	m.resources = nil
	for _, r := range list {
		m.Add(*r)
	}
	return m.Account
}

// payments are made every so many days for two years.
func (m *demoMaker) payments(amount int64, days int) {
	for i := days; i < 730; i += days {
		m.TopUps = append(m.TopUps, TopUp{At: m.at(i-2, 10*time.Hour), Amount: decimal.NewFromInt(amount)})
	}
}

func demoProd(seed uint64, start time.Time) *Account {
	m := newDemo(seed, start, 1, "prod", "Beget Prod", "ru1")
	shop, data, ops := m.id(901), m.id(902), m.id(903)
	m.Projects = []Project{{shop, "Магазин"}, {data, "Данные"}, {ops, "Инфраструктура"}}
	m.payments(105_000, 30)
	app := m.server(1, "vps-app-01", shop, shaped(8, 16, 160), "420", Daily, 71, 68)
	m.server(2, "vps-app-02", shop, shaped(8, 16, 160), "420", Daily, 64, 66)
	m.server(3, "vps-db-01", data, shaped(12, 32, 320), "610.5", Daily, 12, 31)
	cache := m.server(4, "vps-cache-01", shop, shaped(4, 8, 40), "186", Steady, 22, 81)
	batch := m.server(5, "vps-batch-01", data, shaped(6, 12, 80), "261", Nightly, 93, 54)
	queue := m.server(6, "vps-mq-01", shop, shaped(2, 6, 60), "147", Steady, 17, 45)
	m.server(7, "backup-service", ops, shaped(2, 4, 600), "240", Nightly, 60, 40)
	m.server(8, "lb-service", shop, shaped(2, 4, 20), "120", Daily, 35, 30)
	m.server(9, "nat-firewall", ops, shaped(2, 2, 20), "96", Steady, 9, 25)
	old := m.server(10, "vps-old-crm", ops, shaped(1, 1, 10), "9.9", Idle, 0, 8)
	promo := m.server(11, "vps-promo-01", shop, shaped(4, 8, 80), "99", Daily, 55, 50)
	third := m.server(12, "vps-app-03", shop, shaped(4, 8, 80), "90", Daily, 50, 62)

	app.Details[BegetSoftware], queue.Details[BegetSoftware] = "bitrix", "rabbitmq"
	app.States[0].Parts = append(app.States[0].Parts, perDay(BegetLicense+"bitrix-business", "12.3")...)
	queue.States[0].Parts = append(queue.States[0].Parts, perDay(BegetLicense+"isp-host", "16.8")...)
	old.Details[BegetArchived] = "true"
	promo.Created, promo.Removed = m.at(60, 11*time.Hour), m.at(101, 7*time.Hour+24*time.Minute)
	third.Created = m.at(93, 9*time.Hour+39*time.Minute+36*time.Second)
	promo.States[0].From, third.States[0].From = promo.Created, third.Created
	grows := m.at(100, 15*time.Hour)
	cache.then(grows, func(s *State) { s.Spec, s.Parts = shaped(4, 16, 40), perDay("vps", "243.9") })
	batch.then(m.at(104, 0), func(s *State) { s.Spec, s.Parts = shaped(8, 16, 80), perDay("vps", "303") })

	m.snapshot(801, "extra-volumes", m.id(3), 120, "36", m.at(20, 0))
	m.snapshot(802, "vps-app-01 эталон", m.id(1), 80, "28.5", m.at(41, 0))
	m.service(501, Database, "db-postgres-main", "POSTGRESQL164", data, m.at(-30, 0), shaped(8, 32, 240), perDay("database", "345"), 48, 72)
	m.service(502, Database, "db-shop", "MYSQL8", shop, m.at(-20, 0), shaped(2, 8, 80), perDay("database", "174"), 31, 58)
	m.service(503, Bucket, "obj-storage-prod", "S_3", shop, m.at(-40, 0), Spec{}, perDay("s3", "180"), 0, 0)
	m.service(504, CDN, "cdn-static", "CDN", shop, m.at(12, 0), Spec{}, nil, 0, 0)
	m.service(505, Database, "analytics-5.7", "MYSQL5", data, m.at(3, 0), shaped(2, 2, 20), perDay("database", "29.1"), 9, 44)
	hour := func(price string) decimal.Decimal { return perDay("", price)[0].Quantity }
	m.Incidents = []Incident{
		{Kind: IdleMachine, ResourceID: old.ID, From: old.Created, HourlyExtra: hour("9.9")},
		{Kind: LevelShift, ResourceID: cache.ID, From: grows, HourlyExtra: hour("57.9")},
		{Kind: LevelShift, ResourceID: batch.ID, From: m.at(104, 0), HourlyExtra: hour("42")},
	}
	address := m.thing(0, FloatingIP, "198.51.100.20", "", m.at(-50, 0), Spec{}, nil)
	address.ID, address.States[0].ParentID = "198.51.100.20", m.id(9)
	return m.done()
}

func demoDev(seed uint64, start time.Time) *Account {
	m := newDemo(seed, start, 2, "dev", "Beget Dev", "ru2")
	dev := m.id(901)
	m.Projects = []Project{{dev, "Разработка"}}
	m.payments(42_500, 30)
	m.server(1, "dev-vps-01", dev, shaped(4, 8, 80), "210", WorkHours, 44, 57)
	m.server(2, "dev-vps-02", dev, shaped(4, 6, 60), "156", WorkHours, 23, 41)
	m.server(3, "stage-web-01", dev, shaped(6, 8, 80), "246", WorkHours, 38, 52)
	m.server(4, "ci-dev-runner", dev, shaped(4, 8, 120), "180", WorkHours, 88, 61)
	m.server(5, "dev-logs-storage", dev, shaped(2, 4, 400), "159", Steady, 8, 35)
	old := m.server(6, "dev-old-01", dev, shaped(2, 4, 40), "87", Idle, 0, 6)
	n8n := m.server(7, "dev-n8n", dev, shaped(1, 1, 10), "26.1", Steady, 7, 48)
	idle := m.server(8, "dev-public-ip", dev, shaped(1, 1, 10), "9.9", Idle, 0, 12)
	old.then(m.at(30, 0), func(s *State) { s.Status = Stopped })
	n8n.Details[BegetSoftware] = "n8n"
	n8n.then(m.at(102, 8*time.Hour), func(s *State) { s.Name = "dev-automation" })
	left := m.snapshot(801, "старый стенд", m.id(99), 100, "39.9", m.at(5, 0))
	m.service(501, Database, "dev-db-01", "MYSQL8", dev, m.at(-15, 0), shaped(4, 8, 120), perDay("database", "285"), 19, 47)
	m.service(502, Bucket, "s3-dev-bucket", "S_3", dev, m.at(-15, 0), Spec{}, nil, 0, 0)
	address := m.thing(0, FloatingIP, "198.51.100.77", "", m.at(-50, 0), Spec{}, nil)
	address.ID = "198.51.100.77"
	m.Incidents = []Incident{
		{Kind: IdleMachine, ResourceID: idle.ID, From: idle.Created, HourlyExtra: idle.States[0].Parts[0].Quantity},
		{Kind: ForgottenDisk, ResourceID: left.ID, From: left.Created, HourlyExtra: left.States[0].Parts[0].Quantity},
	}
	return m.done()
}
