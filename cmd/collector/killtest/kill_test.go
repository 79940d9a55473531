package killtest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/clickhouse"
	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/child"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
	"github.com/infrazen/infrazen/postgres"
	pgembedded "github.com/infrazen/infrazen/postgres/embedded"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

// killsOfEpoch is how many times in an epoch something is killed while windows are being collected, before the epoch's
// last restatement. lateKills is how many times at most after it: what these break, no later collection mends.
const (
	killsOfEpoch = 7
	lateKills    = 6
)

// seedVariable repeats a run: the stories and the victims are the same, the instants nearly so.
const seedVariable = "INFRAZEN_KILLTEST_SEED"

// theatre is where two companies play the same story: one undisturbed, one under fire.
type theatre struct {
	*stage
	windows *postgres.Store
	facts   *clickhouse.Store
	engine  *enginetest.Engine
	wire    *wire
	beget   *httptest.Server
	clock   *atomic.Int64 // of the stand-in for Beget
	story   *story
	random  *rand.Rand
}

// company is a tenant with its connections.
type company struct {
	tenant pipeline.TenantID
	small  pipeline.Connection
	focus  pipeline.Connection
	beget  pipeline.Connection
	folder string
	world  string
	ends   []time.Time
}

func (c *company) connections() []pipeline.ConnectionID {
	return []pipeline.ConnectionID{c.small.ID, c.focus.ID, c.beget.ID}
}

