package selectel

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

const sampleRows = `{"status":"success","data":[
 {"account_id":"123456","provider_key":"vpc","value":22,"period":"2026-01-10T14:00:00","provision_end":"2026-01-10T15:00:00",
  "project":{"id":"a1b2","name":"prod"},
  "object":{"id":"801095a0","name":"web-1","type":"cloud_vm","parent_id":"a1b2","parent_name":"prod"},
  "metric":{"id":"compute_cores_preemptible","name":"vCPU (прерываемые)","quantity":1,"unit":"item","region":"ru-3"}},
 {"account_id":"123456","provider_key":"vpc","value":13.5,"period":"2026-01-10T14:00:00",
  "project":{"id":"a1b2","name":"prod"},
  "object":{"id":"814bb06f","name":null,"type":"volume_gigabytes_universal","parent_id":"801095a0","parent_name":"web-1"},
  "metric":{"id":"volume_gigabytes_universal","name":"...","quantity":5,"unit":"GB*H","region":"ru-3b"}},
 {"provider_key":"storage","value":null,"period":"2026-01-10T15:00:00","project":null,"object":{"id":null,"name":"media_segments","type":"x"},"metric":{"id":"storage_standard","quantity":"7","region":"ru-1"}},
 {"provider_key":"new","value":"7","period":"2026-01-10T16:00:00","object":7,"metric":[]}]}`

