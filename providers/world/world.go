// Package world is a seeded simulation of companies that rent computers: what exists when, how busy it is, what every hour of
// it truly costs, and what goes wrong.
//
// It knows no wire format. The stand-in of each cloud renders the accounts of its cloud from here, so that what was collected
// can be compared with the truth. The same seed and start give the same world at every start, on every machine.
package world

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopspring/decimal"
)

// Cloud names a cloud that accounts are of.
type Cloud string

// The clouds.
const (
	Beget    Cloud = "beget"
	Selectel Cloud = "selectel"
	Yandex   Cloud = "yandex"
	VK       Cloud = "vk"
)

// Moscow is the zone in which the Russian clouds cut their days: UTC+3, without summer time.
func Moscow() *time.Location { return time.FixedZone("MSK", 3*60*60) }

// World is everything that exists.
type World struct {
	Seed uint64
	// Start is the first instant of the time line, in UTC. Accounts may have things older than it.
	Start    time.Time
	Accounts []*Account
}

// Account finds an account; nil when there is none.
func (w *World) Account(cloud Cloud, id string) *Account {
	for _, a := range w.Accounts {
		if a.Cloud == cloud && a.ID == id {
			return a
		}
	}
	return nil
}

// Of lists the accounts of one cloud.
func (w *World) Of(cloud Cloud) []*Account {
	var out []*Account
	for _, a := range w.Accounts {
		if a.Cloud == cloud {
			out = append(out, a)
		}
	}
	return out
}

// Account is a company's account at one cloud. Many goroutines may read and change it through its methods; the exported fields
// are set before it is shared.
type Account struct {
	Seed     uint64
	Cloud    Cloud
	ID       string // the account's own number or login at the cloud
	Title    string // what a connection to it is called
	Company  string
	Currency string
	// Password opens the account; stand-ins derive whatever keys the cloud has from it.
	Password string
	Projects []Project
	People   []Person
	// Prices is the cloud's price list.
	Prices []Price
	// Discount is the share of list price that a contract takes off: 0.05 is five per cent.
	Discount decimal.Decimal
	// TaxRate is the VAT that the cloud's prices contain: 0.2 is twenty per cent on top of the net price.
	TaxRate decimal.Decimal
	Grants  []Grant
	// TopUps are payments into a prepaid account, in order of time.
	TopUps []TopUp
	// Opening is the balance, and Bonus the bonus money, at the world's start.
	Opening, Bonus decimal.Decimal
	Start          time.Time
	Incidents      []Incident

	mu           sync.RWMutex
	resources    []*Resource
	byID         map[string]int
	restatements []Restatement
	delays       []Delay
	sums         sums
	index        atomic.Pointer[priceIndex]
}

// Project is a project, folder or namespace.
type Project struct{ ID, Name string }

// Person is somebody who creates, resizes, forgets and deletes things.
type Person struct{ Name, Team string }

// Price is what one unit of an SKU costs for an hour, from an instant on until the SKU's next price.
type Price struct {
	SKU string
	// Name is the SKU's name for people.
	Name string
	// Unit is the cloud's own word for the unit: "item", "MB", "GB".
	Unit   string
	Amount decimal.Decimal // in the account's currency, per unit and hour; for what is not rented by time, per unit
	From   time.Time
	// Unlisted prices are billed but stand in no price list that the cloud gives out.
	Unlisted bool
}

// Grant is money that the cloud gives: a credit that pays for use from an instant on until it is used up or ends.
type Grant struct {
	Name     string
	From, To time.Time
	Amount   decimal.Decimal
}

// TopUp is a payment into the account.
type TopUp struct {
	At     time.Time
	Amount decimal.Decimal
}

// Kind is what a resource is, in words that no cloud owns.
type Kind string

// The kinds of resources.
const (
	Server       Kind = "server"
	Volume       Kind = "volume"
	Snapshot     Kind = "snapshot"
	Backup       Kind = "backup"
	Image        Kind = "image"
	Database     Kind = "database"
	Bucket       Kind = "bucket"
	FloatingIP   Kind = "floating_ip"
	LoadBalancer Kind = "load_balancer"
	Router       Kind = "router"
	Share        Kind = "share"
	Cluster      Kind = "cluster"
	Registry     Kind = "registry"
	CDN          Kind = "cdn"
	Dedicated    Kind = "dedicated" // a dedicated server, billed by the month
	Novelty      Kind = "novelty"   // something so new that InfraZen has no name for it
)

// Resource is one thing of an account over its whole life. It is immutable once it was added: changes replace it.
type Resource struct {
	ID, ProjectID string
	Kind          Kind
	Region, Zone  string
	// ParentID is the server that a volume, an address or a snapshot belongs to at the end; see State.ParentID.
	Created time.Time
	Removed time.Time // zero while it lives
	// States are what it is from each instant on, in order of time; the first one is from Created on.
	States []State
	// Owner is who created it.
	Owner   string
	Load    Load
	Tags    map[string]string
	Details map[string]string // what one cloud's stand-in alone needs: an engine's version, a volume type
}

// State is what a resource is from an instant on.
type State struct {
	From     time.Time
	Name     string
	Status   Status
	ParentID string
	Spec
	// Parts are what the bill counts.
	Parts []Part
	// Silent changes leave no trace in the cloud's own history.
	Silent bool
	By     string
}

// Status is how a resource is.
type Status string

