package analyze

import (
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
)

func d(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func ptr[T any](v T) *T { return &v }

func at(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

// hours gives so many hours up to through, each at the price that the function gives to its start in Moscow.
func hours(through time.Time, n int, price func(time.Time) string) []pipeline.BurnHour {
	moscow := time.FixedZone("MSK", 3*3600)
	out := make([]pipeline.BurnHour, 0, n)
	for i := n; i > 0; i-- {
		start := through.Add(-time.Duration(i) * time.Hour)
		out = append(out, pipeline.BurnHour{Start: start, Cost: d(price(start.In(moscow)))})
	}
	return out
}

func flat(price string) func(time.Time) string { return func(time.Time) string { return price } }

// account is one with a rule of two days to suspension and ten more to deletion, observed at the full hour to which its charges are whole.
func account(balance string, through time.Time, burn []pipeline.BurnHour) pipeline.PrepaidAccount {
	return pipeline.PrepaidAccount{
		ConnectionID: "c1", Name: "Бегет", Rule: &pipeline.Prepaid{SuspendedAfter: 48 * time.Hour, DeletedAfter: 240 * time.Hour},
		State: pipeline.AccountState{ObservedAt: through, Currency: "RUB", Balance: ptr(d(balance))}, Burn: burn, Through: through,
	}
}

func TestRunway(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00+03:00") // a Monday
	until := at(t, "2026-12-01T00:00:00+03:00")
	weekdays := func(t time.Time) string {
		if t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
			return "1"
		}
		return "2"
	}
	f := func(name string, a pipeline.PrepaidAccount, want string) {
		t.Helper()
		r := Runway(a, now, until)
		line := strings.Join([]string{
			string(r.State), string(r.Basis), "left " + r.Left.String(), "daily " + r.Daily.String(),
			"ends " + stamp(r.EndsAt), "off " + stamp(r.SuspendedAt), "gone " + stamp(r.DeletedAt), "top up " + r.TopUp.String(),
		}, ", ")
		if line != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, line, want)
		}
	}
	month := hours(now, 672, flat("2"))
	// 101 roubles at 2 an hour are 50.5 hours: Wednesday, half past two. To December there are 180 hours: 360 - 101.
	f("flat", account("101", now, month), "runs, weeks, left 101, daily 48, ends 11-25 14:30:00, off 11-27 14:30:00, gone 12-07 14:30:00, top up 259")
	// Monday noon to Saturday midnight are 108 hours at 2: 216 roubles. The 10 that remain last ten hours of Saturday.
	// To December: 216 + 48 + 24 hours of Monday... Monday 30 is a weekday: 216 + 48 + 48 = 312; 312 - 226 = 86. A day is 288/7.
	f("by hours of the week", account("226", now, hours(now, 672, weekdays)),
		"runs, weeks, left 226, daily 41.142857142857142857, ends 11-28 10:00:00, off 11-30 10:00:00, gone 12-10 10:00:00, top up 86")
	f("nothing is spent", account("5", now, hours(now, 672, flat("0"))), "idle, weeks, left 5, daily 0, ends , off , gone , top up 0")
	f("nothing is spent of nothing", account("0", now, hours(now, 48, flat("0"))), "idle, days, left 0, daily 0, ends , off , gone , top up 0")
	f("nothing is left", account("0", now, month), "out, weeks, left 0, daily 48, ends 11-23 12:00:00, off 11-25 12:00:00, gone 12-05 12:00:00, top up 360")
	f("a debt", account("-10.5", now, month), "out, weeks, left -10.5, daily 48, ends 11-23 12:00:00, off 11-25 12:00:00, gone 12-05 12:00:00, top up 371")
	f("one day known", account("48", now, hours(now, 24, flat("2"))), "runs, day, left 48, daily 48, ends 11-24 12:00:00, off 11-26 12:00:00, gone 12-06 12:00:00, top up 312")
	f("three hours known", account("48", now, hours(now, 3, flat("2"))), "runs, day, left 48, daily 48, ends 11-24 12:00:00, off 11-26 12:00:00, gone 12-06 12:00:00, top up 312")
	f("a fortune", account("1000000", now, month), "long, weeks, left 1000000, daily 48, ends , off , gone , top up 0")
	f("nothing known", account("48", now, nil), "no_history, , left 48, daily 0, ends , off , gone , top up 0")

	bonus := account("1", now, month)
	bonus.State.Bonus = ptr(d("100"))
	f("a bonus that does not pay", bonus, "runs, weeks, left 1, daily 48, ends 11-23 12:30:00, off 11-25 12:30:00, gone 12-05 12:30:00, top up 359")
	bonus.Rule = &pipeline.Prepaid{BonusPays: true}
	f("a bonus that pays, deletion not told", bonus, "runs, weeks, left 101, daily 48, ends 11-25 14:30:00, off 11-25 14:30:00, gone , top up 259")

	// The balance was seen at half past one in the night: half an hour at 2, then ten hours that are charged, five of them at 10.
	stale := account("200", now, hours(now, 672, func(t time.Time) string {
		if t.Day() == 23 && t.Month() == time.November && t.Hour() >= 7 {
			return "10"
		}
		return "2"
	}))
	stale.State.ObservedAt = at(t, "2026-11-23T01:30:00+03:00")
	if r := Runway(stale, now, until); r.Left.String() != "139" { // 200 - 1 - 5*2 - 5*10
		t.Errorf("left %s, want what remains after the charges since", r.Left)
	}
	postpaid, silent, foreign := account("1", now, month), account("1", now, month), account("1", now, nil)
	postpaid.Rule, silent.State.Balance, foreign.Foreign = nil, nil, []string{"USD"}
	f("billed afterwards", postpaid, "postpaid, , left 1, daily 0, ends , off , gone , top up 0")
	f("balance not told", silent, "no_balance, , left 0, daily 0, ends , off , gone , top up 0")
	f("charged in dollars", foreign, "currency, , left 1, daily 0, ends , off , gone , top up 0")
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(time.FixedZone("MSK", 3*3600)).Format("01-02 15:04:05")
}

