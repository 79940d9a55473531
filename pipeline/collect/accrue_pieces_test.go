package collect

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Whatever the first day and the last one, the pieces are whole days (or hours of one), without a gap or an overlap, and two
// that begin on one day and have the same length are the same piece of the calendar.
func TestPiecesCoverWholeDaysAlikeWheneverTheyAreCut(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		first := time.Date(2026, 1, rapid.IntRange(1, 300).Draw(t, "first"), 0, 0, 0, 0, zone)
		through := first.Add(time.Duration(rapid.Int64Range(1, 100*24*3600).Draw(t, "seconds")) * time.Second)
		lines, most := rapid.IntRange(0, 300).Draw(t, "lines of an hour"), rapid.IntRange(100, 50_000).Draw(t, "most")
		end := first.UTC()
		for _, p := range pieces(period{first.UTC(), through.UTC()}, zone, lines, most) {
			if !p.from.Equal(end) || !p.to.After(p.from) {
				t.Fatalf("the piece %v follows on %s", p, end)
			}
			end = p.to
			if p.to.Sub(p.from) <= 24*time.Hour {
				continue
			}
			days := int(p.to.Sub(p.from) / (24 * time.Hour))
			if days*24*lines > most || days&(days-1) != 0 || dayNumber(p.from, zone)%days != 0 {
				t.Fatalf("the piece %v of %d days with %d lines an hour is too large or lies elsewhere than others of its size", p, days, lines)
			}
		}
		if want := nextDay(through.Add(-time.Nanosecond), zone); !end.Equal(want) {
			t.Fatalf("the pieces end at %s, want %s", end, want)
		}
	})
}

func TestPiecesOfAFewResourcesAreFew(t *testing.T) {
	from := time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	if got := len(pieces(period{from, from.AddDate(0, 0, 90)}, time.UTC, 29, accruedAtOnce)); got > 12 {
		t.Errorf("90 days of 29 lines an hour are %d pieces", got)
	}
}
