package world

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/shopspring/decimal"
)

// Catalog is what one cloud offers: the generator makes accounts of it. Each cloud's is in a file of its own.
type Catalog struct {
	Cloud    Cloud
	Currency string
	TaxRate  decimal.Decimal
	Prices   []Price
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

// AccountConfig says which account to make.
type AccountConfig struct {
	Seed    uint64
	Catalog Catalog
	// Start is the first instant of the time line; the account's things are made before it and until Start + Span.
	Start time.Time
	Span  time.Duration // 120 days when zero
	// Servers is how many servers it has at the start; 10 when zero.
	Servers int
	// Projects is how many projects it has; 2 when zero.
	Projects int
}

// NewAccount makes an account at a cloud. The same configuration gives the same account.
func NewAccount(c AccountConfig) *Account {
	if c.Span == 0 {
		c.Span = 120 * 24 * time.Hour
	}
	if c.Servers == 0 {
		c.Servers = 10
	}
	if c.Projects == 0 {
		c.Projects = 2
	}
	g := generator{AccountConfig: c, dice: Dice(c.Seed, "account/"+string(c.Catalog.Cloud), 0)}
	return g.account()
}

type generator struct {
	AccountConfig
	dice *rand.Rand
	made *Account
}

func (g *generator) account() *Account {
	cat := &g.Catalog
	a := &Account{
		Seed: g.Seed, Cloud: cat.Cloud, ID: cat.AccountID(g.dice), Currency: cat.Currency, Prices: cat.Prices, TaxRate: cat.TaxRate,
		Start: g.Start, Password: fmt.Sprintf("password-%x", g.dice.Uint64()),
		Opening: decimal.NewFromInt(100_000), Bonus: decimal.NewFromInt(500),
	}
	a.Title = string(cat.Cloud) + " " + a.ID
	for i := range g.Projects {
		a.Projects = append(a.Projects, Project{ID: cat.ProjectID(g.dice), Name: []string{"prod", "dev", "stage", "data", "ops"}[i%5]})
	}
	g.made = a
	for i := range g.Servers {
		g.server(i)
	}
	for i, k := range cat.Kinds {
		g.thing(k, fmt.Sprintf("%s-%02d", k, i+1), Spec{VCPU: 2, MemoryMB: 4096, DiskGB: 20})
	}
	return a
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

func (g *generator) server(i int) {
	spec := sizes()[g.dice.IntN(len(sizes()))]
	name := fmt.Sprintf("%s-%02d", []string{"app", "db", "web", "worker", "cache"}[g.dice.IntN(5)], i+1)
	id := g.thing(Server, name, spec)
	if g.Catalog.SeparateVolumes {
		v := g.last()
		g.thing(Volume, "disk-for-"+name+"-#1", Spec{DiskGB: spec.DiskGB})
		w := g.last()
		w.ProjectID, w.Region, w.Zone, w.Created = v.ProjectID, v.Region, v.Zone, v.Created
		w.States[0].From, w.States[0].ParentID = v.Created, id
	}
}

func (g *generator) last() *Resource { return g.made.resources[len(g.made.resources)-1] }

// thing adds a resource and returns its identifier.
func (g *generator) thing(k Kind, name string, spec Spec) string {
	cat := &g.Catalog
	region := cat.Regions[g.dice.IntN(len(cat.Regions))]
	created := g.Start.Add(-time.Duration(g.dice.IntN(200*24*100)) * BillGrain).Truncate(BillGrain)
	patterns := []Pattern{Steady, Daily, Daily, Nightly, WorkHours, Idle}
	r := Resource{
		ID: cat.ID(k, g.dice), ProjectID: g.made.Projects[g.dice.IntN(len(g.made.Projects))].ID, Kind: k,
		Region: region.ID, Zone: region.Zones[g.dice.IntN(len(region.Zones))], Created: created,
		Load:   Load{Pattern: patterns[g.dice.IntN(len(patterns))], Peak: 20 + 70*g.dice.Float64(), Base: 3, Memory: 20 + 70*g.dice.Float64(), Noise: 2},
		Tags:   map[string]string{"env": []string{"prod", "dev"}[g.dice.IntN(2)], "team": []string{"shop", "data", "ops"}[g.dice.IntN(3)]},
		States: []State{{From: created, Name: name, Status: Running, Spec: spec, Parts: cat.Parts(k, spec)}},
	}
	if cat.Detail != nil {
		r.Details = cat.Detail(k, spec, g.dice)
	}
	g.made.Add(r)
	return r.ID
}
