package rates_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/clickhouse"
	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/cmd/collector/rates"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
	"github.com/infrazen/infrazen/providers/cbr"
	"github.com/infrazen/infrazen/providers/cbr/cbrsim"
	"github.com/infrazen/infrazen/providers/ratefile"
)

func TestMain(m *testing.M) {
	if _, child, _ := embedded.FromEnvironment(); child {
		enginetest.Main(m) // this process is the ClickHouse of a test
	}
	pgtest.Main(m)
}

// place is the stores with a clock that the test sets, and the stand-in.
type place struct {
	t      *testing.T
	people *postgres.Store
	facts  *clickhouse.Store
	sim    *cbrsim.Server
	url    string

	mu  sync.Mutex
	now time.Time
}

func open(t *testing.T) *place {
	t.Helper()
	p := &place{t: t, people: pgtest.Open(t), now: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	cfg := clickhouse.DefaultConfig()
	engine := enginetest.New(t, embedded.DefaultConfig())
	cfg.DSN = engine.DSN("rates")
	facts, err := clickhouse.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	p.must(err)
	t.Cleanup(func() { p.must(facts.Close()) })
	p.facts = facts
	p.must(facts.Migrate(t.Context(), p.people.Exclusively))
	p.sim = cbrsim.New(cbrsim.Config{Seed: 3, Now: p.clock})
	srv := httptest.NewServer(p.sim)
	t.Cleanup(srv.Close)
	p.url = srv.URL
	return p
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) clock() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *place) later(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.now = p.now.Add(d)
}

// Now and Exclusively make the place what collectors share, with the test's clock.
func (p *place) Now(context.Context) (time.Time, error) { return p.clock(), nil }

func (p *place) Exclusively(ctx context.Context, f func(context.Context) error) error {
	return p.people.Exclusively(ctx, f)
}

// filler is a collector's own, asking the stand-in.
func (p *place) filler(reg prometheus.Registerer) *rates.Filler {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	p.t.Cleanup(transport.CloseIdleConnections)
	source := cbr.New(p.url, pipeline.Env{HTTP: &http.Client{Transport: transport}, Now: p.clock})
	cfg := rates.Config{Currencies: []string{"USD", "EUR"}, Every: 6 * time.Hour}
	return rates.New(cfg, source, p.facts, p, slog.New(slog.DiscardHandler), reg)
}

// held counts the rates held of each currency, and fails when one is not the stand-in's.
func (p *place) held() map[string]int {
	p.t.Helper()
	list, err := p.facts.Rates(p.t.Context(), pipeline.RateQuery{From: time.Unix(0, 0), To: p.clock().AddDate(1, 0, 0)})
	p.must(err)
	out := map[string]int{}
	for _, r := range list {
		out[r.Currency]++
		if v, ok := p.sim.Value(r.Currency, r.Date); r.Source == cbr.Name && (!ok || !v.Equal(r.Value)) {
			p.t.Errorf("%+v is held, the bank says %s %v", r, v, ok)
		}
	}
	return out
}

func (p *place) charge(currency string, at time.Time) {
	p.t.Helper()
	c := pipeline.Charge{Line: pipeline.Line{BillingCurrency: currency, ChargeCategory: pipeline.Usage, CostStatus: pipeline.Billed}, Start: at, End: at.Add(time.Hour)}
	c.LineCount, c.BilledCost = 1, decimal.NewFromInt(1)
	a := collect.Account{Tenant: "t", Connection: pipeline.ConnectionID("c" + currency)}
	p.must(p.facts.Append(p.t.Context(), a, pipeline.Slice{Source: "x"}, at, "t", []pipeline.Charge{c}))
}

func rows(t *testing.T, reg *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// TestFiller follows the rates of a product from its first start through new charges, corrections and days without an answer.
func TestFiller(t *testing.T) {
	p := open(t)
	reg := prometheus.NewRegistry()
	f := p.filler(reg)
	once := func(wantErr string) {
		t.Helper()
		err := f.Once(t.Context())
		if wantErr == "" && err != nil || wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)) {
			t.Errorf("error %v, want %q", err, wantErr)
		}
	}
	p.sim.Break(cbrsim.Page)
	once("cannot collect exchange rates from cbr")
	if n := len(p.held()); n != 0 {
		t.Errorf("%d currencies after a web page", n)
	}
	asked := p.sim.Requests()
	once("") // not due yet
	if p.sim.Requests() != asked {
		t.Error("the bank is asked before the next round is due")
	}
	p.later(11 * time.Minute)
	once("")
	first := p.held()
	if first["USD"] < 720 || first["USD"] != first["EUR"] || len(first) != 2 {
		t.Errorf("three years are %v", first)
	}

	// A charge of five years ago in another currency: its rates are filled, and those of the others before the three years.
	p.charge("KZT", p.clock().AddDate(-5, 0, 0))
	p.charge("RUB", p.clock().AddDate(-5, 0, 0))
	p.later(7 * time.Hour)
	once("")
	second := p.held()
	if second["KZT"] < 1200 || second["KZT"] != second["USD"] || len(second) != 3 {
		t.Errorf("five years are %v", second)
	}

	// A correction within the last days is seen and leaves its trace; a second round changes nothing.
	before := p.clock()
	p.later(24 * time.Hour)
	p.sim.Correct("USD", time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC), decimal.RequireFromString("99.9999"))
	once("")
	p.held()
	was, err := p.facts.Rates(t.Context(), pipeline.RateQuery{Currencies: []string{"USD"}, From: time.Date(2026, 11, 19, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), AsOf: before})
	if err != nil || len(was) != 1 || was[0].Value.String() == "99.9999" {
		t.Errorf("before the correction: %+v, %v", was, err)
	}
	appended := rows(t, reg, "infrazen_rates_appended_total")
	p.later(7 * time.Hour)
	once("")
	// The bank is away for five days; what was missed is filled.
	p.later(5 * 24 * time.Hour)
	once("")
	third := p.held()
	if grown := third["USD"] - second["USD"]; grown < 3 || grown > 6 || third["KZT"] != third["USD"] {
		t.Errorf("%v after %v", third, second)
	}
	if n := rows(t, reg, "infrazen_rates_appended_total"); n <= appended || n != float64(third["USD"]+third["EUR"]+third["KZT"]+1) {
		t.Errorf("%v rates are appended for %v and one correction", n, third)
	}
	families, err := reg.Gather()
	p.must(err)
	for _, f := range families {
		if f.GetName() == "infrazen_rates_last_day_timestamp_seconds" && len(f.GetMetric()) != 3 {
			t.Errorf("%d currencies have a last day", len(f.GetMetric()))
		}
	}
}

// TestCollectorsShare has several fill at once: every rate is kept once.
func TestCollectorsShare(t *testing.T) {
	p := open(t)
	regs := []*prometheus.Registry{prometheus.NewRegistry(), prometheus.NewRegistry(), prometheus.NewRegistry()}
	var wait sync.WaitGroup
	for _, reg := range regs {
		f := p.filler(reg)
		wait.Go(func() {
			if err := f.Once(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	sum := 0.0
	for _, reg := range regs {
		sum += rows(t, reg, "infrazen_rates_appended_total")
	}
	if held := p.held(); sum != float64(held["USD"]+held["EUR"]) || sum == 0 {
		t.Errorf("%v rows are appended for %v", sum, held)
	}
}

// TestFile reads a file that is corrected far back.
func TestFile(t *testing.T) {
	p := open(t)
	path := filepath.Join(t.TempDir(), "rates.csv")
	cfg := rates.Config{Currencies: []string{"USD"}, Every: time.Minute, Whole: true}
	f := rates.New(cfg, ratefile.New(path), p.facts, p, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	step := func(text string, want int, last string) {
		t.Helper()
		p.must(os.WriteFile(path, []byte(text), 0o600))
		if err := f.Once(t.Context()); err != nil {
			t.Error(err)
		}
		p.later(2 * time.Minute)
		list, err := p.facts.Rates(t.Context(), pipeline.RateQuery{From: time.Unix(0, 0), To: p.clock()})
		if err != nil || len(list) != want || list[0].Value.String() != last || list[0].Source != ratefile.Name {
			t.Errorf("%+v, %v", list, err)
		}
	}
	var fault *pipeline.Fault
	if err := f.Once(t.Context()); !errors.As(err, &fault) || fault.Code != pipeline.FaultNotFound {
		t.Errorf("no file: %v", err)
	}
	p.later(11 * time.Minute)
	step("date,currency,rate\n2026-11-20,USD,81\n", 1, "81")
	step("date,currency,rate\n2025-11-20,USD,70\n2026-11-20,USD,81\n", 2, "70")
	step("date,currency,rate\n2025-11-20,USD,71\n2026-11-20,USD,81\n", 2, "71")
}
