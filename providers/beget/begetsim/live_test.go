package begetsim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/beget/begetsim"
	"github.com/infrazen/infrazen/providers/world"
)

// liveWorld is an account with one server of 2 cores, 4 GB and 30 GB, and the stand-in that renders it.
func liveWorld(t *testing.T) (*caller, *world.Account, begetsim.Account, string) {
	a := world.NewAccount(world.AccountConfig{
		Seed: 4, Catalog: world.BegetCatalog(), Start: start().AddDate(0, 0, -30), Servers: 1, Calm: world.Calmest,
	})
	id := "11111111-2222-4333-8444-555555555555"
	spec := world.Spec{VCPU: 2, MemoryMB: 4096, DiskGB: 30}
	made := start().Add(-48 * time.Hour)
	a.Add(world.Resource{
		ID: id, Kind: world.Server, Region: "ru1", ProjectID: a.Projects[0].ID, Created: made,
		Load:   world.Load{Pattern: world.Steady, Peak: 60, Base: 40, Memory: 50},
		States: []world.State{{From: made, Name: "live", Status: world.Running, Spec: spec, Parts: world.BegetCatalog().Parts(world.Server, spec)}},
	})
	live := begetsim.FromWorld(a)
	return newCaller(t, start(), begetsim.Config{Start: a.Start, Accounts: []begetsim.Account{live}, PageSize: 100, LegacyLimit: -1, TokenLife: 100 * time.Hour}), a, live, id
}

func (c *caller) get(token, path string, into any) {
	c.t.Helper()
	status, body := c.ask(http.MethodGet, path, token, "")
	if status != http.StatusOK {
		c.t.Fatalf("%s gives HTTP %d: %s", path, status, body)
	}
	if err := json.Unmarshal([]byte(body), into); err != nil {
		c.t.Fatal(err)
	}
}

// server tells "name status cores price" of a server that is listed.
func (c *caller) server(token, id string) string {
	var list struct {
		VPS []struct {
			ID            string `json:"id"`
			Name          string `json:"display_name"`
			Status        string
			Configuration struct {
				Cores json.Number `json:"cpu_count"`
				Day   json.Number `json:"price_day"`
			}
		} `json:"vps"`
	}
	c.get(token, "/v1/vps/server/list", &list)
	for _, v := range list.VPS {
		if v.ID == id {
			return v.Name + " " + v.Status + " " + v.Configuration.Cores.String() + " " + v.Configuration.Day.String()
		}
	}
	return "gone"
}

// TestLiveWorldIsRendered changes a world and looks at what Beget says at each instant, and at its history in the end.
func TestLiveWorldIsRendered(t *testing.T) {
	c, a, live, id := liveWorld(t)
	token := c.token(live)
	want := func(text string) {
		t.Helper()
		if got := c.server(token, id); got != text {
			t.Errorf("%s: %s, want %s", c.now.Format(time.DateTime), got, text)
		}
	}
	do := func(hours int, f func(s *world.State)) {
		t.Helper()
		if err := a.Change(id, start().Add(time.Duration(hours)*time.Hour), f); err != nil {
			t.Fatal(err)
		}
	}
	want("live RUNNING 2 25.2")
	do(1, func(s *world.State) {
		s.VCPU, s.Parts = 4, world.BegetCatalog().Parts(world.Server, world.Spec{VCPU: 4, MemoryMB: 4096, DiskGB: 30})
	})
	do(2, func(s *world.State) { s.Name = "renamed" })
	do(3, func(s *world.State) { s.Status = world.Stopped })
	want("live RUNNING 2 25.2")
	c.now = start().Add(150 * time.Minute)
	want("renamed RUNNING 4 34.8")
	c.now = start().Add(210 * time.Minute)
	want("renamed STOPPED 4 34.8")
	if err := a.Remove(id, start().Add(4*time.Hour)); err != nil {
		t.Fatal(err)
	}
	c.now = start().Add(5 * time.Hour)
	want("gone")
	var history struct {
		History []struct{ Type string }
	}
	c.get(token, "/v1/vps/"+id+"/history", &history)
	var types []string
	for _, h := range history.History {
		types = append(types, h.Type)
	}
	if diff := cmp.Diff([]string{"REMOVE", "STOP", "RECONFIGURE", "CREATE"}, types); diff != "" {
		t.Error(diff)
	}
	if err := c.sim.RemoveMachine(live.Login, id, c.now); err == nil {
		t.Error("the stand-in lets a rendered account be edited")
	}
}

