package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/clickhouse/bench"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/providers/world"
)

// cloudsCommand is the hidden command that is the clouds of the bench.
const cloudsCommand = "bench-clouds"

// What is synced, and the limits.
const (
	syncConnections  = 1000
	syncResources    = 50 // of a connection
	syncSeconds      = 120
	syncMegabytes    = 512
	syncRest         = 52 * time.Second
	plainRows        = 480_000
	cloudsStartLimit = 2 * time.Minute
)

// benchFarm is the clouds of the bench: the same in the process that serves them and in the one that connects them. Everything in
// them is a day old.
func benchFarm(connections int, start time.Time) *farm {
	f := &farm{}
	makers := benchStands()
	for i, maker := range makers {
		var accounts []*world.Account
		for n := i; n < connections; n += len(makers) {
			accounts = append(accounts, benchAccount(uint64(n), maker.catalog, start))
		}
		f.stands = append(f.stands, maker.stand(500, accounts))
	}
	return f
}

// benchStand makes the stand-in of one cloud.
type benchStand struct {
	catalog world.Catalog
	stand   func(page int, accounts []*world.Account) stand
}

func benchStands() []benchStand {
	return []benchStand{
		{world.SelectelCatalog(), selectelStand}, {world.YandexCatalog(), yandexStand}, {world.VKCatalog(), vkStand}, {world.BegetCatalog(), begetStand},
	}
}

// benchAccount has syncResources resources, all of them made at start; a half are servers with their volumes, where those are
// things of their own.
func benchAccount(n uint64, c world.Catalog, start time.Time) *world.Account {
	servers := syncResources / 2
	others := syncResources - servers
	if c.SeparateVolumes {
		servers, others = servers*2/3, syncResources-2*(servers*2/3)
	}
	kinds := c.Kinds
	for c.Kinds = nil; len(c.Kinds) < others; {
		c.Kinds = append(c.Kinds, kinds[len(c.Kinds)%len(kinds)])
	}
	made := world.NewAccount(world.AccountConfig{
		Seed: n + 1, Catalog: c, Start: start, Span: 3 * 24 * time.Hour, Servers: servers, Calm: world.Calmest,
	})
	a := &world.Account{
		Seed: made.Seed, Cloud: made.Cloud, ID: made.ID, Title: fmt.Sprintf("%s %d", c.Cloud, n), Currency: made.Currency, Password: made.Password,
		Projects: made.Projects, People: made.People, Prices: made.Prices, TaxRate: made.TaxRate, Opening: made.Opening, Start: start,
	}
	for _, r := range made.All() {
		fresh := *r
		fresh.Created, fresh.States = start, slices.Clone(r.States[:1])
		fresh.States[0].From = start
		a.Add(fresh)
	}
	return a
}

// benchClouds serves the clouds of the bench on demo.port.
func benchClouds(ctx context.Context, env boot.Env) error {
	start, err := time.Parse(time.RFC3339, os.Getenv(startVariable))
	if err != nil {
		return fmt.Errorf("cannot serve the clouds of the bench: %w", err)
	}
	f := benchFarm(benchConnections(), start)
	if err := f.listen(ctx, env.Settings.Demo.Port); err != nil {
		return err
	}
	return f.serve(ctx)
}

// connectionsVariable makes the bench smaller; startVariable tells the clouds' process since when there is something.
const (
	connectionsVariable = "BENCH_CONNECTIONS"
	startVariable       = "BENCH_START"
)

func benchConnections() int {
	if n, err := strconv.Atoi(os.Getenv(connectionsVariable)); err == nil && n > 0 {
		return n
	}
	return syncConnections
}

