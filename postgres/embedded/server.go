package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// The pause before a dead engine is started again doubles from the first to the second of these, and falls back to the
// first after the engine has lived for the third.
const (
	minPause = 100 * time.Millisecond
	maxPause = 10 * time.Second
	healthy  = time.Minute
)

// Server is a running engine. It is started again when it dies, until Stop.
type Server struct {
	cfg     Config
	cluster *cluster
	log     *slog.Logger
	metrics metrics
	port    int
	output  *lineLogger

	stop    context.CancelFunc
	stopped chan struct{}
	ending  sync.Once

	mu      sync.Mutex
	process *process
}

// Start initialises the data directory when it is new, starts the engine, and returns when it answers. ctx bounds the
// start only; Stop ends the engine.
func Start(ctx context.Context, cfg Config, logger *slog.Logger, reg prometheus.Registerer) (*Server, error) {
	cfg = cfg.withDefaults()
	c, err := openCluster(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("cannot start PostgreSQL: %w", err)
	}
	s := &Server{cfg: cfg, cluster: c, log: logger, metrics: newMetrics(), output: &lineLogger{log: logger}, stopped: make(chan struct{})}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot start PostgreSQL: %w", err), c.close())
	}
	if err := s.metrics.register(reg); err != nil {
		s.end(s.current())
		return nil, errors.Join(fmt.Errorf("cannot start PostgreSQL: %w", err), c.close())
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go s.supervise(running)
	return s, nil
}

func (s *Server) start(ctx context.Context) error {
	if err := s.cluster.clearStale(ctx); err != nil {
		return err
	}
	if err := s.choosePort(); err != nil {
		return err
	}
	for {
		err := s.launch(ctx)
		if err == nil || !strings.Contains(s.output.tail(), "shared memory block") {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(minPause):
		}
	}
}

// choosePort finds the port free, or finds a free port. It stays the same when the engine is started again.
func (s *Server) choosePort() error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.cfg.Port))) //nolint:noctx // a look that is over at once
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d of 127.0.0.1: %w", s.cfg.Port, ErrPortTaken)
	}
	if err != nil {
		return fmt.Errorf("cannot listen on port %d of 127.0.0.1: %w", s.cfg.Port, err)
	}
	addr, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return errors.Join(errors.New("cannot tell which port is free"), listener.Close())
	}
	s.port = addr.Port
	return listener.Close()
}

// launch starts the engine and waits until it answers.
func (s *Server) launch(ctx context.Context) error {
	cmd := s.cluster.command("postgres", s.args()...)
	cmd.Stdout, cmd.Stderr = s.output, s.output
	p, err := startProcess(cmd, syscall.SIGQUIT)
	if err != nil {
		return fmt.Errorf("cannot run the engine: %w", err)
	}
	s.mu.Lock()
	s.process = p
	s.mu.Unlock()
	if err := s.waitReady(ctx, p); err != nil {
		s.end(p)
		return err
	}
	s.metrics.up.Set(1)
	s.log.Info("postgres engine runs", "port", s.port, "data_dir", s.cluster.data, "pid", cmd.Process.Pid)
	return nil
}

func (s *Server) args() []string {
	settings := map[string]string{
		"listen_addresses": "127.0.0.1", "port": strconv.Itoa(s.port), "unix_socket_directories": "",
		"max_connections": "120", "shared_buffers": "64MB", "jit": "off", "timezone": "UTC", "log_timezone": "UTC",
		"log_min_error_statement": "panic", "log_error_verbosity": "terse", "log_min_messages": "warning",
		"password_encryption": "scram-sha-256",
	}
	if s.cfg.Volatile {
		maps.Copy(settings, map[string]string{"fsync": "off", "full_page_writes": "off", "autovacuum": "off"})
	}
	maps.Copy(settings, s.cfg.Settings)
	args := []string{"-D", s.cluster.data}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}

// waitReady asks until the engine answers, ends, or ctx does.
func (s *Server) waitReady(ctx context.Context, p *process) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		if code := sqlState(err); code == "28P01" || code == "28000" {
			return fmt.Errorf("the data in %s was made with another password: %w", s.cluster.data, err)
		}
		select {
		case <-p.done:
			return fmt.Errorf("the engine ended (%w): %s", p.err, s.output.tail())
		case <-ctx.Done():
			return fmt.Errorf("the engine does not answer: %w: %s", ctx.Err(), s.output.tail())
		case <-tick.C:
		}
	}
}

func (s *Server) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.DSN())
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// supervise starts the engine again whenever it ends by itself.
func (s *Server) supervise(ctx context.Context) {
	defer close(s.stopped)
	pause := minPause
	for {
		began := time.Now()
		select {
		case <-ctx.Done():
			return
		case <-s.current().done:
		}
		s.metrics.up.Set(0)
		s.log.Error("postgres engine ended by itself", "error", s.current().err, "last_lines", s.output.tail())
		if time.Since(began) > healthy {
			pause = minPause
		}
		if pause = s.restart(ctx, pause); ctx.Err() != nil {
			return
		}
	}
}

// restart tries until the engine runs again and returns the pause that the next restart begins with.
func (s *Server) restart(ctx context.Context, pause time.Duration) time.Duration {
	for {
		select {
		case <-ctx.Done():
			return pause
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
		s.metrics.restarts.Inc()
		err := s.cluster.clearStale(ctx)
		if err == nil {
			err = s.launch(ctx)
		}
		if err == nil || ctx.Err() != nil {
			return pause
		}
		s.log.Error("cannot start the postgres engine again", "error", err, "pause", pause)
	}
}

func (s *Server) current() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

// DSN is how to connect to the engine's database "postgres" as its superuser. It stays the same over restarts.
func (s *Server) DSN() string { return s.DSNOf("postgres") }

// DSNOf is how to connect to another database of the engine.
func (s *Server) DSNOf(database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, s.cluster.password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: database, RawQuery: "sslmode=disable",
	}
	return u.String()
}

// DataDir is where the data really is: Config.DataDir or what it links to.
func (s *Server) DataDir() string { return s.cluster.data }

// Stop ends the engine cleanly, or by force when that takes longer than Config.StopTimeout or than ctx lasts. A second
// Stop does nothing.
func (s *Server) Stop(ctx context.Context) error {
	var err error
	s.ending.Do(func() { err = s.shutDown(ctx) })
	return err
}

func (s *Server) shutDown(ctx context.Context) error {
	s.stop()
	<-s.stopped
	ctx, cancel := context.WithTimeout(ctx, s.cfg.StopTimeout)
	defer cancel()
	p := s.current()
	p.signal(syscall.SIGINT)
	var err error
	select {
	case <-p.done:
	case <-ctx.Done():
		err = errors.New("cannot stop PostgreSQL cleanly in time: it was killed and will recover at the next start")
		s.end(p)
	}
	s.metrics.up.Set(0)
	s.log.Info("postgres engine stopped", "port", s.port)
	return errors.Join(err, s.cluster.close())
}

// end makes the engine end at once, its children with it.
func (s *Server) end(p *process) {
	p.signal(syscall.SIGQUIT)
	select {
	case <-p.done:
	case <-time.After(time.Second):
		p.kill()
		<-p.done
	}
}

// Kill kills the engine as a crash would. It is started again.
func (s *Server) Kill() { s.current().kill() }
