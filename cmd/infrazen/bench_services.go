package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/infrazen/infrazen/clickhouse/bench"
	"github.com/infrazen/infrazen/cmd/bot/telegram/telegramsim"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/cmd/internal/wire"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

// What the services may hold, in megabytes of 10^6 bytes.
const (
	apiMegabytes, botMegabytes, collectorMegabytes, engineMegabytes = 80, 60, 150, 400
)

// How long is waited for a service, for a sync, and how long a collector is watched behind its first snapshot.
const (
	serviceTime = time.Minute
	syncTime    = 5 * time.Minute
	usageTime   = 15 * time.Second
)

// resident measures the services as programs of their own: the collector while it brings in an account of a thousand
// resources, then the API and the bot while they answer questions about it.
func (b *benchmark) resident(ctx context.Context, stores *wire.Stores) ([]bench.Figure, error) {
	user, tenant, err := firstAdmin(ctx, stores.People)
	if err != nil {
		return nil, err
	}
	b.say("measuring the memory of the idle engine")
	w := watchMemory(ctx, b.engines.clickhouse.PID())
	if err := pause(ctx, 5*time.Second); err != nil {
		return nil, err
	}
	figures := []bench.Figure{w.end().figure("ClickHouse, idle", engineMegabytes)}
	r := &residents{benchmark: b, stores: stores, user: user, tenant: tenant}
	for _, part := range []struct {
		name    string
		limit   int64
		measure func(context.Context) (watched, error)
	}{
		{"collector while syncing 1,000 resources", collectorMegabytes, r.collector}, {"api", apiMegabytes, r.api}, {"bot", botMegabytes, r.bot},
	} {
		b.say("measuring the memory of the " + part.name)
		m, err := part.measure(ctx)
		f := m.figure(part.name, part.limit)
		f.Err = err
		if b.say(f.Name + ": " + f.Measured); err != nil {
			b.say(err.Error())
		}
		figures = append(figures, f)
	}
	return figures, ctx.Err()
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

type residents struct {
	*benchmark
	stores *wire.Stores
	user   pipeline.User
	tenant pipeline.TenantID
}

// service is a program of ours that runs as a child.
type service struct {
	*exec.Cmd
	ended  chan struct{} // closed when it has ended, as ending tells
	ending error
}

// serve starts one of our programs on the bench's engines.
func (r *residents) serve(ctx context.Context, name string, settings map[string]string) (*service, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot find this program: %w", err)
	}
	path := filepath.Join(filepath.Dir(program), name)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("cannot find the program %s: run \"make build\", then bin/infrazen bench", path)
	}
	s := &service{Cmd: exec.Command(path), ended: make(chan struct{})} //nolint:noctx // it is stopped by a signal, not killed
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, boot.EnvPrefix) {
			s.Env = append(s.Env, e)
		}
	}
	all := r.env.Settings
	set := map[string]string{
		"data_dir": all.DataDir, "key_file": all.KeyFile, "clickhouse.dsn": all.ClickHouse.DSN, "postgres.dsn": all.Postgres.DSN, "log.level": "warn",
		"rates.source": boot.RatesOff,
	}
	for k, v := range settings {
		set[k] = v
	}
	for k, v := range set {
		s.Env = append(s.Env, boot.EnvName(k)+"="+v)
	}
	log, err := os.Create(filepath.Join(all.DataDir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("cannot make the log of %s: %w", name, err)
	}
	defer func() { _ = log.Close() }()
	s.Stdout, s.Stderr = log, log
	if err := s.Start(); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", name, err)
	}
	go func() {
		s.ending = s.Wait()
		close(s.ended)
	}()
	return s, ctx.Err()
}

// stop ends the program and waits for it.
func (s *service) stop() {
	_ = s.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(15 * time.Second):
		_ = s.Process.Kill()
		<-s.ended
	}
}

// until waits until done says so.
func (s *service) until(ctx context.Context, limit time.Duration, done func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s took more than %s", filepath.Base(s.Path), limit))
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-s.ended:
			return fmt.Errorf("%s ended by itself: %v", filepath.Base(s.Path), s.ending) //nolint:errorlint // nil when it ended well
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// collector watches the collector from its start until it has the resources, a month of their hourly charges, and some of
// their statistics.
func (r *residents) collector(ctx context.Context) (watched, error) {
	start := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -30)
	cloud := httptest.NewServer(begetsim.New(begetsim.Config{
		Seed: 1, Start: start, PageSize: 100, LegacyLimit: -1, Accounts: []begetsim.Account{thousand()},
	}))
	defer cloud.Close()
	account := thousand()
	connection, err := r.stores.People.CreateConnection(ctx, r.tenant, pipeline.Connection{
		Kind: "beget", Name: account.Title, Settings: map[string]string{beget.FieldLogin: account.Login, beget.FieldAddress: cloud.URL},
	}, map[string]string{beget.FieldPassword: account.Password, beget.FieldAPIPassword: account.APIPassword})
	if err != nil {
		return watched{}, err
	}
	s, err := r.serve(ctx, "collector", nil)
	if err != nil {
		return watched{}, err
	}
	defer s.stop()
	w := watchMemory(ctx, s.Process.Pid)
	began := time.Now()
	err = s.until(ctx, syncTime, func() (bool, error) {
		syncs, err := r.stores.Facts.Syncs(ctx, r.tenant, connection.ID, 1)
		return len(syncs) > 0, err
	})
	if err == nil {
		r.say(fmt.Sprintf("the collector brought in %d resources in %.0f s", len(account.Machines)+len(account.Snapshots), time.Since(began).Seconds()))
		err = pause(ctx, usageTime)
	}
	return w.end(), err
}

