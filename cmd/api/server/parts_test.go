package server

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
)

func TestUnmarshalStrict(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var v any
		err := unmarshalStrict([]byte(text), &v)
		if (err == nil) != (want == "") || (err != nil && !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	f(`{"a":1,"b":{"a":[{"a":"a"},{"a":"b"}]},"c":["a","a"]}`, "")
	f(`"x"`, "")
	f(` {} `, "")
	f(`{"a":1,"a":2}`, "a field is given twice: a")
	f(`{"a":{"b":1,"B":2}}`, "a field is given twice: B")
	f(`{"settings":{},"\u017fettings":{}}`, "a field is given twice")
	f(`{"a":1}}`, "something follows the JSON value")
	f(`{"a":1} {"a":1}`, "something follows the JSON value")
	f(`{"a":`, "the JSON cannot be read")
	f(`{"a":"\u0000"}`, "the text holds a zero byte")
	f("\"\xff\"", "the text is not UTF-8")
	f(strings.Repeat("[", 65)+strings.Repeat("]", 65), "the JSON is nested too deep")
	f(strings.Repeat("[", 64)+strings.Repeat("]", 64), "")
	f(``, "the JSON cannot be read")
}

func TestAcceptedLang(t *testing.T) {
	f := func(header string, want pipeline.Lang) {
		t.Helper()
		if got := acceptedLang(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
	f("", "")
	f("de-DE,fr;q=0.5", "")
	f("en", pipeline.English)
	f("en-US,en;q=0.9,ru;q=0.8", pipeline.English)
	f("en;q=0.2, ru-RU;q=0.7", pipeline.Russian)
	f("en;q=x, RU", pipeline.Russian)
	f("ru;q=0", "")
}

// TestHumaTexts checks that what huma says is said in Russian, values included.
func TestHumaTexts(t *testing.T) {
	f := func(en, ru string) {
		t.Helper()
		if got := humaText(en, pipeline.Russian); got != ru {
			t.Errorf("%q: %q, want %q", en, got, ru)
		}
		if got := humaText(en, pipeline.English); got != en {
			t.Errorf("%q in English: %q", en, got)
		}
	}
	f("expected number >= 1", "должно быть не меньше 1")
	f("expected number", "должно быть число")
	f("expected array length <= 3", "значений должно быть не больше 3")
	f("expected required property from to be present", "не указано обязательное поле from")
	f("expected string to be a decimal number such as 100000.50", "нужно: десятичное число, например 100000.50")
	f("a sentence of a later version", "a sentence of a later version")
	if got := humaText(`expected value to be one of "day, week, "`, pipeline.English); got != `expected value to be one of "day, week"` {
		t.Errorf("an empty choice is told: %s", got)
	}
}

func TestHarmless(t *testing.T) {
	f := func(location string, value, want any) {
		t.Helper()
		if got := harmless(location, value); got != want {
			t.Errorf("%s: %v, want %v", location, got, want)
		}
	}
	f("query.limit", "x", "x")
	f("body.step", "minute", "minute")
	f("body.top", 5.0, 5.0)
	f("body.settings.password", "x", nil)
	f("body.password", "x", nil)
	f("body.old", "x", nil)
	f("body", "the whole body", nil)
	f("body", map[string]any{"password": "x"}, nil)
	f("body.name", strings.Repeat("x", 101), nil)
}

func TestClientAddress(t *testing.T) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8")}
	f := func(ps proxies, remote, forwarded, want string) {
		t.Helper()
		r := &http.Request{RemoteAddr: remote, Header: http.Header{}}
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		if got, _ := ps.client(r); got.String() != want {
			t.Errorf("%s behind %s: %s, want %s", forwarded, remote, got, want)
		}
	}
	f(nil, "1.2.3.4:5", "6.6.6.6", "1.2.3.4")
	f(trusted, "1.2.3.4:5", "6.6.6.6", "1.2.3.4")
	f(trusted, "10.0.0.1:5", "6.6.6.6, 7.7.7.7", "7.7.7.7")
	f(trusted, "10.0.0.1:5", "6.6.6.6, 7.7.7.7, 10.1.1.1", "7.7.7.7")
	f(trusted, "10.0.0.1:5", "nonsense", "10.0.0.1")
	f(trusted, "10.0.0.1:5", "", "10.0.0.1")
	f(trusted, "[::ffff:10.0.0.1]:5", "2001:db8::1", "2001:db8::1")
}

func TestPeriodAround(t *testing.T) {
	f := func(period pipeline.Step, at, zone, from, to string) {
		t.Helper()
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		a, b := periodAround(period, instant, zone)
		if diff := cmp.Diff([]string{from, to}, []string{a.Format(time.RFC3339), b.Format(time.RFC3339)}); diff != "" {
			t.Errorf("%s around %s in %s:\n%s", period, at, zone, diff)
		}
	}
	f(pipeline.StepMonth, "2026-10-31T21:30:00Z", "Europe/Moscow", "2026-10-31T21:00:00Z", "2026-11-30T21:00:00Z")
	f(pipeline.StepMonth, "2026-10-31T20:30:00Z", "Europe/Moscow", "2026-09-30T21:00:00Z", "2026-10-31T21:00:00Z")
	f(pipeline.StepMonth, "2026-12-15T00:00:00Z", "UTC", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z")
	f(pipeline.StepWeek, "2026-11-22T23:00:00Z", "UTC", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z")
	f(pipeline.StepWeek, "2026-11-23T00:00:00Z", "UTC", "2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z")
	f(pipeline.StepDay, "2026-03-08T12:00:00Z", "America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z")
}

type sqlError string

func (e sqlError) Error() string    { return string(e) }
func (e sqlError) SQLState() string { return string(e) }

func TestLooksAway(t *testing.T) {
	f := func(err error, want bool) {
		t.Helper()
		if got := looksAway(err); got != want {
			t.Errorf("%v: %v, want %v", err, got, want)
		}
	}
	f(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, true)
	f(io.ErrUnexpectedEOF, true)
	f(sqlError("57P01"), true)
	f(sqlError("08006"), true)
	f(sqlError("53300"), true)
	f(sqlError("23505"), false)
	f(errors.New("syntax error"), false)
}

func TestConfigValidate(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		c := DefaultConfig()
		change(&c)
		if err := c.Validate(); (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.PublicURL = "https://infrazen.example.com" }, "")
	f(func(c *Config) { c.PublicURL = "infrazen.example.com" }, "public_url")
	f(func(c *Config) { c.PublicURL = "ftp://x" }, "public_url")
	f(func(c *Config) { c.TrustedProxies = []string{"10.0.0.1"} }, "trusted_proxies")
	f(func(c *Config) { c.CostTimeout = 0 }, "cost_timeout")
	f(func(c *Config) { c.SignInsPerEmail = 0 }, "sign-in limits")
}
