package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	chengine "github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/child"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	pgengine "github.com/infrazen/infrazen/postgres/embedded"
)

// engineCommand is the hidden command of this program that is the embedded ClickHouse.
const engineCommand = "clickhouse-server"

// engines are the embedded engines that run below this process.
type engines struct {
	clickhouse *child.Supervisor
	postgres   *pgengine.Server

	mu   sync.Mutex
	stop []func() error
}

func (e *engines) onStop(f func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stop = append(e.stop, f)
}

// Stop ends the engines, the last one started first.
func (e *engines) Stop() error {
	var errs []error
	for i := len(e.stop) - 1; i >= 0; i-- {
		errs = append(errs, e.stop[i]())
	}
	e.stop = nil
	return errors.Join(errs...)
}

// startClickHouse starts the embedded ClickHouse below data_dir and fills in its DSN. With a DSN set it does nothing.
func (e *engines) startClickHouse(ctx context.Context, env *boot.Env, output io.Writer) error {
	s := &env.Settings
	if s.ClickHouse.DSN != "" {
		return nil
	}
	cfg, err := clickhouseChild(*s, output)
	if err != nil {
		return err
	}
	e.clickhouse, err = child.New(cfg, env.Log, env.Registry)
	if err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- e.clickhouse.Run(run) }()
	e.onStop(func() error { cancel(); return ignoreCanceled(<-done) })
	if err := e.clickhouse.WaitUp(ctx); err != nil {
		return fmt.Errorf("cannot start the embedded ClickHouse: %w", err)
	}
	s.ClickHouse.DSN = child.DSN(cfg.Addr, cfg.User, cfg.Password, factsDatabase)
	return nil
}

// factsDatabase is the database of the embedded ClickHouse that holds our tables.
const factsDatabase = "infrazen"

// clickhouseChild says how the embedded ClickHouse is started: this program again, with its settings in the environment.
// Its password is made at the first start and kept beside the data, readable by the owner only.
func clickhouseChild(s boot.Settings, output io.Writer) (child.Config, error) {
	password, err := boot.EnsureKey(filepath.Join(s.DataDir, "clickhouse.password"))
	if err != nil {
		return child.Config{}, err
	}
	program, err := os.Executable()
	if err != nil {
		return child.Config{}, fmt.Errorf("cannot find this program: %w", err)
	}
	engine := chengine.DefaultConfig()
	engine.Addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.ClickHouse.Port))
	engine.Path, engine.Library, engine.Password = filepath.Join(s.DataDir, "clickhouse"), s.ClickHouse.Library, password
	environment, err := engine.Environment()
	if err != nil {
		return child.Config{}, err
	}
	cfg := child.DefaultConfig()
	cfg.Addr, cfg.User, cfg.Password, cfg.Output = engine.Addr, engine.User, engine.Password, output
	cfg.Command, cfg.Env = []string{program, engineCommand}, []string{environment}
	return cfg, nil
}

// startPostgres starts the embedded PostgreSQL below data_dir and fills in its DSN. With a DSN set it does nothing.
func (e *engines) startPostgres(ctx context.Context, env *boot.Env) error {
	s := &env.Settings
	if s.Postgres.DSN != "" {
		return nil
	}
	var err error
	e.postgres, err = pgengine.Start(ctx, pgengine.Config{
		BinDir: s.Postgres.Binaries, DataDir: filepath.Join(s.DataDir, "postgres"), Port: s.Postgres.Port,
	}, env.Log, env.Registry)
	if err != nil {
		return fmt.Errorf("cannot start the embedded PostgreSQL: %w", err)
	}
	e.onStop(func() error { return e.postgres.Stop(context.WithoutCancel(ctx)) })
	s.Postgres.DSN = e.postgres.DSN()
	return nil
}

// serveClickHouse is the child process: the embedded ClickHouse until ctx ends.
func serveClickHouse(ctx context.Context, env boot.Env) error {
	cfg, given, err := chengine.FromEnvironment()
	if err != nil {
		return err
	}
	if !given {
		return fmt.Errorf("cannot run %s by hand: \"infrazen up\" starts it", engineCommand)
	}
	return chengine.Serve(ctx, cfg, env.Log, env.Registry)
}

func ignoreCanceled(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
