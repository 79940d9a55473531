// Command infrazen is the whole product on one machine, and the operator's tool.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/infrazen/infrazen/cmd/internal/boot"
)

func main() { os.Exit(boot.Main(boot.Program{Name: "infrazen", Run: run})) }

const usage = `infrazen up        start everything on this machine: engines, demo clouds, collector, API, bot
infrazen migrate   bring both databases to this version
infrazen link      print a one-time sign-in link for an administrator; makes one when there is none
infrazen key       make the file with the key that encrypts the clouds' credentials
infrazen bench     print the figures beside their limits
infrazen --help    list the settings
`

// run does the command that the arguments name.
func run(ctx context.Context, env boot.Env, args []string) error {
	commands := map[string]func(context.Context, boot.Env) error{
		"up": up, "migrate": migrate, "link": link, "key": key, "bench": benchAll, engineCommand: serveClickHouse,
		collectCommand: benchCollector, cloudsCommand: benchClouds,
	}
	if len(args) == 0 {
		fmt.Fprint(env.Stdout, usage)
		return nil
	}
	command, ok := commands[args[0]]
	if !ok || len(args) > 1 {
		return fmt.Errorf("cannot do %q; the commands are:\n%s", strings.Join(args, " "), usage)
	}
	return command(ctx, env)
}

func key(_ context.Context, env boot.Env) error {
	_, err := boot.EnsureKey(env.Settings.KeyFile)
	return err
}
