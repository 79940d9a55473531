package wire

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-co-op/gocron/v2"

	"github.com/infrazen/infrazen/cmd/collector/cloudhttp"
	"github.com/infrazen/infrazen/cmd/collector/watch"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// How often the collector does its rounds.
const (
	planEvery  = 10 * time.Second
	claimEvery = time.Second
	watchEvery = 30 * time.Second
	idleEvery  = time.Minute
	pruneEvery = time.Hour
	// retypeEvery is how often changed type mappings are looked for.
	retypeEvery = 2 * time.Second
)

// tick is something that is done again and again.
type tick struct {
	every time.Duration
	what  string
	do    func(context.Context) error
}

// RunCollector collects what is due, and looks at budgets, until ctx ends.
func RunCollector(ctx context.Context, env boot.Env, s *Stores) error {
	c, err := NewCollector(env, s, Providers(env.Settings), s.People)
	if err != nil {
		return err
	}
	w := watch.New(s.People, s.Asker(), env.Log, env.Registry)
	scheduler, err := gocron.NewScheduler()
	if err != nil {
		return fmt.Errorf("cannot make the scheduler: %w", err)
	}
	ticks := []tick{
		{planEvery, "plan", c.PlanAll},
		{claimEvery, "claim", func(context.Context) error { c.Wake(); return nil }},
		{watchEvery, "watch budgets", w.Once},
		{retypeEvery, "retype", c.RetypeDue},
		{idleEvery, "close idle sessions", func(ctx context.Context) error { c.CloseIdle(ctx); return nil }},
		{pruneEvery, "prune", s.People.Prune},
	}
	if filler := newRates(env, s); filler != nil {
		ticks = append(ticks, tick{ratesEvery, "exchange rates", filler.Once})
	}
	for _, t := range ticks {
		task := func(ctx context.Context) {
			if err := t.do(ctx); err != nil && ctx.Err() == nil {
				env.Log.ErrorContext(ctx, "a round of the collector failed", "round", t.what, "error", err)
			}
		}
		if _, err := scheduler.NewJob(gocron.DurationJob(t.every), gocron.NewTask(task),
			gocron.WithContext(ctx), gocron.WithSingletonMode(gocron.LimitModeReschedule), gocron.JobOption(gocron.WithStartImmediately())); err != nil {
			return fmt.Errorf("cannot schedule %s: %w", t.what, err)
		}
	}
	scheduler.Start()
	c.Work(ctx)
	return scheduler.Shutdown()
}

// CollectorMemory is what a process that only collects keeps to, in megabytes: a thousand connections of fifty resources at once hold
// about half of it.
const CollectorMemory = 384

// NewCollector makes a collector as the settings say, of these providers, that takes its work from windows.
func NewCollector(env boot.Env, s *Stores, all []pipeline.Provider, windows collect.Windows) (*collect.Collector, error) {
	temp := filepath.Join(env.Settings.DataDir, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the folder for downloads: %w", err)
	}
	cfg := collect.DefaultConfig()
	cfg.Holder, cfg.Workers, cfg.Lease, cfg.TempDir = Holder("collector"), env.Settings.Collector.Workers, env.Settings.Collector.Lease, temp
	limits := cloudhttp.DefaultConfig()
	limits.Timeout = env.Settings.Collector.RequestTimeout
	return collect.New(collect.Deps{
		Windows: windows, Ledger: s.Facts, Mappings: s.People, Providers: Paced(all, env.Settings.Collector),
		HTTP: cloudhttp.New(limits, env.Registry).For, Uploads: s.People.UploadsOf,
		Log: env.Log, Registry: env.Registry,
	}, cfg)
}

// pacedProvider collects at another pace, or less of the past, than the provider's own.
type pacedProvider struct {
	pipeline.Provider
	settings boot.Collector
}

// Paced gives the providers as the settings want them: at another pace, or with less of the past.
func Paced(ps []pipeline.Provider, s boot.Collector) []pipeline.Provider {
	if s.SnapshotEvery <= 0 && s.History <= 0 {
		return ps
	}
	out := make([]pipeline.Provider, len(ps))
	for i, p := range ps {
		out[i] = pacedProvider{Provider: p, settings: s}
	}
	return out
}

// Info implements pipeline.Provider.
func (p pacedProvider) Info() pipeline.Info {
	info := p.Provider.Info()
	feeds := make([]pipeline.FeedSpec, len(info.Feeds))
	for i, f := range info.Feeds {
		if p.settings.SnapshotEvery > 0 {
			f.Every = p.settings.SnapshotEvery
		}
		if p.settings.History > 0 {
			f.Backfill = min(f.Backfill, p.settings.History)
		}
		feeds[i] = f
	}
	info.Feeds = feeds
	return info
}
