package world

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// Catalog is what one cloud offers: the generator makes accounts of it. Each cloud's is in a file of its own.
type Catalog struct {
	Cloud    Cloud
	Currency string
	TaxRate  decimal.Decimal
	Prices   []Price
	// Step is what new prices are a multiple of when the price list changes; zero means four digits after the point, or as
	// many as the old price has.
	Step decimal.Decimal
	// Exact clouds bill what stands in their price list, at once and once and for all: no contracts, no credits, no late lines,
	// no corrections.
	Exact bool
	// Credits is true where the cloud gives grants that pay for use.
	Credits bool
	// Regions have at least one zone each.
	Regions []Region
	// Kinds are what an account there may have beside servers with their volumes.
	Kinds []Kind
	// Parts are what the bill counts of a thing.
	Parts func(kind Kind, spec Spec) []Part
	// ID makes the cloud's identifier of a thing, from dice.
	ID func(kind Kind, d *rand.Rand) string
	// AccountID makes an account's number or login, and ProjectID a project's identifier.
	AccountID, ProjectID func(d *rand.Rand) string
	// Detail fills Resource.Details; nil when there is nothing.
	Detail func(kind Kind, spec Spec, d *rand.Rand) map[string]string
	// SeparateVolumes is true where a server's disk is a resource of its own.
	SeparateVolumes bool
}

// Region is a region with its zones.
type Region struct {
	ID, Name string
	Zones    []string
}

// Calm says what does not happen in an account: flags to be joined by |.
type Calm uint

// What may be left out, for simple tests.
const (
	NoLife         Calm = 1 << iota // nobody creates, changes or deletes a thing
	NoIncidents                     // nothing goes wrong
	NoRestatements                  // the cloud corrects nothing
	NoDelays                        // the cloud gives every hour out at its end
	NoPriceChange                   // the price list stays
	NoContract                      // no discount and no grants
	// Calmest is all of them.
	Calmest = NoLife | NoIncidents | NoRestatements | NoDelays | NoPriceChange | NoContract
)

// AccountConfig says which account to make.
type AccountConfig struct {
	Seed    uint64
	Catalog Catalog
	// Start is the first instant of the time line; the account's things are made before it and until Start + Span + Beyond.
	Start time.Time
	// Span is the time that tests and demos look at: 120 days when zero. Life goes on Beyond it: 60 days when zero.
	Span, Beyond time.Duration
	// Servers is how many servers it has at the start; 10 when zero.
	Servers int
	// Projects is how many projects it has; 2 when zero.
	Projects int
	// Calm is what does not happen.
	Calm Calm
}

// NewAccount makes an account at a cloud, with what people do to it, what goes wrong, and what the cloud says late or twice.
// The same configuration gives the same account.
func NewAccount(c AccountConfig) *Account {
	if c.Span == 0 {
		c.Span = 120 * day
	}
	if c.Beyond == 0 {
		c.Beyond = 60 * day
	}
	if c.Servers == 0 {
		c.Servers = 10
	}
	if c.Projects == 0 {
		c.Projects = 2
	}
	if c.Catalog.Exact {
		c.Calm |= NoRestatements | NoDelays | NoContract
	}
	g := generator{AccountConfig: c, ids: map[string]bool{}, names: map[string]int{}, taken: map[*Resource]bool{}}
	g.roll("account")
	return g.account()
}

// generator makes one account.
type generator struct {
	AccountConfig
	dice  *rand.Rand
	made  *Account
	all   []*Resource
	ids   map[string]bool
	names map[string]int
	// taken are those to which something happens already.
	taken map[*Resource]bool
	tags  []map[string]string
}

// roll takes fresh dice, so that what is made of one thing does not depend on how much is made of another.
func (g *generator) roll(what string) {
	g.dice = Dice(g.Seed, what+"/"+string(g.Catalog.Cloud), 0)
}

func (g *generator) is(c Calm) bool { return g.Calm&c != 0 }

func (g *generator) end() time.Time { return g.Start.Add(g.Span + g.Beyond) }