// Four weeks at 4, 3, 1 and 2 an hour, each with half the weight of the next: the mean is (4+6+4+16)/15 = 2, the 10th percentile 1, the 90th 4.
func TestRunwayRange(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00+03:00")
	byWeek := func(prices ...string) []pipeline.BurnHour {
		out := hours(now, 168*len(prices), flat("0"))
		for i := range out {
			out[i].Cost = d(prices[i/168])
		}
		return out
	}
	r := Runway(account("60", now, byWeek("4", "3", "1", "2")), now, now)
	if got := stamp(r.EndsEarly) + " " + stamp(r.EndsAt) + " " + stamp(r.EndsLate); got != "11-24 03:00:00 11-24 18:00:00 11-26 00:00:00" {
		t.Errorf("the range is %s", got)
	}
	if r.DailyLow.String() != "24" || r.DailyHigh.String() != "96" || r.Daily.String() != "48" {
		t.Errorf("a day costs %s to %s, %s in the mean", r.DailyLow, r.DailyHigh, r.Daily)
	}
	// What was added yesterday is within the range before it is within the mean.
	grown := byWeek("1", "1", "1", "1")
	for i := len(grown) - 24; i < len(grown); i++ {
		grown[i].Cost = d("10")
	}
	r = Runway(account("240", now, grown), now, now)
	if r.DailyHigh.LessThan(d("239.99")) || !r.EndsEarly.Before(now.Add(24*time.Hour+time.Second)) {
		t.Errorf("a new server that costs 240 a day: at most %s a day, ends %s at the earliest", r.DailyHigh, stamp(r.EndsEarly))
	}
}

// An hour that was not collected is no hour that cost nothing.
func TestRunwayGap(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00+03:00")
	burn := hours(now, 336, flat("2"))
	burn = append(burn[:200:200], burn[260:]...)
	a := account("96", now, burn)
	a.State.ObservedAt = now.Add(-130 * time.Hour) // within the gap
	r := Runway(a, now, now)
	if r.Daily.String() != "48" || r.EndsAt != a.State.ObservedAt.Add(48*time.Hour) {
		t.Errorf("a day costs %s, ends %s", r.Daily, stamp(r.EndsAt))
	}
}

func TestRunwayCloudForecast(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00+03:00")
	a := account("480", now, hours(now, 672, flat("2")))
	a.State.DaysToSuspension, a.State.DailyRate = ptr(int64(10)), ptr(d("48"))
	if r := Runway(a, now, now); r.CloudEndsAt != r.EndsAt || !strings.Contains(r.Difference.RU, "меньше чем на\u00a0сутки") {
		t.Errorf("the same forecast: %s, %q", stamp(r.CloudEndsAt), r.Difference.RU)
	}
	a.State.DaysToSuspension, a.State.DailyRate, a.State.Bonus = ptr(int64(37)), ptr(d("12.66")), ptr(d("5"))
	r := Runway(a, now, now)
	for _, part := range []string{"12,66\u00a0₽", "48,00\u00a0₽", "Бонусы мы не\u00a0считаем", "целыми сутками"} {
		if !strings.Contains(r.Difference.RU, part) {
			t.Errorf("the difference does not say %q: %s", part, r.Difference.RU)
		}
	}
	if r.Difference.EN == "" || stamp(r.CloudEndsAt) != "12-30 12:00:00" {
		t.Errorf("%s %q", stamp(r.CloudEndsAt), r.Difference.EN)
	}
}

