package vk

import (
	"encoding/json"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

func FuzzPrices(f *testing.F) {
	f.Add(moscowPrices)
	f.Add(`{"currency":"RUB","per":"month","prices":{"vcpu":0.1}}`)
	f.Add("currency: RUB\nper: hour\nprices: &a {vcpu: 1}\nname: *a")
	f.Add("prices: {vcpu: 1e400}")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParsePrices(text, "RUB")
		if err != nil {
			if pipeline.AsFault(err).Code != pipeline.FaultSettings {
				t.Fatalf("%q gives %v", text, err)
			}
			return
		}
		for unit, price := range l.Prices {
			if price.IsNegative() || price.Exponent() < -9 {
				t.Fatalf("%s costs %s", unit, price)
			}
		}
		for _, r := range l.rate("s", part{"vcpu", 3}, part{"ram_mb", 1537}) {
			if r.Known && (r.Amount.IsNegative() || r.Amount.Exponent() < -pipeline.MoneyScale-1) {
				t.Fatalf("the rate is %s", r.Amount)
			}
		}
	})
}

func FuzzPage(f *testing.F) {
	f.Add(`{"servers":[{"id":"a","flavor":{"vcpus":2,"ram":4096},"metadata":{"a":"b"},"created":"2026-11-18T09:00:00Z"}],"servers_links":[{"rel":"next","href":"?marker=a"}]}`)
	f.Add(`{"servers":[{"id":"a","flavor":{"id":"STD"},"addresses":{"n":[{"addr":"1.2.3.4","OS-EXT-IPS:type":"floating"}]}}],"links":[{"rel":"next","href":"https://x/y"}]}`)
	f.Add(`{"servers":null,"next":5}`)
	f.Add(`{"servers":[{"flavor":{"vcpus":1e300,"ram":-1}}],"next":"::"}`)
	f.Fuzz(func(t *testing.T, text string) {
		var body map[string]json.RawMessage
		if json.Unmarshal([]byte(text), &body) != nil {
			return
		}
		rows, next, ok := parsePage[servers.Server](body, "servers", "https://nova.example/v2.1/servers/detail?limit=100")
		if !ok && (rows != nil || next != "") {
			t.Fatal("rows of no list")
		}
		if next != "" {
			if u, err := url.Parse(next); err != nil || !u.IsAbs() {
				t.Fatalf("the next page is %q", next)
			}
		}
		inv := &inventory{session: &session{prices: &PriceList{Currency: "RUB", Per: "hour"}}, seen: map[string]bool{}}
		for i := range rows {
			sz := inv.sizeOf(rows[i].Flavor)
			r := inv.server(&rows[i], sz)
			if r.VCPU < 0 || r.MemoryBytes < 0 {
				t.Fatalf("a size of %+v", sz)
			}
			for k := range r.Tags {
				if strings.Contains(strings.ToLower(k), "pass") {
					t.Fatalf("the tag %q", k)
				}
			}
		}
	})
}

func FuzzBalance(f *testing.F) {
	f.Add(`{"base":1234.5,"bonus":500}`)
	f.Add(`{"base":null,"bonus":"1"}`)
	f.Add(`{"base":1e999999999}`)
	f.Add(`{"base":-0.000000000000000000000001}`)
	f.Fuzz(func(t *testing.T, text string) {
		var b balances
		if json.Unmarshal([]byte(text), &b) != nil {
			return
		}
		for _, d := range []*decimal.Decimal{b.Base, b.Bonus} {
			if d != nil && sane(d) && len(d.String()) > 80 {
				t.Fatalf("%s is taken for an amount", d)
			}
		}
	})
}

func FuzzMatrix(f *testing.F) {
	f.Add(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"host":"a.local","cpu":"cpu-total"},"values":[[1710430800,"871"],[1710430800.5,"NaN"]]}]}}`)
	f.Add(`{"data":{"result":[{"metric":{"instance_id":"1"},"values":[["x",1],[1e30,"1"],[1710430800,"+Inf"]]}]}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var m matrix
		if json.Unmarshal([]byte(text), &m) != nil || m.Data == nil {
			return
		}
		from := time.Unix(1710430000, 0).UTC()
		task := pipeline.Task{From: from, To: from.Add(time.Hour)}
		who := newTargets([]pipeline.KnownResource{{ID: "1", Name: "a", Type: pipeline.Server, Scope: scopeServers}})
		s := &session{memory: map[string]int64{"1": 1 << 30}}
		var rep report
		for _, me := range measures() {
			for _, p := range s.samples(m.Data.Result, me, true, task, who, &rep) {
				if p.ResourceID != "1" || math.IsNaN(p.Value) || math.IsInf(p.Value, 0) || p.Value < 0 || p.Time.Before(task.From) || !p.Time.Before(task.To) {
					t.Fatalf("the sample %+v", p)
				}
			}
		}
	})
}

func FuzzTypeOf(f *testing.F) {
	f.Add("Виртуальная машина")
	f.Add("диск SSD")
	f.Fuzz(func(t *testing.T, word string) {
		if kind, known := typeOf(word); known == (kind == pipeline.OtherType) {
			t.Fatalf("%q is %s, known %t", word, kind, known)
		}
	})
}
