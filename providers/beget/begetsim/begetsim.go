// Package begetsim is a stand-in for Beget: both of its APIs over HTTP, driven by a small world that is the same at every
// start. It speaks as Beget does, oddities included: failed sign-ins with HTTP 200, two-level envelopes, numbers as
// strings, small pages, tokens that run out, secrets among the data. Faults can be switched on at each endpoint.
package begetsim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infrazen/infrazen/providers/standin"
)

// Secret is in every password and key that the stand-in's answers carry. It must never be seen anywhere else.
const Secret = "BEGETSIM-SECRET-7f3a91"

// Config says what the stand-in serves.
type Config struct {
	// Seed is for load, drift and identifiers of the made-up world.
	Seed uint64
	// Start is the origin of the world's time line. With the same Seed, Accounts and Start the world is the same at every
	// start. Defaults to the midnight, Moscow time, 100 days before Now.
	Start time.Time
	// Accounts defaults to those of Demo(), with a live world of this Seed behind them.
	Accounts []Account
	// Now is the stand-in's clock. Defaults to time.Now.
	Now func() time.Time
	// TokenLife defaults to 20 minutes.
	TokenLife time.Duration
	// PageSize is the page given without a limit, and the largest given with one. Defaults to 4.
	PageSize int
	// LegacyLimit is how many legacy calls a user may make in a minute. Defaults to 60; negative means no limit.
	LegacyLimit int
}

// Server is the stand-in. It is an http.Handler; many goroutines may use it.
type Server struct {
	conf Config
	mux  *http.ServeMux
	key  []byte

	mu       sync.Mutex
	accounts []*Account
	tokens   map[string]*grant
	issued   int
	faults   []*Fault
	requests map[string]int
	calls    map[string][]time.Time // legacy calls of the last minute by login
	offset   time.Duration

	front *standin.Server // spoils answers
}

// New makes a stand-in.
func New(c Config) *Server {
	c = c.withDefaults()
	key := sha256.Sum256(fmt.Appendf(nil, "begetsim/%d", c.Seed))
	s := &Server{
		conf: c, key: key[:], tokens: map[string]*grant{}, requests: map[string]int{}, calls: map[string][]time.Time{},
		front: standin.New(nil, c.Now),
	}
	for _, a := range c.Accounts {
		a.Machines = slices.Clone(a.Machines)
		a.Services = slices.Clone(a.Services)
		s.accounts = append(s.accounts, &a)
	}
	s.mux = s.routes()
	return s
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Start.IsZero() {
		y, m, d := c.Now().In(moscow()).Date()
		c.Start = time.Date(y, m, d-100, 0, 0, 0, 0, moscow())
	}
	if c.Accounts == nil {
		c.Accounts = demoAt(c.Seed, c.Start)
	}
	if c.TokenLife == 0 {
		c.TokenLife = 20 * time.Minute
	}
	if c.PageSize == 0 {
		c.PageSize = 4
	}
	if c.LegacyLimit == 0 {
		c.LegacyLimit = 60
	}
	return c
}

func moscow() *time.Location { return time.FixedZone("MSK", 3*60*60) }

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/auth", s.auth)
	mux.HandleFunc("POST /v1/auth/refresh", s.refresh)
	mux.HandleFunc("POST /v1/auth/logout", s.signed(s.logout))
	mux.HandleFunc("GET /v1/vps/server/list", s.signed(s.vpsList))
	mux.HandleFunc("GET /v1/vps/{first}/{second}", s.signed(s.vpsOne))
	mux.HandleFunc("GET /v1/vps/region", s.signed(s.regions))
	mux.HandleFunc("GET /v1/vps/network", s.signed(s.networks))
	mux.HandleFunc("GET /v1/vps/snapshot", s.signed(s.snapshots))
	mux.HandleFunc("GET /v1/vps/configurator/calculation", s.signed(s.calculation))
	mux.HandleFunc("GET /v1/vps/statistic/{endpoint}/{id}", s.signed(s.vpsStatistic))
	mux.HandleFunc("GET /v1/cloud", s.signed(s.cloudList))
	mux.HandleFunc("GET /v1/cloud/projects/list", s.signed(s.projects))
	mux.HandleFunc("GET /v1/cloud/s3/price", s.signed(s.s3Price))
	mux.HandleFunc("GET /v1/cloud/{engine}/{id}/statistic/{endpoint}", s.signed(s.cloudStatistic))
	mux.HandleFunc("/api/{section}/{method}", s.legacy)
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

// Accounts are the logins that the stand-in knows, with their passwords, for setting up connections.
func (s *Server) Accounts() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Account, 0, len(s.accounts))
	for _, a := range s.accounts {
		out = append(out, Account{Login: a.Login, Password: a.Password, APIPassword: a.APIPassword, Title: a.Title})
	}
	return out
}

// account finds an account by its login; nil when there is none. The caller holds mu.
func (s *Server) account(login string) *Account {
	for _, a := range s.accounts {
		if a.Login == login {
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

// object is a JSON object being made.
type object = map[string]any