func (g *generator) account() *Account {
	cat := &g.Catalog
	a := &Account{
		Seed: g.Seed, Cloud: cat.Cloud, ID: cat.AccountID(g.dice), Currency: cat.Currency, Prices: cat.Prices, TaxRate: cat.TaxRate,
		Start: g.Start, Password: fmt.Sprintf("password-%x", g.dice.Uint64()), Bonus: decimal.NewFromInt(500),
	}
	a.Title = string(cat.Cloud) + " " + a.ID
	for i := range g.Projects {
		name := pick(g.dice, "prod", "dev", "stage", "data", "ops")
		if known := []string{"prod", "dev", "stage", "data", "ops"}; i < len(known) {
			name = known[i]
		}
		a.Projects = append(a.Projects, Project{ID: cat.ProjectID(g.dice), Name: name})
	}
	a.People = people(g.dice)
	g.made = a
	g.tags = tagSets()
	g.contract()
	for range g.Servers {
		g.server(g.before())
	}
	for _, k := range cat.Kinds {
		g.thing(k, string(k), g.specOf(k), g.before())
	}
	g.incidents()
	g.life()
	for _, r := range g.all {
		a.Add(*r)
	}
	g.money()
	g.corrections()
	return a
}

func pick[T any](d *rand.Rand, from ...T) T { return from[d.IntN(len(from))] }

func people(d *rand.Rand) []Person {
	names := []string{"Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Илья"}
	d.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	var out []Person
	for i, n := range names[:3+d.IntN(5)] {
		out = append(out, Person{Name: n, Team: []string{"shop", "data", "ops"}[i%3]})
	}
	return out
}

// tagSets are the sets of tags that things share. One in eight things has none.
func tagSets() []map[string]string {
	out := []map[string]string{}
	for _, env := range []string{"prod", "dev"} {
		for _, team := range []string{"shop", "data", "ops"} {
			out = append(out, map[string]string{"env": env, "team": team})
		}
	}
	return append(out, map[string]string{"env": "prod"}, map[string]string{})
}

// before is an instant before the start at which something old was made.
func (g *generator) before() time.Time {
	return g.Start.Add(-time.Duration(1+g.dice.IntN(200*24*100)) * BillGrain).Truncate(BillGrain)
}

// sizes are the usual sizes of servers: cores, memory in MB, disk in GB.
func sizes() []Spec {
	return []Spec{
		{VCPU: 1, MemoryMB: 1024, DiskGB: 10},
		{VCPU: 2, MemoryMB: 4096, DiskGB: 30},
		{VCPU: 4, MemoryMB: 8192, DiskGB: 80},
		{VCPU: 8, MemoryMB: 16384, DiskGB: 160},
		{VCPU: 12, MemoryMB: 32768, DiskGB: 320},
	}
}

func (g *generator) specOf(k Kind) Spec {
	switch k {
	case Server, Database:
		return sizes()[[]int{0, 1, 1, 2, 2, 3, 3, 4}[g.dice.IntN(8)]]
	case Volume, Bucket, Backup, Share, Image, Snapshot:
		return Spec{VCPU: 2, MemoryMB: 4096, DiskGB: pick[int64](g.dice, 20, 40, 80, 160, 320)}
	}
	return Spec{VCPU: 2, MemoryMB: 4096, DiskGB: 20}
}

// server adds a server, with its volume where that is a resource of its own.
func (g *generator) server(created time.Time) *Resource {
	name := pick(g.dice, "api-backend", "app", "db-postgres", "web-frontend", "worker", "cache-redis", "analytics", "ci-runner", "queue", "batch")
	r := g.thing(Server, name, g.specOf(Server), created)
	if g.Catalog.SeparateVolumes {
		s := &r.States[0]
		v := g.add(Volume, "disk-for-"+s.Name+"-#1", Spec{DiskGB: s.DiskGB}, created)
		g.attach(v, r)
	}
	return r
}

// attach makes a thing belong to a server, where the server is.
func (g *generator) attach(r, server *Resource) {
	r.ProjectID, r.Region, r.Zone, r.Owner, r.Tags = server.ProjectID, server.Region, server.Zone, server.Owner, server.Tags
	r.Created = later(r.Created, server.Created)
	r.States[0].From, r.States[0].ParentID = r.Created, server.ID
}

// thing adds a resource with a number behind its name. Addresses and copies belong to a server.
func (g *generator) thing(k Kind, name string, spec Spec, created time.Time) *Resource {
	g.names[name]++
	r := g.add(k, fmt.Sprintf("%s-%02d", name, g.names[name]), spec, created)
	if k == FloatingIP || k == Snapshot || k == Backup {
		if servers := g.living(Server, created); len(servers) > 0 {
			g.attach(r, pick(g.dice, servers...))
		}
	}
	return r
}

