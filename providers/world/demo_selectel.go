package world

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// DemoSelectel is the demo company at Selectel: its production account, of about 166,600 roubles a month of 30 days, and the one
// for development and staging, of about 104,300. Their time line goes on after the hundredth day, so that a running demo sees
// things come, grow and go. The seed is for the load.
func DemoSelectel(seed uint64, start time.Time) []*Account {
	return []*Account{selectelProd(seed, start), selectelDev(seed, start)}
}

// selectelMaker makes one account by hand.
type selectelMaker struct {
	*Account
	number    int
	count     int
	resources []*Resource
}

func newSelectelDemo(seed uint64, start time.Time, number int, id, login, title string) *selectelMaker {
	catalog := SelectelCatalog()
	return &selectelMaker{number: number, Account: &Account{
		Seed: seed, Cloud: Selectel, ID: id, Title: title, Company: "InfraZen Demo", Currency: catalog.Currency, Start: start.UTC().Truncate(time.Hour),
		Password: "demo-selectel-" + login + "-password", Prices: catalog.Prices, TaxRate: catalog.TaxRate,
		Opening: decimal.NewFromInt(140_000), Bonus: decimal.NewFromInt(3000),
		People: []Person{{"Анна Кузнецова", "shop"}, {"Игорь Соколов", "platform"}, {"Мария Лебедева", "data"}, {"Тимур Ахметов", "qa"}},
	}}
}

// projectID makes a project's identifier.
func (m *selectelMaker) projectID(n int) string {
	return fmt.Sprintf("%032x", 0xabc000+m.number*0x100+n)
}

// at is an instant of the time line.
func (m *selectelMaker) at(days int, more time.Duration) time.Time {
	return m.Start.Add(time.Duration(days)*24*time.Hour + more).Truncate(BillGrain)
}

// thing adds a resource that was there before the start.
func (m *selectelMaker) thing(k Kind, name string, project int, zone, team string, spec Spec) *Resource {
	m.count++
	created := m.at(-20-3*m.count, time.Duration(m.count)*47*time.Minute)
	r := &Resource{
		ID: fmt.Sprintf("%08x-5e1e-4000-8000-%012d", m.number, m.count), Kind: k, ProjectID: m.projectID(project), Region: zone[:len(zone)-1], Zone: zone,
		Created: created, Tags: map[string]string{"env": m.Projects[project].Name, "team": team}, Details: map[string]string{},
		States: []State{{From: created, Name: name, Status: Running, Spec: spec, Parts: SelectelParts(k, spec)}},
	}
	for _, p := range m.People {
		if p.Team == team {
			r.Owner = p.Name
		}
	}
	m.resources = append(m.resources, r)
	return r
}

// server adds a server with its disk, if it has one. Cpu and memory are percent, cpu at the busiest hour.
func (m *selectelMaker) server(name string, project int, zone, team string, spec Spec, p Pattern, cpu, memory float64) *Resource {
	disk := spec.DiskGB
	spec.DiskGB = 0
	r := m.thing(Server, name, project, zone, team, spec)
	r.Load = Load{Pattern: p, Peak: cpu, Base: cpu / 8, Memory: memory, Noise: cpu / 15}
	if p == Idle {
		r.Load = Load{Pattern: Idle, Base: 0.6, Memory: memory, Noise: 0.1}
	}
	if disk > 0 {
		d := m.thing(Volume, "disk-for-"+name+"-#1", project, zone, team, Spec{DiskGB: disk})
		d.Created = r.Created
		d.States[0].From, d.States[0].ParentID = r.Created, r.ID
	}
	return r
}

// grow appends a state of another size.
func (m *selectelMaker) grow(r *Resource, at time.Time, f func(s *Spec)) {
	next := r.States[len(r.States)-1]
	f(&next.Spec)
	next.From, next.By, next.Parts = at, r.Owner, SelectelParts(r.Kind, next.Spec)
	r.States = append(r.States, next)
}

// wrong writes an incident down. The extra is in roubles an hour.
func (m *selectelMaker) wrong(k IncidentKind, r *Resource, from, to time.Time, extra string) {
	m.Incidents = append(m.Incidents, Incident{Kind: k, ResourceID: r.ID, From: from, To: to, HourlyExtra: decimal.RequireFromString(extra)})
}

// done makes the account ready to be shared: it can find its things, and is paid every two weeks for two years.
func (m *selectelMaker) done(payment int64) *Account {
	for _, r := range m.resources {
		m.Add(*r)
	}
	for i := 14; i < 730; i += 14 {
		m.TopUps = append(m.TopUps, TopUp{At: m.at(i-2, 11*time.Hour), Amount: decimal.NewFromInt(payment)})
	}
	slices.SortStableFunc(m.Incidents, func(a, b Incident) int { return a.From.Compare(b.From) })
	return m.Account
}

