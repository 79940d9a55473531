package yandex

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

const sampleHeader = "\ufeffsku_id,date,cost,credit,monetary_grant_credit,currency,service_name,sku_name,resource_id,folder_id,pricing_quantity,pricing_unit,exported_at,label.user_labels.env,label.user_labels.team\n"

func readRows(t *testing.T, text string) ([]row, error) {
	t.Helper()
	r, err := newExportReader(strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var out []row
	for {
		one, err := r.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
}

func TestRow(t *testing.T) {
	rows, err := readRows(t, sampleHeader+
		`dn2a,2026-01-10,43.123456789012345678,-3.1,-1.1,RUB,Compute Cloud,"Disk, fast",fhm1,b1g1,24,gbyte*hour,1768060800,prod,`+"\n"+
		`dn2b,20260110,,,,rub,Future Service,x,,b1g1,,,2026-01-10T16:00:00Z,,web`+"\n")
	if err != nil || len(rows) != 2 {
		t.Fatal(err, len(rows))
	}
	first, second := rows[0].charges(), rows[1].charges()
	start := time.Date(2026, 1, 9, 21, 0, 0, 0, time.UTC)
	if len(first) != 3 || !first[0].Start.Equal(start) || !first[0].End.Equal(start.Add(24*time.Hour)) || !rows[0].exported.Equal(time.Unix(1768060800, 0)) {
		t.Fatalf("%+v", first)
	}
	use, grant, rest := &first[0], &first[1], &first[2]
	if use.BilledCost.String() != "43.123456789012345678" || use.ResourceType != string(pipeline.Volume) || len(use.Tags) != 1 || use.Tags["env"] != "prod" ||
		!use.BillingPeriodStart.Equal(time.Date(2025, 12, 31, 21, 0, 0, 0, time.UTC)) {
		t.Errorf("use %+v", use)
	}
	if grant.BilledCost.String() != "-1.1" || grant.ChargeCategory != pipeline.Credit || !grant.ConsumedQuantity.IsZero() || rest.BilledCost.String() != "-2" || rest.ChargeDescription != "other_credit" {
		t.Errorf("credits %+v %+v", grant, rest)
	}
	c := &second[0]
	if len(second) != 1 || c.UnpricedCount != 1 || !c.Unrecognised || c.ResourceType != "Future Service" || c.ResourceID != "" || c.BillingCurrency != "RUB" ||
		!rows[1].exported.Equal(time.Date(2026, 1, 10, 16, 0, 0, 0, time.UTC)) {
		t.Errorf("unpriced %+v", c)
	}
}

func TestExportThatCannotBeRead(t *testing.T) {
	good := "dn2a,2026-01-10,1,-1,-1,RUB,Compute Cloud,x,fhm1,b1g1,24,h,1768060800,prod,web\n"
	f := func(name, text string) {
		t.Helper()
		if rows, err := readRows(t, text); err == nil {
			t.Errorf("%s is read: %d rows", name, len(rows))
		}
	}
	f("nothing", "")
	f("a web page", "<html><body>no</body></html>")
	f("another table", "a,b\n1,2\n")
	f("a column twice", "date,cost,currency,sku_id,cost\n")
	f("a row cut off", sampleHeader+good+good[:30])
	f("an open quote", sampleHeader+good+`dn2a,"2026`)
	f("a cost in words", sampleHeader+strings.Replace(good, ",1,", ",much,", 1))
	f("a cost without end", sampleHeader+strings.Replace(good, ",1,", ",1e999999999,", 1))
	f("no date", sampleHeader+strings.Replace(good, "2026-01-10", "", 1))
	f("a date in words", sampleHeader+strings.Replace(good, "2026-01-10", "yesterday!", 1))
	f("no currency", sampleHeader+strings.Replace(good, "RUB", "", 1))
}

// TestCreditsAddUpToTheirTotal: whatever the signs of the parts, the sum of the lines is the total.
func TestCreditsAddUpToTheirTotal(t *testing.T) {
	f := func(total string, lines int, parts ...string) {
		t.Helper()
		var ps []creditPart
		for i, p := range parts {
			ps = append(ps, creditPart{creditColumns()[i], decimal.RequireFromString(p)})
		}
		sum := decimal.Zero
		got := creditCharges(pipeline.Charge{}, decimal.RequireFromString(total), ps)
		for i := range got {
			sum = sum.Add(got[i].BilledCost)
		}
		if sum.String() != total || len(got) != lines {
			t.Errorf("%s of %v: %d lines of %s", total, parts, len(got), sum)
		}
	}
	f("0", 0)
	f("0", 0, "0", "0")
	f("-5", 1)
	f("-5", 2, "-2", "-3")
	f("-5", 2, "2", "3")
	f("-5", 3, "2", "2.5")
	f("0", 2, "-2", "2")
	f("0", 2, "-2")
	f("3", 1, "3")
}

func TestTypes(t *testing.T) {
	f := func(service, sku string, want pipeline.ResourceType, wantKnown bool) {
		t.Helper()
		if kind, known := typeOf(service, sku); kind != want || known != wantKnown {
			t.Errorf("%q %q is %q, %t", service, sku, kind, known)
		}
	}
	f("Compute Cloud", "Intel Ice Lake. 100% vCPU", pipeline.Server, true)
	f("Compute Cloud", "Быстрое сетевое хранилище (SSD)", pipeline.Volume, true)
	f("Compute Cloud", "Снимок диска", pipeline.Snapshot, true)
	f("Compute Cloud", "Disk image", pipeline.Image, true)
	f("Virtual Private Cloud", "Публичный IP-адрес", pipeline.FloatingIP, true)
	f("Virtual Private Cloud", "Egress traffic", pipeline.Network, true)
	f("Object Storage", "", pipeline.Bucket, true)
	f("Managed Service for PostgreSQL", "Fast network drive", pipeline.Database, true)
	f("Managed Service for Kubernetes", "", pipeline.Cluster, true)
	f("Cloud Functions", "", pipeline.OtherType, true)
	f("Quasar Computing", "", "Quasar Computing", false)
	f("", "", pipeline.OtherType, false)
	g := func(service, kind string, want pipeline.ResourceType, wantKnown bool) {
		t.Helper()
		if got, known := typeOfMeta(service, kind); got != want || known != wantKnown {
			t.Errorf("%q %q is %q, %t", service, kind, got, known)
		}
	}
	g("compute", "compute.disk", pipeline.Volume, true)
	g("compute", "compute.instance", pipeline.Server, true)
	g("managed-mysql", "mdb.cluster", pipeline.Database, true)
	g("managed-kubernetes", "managed-kubernetes.cluster", pipeline.Cluster, true)
	g("load-balancer", "load-balancer.networkLoadBalancer", pipeline.LoadBalancer, true)
	g("quasar", "quasar.node", "quasar.node", false)
	g("", "", pipeline.OtherType, false)
}

func TestDateInName(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		got := ""
		if m := dateInName().FindStringSubmatch(name); m != nil {
			got = m[1] + m[2] + m[3]
		}
		if got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	f("detail/20260110.csv", "20260110")
	f("2025/detail-2026-01-10.csv", "20260110")
	f("billing.csv", "")
	f("20260110/part.csv", "20260110")
}

// FuzzExport: whatever the bytes, rows that are read can be charged: exact numbers within what the ledger keeps, a day, a currency,
// and credits that add up.
func FuzzExport(f *testing.F) {
	f.Add([]byte(sampleHeader + "dn2a,2026-01-10,1.5,-1,-1,RUB,Compute Cloud,x,fhm1,b1g1,24,h,1768060800,prod,web\n"))
	f.Add([]byte("date,cost,currency,sku_id\n2026-01-10,1e-25,RUB,\n"))
	f.Add([]byte("date,cost,currency,sku_id,credit,misc_credit\n20260110,-0,USD,a,-1,1\n2026-01-10,,EUR,b,,\n"))
	f.Add([]byte("date,cost,currency,sku_id\n\"2026-01-10\",\"1\n"))
	f.Add([]byte("\ufeff\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, _ := readRows(t, string(b)) // an error ends the rows; those before it count
		for i := range rows {
			r := &rows[i]
			credit := decimal.Zero
			for j, c := range r.charges() {
				if c.Start.IsZero() || c.End.Sub(c.Start) != 24*time.Hour || len(c.BillingCurrency) != 3 || c.LineCount != 1 || (c.UnpricedCount == 1) != (j == 0 && r.cost == nil) {
					t.Fatalf("%+v", c)
				}
				for _, d := range []decimal.Decimal{c.BilledCost, c.EffectiveCost, c.ConsumedQuantity} {
					if d.Exponent() < -pipeline.MoneyScale || d.Abs().GreaterThan(decimal.New(1, 22)) {
						t.Fatalf("number %s", d)
					}
				}
				if j > 0 {
					credit = credit.Add(c.BilledCost)
				}
			}
			if !credit.Equal(r.credit) {
				t.Fatalf("credits add up to %s of %s", credit, r.credit)
			}
		}
	})
}

// FuzzNumber: what is read as a decimal is the number that stands there.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "-1.5", "92.318393285", "1e3", "1E-7", "", ".", "--1", "99999999999999999999.999999999999999999", "1e999", "0x1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseDecimal(s)
		if err != nil {
			return
		}
		want, err := decimal.NewFromString(strings.TrimSpace(s))
		if err != nil || !d.Equal(want) || d.NumDigits()+int(d.Exponent()) > 20 {
			t.Fatalf("%q is read as %s", s, d)
		}
	})
}

