package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/focus/focussim"
	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/world"
)

// The demo's connections.
const (
	begetProd = "Beget Prod"
	begetDev  = "Beget Dev"
	selectelA = "Selectel BU-A (prod)"
	selectelB = "Selectel BU-B (dev/stage)"
	volna     = "Волна Облако (FOCUS)"
)

// story is one product that lives through everything below, in order; the steps share what it has collected.
type story struct {
	place
	*bot
	owner   *testing.T
	product *product
	user    *client
	born    time.Time
}

// TestProduct runs the whole product from an empty folder, kills it and its engines, stops and starts it. What takes long
// comes after the kill: the bot that follows waits until the lease of the killed one has run out.
func TestProduct(t *testing.T) {
	t.Parallel()
	s := &story{owner: t, place: newPlace(t), bot: newBot(t)}
	steps := []struct {
		name string
		do   func(*testing.T, *story)
		must bool // what follows makes no sense without it
	}{
		{"starts from an empty folder", func(t *testing.T, s *story) { s.start(t) }, true},
		{"a newcomer sees 90 days of four connections", newcomer, true},
		{"a folder of FOCUS files is connected", focusFolder, true},
		{"the bot answers", botAnswers, true},
		{"a kill while a message is sent", killedWhileSending, true},
		{"the next start goes on", func(t *testing.T, s *story) { s.goesOn(t) }, true},
		{"the browser shows what the API says", browser, false},
		{"this hour's numbers arrive", numbersArrive, false},
		{"a second one says what it needs", secondOne, false},
		{"the engines are killed", enginesKilled, false},
		{"the message was sent once", sentOnce, false},
		{"Ctrl-C stops everything", func(t *testing.T, s *story) {
			t.Logf("Ctrl-C to the last process: %s", seconds(s.product.interrupt(t)))
		}, true},
		{"the start after it goes on", func(t *testing.T, s *story) { s.goesOn(t) }, true},
		{"Ctrl-C again", func(t *testing.T, s *story) { s.product.interrupt(t) }, false},
	}
	for _, step := range steps {
		if !t.Run(step.name, func(t *testing.T) { step.do(t, s) }) && step.must {
			t.FailNow()
		}
	}
}

// start runs the product and signs in.
func (s *story) start(t *testing.T) {
	t.Helper()
	s.product = up(t, s.owner, s.place, "--telegram.token", s.bot.token, "--telegram.endpoint", s.bot.endpoint)
	t.Logf("start to the one-time link: %s", seconds(s.product.ready))
	s.user = signIn(t, s.owner, s.url(), s.product.link)
	if s.born.IsZero() {
		s.born = time.Now()
	}
}

// lastDays are the 90 days before today in UTC.
func lastDays() (from, to time.Time) {
	to = time.Now().UTC().Truncate(24 * time.Hour)
	return to.AddDate(0, 0, -90), to
}

func newcomer(t *testing.T, s *story) {
	page, err := s.user.do(t.Context(), http.MethodGet, "/", nil)
	if err != nil || page.status != http.StatusOK || !strings.Contains(page.header.Get("Content-Type"), "text/html") {
		t.Fatalf("the page: %v %s", err, page)
	}
	from, to := lastDays()
	var missing []string
	eventually(t, "every day has its cost", func() bool {
		missing = nil
		got := s.user.byConnection(t, question{From: from, To: to, Zone: "UTC", Step: "day"})
		for _, name := range demoNames() {
			for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
				if !got[name][day].IsPositive() {
					missing = append(missing, name+" "+day.Format(time.DateOnly))
				}
			}
		}
		return len(missing) == 0
	})
	t.Logf("90 days of cost of four connections: %s after the link", seconds(time.Since(s.born)))
	conns := s.user.connections(t)
	if len(conns) != 4 || conns[begetProd].Kind != "beget" || conns[begetDev].Kind != "beget" || conns[selectelA].Kind != "selectel" || conns[selectelB].Kind != "selectel" {
		t.Fatalf("connections: %v", conns)
	}
	s.compareBeget(t)
	s.compareSelectel(t)
	s.compareDemo(t)
	for name, c := range s.user.connections(t) {
		if len(c.Status.Faults) > 0 {
			t.Errorf("%s: %v", name, c.Status.Faults)
		}
	}
}

