// Command api serves the web app and the HTTP API.
package main

import (
	"context"
	"os"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
)

func main() { os.Exit(boot.Main(boot.Program{Name: "api", Run: run})) }

func run(ctx context.Context, env boot.Env, _ []string) error {
	stores, err := wire.OpenStores(ctx, env)
	if err != nil {
		return err
	}
	err = wire.RunAPI(ctx, env, stores, nil)
	if closed := stores.Close(); err == nil {
		err = closed
	}
	return err
}