// FuzzConsumption: whatever the billing sends, the charges add up to its amounts, and nothing of the ledger's rules breaks.
func FuzzConsumption(f *testing.F) {
	f.Add([]byte(sampleRows))
	f.Add([]byte(`{"status":"success","data":[{"value":1e9,"period":"2026-01-10T14:00:00"},{"value":-1.25,"period":"2026-01-10T14:00:00"}],"more":{}}`))
	f.Add([]byte(`{"status":"error","data":[]}`))
	f.Add([]byte(`{"data":[{"value":99999999999999999999999999,"period":"2026-01-10T14:00:00"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		rows, err := readConsumption(bytes.NewReader(body))
		if err != nil {
			return
		}
		d := span{time.Date(2026, 1, 9, 21, 0, 0, 0, time.UTC), time.Date(2026, 1, 10, 21, 0, 0, 0, time.UTC)}
		charges, outside := newMapper("1", nil, nil, pipeline.Russian).charges(rows, d)
		if len(charges)+int(outside) != len(rows) {
			t.Fatalf("%d rows gave %d charges and %d outside", len(rows), len(charges), outside)
		}
		want, got := decimal.Zero, decimal.Zero
		for i := range rows {
			if r := &rows[i]; !r.hour.Before(d.from) && r.hour.Before(d.to) {
				want = want.Add(r.value.D.Shift(-2))
			}
		}
		for i := range charges {
			c := &charges[i]
			got = got.Add(c.BilledCost)
			checkCharge(t, c)
		}
		if !want.Equal(got) {
			t.Fatalf("charges add up to %s, rows to %s", got, want)
		}
		billedObjects(rows)
	})
}

func checkCharge(t *testing.T, c *pipeline.Charge) {
	t.Helper()
	if c.LineCount != 1 || c.UnpricedCount > 1 || !c.Start.Before(c.End) || c.Start.Location() != time.UTC || c.BillingCurrency != "RUB" || c.ServiceName == "" ||
		c.ResourceType == "" {
		t.Fatalf("charge %+v", c)
	}
	if c.BilledCost.Exponent() < -pipeline.MoneyScale || c.BilledCost.NumDigits() > 28 || c.UnpricedCount == 1 && !c.BilledCost.IsZero() {
		t.Fatalf("cost %s", c.BilledCost)
	}
}

// FuzzLists reads rows of every list.
func FuzzLists(f *testing.F) {
	f.Add([]byte(`{"id":"1","name":"a","status":"ACTIVE","flavor":{"vcpus":1,"ram":1024,"disk":0},"metadata":{"env":"x","x_sel_server_password_hash":"S"},"tags":["preemptible","team=qa"],"image":""}`))
	f.Add([]byte(`{"id":1,"size":"7","attachments":[{"server_id":null}],"volume_type":null,"created_at":"2026-01-10T14:00:00.123"}`))
	f.Add([]byte(`{"id":"f","floating_ip_address":"203.0.113.1","port_details":{"device_id":"x","device_owner":"compute:ru-3b"},"port_id":"p"}`))
	f.Add([]byte(`{"id":"d","flavor":{"vcpus":-2,"ram":99999999999999999},"instances":[{},null]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		at := site{scope: "x", region: "ru-1", project: project{ID: "p"}}
		for _, l := range listings() {
			if l.name == "servers" {
				checkServer(t, raw, at)
				continue
			}
			if l.name == "floatingips" && !bytes.Contains(raw, []byte("port_details")) {
				continue // ports are asked of the cloud
			}
			if l.name == "floatingips" {
				var v floatingIP
				if json.Unmarshal(raw, &v) != nil || v.Port != "" && v.Details.V.Device == "" {
					continue
				}
			}
			resources, _ := l.read(context.Background(), nil, at, []json.RawMessage{raw})
			for i := range resources {
				checkResource(t, &resources[i])
			}
		}
	})
}

func checkServer(t *testing.T, raw []byte, at site) {
	var v server
	if json.Unmarshal(raw, &v) != nil || v.ID == "" {
		return
	}
	r := serverResource(v, v.Flavor.V, at)
	checkResource(t, &r)
	for k := range r.Tags {
		if strings.HasPrefix(strings.ToLower(k), "x_sel") && !bytes.Contains(raw, []byte("=")) {
			t.Fatalf("tag %q", k)
		}
	}
}

func checkResource(t *testing.T, r *pipeline.Resource) {
	t.Helper()
	if r.ID == "" || r.Name == "" || r.Type == "" || r.Scope == "" || r.VCPU < 0 {
		t.Fatalf("resource %+v", r)
	}
	if !r.CreatedAt.IsZero() && (r.CreatedAt.Location() != time.UTC || r.CreatedAt.Nanosecond() != 0) {
		t.Fatalf("created at %s", r.CreatedAt)
	}
}

// FuzzMeasures reads what Gnocchi answers.
func FuzzMeasures(f *testing.F) {
	f.Add([]byte(`{"measures":{"aggregated":[["2026-01-10T17:50:00+00:00",300.0,0.12],["2026-01-10T17:55:00+00:00",300.0,null]]}}`))
	f.Add([]byte(`{"measures":{"id":{"memory.usage":{"mean":[["2026-01-10T17:50:00",300.0,236.91]]}}}}`))
	f.Add([]byte(`{"measures":[[1,2],["x",3,4]]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		points, ok := parseMeasures(raw)
		if !ok && len(points) > 0 {
			t.Fatal("points of an answer that cannot be read")
		}
		from := time.Date(2026, 1, 10, 17, 0, 0, 0, time.UTC)
		samples := samplesOf(points, "id", statistics()[1], from, from.Add(time.Hour))
		for i, s := range samples {
			if s.Time.Before(from) || math.IsNaN(s.Value) || i > 0 && !samples[i-1].Time.Before(s.Time) {
				t.Fatalf("sample %+v", s)
			}
		}
	})
}

// FuzzMoneyAnswers reads balances, prices and transactions.
func FuzzMoneyAnswers(f *testing.F) {
	f.Add([]byte(`{"status":"success","data":{"settings":{"currency":"rub"},"billings":[{"billing_type":"primary","final_sum":33218108,"debt_sum":5,"balances":[{"balance_type":"main","value":100},{"balance_type":"bonus","value":1.5}]}]}}`))
	f.Add([]byte(`{"currency":"rub","prices":[{"resource":"compute_cores","group":"ru-1a","value":89.76,"unit":"item"}]}`))
	f.Add([]byte(`{"data":[{"transaction_type":"withdraw","created":"2025-09-11T12:50:13.621617","price":-210000,"state":"PAID","id_meta":{"id":[1],"service_name":"dedicated"},"server_meta":{"main_resource_uuid":"x"}}]}`))
	task := pipeline.Task{From: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var b balancesAnswer
		if json.Unmarshal(raw, &b) == nil {
			if a := accountState(b, task.From); len(a.Currency) < 3 {
				t.Fatalf("account %+v", a)
			}
		}
		var p pricesAnswer
		if json.Unmarshal(raw, &p) == nil {
			newPriceList(p, task.From)
		}
		var x transactionsAnswer
		if json.Unmarshal(raw, &x) != nil {
			return
		}
		for i := range x.Data {
			if c, ok := x.Data[i].charge("1", nil, task); ok && x.Data[i].standing() == left {
				checkCharge(t, &c)
			}
		}
	})
}