// demoNames are the connections of the demo.
func demoNames() []string { return []string{begetProd, begetDev, selectelA, selectelB} }

// focusFolder connects a folder of FOCUS files below the demo's, as a user would.
func focusFolder(t *testing.T, s *story) {
	_, err := focussim.Write(filepath.Join(s.dir, "demo", "focus"), focussim.Config{Seed: 1, Now: time.Now(), Days: 90})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.user.do(t.Context(), http.MethodPost, "/api/v1/connections", map[string]any{
		"kind": "focus", "name": volna, "settings": map[string]string{"source": "folder", "folder": "focus"},
	})
	if err != nil || a.status != http.StatusCreated {
		t.Fatalf("cannot connect a folder: %v %s", err, a)
	}
	s.compareFiles(t)
}

// compareFiles compares the FOCUS connection with its files, read without the product.
func (s *story) compareFiles(t *testing.T) {
	t.Helper()
	var diff string
	eventually(t, "the FOCUS connection holds what its files hold", func() bool {
		want := filesByDay(t, s.dir)
		from, to := time.Now().AddDate(1, 0, 0), time.Time{}
		for day := range want {
			from, to = earlier(from, day), later(to, day.AddDate(0, 0, 1))
		}
		got := s.user.byConnection(t, question{From: from, To: to, Zone: "UTC", Step: "day"})[volna]
		diff = cmp.Diff(want, got, cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) }))
		return diff == ""
	})
	if diff != "" {
		t.Errorf("the FOCUS connection is not its files (-files +product):\n%s", diff)
	}
}

// compareBeget compares the Beget connections with the stand-in's price list, on a day on which nothing came or went.
func (s *story) compareBeget(t *testing.T) {
	t.Helper()
	zone, start := moscow(t), worldStart(t, s.dir)
	quiet := start.AddDate(0, 0, 98)
	day := time.Date(quiet.Year(), quiet.Month(), quiet.Day(), 0, 0, 0, 0, zone)
	conns := s.user.connections(t)
	for name, login := range map[string]string{begetProd: "infrazen_prod", begetDev: "infrazen_dev"} {
		want := billed(t, login, start, day, conns[name].CreatedAt)
		got := s.user.byConnection(t, question{From: day, To: day.AddDate(0, 0, 1), Zone: zone.String()})[name]
		for _, cost := range got {
			if !cost.Equal(want) {
				t.Errorf("%s on %s: got %s, the price list says %s", name, day.Format(time.DateOnly), cost, want)
			}
		}
		if len(got) != 1 {
			t.Errorf("%s on %s: got %v", name, day.Format(time.DateOnly), got)
		}
	}
}

// compareDemo compares thirty whole days of the demo with what the demo company is said to spend in a month, within three per cent,
// and looks for its resources by name.
func (s *story) compareDemo(t *testing.T) {
	t.Helper()
	zone := moscow(t)
	y, m, d := time.Now().In(zone).Date()
	to := time.Date(y, m, d, 0, 0, 0, 0, zone)
	got := s.user.byConnection(t, question{From: to.AddDate(0, 0, -30), To: to, Zone: zone.String()})
	for name, want := range map[string]int64{selectelA: 166_600, selectelB: 104_300, begetProd: 104_250, begetDev: 41_850} {
		sum := decimal.Zero
		for _, cost := range got[name] {
			sum = sum.Add(cost)
		}
		if off := sum.Sub(decimal.NewFromInt(want)).Abs(); off.Mul(decimal.NewFromInt(100)).GreaterThan(decimal.NewFromInt(3 * want)) {
			t.Errorf("thirty days of %s cost %s, want about %d", name, sum, want)
		}
	}
	var list struct {
		Resources []struct {
			Name string `json:"name"`
		} `json:"resources"`
	}
	s.user.get(t, http.MethodGet, "/api/v1/resources?limit=500", nil, &list)
	names := map[string]bool{}
	for _, r := range list.Resources {
		names[r.Name] = true
	}
	for _, name := range strings.Fields(`api-backend-prod-01 db-postgres-prod-01 postgres-data-volume k8s-worker-01 k8s-worker-02 k8s-master-01 lb-prod-01
		s3-cdn-static archive-cold-storage snapshot-storage analytics-etl-01 app-cache-redis eip-01 web-frontend-01 web-frontend-02 db-mysql-staging
		dev-k8s-node-01 dev-k8s-node-02 s3-media-bucket test-runner-01 ci-runner-spot load-balancer-dev vpn-gateway pg-backup-volume misc-egress-and-ips
		vps-app-01 vps-app-02 vps-db-01 vps-cache-01 vps-batch-01 vps-mq-01 obj-storage-prod backup-service lb-service nat-firewall extra-volumes
		infrazen-demo.ru dev-vps-01 dev-vps-02 dev-db-01 stage-web-01 s3-dev-bucket ci-dev-runner dev-public-ip dev-logs-storage`) {
		if !names[name] {
			t.Errorf("the demo has no %s", name)
		}
	}
}

