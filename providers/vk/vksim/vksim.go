// Package vksim is a stand-in for VK Cloud over HTTP: Keystone with its catalog, the OpenStack services, the balance and Cloud
// Monitoring, driven by accounts of the shared world. It speaks as VK does: tokens of one hour that belong to a project, small
// pages, a user without two-factor sign-in who is refused, a balance under the console's number of the project and not under
// OpenStack's, and no cost anywhere but in the report that a person downloads.
package vksim

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

// Secret is in every password and key that the stand-in's answers carry. It must never be seen anywhere else.
const Secret = "VKSIM-SECRET-51c07e"

// TokenLife is how long a token lives at VK.
const TokenLife = time.Hour

// Config says what the stand-in serves.
type Config struct {
	// Accounts are the world's accounts of the cloud world.VK.
	Accounts []*world.Account
	// Now is the stand-in's clock. Defaults to time.Now.
	Now func() time.Time
	// Zone cuts the days of reports. Defaults to Moscow's.
	Zone *time.Location
	// PageSize is the largest page given. Defaults to 3.
	PageSize int
	// Prefix is the path under which the stand-in is mounted, such as "/vk": the catalog and the links between pages name it.
	Prefix string
	// EmbeddedFlavors makes Nova write a server's size into the server, as it does from microversion 2.47 on, and not by reference.
	EmbeddedFlavors bool
	// HostLabels makes Monitoring name machines by the label host, and Monitoring has no usage_active then: only usage_idle.
	HostLabels bool
}

// Server is the stand-in. It is an http.Handler; many goroutines may use it.
type Server struct {
	*standin.Server
	conf Config

	mu       sync.Mutex
	tokens   map[string]*grant
	issued   int
	frozen   map[string]bool // by account
	without  map[string]bool // users without two-factor sign-in
	users    map[string]person
	requests map[string]int
}

// New makes a stand-in.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Zone == nil {
		c.Zone = world.Moscow()
	}
	if c.PageSize == 0 {
		c.PageSize = 3
	}
	s := &Server{conf: c, tokens: map[string]*grant{}, frozen: map[string]bool{}, without: map[string]bool{}, users: map[string]person{}, requests: map[string]int{}}
	s.Server = standin.New(s.counting(s.routes()), c.Now)
	return s
}

func (s *Server) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests[r.URL.Path]++
		s.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /identity/v3/auth/tokens", s.auth)
	mux.HandleFunc("DELETE /identity/v3/auth/tokens", s.revoke)
	mux.HandleFunc("GET /compute/v2.1/servers/detail", s.open(s.servers))
	mux.HandleFunc("GET /compute/v2.1/flavors/detail", s.open(s.flavors))
	mux.HandleFunc("GET /volume/v3/{project}/volumes/detail", s.open(s.volumes))
	mux.HandleFunc("GET /volume/v3/{project}/snapshots/detail", s.open(s.snapshots))
	mux.HandleFunc("GET /volume/v3/{project}/backups/detail", s.open(s.backups))
	mux.HandleFunc("GET /network/v2.0/floatingips", s.open(s.floatingIPs))
	mux.HandleFunc("GET /loadbalancer/v2.0/lbaas/loadbalancers", s.open(s.loadBalancers))
	mux.HandleFunc("GET /share/v2/{project}/shares/detail", s.open(s.shares))
	mux.HandleFunc("GET /magnum/v1/clusters", s.open(s.clusters))
	mux.HandleFunc("GET /database/v1.0/{project}/instances", s.open(s.instances))
	mux.HandleFunc("GET /billing/public/v1/projects/{pid}/balances/amount", s.balance)
	mux.HandleFunc("GET /monitoring/{project}/query_range", s.queryRange)
	return mux
}

// Freeze makes VK freeze an account's project, as it does when the money has run out, or lets it go on.
func (s *Server) Freeze(account string, frozen bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.frozen[account] = frozen
}

// WithoutSecondFactor makes VK refuse a user for having no two-factor sign-in.
func (s *Server) WithoutSecondFactor(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.without[user] = true
}

// person is a user beside the accounts' own.
type person struct {
	password string
	account  *world.Account
}

// AddUser lets somebody into an account's project.
func (s *Server) AddUser(name, password string, a *world.Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[name] = person{password: password, account: a}
}

// Requests counts the requests by path.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// User is the service user of an account.
func User(a *world.Account) string { return "infrazen@" + a.ID }

// ProjectID is the OpenStack identifier of the account's project.
func ProjectID(a *world.Account) string {
	if len(a.Projects) == 0 {
		return strings.TrimPrefix(a.ID, "mcs")
	}
	return a.Projects[0].ID
}

func (s *Server) account(match func(*world.Account) bool) *world.Account {
	for _, a := range s.conf.Accounts {
		if match(a) {
			return a
		}
	}
	return nil
}

// object is a JSON object being made.
type object = map[string]any

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the client has gone
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	write(w, status, object{"error": object{"code": status, "message": message, "title": http.StatusText(status)}})
}
