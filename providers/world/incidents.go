package world

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// incidents lets things go wrong, each on a resource of its own, and writes down what. What happens in the last third of the
// span is followed by some more in the time beyond it.
func (g *generator) incidents() {
	if g.is(NoIncidents) {
		return
	}
	g.roll("incidents")
	from, to := g.Start.Add(g.Span*3/10), g.Start.Add(g.Span*9/10)
	for range 1 + g.Servers/40 {
		for _, make := range []func(from, to time.Time){g.spike, g.drift, g.shift, g.forget, g.idle} {
			make(from, to)
		}
	}
	late := g.end().Add(-g.Beyond / 5)
	g.spike(to, late)
	g.shift(to, late)
	slices.SortStableFunc(g.made.Incidents, func(a, b Incident) int { return a.From.Compare(b.From) })
}

// victim is a resource of a kind that lives from the beginning and to which nothing happens yet; nil when there is none.
func (g *generator) victim(k Kind, fits func(r *Resource) bool) *Resource {
	free := slices.DeleteFunc(g.living(k, g.Start), func(r *Resource) bool { return g.taken[r] || !r.Removed.IsZero() || !fits(r) })
	if len(free) == 0 {
		return nil
	}
	return pick(g.dice, free...)
}

// wrong writes an incident down. What costs nothing is none.
func (g *generator) wrong(k IncidentKind, r *Resource, from, to time.Time, extra decimal.Decimal) {
	if extra.IsPositive() {
		g.made.Incidents = append(g.made.Incidents, Incident{Kind: k, ResourceID: r.ID, From: from, To: to, HourlyExtra: extra})
	}
}

// extra is what parts cost an hour more than other parts at an instant.
func (g *generator) extra(t time.Time, more, less []Part) decimal.Decimal {
	return g.made.HourlyCost(more, t).Sub(g.made.HourlyCost(less, t))
}

// small tells whether a server can grow by some sizes.
func small(by int) func(r *Resource) bool {
	return func(r *Resource) bool {
		i := sizeIndex(r.States[0].Spec)
		return i >= 0 && i+by < len(sizes())
	}
}

// spike makes a server as big as can be for some hours.
func (g *generator) spike(from, to time.Time) {
	r := g.victim(Server, small(2))
	if r == nil {
		return
	}
	g.taken[r] = true
	was := r.States[0]
	at := g.moment(from, to)
	until := at.Add(time.Duration(400+g.dice.IntN(1000)) * BillGrain)
	g.resize(r, at, g.grown(was.Spec, len(sizes())-1))
	g.wrong(CostSpike, r, at, until, g.extra(at, r.States[1].Parts, was.Parts))
	g.resize(r, until, was.Spec)
}

// grown is a server of one of the usual sizes with its old disk.
func (g *generator) grown(spec Spec, size int) Spec {
	big := sizes()[size]
	big.DiskGB, big.Type = spec.DiskGB, spec.Type
	return big
}

// shift makes a server bigger for good.
func (g *generator) shift(from, to time.Time) {
	r := g.victim(Server, small(1))
	if r == nil {
		return
	}
	g.taken[r] = true
	was := r.States[0]
	i := sizeIndex(was.Spec)
	at := g.moment(from, to)
	g.resize(r, at, g.grown(was.Spec, min(i+1+g.dice.IntN(2), len(sizes())-1)))
	g.wrong(LevelShift, r, at, time.Time{}, g.extra(at, r.States[1].Parts, was.Parts))
}

// drift makes something grow day by day for some weeks.
func (g *generator) drift(from, to time.Time) {
	grows := func(r *Resource) bool {
		s := r.States[0].Spec
		parts := g.Catalog.Parts(r.Kind, s)
		s.DiskGB *= 2
		return g.extra(from, g.Catalog.Parts(r.Kind, s), parts).IsPositive()
	}
	var r *Resource
	for _, k := range []Kind{Bucket, Share, Volume, Database, Backup, Server} {
		if r = g.victim(k, grows); r != nil {
			break
		}
	}
	if r == nil {
		return
	}
	g.taken[r] = true
	was := r.States[0]
	at := g.moment(from, to.Add(-30*day))
	days := int64(20 + g.dice.IntN(20))
	last := at
	for i := range days {
		spec := was.Spec
		spec.DiskGB += spec.DiskGB * 3 * (i + 1) / days
		last = at.Add(time.Duration(i) * day)
		g.resize(r, last, spec)
	}
	g.wrong(Drift, r, at, last, g.extra(at, r.States[len(r.States)-1].Parts, was.Parts))
}

// forget removes a server and leaves what belonged to it: its volume, or else a copy or an address.
func (g *generator) forget(from, to time.Time) {
	for _, k := range []Kind{Volume, Snapshot, Backup, FloatingIP} {
		left := g.victim(k, func(r *Resource) bool {
			return r.States[0].ParentID != "" && g.free(r.States[0].ParentID) && len(r.States[0].Parts) > 0
		})
		if left == nil {
			continue
		}
		at := g.moment(from, to)
		server := g.all[slices.IndexFunc(g.all, func(r *Resource) bool { return r.ID == left.States[0].ParentID })]
		g.taken[left], g.taken[server] = true, true
		if k == Volume || k == FloatingIP {
			g.change(left, at, func(s *State) { s.ParentID, s.Silent = "", true })
		} else {
			left.States[0].ParentID = "" // kept from what is removed below
		}
		g.remove(server, at)
		if k == Snapshot || k == Backup {
			left.States[0].ParentID = server.ID
		}
		g.wrong(ForgottenDisk, left, at, time.Time{}, g.made.HourlyCost(left.States[0].Parts, at))
		return
	}
}

// free tells whether nothing happens yet to a server and to what belongs to it.
func (g *generator) free(server string) bool {
	return !slices.ContainsFunc(g.all, func(r *Resource) bool {
		return g.taken[r] && (r.ID == server || r.States[0].ParentID == server)
	})
}

// idle makes a server do nothing from an instant on.
func (g *generator) idle(from, to time.Time) {
	r := g.victim(Server, func(*Resource) bool { return true })
	if r == nil {
		return
	}
	g.taken[r] = true
	at := g.moment(from, to)
	r.Load.Episodes = []Episode{{From: at, Factor: 0.02}}
	g.wrong(IdleMachine, r, at, time.Time{}, g.made.HourlyCost(r.States[0].Parts, at))
}
