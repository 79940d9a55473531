package world

import (
	"slices"
	"time"
)

// life lets people create, resize, stop, rename, and delete things, from the start on.
func (g *generator) life() {
	if g.is(NoLife) {
		return
	}
	g.roll("life")
	for _, r := range slices.Clone(g.all) {
		if g.taken[r] || !r.Removed.IsZero() {
			continue
		}
		g.taken[r] = true
		if r.Kind == Server {
			g.liveServer(r)
		} else if r.States[0].ParentID == "" || r.Kind == Snapshot {
			g.liveThing(r)
		}
	}
	times := int64((g.Span + g.Beyond) / day)
	for range int64(g.Servers) * times / 500 {
		g.newServer()
	}
	for _, k := range g.Catalog.Kinds {
		for range 1 + times/120 {
			g.newThing(k)
		}
	}
}

// liveServer does to a server what happens to it in the whole time; to most nothing does.
func (g *generator) liveServer(r *Resource) {
	at := g.moment(g.Start.Add(day), g.end().Add(-10*day))
	switch n := g.dice.IntN(100); {
	case n < 12:
		g.shrink(r, at)
	case n < 20:
		g.sleepAtNight(r, at)
	case n < 30:
		g.change(r, at, func(s *State) { s.Status = Stopped })
		g.change(r, at.Add(time.Duration(1+g.dice.IntN(9*2400))*BillGrain), func(s *State) { s.Status = Running })
	case n < 40:
		g.change(r, at, func(s *State) { s.Name = "new-" + s.Name })
	case n < 50 && g.removable(r):
		g.remove(r, at)
	}
}

func (g *generator) removable(r *Resource) bool {
	return !slices.ContainsFunc(g.all, func(c *Resource) bool {
		return g.taken[c] && c.States[len(c.States)-1].ParentID == r.ID
	})
}

// shrink makes a server one size smaller.
func (g *generator) shrink(r *Resource, at time.Time) {
	spec := r.States[len(r.States)-1].Spec
	if i := sizeIndex(spec); i > 0 {
		smaller := sizes()[i-1]
		smaller.DiskGB = spec.DiskGB // disks do not shrink
		g.resize(r, at, smaller)
	}
}

// sizeIndex is the place of a size among the usual ones, by its cores; -1 when it has none.
func sizeIndex(spec Spec) int {
	return slices.IndexFunc(sizes(), func(s Spec) bool { return s.VCPU == spec.VCPU && s.MemoryMB == spec.MemoryMB })
}

// sleepAtNight stops a server on the evenings of two weeks and starts it in the mornings.
func (g *generator) sleepAtNight(r *Resource, from time.Time) {
	y, m, d := from.In(Moscow()).Date()
	for i := range 14 {
		evening := time.Date(y, m, d+i, 20, 0, 0, 0, Moscow()).UTC()
		morning := time.Date(y, m, d+i+1, 8, 0, 0, 0, Moscow()).UTC()
		g.change(r, evening, func(s *State) { s.Status = Stopped })
		g.change(r, morning, func(s *State) { s.Status = Running })
	}
}

func (g *generator) liveThing(r *Resource) {
	at := g.moment(g.Start.Add(day), g.end().Add(-10*day))
	switch n := g.dice.IntN(100); {
	case n < 15:
		g.remove(r, at)
	case n < 25:
		// Some things leave no trace of their renaming.
		g.change(r, at, func(s *State) { s.Name, s.Silent = s.Name+"-renamed", g.dice.IntN(2) == 0 })
	}
}

// newServer is made within the time; every other one is a trial that ends after some days.
func (g *generator) newServer() {
	r := g.server(g.moment(g.Start, g.end()))
	g.taken[r] = true
	if g.dice.IntN(2) == 0 {
		g.remove(r, r.Created.Add(time.Duration(1200+g.dice.IntN(14*2400))*BillGrain))
	}
}

// newThing is made within the time; most copies are thrown away later.
func (g *generator) newThing(k Kind) {
	r := g.thing(k, string(k), g.specOf(k), g.moment(g.Start, g.end()))
	g.taken[r] = true
	for _, s := range g.all {
		if s.ID == r.States[0].ParentID && !s.Removed.IsZero() {
			g.remove(r, s.Removed)
		}
	}
	if k == Snapshot && g.dice.IntN(4) > 0 {
		g.remove(r, r.Created.Add(time.Duration(1200+g.dice.IntN(20*2400))*BillGrain))
	}
}