func TestRunwaysOrder(t *testing.T) {
	now := at(t, "2026-11-23T12:00:00+03:00")
	burn := hours(now, 48, flat("2"))
	named := func(name, balance string, change func(*pipeline.PrepaidAccount)) pipeline.PrepaidAccount {
		a := account(balance, now, burn)
		a.Name = name
		if change != nil {
			change(&a)
		}
		return a
	}
	list := Runways([]pipeline.PrepaidAccount{
		named("потом", "1", func(a *pipeline.PrepaidAccount) { a.Rule = nil }), named("много", "999", nil), named("мало", "9", nil),
		named("молчит", "1", func(a *pipeline.PrepaidAccount) { a.State.Balance = nil }), named("долг", "-1", nil),
		named("стоит", "9", func(a *pipeline.PrepaidAccount) { a.Burn = hours(now, 48, flat("0")) }),
	}, now, now)
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.Name
	}
	if got := strings.Join(names, " "); got != "долг мало много молчит стоит потом" {
		t.Errorf("the order is %s", got)
	}
}

// drawAccount is an account with any history and any balance of kopecks.
func drawAccount(t *rapid.T, now time.Time) pipeline.PrepaidAccount {
	n := rapid.IntRange(1, 800).Draw(t, "hours")
	prices := rapid.SliceOfN(rapid.Int64Range(0, 5000), 1, 40).Draw(t, "prices")
	burn := make([]pipeline.BurnHour, 0, n)
	for i := range n {
		if rapid.IntRange(0, 9).Draw(t, "gap") > 0 || i == 0 {
			burn = append(burn, pipeline.BurnHour{Start: now.Add(time.Duration(i-n) * time.Hour), Cost: decimal.New(prices[i%len(prices)], -2)})
		}
	}
	a := account("0", now, burn)
	a.State.Balance = ptr(decimal.New(rapid.Int64Range(-1000, 10_000_000).Draw(t, "balance"), -2))
	a.State.ObservedAt = now.Add(-time.Duration(rapid.IntRange(0, 90_000).Draw(t, "age")) * time.Second)
	return a
}

func TestRunwayProperties(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	endless := now.Add(100 * 365 * 24 * time.Hour)
	or := func(t time.Time) time.Time {
		if t.IsZero() {
			return endless
		}
		return t
	}
	rapid.Check(t, func(t *rapid.T) {
		a := drawAccount(t, now)
		until := now.Add(time.Duration(rapid.IntRange(1, 2000).Draw(t, "until")) * time.Hour)
		r := Runway(a, now, until)

		more := a
		more.State.Balance = ptr(a.State.Balance.Add(decimal.New(rapid.Int64Range(0, 100_000).Draw(t, "more"), -2)))
		if m := Runway(more, now, until); or(m.EndsAt).Before(or(r.EndsAt)) || or(m.EndsEarly).Before(or(r.EndsEarly)) || m.TopUp.GreaterThan(r.TopUp) {
			t.Fatalf("with more money it ends %s instead of %s", m.EndsAt, r.EndsAt)
		}
		if or(r.EndsEarly).After(or(r.EndsAt)) || or(r.EndsAt).After(or(r.EndsLate)) {
			t.Fatalf("the range is %s %s %s", r.EndsEarly, r.EndsAt, r.EndsLate)
		}
		if !r.TopUp.Equal(r.TopUp.Truncate(0)) || r.TopUp.IsNegative() {
			t.Fatalf("the top-up %s is no whole number", r.TopUp)
		}
		full := a
		full.State.Balance = ptr(a.State.Balance.Add(r.TopUp))
		if f := Runway(full, now, until); or(f.EndsAt).Before(until) {
			t.Fatalf("%s on top of %s lasts to %s only, not to %s", r.TopUp, a.State.Balance, f.EndsAt, until)
		}
		if r.TopUp.IsPositive() {
			short := a
			short.State.Balance = ptr(a.State.Balance.Add(r.TopUp).Sub(decimal.NewFromInt(1)))
			if s := Runway(short, now, until); !or(s.EndsAt).Before(until) {
				t.Fatalf("one rouble less than %s lasts to %s as well", r.TopUp, s.EndsAt)
			}
		}
	})
}

// Walking whole weeks at once ends at the same second as walking every hour.
func TestRunwayWeeks(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		a := drawAccount(t, now)
		p := profileOf(a.Burn)
		b := newBurn(&a, p.cells)
		got := b.ends(a.State.ObservedAt, now.Add(2000*time.Hour), *a.State.Balance)
		if !got.IsZero() && got.After(a.State.ObservedAt) && b.between(a.State.ObservedAt, got).GreaterThan(*a.State.Balance) {
			t.Fatalf("at %s %s are spent of %s", got, b.between(a.State.ObservedAt, got), *a.State.Balance)
		}
		if !got.IsZero() && !b.between(a.State.ObservedAt, got.Add(2*time.Second)).GreaterThan(*a.State.Balance) {
			t.Fatalf("two seconds after %s %s are spent of %s", got, b.between(a.State.ObservedAt, got.Add(2*time.Second)), *a.State.Balance)
		}
	})
}
