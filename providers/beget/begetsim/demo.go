package begetsim

import (
	"fmt"
	"time"
)

const day = 24 * time.Hour

// demoID makes an identifier in the form of a UUID.
func demoID(account, n int) string {
	return fmt.Sprintf("%08d-0000-4000-8000-%012d", account, n)
}

// Demo is the demo company at Beget: its production and its development account. Their time line goes on after the
// hundredth day, so that a running demo sees machines come, go and grow.
func Demo() []Account { return []Account{demoProd(), demoDev()} }

func demoProd() Account {
	id := func(n int) string { return demoID(1, n) }
	shop, data, ops := id(901), id(902), id(903)
	vm := func(n int, name string, cpu, ram, disk int64, price, project string, p Pattern, cpuLoad, memory float64) Machine {
		return Machine{
			ID: id(n), Name: name, Size: Size{cpu, ram * 1024, disk * 1024, price}, Project: project, Region: "ru1",
			Pattern: p, Load: cpuLoad, Memory: memory, Created: -time.Duration(n) * 31 * time.Hour,
		}
	}
	a := Account{
		Title: "Beget Prod", Login: "infrazen_prod", Password: "demo-prod-password", APIPassword: "demo-prod-api", TopUp: 90000,
		Machines: []Machine{
			vm(1, "vps-app-01", 8, 16, 160, "420", shop, Daily, 71, 68),
			vm(2, "vps-app-02", 8, 16, 160, "420", shop, Daily, 64, 66),
			vm(3, "vps-db-01", 12, 32, 320, "610.5", data, Daily, 12, 31),
			vm(4, "vps-cache-01", 4, 8, 40, "185", shop, Steady, 22, 81),
			vm(5, "vps-batch-01", 6, 12, 80, "260.73", data, Nightly, 93, 54),
			vm(6, "vps-mq-01", 2, 6, 60, "148", shop, Steady, 17, 45),
			vm(7, "backup-service", 2, 4, 600, "240", ops, Nightly, 60, 40),
			vm(8, "lb-service", 2, 4, 20, "121", shop, Daily, 35, 30),
			vm(9, "nat-firewall", 2, 2, 20, "95.5", ops, Steady, 9, 25),
			vm(10, "vps-old-crm", 1, 1, 10, "9.73", ops, Idle, 0, 0),
			vm(11, "vps-promo-01", 4, 8, 80, "98", shop, Daily, 55, 50),
			vm(12, "vps-app-03", 4, 8, 80, "180", shop, Daily, 50, 62),
		},
		Projects:  []Project{{shop, "Магазин"}, {data, "Данные"}, {ops, "Инфраструктура"}},
		Addresses: []Address{{"198.51.100.20", id(9), "ru1"}},
		Networks:  []Network{{"net-1", "10.0.0.0", "ru1"}},
		Snapshots: []Snapshot{
			{ID: id(801), Machine: id(3), Description: "extra-volumes: vps-db-01 перед обновлением", PriceDay: "36", Region: "ru1", SizeMB: 120 * 1024, Created: 20 * day},
			{ID: id(802), Machine: id(1), Description: "vps-app-01 эталон", PriceDay: "28.5", Region: "ru1", SizeMB: 80 * 1024, Created: 41 * day},
		},
		Services: []Service{
			{ID: id(501), Name: "db-postgres-main", Type: "POSTGRESQL164", Size: Size{8, 32768, 245760, "400"}, Project: data, Region: "ru2", Load: 48, Memory: 72, Created: -30 * day},
			{ID: id(502), Name: "db-shop", Type: "MYSQL8", Size: Size{2, 8192, 81920, "174"}, Project: shop, Region: "ru2", Load: 31, Memory: 58, Created: -20 * day},
			{ID: id(503), Name: "obj-storage-prod", Type: "S_3", Size: Size{PriceDay: "0"}, Project: shop, Region: "ru1", Created: -40 * day},
			{ID: id(504), Name: "cdn-static", Type: "CDN", Size: Size{PriceDay: "0"}, Project: shop, Region: "ru1", Created: 12 * day},
			{ID: id(505), Name: "analytics-5.7", Type: "MYSQL5", Size: Size{2, 2048, 20480, "29"}, Project: data, Region: "ru2", Load: 9, Memory: 44, Created: 3 * day},
		},
		Domains: []Domain{
			{ID: 132456, FQDN: "infrazen-demo.ru", Registered: true, Mailboxes: []string{"info", "billing"}},
			{ID: 132457, FQDN: "shop.infrazen-demo.ru"},
		},
		Sites:     []Site{{ID: 11, Path: "infrazen-demo.ru/public_html", Domains: []string{"infrazen-demo.ru"}}},
		Databases: []string{"infraz_site"}, FTP: []string{"infraz_deploy"},
	}
	m := a.Machines
	m[9].Archived = true
	m[5].Software, m[5].Licenses = "rabbitmq", []License{{Type: "ISP", Plan: "Host", PriceMonth: "500"}}
	m[0].Software, m[0].Licenses = "bitrix", []License{{Type: "BITRIX", Plan: "Business", PriceDay: "12.4"}}
	m[10].Created, m[10].Removed = 60*day+11*time.Hour, 101*day+7*time.Hour+25*time.Minute
	m[11].Created = 93*day + 9*time.Hour + 40*time.Minute
	m[3].Changes = []Change{{At: 70 * day, Type: "RESTART"}, {At: 100*day + 15*time.Hour, Type: "RECONFIGURE", Size: &Size{4, 16384, 40960, "243.4"}}}
	m[4].Changes = []Change{{At: 80 * day, Type: "RECONFIGURE", Failed: true}, {At: 104 * day, Type: "RECONFIGURE", Size: &Size{8, 16384, 81920, "347.64"}}}
	return a
}