// syncs measures the collector: a first sync of many connections, one with nothing changed, and one while a cloud is dead.
func (b *benchmark) syncs(ctx context.Context, stores *wire.Stores) ([]bench.Figure, error) {
	n := benchConnections()
	b.say(fmt.Sprintf("connecting %d accounts", n))
	start := time.Now().UTC().Truncate(time.Hour).Add(-24 * time.Hour)
	f := benchFarm(n, start)
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	if err := pauseAll(ctx, stores); err != nil {
		return nil, err
	}
	tenant, err := stores.People.CreateTenant(ctx, "bench", "Europe/Moscow", "RUB")
	if err != nil {
		return nil, err
	}
	for _, c := range f.connections(port, fieldsOf(wire.Providers(b.env.Settings))) {
		if _, err := stores.People.CreateConnection(ctx, tenant.ID, c.Connection, c.secrets); err != nil {
			return nil, err
		}
	}
	clouds, err := b.child(ctx, cloudsCommand, map[string]string{"demo.port": strconv.Itoa(port)}, startVariable+"="+start.Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	defer clouds.stop()
	if err := awaitFarm(ctx, addressOf(len(f.stands)-1, port), cloudsStartLimit); err != nil {
		return nil, err
	}
	collector, err := b.child(ctx, collectCommand, map[string]string{"collector.history": "24h", "postgres.dsn": b.env.Settings.Postgres.DSN, "clickhouse.dsn": b.env.Settings.ClickHouse.DSN})
	if err != nil {
		return nil, err
	}
	defer collector.stop()
	m := measuredSyncs{benchmark: b, collector: collector, port: port, farm: f}
	return m.measure(ctx)
}

// pauseAll pauses what another part of the bench has connected.
func pauseAll(ctx context.Context, stores *wire.Stores) error {
	connections, err := stores.People.Connections(ctx)
	if err != nil {
		return err
	}
	paused := true
	for _, c := range connections {
		if _, err := stores.People.UpdateConnection(ctx, c.TenantID, c.ID, c.Version, postgres.ConnectionChange{Paused: &paused}); err != nil {
			return err
		}
	}
	return nil
}

func awaitFarm(ctx context.Context, address string, limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("nobody answers at %s", address))
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+deadPath, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			return resp.Body.Close()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// benchChild is this program again, as a part of the bench that reads orders.
type benchChild struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func (b *benchmark) child(ctx context.Context, command string, settings map[string]string, more ...string) (*benchChild, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find this program: %w", err)
	}
	c := &benchChild{Cmd: exec.CommandContext(ctx, program, command)}
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, boot.EnvPrefix) {
			c.Env = append(c.Env, e)
		}
	}
	c.Env = append(c.Env, more...)
	s := b.env.Settings
	settings["data_dir"], settings["key_file"], settings["log.level"] = s.DataDir, s.KeyFile, cmp.Or(os.Getenv("BENCH_LOG"), "error")
	for k, v := range settings {
		c.Env = append(c.Env, boot.EnvName(k)+"="+v)
	}
	c.Stderr = b.progress
	if c.in, err = c.StdinPipe(); err != nil {
		return nil, fmt.Errorf("cannot speak to %s: %w", command, err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("cannot hear %s: %w", command, err)
	}
	c.out = bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", command, err)
	}
	return c, nil
}

func (c *benchChild) stop() {
	_ = c.in.Close()
	_ = c.Process.Kill()
	_ = c.Wait() // it was killed
}

type measuredSyncs struct {
	*benchmark
	collector *benchChild
	farm      *farm
	port      int
	synced    time.Time // when the latest sync began
}

// sync lets the collector sync everything once.
func (m *measuredSyncs) sync(what string, o order) (synced, error) {
	m.say(what)
	m.synced = time.Now()
	var r synced
	if err := json.NewEncoder(m.collector.in).Encode(o); err != nil {
		return r, fmt.Errorf("cannot order a sync: %w", err)
	}
	if !m.collector.out.Scan() {
		return r, errors.Join(errors.New("cannot sync: the collector ended"), m.collector.out.Err())
	}
	if err := json.Unmarshal(m.collector.out.Bytes(), &r); err != nil {
		return r, fmt.Errorf("cannot read how a sync went: %w", err)
	}
	m.say(fmt.Sprintf("%s: %.1f s, %d windows, %d found, %d appended, %d failed %s", what, r.Seconds, r.Windows, r.Found, r.Appended, r.Failed, r.Why))
	return r, nil
}

