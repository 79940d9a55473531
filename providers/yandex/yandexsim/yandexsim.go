// Package yandexsim is a stand-in for Yandex Cloud: its REST APIs, the usage reports over gRPC, and a bucket of Object Storage with
// the daily export, all on one port, driven by accounts of the shared world. It speaks as the cloud does, oddities included:
// numbers as strings, times with nine digits, lists without their key when they are empty, small pages, tokens that come back,
// days of UTC+3 in the export and of UTC in the reports, credits apart from costs. Faults can be switched on everywhere.
package yandexsim

import (
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/infrazen/infrazen/providers/standin"
	"github.com/infrazen/infrazen/providers/world"
)

// Secret is in every token that the stand-in gives and in what it says of errors. It must never be seen anywhere else.
const Secret = "YANDEXSIM-SECRET-51c0de"

// Config says what the stand-in serves.
type Config struct {
	// Accounts are of the cloud world.Yandex. Each is a billing account with one cloud, whose folders are its projects.
	Accounts []*world.Account
	// Keys are the private keys of the accounts' service accounts by the account's ID. One that is missing is derived from the
	// account's password, which takes some tenths of a second.
	Keys map[string]*rsa.PrivateKey
	// Now is the stand-in's clock. Defaults to time.Now.
	Now func() time.Time
	// TokenLife defaults to 12 hours.
	TokenLife time.Duration
	// PageSize is the page given without a size, and the largest given with one. Defaults to 4.
	PageSize int
	// ReportEvery is how often one address may ask for a usage report. Defaults to a minute; negative means no limit.
	ReportEvery time.Duration
	// HideClouds refuses the list of clouds, as to a service account with rights on folders only, and hides the billing account.
	HideClouds bool
	// Prefix begins the names of the export's files.
	Prefix string
}

// Server is the stand-in. It is an http.Handler; many goroutines may use it. gRPC needs HTTP/2: see Protocols.
type Server struct {
	conf    Config
	mux     *http.ServeMux
	grpc    *grpc.Server
	front   *standin.Server
	tenants []*tenant

	mu       sync.Mutex
	tokens   map[string]*grant
	issued   int
	requests map[string]int
	reported map[string]time.Time
	offset   time.Duration

	reportFault *ReportFault
}

// New makes a stand-in.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.TokenLife == 0 {
		c.TokenLife = 12 * time.Hour
	}
	if c.PageSize == 0 {
		c.PageSize = 4
	}
	if c.ReportEvery == 0 {
		c.ReportEvery = time.Minute
	}
	s := &Server{conf: c, tokens: map[string]*grant{}, requests: map[string]int{}, reported: map[string]time.Time{}}
	for _, a := range c.Accounts {
		s.tenants = append(s.tenants, newTenant(a, c.Keys[a.ID]))
	}
	s.mux, s.grpc = s.routes(), s.reportServer()
	s.front = standin.New(http.HandlerFunc(s.serve), s.now)
	return s
}

// Protocols are what an http.Server of the stand-in must speak: HTTP/1 and HTTP/2 without TLS on one port.
func Protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(true)
	p.SetUnencryptedHTTP2(true)
	return p
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /iam/v1/tokens", s.issueToken)
	mux.HandleFunc("GET /resource-manager/v1/clouds", s.signed(s.clouds))
	mux.HandleFunc("GET /resource-manager/v1/folders", s.signed(s.folders))
	mux.HandleFunc("GET /resource-manager/v1/folders/{id}", s.signed(s.oneFolder))
	for path, l := range lists() {
		mux.HandleFunc("GET "+path, s.signed(s.serveList(l)))
	}
	mux.HandleFunc("GET /billing/v1/billingAccounts", s.signed(s.billingAccounts))
	mux.HandleFunc("GET /billing/v1/billingAccounts/{id}", s.signed(s.oneBillingAccount))
	mux.HandleFunc("GET /billing/v1/skus", s.signed(s.skus))
	mux.HandleFunc("POST /monitoring/v2/data/read", s.signed(s.readData))
	mux.HandleFunc("GET /{bucket}", s.listBucket)
	mux.HandleFunc("GET /{bucket}/{key...}", s.object)
	return mux
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests[r.Method+" "+r.URL.Path]++
	s.mu.Unlock()
	s.front.ServeHTTP(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		s.grpc.ServeHTTP(w, r)
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

// hour is the last whole hour: what billing and the export know.
func (s *Server) hour() time.Time { return s.now().UTC().Truncate(time.Hour) }

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

// object is a JSON object being made.
type object = map[string]any

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return // the client has gone
	}
}

// refuse answers with google.rpc.Status, whose code is the gRPC code.
func refuse(w http.ResponseWriter, status, code int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{ // the client may have gone
		"code": code, "message": message + " " + Secret,
		"details": []object{{"@type": "type.googleapis.com/google.rpc.RequestInfo", "requestId": "00000000-0000-4000-8000-000000000001"}},
	})
}

// stamp writes a time with nine digits after the point.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }
