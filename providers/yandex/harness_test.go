package yandex_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/world"
	"github.com/infrazen/infrazen/providers/yandex"
	"github.com/infrazen/infrazen/providers/yandex/yandexsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const day = 24 * time.Hour

// testNow is Wednesday noon in Moscow.
func testNow() time.Time { return time.Date(2026, 11, 18, 9, 0, 30, 0, time.UTC) }

var (
	oneKey   = sync.OnceValue(newKey)
	otherKey = sync.OnceValue(newKey)
)

func newKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// stand is a running stand-in with one account.
type stand struct {
	sim   *yandexsim.Server
	acc   *world.Account
	clock *clock
	url   string
	cred  yandexsim.Credentials
}

// newAccount is an account in which nothing happens by itself, with a contract and a grant that is used up in some days.
func newAccount(seed uint64) *world.Account {
	a := world.NewAccount(accountConfig(seed, world.Calmest))
	a.Discount = decimal.RequireFromString("0.05")
	a.Grants = []world.Grant{{Name: "start", From: testNow().Add(-10 * day).Truncate(day), To: testNow().Add(-4 * day).Truncate(day), Amount: decimal.RequireFromString("12345.678901234")}}
	return a
}

func accountConfig(seed uint64, calm world.Calm) world.AccountConfig {
	return world.AccountConfig{Seed: seed, Catalog: world.YandexCatalog(), Start: testNow().Add(-11 * day).Truncate(time.Hour), Span: 20 * day, Servers: 4, Calm: calm}
}

func newStand(t *testing.T, a *world.Account, change func(*yandexsim.Config)) *stand {
	t.Helper()
	c := &clock{at: testNow()}
	conf := yandexsim.Config{
		Accounts: []*world.Account{a}, Keys: map[string]*rsa.PrivateKey{a.ID: oneKey()}, Now: c.now, PageSize: 2, ReportEvery: -1, Prefix: "detail/",
	}
	if change != nil {
		change(&conf)
	}
	sim := yandexsim.New(conf)
	srv := httptest.NewUnstartedServer(sim)
	srv.Config.Protocols = yandexsim.Protocols()
	srv.Start()
	t.Cleanup(srv.Close)
	return &stand{sim: sim, acc: a, clock: c, url: srv.URL, cred: sim.Credentials()[0]}
}

// settings open the account with its export; without one when bucket is false.
func (s *stand) settings(bucket bool) pipeline.Settings {
	out := pipeline.Settings{
		yandex.FieldKey: s.cred.KeyFile, yandex.FieldAddress: s.url, yandex.FieldReports: s.url, yandex.FieldStorage: s.url,
	}
	if bucket {
		out[yandex.FieldBucket], out[yandex.FieldPrefix] = s.cred.Bucket, "detail/"
		out[yandex.FieldAccessKey], out[yandex.FieldSecretKey] = s.cred.AccessKey, s.cred.SecretKey
	}
	return out
}

func with(s pipeline.Settings, changes ...string) pipeline.Settings {
	out := pipeline.Settings{}
	for k, v := range s {
		out[k] = v
	}
	for i := 0; i < len(changes); i += 2 {
		out[changes[i]] = changes[i+1]
	}
	return out
}

// moscow is the midnight in UTC+3 that began a day so many days ago.
func moscow(ago int) time.Time {
	y, m, d := testNow().In(world.Moscow()).Date()
	return time.Date(y, m, d-ago, 0, 0, 0, 0, world.Moscow()).UTC()
}

// net is what a period costs after all credits, by resource.
func net(a *world.Account, from, to, asOf time.Time) map[string]decimal.Decimal {
	out := map[string]decimal.Decimal{}
	for _, l := range a.Bill(from, to, asOf) {
		id := l.ResourceID
		if strings.HasPrefix(l.SKU, "vpc.egress") {
			id = ""
		}
		out[id] = out[id].Add(l.Cost).Sub(l.Credit)
	}
	return out
}

func keys(account string, k *rsa.PrivateKey) map[string]*rsa.PrivateKey {
	return map[string]*rsa.PrivateKey{account: k}
}

// open opens a session that is closed with the test.
func (s *stand) open(t *testing.T, settings pipeline.Settings) pipeline.Session {
	t.Helper()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	session, err := yandex.New().Open(settings, pipeline.Env{HTTP: &http.Client{Transport: transport}, Now: s.clock.now, TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := session.Close(context.Background()); err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
	})
	return session
}

// file finds the export's file of a day.
func (s *stand) file(t *testing.T, at time.Time) pipeline.Object {
	t.Helper()
	objects, err := s.open(t, s.settings(true)).Objects(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if strings.Contains(o.Key, at.In(world.Moscow()).Format("20060102")) {
			return o
		}
	}
	t.Fatalf("no file of %s among %d", at, len(objects))
	return pipeline.Object{}
}