// thousand is an account of a thousand resources: two hundred servers and their snapshots. Beget's modest pace of requests
// makes an account of servers alone take minutes.
func thousand() begetsim.Account {
	const servers, snapshots = 200, 800
	a := begetsim.Account{Title: "Beget 1000", Login: "bench", Password: "bench-password", APIPassword: "bench-api", TopUp: 9_000_000}
	for i := range servers {
		a.Machines = append(a.Machines, begetsim.Machine{
			ID: "vps-" + strconv.Itoa(i), Name: "web-" + strconv.Itoa(i), Size: begetsim.Size{CPU: 2, MemoryMB: 4096, DiskMB: 40960, PriceDay: strconv.Itoa(30 + i%70)},
			Region: "ru1", Load: float64(20 + i%60), Memory: 50, Pattern: begetsim.Daily,
		})
	}
	for i := range snapshots {
		a.Snapshots = append(a.Snapshots, begetsim.Snapshot{
			ID: "snapshot-" + strconv.Itoa(i), Machine: "vps-" + strconv.Itoa(i%servers), Description: "before update " + strconv.Itoa(i),
			PriceDay: strconv.Itoa(3 + i%40), Region: "ru1", SizeMB: 20480,
		})
	}
	return a
}

// api watches the API while it signs somebody in and answers questions.
func (r *residents) api(ctx context.Context) (watched, error) {
	port, err := freePort(ctx)
	if err != nil {
		return watched{}, err
	}
	listen := "127.0.0.1:" + strconv.Itoa(port)
	s, err := r.serve(ctx, "api", map[string]string{"listen": listen})
	if err != nil {
		return watched{}, err
	}
	defer s.stop()
	w := watchMemory(ctx, s.Process.Pid)
	c := newAPIClient("http://" + listen)
	defer c.CloseIdleConnections()
	if err := s.until(ctx, serviceTime, func() (bool, error) { return c.get(ctx, "/readyz") == nil, nil }); err != nil {
		return w.end(), err
	}
	token, err := r.stores.People.CreateLink(ctx, r.user.ID, time.Hour)
	if err != nil {
		return w.end(), err
	}
	err = errors.Join(c.useIt(ctx, token), pause(ctx, 3*time.Second))
	return w.end(), err
}

// bot watches the bot while it answers questions in a chat.
func (r *residents) bot(ctx context.Context) (watched, error) {
	const token, chat = "1:bench", 7
	telegram := telegramsim.New(token, "bench_bot")
	server := httptest.NewServer(telegram)
	defer server.Close()
	s, err := r.serve(ctx, "bot", map[string]string{"telegram.token": token, "telegram.endpoint": server.URL + "/bot%s/%s"})
	if err != nil {
		return watched{}, err
	}
	defer s.stop()
	w := watchMemory(ctx, s.Process.Pid)
	code, err := r.stores.People.CreateChatCode(ctx, r.user.ID, r.tenant, time.Hour)
	if err != nil {
		return w.end(), err
	}
	for i, question := range []string{"/start " + code, "/cost", "/top", "сколько стоили серверы за неделю по дням?"} {
		telegram.Write(chat, 0, question)
		answered := func() (bool, error) { return len(telegram.Messages(chat)) > i, nil }
		if err := s.until(ctx, serviceTime, answered); err != nil {
			return w.end(), fmt.Errorf("cannot get an answer to %q: %w", question, err)
		}
	}
	err = pause(ctx, 3*time.Second)
	return w.end(), err
}

// apiClient is a browser's part in the measurement.
type apiClient struct {
	http.Client
	address string
	cookies []*http.Cookie
}

func newAPIClient(address string) *apiClient {
	return &apiClient{address: address, Client: http.Client{Timeout: serviceTime, Transport: &http.Transport{}}}
}

func (c *apiClient) get(ctx context.Context, path string) error {
	return c.send(ctx, http.MethodGet, path, "")
}

func (c *apiClient) send(ctx context.Context, method, path, body string) error {
	request, err := http.NewRequestWithContext(ctx, method, c.address+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Requested-With", "infrazen")
	for _, cookie := range c.cookies {
		request.AddCookie(cookie)
	}
	response, err := c.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("cannot %s %s: the API answers %s", method, path, response.Status)
	}
	c.cookies = append(c.cookies, response.Cookies()...)
	return drain(response.Body)
}

// useIt signs in and looks at the product: the page, the dashboards, the resources, costs by resource and day.
func (c *apiClient) useIt(ctx context.Context, token string) error {
	const root = "/api/v1"
	if err := c.send(ctx, http.MethodPost, root+"/session/link", `{"token":"`+token+`"}`); err != nil {
		return err
	}
	to := time.Now().UTC().Truncate(time.Hour)
	first, last := to.AddDate(0, 0, -30).Format(time.RFC3339), to.Format(time.RFC3339)
	question := fmt.Sprintf(`{"from":%q,"to":%q,"step":"day","group_by":["resource"]}`, first, last)
	usage := root + "/usage/summary?from=" + first + "&to=" + last
	for range 10 {
		for _, path := range []string{"/", root + "/openapi.json", root + "/dashboards", root + "/resources", root + "/connections", usage} {
			if err := c.get(ctx, path); err != nil {
				return err
			}
		}
		if err := c.send(ctx, http.MethodPost, root+"/costs/query", question); err != nil {
			return err
		}
	}
	return nil
}
