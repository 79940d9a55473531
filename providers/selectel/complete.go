package selectel

import (
	"context"
	"time"

	"github.com/shopspring/decimal"
)

// recent is how far back hours may still be growing.
const recent = 6 * time.Hour

// wholeThrough tells up to which instant a day's rows are whole. The newest hour appears bit by bit: it counts when it adds up
// to Selectel's own total of the hour by project or, where that total cannot be had, when it has no fewer objects than the
// hour before. Rows of a growing hour are charges all the same, so that the ledger says what Selectel says; this instant
// tells that there will be more.
func (b *biller) wholeThrough(ctx context.Context, d span, rows []row) time.Time {
	hours := objectsByHour(rows)
	last := b.now().Truncate(time.Hour)
	if last.After(d.to) {
		last = d.to
	}
	newest := newestHour(hours)
	if newest.IsZero() {
		return latest(d.from, last.Add(-time.Hour))
	}
	sums := sumByHour(rows)
	from := latest(d.from, newest.Add(-recent))
	totals, err := b.consumption(ctx, b.rep, scopeTotals, byProject, from, d.to, b.task.Lang)
	b.rep.scope(scopeTotals).close(err)
	b.rep.scope(scopeTotals).found += int64(len(totals))
	told := sumByHour(totals)
	for hour := newest; !hour.Before(from); hour = hour.Add(-time.Hour) {
		if wholeHour(hour, err == nil, sums, told, hours) {
			return hour.Add(time.Hour)
		}
	}
	return from
}

func wholeHour(hour time.Time, totals bool, sums, told map[time.Time]decimal.Decimal, hours map[time.Time]int) bool {
	if totals {
		return sums[hour].Equal(told[hour])
	}
	return hours[hour] >= hours[hour.Add(-time.Hour)]
}

// objectsByHour counts the distinct objects of each hour.
func objectsByHour(rows []row) map[time.Time]int {
	seen := map[time.Time]map[*object]bool{}
	for i := range rows {
		h := seen[rows[i].hour]
		if h == nil {
			h = map[*object]bool{}
			seen[rows[i].hour] = h
		}
		h[rows[i].object] = true
	}
	out := make(map[time.Time]int, len(seen))
	for hour, objects := range seen {
		out[hour] = len(objects)
	}
	return out
}

func newestHour(hours map[time.Time]int) time.Time {
	var newest time.Time
	for h := range hours {
		newest = latest(newest, h)
	}
	return newest
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