func selectelSize(cores, gigabytes, disk int64) Spec {
	return Spec{VCPU: cores, MemoryMB: gigabytes * 1024, DiskGB: disk}
}

// follows puts a part that goes with the load: so many units an hour at full load.
func follows(sku string, units int64) Part {
	return Part{SKU: sku, Quantity: decimal.NewFromInt(units), Follows: true}
}

func selectelProd(seed uint64, start time.Time) *Account {
	m := newSelectelDemo(seed, start, 1, "312401", "prod", "Selectel BU-A (prod)")
	m.Projects = []Project{{m.projectID(0), "prod"}, {m.projectID(1), "data"}}
	api := m.server("api-backend-prod-01", 0, "ru-3a", "shop", selectelSize(8, 16, 100), Daily, 24, 38)
	postgres := m.thing(Database, "db-postgres-prod-01", 1, "ru-7a", "data", selectelSize(8, 32, 200))
	postgres.Load, postgres.Details["engine"] = Load{Pattern: Daily, Peak: 55, Base: 12, Memory: 74, Noise: 3}, "postgresql"
	m.server("k8s-worker-01", 0, "ru-3a", "platform", selectelSize(8, 32, 100), Daily, 31, 42)
	m.server("k8s-worker-02", 0, "ru-3b", "platform", selectelSize(8, 32, 100), Daily, 66, 71)
	m.server("k8s-master-01", 0, "ru-3a", "platform", selectelSize(4, 8, 50), Steady, 28, 55)
	m.thing(Cluster, "k8s-prod", 0, "ru-3a", "platform", Spec{})
	m.thing(LoadBalancer, "lb-prod-01", 0, "ru-3a", "platform", Spec{})
	m.thing(Volume, "postgres-data-volume", 1, "ru-7a", "data", Spec{DiskGB: 1000, Type: "fast"}).States[0].ParentID = ""
	static := m.thing(Bucket, "s3-cdn-static", 0, "ru-1a", "shop", Spec{DiskGB: 3400})
	static.Load = Load{Pattern: Daily, Peak: 80, Base: 15, Noise: 4}
	m.thing(Bucket, "archive-cold-storage", 1, "ru-1a", "data", Spec{DiskGB: 12_000, Type: "cold"})
	m.thing(Bucket, "archive-cold-storage_segments", 1, "ru-1a", "data", Spec{DiskGB: 600, Type: "cold"})
	m.thing(Snapshot, "snapshot-storage", 1, "ru-7a", "data", Spec{DiskGB: 1500})
	etl := m.server("analytics-etl-01", 1, "ru-7a", "data", selectelSize(12, 48, 200), Nightly, 88, 61)
	redis := m.server("app-cache-redis", 0, "ru-3b", "shop", selectelSize(2, 8, 50), Steady, 17, 68)
	m.thing(FloatingIP, "203.0.113.21", 0, "ru-3a", "shop", Spec{}).States[0].ParentID = api.ID
	eip := m.thing(FloatingIP, "eip-01", 0, "ru-3a", "shop", Spec{})
	eip.Tags = nil
	m.prodStory(static, etl, redis)
	return m.done(79_000)
}

// prodStory is what happens over time: a cache that doubled, a run of the warehouse on a machine twice the size, a bucket that
// grows week by week, and a correction of a bill already given out.
func (m *selectelMaker) prodStory(static, etl, redis *Resource) {
	data := m.resources[slices.IndexFunc(m.resources, func(r *Resource) bool { return r.States[0].Name == "postgres-data-volume" })]
	data.Load = Load{}
	shift := m.at(45, 12*time.Hour+24*time.Minute)
	m.grow(redis, shift, func(s *Spec) { s.VCPU, s.MemoryMB = 4, 16_384 })
	m.wrong(LevelShift, redis, shift, time.Time{}, "4.40")
	spike := m.at(88, 1*time.Hour+12*time.Minute)
	m.grow(etl, spike, func(s *Spec) { s.VCPU, s.MemoryMB = 48, 196_608 })
	m.grow(etl, spike.Add(9*time.Hour), func(s *Spec) { s.VCPU, s.MemoryMB = 12, 49_152 })
	m.wrong(CostSpike, etl, spike, spike.Add(9*time.Hour), "79.22")
	for week := range 24 {
		m.grow(static, m.at(7*week+2, 8*time.Hour), func(s *Spec) { s.DiskGB = s.DiskGB * 103 / 100 })
	}
	m.wrong(Drift, static, m.at(2, 8*time.Hour), time.Time{}, "6.10")
	corrected := m.at(93, 9*time.Hour)
	m.Restate(Restatement{At: m.at(95, 7*time.Hour), From: corrected, To: corrected.Add(6 * time.Hour), ResourceID: etl.ID, Factor: decimal.RequireFromString("0.9")})
	m.Delay(Delay{From: m.at(97, 4*time.Hour), To: m.at(97, 7*time.Hour), By: 3 * time.Hour})
}

