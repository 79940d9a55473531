package embedded

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// stopPatience is how long running statements may take to end after the
// context of Serve has ended; then they are killed.
const stopPatience = 3 * time.Second

// Serve runs the engine and answers HTTP until the context ends. It fails at
// once when the settings are wrong, the library is missing, the data folder is
// open elsewhere or the address is taken.
//
// A process can Serve once: the library does not start again after its end.
func Serve(ctx context.Context, cfg Config, logger *slog.Logger, registry *prometheus.Registry) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	// The engine writes answers into pipes; a pipe whose reader left must be an
	// error to it and not the end of the process.
	signal.Ignore(syscall.SIGPIPE)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s for the embedded ClickHouse: %w", cfg.Addr, err)
	}
	defer func() { _ = listener.Close() }()
	engine, err := openEngine(cfg)
	if err != nil {
		return err
	}
	defer engine.close()
	s := newServer(cfg, engine, logger, registry)
	defer s.sessions.close()
	logger.Info("embedded clickhouse is ready", "addr", listener.Addr().String(), "version", engine.version, "pid", os.Getpid())
	return s.run(ctx, listener)
}

type server struct {
	cfg      Config
	engine   *engine
	logger   *slog.Logger
	metrics  *metrics
	running  *running
	sessions *sessions
	mux      *http.ServeMux
}

func newServer(cfg Config, engine *engine, logger *slog.Logger, registry *prometheus.Registry) *server {
	s := &server{cfg: cfg, engine: engine, logger: logger, running: newRunning(), sessions: newSessions(engine)}
	s.metrics = newMetrics(registry, s)
	s.mux = http.NewServeMux()
	s.mux.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	s.mux.HandleFunc("/ping", s.ok)
	s.mux.HandleFunc("/replicas_status", s.ok)
	s.mux.HandleFunc("/", s.root)
	return s
}

func (s *server) run(ctx context.Context, listener net.Listener) error {
	httpServer := &http.Server{Handler: s.mux, ReadHeaderTimeout: 30 * time.Second, ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug)}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		patience, cancel := context.WithTimeout(context.Background(), stopPatience)
		defer cancel()
		if httpServer.Shutdown(patience) != nil {
			s.running.killAll(s.engine)
			_ = httpServer.Close()
		}
	})
	err := httpServer.Serve(listener)
	if !stop() {
		<-stopped
		s.running.wait()
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("cannot serve the embedded ClickHouse on %s: %w", s.cfg.Addr, err)
}

func (s *server) ok(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	_, _ = io.WriteString(w, "Ok.\n")
}

// root is the place where statements arrive.
func (s *server) root(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" && r.URL.Path != "/query" {
		http.Error(w, "There is no handle "+r.URL.Path+"\n\nUse / or /ping for health checks.\nOr /replicas_status for more sophisticated health checks.\nSend queries from your program with POST method or GET /?query=...", http.StatusNotFound)
		return
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && !strings.Contains(r.URL.RawQuery, "query=") {
		s.ok(w, r)
		return
	}
	s.statement(w, r)
}

// allowed compares the credentials in constant time.
func (s *server) allowed(r *http.Request) *failure {
	user, password := credentials(r)
	want, got := sha256.Sum256([]byte(s.cfg.User+"\x00"+s.cfg.Password)), sha256.Sum256([]byte(user+"\x00"+password))
	if subtle.ConstantTimeCompare(want[:], got[:]) == 1 {
		return nil
	}
	return fail(516, "AUTHENTICATION_FAILED", "%s: Authentication failed: password is incorrect, or there is no user with such name", user)
}