// TestLiveStatisticsAreTheWorlds compares a day of CPU and memory with the world's load.
func TestLiveStatisticsAreTheWorlds(t *testing.T) {
	c, a, live, id := liveWorld(t)
	token := c.token(live)
	r, ok := a.Resource(id)
	if !ok {
		t.Fatal("the world has no server")
	}
	type line struct {
		Date  []time.Time
		Value []*float64
	}
	var cpu struct{ CPU line }
	var memory struct{ Memory line }
	c.get(token, "/v1/vps/statistic/cpu/"+id+"?period=DAY", &cpu)
	c.get(token, "/v1/vps/statistic/memory/"+id+"?period=DAY", &memory)
	f := func(got line, want func(at time.Time) float64) {
		t.Helper()
		compared := 0
		for i, v := range got.Value {
			if v == nil {
				continue
			}
			compared++
			if off := *v - want(got.Date[i]); off > 0.006 || off < -0.006 {
				t.Fatalf("at %s %f, want %f", got.Date[i], *v, want(got.Date[i]))
			}
		}
		if compared < 100 {
			t.Errorf("%d values", compared)
		}
	}
	f(cpu.CPU, func(at time.Time) float64 { return r.Load.At(a.Seed, id, at) })
	f(memory.Memory, func(at time.Time) float64 { return r.Load.MemoryAt(a.Seed, id, at) / 100 * 4096 })
}

// TestLiveAccountHasTheWorldsMoney compares the balance and the daily rate, whose drift is some kopecks.
func TestLiveAccountHasTheWorldsMoney(t *testing.T) {
	c, a, live, _ := liveWorld(t)
	form := url.Values{"login": {live.Login}, "passwd": {live.APIPassword}}
	_, body := c.ask(http.MethodPost, "/api/user/getAccountInfo", "", form.Encode())
	var info struct {
		Answer struct {
			Result struct {
				Rate    decimal.Decimal `json:"user_rate_current"`
				Balance decimal.Decimal `json:"user_balance"`
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &info); err != nil {
		t.Fatal(err)
	}
	got := info.Answer.Result
	if want := a.Balance(start()).Round(2); !got.Balance.Equal(want) || !want.IsPositive() {
		t.Errorf("the balance is %s, the world has %s", got.Balance, want)
	}
	day := a.Cost(start().Add(-24*time.Hour), start(), time.Time{})
	if off := got.Rate.Sub(day).Abs(); off.GreaterThan(decimal.New(5, -2)) {
		t.Errorf("a day costs %s, the world says %s", got.Rate, day)
	}
}

// TestDemoListsAreTheLiveDemo compares the lists of Demo with what a stand-in of its own accord serves.
func TestDemoListsAreTheLiveDemo(t *testing.T) {
	c := newCaller(t, start(), begetsim.Config{PageSize: 100})
	listed := newCaller(t, start(), begetsim.Config{PageSize: 100, Accounts: begetsim.Demo()})
	for _, a := range begetsim.Demo() {
		if diff := cmp.Diff(listed.sim.Truth(a.Login), c.sim.Truth(a.Login)); diff != "" {
			t.Error(diff)
		}
		for _, at := range []int{-60, 0, 5} {
			c.now, listed.now = start().AddDate(0, 0, at), start().AddDate(0, 0, at)
			for _, path := range []string{"/v1/vps/server/list", "/v1/cloud", "/v1/vps/snapshot", "/v1/vps/network", "/v1/vps/00000001-0000-4000-8000-000000000004/history"} {
				_, one := c.ask(http.MethodGet, path, c.token(a), "")
				_, two := listed.ask(http.MethodGet, path, listed.token(a), "")
				if diff := cmp.Diff(strings.Split(two, ","), strings.Split(one, ",")); diff != "" {
					t.Errorf("%s, day %d: listed (-), live (+)\n%s", path, at, diff)
				}
			}
		}
	}
	names := c.sim.Truth("infrazen_prod")
	if !slices.Contains(names.Domains, "132456") {
		t.Error("infrazen-demo.ru is not there")
	}
}
