package collect_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// noon of the day of the tests, in Moscow.
var noon = at("2026-03-05 12:00:00")

// lab is a small cloud, its stores and what collects it.
type lab struct {
	windows *collecttest.Windows
	ledger  *collecttest.Ledger
	cloud   *collecttest.Cloud
	config  collect.Config
	count   bool               // the ledger can count rows
	only    *collect.Collector // collects all syncs; nil means a new one for each
	log     *logBuffer

	mu    sync.Mutex
	world collecttest.World
	down  error
}

// logBuffer keeps what several loggers write.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func connection() pipeline.Connection {
	return pipeline.Connection{ID: "c", TenantID: "t", Kind: collecttest.Kind, Version: 1, CreatedAt: noon.Add(-3 * time.Hour)}
}

func newLab(now time.Time) *lab {
	l := &lab{windows: collecttest.NewWindows(now), ledger: collecttest.NewLedger(), config: collect.DefaultConfig(), log: &logBuffer{}}
	l.config.Holder = "one"
	l.cloud = &collecttest.Cloud{World: func(ctx context.Context, _ pipeline.Settings) (collecttest.World, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.world, errors.Join(l.down, ctx.Err())
	}}
	l.windows.Connect(connection(), pipeline.Settings{"login": "me", "password": "open sesame"})
	return l
}

func (l *lab) tell(w collecttest.World) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.world = w
}