// compareSelectel compares the Selectel connections with the bill of their stand-in, day by day, over thirty Moscow days that are
// whole.
func (s *story) compareSelectel(t *testing.T) {
	t.Helper()
	zone, start := moscow(t), worldStart(t, s.dir)
	y, m, d := time.Now().In(zone).Date()
	to := time.Date(y, m, d, 0, 0, 0, 0, zone)
	from := to.AddDate(0, 0, -30)
	accounts := world.DemoSelectel(1, start)
	sim := selectelsim.New(selectelsim.Config{Accounts: accounts})
	var diff string
	eventually(t, "the Selectel connections hold what their stand-in bills", func() bool {
		got := s.user.byConnection(t, question{From: from, To: to, Zone: zone.String(), Step: "day"})
		diff = ""
		for _, a := range accounts {
			want := map[time.Time]decimal.Decimal{}
			for hour, costs := range sim.Costs(a, from, to, time.Now()) {
				y, m, d := hour.In(zone).Date()
				day := time.Date(y, m, d, 0, 0, 0, 0, zone).UTC()
				for _, c := range costs {
					want[day] = want[day].Add(c)
				}
			}
			diff += cmp.Diff(want, got[a.Title], cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) }))
		}
		return diff == ""
	})
	if diff != "" {
		t.Errorf("the Selectel connections are not their bill (-bill +product):\n%s", diff)
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// numbersArrive waits until the running hours cost more than they did.
func numbersArrive(t *testing.T, s *story) {
	ask := func() costs {
		now := time.Now().UTC()
		return s.user.costs(t, question{From: s.born.Add(-26 * time.Hour), To: now.Add(26 * time.Hour), GroupBy: []string{"connection"}})
	}
	first := ask()
	start := time.Now()
	eventually(t, "both accounts cost more, and the data is newer", func() bool {
		next := ask()
		more := 0
		for _, g := range next.Groups {
			for _, old := range first.Groups {
				if old.Keys[0] == g.Keys[0] && g.Cost.GreaterThan(old.Cost) && strings.HasPrefix(g.Keys[0].Label, "Beget") {
					more++
				}
			}
		}
		return more == 2 && next.Data.CollectedAt.After(first.Data.CollectedAt)
	})
	t.Logf("newer numbers after %s", seconds(time.Since(start)))
}

// secondOne starts another product on the same folder, then on the same ports.
func secondOne(t *testing.T, s *story) {
	f := func(w place, wants ...string) {
		t.Helper()
		p := launch(t, t, nil, "infrazen", w.args()...)
		if code := p.wait(t); code == 0 {
			t.Errorf("exit code 0")
		}
		text, _ := p.out.now()
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("does not say %q:\n%s", want, text)
			}
		}
	}
	f(s.place, s.dir, "data_dir")
	elsewhere := s.place
	elsewhere.dir = folder(t)
	f(elsewhere, "--listen", "INFRAZEN_LISTEN", s.url()[len("http://"):], "--clickhouse.port", "--postgres.port", "--demo.port", "INFRAZEN_DEMO_PORT")
	if left := below(t, elsewhere.dir); len(left) > 0 {
		t.Errorf("processes are left: %v", left)
	}
	if status := s.user.ready(t); status != http.StatusOK {
		t.Errorf("the first one answers %d", status)
	}
}

