package wire

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/cmd/api/server"
	"github.com/infrazen/infrazen/cmd/api/stores"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/dashboards"
	"github.com/infrazen/infrazen/pipeline"
)

// RunAPI serves the web app and the API until ctx ends. ready is closed when it listens; nil when nobody waits for that.
func RunAPI(ctx context.Context, env boot.Env, s *Stores, ready chan<- struct{}) error {
	web, err := dashboards.Web()
	if err != nil {
		return fmt.Errorf("cannot open the web app: %w", err)
	}
	cfg := server.DefaultConfig()
	cfg.PublicURL = env.Settings.PublicURL
	var botName atomic.Value
	srv, err := server.New(server.Deps{
		Config: cfg, Store: stores.People{Store: s.People}, Facts: stores.Facts{Store: s.Facts}, Providers: Providers(env.Settings),
		Env: pipeline.Env{
			HTTP: &http.Client{Timeout: env.Settings.Collector.RequestTimeout}, Now: time.Now, Log: env.Log, Wait: s.People.Wait,
			TempDir: env.Settings.DataDir,
		},
		Bot:        func() string { name, _ := botName.Load().(string); return name },
		Dashboards: dashboards.Files(), Web: web, Now: time.Now, Log: env.Log, Registry: env.Registry, Metrics: env.Registry,
	})
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", env.Settings.Listen)
	if err != nil {
		return fmt.Errorf("cannot listen on %s (setting listen, %s): %w", env.Settings.Listen, boot.EnvName("listen"), err)
	}
	if ready != nil {
		close(ready)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return learnBotName(ctx, env, &botName) })
	g.Go(func() error { return srv.Run(ctx, l) })
	return g.Wait()
}
