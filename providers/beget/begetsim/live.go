package begetsim

import (
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// FromWorld makes an account of which a world tells what there is and what it costs. Prices per day are 24 times the world's
// prices per hour, the parts of a thing added up; what has no parts says a price of 0, as Beget does of what is billed by use.
// The API password is the password with "-api" behind it.
func FromWorld(w *world.Account) Account {
	a := Account{Title: w.Title, Login: w.ID, Password: w.Password, APIPassword: w.Password + "-api", World: w}
	for _, p := range w.Projects {
		a.Projects = append(a.Projects, Project{ID: p.ID, Name: p.Name})
	}
	dice := world.Dice(w.Seed, w.ID+"/hosting", 0)
	name := w.ID + ".example.ru"
	a.Domains = []Domain{{ID: 100_000 + dice.IntN(900_000), FQDN: name, Registered: true, Mailboxes: []string{"info"}}}
	a.Sites = []Site{{ID: 10 + dice.IntN(90), Path: name + "/public_html", Domains: []string{name}}}
	a.Databases, a.FTP = []string{w.ID + "_site"}, []string{w.ID + "_ftp"}
	a.Networks = []Network{{ID: "net-1", Subnet: "10.0.0.0", Region: "ru1"}}
	return a
}

// live is a thing of a world, for its load.
type live struct {
	account  *world.Account
	resource *world.Resource
}

// at is the load at an instant: percent of the CPU and of the memory. What does not run does nothing.
func (r *live) at(t time.Time) (cpu, memory float64) {
	s, ok := r.resource.At(t)
	if !ok || s.Status != world.Running || r.resource.Details[world.BegetArchived] != "" {
		return 0, 0
	}
	l := &r.resource.Load
	return l.At(r.account.Seed, r.resource.ID, t), l.MemoryAt(r.account.Seed, r.resource.ID, t)
}

// render fills a picture with what the account's world has.
func (w *picture) render(start time.Time) {
	for _, t := range w.World.Inventory(w.at) {
		r := renderer{w.World, start, t.Resource}
		switch t.Kind {
		case world.Server:
			w.machines = append(w.machines, r.machine(t.State, w.at))
		case world.Snapshot:
			w.snapshots = append(w.snapshots, r.snapshot(t.State, w.at))
		case world.FloatingIP:
			w.addresses = append(w.addresses, Address{IP: r.ID, Machine: t.State.ParentID, Region: r.Region})
		default:
			w.services = append(w.services, r.service(t.State, w.at))
		}
	}
}

// renderer says one thing of a world in Beget's words. Times are offsets from start.
type renderer struct {
	account *world.Account
	start   time.Time
	*world.Resource
}

func (r *renderer) since(t time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return t.Sub(r.start)
}

// price is what a day of a state costs at the prices of an instant, licences left out.
func (r *renderer) price(s world.State, at time.Time) string {
	parts := slices.DeleteFunc(slices.Clone(s.Parts), func(p world.Part) bool {
		return strings.HasPrefix(p.SKU, world.BegetLicense) || p.WhenRunning && s.Status != world.Running
	})
	return r.account.HourlyCost(parts, at).Mul(decimal.NewFromInt(24)).String()
}

func (r *renderer) size(s world.State, at time.Time) Size {
	return Size{CPU: s.VCPU, MemoryMB: s.MemoryMB, DiskMB: s.DiskGB * 1024, PriceDay: r.price(s, at)}
}

func status(s world.Status) string {
	switch s {
	case world.Running:
		return "RUNNING"
	case world.Stopped:
		return "STOPPED"
	}
	return "UNKNOWN"
}

// machine is a server in a state at an instant, without its changes.
func (r *renderer) machine(s world.State, at time.Time) Machine {
	m := Machine{
		ID: r.ID, Name: s.Name, Size: r.size(s, at), Status: status(s.Status), Archived: r.Details[world.BegetArchived] != "",
		Project: r.ProjectID, Region: r.Region, Software: r.Details[world.BegetSoftware],
		Load: r.Load.Peak, Memory: r.Load.Memory, Pattern: pattern(r.Load.Pattern), Created: r.since(r.Created), Removed: r.since(r.Removed),
		live: &live{r.account, r.Resource},
	}
	for _, p := range s.Parts {
		if strings.HasPrefix(p.SKU, world.BegetLicense) {
			typ, plan, _ := strings.Cut(r.account.PriceAt(p.SKU, at).Name, " ")
			day := r.account.HourlyCost([]world.Part{p}, at).Mul(decimal.NewFromInt(24))
			m.Licenses = append(m.Licenses, License{Type: typ, Plan: plan, PriceDay: day.String()})
		}
	}
	return m
}

func pattern(p world.Pattern) Pattern {
	switch p {
	case world.Daily:
		return Daily
	case world.Nightly:
		return Nightly
	case world.WorkHours:
		return WorkHours
	case world.Idle:
		return Idle
	}
	return Steady
}

// history is a server as it was made, with all its changes.
func (r *renderer) history() Machine {
	m := r.machine(r.States[0], r.Created)
	for i, s := range r.States[1:] {
		was := r.States[i]
		c := Change{At: r.since(s.From)}
		if s.Name != was.Name {
			c.Name = s.Name
			m.Changes = append(m.Changes, c)
			c.Name = ""
		}
		if size := r.size(s, s.From); size != r.size(was, s.From) {
			c.Size, c.Type = &size, told(s, "RECONFIGURE")
			m.Changes = append(m.Changes, c)
			c.Size = nil
		}
		if s.Status != was.Status {
			c.Status, c.Type = status(s.Status), told(s, map[world.Status]string{world.Running: "START", world.Stopped: "STOP"}[s.Status])
			m.Changes = append(m.Changes, c)
		}
	}
	return m
}

// told is a type of entry in the history, or nothing when the change left no trace.
func told(s world.State, entry string) string {
	if s.Silent {
		return ""
	}
	return entry
}

func (r *renderer) service(s world.State, at time.Time) Service {
	return Service{
		ID: r.ID, Name: s.Name, Type: r.Details[world.BegetService], Size: r.size(s, at), Project: r.ProjectID, Region: r.Region,
		Status: status(s.Status), Load: r.Load.Peak, Memory: r.Load.Memory, Created: r.since(r.Created), Removed: r.since(r.Removed),
		live: &live{r.account, r.Resource},
	}
}

func (r *renderer) snapshot(s world.State, at time.Time) Snapshot {
	return Snapshot{
		ID: r.ID, Machine: s.ParentID, Description: s.Name, PriceDay: r.price(s, at), Region: r.Region, SizeMB: s.DiskGB * 1024,
		Created: r.since(r.Created), Removed: r.since(r.Removed),
	}
}

// ever finds a machine that is or was, with all its changes.
func (s *Server) ever(a *Account, id string) (Machine, bool) {
	if a.World == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.IndexFunc(a.Machines, func(m Machine) bool { return m.ID == id }); i >= 0 {
			return a.Machines[i], true
		}
		return Machine{}, false
	}
	res, ok := a.World.Resource(id)
	if !ok || res.Kind != world.Server {
		return Machine{}, false
	}
	r := renderer{a.World, s.conf.Start, res}
	return r.history(), true
}