func TestKilledCollectorsLeaveWhatACleanRunLeaves(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv(seedVariable); text != "" {
		if _, err := fmt.Sscan(text, &seed); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("repeat with %s=%d", seedVariable, seed)
	th := open(t, seed)
	clean, fire := th.company(t, "clean"), th.company(t, "fire")
	began := time.Now()
	for e := range epochs {
		th.playClean(t, clean, e)
	}
	t.Logf("clean run: %s", time.Since(began).Round(time.Second))
	kills := 0
	for e := range epochs {
		kills += th.playUnderFire(t, fire, e)
		t.Logf("epoch %d under fire: %s", e, time.Since(began).Round(time.Second))
	}
	t.Logf("%d times something was killed at work, %d times just behind an INSERT whose answer was lost", kills, th.wire.lost.Load())
	if kills < 20 {
		t.Errorf("only %d kills", kills)
	}
	th.compare(t, clean, fire)
}

func open(t *testing.T, seed uint64) *theatre {
	t.Helper()
	dir := t.TempDir()
	pg, err := pgembedded.Start(t.Context(), pgembedded.Config{
		DataDir: filepath.Join(dir, "pg"), RootDir: filepath.Join(os.TempDir(), filepath.Base(dir)+"-pg"), Volatile: true, StopTimeout: 2 * time.Second,
	}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := pg.Stop(ctx); err != nil {
			t.Error(err)
		}
		_ = os.RemoveAll(filepath.Join(os.TempDir(), filepath.Base(dir)+"-pg"))
	})
	engine := enginetest.New(t, embedded.DefaultConfig())
	wire := newWire(t, engine)
	s := &stage{
		Postgres: pg.DSN(), Key: postgres.NewKey(), ClickHouse: child.DSN(wire.address, engine.User, engine.Password, "default"), Folder: dir, Holder: "clean",
	}
	windows, facts, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(windows.Close)
	t.Cleanup(func() { _ = facts.Close() })
	if err := windows.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := facts.Migrate(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	th := &theatre{stage: s, windows: windows, facts: facts, engine: engine, wire: wire, random: rand.New(rand.NewPCG(seed, 2)), clock: &atomic.Int64{}}
	base := time.Now().UTC().Truncate(time.Hour).Add(-(billHours + epochs + 2) * time.Hour)
	th.story = tellStory(seed, base)
	th.beget = httptest.NewServer(begetsim.New(th.story.beget(seed, func() time.Time { return time.Unix(th.clock.Load(), 0) })))
	t.Cleanup(func() {
		th.beget.CloseClientConnections()
		th.beget.Close()
	})
	return th
}

// play puts an epoch's world before a company. What is billed may be another epoch's.
func (th *theatre) play(t *testing.T, c *company, epoch, bill int) {
	t.Helper()
	th.clock.Store(th.story.worlds[epoch].Clock.Unix())
	th.story.play(t, c.world, c.folder, epoch, bill)
}

func (th *theatre) company(t *testing.T, name string) *company {
	t.Helper()
	tenant, err := th.windows.CreateTenant(t.Context(), name, "Europe/Moscow", "RUB")
	if err != nil {
		t.Fatal(err)
	}
	c := &company{tenant: tenant.ID, folder: filepath.Join(th.Folder, name), world: filepath.Join(th.Folder, name+".json")}
	if err := os.Mkdir(c.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	make := func(kind pipeline.Kind, settings, secrets map[string]string) pipeline.Connection {
		conn, err := th.windows.CreateConnection(t.Context(), tenant.ID, pipeline.Connection{Kind: kind, Name: string(kind), Settings: settings}, secrets)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	c.small = make(collecttest.Kind, map[string]string{"login": c.world}, map[string]string{"password": "secret"})
	c.focus = make("focus", map[string]string{"source": "folder", "folder": name}, nil)
	c.beget = make(beget.Kind, map[string]string{beget.FieldLogin: begetLogin, beget.FieldAddress: th.beget.URL}, map[string]string{beget.FieldPassword: begetPassword})
	return c
}

// plans are all windows of an epoch, due now.
func (th *theatre) plans(epoch int, now time.Time) (small, focus []collect.WindowPlan) {
	hour := th.story.worlds[epoch].Clock.Truncate(time.Hour)
	small = append(small, collect.WindowPlan{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, From: hour, To: hour.Add(time.Hour), DueAt: now})
	for h := range billHours {
		from := th.story.base.Add(time.Duration(h) * time.Hour)
		small = append(small, collect.WindowPlan{Feed: pipeline.FeedCharges, Grain: pipeline.GrainHour, From: from, To: from.Add(time.Hour), DueAt: now, Priority: h})
	}
	return small, []collect.WindowPlan{{Feed: pipeline.FeedFiles, Grain: pipeline.GrainSnapshot, From: hour, To: hour.Add(time.Hour), DueAt: now}}
}

// plan makes every window of the epoch due and returns when.
func (th *theatre) plan(t *testing.T, c *company, epoch int) time.Time {
	t.Helper()
	now, err := th.windows.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	th.planAt(t, c, epoch, now, now)
	return now
}

func (th *theatre) planAt(t *testing.T, c *company, epoch int, due, listDue time.Time) {
	t.Helper()
	small, focus := th.plans(epoch, due)
	focus[0].DueAt = listDue
	for conn, plans := range map[pipeline.ConnectionID][]collect.WindowPlan{c.small.ID: small, c.focus.ID: focus, c.beget.ID: small[:1]} {
		if err := th.windows.Plan(t.Context(), collect.Account{Tenant: c.tenant, Connection: conn}, plans); err != nil {
			t.Fatal(err)
		}
	}
}

// state tells whether windows are being collected, and whether all of the epoch were since an instant.
func (th *theatre) state(t *testing.T, c *company, epoch int, since time.Time) (busy, settled bool) {
	t.Helper()
	hour := th.story.worlds[epoch].Clock.Truncate(time.Hour)
	settled = true
	for _, conn := range c.connections() {
		windows, err := th.windows.WindowsOf(t.Context(), c.tenant, conn, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range windows {
			if w.Grain == pipeline.GrainSnapshot && !w.From.Equal(hour) {
				continue // of an earlier epoch
			}
			busy = busy || w.Running
			fresh := w.Grain == pipeline.GrainObject || !w.SucceededAt.Before(since)
			settled = settled && !w.Running && w.Complete && w.DueAt.IsZero() && fresh
		}
	}
	return busy, settled
}

func (th *theatre) ended(t *testing.T, c *company) {
	t.Helper()
	now, err := th.windows.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.ends = append(c.ends, now)
}

func (th *theatre) playClean(t *testing.T, c *company, epoch int) {
	t.Helper()
	th.play(t, c, epoch, epoch)
	since := th.plan(t, c, epoch)
	collector, err := th.collector(unpaced{th.windows}, th.facts)
	if err != nil {
		t.Fatal(err)
	}
	collector.CollectDue(t.Context())
	collector.CloseIdle(t.Context())
	if _, settled := th.state(t, c, epoch, since); !settled {
		t.Fatalf("the clean run did not come to an end in epoch %d: %s", epoch, th.faults(t, c))
	}
	th.ended(t, c)
}

func (th *theatre) faults(t *testing.T, c *company) string {
	t.Helper()
	var all string
	for _, conn := range c.connections() {
		windows, err := th.windows.WindowsOf(t.Context(), c.tenant, conn, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range windows {
			if w.Fault != nil {
				all += fmt.Sprintf("%s %s %s: %s\n", w.Feed, w.From, w.Object.Key, w.Fault.Error())
			}
		}
	}
	return all
}

// playUnderFire collects an epoch with two collectors. While bills are restated once more, collectors and the engine are
// killed at random instants; then the epoch comes to an end.
func (th *theatre) playUnderFire(t *testing.T, c *company, epoch int) (kills int) {
	t.Helper()
	collectors := [2]*process{th.start(t, fmt.Sprint("a", epoch)), th.start(t, fmt.Sprint("b", epoch))}
	defer func() {
		for _, p := range collectors {
			p.kill()
		}
	}()
	// News that will be restated before the epoch is over, collected any number of times.
	th.play(t, c, epoch, th.random.IntN(epochs))
	since := th.plan(t, c, epoch)
	for kills < killsOfEpoch {
		busy, settled := th.state(t, c, epoch, since)
		if settled {
			since = th.plan(t, c, epoch)
		}
		if busy {
			th.kill(t, &collectors, fmt.Sprint(epoch, kills))
			kills++
		}
	}
	// The epoch's own news: whatever is collected whole now is not collected again.
	th.play(t, c, epoch, epoch)
	since = th.plan(t, c, epoch)
	for late := range lateKills {
		busy, settled := th.state(t, c, epoch, since)
		for !busy && !settled {
			th.planAt(t, c, epoch, since, since) // windows that were under a lease when they were planned
			busy, settled = th.state(t, c, epoch, since)
		}
		if settled {
			break
		}
		th.kill(t, &collectors, fmt.Sprint(epoch, "late", late))
		kills++
	}
	th.settle(t, c, epoch, since)
	th.ended(t, c)
	return kills
}

// kill ends a collector or the engine at a random instant, and starts it again.
func (th *theatre) kill(t *testing.T, collectors *[2]*process, name string) {
	t.Helper()
	<-time.After(time.Duration(th.random.IntN(150)) * time.Millisecond) // a random instant is what is wanted here
	switch victim := th.random.IntN(6); victim {
	case 0, 1:
		collectors[victim].kill()
		collectors[victim] = th.start(t, name)
	case 2:
		th.engine.KillOnly(t)
	default:
		th.wire.loseAnswer(t)
	}
}

func (th *theatre) settle(t *testing.T, c *company, epoch int, since time.Time) {
	t.Helper()
	list, relisted := since, false
	for turn, deadline := 1, time.Now().Add(90*time.Second); ; turn++ {
		<-time.After(50 * time.Millisecond)
		_, settled := th.state(t, c, epoch, since)
		if settled && relisted {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("epoch %d does not come to an end: %s", epoch, th.faults(t, c))
		}
		if settled || turn%20 == 0 { // a file that changed after it was listed is found by listing again
			list, relisted = list.Add(time.Since(list)), settled
		}
		th.planAt(t, c, epoch, since, list) // windows that were under a lease when they were planned
	}
}

// compare asks both companies the same questions.
func (th *theatre) compare(t *testing.T, clean, fire *company) {
	t.Helper()
	for e := range epochs {
		want, got := th.totals(t, clean, clean.ends[e]), th.totals(t, fire, fire.ends[e])
		for _, part := range []string{"small accrual", "small consumption", "focus file:", "beget accrual"} {
			if n := count(want, part); n < 8 {
				t.Errorf("as of epoch %d there are only %d totals of %s", e, n, part)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("as of the end of epoch %d, clean against fire:\n%s", e, d)
		}
	}
	if d := cmp.Diff(th.totals(t, clean, time.Time{}), th.totals(t, fire, time.Time{})); d != "" {
		t.Errorf("now, clean against fire:\n%s", d)
	}
	want, got := th.lines(t, clean), th.lines(t, fire)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("lines held, clean against fire:\n%s", d)
	}
	t.Logf("%d lines are the same in every measure", len(want))
}

func count(totals map[string]string, prefix string) (n int) {
	for k := range totals {
		if strings.HasPrefix(k, prefix) {
			n++
		}
	}
	return n
}

// totals are costs to the last digit, by connection, source, resource and day, with what is known about them.
func (th *theatre) totals(t *testing.T, c *company, asOf time.Time) map[string]string {
	t.Helper()
	names := map[string]string{string(c.small.ID): "small", string(c.focus.ID): "focus", string(c.beget.ID): "beget"}
	out := map[string]string{}
	for _, m := range []pipeline.Metric{pipeline.MetricBilledCost, pipeline.MetricEffectiveCost, pipeline.MetricListCost, pipeline.MetricContractedCost} {
		answer, err := th.facts.Costs(t.Context(), c.tenant, pipeline.CostQuery{
			From: th.story.base.AddDate(0, 0, -12), To: th.story.base.AddDate(0, 0, 4), Zone: "Europe/Moscow", Step: pipeline.StepDay,
			GroupBy: []pipeline.Dimension{pipeline.DimConnection, pipeline.DimSource, pipeline.DimResource}, Metric: m, AsOf: asOf,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range answer.Groups {
			key := fmt.Sprintf("%s %s %s %s %s", names[g.Keys[0].Value], g.Keys[1].Value, g.Keys[2].Value, g.Currency, m)
			value := fmt.Sprintf("%s estimated %s, %d lines, %d unpriced:", g.Cost, g.Estimated, g.Lines, g.Unpriced)
			for i, v := range g.Series {
				if !v.IsZero() {
					value += fmt.Sprintf(" %s=%s", answer.Steps[i].Format("0102"), v)
				}
			}
			out[key] = value
		}
	}
	return out
}

// lines are all lines held, in every measure.
func (th *theatre) lines(t *testing.T, c *company) map[string]string {
	t.Helper()
	out := map[string]string{}
	read := func(name string, conn pipeline.ConnectionID, source string) {
		err := th.facts.Held(t.Context(), collect.Account{Tenant: c.tenant, Connection: conn}, pipeline.Slice{Source: source}, func(l collect.HeldLine) error {
			out[fmt.Sprintf("%s %s %s %x", name, source, l.Start.Format(time.RFC3339), l.Key)] = collecttest.MeasuresText(l.Measures)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read("small", c.small.ID, collect.SourceAccrual)
	read("small", c.small.ID, "consumption")
	read("beget", c.beget.ID, collect.SourceAccrual)
	for name := range maps.Keys(th.story.files[0]) {
		read("focus", c.focus.ID, "file:"+name)
	}
	return out
}
