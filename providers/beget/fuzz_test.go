package beget

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

func encode(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// checkResource fails when a mapped resource could harm the ledger.
func checkResource(t *testing.T, r pipeline.Resource) {
	t.Helper()
	if r.ID == "" || r.Type == "" || r.Name == "" || r.VCPU < 0 || r.MemoryBytes < 0 || r.DiskBytes < 0 {
		t.Fatalf("resource %+v", r)
	}
	components := map[string]bool{}
	for _, rate := range r.Rates {
		if components[rate.Component] {
			t.Fatalf("two rates %q of %+v", rate.Component, r)
		}
		components[rate.Component] = true
		if rate.Known && (rate.Amount.IsNegative() || rate.Amount.NumDigits() > 2*maxNumberLength) {
			t.Fatalf("rate %+v", rate)
		}
	}
	if !r.CreatedAt.IsZero() && (r.CreatedAt.Location() != time.UTC || r.CreatedAt.Nanosecond() != 0) {
		t.Fatalf("created at %s", r.CreatedAt)
	}
}

// fuzzList reads the rows of a list and maps each that has an identifier.
func fuzzList[T any](t *testing.T, r rows, key func(T) text, resource func(T) pipeline.Resource) {
	t.Helper()
	list, _ := readUnpaged(r, key, func(why string) error { return errors.New(why) })
	for _, v := range list {
		checkResource(t, resource(v))
	}
}

func FuzzVPSList(f *testing.F) {
	f.Add([]byte(`{"vps":[{"id":"1","configuration":{"price_day":9.73,"memory":2048},"software":{"license":[{"type":"ISP","billing":{"daily":{"price_day":1}}},{"type":"ISP"},{"type":"ISP","id":""}]}}],"total_count":1}`))
	f.Add([]byte(`{"vps":{"0":{"id":1},"10":{"id":2.5}},"total_count":"2"}`))
	f.Add([]byte(`{"vps":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var a vpsListAnswer
		if json.Unmarshal(body, &a) == nil {
			fuzzList(t, a.VPS, func(v vps) text { return v.ID }, func(v vps) pipeline.Resource { return vpsResource(v, names{}) })
		}
	})
}

func FuzzCloudList(f *testing.F) {
	f.Add([]byte(`{"service":[{"id":"1","type":"MYSQL5","mysql5":{"disk_used":"458227712","configuration":{"disk_size":20480}},"price_day":29}],"total_count":1}`))
	f.Add([]byte(`{"service":[{"id":"1","type":"S_3","s3":{"quota_used_size":-1},"price_day":0},{"id":"2","type":7,"mysql5":[]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var a cloudListAnswer
		if json.Unmarshal(body, &a) == nil {
			fuzzList(t, a.Service, func(c cloudService) text { return c.ID }, func(c cloudService) pipeline.Resource {
				r, _ := cloudResource(c, names{}, nil)
				return r
			})
		}
	})
}

func FuzzHistory(f *testing.F) {
	f.Add([]byte(`{"history":[{"date":"2026-01-03T00:00:00+03:00","type":"REMOVE","has_error":true},{"date":1767387600,"type":null}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var a historyAnswer
		if json.Unmarshal(body, &a) != nil {
			return
		}
		events, _ := historyEvents(a.History)
		for i, e := range events {
			if e.Kind == "" || e.Time.IsZero() || e.Time.Location() != time.UTC || i > 0 && e.Time.Before(events[i-1].Time) {
				t.Fatalf("events %+v", events)
			}
		}
	})
}

func FuzzStatistic(f *testing.F) {
	f.Add([]byte(`{"cpu":{"date":["2026-01-10T12:00:00+03:00","2026-01-10T12:01:00+03:00"],"value":[7.4,null]}}`))
	f.Add([]byte(`{"date":["2026-01-10 12:00:00"],"la1":["1e308"],"la5":[],"la15":null}`))
	f.Add([]byte(`{"data_rx":{"date":[1768035600],"value":[1,2,3]},"memory":{"date":[1768035600],"value":["1e400"]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var m map[string]json.RawMessage
		if json.Unmarshal(body, &m) != nil {
			return
		}
		for _, st := range statistics() {
			got, _, _ := parseStatistic(st, m)
			for _, ss := range got {
				for i, s := range ss {
					if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || i > 0 && !ss[i-1].Time.Before(s.Time) {
						t.Fatalf("%s: samples %+v", st.endpoint, ss)
					}
				}
			}
		}
	})
}

func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(`{"status":"success","answer":{"status":"success","result":[{"id":"1","fqdn":"a.ru","date_add":"2011-10-24 15:01:40"}]}}`))
	f.Add([]byte(`{"status":"success","answer":{"status":"error","errors":[{"error_code":7}]}}`))
	f.Add([]byte(`{"status":"error","error_code":"AUTH_ERROR"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		raw, err := openEnvelope(body)
		if err != nil {
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("result %q", raw)
		}
		bad := func(why string) error { return errors.New(why) }
		domains, _ := parseLegacyList(raw, domainKey, bad)
		zones, _ := parseZones(raw)
		for _, d := range domains {
			checkResource(t, domainResource(d, zones))
		}
		sites, _ := parseLegacyList(raw, func(v site) text { return v.ID }, bad)
		for _, v := range sites {
			checkResource(t, siteResource(v))
		}
		boxes, _ := parseLegacyList(raw, func(v mailbox) text { return v.Mailbox }, bad)
		for _, v := range boxes {
			checkResource(t, mailboxResource(v, "a.ru"))
		}
		databases, _ := parseLegacyList(raw, func(v hostingDB) text { return v.Name }, bad)
		for _, v := range databases {
			checkResource(t, hostingDBResource(v))
		}
		accounts, _ := parseLegacyList(raw, func(v ftpAccount) text { return v.Login }, bad)
		for _, v := range accounts {
			checkResource(t, ftpResource(v))
		}
		if info, ok := parseAccount(raw); ok {
			accountState(info, time.Unix(0, 0).UTC())
		}
	})
}

func FuzzExtras(f *testing.F) {
	f.Add([]byte(`{"snapshot":[{"id":"s","price_day":1.5,"size":"2048"}],"additional_ip":[{"ip":"192.0.2.1"}],"private_network":[{"id":1,"mask":"24"}],"page":{"projects":[{"id":"p","name":"P"}],"total_count":1},"regions":[{"id":"ru1"}],"bucket":[{"name":"b","storage_rate":0.1}],"success":{"price_day":22}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var s snapshotAnswer
		if json.Unmarshal(body, &s) == nil {
			fuzzList(t, s.Snapshot, func(v snapshot) text { return v.ID }, func(v snapshot) pipeline.Resource { return snapshotResource(v, names{}) })
		}
		var n networkAnswer
		if json.Unmarshal(body, &n) == nil {
			fuzzList(t, n.AdditionalIP, func(v additionalIP) text { return v.IP }, func(v additionalIP) pipeline.Resource { return addressResource(v, names{}) })
			fuzzList(t, n.PrivateNetwork, func(v privateNetwork) text { return v.ID }, func(v privateNetwork) pipeline.Resource { return networkResource(v, names{}) })
		}
		for _, into := range []any{new(projectsAnswer), new(regionAnswer), new(s3PriceAnswer), new(quoteAnswer), new(authAnswer)} {
			_ = json.Unmarshal(body, into) // it must not panic
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add("e30." + encode(`{"exp":1767387600,"iat":1767387000}`) + ".x")
	f.Add("..")
	f.Add("e30." + encode(`{"exp":1e300}`) + ".x")
	f.Fuzz(func(t *testing.T, value string) {
		tok := newToken(value, time.Unix(1767387000, 0), time.Unix(1767387000, 0))
		if tok.life < 0 || tok.life > maxTokenLife {
			t.Fatalf("life %s", tok.life)
		}
	})
}

func FuzzTime(f *testing.F) {
	f.Add("2026-01-10T12:00:00+03:00")
	f.Add("1768035600")
	f.Fuzz(func(t *testing.T, s string) {
		at, ok := parseTime(s)
		if ok && (at.Location() != time.UTC || at.Nanosecond() != 0 || at.Year() < 1990 || at.Year() > 2100) {
			t.Fatalf("%q is %s", s, at)
		}
	})
}
