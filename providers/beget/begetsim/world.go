package begetsim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// Account is one customer of the stand-in.
type Account struct {
	// Title is what a connection to it is called.
	Title                        string
	Login, Password, APIPassword string
	// AuthError, when set, is what sign-in with the right password answers: CODE_REQUIRED_EMAIL, ...
	AuthError string
	// Closed are legacy sections that the API password does not open: "mysql", "ftp".
	Closed []string

	Machines  []Machine
	Services  []Service
	Snapshots []Snapshot
	Addresses []Address
	Networks  []Network
	Projects  []Project
	Domains   []Domain
	Sites     []Site
	Databases []string // of the hosting plan
	FTP       []string
	// World, when set, has the machines, services, snapshots and addresses, their load, and the balance: it is rendered anew at
	// every request, and the lists above are not looked at.
	World *world.Account
	// TopUp is what is paid in whenever the balance runs low, in roubles.
	TopUp int64
}

// Size is what can be changed of a machine.
type Size struct {
	CPU, MemoryMB, DiskMB int64
	PriceDay              string // a JSON number in roubles; "" gives null
}

// Machine is a VPS. Times are offsets from the world's start.
type Machine struct {
	ID, Name string
	Size
	Status   string // RUNNING unless it says otherwise
	Archived bool
	Project  string
	Region   string
	Software string // name of an installed program, which comes with a password
	Licenses []License
	// Load is the usual share of the CPU in percent at the busiest hour; Memory the usual share of the memory.
	Load, Memory float64
	Pattern      Pattern
	Created      time.Duration
	Removed      time.Duration // 0 means never
	Changes      []Change
	live         *live
}

// License is a licence that comes with a machine's software; one of the prices is set.
type License struct {
	Type, Plan           string
	PriceDay, PriceMonth string
}

// Change is something done to a machine.
type Change struct {
	At     time.Duration
	Type   string // START, STOP, RESTART, REINSTALL, RECONFIGURE, or "" for what leaves no history
	Failed bool
	Size   *Size
	Name   string
	Status string
}

// Service is a managed service. Times are offsets from the world's start.
type Service struct {
	ID, Name, Type string
	Size
	Project, Region string
	Status          string
	Load, Memory    float64
	Created         time.Duration
	Removed         time.Duration
	live            *live
}

// Snapshot is a snapshot of a machine.
type Snapshot struct {
	ID, Machine, Description, PriceDay, Region string
	SizeMB                                     int64
	Created                                    time.Duration
	Removed                                    time.Duration
}

// Address is an additional address; Machine is empty while it stands unused.
type Address struct{ IP, Machine, Region string }

// Network is a private network.
type Network struct{ ID, Subnet, Region string }

// Project groups machines and services.
type Project struct{ ID, Name string }

// Domain is a domain of the account.
type Domain struct {
	ID         int
	FQDN       string
	Registered bool
	Mailboxes  []string
}

// Site is a site of the hosting plan.
type Site struct {
	ID      int
	Path    string
	Domains []string
}

// Pattern is how a machine's load goes over a week.
type Pattern int

// The patterns.
const (
	Steady Pattern = iota
	Daily          // busy by day, less so at weekends
	Nightly
	WorkHours // idle outside them
	Idle
)

// edit changes the world under lock.
func (s *Server) edit(login string, f func(a *Account)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(login)
	if a == nil {
		return fmt.Errorf("cannot edit account %s: there is none", login)
	}
	if a.World != nil {
		return fmt.Errorf("cannot edit account %s here: it is rendered from a world; change that", login)
	}
	f(a)
	return nil
}

// since is an instant as an offset from the world's start.
func (s *Server) since(at time.Time) time.Duration { return at.Sub(s.conf.Start) }

// AddMachine makes a machine exist from an instant on.
func (s *Server) AddMachine(login string, m Machine, at time.Time) error {
	m.Created = s.since(at)
	return s.edit(login, func(a *Account) { a.Machines = append(a.Machines, m) })
}

// RemoveMachine ends a machine at an instant; its history goes on telling so.
func (s *Server) RemoveMachine(login, id string, at time.Time) error {
	return s.editMachine(login, id, func(m *Machine) { m.Removed = s.since(at) })
}

// ResizeMachine changes a machine's size and price at an instant, with an entry in its history.
func (s *Server) ResizeMachine(login, id string, size Size, at time.Time) error {
	return s.change(login, id, Change{At: s.since(at), Type: "RECONFIGURE", Size: &size})
}

// RenameMachine changes a machine's name at an instant.
func (s *Server) RenameMachine(login, id, name string, at time.Time) error {
	return s.change(login, id, Change{At: s.since(at), Name: name})
}

// StopMachine stops a machine at an instant. It keeps its price.
func (s *Server) StopMachine(login, id string, at time.Time) error {
	return s.change(login, id, Change{At: s.since(at), Type: "STOP", Status: "STOPPED"})
}

// SetPrice changes a machine's price at an instant, as a new price list would: no history tells of it.
func (s *Server) SetPrice(login, id, priceDay string, at time.Time) error {
	return s.editMachine(login, id, func(m *Machine) {
		size := m.at(s.since(at)).Size
		size.PriceDay = priceDay
		m.Changes = append(slices.Clone(m.Changes), Change{At: s.since(at), Size: &size})
	})
}

