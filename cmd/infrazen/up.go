package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
	"github.com/infrazen/infrazen/pipeline"
)

// up runs the whole product on this machine until ctx ends.
func up(ctx context.Context, env boot.Env) (err error) {
	dir, err := filepath.Abs(env.Settings.DataDir)
	if err != nil {
		return fmt.Errorf("cannot find the data folder: %w", err)
	}
	env.Settings.DataDir = dir
	release, err := claimMachine(ctx, env.Settings)
	if err != nil {
		return err
	}
	defer release()
	logFile, err := openLog(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, logFile.Close()) }()
	env.Log = boot.NewLogger(logFile, env.Settings.Log)
	p := &product{env: env, out: &steps{w: env.Stdout, lang: pipeline.Russian, total: 4}, log: logFile}
	defer func() {
		closed := p.close()
		if err == nil {
			err = closed
		} else if closed != nil {
			env.Log.Warn("cannot stop cleanly", "error", closed)
		}
	}()
	if err := p.prepare(ctx); err != nil {
		return err
	}
	return p.serve(ctx)
}

// logLimit is the size at which the log of earlier runs is put aside.
const logLimit = 50 << 20

func openLog(dir string) (*os.File, error) {
	path := filepath.Join(dir, "infrazen.log")
	if info, err := os.Stat(path); err == nil && info.Size() > logLimit {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("cannot put the old log aside: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot open the log %s: %w", path, err)
	}
	return f, nil
}

// product is everything that "infrazen up" runs.
type product struct {
	env     boot.Env
	out     *steps
	log     io.Writer
	engines engines
	stores  *wire.Stores
	demo    *demo
}

// prepare starts the engines, brings the schemas up and connects the demo clouds.
func (p *product) prepare(ctx context.Context) error {
	if _, err := boot.EnsureKey(p.env.Settings.KeyFile); err != nil {
		return err
	}
	engines := func() error {
		g, ctx := errgroup.WithContext(ctx)
		clickhouse, postgres := p.env, p.env
		g.Go(func() error { return p.engines.startClickHouse(ctx, &clickhouse, p.log) })
		g.Go(func() error { return p.engines.startPostgres(ctx, &postgres) })
		err := g.Wait()
		p.env.Settings.ClickHouse.DSN, p.env.Settings.Postgres.DSN = clickhouse.Settings.ClickHouse.DSN, postgres.Settings.Postgres.DSN
		return err
	}
	if err := p.out.run(pipeline.Text{RU: "ClickHouse и PostgreSQL запущены", EN: "ClickHouse and PostgreSQL started"}, engines); err != nil {
		return err
	}
	if err := p.out.run(pipeline.Text{RU: "Схемы данных обновлены", EN: "Schemas brought up to date"}, func() (err error) {
		p.stores, err = wire.OpenStores(ctx, p.env)
		return err
	}); err != nil {
		return err
	}
	return p.out.run(pipeline.Text{RU: "Демо-облака готовы", EN: "Demo clouds ready"}, func() (err error) {
		p.demo, err = startDemo(ctx, &p.env, p.stores)
		return err
	})
}

// serve runs the clouds and the services. The clouds end last: a collector that is being stopped must not see them go away.
func (p *product) serve(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	clouds, closeClouds := context.WithCancel(context.WithoutCancel(ctx))
	g.Go(func() error { return p.demo.run(clouds) })
	g.Go(func() error { defer closeClouds(); return p.runServices(ctx) })
	g.Go(func() error {
		<-ctx.Done()
		p.out.printf("Останавливаю…\n", "Stopping…\n")
		return nil
	})
	return ignoreCanceled(g.Wait())
}

// runServices runs the three services and tells where to look.
func (p *product) runServices(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	ready := make(chan struct{})
	g.Go(func() error { return wire.RunCollector(ctx, p.env, p.stores) })
	g.Go(func() error { return wire.RunBot(ctx, p.env, p.stores) })
	g.Go(func() error { return wire.RunAPI(ctx, p.env, p.stores, ready) })
	g.Go(func() error {
		select {
		case <-ready:
		case <-ctx.Done():
			return nil
		}
		return p.welcome(ctx)
	})
	return g.Wait()
}

// welcome prints the address, a sign-in link, and the progress of the first collection.
func (p *product) welcome(ctx context.Context) error {
	if err := p.out.run(pipeline.Text{RU: "Сборщик, API и бот работают", EN: "Collector, API and bot are running"}, func() error { return nil }); err != nil {
		return err
	}
	user, tenant, err := firstAdmin(ctx, p.stores.People)
	if err != nil {
		return err
	}
	address, err := signInLink(ctx, p.stores.People, p.env.Settings.PublicURL, user.ID)
	if err != nil {
		return err
	}
	p.out.printf("\nОткройте %s\nВойти (ссылка одноразовая, действует сутки):\n  %s\n\n", "\nOpen %[1]s\nSign in (once, within a day):\n  %[2]s\n\n", p.env.Settings.PublicURL, address)
	if p.env.Settings.Telegram.Token == "" {
		p.out.printf("Telegram-бот выключен: токен не задан (%s).\n", "The Telegram bot is off: no token is set (%s).\n", boot.EnvName("telegram.token"))
	}
	p.out.printf("Журнал: %s. Ctrl-C останавливает всё.\n", "Log: %s. Ctrl-C stops everything.\n", filepath.Join(p.env.Settings.DataDir, "infrazen.log"))
	return p.showProgress(ctx, tenant)
}

// close ends what prepare started.
func (p *product) close() error {
	var errs []error
	if p.demo != nil {
		errs = append(errs, p.demo.close())
	}
	if p.stores != nil {
		errs = append(errs, p.stores.Close())
	}
	errs = append(errs, p.engines.Stop())
	return errors.Join(errs...)
}

// migrate brings both stores to this version.
func migrate(ctx context.Context, env boot.Env) error {
	stores, err := wire.OpenStores(ctx, env)
	if err != nil {
		return err
	}
	return stores.Close()
}