// goesOn starts the product again and compares it with what it was.
func (s *story) goesOn(t *testing.T) {
	t.Helper()
	used := s.product.link
	s.start(t)
	again := newClient(t, t, s.url())
	a, err := again.do(t.Context(), http.MethodPost, "/api/v1/session/link", map[string]string{"token": tokenOf(used)})
	if err != nil || a.status != http.StatusUnauthorized {
		t.Errorf("a used link: %v %s", err, a)
	}
	if n := len(s.user.connections(t)); n != 5 {
		t.Errorf("%d connections after a restart", n)
	}
	s.compareFiles(t)
	s.compareBeget(t)
	s.compareSelectel(t)
}

// enginesKilled kills each engine and waits until the product has it back. Meanwhile the API is unavailable, not broken.
func enginesKilled(t *testing.T, s *story) {
	from, to := lastDays()
	ask := question{From: from, To: to.AddDate(0, 0, -2), Zone: "UTC", Step: "day", GroupBy: []string{"connection"}}
	before := s.user.costs(t, ask).Groups
	for _, command := range []string{clickhouseCommand, postgresCommand} {
		pid, start, refused := s.product.engine(t, command), time.Now(), 0
		kill(t, pid)
		eventually(t, command+" is back", func() bool {
			a, err := s.user.do(t.Context(), http.MethodPost, "/api/v1/costs/query", ask)
			if err != nil {
				t.Fatalf("the API does not answer while %s is away: %v", command, err)
			}
			switch a.status {
			case http.StatusOK:
			case http.StatusServiceUnavailable:
				refused++
				if a.header.Get("Retry-After") == "" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
					t.Errorf("503 without Retry-After or of the wrong type: %v %s", a.header, a)
				}
			default:
				t.Errorf("while %s is away the API says %s", command, a)
			}
			return a.status == http.StatusOK && s.user.ready(t) == http.StatusOK && !alive(pid)
		})
		t.Logf("%s was back after %s; 503 meanwhile: %d", command, seconds(time.Since(start)), refused)
		if now := s.product.engine(t, command); now == pid {
			t.Errorf("%s has its old process id", command)
		}
		if diff := cmp.Diff(before, s.user.costs(t, ask).Groups); diff != "" {
			t.Errorf("the kill of %s changed the costs (-before +after):\n%s", command, diff)
		}
	}
	s.compareFiles(t)
	s.compareBeget(t)
	s.compareSelectel(t)
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

// browser runs the web app's own tests against the product.
func browser(t *testing.T, s *story) {
	page, err := s.user.do(t.Context(), http.MethodGet, "/", nil)
	if err != nil || !strings.Contains(string(page.body), "/assets/main-") {
		t.Fatalf("the web app is not built: run \"make web\" (%v)", err)
	}
	link := launch(t, t, nil, "infrazen", "link", "--data_dir", s.dir, "--public_url", s.url(), "--postgres.dsn", s.postgresDSN(t))
	address := link.await(t, func(text string) string {
		if !strings.HasSuffix(text, "\n") {
			return ""
		}
		return strings.TrimSpace(text)
	})
	cmd := exec.CommandContext(t.Context(), "node", "--test", filepath.Join("dashboards", "web", "test", "app.test.mjs"))
	cmd.Dir = root()
	cmd.Env = append(
		cleanEnviron(), "TZ=UTC", "INFRAZEN_URL="+s.url(), "INFRAZEN_SIGN_IN="+address,
		"BEGET_SIM_URL=http://127.0.0.1:"+strconv.Itoa(s.demo)+"/beget", "BEGET_LOGIN=infrazen_dev", "BEGET_PASSWORD=demo-dev-password",
	)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the browser tests: %v\n%s", err, out)
	}
}

// postgresDSN is the address of the product's PostgreSQL.
func (w place) postgresDSN(t *testing.T) string {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(w.dir, "postgres.password"))
	if err != nil {
		t.Fatal(err)
	}
	return "postgres://infrazen:" + strings.TrimSpace(string(password)) + "@127.0.0.1:" + strconv.Itoa(w.postgres) + "/postgres?sslmode=disable"
}
