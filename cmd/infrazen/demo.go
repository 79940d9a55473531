package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
)

// demoPace is how often the demo's connections are looked at: a newcomer should see numbers arrive.
const demoPace = time.Minute

// demo is the stand-in clouds of the demo. A nil demo does nothing.
type demo struct {
	settings boot.Demo
	fields   map[pipeline.Kind][]pipeline.Field
	farm     *farm
}

// startDemo starts the stand-in clouds and connects them at the first start. With demo.enabled off it returns nil.
func startDemo(ctx context.Context, env *boot.Env, stores *wire.Stores) (*demo, error) {
	s := &env.Settings
	if !s.Demo.Enabled {
		return nil, nil //nolint:nilnil // no demo is a demo that does nothing
	}
	folder := filepath.Join(s.DataDir, "demo")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // it holds files to import, which another user may put there
		return nil, fmt.Errorf("cannot make the demo's folder: %w", err)
	}
	if s.Focus.FolderRoot == "" {
		s.Focus.FolderRoot = folder
	}
	if s.Collector.SnapshotEvery == 0 {
		s.Collector.SnapshotEvery = demoPace
	}
	start, err := worldStart(folder, s.Demo.Days, time.Now())
	if err != nil {
		return nil, err
	}
	d := &demo{settings: s.Demo, fields: fieldsOf(wire.Providers(*s)), farm: demoFarm(uint64(s.Demo.Seed), start)}
	if err := d.farm.listen(ctx, s.Demo.Port); err != nil {
		return nil, err
	}
	useRates(&s.Rates, "http://"+addressOf(len(d.farm.stands)-1, s.Demo.Port))
	return d, d.connect(ctx, stores.People)
}

// run serves the clouds until ctx ends.
func (d *demo) run(ctx context.Context) error {
	if d == nil {
		<-ctx.Done()
		return nil
	}
	return d.farm.serve(ctx)
}

func (d *demo) close() error { return d.farm.close() }

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
	for _, c := range d.farm.connections(d.settings.Port, d.fields) {
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
