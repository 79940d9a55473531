// Command collector collects what is due and looks at budgets.
package main

import (
	"context"
	"os"

	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
)

func main() { os.Exit(boot.Main(boot.Program{Name: "collector", Run: run})) }

func run(ctx context.Context, env boot.Env, _ []string) error {
	boot.LimitMemory(wire.CollectorMemory)
	stores, err := wire.OpenStores(ctx, env)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return wire.RunCollector(ctx, env, stores) })
	g.Go(func() error { return boot.ServeHealth(ctx, env.Settings.Metrics.Listen, env.Registry, stores.Checks()) })
	err = g.Wait()
	if closed := stores.Close(); err == nil {
		err = closed
	}
	return err
}
