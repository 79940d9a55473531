package table

import (
	"errors"
	"regexp"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestParseDate(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	for _, c := range []struct {
		text  string
		order DateOrder
		want  string // RFC 3339 in UTC; empty when refused
		unit  dateUnit
		err   error
	}{
		{"2026-07-01", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"2026/7/1", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"20260701", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"01.07.2026", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"01.07.2026 г.", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"1.7.26", MonthFirst, "2026-06-30T21:00:00Z", dateAlone, nil},
		{"7/1/2026", MonthFirst, "2026-06-30T21:00:00Z", dateAlone, nil},
		{"1/7/2026", DayFirst, "2026-06-30T21:00:00Z", dateAlone, nil},
		{"1-7-2026", DayFirst, "2026-06-30T21:00:00Z", dateAlone, nil},
		{"7/13/2026", "", "2026-07-12T21:00:00Z", dateAlone, nil},
		{"13/7/2026", "", "2026-07-12T21:00:00Z", dateAlone, nil},
		{"7/7/2026", "", "2026-07-06T21:00:00Z", dateAlone, nil},
		{"1 июля 2026", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"1 июл 2026 года", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"Jul 1, 2026", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"01-Jul-2026", "", "2026-06-30T21:00:00Z", dateAlone, nil},
		{"2026-07", "", "2026-06-30T21:00:00Z", monthAlone, nil},
		{"07.2026", "", "2026-06-30T21:00:00Z", monthAlone, nil},
		{"Июль 2026 г.", "", "2026-06-30T21:00:00Z", monthAlone, nil},
		{"July 2026", "", "2026-06-30T21:00:00Z", monthAlone, nil},
		{"2026-07-01 10:30", "", "2026-07-01T07:30:00Z", wholeInstant, nil},
		{"01.07.2026 10:30:15", "", "2026-07-01T07:30:15Z", wholeInstant, nil},
		{"2026-07-01T10:30:15.000Z", "", "2026-07-01T10:30:15Z", wholeInstant, nil},
		{"2026-07-01T10:30:15+05:30", "", "2026-07-01T05:00:15Z", wholeInstant, nil},
		{"2026-07-01 10:30:15 UTC", "", "2026-07-01T10:30:15Z", wholeInstant, nil},
		{"01.07.2026 10:30 МСК", "", "2026-07-01T07:30:00Z", wholeInstant, nil},
		{"7/1/2026 1:05 PM", MonthFirst, "2026-07-01T10:05:00Z", wholeInstant, nil},
		{"7/1/2026 12:05 AM", MonthFirst, "2026-06-30T21:05:00Z", wholeInstant, nil},
		{"7/1/2026", "", "", 0, errDateAmbiguous},
		{"13/7/2026", MonthFirst, "", 0, errNotDate},
		{"30.02.2026", "", "", 0, errNotDate},
		{"2026-13-01", "", "", 0, errNotDate},
		{"1989-01-01", "", "", 0, errNotDate},
		{"2026-07-01 24:00", "", "", 0, errNotDate},
		{"2026-07-01 13:00 PM", "", "", 0, errNotDate},
		{"2026-07-01 10:00 MARS", "", "", 0, errNotDate},
		{"2026-07 10:00", "", "", 0, errNotDate},
		{"#N/A", "", "", 0, errExcel},
		{"Итого", "", "", 0, errNotDate},
		{"45170", "", "", 0, errNotDate},
		{"", "", "", 0, errNotDate},
	} {
		w, err := parseDate(c.text, c.order, moscow)
		if !errors.Is(err, c.err) {
			t.Errorf("%q: error %v, want %v", c.text, err, c.err)
			continue
		}
		if err == nil && (w.time.UTC().Format(time.RFC3339) != c.want || w.unit != c.unit) {
			t.Errorf("%q is %s (%d), want %s (%d)", c.text, w.time.UTC().Format(time.RFC3339), w.unit, c.want, c.unit)
		}
	}
	if w, err := parseDate("2026-07-01T10:30:15.25Z", "", moscow); err != nil || !w.cut {
		t.Error("a fraction of a second is not told", err)
	}
}

func TestExcelDate(t *testing.T) {
	moscow := zone(t, "Europe/Moscow")
	for _, c := range []struct {
		text string
		mac  bool
		want string
		unit dateUnit
	}{
		{"46204", false, "2026-06-30T21:00:00Z", dateAlone},
		{"44742", true, "2026-06-30T21:00:00Z", dateAlone},
		{"46204.5", false, "2026-07-01T09:00:00Z", wholeInstant},
		{"46204.416666666664", false, "2026-07-01T07:00:00Z", wholeInstant},
		{"1", false, "", 0},
		{"99999999999", false, "", 0},
		{"-5", false, "", 0},
		{"x", false, "", 0},
	} {
		w, err := excelDate(c.text, c.mac, moscow)
		if (err == nil) != (c.want != "") || (err == nil && (w.time.UTC().Format(time.RFC3339) != c.want || w.unit != c.unit)) {
			t.Errorf("%s: %s %d, %v; want %s", c.text, w.time.UTC().Format(time.RFC3339), w.unit, err, c.want)
		}
	}
}

// TestDateComesBack writes instants in every layout and reads them again.
func TestDateComesBack(t *testing.T) {
	loc := zone(t, "Asia/Vladivostok") // no change of clocks in these years
	rapid.Check(t, func(t *rapid.T) {
		want := time.Unix(rapid.Int64Range(1_500_000_000, 4_000_000_000).Draw(t, "unix"), 0).In(loc)
		l := rapid.SampledFrom([]struct {
			layout string
			order  DateOrder
		}{
			{time.RFC3339, ""},
			{"2006-01-02 15:04:05", ""},
			{"02.01.2006 15:04:05", ""},
			{"1/2/2006 3:04:05 PM", MonthFirst},
			{"2/1/2006 15:04:05", DayFirst},
			{"02-Jan-2006 15:04:05", ""},
			{"2006/01/02 15:04:05", ""},
			{"20060102 15:04:05", ""},
			{"02.01.06 15:04:05", DayFirst},
		}).Draw(t, "layout")
		w, err := parseDate(want.Format(l.layout), l.order, loc)
		if err != nil || !w.time.Equal(want) {
			t.Fatalf("%q is %s, %v; want %s", want.Format(l.layout), w.time, err, want)
		}
	})
}

// FuzzDate: what RFC 3339 reads, we read as the same instant; what we read comes back the same.
func FuzzDate(f *testing.F) {
	for _, s := range []string{
		"2024-09-01 00:00:00", "2024-09-01T00:00:00Z", "2024-09-01T00:00:00.123+03:00", "01.09.2024", "9/1/2024 1:00 PM", "1 мая 2024 г.", "May 2024", "2024-02-30", "20240901", "#N/A", "::", "T:1", "1/1/1:1",
	} {
		f.Add(s, "")
		f.Add(s, "mdy")
	}
	strict := regexp.MustCompile(`^[-0-9]{10}T\d\d:\d\d:\d\d(\.\d+)?(Z|[-+](0\d|1[0-4]):[0-5]\d)$`)
	f.Fuzz(func(t *testing.T, s, order string) {
		w, err := parseDate(s, DateOrder(order), time.UTC)
		want, stdErr := time.Parse(time.RFC3339Nano, s)
		if stdErr == nil && want.Year() >= 1990 && want.Year() <= 2100 && strict.MatchString(s) {
			if err != nil || !w.time.Equal(want.Truncate(time.Second)) {
				t.Fatalf("%q is %s, %v; want %s", s, w.time, err, want)
			}
		}
		if err != nil {
			return
		}
		again, err := parseDate(w.time.UTC().Format(time.RFC3339), "", time.UTC)
		if y := w.time.UTC().Year(); y >= 1990 && y <= 2100 && (err != nil || !again.time.Equal(w.time)) {
			t.Fatalf("%q: %s comes back as %s, %v", s, w.time, again.time, err)
		}
	})
}
