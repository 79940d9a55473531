// Package server is the HTTP interface of InfraZen: the API under /api/v1 and the web app beside it.
//
// The tenant of a request is the tenant of its session and nothing else: handlers are given a caller and take the
// tenant from it, and no address, query or body can name another.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/dashboards"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
)

// apiRoot is where the API lives.
const apiRoot = "/api/v1"

// Deps is what the server works with. All are needed unless said otherwise.
type Deps struct {
	Config Config
	// Store holds people, connections and budgets: PostgreSQL.
	Store Store
	// Facts holds charges, resources and samples: ClickHouse.
	Facts Facts
	// Providers are the kinds of connection on offer.
	Providers []pipeline.Provider
	// Env is what a session for testing a connection is opened with.
	Env pipeline.Env
	// Dashboards holds the dashboard files, *.yaml at its root. None are served when nil.
	Dashboards fs.FS
	// Web is the built web app with index.html at its root. None is served when nil.
	Web fs.FS
	// Bot is the Telegram bot's user name, empty while it is not known. Nil when there is no bot.
	Bot func() string
	Now func() time.Time
	Log *slog.Logger
	// Registry takes the server's metrics.
	Registry prometheus.Registerer
	// Metrics is what /metrics serves. There is no /metrics when nil.
	Metrics prometheus.Gatherer
}

// Server answers HTTP requests.
type Server struct {
	Deps
	asker      *ask.Asker
	accounts   *ask.Accounts
	months     *ask.Months
	api        huma.API
	router     chi.Router
	handler    http.Handler
	kinds      map[pipeline.Kind]pipeline.Provider
	dashboards []dashboards.Dashboard
	metrics    *metrics
	limits     *signInLimits
	proxies    proxies
	// previews bounds how many files are read for a preview at once.
	previews chan struct{}
	// page is the web app's index.html.
	page []byte
}

// New makes the handler of everything the api service serves. It asks no store anything.
func New(d Deps) (*Server, error) {
	if err := d.Config.Validate(); err != nil {
		return nil, err
	}
	files, err := readDashboards(d.Dashboards)
	if err != nil {
		return nil, err
	}
	page, err := readPage(d.Web)
	if err != nil {
		return nil, err
	}
	s := &Server{
		page:       page,
		Deps:       d,
		asker:      &ask.Asker{Costs: d.Facts, Freshness: d.Store},
		accounts:   &ask.Accounts{Costs: d.Facts, Balances: d.Facts, Work: d.Store, Rules: ask.Rules(d.Providers)},
		months:     &ask.Months{Ledger: d.Facts, Work: d.Store, Kinds: ask.Infos(d.Providers)},
		kinds:      map[pipeline.Kind]pipeline.Provider{},
		dashboards: files,
		metrics:    newMetrics(d.Registry),
		limits:     newSignInLimits(d.Config),
		proxies:    d.Config.proxies(),
		previews:   make(chan struct{}, previewsAtOnce),
	}
	for _, p := range d.Providers {
		s.kinds[p.Info().Kind] = p
	}
	s.route()
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// OpenAPI is the API's own description, an OpenAPI 3.1 document in JSON.
func (s *Server) OpenAPI() ([]byte, error) { return s.api.OpenAPI().MarshalJSON() }

func (s *Server) route() {
	r := chi.NewRouter()
	r.Use(s.identify, s.observe, s.recoverPanics, secureHeaders, compress(), middleware.GetHead)
	r.NotFound(s.noSuchPage)
	r.MethodNotAllowed(s.noSuchMethod)
	s.routeHealth(r)
	r.Group(func(r chi.Router) {
		r.Use(noStore, s.refuseBrokenText, s.takeBody, s.authenticate, s.refuseForgery, s.limitSignIn)
		s.api = humachi.New(r, s.humaConfig())
		s.routeAPI()
		finishSchemas(s.api.OpenAPI())
		r.Get(apiRoot+"/openapi.json", s.serveOpenAPI)
	})
	s.routeWeb(r)
	s.router, s.handler = r, r
}

func (s *Server) routeAPI() {
	s.routeSession()
	s.routeProviders()
	s.routeConnections()
	s.routeUploads()
	s.routeResources()
	s.routeUsage()
	s.routeCosts()
	s.routeBalances()
	s.routeRunway()
	s.routeClosing()
	s.routeRates()
	s.routeBudgets()
	s.routeUnrecognised()
	s.routeTypeMappings()
	s.routeSnapshots()
	s.routeDashboards()
	s.routeTelegram()
	s.routeTokens()
}

// Run serves on the listener until ctx ends, then lets requests under way finish for Config.ShutdownTimeout.
func (s *Server) Run(ctx context.Context, l net.Listener) error {
	h := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("cannot serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Config.ShutdownTimeout)
	defer cancel()
	if err := h.Shutdown(stop); err != nil {
		_ = h.Close()
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot serve on %s: %w", l.Addr(), err)
	}
	return nil
}
