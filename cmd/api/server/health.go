package server

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// readiness is the answer of /readyz.
type readiness struct {
	Ready  bool            `json:"ready"`
	Stores map[string]bool `json:"stores"`
}

func (s *Server) routeHealth(r chi.Router) {
	r.With(noStore).Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	r.With(noStore).Get("/readyz", s.readyz)
	if s.Metrics != nil {
		r.Method(http.MethodGet, "/metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{}))
	}
}

// readyz says whether the stores answer.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	state := s.ready(r.Context())
	status := http.StatusOK
	if !state.Ready {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(state)
}

func (s *Server) ready(ctx context.Context) readiness {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	pings := map[string]func(context.Context) error{"postgres": s.Store.Ping, "clickhouse": s.Facts.Ping}
	state := readiness{Ready: true, Stores: map[string]bool{}}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for name, ping := range pings {
		wg.Go(func() {
			err := ping(ctx)
			if err != nil {
				s.Log.WarnContext(ctx, "store does not answer", "store", name, "error", err)
			}
			mu.Lock()
			defer mu.Unlock()
			state.Stores[name] = err == nil
			state.Ready = state.Ready && err == nil
		})
	}
	wg.Wait()
	return state
}
