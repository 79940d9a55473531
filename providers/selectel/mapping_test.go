package selectel

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
)

// TestRecordedRows maps rows of the recorded shape: Moscow time, kopecks with a fraction, nulls, an amount that is not there.
func TestRecordedRows(t *testing.T) {
	rows, err := readConsumption(strings.NewReader(sampleRows))
	if err != nil {
		t.Fatal(err)
	}
	d := span{time.Date(2026, 1, 9, 21, 0, 0, 0, time.UTC), time.Date(2026, 1, 10, 21, 0, 0, 0, time.UTC)}
	charges, _ := newMapper("123456", nil, nil, pipeline.English).charges(rows, d)
	type seen struct{ Start, Resource, Name, Type, Cost, Region, Zone, Service string }
	var got []seen
	for _, c := range charges {
		cost := c.BilledCost.String()
		if c.UnpricedCount == 1 {
			cost = "unknown"
		}
		got = append(got, seen{c.Start.Format("15:04"), c.ResourceID, c.ResourceName, c.ResourceType, cost, c.RegionID, c.AvailabilityZone, c.ServiceName})
	}
	want := []seen{
		{"11:00", "801095a0", "web-1", "server", "0.22", "ru-3", "", "Cloud Servers"},
		{"11:00", "801095a0", "web-1", "server", "0.135", "ru-3", "ru-3b", "Network Volumes"},
		{"12:00", "s3:ru-1:media", "media", "bucket", "unknown", "ru-1", "", "S3 Storage"},
		{"13:00", "", "", "other", "0.07", "", "", "new"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTypes(t *testing.T) {
	f := func(provider, object, metric string, want pipeline.ResourceType, known bool) {
		t.Helper()
		got, ok := familyOf(provider, object, metric)
		if got.kind != want || ok != known || got.service == "" || got.category == "" {
			t.Errorf("%s %q %q is %+v (%t), want %s (%t)", provider, object, metric, got, ok, want, known)
		}
	}
	f("vpc", "cloud_vm", "compute_cores", pipeline.Server, true)
	f("vpc", "volume_gigabytes_fast", "", pipeline.Volume, true)
	f("vpc", "volume_backups_gigabytes", "", pipeline.Backup, true)
	f("vpc", "snapshot_gigabytes_basic", "", pipeline.Snapshot, true)
	f("vpc", "network_floatingips", "", pipeline.FloatingIP, true)
	f("vpc", "network_subnets_29", "", pipeline.Network, true)
	f("vpc", "load_balancers_single_2_2", "", pipeline.LoadBalancer, true)
	f("vpc", "", "compute_pci_gpu_a100", pipeline.Server, true)
	f("vpc", "", "volume_gigabytes_basic", pipeline.Volume, true)
	f("dbaas", "dbaas_postgresql", "", pipeline.Database, true)
	f("storage", "", "anything", pipeline.Bucket, true)
	f("mks", "", "", pipeline.Cluster, true)
	f("mks", "volume_gigabytes_fast", "", pipeline.Volume, true)
	f("dbaas", "a new engine", "", pipeline.Database, true)
	f("vpc", "teleporter", "compute_cores", "teleporter", false)
	f("ses", "", "", pipeline.OtherType, false)
	f("", "", "", pipeline.OtherType, false)
}

func TestPlaces(t *testing.T) {
	f := func(where, region, zone string) {
		t.Helper()
		if r, z := place(where); r != region || z != zone {
			t.Errorf("%q is %q and %q", where, r, z)
		}
	}
	f("ru-3", "ru-3", "")
	f("ru-3b", "ru-3", "ru-3b")
	f("kz-1a", "kz-1", "kz-1a")
	f("gis-2", "gis-2", "")
	f("", "", "")
	f("msk", "msk", "")
}

func TestContainers(t *testing.T) {
	for name, want := range map[string]string{
		"media": "media", "media_segments": "media", "media_s3multipartuploads": "media", "media/.file-segments": "media", "": "",
	} {
		if got := containerName(name); got != want {
			t.Errorf("container %q belongs to %q, want %q", name, got, want)
		}
	}
}

// TestStandings: what the statistics have is never counted from transactions as well.
func TestStandings(t *testing.T) {
	f := func(text string, want standing) {
		t.Helper()
		var v transaction
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if got := v.standing(); got != want {
			t.Errorf("%s stands as %d, want %d", text, got, want)
		}
	}
	f(`{"transaction_type":"withdraw","price":-1,"id_meta":{"billing":"vpc","service_name":"server"}}`, covered)
	f(`{"transaction_type":"withdraw","price":-1,"id_meta":{"billing":"primary","service_name":"mks"},"server_meta":{"main_resource_uuid":"x"}}`, covered)
	f(`{"transaction_type":"payment","price":100,"id_meta":{"service_name":"dedicated"}}`, covered)
	f(`{"transaction_type":"withdraw","price":0,"id_meta":{"service_name":"dedicated"}}`, covered)
	f(`{"transaction_type":"withdraw","price":-1,"id_meta":{"service_name":"Dedicated server"}}`, left)
	f(`{"transaction_type":"withdraw","price":-1,"id_meta":{"service_name":"firewall"}}`, left)
	f(`{"transaction_type":"withdraw","price":-1,"server_meta":{"main_resource_uuid":"x"}}`, left)
	f(`{"transaction_type":"refund","price":5,"id_meta":{"service_name":"colocation"}}`, left)
	f(`{"transaction_type":"withdraw","price":-1,"id_meta":{"service_name":"certificates"}}`, uncertain)
}

// TestRefundIsCredit: money that comes back lowers the cost.
func TestRefundIsCredit(t *testing.T) {
	v := transaction{Type: "refund", Created: "2026-01-10T12:50:13.621617", Price: number{D: decimal.NewFromInt(210_000), Known: true}}
	task := pipeline.Task{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)}
	c, ok := v.charge("1", nil, task)
	if !ok || c.BilledCost.String() != "-2100" || c.ChargeCategory != pipeline.Credit || c.Start.Format(time.RFC3339) != "2026-01-10T09:00:00Z" {
		t.Errorf("%+v", c)
	}
	task.To = c.Start
	if _, ok := v.charge("1", nil, task); ok {
		t.Error("a transaction outside the window is a charge")
	}
}

// TestListPriceExplains: a list price is told only for rows that it explains.
func TestListPriceExplains(t *testing.T) {
	p := newPriceList(pricesAnswer{Prices: []struct {
		Resource text   `json:"resource"`
		Group    text   `json:"group"`
		Value    number `json:"value"`
	}{{"compute_cores", "ru-3a", parseNumber([]byte("89.76"))}}}, time.Time{})
	f := func(region text, quantity, value, want string) {
		t.Helper()
		r := row{value: parseNumber([]byte(value)), metric: &metric{ID: "compute_cores", Region: region, Quantity: parseNumber([]byte(quantity))}}
		got := ""
		if price, ok := p.priceOf(&r); ok {
			got = price.String()
		}
		if got != want {
			t.Errorf("%s of %s for %s kopecks: list price %q, want %q", quantity, region, value, got, want)
		}
	}
	f("ru-3a", "2", "180", "0.8976")
	f("ru-3", "2", "179", "0.8976")
	f("ru-3", "2", "160", "")
	f("ru-9", "2", "180", "")
	f("ru-3a", "2", "null", "")
}

// TestNumbers: integers read by hand are what the decimal library reads.
func TestNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := decimal.New(rapid.Int64().Draw(t, "digits"), rapid.Int32Range(-8, 0).Draw(t, "exponent"))
		for _, text := range []string{d.String(), `"` + d.String() + `"`} {
			if got := parseNumber([]byte(text)); !got.Known || !got.D.Equal(d) {
				t.Fatalf("%s is read as %+v", text, got)
			}
		}
	})
	for _, bad := range []string{"", "null", "true", "{}", `"x"`, "1e999999999", `""`, "99999999999999999999999"} {
		if n := parseNumber([]byte(bad)); n.Known {
			t.Errorf("%s is read as %s", bad, n.D)
		}
	}
}

// TestDays: every instant of a window is in one day, and days begin at Moscow's midnight.
func TestDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 10_000).Draw(t, "from")) * time.Hour)
		to := from.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "hours")) * time.Hour)
		at := from
		for _, d := range days(from, to) {
			if !d.from.Equal(at) || !d.from.Before(d.to) || !d.from.Equal(from) && d.from.Hour() != 21 {
				t.Fatalf("day %s to %s follows %s", d.from, d.to, at)
			}
			at = d.to
		}
		if !at.Equal(to) {
			t.Fatalf("the days end at %s, the window at %s", at, to)
		}
	})
}

// TestLinksStayAtHome: the next page is asked of the same host, whatever a link says.
func TestLinksStayAtHome(t *testing.T) {
	got, err := follow("https://ru-3.example/compute/servers/detail?limit=2", "http://evil.example/steal?limit=2&marker=x")
	if err != nil || got != "https://ru-3.example/compute/servers/detail?limit=2&marker=x" {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := follow("https://a.example/x?marker=1", "https://a.example/x?marker=1"); err == nil {
		t.Error("a link to the same page is followed")
	}
}