func demoDev() Account {
	id := func(n int) string { return demoID(2, n) }
	dev := id(901)
	vm := func(n int, name string, cpu, ram, disk int64, price string, p Pattern, cpuLoad, memory float64) Machine {
		return Machine{
			ID: id(n), Name: name, Size: Size{cpu, ram * 1024, disk * 1024, price}, Project: dev, Region: "ru2",
			Pattern: p, Load: cpuLoad, Memory: memory, Created: -time.Duration(n) * 17 * time.Hour,
		}
	}
	a := Account{
		Title: "Beget Dev", Login: "infrazen_dev", Password: "demo-dev-password", APIPassword: "demo-dev-api", TopUp: 30000,
		Closed: []string{"mysql", "ftp"},
		Machines: []Machine{
			vm(1, "dev-vps-01", 4, 8, 80, "210", WorkHours, 44, 57),
			vm(2, "dev-vps-02", 4, 6, 60, "155.5", WorkHours, 23, 41),
			vm(3, "stage-web-01", 6, 8, 80, "245", WorkHours, 38, 52),
			vm(4, "ci-dev-runner", 4, 8, 120, "180.25", WorkHours, 88, 61),
			vm(5, "dev-logs-storage", 2, 4, 400, "160", Steady, 8, 35),
			vm(6, "dev-old-01", 2, 4, 40, "88", Idle, 0, 0),
			vm(7, "dev-n8n", 1, 1, 10, "26", Steady, 7, 48),
		},
		Projects:  []Project{{dev, "Разработка"}},
		Addresses: []Address{{"198.51.100.77", "", "ru2"}},
		Snapshots: []Snapshot{{ID: id(801), Machine: id(99), Description: "старый стенд", PriceDay: "40", Region: "ru2", SizeMB: 100 * 1024, Created: 5 * day}},
		Services: []Service{
			{ID: id(501), Name: "dev-db-01", Type: "MYSQL8", Size: Size{4, 8192, 122880, "290"}, Project: dev, Region: "ru2", Load: 19, Memory: 47, Created: -15 * day},
			{ID: id(502), Name: "s3-dev-bucket", Type: "S_3", Size: Size{PriceDay: "0"}, Project: dev, Region: "ru2", Created: -15 * day},
		},
		Domains: []Domain{{ID: 222001, FQDN: "dev.infrazen-demo.ru"}},
		Sites:   []Site{{ID: 21, Path: "dev/public_html", Domains: []string{"dev.infrazen-demo.ru"}}},
	}
	m := a.Machines
	m[5].Changes = []Change{{At: 30 * day, Type: "STOP", Status: "STOPPED"}}
	m[6].Software = "n8n"
	m[6].Changes = []Change{{At: 102*day + 8*time.Hour, Name: "dev-automation"}}
	return a
}

// Locked is an account whose sign-in wants a code sent by e-mail.
func Locked() Account {
	return Account{Title: "Beget 2FA", Login: "infrazen_locked", Password: "demo-locked-password", AuthError: "CODE_REQUIRED_EMAIL"}
}