func (l *lab) collector(t interface{ Fatal(...any) }, holder string) *collect.Collector {
	l.config.Holder = holder
	ledger := collect.Ledger(l.ledger)
	if l.count {
		ledger = collecttest.Counting{Ledger: l.ledger}
	}
	c, err := collect.New(collect.Deps{
		Windows: l.windows, Ledger: ledger, Providers: []pipeline.Provider{l.cloud}, Registry: prometheus.NewRegistry(),
		Log: slog.New(slog.NewTextHandler(l.log, nil)), Mappings: l.windows,
	}, l.config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sync plans and collects everything that is due, with one collector.
func (l *lab) sync(t interface{ Fatal(...any) }) {
	c := l.only
	if c == nil {
		c = l.collector(t, "one")
	}
	if err := c.PlanAll(context.Background()); err != nil {
		t.Fatal(err)
	}
	c.CollectDue(context.Background())
	c.CloseIdle(context.Background())
}

// last is how the newest window of a feed ended.
func (l *lab) last(t *testing.T, f pipeline.Feed) collect.Result {
	t.Helper()
	finished := l.windows.Finished()
	for i := len(finished) - 1; i >= 0; i-- {
		if finished[i].Window.Feed == f {
			return finished[i].Result
		}
	}
	t.Fatalf("no window of %s was finished", f)
	return collect.Result{}
}

func server(id, created, price string) pipeline.Resource {
	r := pipeline.Resource{ID: id, Type: pipeline.Server, Name: id, Scope: "vps"}
	if created != "" {
		r.CreatedAt = at(created)
	}
	if price == "" {
		r.Rates = []pipeline.Rate{{ServiceName: "VPS", Currency: "RUB", Period: pipeline.PerHour}}
	} else {
		r.Rates = []pipeline.Rate{rate(price, pipeline.PerHour)}
	}
	return r
}

// accrued tells what a resource's accrual adds up to by hour of Moscow.
func (l *lab) accrued(id string) map[string]string {
	sums := map[string]pipeline.Measures{}
	for _, r := range l.ledger.Rows() {
		if r.Source == collect.SourceAccrual && r.Charge.ResourceID == id {
			k := r.Charge.Start.In(moscow).Format("02 15:04")
			sums[k] = sums[k].Add(r.Charge.Measures)
		}
	}
	hours := map[string]string{}
	for k, m := range sums {
		if m.IsZero() {
			continue
		}
		hours[k] = m.BilledCost.String()
		if m.UnpricedCount > 0 {
			hours[k] += "?"
		}
	}
	return hours
}

func TestFailedInventoryLeavesAGapThatTheNextOneFills(t *testing.T) {
	l := newLab(noon)
	l.tell(collecttest.World{Scopes: []string{"vps", "db"}, Resources: []pipeline.Resource{server("a", "2026-03-05 10:30:00", "1")}})
	l.sync(t)
	first := map[string]string{"05 10:00": "0.5", "05 11:00": "1"}
	if d := cmp.Diff(first, l.accrued("a")); d != "" {
		t.Fatal(d)
	}
	l.down = &pipeline.Fault{Code: pipeline.FaultUnavailable, Retry: true, Text: pipeline.Text{EN: "down"}}
	l.windows.Set(noon.Add(time.Hour))
	l.sync(t)
	if d := cmp.Diff(first, l.accrued("a")); d != "" {
		t.Errorf("a failed inventory changed costs: %s", d)
	}
	if r := l.last(t, pipeline.FeedInventory); r.Fault == nil || r.RetryAt.Sub(noon.Add(time.Hour)) < 30*time.Second {
		t.Errorf("the failed window ended as %+v", r)
	}
	l.down = nil
	l.windows.Set(noon.Add(2 * time.Hour))
	l.sync(t)
	if d := cmp.Diff(map[string]string{"05 10:00": "0.5", "05 11:00": "1", "05 12:00": "1", "05 13:00": "1"}, l.accrued("a")); d != "" {
		t.Error(d)
	}
}

func TestResourcesOfAFailedScopeAreNeitherDeletedNorCharged(t *testing.T) {
	testFailedScope(t, newLab(noon))
	l := newLab(noon)
	l.only = l.collector(t, "only")
	testFailedScope(t, l)
}

func testFailedScope(t *testing.T, l *lab) {
	t.Helper()
	world := collecttest.World{Scopes: []string{"vps"}, Resources: []pipeline.Resource{server("a", "2026-03-05 11:00:00", "1"), server("b", "2026-03-05 11:00:00", "")}}
	l.tell(world)
	l.sync(t)
	if d := cmp.Diff(map[string]string{"05 11:00": "0?"}, l.accrued("b")); d != "" {
		t.Errorf("an unknown price: %s", d)
	}
	broken := world
	broken.Failing = []string{"vps"} // a is not listed, b is
	l.tell(broken)
	l.windows.Set(noon.Add(90 * time.Minute))
	l.sync(t)
	if d := cmp.Diff(map[string]string{"05 11:00": "1"}, l.accrued("a")); d != "" {
		t.Errorf("unseen: %s", d)
	}
	if d := cmp.Diff(map[string]string{"05 11:00": "0?", "05 12:00": "0?"}, l.accrued("b")); d != "" {
		t.Errorf("seen: %s", d)
	}
	if r := l.last(t, pipeline.FeedInventory); r.Outcome.Complete() || r.RetryAt.IsZero() || r.Fault != nil {
		t.Errorf("the broken snapshot ended as %+v", r)
	}
	l.tell(world)
	l.windows.Set(noon.Add(2 * time.Hour))
	l.sync(t)
	if d := cmp.Diff(map[string]string{"05 11:00": "1", "05 12:00": "1", "05 13:00": "1"}, l.accrued("a")); d != "" {
		t.Errorf("seen again: %s", d)
	}
	states, err := l.ledger.States(context.Background(), account)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range states {
		if s.Change != pipeline.ResourceCreated || !s.DeletedAt.IsZero() {
			t.Errorf("%s is %s, deleted %s", s.ID, s.Change, s.DeletedAt)
		}
	}
}

func TestVanishedResourceIsChargedUntilItWasLastSeen(t *testing.T) {
	l := newLab(noon)
	l.tell(collecttest.World{Scopes: []string{"vps"}, Resources: []pipeline.Resource{server("a", "2026-03-05 11:00:00", "1"), server("b", "2026-03-05 11:00:00", "1")}})
	l.sync(t)
	removed := server("b", "", "")
	removed.Rates, removed.Status = nil, "REMOVED"
	removed.Events = []pipeline.ResourceEvent{event(pipeline.EventRemoved, "2026-03-05 12:15:00")}
	l.tell(collecttest.World{Scopes: []string{"vps"}, Resources: []pipeline.Resource{removed}})
	for i := range 3 {
		l.windows.Set(noon.Add(time.Duration(i+1) * time.Hour))
		l.sync(t)
	}
	if d := cmp.Diff(map[string]string{"05 11:00": "1"}, l.accrued("a")); d != "" {
		t.Errorf("gone without a word: %s", d)
	}
	if d := cmp.Diff(map[string]string{"05 11:00": "1", "05 12:00": "0.25"}, l.accrued("b")); d != "" {
		t.Errorf("removed by its history: %s", d)
	}
}

// A scope that fails for good does not make the days of the others be worked out from the beginning again and again.
func TestScopeThatAlwaysFailsLeavesOldDaysAlone(t *testing.T) {
	l := newLab(noon)
	l.only = l.collector(t, "only")
	l.tell(collecttest.World{Scopes: []string{"vps", "db"}, Failing: []string{"db"}, Resources: []pipeline.Resource{server("a", "2026-03-03 11:00:00", "1")}})
	l.sync(t)
	var oldest time.Time
	l.windows.Set(noon.Add(time.Hour))
	l.ledger.OnRateHistory = func(from time.Time) { oldest = from }
	l.sync(t)
	if want := at("2026-03-05 00:00:00"); !oldest.Equal(want) {
		t.Errorf("worked out from %s, want %s", oldest, want)
	}
	if n := len(l.accrued("a")); n != 50 {
		t.Errorf("%d hours are charged, want 50", n)
	}
}

func TestPartlyReadBillChangesNothing(t *testing.T) {
	l := newLab(noon)
	bill := func(cost string) []pipeline.Charge {
		c := charge(8, "a", cost) // 11:00 in Moscow
		c.End = c.Start.Add(30 * time.Minute)
		late := c
		late.Start, late.End = c.End, c.End.Add(30*time.Minute)
		return []pipeline.Charge{c, late}
	}
	l.tell(collecttest.World{Charges: bill("5")})
	l.sync(t)
	before := l.ledger.TotalsAsOf(time.Time{})
	if len(before) != 2 {
		t.Fatalf("held: %v", before)
	}
	l.tell(collecttest.World{Charges: bill("6"), Unread: noon.Add(-30 * time.Minute)})
	l.windows.Set(noon.Add(time.Hour))
	l.sync(t)
	if d := cmp.Diff(before, l.ledger.TotalsAsOf(time.Time{})); d != "" {
		t.Error(d)
	}
}

func TestClocksThreeHoursOff(t *testing.T) {
	f := func(off time.Duration, want map[string]string) {
		t.Helper()
		l := newLab(noon)
		r := server("a", "", "1")
		r.CreatedAt = noon.Add(off - 2*time.Hour)
		l.tell(collecttest.World{Clock: noon.Add(off), Scopes: []string{"vps"}, Resources: []pipeline.Resource{r}})
		l.sync(t)
		if d := cmp.Diff(want, l.accrued("a")); d != "" {
			t.Errorf("off by %s: %s", off, d)
		}
		notes := l.last(t, pipeline.FeedInventory).Outcome.Notes
		if len(notes) != 1 || notes[0].Code != string(pipeline.FaultClock) || !strings.Contains(notes[0].Text.EN, "3h0m0s") {
			t.Errorf("off by %s: notes are %+v", off, notes)
		}
	}
	f(-3*time.Hour, map[string]string{"05 07:00": "1", "05 08:00": "1"}) // created at 7 and seen at 9 by the cloud
	f(3*time.Hour, map[string]string{})                                  // created at 13 by the cloud: not there yet by ours
}

func TestThreeCollectorsCountEveryWindowOnce(t *testing.T) {
	l := newLab(noon)
	l.cloud.Specs = collecttest.AllFeeds()[1:] // no accrual: windows of one connection run side by side
	l.cloud.Parallel = 3
	var charges []pipeline.Charge
	for h := range 9 {
		charges = append(charges, charge(h, "a", "1"))
	}
	l.tell(collecttest.World{Charges: charges, Files: []collecttest.File{{Key: "f", Version: "1", Charges: charges}}})
	for i := range 5 {
		c := connection()
		c.ID = pipeline.ConnectionID(fmt.Sprint("c", i))
		l.windows.Connect(c, pipeline.Settings{"password": "x"})
	}
	var wg sync.WaitGroup
	for i := range 3 {
		c := l.collector(t, fmt.Sprint("collector ", i))
		wg.Go(func() {
			if err := c.PlanAll(context.Background()); err != nil {
				t.Error(err)
			}
			c.CollectDue(context.Background())
		})
	}
	wg.Wait()
	times, holders := map[int64]int{}, map[string]int{}
	for _, f := range l.windows.Finished() {
		times[f.Window.ID]++
		holders[f.Holder]++
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("window %d was counted %d times", id, n)
		}
	}
	// Hours of today, yesterday as one window for the bill, the list of files and the file.
	if want := 6 * (12 + 1 + 1 + 1 + 12); len(times) != want {
		t.Errorf("%d windows were collected, by %v", len(times), holders)
	}
	total := decimal.Decimal{}
	for _, r := range l.ledger.Rows() {
		total = total.Add(r.Charge.BilledCost)
	}
	if want := decimal.New(6*2*9, 0); !total.Equal(want) {
		t.Errorf("all cost %s, want %s", total, want)
	}
}

// Any windows, collected any number of times in any order by several collectors that lose requests, answers and their
// lives, leave what one clean run leaves: now, and as of the end of every epoch.
func TestAnyOrderAnyNumberOfTimesEqualsOneCleanRun(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var worlds []collecttest.World
		for i := range rapid.IntRange(1, 3).Draw(t, "epochs") {
			worlds = append(worlds, anyWorld(t, i))
		}
		clean, chaos := newLab(noon), newLab(noon)
		chaos.config.MaxLines = rapid.IntRange(1, 60).Draw(t, "max lines")
		chaos.count = rapid.Bool().Draw(t, "counting")
		for i, w := range worlds {
			start := noon.Add(time.Duration(i) * 3 * time.Hour)
			clean.windows.Set(start)
			clean.tell(w)
			clean.sync(t)
			chaos.tell(w)
			end := chaos.muddle(t, start)
			if d := cmp.Diff(clean.ledger.TotalsAsOf(start), chaos.ledger.TotalsAsOf(end)); d != "" {
				t.Fatalf("epoch %d: clean against muddled: %s", i, d)
			}
		}
		for i := range worlds {
			start := noon.Add(time.Duration(i) * 3 * time.Hour)
			if d := cmp.Diff(clean.ledger.TotalsAsOf(start), chaos.ledger.TotalsAsOf(start.Add(2*time.Hour))); d != "" {
				t.Fatalf("as of epoch %d: clean against muddled: %s", i, d)
			}
		}
	})
}

