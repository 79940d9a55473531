package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/infrazen/infrazen/clickhouse/embedded"
	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/postgres/pgtest"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

// site is two servers that services are pointed at by the environment, as in production.
type site struct {
	clickhouse, postgres, keyFile string
}

func newSite(t *testing.T) site {
	t.Helper()
	engine := enginetest.New(t, withPassword())
	return site{clickhouse: engine.DSN("default"), postgres: pgtest.OwnEngine(t).DSN(), keyFile: filepath.Join(folder(t), "key")}
}

func withPassword() embedded.Config {
	cfg := embedded.DefaultConfig()
	cfg.Password = "e2e-password"
	return cfg
}

func (s site) env() []string {
	return []string{"INFRAZEN_CLICKHOUSE_DSN=" + s.clickhouse, "INFRAZEN_POSTGRES_DSN=" + s.postgres, "INFRAZEN_KEY_FILE=" + s.keyFile, "INFRAZEN_RATES_SOURCE=off"}
}

// run runs a program to its end and returns what it said and its exit code.
func run(t *testing.T, env []string, program string, args ...string) (string, int) {
	t.Helper()
	p := launch(t, t, env, program, args...)
	code := p.wait(t)
	text, _ := p.out.now()
	return text, code
}

// does is run for what must succeed.
func does(t *testing.T, env []string, program string, args ...string) string {
	t.Helper()
	text, code := run(t, env, program, args...)
	if code != 0 {
		t.Fatalf("%s %v ends with %d: %s", program, args, code, text)
	}
	return text
}

// TestServices runs collectors, API and bot as processes of their own against servers that they are given.
func TestServices(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	does(t, s.env(), "infrazen", "key")
	does(t, s.env(), "infrazen", "migrate")
	ports, dir := freePorts(t, 4), folder(t)
	address := func(i int) string { return "127.0.0.1:" + strconv.Itoa(ports[i]) }
	base := "http://" + address(0)
	link := strings.TrimSpace(does(t, s.env(), "infrazen", "link", "--public_url", base))
	services := []*process{
		launch(t, t, s.env(), "api", "--listen", address(0), "--data_dir", dir),
		launch(t, t, s.env(), "collector", "--metrics.listen", address(1), "--data_dir", dir),
		launch(t, t, s.env(), "collector", "--metrics.listen", address(2), "--data_dir", dir),
		launch(t, t, s.env(), "bot", "--metrics.listen", address(3), "--data_dir", dir),
	}
	for i := range services {
		healthy(t, services[i], "http://"+address(i))
	}
	services[3].await(t, func(text string) string {
		if strings.Contains(text, "INFRAZEN_TELEGRAM_TOKEN") {
			return text
		}
		return ""
	})
	user := signIn(t, t, base, link)
	collectsOnce(t, user)
	for i, p := range services {
		p.signal(t, syscall.SIGTERM)
		if code := p.wait(t); code != 0 {
			text, _ := p.out.now()
			t.Errorf("service %d ends with %d: %s", i, code, text)
		}
	}
	if left := below(t, dir); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	wrongKey(t, s, dir)
}

// wrongKey starts a service with another key than the one that the connections' secrets are sealed with.
func wrongKey(t *testing.T, s site, dir string) {
	t.Helper()
	s.keyFile = filepath.Join(folder(t), "key")
	does(t, s.env(), "infrazen", "key")
	text, code := run(t, s.env(), "collector", "--data_dir", dir)
	if code == 0 || !strings.Contains(text, "INFRAZEN_KEY_FILE") {
		t.Errorf("with another key the collector ends with %d: %s", code, text)
	}
}

// healthy waits until a service answers, and reads its metrics.
func healthy(t *testing.T, p *process, base string) {
	t.Helper()
	c := newClient(t, t, base)
	eventually(t, base+" is ready", func() bool {
		select {
		case <-p.exited:
			text, _ := p.out.now()
			t.Fatalf("the service ended: %s", text)
		default:
		}
		return c.ready(t) == http.StatusOK
	})
	for path, want := range map[string]string{"/healthz": "ok", "/metrics": "go_goroutines"} {
		a, err := c.do(t.Context(), http.MethodGet, path, nil)
		if err != nil || a.status != http.StatusOK || !strings.Contains(string(a.body), want) {
			t.Errorf("%s%s: %v %.200s", base, path, err, a)
		}
	}
}

