package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/providers/focus/focussim"
)

// demoPace is how often the demo's connections are looked at: a newcomer should see numbers arrive.
const demoPace = time.Minute

// demo is the stand-in clouds of the demo. A nil demo does nothing.
type demo struct {
	settings boot.Demo
	folder   string // what the FOCUS connection reads
	clouds   http.Handler
	listener net.Listener
}

// startDemo starts the stand-in clouds and connects them at the first start. With demo.enabled off it returns nil.
func startDemo(ctx context.Context, env *boot.Env, stores *wire.Stores) (*demo, error) {
	s := &env.Settings
	if !s.Demo.Enabled {
		return nil, nil //nolint:nilnil // no demo is a demo that does nothing
	}
	if s.Focus.FolderRoot == "" {
		s.Focus.FolderRoot = filepath.Join(s.DataDir, "demo")
	}
	if s.Collector.SnapshotEvery == 0 {
		s.Collector.SnapshotEvery = demoPace
	}
	d := &demo{settings: s.Demo, folder: filepath.Join(s.Focus.FolderRoot, "focus")}
	if err := d.export(time.Now()); err != nil {
		return nil, err
	}
	start, err := worldStart(s.Focus.FolderRoot, s.Demo.Days, time.Now())
	if err != nil {
		return nil, err
	}
	d.clouds = demoClouds(s.Demo.Seed, start)
	d.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Demo.Port)))
	if err != nil {
		return nil, fmt.Errorf("cannot start the demo clouds (setting demo.port): %w", err)
	}
	useRates(&s.Rates, "http://"+d.listener.Addr().String())
	return d, d.connect(ctx, stores.People)
}

// run serves the clouds and goes on exporting until ctx ends.
func (d *demo) run(ctx context.Context) error {
	if d == nil {
		<-ctx.Done()
		return nil
	}
	g, ctx := errgroup.WithContext(ctx)
	srv := &http.Server{Handler: d.clouds, ReadHeaderTimeout: 10 * time.Second}
	g.Go(func() error {
		if err := srv.Serve(d.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("cannot serve the demo clouds: %w", err)
		}
		return nil
	})
	g.Go(func() error { <-ctx.Done(); return srv.Close() })
	g.Go(func() error {
		tick := time.NewTicker(demoPace)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case now := <-tick.C:
				if err := d.export(now); err != nil {
					return err
				}
			}
		}
	})
	return g.Wait()
}

func (d *demo) close() error {
	if err := d.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// export brings the FOCUS files up to now: hours are added, and some of the last days change.
func (d *demo) export(now time.Time) error {
	if err := os.MkdirAll(d.folder, 0o755); err != nil {
		return fmt.Errorf("cannot make the folder of the demo export: %w", err)
	}
	_, err := focussim.Write(d.folder, focussim.Config{Seed: uint64(d.settings.Seed), Now: now, Days: d.settings.Days})
	if err != nil {
		return fmt.Errorf("cannot write the demo export: %w", err)
	}
	return nil
}

// connect makes the demo's connections and a budget for the first administrator, once.
func (d *demo) connect(ctx context.Context, people *postgres.Store) error {
	user, tenant, err := firstAdmin(ctx, people)
	if err != nil {
		return err
	}
	existing, err := people.ConnectionsOf(ctx, tenant)
	if err != nil || len(existing) > 0 {
		return err
	}
	for _, c := range d.connections() {
		if _, err := people.CreateConnection(ctx, tenant, c.Connection, c.secrets); err != nil {
			return fmt.Errorf("cannot connect the demo cloud %s: %w", c.Name, err)
		}
	}
	_, err = people.CreateBudget(ctx, tenant, pipeline.Budget{
		Name: "Все облака", Amount: demoBudget(), Currency: "RUB", Period: pipeline.StepMonth,
		Metric: pipeline.MetricBilledCost, Thresholds: []int{50, 80, 100}, CreatedBy: user.ID,
	})
	return err
}

type demoConnection struct {
	pipeline.Connection
	secrets map[string]string
}