// living are the resources of a kind that exist at an instant, in the order in which they were added.
func (g *generator) living(k Kind, t time.Time) []*Resource {
	var out []*Resource
	for _, r := range g.all {
		if _, ok := r.At(t); ok && r.Kind == k {
			out = append(out, r)
		}
	}
	return out
}

func (g *generator) add(k Kind, name string, spec Spec, created time.Time) *Resource {
	cat := &g.Catalog
	region := cat.Regions[g.dice.IntN(len(cat.Regions))]
	id := cat.ID(k, g.dice)
	for g.ids[id] {
		id = cat.ID(k, g.dice)
	}
	g.ids[id] = true
	owner := pick(g.dice, g.made.People...)
	r := &Resource{
		ID: id, ProjectID: pick(g.dice, g.made.Projects...).ID, Kind: k, Region: region.ID, Zone: pick(g.dice, region.Zones...),
		Created: created, Owner: owner.Name, Load: g.load(), Tags: pick(g.dice, g.tags...),
		States: []State{{From: created, Name: name, Status: Running, Spec: spec, Parts: cat.Parts(k, spec), By: owner.Name}},
	}
	if cat.Detail != nil {
		r.Details = cat.Detail(k, spec, g.dice)
	}
	g.all = append(g.all, r)
	return r
}

// load is how busy machines usually are: half of them below 7 % of the CPU, one in ten above 25 %, as traces of real machines
// are; a busier machine is noisier, but less than in proportion. None is so quiet that it could be taken for an idle one.
func (g *generator) load() Load {
	mean := min(max(6.4*math.Exp(1.05*g.dice.NormFloat64()), 2.2), 80)
	l := Load{Pattern: pick(g.dice, Steady, Steady, Steady, Steady, Daily, Daily, Daily, Nightly, WorkHours), Noise: 1.6 * math.Pow(mean, 0.55)}
	l.Memory, l.Bursts = 20+65*g.dice.Float64(), max(0, g.dice.Float64()-0.6)
	switch l.Pattern {
	case Daily:
		l.Peak, l.Base = 1.5*mean, 0.5*mean
	case Nightly, WorkHours:
		l.Peak, l.Base = 2.6*mean, 0.4*mean
	default:
		l.Peak, l.Base = 1.1*mean, 0.9*mean
	}
	l.Peak = min(l.Peak, 97)
	return l
}

// moment is an instant of a working day's working hours, Moscow time, in [from, to); from itself when there is none.
func (g *generator) moment(from, to time.Time) time.Time {
	days := int(to.Sub(from) / day)
	for range 20 {
		t := from.In(Moscow()).AddDate(0, 0, g.dice.IntN(max(days, 1)))
		y, m, d := t.Date()
		t = time.Date(y, m, d, 9+g.dice.IntN(10), 0, 0, 0, Moscow()).Add(time.Duration(g.dice.IntN(100)) * BillGrain).UTC()
		if w := t.In(Moscow()).Weekday(); w != time.Saturday && w != time.Sunday && !t.Before(from) && t.Before(to) {
			return t
		}
	}
	return from.Truncate(BillGrain)
}

func (g *generator) person() string { return pick(g.dice, g.made.People...).Name }

// change appends a state from an instant behind the latest one on.
func (g *generator) change(r *Resource, at time.Time, f func(s *State)) {
	next := r.States[len(r.States)-1]
	next.From, next.Silent, next.By = at, false, g.person()
	f(&next)
	r.States = append(r.States, next)
}

func (g *generator) resize(r *Resource, at time.Time, spec Spec) {
	g.change(r, at, func(s *State) { s.Spec, s.Parts = spec, g.Catalog.Parts(r.Kind, spec) })
}

// remove ends a resource, and all that belongs to it then, at an instant.
func (g *generator) remove(r *Resource, at time.Time) {
	if !r.Created.Before(at) || !r.Removed.IsZero() && !r.Removed.After(at) {
		return
	}
	r.Removed = at
	r.States = slices.DeleteFunc(r.States, func(s State) bool { return !s.From.Before(at) })
	if r.Kind != Server {
		return
	}
	for _, child := range g.all {
		if child.States[len(child.States)-1].ParentID == r.ID {
			g.remove(child, at)
		}
	}
}