// The statuses. Stand-ins say them in their cloud's words.
const (
	Running Status = "running"
	Stopped Status = "stopped"
	Failed  Status = "failed"
)

// Spec is a size.
type Spec struct {
	VCPU     int64
	MemoryMB int64
	DiskGB   int64
	// Preemptible servers are cheaper and may be taken away.
	Preemptible bool
	// CoreFraction is the guaranteed share of a core in percent; 0 means 100.
	CoreFraction int64
	// Type is the cloud's word for the flavour or the volume type.
	Type string
}

// Part is one counted thing of a resource.
type Part struct {
	SKU      string
	Quantity decimal.Decimal // units
	// Follows makes the hour's quantity follow the load: traffic and requests are not rented by time.
	Follows bool
	// WhenRunning parts are not billed while the resource is stopped.
	WhenRunning bool
}

// Restatement is a correction of lines already given out: from At on the cloud says something else of the hours in [From, To).
type Restatement struct {
	At         time.Time
	From, To   time.Time
	ResourceID string
	SKU        string // all when empty
	// Factor multiplies quantity and cost. Zero makes the lines vanish.
	Factor decimal.Decimal
}

// Delay makes the lines of a resource appear late: those of an hour in [From, To) are given out By after the hour's end.
type Delay struct {
	ResourceID string // all when empty
	From, To   time.Time
	By         time.Duration
}

// IncidentKind is what went wrong.
type IncidentKind string

// The kinds of incidents.
const (
	CostSpike     IncidentKind = "cost_spike"     // hours of much greater use
	Drift         IncidentKind = "drift"          // slow growth over weeks
	LevelShift    IncidentKind = "level_shift"    // a bigger size that stays
	ForgottenDisk IncidentKind = "forgotten_disk" // the server went, its volume stayed
	IdleMachine   IncidentKind = "idle_machine"   // runs and does nothing
)

// Incident is the truth about something that went wrong, for scoring what is found.
type Incident struct {
	Kind       IncidentKind
	ResourceID string
	From, To   time.Time // To is zero while it lasts
	// HourlyExtra is about what it costs an hour beyond what it should, in the account's currency.
	HourlyExtra decimal.Decimal
}

// Add makes resources exist.
func (a *Account) Add(rs ...Resource) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID == nil {
		a.byID = map[string]int{}
	}
	for i := range rs {
		r := rs[i]
		a.byID[r.ID] = len(a.resources)
		a.resources = append(a.resources, &r)
		a.forget(r.Created)
	}
}

// Change appends a state that begins at an instant, made from the one before.
func (a *Account) Change(id string, at time.Time, f func(s *State)) error {
	return a.replace(id, at, func(r *Resource) {
		next := r.States[len(r.States)-1]
		next.Parts = slices.Clone(next.Parts)
		next.From, next.Silent, next.By = at, false, ""
		f(&next)
		r.States = append(slices.Clone(r.States), next)
	})
}

// Remove ends a resource at an instant.
func (a *Account) Remove(id string, at time.Time) error {
	return a.replace(id, at, func(r *Resource) { r.Removed = at })
}

func (a *Account) replace(id string, at time.Time, f func(r *Resource)) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	i, ok := a.byID[id]
	if !ok {
		return fmt.Errorf("cannot change resource %s: there is none", id)
	}
	r := *a.resources[i]
	if !r.Removed.IsZero() {
		at = earlier(at, r.Removed)
	}
	f(&r)
	a.resources[i] = &r
	a.forget(earlier(at, r.States[len(r.States)-1].From))
	return nil
}

// Restate makes the cloud change its mind about hours that it has given out.
func (a *Account) Restate(rs ...Restatement) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.restatements = append(a.restatements, rs...)
	for _, r := range rs {
		a.forget(r.From)
	}
}

// Delay makes lines appear late.
func (a *Account) Delay(ds ...Delay) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.delays = append(a.delays, ds...)
}

// Thing is a resource as it is at an instant.
type Thing struct {
	*Resource
	State
}

// At gives the resource as it is at an instant; false when it does not exist then.
func (r *Resource) At(t time.Time) (Thing, bool) {
	if t.Before(r.Created) || !r.Removed.IsZero() && !t.Before(r.Removed) {
		return Thing{}, false
	}
	return Thing{Resource: r, State: r.States[r.stateAt(t)]}, true
}

// stateAt is the index of the state that holds at an instant; the first one before the creation.
func (r *Resource) stateAt(t time.Time) int {
	i := len(r.States) - 1
	for i > 0 && r.States[i].From.After(t) {
		i--
	}
	return i
}

// Inventory lists what exists at an instant, in order of creation in the world.
func (a *Account) Inventory(t time.Time) []Thing {
	a.mu.RLock()
	defer a.mu.RUnlock()
	out := make([]Thing, 0, len(a.resources))
	for _, r := range a.resources {
		if thing, ok := r.At(t); ok {
			out = append(out, thing)
		}
	}
	return out
}

// All lists every resource that was, is or will be.
func (a *Account) All() []*Resource {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Clone(a.resources)
}

// Resource finds a resource that was, is or will be; false when there is none.
func (a *Account) Resource(id string) (*Resource, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	i, ok := a.byID[id]
	if !ok {
		return nil, false
	}
	return a.resources[i], true
}

// Project finds a project's name; the identifier itself when there is none.
func (a *Account) Project(id string) string {
	for _, p := range a.Projects {
		if p.ID == id {
			return p.Name
		}
	}
	return id
}