// rest lets the clouds' limits come back, as they do between the syncs of a service: Beget gives 25 requests in 50 s.
func (m *measuredSyncs) rest(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// rested is sync after a rest. A new hour is something new in every cloud: it is let come, and collected before.
func (m *measuredSyncs) rested(ctx context.Context, what string, o order) (synced, error) {
	if err := m.rest(ctx, syncRest); err != nil {
		return synced{}, err
	}
	if left := time.Until(hourAfter(time.Now())); left < syncRest {
		m.say("waiting for the new hour")
		if err := m.rest(ctx, left); err != nil {
			return synced{}, err
		}
	}
	if !time.Now().Before(hourAfter(m.synced)) {
		if _, err := m.sync("the new hour, not measured", o); err != nil {
			return synced{}, err
		}
		if err := m.rest(ctx, syncRest); err != nil {
			return synced{}, err
		}
	}
	return m.sync(what, o)
}

func hourAfter(t time.Time) time.Time { return t.Truncate(time.Hour).Add(time.Hour) }

func (m *measuredSyncs) measure(ctx context.Context) ([]bench.Figure, error) {
	w := watchMemory(ctx, m.collector.Process.Pid)
	first, err := m.sync("first sync", order{})
	if err != nil {
		return nil, err
	}
	held := w.end()
	m.say("the bare engine")
	bare, err := bench.Plain(ctx, m.env.Settings.ClickHouse.DSN, plainRows)
	if err != nil {
		return nil, err
	}
	perSecond := float64(first.Appended) / first.Seconds
	figures := []bench.Figure{
		{
			Name: fmt.Sprintf("full sync of %d connections, %d resources, 24 hours", benchConnections(), benchConnections()*syncResources), Measured: fmt.Sprintf("%.1f s", first.Seconds),
			Limit: fmt.Sprintf("<= %d s", syncSeconds), Missed: first.Seconds > syncSeconds || first.Failed > 0,
		},
		{Name: "rows/s of that sync over plain clickhouse-go batches", Measured: fmt.Sprintf("%.2f (%.0f over %.0f rows/s)", perSecond/bare, perSecond, bare)},
		held.figure("collector in that sync", syncMegabytes),
	}
	turns, err := m.turns(ctx)
	if err != nil {
		return figures, err
	}
	return append(figures, turns.figures(first)...), nil
}

// turns are syncs with nothing changed: of all clouds, of all but one, and of those beside the one that is dead.
type turns struct {
	again, alone, beside []float64
	appended             int64
	failed               int // windows of any of them
}

// turns measures by turns, everything twice, so that what else the machine does falls on all alike.
func (m *measuredSyncs) turns(ctx context.Context) (turns, error) {
	var t turns
	dead := m.farm.stands[0].kind
	for range 2 {
		again, err := m.rested(ctx, "sync with nothing changed", order{})
		if err != nil {
			return t, err
		}
		t.again, t.appended, t.failed = append(t.again, again.Seconds), t.appended+again.Appended, t.failed+again.Failed
		alone, err := m.rested(ctx, "sync without "+string(dead), order{Without: dead})
		if err != nil {
			return t, err
		}
		t.alone, t.failed = append(t.alone, alone.Seconds), t.failed+alone.Failed
		if err := m.tell(ctx, dead); err != nil {
			return t, err
		}
		beside, err := m.rested(ctx, "the same while "+string(dead)+" is dead", order{Dead: dead})
		if err := errors.Join(err, m.tell(ctx, "")); err != nil {
			return t, err
		}
		t.beside, t.failed = append(t.beside, beside.Seconds), t.failed+beside.Failed
	}
	return t, nil
}

func (t *turns) figures(first synced) []bench.Figure {
	again, alone, beside := mean(t.again), mean(t.alone), mean(t.beside)
	return []bench.Figure{
		{
			Name: "sync with nothing changed over the first", Measured: fmt.Sprintf("%.2f (%s s, %d rows)", again/first.Seconds, listed(t.again), t.appended),
			Limit: "<= 0.5", Missed: again > first.Seconds/2 || t.failed > 0,
		},
		{
			Name: "one dead cloud: the others' sync over theirs alone", Measured: fmt.Sprintf("%.2f (%s s over %s s)", beside/alone, listed(t.beside), listed(t.alone)),
			Limit: "< 1.05", Missed: beside >= 1.05*alone || t.failed > 0,
		},
	}
}

func mean(of []float64) float64 {
	sum := 0.0
	for _, v := range of {
		sum += v
	}
	return sum / float64(len(of))
}

func listed(of []float64) string {
	out := make([]string, len(of))
	for i, v := range of {
		out[i] = strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strings.Join(out, " and ")
}

// tell says which kind is dead.
func (m *measuredSyncs) tell(ctx context.Context, kind pipeline.Kind) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+strconv.Itoa(m.port)+deadPath+string(kind), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("cannot reach the clouds: %w", err)
	}
	return resp.Body.Close()
}
