package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Program is what every main runs.
type Program struct {
	Name string
	// Run works until ctx ends. args are the arguments that are no flags.
	Run func(ctx context.Context, env Env, args []string) error
}

// Env is what a program gets: settings, a logger, a metrics registry.
type Env struct {
	Settings Settings
	Log      *slog.Logger
	Registry *prometheus.Registry
	Stdout   io.Writer
	Stderr   io.Writer
}

// Main runs the program with the process's arguments and signals and returns its exit code:
// 0 when it ended well or by a signal, 1 when it failed, 2 when its settings are wrong.
func Main(p Program) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	s, args, err := Load(p.Name, os.Args[1:], os.Environ(), os.Stderr)
	if errors.Is(err, ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, p.Name+":", err)
		return 2
	}
	env := Env{Settings: s, Log: NewLogger(os.Stderr, s.Log), Registry: NewRegistry(), Stdout: os.Stdout, Stderr: os.Stderr}
	if err := p.Run(ctx, env, args); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, p.Name+":", err)
		return 1
	}
	return 0
}

// NewLogger writes to w as the settings say.
func NewLogger(w io.Writer, l Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// NewRegistry holds the metrics of the Go runtime and of the process.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Check is one thing that must answer for a program to be ready.
type Check struct {
	Name string
	Ping func(ctx context.Context) error
}

// ServeHealth answers /metrics, /healthz and /readyz on addr until ctx ends. An empty addr does nothing.
func ServeHealth(ctx context.Context, addr string, reg *prometheus.Registry, checks []Check) error {
	if addr == "" {
		return nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (setting metrics.listen): %w", addr, err)
	}
	srv := &http.Server{Handler: HealthHandler(reg, checks), ReadHeaderTimeout: 5 * time.Second}
	return ServeUntil(ctx, srv, l)
}

// ServeUntil serves on l until ctx ends, then gives requests under way five seconds.
func ServeUntil(ctx context.Context, srv *http.Server, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("cannot serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		_ = srv.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("cannot serve on %s: %w", l.Addr(), err)
	}
	return nil
}

// HealthHandler answers /metrics, /healthz and /readyz.
func HealthHandler(reg *prometheus.Registry, checks []Check) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
		defer cancel()
		for _, c := range checks {
			if err := c.Ping(ctx); err != nil {
				http.Error(w, c.Name+" does not answer", http.StatusServiceUnavailable)
				return
			}
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	return mux
}
