package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// collectCommand is the hidden command that is the collector of the bench: it syncs all connections once for every order that
// it reads, and says how that went.
const collectCommand = "bench-collector"

// order tells the bench's collector what to do.
type order struct {
	// Dead is the kind whose windows are not waited for.
	Dead pipeline.Kind
	// Without is the kind that is left out.
	Without pipeline.Kind
}

// synced is how a sync of all connections went.
type synced struct {
	Seconds         float64
	Windows         int
	Found, Appended int64
	// Failed are windows that ended with a fault; Why is one of them.
	Failed int
	Why    string
}

// costsOnly is a provider without its statistics: a sync is inventories and costs.
type costsOnly struct{ pipeline.Provider }

// Info implements pipeline.Provider.
func (p costsOnly) Info() pipeline.Info {
	info := p.Provider.Info()
	var feeds []pipeline.FeedSpec
	for _, f := range info.Feeds {
		if f.Feed != pipeline.FeedUsage {
			feeds = append(feeds, f)
		}
	}
	info.Feeds = feeds
	return info
}

// counted counts windows as they end, and knows how many are to.
type counted struct {
	collect.Windows
	order order

	mu     sync.Mutex
	open   map[int64]bool
	result synced
	last   time.Time
	done   chan struct{} // gets a value when nothing is open any more
	quiet  bool
}

// begin forgets the sync before.
func (c *counted) begin(o order, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order, c.result, c.last, c.quiet = o, synced{}, at, false
	clear(c.open)
	select {
	case <-c.done:
	default:
	}
}

// Claim implements collect.Windows.
func (c *counted) Claim(ctx context.Context, holder string, n int, lease time.Duration, limits collect.ClaimLimits) ([]collect.Window, error) {
	windows, err := c.Windows.Claim(ctx, holder, n, lease, limits)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, w := range windows {
		if w.Connection.Kind != c.order.Dead {
			c.open[w.ID] = true
		}
	}
	live := 0
	for _, w := range windows {
		if w.Connection.Kind != c.order.Dead {
			live++
		}
	}
	c.quiet = err == nil && live == 0
	c.tellLocked()
	return windows, err
}

// Finish implements collect.Windows.
func (c *counted) Finish(ctx context.Context, w collect.Window, r collect.Result) error {
	err := c.Windows.Finish(ctx, w, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.open[w.ID] {
		return err
	}
	delete(c.open, w.ID)
	c.last = time.Now()
	c.result.Windows++
	c.result.Found, c.result.Appended = c.result.Found+r.Found, c.result.Appended+r.Appended
	if f := faultOf(&r); f != nil {
		c.result.Failed++
		c.result.Why = f.Error()
	}
	c.tellLocked()
	return err
}

func faultOf(r *collect.Result) *pipeline.Fault {
	if r.Fault != nil {
		return r.Fault
	}
	for _, s := range r.Outcome.Scopes {
		if s.Fault != nil && !s.Skipped {
			return s.Fault
		}
	}
	return nil
}

func (c *counted) tellLocked() {
	if c.quiet && len(c.open) == 0 && c.result.Windows > 0 {
		select {
		case c.done <- struct{}{}:
		default:
		}
	}
}

// benchCollector reads orders from its standard input and writes a line for each.
func benchCollector(ctx context.Context, env boot.Env) error {
	boot.LimitMemory(wire.CollectorMemory)
	stores, err := wire.OpenStores(ctx, env)
	if err != nil {
		return err
	}
	defer func() { _ = stores.Close() }()
	var all []pipeline.Provider
	for _, p := range wire.Providers(env.Settings) {
		all = append(all, costsOnly{p})
	}
	lines, out := bufio.NewScanner(os.Stdin), json.NewEncoder(env.Stdout)
	windows := &counted{Windows: stores.People, open: map[int64]bool{}, done: make(chan struct{}, 1)}
	c, err := wire.NewCollector(env, stores, all, windows)
	if err != nil {
		return err
	}
	for lines.Scan() {
		var o order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return fmt.Errorf("cannot read an order: %w", err)
		}
		result, err := syncAll(ctx, env, stores, all, c, windows, o)
		if err != nil {
			return err
		}
		if err := out.Encode(result); err != nil {
			return fmt.Errorf("cannot tell how a sync went: %w", err)
		}
	}
	return lines.Err()
}

// syncAll makes every window of every connection due and collects them, as the collector service does.
func syncAll(ctx context.Context, env boot.Env, stores *wire.Stores, all []pipeline.Provider, c *collect.Collector, windows *counted, o order) (synced, error) {
	var of []pipeline.Provider
	for _, p := range all {
		if p.Info().Kind != o.Without {
			of = append(of, p)
		}
	}
	began := time.Now()
	windows.begin(o, began)
	if err := dueNow(ctx, env, stores, of); err != nil {
		return synced{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { c.Work(ctx) })
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for c.Wake(); ; {
		select {
		case <-windows.done:
			stop()
			wg.Wait()
			windows.result.Seconds = windows.last.Sub(began).Seconds()
			return windows.result, nil
		case <-tick.C:
			c.Wake()
		case <-ctx.Done():
			stop()
			wg.Wait()
			return synced{}, ctx.Err()
		}
	}
}

// dueNow plans every window of every connection for now.
func dueNow(ctx context.Context, env boot.Env, stores *wire.Stores, all []pipeline.Provider) error {
	infos := map[pipeline.Kind]pipeline.Info{}
	for _, p := range wire.Paced(all, env.Settings.Collector) {
		infos[p.Info().Kind] = p.Info()
	}
	now, err := stores.People.Now(ctx)
	if err != nil {
		return err
	}
	connections, err := stores.People.Connections(ctx)
	if err != nil {
		return err
	}
	planned := 0
	for _, c := range connections {
		info, ok := infos[c.Kind]
		if !ok {
			continue
		}
		zone, err := time.LoadLocation(info.BillingZone)
		if err != nil {
			return fmt.Errorf("cannot read the zone of %s: %w", c.Kind, err)
		}
		plans := collect.Plan(info.Feeds, zone, c, now, time.Time{})
		for i := range plans {
			plans[i].DueAt = now
		}
		planned += len(plans)
		if err := stores.People.Plan(ctx, collect.Account{Tenant: c.TenantID, Connection: c.ID}, plans); err != nil {
			return err
		}
	}
	if planned == 0 {
		return errors.New("cannot sync: no connection has anything to collect")
	}
	return nil
}
