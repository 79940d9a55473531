package begetsim

import (
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// Demo is the demo company at Beget as lists: its production and its development account. Their time line goes on after the
// hundredth day, so that a running demo sees machines come, go and grow. A stand-in without Accounts of its own serves the
// same accounts with the load of a live world.
func Demo() []Account {
	start := time.Unix(0, 0).UTC()
	out := demoAt(0, start)
	for i := range out {
		out[i].list(start)
	}
	return out
}

// list puts what the account's world ever has into the lists, and leaves the world.
func (a *Account) list(start time.Time) {
	for _, res := range a.World.All() {
		r := renderer{a.World, start, res}
		s := res.States[0]
		switch res.Kind {
		case world.Server:
			m := r.history()
			m.live = nil
			a.Machines = append(a.Machines, m)
		case world.Snapshot:
			a.Snapshots = append(a.Snapshots, r.snapshot(s, res.Created))
		case world.FloatingIP:
			a.Addresses = append(a.Addresses, Address{IP: res.ID, Machine: s.ParentID, Region: res.Region})
		default:
			v := r.service(s, res.Created)
			v.live = nil
			a.Services = append(a.Services, v)
		}
	}
	a.World = nil
}

// demoAt are the demo company's accounts of a world that begins at start.
func demoAt(seed uint64, start time.Time) []Account {
	worlds := world.DemoBeget(seed, start)
	prod, dev := FromWorld(worlds[0]), FromWorld(worlds[1])
	prod.APIPassword, prod.TopUp = "demo-prod-api", 90_000
	prod.Domains = []Domain{
		{ID: 132456, FQDN: "infrazen-demo.ru", Registered: true, Mailboxes: []string{"info", "billing"}},
		{ID: 132457, FQDN: "shop.infrazen-demo.ru"},
	}
	prod.Sites = []Site{{ID: 11, Path: "infrazen-demo.ru/public_html", Domains: []string{"infrazen-demo.ru"}}}
	prod.Databases, prod.FTP = []string{"infraz_site"}, []string{"infraz_deploy"}

	dev.APIPassword, dev.TopUp, dev.Closed, dev.Networks = "demo-dev-api", 30_000, []string{"mysql", "ftp"}, nil
	dev.Databases, dev.FTP = nil, nil
	dev.Domains = []Domain{{ID: 222001, FQDN: "dev.infrazen-demo.ru"}}
	dev.Sites = []Site{{ID: 21, Path: "dev/public_html", Domains: []string{"dev.infrazen-demo.ru"}}}
	return []Account{prod, dev}
}

// Locked is an account whose sign-in wants a code sent by e-mail.
func Locked() Account {
	return Account{Title: "Beget 2FA", Login: "infrazen_locked", Password: "demo-locked-password", AuthError: "CODE_REQUIRED_EMAIL"}
}