// collectsOnce connects a stand-in and checks that two collectors together count everything once.
func collectsOnce(t *testing.T, user *client) {
	t.Helper()
	y, m, d := time.Now().UTC().Date()
	start := time.Date(y, m, d-100, 0, 0, 0, 0, time.UTC)
	cloud := httptest.NewServer(http.StripPrefix("/beget", begetsim.New(begetsim.Config{Seed: 7, Start: start, LegacyLimit: -1})))
	t.Cleanup(cloud.Close)
	var made connection
	user.get(t, http.MethodPost, "/api/v1/connections", map[string]any{
		"kind": "beget", "name": begetDev,
		"settings": map[string]string{"login": "infrazen_dev", "password": "demo-dev-password", "api_password": "demo-dev-api", "base_url": cloud.URL + "/beget"},
	}, &made)
	zone := moscow(t)
	for _, back := range []int{98, 50, 20} {
		quiet := start.AddDate(0, 0, back)
		day := time.Date(quiet.Year(), quiet.Month(), quiet.Day(), 0, 0, 0, 0, zone)
		want := billed(t, "infrazen_dev", start, day, made.CreatedAt)
		last := ""
		eventually(t, fmt.Sprintf("%s costs %s", day.Format(time.DateOnly), want), func() bool {
			a := user.costs(t, question{From: day, To: day.AddDate(0, 0, 1), Zone: zone.String()})
			if len(a.Totals) != 1 {
				return false
			}
			last = a.Totals[0].Cost.String()
			if a.Totals[0].Cost.GreaterThan(want) {
				t.Fatalf("%s costs %s, more than %s", day, last, want)
			}
			return a.Totals[0].Cost.Equal(want)
		})
	}
}

// TestServicesSayWhatIsMissing starts services with settings that cannot work.
func TestServicesSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	does(t, s.env(), "infrazen", "key")
	does(t, s.env(), "infrazen", "migrate")
	port := freePorts(t, 1)[0]
	check := func(t *testing.T, program string, wrong site, wants []string) {
		t.Helper()
		text, code := run(t, wrong.env(), program, "--listen", "127.0.0.1:"+strconv.Itoa(port), "--data_dir", folder(t))
		if code == 0 {
			t.Errorf("%s ends well: %s", program, text)
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %q: %s", program, want, text)
			}
		}
		for _, secret := range []string{"e2e-password", passwordOf(t, s.postgres), "not-the-password"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells a password: %s", program, text)
			}
		}
	}
	f := func(program string, change func(*site), wants ...string) {
		t.Helper()
		t.Run(program+" says "+wants[0], func(t *testing.T) {
			t.Parallel() // some wait for a server that may still be starting
			wrong := s
			change(&wrong)
			check(t, program, wrong, wants)
		})
	}
	for _, program := range []string{"collector", "api", "bot"} {
		f(program, func(w *site) { w.clickhouse = "" }, "INFRAZEN_CLICKHOUSE_DSN")
		f(program, func(w *site) { w.postgres = "" }, "INFRAZEN_POSTGRES_DSN")
		f(program, func(w *site) { w.keyFile += ".absent" }, "key_file", ".absent")
	}
	f("api", func(w *site) { w.clickhouse = withWrongPassword(t, w.clickhouse) }, "INFRAZEN_CLICKHOUSE_DSN")
	f("collector", func(w *site) { w.postgres = withWrongPassword(t, w.postgres) }, "INFRAZEN_POSTGRES_DSN")
	f("collector", func(w *site) { w.postgres = "postgres://user@127.0.0.1:" + strconv.Itoa(port) + "/x" }, "INFRAZEN_POSTGRES_DSN")
	f("bot", func(w *site) { w.clickhouse = "http://default@127.0.0.1:" + strconv.Itoa(port) + "/default" }, "INFRAZEN_CLICKHOUSE_DSN")
}

func passwordOf(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := u.User.Password()
	return password
}

func withWrongPassword(t *testing.T, dsn string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(u.User.Username(), "not-the-password")
	return u.String()
}

// TestWithoutToken starts the product with the least of everything: it runs, and says that the bot is off.
func TestWithoutToken(t *testing.T) {
	t.Parallel()
	p := up(t, t, newPlace(t), "--demo.enabled=false", "--rates.source=off")
	p.await(t, func(text string) string {
		if strings.Contains(text, "Telegram-бот выключен") && strings.Contains(text, "INFRAZEN_TELEGRAM_TOKEN") {
			return text
		}
		return ""
	})
	user := signIn(t, t, p.url(), p.link)
	if n := len(user.connections(t)); n != 0 {
		t.Errorf("%d connections without the demo", n)
	}
	if status := user.ready(t); status != http.StatusOK {
		t.Errorf("readyz says %d", status)
	}
	t.Logf("Ctrl-C: %s", seconds(p.interrupt(t)))
}