func selectelDev(seed uint64, start time.Time) *Account {
	m := newSelectelDemo(seed, start, 2, "312402", "dev", "Selectel BU-B (dev/stage)")
	m.Projects = []Project{{m.projectID(0), "dev"}, {m.projectID(1), "stage"}}
	front := m.server("web-frontend-01", 1, "ru-9a", "shop", selectelSize(6, 12, 80), Daily, 22, 44)
	m.server("web-frontend-02", 1, "ru-9a", "shop", selectelSize(6, 12, 80), Daily, 61, 57)
	mysql := m.thing(Database, "db-mysql-staging", 1, "ru-9a", "data", selectelSize(6, 24, 150))
	mysql.Load, mysql.Details["engine"] = Load{Pattern: WorkHours, Peak: 14, Base: 3, Memory: 31, Noise: 2}, "mysql"
	m.server("dev-k8s-node-01", 0, "ru-1a", "platform", selectelSize(6, 24, 100), WorkHours, 35, 48)
	m.server("dev-k8s-node-02", 0, "ru-1b", "platform", selectelSize(6, 24, 100), WorkHours, 33, 46)
	media := m.thing(Bucket, "s3-media-bucket", 1, "ru-1a", "shop", Spec{DiskGB: 6200})
	media.Load = Load{Pattern: Daily, Peak: 70, Base: 10, Noise: 4}
	m.server("test-runner-01", 0, "ru-1a", "qa", selectelSize(4, 8, 50), WorkHours, 77, 52)
	spot := m.server("ci-runner-spot", 0, "ru-1c", "qa", Spec{VCPU: 8, MemoryMB: 16_384, DiskGB: 60, Preemptible: true}, Idle, 0, 6)
	m.thing(LoadBalancer, "load-balancer-dev", 0, "ru-1a", "platform", Spec{})
	vpn := m.server("vpn-gateway", 0, "ru-1a", "platform", selectelSize(1, 2, 10), Daily, 12, 33)
	egress := m.thing(FloatingIP, "misc-egress-and-ips", 0, "ru-1a", "platform", Spec{})
	egress.Load = Load{Pattern: Daily, Peak: 75, Base: 20, Noise: 4}
	egress.States[0].Parts = []Part{{SKU: "network_floatingips", Quantity: decimal.NewFromInt(3)}, follows("exttraffic", 9)}
	egress.States[0].ParentID = vpn.ID
	front.Details[SelectelNameless] = "1"
	preview := m.thing(Novelty, "inference-preview", 0, "ru-1a", "data", Spec{})
	preview.States[0].Parts = []Part{{SKU: "quantum_cores", Quantity: decimal.RequireFromString("0.11")}}
	m.devStory(spot)
	return m.done(50_000)
}

// devStory is what happens over time: a test of a restore whose server went and whose disk stayed, a runner that runs nothing, a
// machine that is billed and in no list, a machine that comes while the demo runs.
func (m *selectelMaker) devStory(spot *Resource) {
	restore := m.server("pg-restore-test", 0, "ru-1b", "data", selectelSize(4, 16, 0), Steady, 20, 40)
	restore.Created = m.at(21, 10*time.Hour)
	restore.States[0].From, restore.Removed = restore.Created, m.at(33, 16*time.Hour+36*time.Minute)
	disk := m.thing(Volume, "pg-backup-volume", 0, "ru-1b", "data", Spec{DiskGB: 500})
	disk.Created = restore.Created
	disk.States[0].From, disk.States[0].ParentID = restore.Created, restore.ID
	m.wrong(ForgottenDisk, disk, restore.Removed, time.Time{}, "9.86")
	m.wrong(IdleMachine, spot, spot.Created, time.Time{}, "4.96")
	ghost := m.server("old-promo-landing", 1, "ru-9a", "shop", selectelSize(1, 2, 0), Idle, 0, 5)
	ghost.Details[SelectelUnlisted] = "1"
	ghost.Tags = nil
	load := m.server("load-test-01", 1, "ru-9a", "qa", selectelSize(8, 16, 40), Steady, 82, 60)
	load.Created, load.Removed = m.at(101, 9*time.Hour), m.at(104, 18*time.Hour)
	load.States[0].From = load.Created
	diskOf := m.resources[len(m.resources)-1]
	diskOf.Created, diskOf.States[0].From, diskOf.Removed = load.Created, load.Created, load.Removed
}