// FuzzTimeseries: gaps never become samples, and no sample lies outside of its window.
func FuzzTimeseries(f *testing.F) {
	f.Add([]byte(`{"metrics":[{"labels":{"resource_id":"a"},"timeseries":{"timestamps":[1736500000000,"1736500300000"],"doubleValues":[0.5,null]}}]}`))
	f.Add([]byte(`{"metrics":[{"labels":{"resource_id":"fhm1"},"timeseries":{"timestamps":[1736500000000],"doubleValues":["NaN"]}}]}`))
	f.Add([]byte(`{"metrics":[{"labels":{"resource_id":"a"},"timeseries":{"timestamps":[1736500000000,1],"int64Values":["7"]}}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got timeseries
		if json.Unmarshal(b, &got) != nil {
			return
		}
		from := time.UnixMilli(1736500000000).UTC().Truncate(time.Hour)
		task := pipeline.Task{From: from, To: from.Add(time.Hour)}
		for _, s := range samplesOf(&got, task, metrics()[0], []pipeline.KnownResource{{ID: "fhm1", Name: "a"}}) {
			if s.ResourceID != "fhm1" || s.Time.Before(task.From) || !s.Time.Before(task.To) || s.Value != s.Value || s.Time.Nanosecond() != 0 {
				t.Fatalf("%+v", s)
			}
		}
	})
}
