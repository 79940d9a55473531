package beget

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
)

func recorded(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func perDay(component, service, sku, amount string) pipeline.Rate {
	r := pipeline.Rate{
		Component: component, ServiceName: service, SkuID: sku, Currency: "RUB", Period: pipeline.PerDay, CostStatus: pipeline.Estimated,
	}
	if amount != "" {
		r.Known, r.Amount = true, dec(amount)
	}
	return r
}

func testNames() names {
	return names{
		projects: map[string]string{"66666666-0000-4000-8000-000000000001": "Магазин", "p": "P"},
		regions:  map[string]string{"ru1": "Санкт-Петербург", "ru2": "Москва"},
	}
}

func TestVPSResource(t *testing.T) {
	var a vpsListAnswer
	if err := json.Unmarshal(recorded(t, "vps_list.json"), &a); err != nil {
		t.Fatal(err)
	}
	list, bad := readRows[vps](a.VPS)
	if len(list) != 2 || bad != 0 || a.Total.N != 2 {
		t.Fatalf("read %d rows, %d bad, total %+v", len(list), bad, a.Total)
	}
	monthly := perDay("license:isp", "Software licence", "isp-host", "500")
	monthly.Period = pipeline.PerMonth
	want := []pipeline.Resource{
		{
			ID: "11111111-2222-4333-8444-555555555555", Type: pipeline.Server, Name: "app-01", Status: "RUNNING", Scope: "vps",
			ProjectID: "66666666-0000-4000-8000-000000000001", ProjectName: "Магазин", RegionID: "ru1", RegionName: "Санкт-Петербург",
			VCPU: 2, MemoryBytes: 2 << 30, DiskBytes: 30 << 30,
			Attributes: map[string]string{
				"hostname": "app-01", "slug": "app-01", "ip_address": "192.0.2.10", "additional_ip_address": "192.0.2.11, 192.0.2.12",
				"private_ip_address": "10.0.0.5", "configuration": "Mix", "configuration_group": "normal_cpu", "bandwidth_public": "150",
				"technical_domain": "x.beget.example", "software": "n8n", "software_version": "1.2.3", "software_status": "INSTALLED", "archived": "true",
			},
			Volatile:  map[string]string{"disk_used_bytes": "9563013120", "disk_left_bytes": "22649241600"},
			CreatedAt: time.Date(2025, 11, 19, 15, 22, 58, 0, time.UTC),
			Rates: []pipeline.Rate{
				perDay("", "VPS", "cfg-x", "9.73"), monthly, perDay("license:isp:2", "Software licence", "isp-pro", "1.25"),
				perDay("license:new", "Software licence", "new", ""),
			},
		},
		{
			ID: "odd", Type: pipeline.Server, Name: "odd", Scope: "vps", Attributes: map[string]string{}, Volatile: map[string]string{},
			Rates: []pipeline.Rate{perDay("", "VPS", "", "")},
		},
	}
	got := []pipeline.Resource{vpsResource(list[0], testNames()), vpsResource(list[1], testNames())}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := fmt.Sprintf("%+v %+v", list, got); strings.Contains(text, "RECORDED-SECRET") {
		t.Error("a secret of the answer was kept")
	}
}

func TestCloudResource(t *testing.T) {
	var a cloudListAnswer
	if err := json.Unmarshal(recorded(t, "cloud_list.json"), &a); err != nil {
		t.Fatal(err)
	}
	list, bad := readRows[cloudService](a.Service)
	if len(list) != 3 || bad != 0 {
		t.Fatalf("read %d rows, %d bad", len(list), bad)
	}
	prices := map[string]s3Price{"b-1": {Name: "b-1", StorageRate: money{dec("0.0027"), true}}}
	var got []pipeline.Resource
	var unknown int
	for _, c := range list {
		r, known := cloudResource(c, testNames(), prices)
		got = append(got, r)
		if !known {
			unknown++
		}
	}
	want := []pipeline.Resource{
		{
			ID: "aaaaaaaa-0000-4000-8000-000000000001", Type: pipeline.Database, Name: "Cloud database 1", Status: "RUNNING", Scope: "cloud",
			ProjectID: "p", ProjectName: "P", RegionID: "ru2", RegionName: "Москва", VCPU: 2, MemoryBytes: 2 << 30, DiskBytes: 20 << 30,
			Attributes: map[string]string{
				"service_type": "MYSQL5", "slug": "db-1", "version": "5.7.34", "host": "x.beget.example", "port": "3306",
				"ip_address": "192.0.2.5", "private_ip_address": "10.0.0.2",
			},
			Volatile:  map[string]string{"disk_used_bytes": "458227712", "disk_left_bytes": "21016608768"},
			CreatedAt: time.Date(2025, 9, 20, 7, 0, 0, 0, time.UTC), Rates: []pipeline.Rate{perDay("", "Cloud MySQL", "mysql5-2-2-20", "29")},
		},
		{
			ID: "aaaaaaaa-0000-4000-8000-000000000002", Type: pipeline.Bucket, Name: "Humane Orrin", Status: "RUNNING", Scope: "cloud",
			RegionID: "ru2", RegionName: "Москва", Attributes: map[string]string{"service_type": "S_3", "slug": "b-1", "fqdn": "s3.example"},
			Volatile: map[string]string{"quota_used_size": "12", "price_storage_rate": "0.0027"}, Rates: []pipeline.Rate{perDay("", "S3 storage", "", "")},
		},
		{
			ID: "aaaaaaaa-0000-4000-8000-000000000003", Type: pipeline.OtherType, Name: "q", Status: "SUSPENDED", Scope: "cloud",
			Attributes: map[string]string{"service_type": "KAFKA4", "status_details": "SUSPENDED_INSUFFICIENT_FUNDS"},
			Volatile:   map[string]string{}, Rates: []pipeline.Rate{perDay("", "KAFKA4", "", "12.50")},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if unknown != 1 {
		t.Errorf("%d services of unknown type, want 1", unknown)
	}
	if strings.Contains(fmt.Sprintf("%+v %+v", list, got), "RECORDED-SECRET") {
		t.Error("a secret of the answer was kept")
	}
}

func TestAccountState(t *testing.T) {
	raw, err := openEnvelope(recorded(t, "account_info.json"))
	if err != nil {
		t.Fatal(err)
	}
	info, ok := parseAccount(raw)
	if !ok {
		t.Fatal("no account")
	}
	balance, rate, days := dec("174.51"), dec("60.73"), int64(2)
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := pipeline.AccountState{
		ObservedAt: at, Currency: "RUB", Balance: &balance, DailyRate: &rate, DaysToSuspension: &days,
		Attributes: map[string]string{
			"plan_name": "Cloud", "user_sites": "2", "plan_site": "unlimited", "user_domains": "6", "plan_domain": "unlimited",
			"user_is_year_plan": "0", "user_rate_year": "22166", "user_rate_month": "1847", "server_name": "gagarin7.example", "server_memory": "128000",
		},
	}
	if diff := cmp.Diff(want, accountState(info, at)); diff != "" {
		t.Error(diff)
	}
}

func TestDomains(t *testing.T) {
	raw, err := openEnvelope(recorded(t, "domains.json"))
	if err != nil {
		t.Fatal(err)
	}
	list, err := parseLegacyList(raw, domainKey, func(why string) error { return fmt.Errorf("malformed: %s", why) })
	if err != nil || len(list) != 2 {
		t.Fatalf("%d domains, %v", len(list), err)
	}
	renewal, ok := parseZones(json.RawMessage(`{"example":{"id":"1","zone":"example","price":1,"price_renew":"199.5"}}`))
	if !ok {
		t.Fatal("no zones")
	}
	want := []pipeline.Resource{
		{
			ID: "domain:132456", Type: pipeline.Domain, Name: "neurocola.example", Status: "ACTIVE", Scope: "domain/getList",
			Attributes: map[string]string{"date_register": "2011-10-24", "date_expire": "2027-10-24", "registrar": "beget"},
			Volatile:   map[string]string{"price_renew_year": "199.5", "price_currency": "RUB"},
			CreatedAt:  time.Date(2011, 10, 24, 12, 1, 40, 0, time.UTC),
		},
		{
			ID: "domain:132457", Type: pipeline.Domain, Name: "a.neurocola.example", Status: "INACTIVE", Scope: "domain/getList",
			Attributes: map[string]string{"auto_renew": "true"},
		},
	}
	if diff := cmp.Diff(want, []pipeline.Resource{domainResource(list[0], renewal), domainResource(list[1], renewal)}); diff != "" {
		t.Error(diff)
	}
}

func TestMoney(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		m := parseMoney([]byte(in)).price()
		switch {
		case m.Known != (want != ""):
			t.Errorf("%s: known is %t, want %q", in, m.Known, want)
		case m.Known && m.Amount.String() != want:
			t.Errorf("%s is %s, want %s", in, m.Amount, want)
		}
	}
	f("22", "22")
	f("9.73", "9.73")
	f("0", "0")
	f("0.1", "0.1")
	f(`"29.90"`, "29.9")
	f("1e2", "100")
	f("0.123456789012345678", "0.123456789012345678")
	f("null", "")
	f(`""`, "")
	f(`"free"`, "")
	f(`"NaN"`, "")
	f("true", "")
	f("[]", "")
	f("{}", "")
	f("-1", "")
	f("1e999999999", "")
	f("1e-999999999", "")
	f(strings.Repeat("9", 50), "")
	f("", "")
}

func TestParseTime(t *testing.T) {
	f := func(in string, want time.Time) {
		t.Helper()
		got, ok := parseTime(in)
		if ok != !want.IsZero() || !got.Equal(want) {
			t.Errorf("%q is %s (%t), want %s", in, got, ok, want)
		}
	}
	at := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	f("2026-01-10T12:00:00+03:00", at)
	f("2026-01-10T09:00:00Z", at)
	f("2026-01-10T09:00:00.9Z", at)
	f("2026-01-10T12:00:00+0300", at)
	f("2026-01-10 12:00:00+03:00", at)
	f("2026-01-10 12:00:00", at)
	f("2026-01-10T12:00:00", at)
	f("2026-01-10 12:00", at)
	f("2026-01-10", time.Date(2026, 1, 9, 21, 0, 0, 0, time.UTC))
	f("1768035600", at)
	f("1768035600000", at)
	f("0", time.Time{})
	f("", time.Time{})
	f("0000-00-00 00:00:00", time.Time{})
	f("9999-01-01", time.Time{})
	f("12", time.Time{})
	f("99999999999999999999", time.Time{})
}

func TestHistory(t *testing.T) {
	var a historyAnswer
	body := `{"history":[{"date":"2026-01-03T00:00:00+03:00","type":"REMOVE","has_error":true},{"date":"2026-01-02 00:00:00","type":"reconfigure"},
		{"date":"","type":"STOP"},{"date":"2026-01-01T00:00:00+03:00","type":"CREATE","has_error":"0"},7,{"date":1767387600,"type":"TELEPORT"}]}`
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	got, undated := historyEvents(a.History)
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, moscow()).UTC() }
	want := []pipeline.ResourceEvent{
		{Kind: pipeline.EventCreated, Time: day(1)},
		{Kind: pipeline.EventResized, Time: day(2)},
		{Kind: pipeline.EventRemoved, Time: day(3), Failed: true},
		{Kind: pipeline.EventUnrecognised, Time: day(3)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if undated != 2 {
		t.Errorf("%d entries left out, want 2", undated)
	}
	if removedIn(got) {
		t.Error("a removal that failed counts")
	}
	if !removedIn(append(got, pipeline.ResourceEvent{Kind: pipeline.EventRemoved, Time: day(4)})) {
		t.Error("a removal does not count")
	}
}

func TestEnvelope(t *testing.T) {
	f := func(body, result, code string) {
		t.Helper()
		got, err := openEnvelope([]byte(body))
		var gotCode string
		var told *legacyError
		if errors.As(err, &told) {
			gotCode = string(told.Code)
		} else if err != nil {
			gotCode = "-"
		}
		if string(got) != result || gotCode != code {
			t.Errorf("%s gives %q and %q, want %q and %q", body, got, gotCode, result, code)
		}
	}
	f(`{"status":"success","answer":{"status":"success","result":[]}}`, "[]", "")
	f(`{"status":"success","answer":{"status":"success","result":{"a":1}}}`, `{"a":1}`, "")
	f(`{"status":"success","result":[1]}`, "[1]", "")
	f(`{"status":"success","answer":[1]}`, "[1]", "")
	f(`{"status":"error","error_text":"No such user or password","error_code":"AUTH_ERROR"}`, "", "AUTH_ERROR")
	f(`{"status":"success","answer":{"status":"error","errors":[{"error_code":"LIMIT_ERROR","error_text":"x"}]}}`, "", "LIMIT_ERROR")
	f(`{"status":"success","answer":{"status":"error","error_code":1208,"error_text":"x"}}`, "", "1208")
	f(`{"status":"success","answer":{"status":"error"}}`, "", "")
	f(`{"status":"success","answer":{"status":"success"}}`, "", "-")
	f(`{"status":"success","answer":null}`, "", "-")
	f(`{"status":"success"}`, "", "-")
	f(`{}`, "", "-")
	f(`[]`, "", "-")
	f(`{"status":"success","answer":{"status":"success","resul`, "", "-")
}

func TestAuthWords(t *testing.T) {
	words := strings.Fields("INTERNAL_ERROR EMPTY_LOGIN EMPTY_PASSWORD INCORRECT_CREDENTIALS IP_BLOCKED CODE_REQUIRED INCORRECT_CODE CODE_SENT_LIMIT " +
		"CODE_INPUT_LIMIT ACCOUNT_DELETED CODE_REQUIRED_EMAIL CODE_REQUIRED_SMS PAYLOAD_CHANGED TOKEN_REVOKED SOMETHING_NEW")
	said := map[string]string{}
	for _, w := range append(words, wordMaintenance) {
		f := authFault(w)
		for _, text := range []string{f.Text.RU, f.Text.EN} {
			if other, twice := said[text]; twice || len(text) < 40 {
				t.Errorf("%s says %q, as does %q", w, text, other)
			}
			said[text] = w
		}
	}
	if f := authFault("CODE_REQUIRED_SMS"); f.Code != pipeline.FaultSecondFactor || f.Retry {
		t.Errorf("a code is wanted: %v", f)
	}
}

func TestPeriodsFor(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	f := func(from, to time.Duration, want string) {
		t.Helper()
		var got []string
		for _, p := range periodsFor(now.Add(from), now.Add(to), now) {
			got = append(got, p.word)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s to %s: %v, want %s", from, to, got, want)
		}
	}
	f(-time.Hour, 0, "HOUR")
	f(-30*time.Minute, 30*time.Minute, "HOUR")
	f(-61*time.Minute, -time.Minute, "HOUR DAY")
	f(-3*time.Hour, -2*time.Hour, "DAY")
	f(-24*time.Hour, 0, "HOUR DAY")
	f(-49*time.Hour, -25*time.Hour, "WEEK")
	f(-30*24*time.Hour, -29*24*time.Hour, "MONTH")
	f(-60*24*time.Hour, -59*24*time.Hour, "")
	f(-31*24*time.Hour, -29*24*time.Hour, "MONTH")
}

func TestStatistic(t *testing.T) {
	st := statistics()[1] // memory, in MB
	read := func(body string) (points, statOddities, bool) {
		t.Helper()
		var m map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
		return parseStatistic(st, m)
	}
	got, odd, ok := read(`{"memory":{"date":["2026-01-10T12:01:00+03:00","2026-01-10 12:00:00",1768035720,"x","2026-01-10T12:01:00+03:00","2026-01-10T12:09:00+03:00"],
		"value":[991.5,1,null,5,992]}}`)
	at := time.Date(2026, 1, 10, 9, 0, 0, 0, time.UTC)
	want := points{pipeline.MemoryUsedBytes: {
		{Metric: pipeline.MemoryUsedBytes, Time: at, Value: 1 << 20},
		{Metric: pipeline.MemoryUsedBytes, Time: at.Add(time.Minute), Value: 992 << 20},
	}}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Error(ok, diff)
	}
	if odd != (statOddities{unequal: 1, undated: 1}) {
		t.Errorf("oddities %+v", odd)
	}
	for _, body := range []string{`{"memory":{"date":[],"value":[]}}`, `{"memory":{"date":null,"value":null}}`, `{"memory":{}}`} {
		if got, _, ok := read(body); !ok || len(got[pipeline.MemoryUsedBytes]) != 0 {
			t.Errorf("%s gives %v, %t", body, got, ok)
		}
	}
	for _, body := range []string{`{}`, `{"cpu":{"date":[],"value":[]}}`, `{"error":"x"}`, `{"memory":7}`} {
		if _, _, ok := read(body); ok {
			t.Errorf("%s counts as an answer", body)
		}
	}
}

// TestOverlay checks that finer points replace wider ones from their first on, whatever the points.
func TestOverlay(t *testing.T) {
	line := func(start, n int, step time.Duration, value float64) []pipeline.Sample {
		var out []pipeline.Sample
		for i := range n {
			out = append(out, pipeline.Sample{Time: time.Unix(int64(start), 0).Add(time.Duration(i) * step), Value: value})
		}
		return out
	}
	rapid.Check(t, func(t *rapid.T) {
		wide := line(rapid.IntRange(0, 5000).Draw(t, "wide"), rapid.IntRange(0, 20).Draw(t, "n"), 10*time.Minute, 1)
		fine := line(rapid.IntRange(0, 9000).Draw(t, "fine"), rapid.IntRange(0, 20).Draw(t, "m"), time.Minute, 2)
		got := overlay(wide, fine)
		var kept int
		for i, s := range got {
			if i > 0 && !got[i-1].Time.Before(s.Time) {
				t.Fatalf("point %d is not behind the one before", i)
			}
			if s.Value == 1 {
				kept++
				if len(fine) > 0 && !s.Time.Before(fine[0].Time) {
					t.Fatalf("a wide point stands at %s, after the first fine one", s.Time)
				}
			}
		}
		if len(got) != kept+len(fine) || len(fine) == 0 && kept != len(wide) {
			t.Fatalf("%d points of %d wide and %d fine ones", len(got), len(wide), len(fine))
		}
	})
}

func TestTokenLife(t *testing.T) {
	born := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	jwt := func(claims string) string {
		return "e30." + strings.TrimRight(encode(claims), "=") + ".sig"
	}
	f := func(claims string, cloudAhead, life time.Duration) {
		t.Helper()
		tok := newToken(jwt(claims), born, born.Add(cloudAhead))
		if tok.life != life {
			t.Errorf("%s with a cloud %s ahead lives %s, want %s", claims, cloudAhead, tok.life, life)
		}
		if life > 0 && (tok.expired(born.Add(life-time.Second)) || !tok.expired(born.Add(life)) || !tok.ageing(born.Add(life-time.Second))) {
			t.Errorf("%s: its end is not at %s", claims, life)
		}
	}
	exp := born.Add(20 * time.Minute).Unix()
	f(fmt.Sprintf(`{"exp":%d}`, exp), 0, 20*time.Minute)
	f(fmt.Sprintf(`{"exp":%d}`, exp+10800), 3*time.Hour, 20*time.Minute)
	f(fmt.Sprintf(`{"exp":%d,"iat":%d}`, exp+10800, born.Unix()+10800), -5*time.Hour, 20*time.Minute)
	f(fmt.Sprintf(`{"exp":%d}`, exp-10800), 0, 0)
	f(`{"exp":99999999999}`, 0, maxTokenLife)
	f(`{"exp":"soon"}`, 0, 0)
	f(`{}`, 0, 0)
	f(`not json`, 0, 0)
	if tok := newToken("opaque", born, born); tok.expired(born.Add(100 * time.Hour)) {
		t.Error("a token that tells no life is used until it is refused")
	}
}