func (s *Server) change(login, id string, c Change) error {
	return s.editMachine(login, id, func(m *Machine) { m.Changes = append(slices.Clone(m.Changes), c) })
}

func (s *Server) editMachine(login, id string, f func(m *Machine)) error {
	found := false
	err := s.edit(login, func(a *Account) {
		for i := range a.Machines {
			if a.Machines[i].ID == id {
				found = true
				f(&a.Machines[i])
			}
		}
	})
	if err == nil && !found {
		err = fmt.Errorf("cannot change machine %s: there is none", id)
	}
	return err
}

// AddService makes a managed service exist from an instant on.
func (s *Server) AddService(login string, v Service, at time.Time) error {
	v.Created = s.since(at)
	return s.edit(login, func(a *Account) { a.Services = append(a.Services, v) })
}

// at gives the machine as it is at an offset.
func (m *Machine) at(t time.Duration) Machine {
	now := *m
	if now.Status == "" {
		now.Status = "RUNNING"
	}
	for _, c := range m.sorted() {
		if c.At > t || c.Failed {
			continue
		}
		if c.Size != nil {
			now.Size = *c.Size
		}
		if c.Name != "" {
			now.Name = c.Name
		}
		if c.Status != "" {
			now.Status = c.Status
		}
	}
	return now
}

func (m *Machine) sorted() []Change {
	cs := slices.Clone(m.Changes)
	slices.SortStableFunc(cs, func(a, b Change) int { return int(a.At - b.At) })
	return cs
}

func lives(created, removed, t time.Duration) bool {
	return created <= t && (removed == 0 || t < removed)
}

// picture is an account as it is at an instant.
type picture struct {
	*Account
	at        time.Time
	since     time.Duration
	machines  []Machine
	services  []Service
	snapshots []Snapshot
	addresses []Address
}

// look takes a picture of an account as it is now.
func (s *Server) look(a *Account) picture {
	now := s.now()
	w := picture{Account: a, at: now, since: now.Sub(s.conf.Start)}
	if a.World != nil {
		w.render(s.conf.Start)
		return w
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.addresses = a.Addresses
	for i := range a.Machines {
		if m := &a.Machines[i]; lives(m.Created, m.Removed, w.since) {
			w.machines = append(w.machines, m.at(w.since))
		}
	}
	for _, v := range a.Services {
		if lives(v.Created, v.Removed, w.since) {
			w.services = append(w.services, v)
		}
	}
	for _, v := range a.Snapshots {
		if lives(v.Created, v.Removed, w.since) {
			w.snapshots = append(w.snapshots, v)
		}
	}
	return w
}

// Truth is what an account holds now, by identifiers, for comparing with what a collector found.
type Truth struct {
	Machines, Services, Snapshots, Addresses, Networks, Domains, Sites, Databases, FTP, Mailboxes []string
}

// Truth tells what an account holds now.
func (s *Server) Truth(login string) Truth {
	s.mu.Lock()
	a := s.account(login)
	s.mu.Unlock()
	if a == nil {
		return Truth{}
	}
	w := s.look(a)
	var t Truth
	for _, m := range w.machines {
		t.Machines = append(t.Machines, m.ID)
	}
	for _, v := range w.services {
		t.Services = append(t.Services, v.ID)
	}
	for _, v := range w.snapshots {
		t.Snapshots = append(t.Snapshots, v.ID)
	}
	for _, v := range w.addresses {
		t.Addresses = append(t.Addresses, v.IP)
	}
	for _, v := range a.Networks {
		t.Networks = append(t.Networks, v.ID)
	}
	for _, d := range a.Domains {
		t.Domains = append(t.Domains, fmt.Sprint(d.ID))
		for _, m := range d.Mailboxes {
			t.Mailboxes = append(t.Mailboxes, m+"@"+d.FQDN)
		}
	}
	for _, v := range a.Sites {
		t.Sites = append(t.Sites, fmt.Sprint(v.ID))
	}
	t.Databases, t.FTP = slices.Clone(a.Databases), slices.Clone(a.FTP)
	return t
}

// dailySum is what a day of everything with a known price costs.
func (w *picture) dailySum() decimal.Decimal {
	sum := decimal.Zero
	add := func(price string, days int64) {
		if d, err := decimal.NewFromString(price); err == nil {
			sum = sum.Add(d.DivRound(decimal.NewFromInt(days), 2))
		}
	}
	for _, m := range w.machines {
		add(m.PriceDay, 1)
		for _, l := range m.Licenses {
			add(l.PriceDay, 1)
			add(l.PriceMonth, 30)
		}
	}
	for _, v := range w.services {
		add(v.PriceDay, 1)
	}
	for _, v := range w.snapshots {
		add(v.PriceDay, 1)
	}
	return sum
}

// dice are the chances of one thing at one instant: the same at every call.
func (s *Server) dice(name string, at int64) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s/%d", s.conf.Seed, name, at) // a hash takes everything
	return rand.New(rand.NewPCG(s.conf.Seed, h.Sum64()))
}
