// Package selectelsim is a stand-in for Selectel: Keystone, the account's API with its billing, and the OpenStack, managed and
// metrics services of every region, rendering accounts of the shared world. It speaks as Selectel does, oddities included:
// Moscow time without an offset, kopecks rounded for every metric of every hour, a newest hour that fills up bit by bit, small
// pages, tokens that run out, secrets among the data. Faults can be switched on at each address.
package selectelsim

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/infrazen/infrazen/providers/standin"
	"github.com/infrazen/infrazen/providers/world"
)

// Secret is in every password hash and key that the stand-in's answers carry. It must never be seen anywhere else.
const Secret = "SELECTELSIM-SECRET-5b21c8"

// ServiceUser is the service user of every account; its password is the account's.
const ServiceUser = "infrazen"

// Config says what the stand-in serves.
type Config struct {
	Accounts []*world.Account
	// Now is the stand-in's clock. Defaults to time.Now.
	Now func() time.Time
	// TokenLife defaults to 24 hours.
	TokenLife time.Duration
	// PageSize is the most that a page of a list holds. Defaults to 3.
	PageSize int
	// Regions are those of the catalog. Defaults to Regions().
	Regions []string
	// LateBy is how long after an hour's end the third part of the objects is missing in it. Zero means not at all.
	LateBy time.Duration
	// OldNova makes servers carry their flavor as an identifier, whatever microversion is asked for.
	OldNova bool
	// UnknownServices are provider keys that the statistics refuse.
	UnknownServices []string
	// ClosedBilling makes the account's API refuse tokens of the service user, as without a role in billing.
	ClosedBilling bool
}

// Regions are the regions of the catalog; most accounts have nothing in most of them.
func Regions() []string { return []string{"ru-1", "ru-2", "ru-3", "ru-7", "ru-8", "ru-9", "kz-1"} }

// Server is the stand-in. It is an http.Handler; many goroutines may use it.
type Server struct {
	conf Config
	mux  *http.ServeMux

	mu       sync.Mutex
	tokens   map[string]*grant
	issued   int
	faults   []*Fault
	requests map[string]int
	offset   time.Duration

	front *standin.Server // spoils answers
}

// New makes a stand-in.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.TokenLife == 0 {
		c.TokenLife = 24 * time.Hour
	}
	if c.PageSize == 0 {
		c.PageSize = 3
	}
	if c.Regions == nil {
		c.Regions = Regions()
	}
	s := &Server{conf: c, tokens: map[string]*grant{}, requests: map[string]int{}, front: standin.New(nil, c.Now)}
	s.mux = s.routes()
	return s
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /identity/v3/auth/tokens", s.auth)
	account := func(path string, h func(http.ResponseWriter, *http.Request, *world.Account)) {
		mux.HandleFunc("GET "+path, s.ofAccount(h))
	}
	account("/v1/cloud_billing/statistic/consumption", s.consumption)
	account("/v1/cloud_billing/statistic/projects", s.statisticProjects)
	account("/v2/billing/vpc/prices", s.prices)
	account("/v3/balances", s.balances)
	account("/vpc/resell/v2/projects", s.projects)
	account("/vpc/resell/v2/capabilities", s.capabilities)
	mux.HandleFunc("GET /v2/billing/transactions", s.transactions)
	project := func(path string, h func(http.ResponseWriter, *http.Request, *place)) {
		mux.HandleFunc(path, s.ofProject(h))
	}
	project("GET /region/{region}/compute/v2.1/servers/detail", s.servers)
	project("GET /region/{region}/compute/v2.1/flavors/{id}", s.flavor)
	project("GET /region/{region}/volume/v3/{project}/{what}/detail", s.cinder)
	project("GET /region/{region}/network/v2.0/{what}", s.neutron)
	project("GET /region/{region}/load-balancer/v2.0/lbaas/loadbalancers", s.balancers)
	project("GET /region/{region}/share/v2/{project}/shares/detail", s.shares)
	project("GET /region/{region}/dbaas/v1/datastores", s.datastores)
	project("GET /region/{region}/mks/v1/clusters", s.clusters)
	project("GET /cr/api/v1/registries", s.registries)
	project("POST /region/{region}/metric/v1/aggregates", s.aggregates)
	return mux
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests[r.Method+" "+r.URL.Path]++
	fault := s.faultFor(r)
	s.mu.Unlock()
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if fault != nil {
		s.front.Spoil(fault.spoiling(), w, r, s.mux)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// now is the stand-in's clock, with the offset it was given.
func (s *Server) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conf.Now().Add(s.offset)
}

// SetClockOffset makes the stand-in's clock, its Date header and its data, differ from Now.
func (s *Server) SetClockOffset(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset = d
}

// Requests counts the requests by "METHOD /path", without queries.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// Count adds up the requests whose path begins so.
func (s *Server) Count(pathPrefix string) int {
	n := 0
	for k, v := range s.Requests() {
		if _, path, _ := strings.Cut(k, " "); strings.HasPrefix(path, pathPrefix) {
			n += v
		}
	}
	return n
}

// Account finds an account by its number; nil when there is none.
func (s *Server) Account(id string) *world.Account {
	for _, a := range s.conf.Accounts {
		if a.ID == id {
			return a
		}
	}
	return nil
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the client has gone
	}
}

func writeStatus(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the client has gone
	}
}

// object is a JSON object being made.
type object = map[string]any