// anyWorld is a world whose clock is pinned, so that snapshots of one epoch see one instant.
func anyWorld(t *rapid.T, epoch int) collecttest.World {
	clock := noon.Add(time.Duration(epoch)*3*time.Hour - 10*time.Minute)
	w := collecttest.World{Clock: clock, Scopes: []string{"vps"}, Charges: anyCharges(20).Draw(t, "bill")}
	for i := range rapid.IntRange(0, 2).Draw(t, "files") {
		w.Files = append(w.Files, collecttest.File{Key: fmt.Sprint(i), Version: fmt.Sprint(epoch, i), Charges: anyCharges(10).Draw(t, "file")})
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "resources") {
		r := server(fmt.Sprint("vps-", i), "2026-03-04 22:30:00", rapid.SampledFrom([]string{"", "1", "0.3333333333"}).Draw(t, "price"))
		r.Name = rapid.SampledFrom([]string{"x", "y"}).Draw(t, "name")
		if rapid.Bool().Draw(t, "resized") {
			r.Events = []pipeline.ResourceEvent{event(pipeline.EventResized, "2026-03-05 09:20:00")}
		}
		w.Resources = append(w.Resources, r)
	}
	return w
}

// muddle collects an epoch in a mess, then lets it come to an end. It returns the time of the end.
func (l *lab) muddle(t *rapid.T, start time.Time) time.Time {
	now, step := start, 2*time.Minute
	l.windows.Set(now)
	random := rapid.Uint64Range(0, 1<<40).Draw(t, "seed")
	var turn atomic.Uint64
	dice := func(n uint64) uint64 { // the same for the same seed, whichever goroutine throws
		x := random + turn.Add(1)*0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		return (x ^ x>>27) % n
	}
	l.windows.Shuffle = func(n int, swap func(i, j int)) {
		for i := n - 1; i > 0; i-- {
			swap(i, int(dice(uint64(i+1))))
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "rounds") {
		var kills [2]func()
		var lives [2]context.Context
		for i := range lives {
			lives[i], kills[i] = context.WithCancel(context.Background())
		}
		l.ledger.BeforeAppend = func(collect.Account, pipeline.Slice) error { return accident(dice, kills[dice(2)]) }
		l.ledger.AfterAppend = l.ledger.BeforeAppend
		var wg sync.WaitGroup
		for i, ctx := range lives {
			c := l.collector(t, fmt.Sprint(i))
			wg.Go(func() {
				defer kills[i]()
				_ = c.PlanAll(ctx)
				c.CollectDue(ctx)
			})
		}
		wg.Wait()
		now = now.Add(step) // leases run out
		l.windows.Set(now)
		if dice(2) == 0 {
			l.windows.AllDue()
		}
	}
	l.ledger.BeforeAppend, l.ledger.AfterAppend = nil, nil
	for range 2 {
		now = now.Add(30 * time.Minute)
		l.windows.Set(now)
		l.windows.AllDue()
		l.sync(t)
	}
	return now
}

var errAccident = errors.New("connection lost")

func accident(dice func(uint64) uint64, kill func()) error {
	switch dice(12) {
	case 0:
		kill()
		return errAccident
	case 1, 2:
		return errAccident
	}
	return nil
}
