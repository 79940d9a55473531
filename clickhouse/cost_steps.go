package clickhouse

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// span is the time of a question: its period, the one before it when asked for, and the starts of its steps.
type span struct {
	from, to time.Time
	// before is the start of the previous period, which ends at from; equal to from when there is none.
	before time.Time
	// edges are the starts of the steps; the first is not after from.
	edges []time.Time
}

func spanOf(q *pipeline.CostQuery) (span, error) {
	zone, err := time.LoadLocation(q.Zone)
	if err != nil {
		return span{}, err
	}
	s := span{from: q.From, to: q.To, before: q.From, edges: edges(q, zone)}
	if q.Compare == pipeline.ComparePrevious {
		s.before = previous(q.From, q.To, zone)
	}
	return s, nil
}

// edges are the starts of the question's steps: the first is the start of the step that From lies in.
func edges(q *pipeline.CostQuery, zone *time.Location) []time.Time {
	if q.Step == pipeline.StepNone {
		return []time.Time{q.From.UTC()}
	}
	var out []time.Time
	for at := stepStart(q.From, q.Step, zone); at.Before(q.To); at = stepAfter(at, q.Step, zone) {
		out = append(out, at.UTC())
	}
	return out
}

// stepStart is the first instant of the step that t lies in.
func stepStart(t time.Time, step pipeline.Step, zone *time.Location) time.Time {
	local := t.In(zone)
	y, m, d := local.Date()
	switch step {
	case pipeline.StepHour:
		return hourStart(local)
	case pipeline.StepWeek:
		return dayStart(y, m, d-(int(local.Weekday())+6)%7, zone)
	case pipeline.StepMonth:
		return dayStart(y, m, 1, zone)
	default:
		return dayStart(y, m, d, zone)
	}
}

// stepAfter is the start of the step that follows the one starting at t. A day that a zone has left out, when it moved
// over the date line, is no step.
func stepAfter(t time.Time, step pipeline.Step, zone *time.Location) time.Time {
	local := t.In(zone)
	y, m, d := local.Date()
	for n := 1; ; n++ {
		var next time.Time
		switch step {
		case pipeline.StepHour:
			return hourAfter(local)
		case pipeline.StepWeek:
			next = dayStart(y, m, d-(int(local.Weekday())+6)%7+7*n, zone)
		case pipeline.StepMonth:
			next = dayStart(y, m+time.Month(n), 1, zone)
		default:
			next = dayStart(y, m, d+n, zone)
		}
		if next.After(t) {
			return next
		}
	}
}

// pastHour is how far the clock on the wall is past the full hour.
func pastHour(local time.Time) time.Duration {
	_, minute, second := local.Clock()
	return time.Duration(minute)*time.Minute + time.Duration(second)*time.Second + time.Duration(local.Nanosecond())
}

// hourStart is the last full hour on the wall. Where clocks were moved by a part of an hour since, it is the instant of that.
func hourStart(local time.Time) time.Time {
	full := local.Add(-pastHour(local))
	if moved, _ := local.ZoneBounds(); !moved.IsZero() && moved.After(full) {
		return moved
	}
	return full
}

// hourAfter is the next full hour on the wall, or when clocks are moved by a part of an hour before it, the instant of that.
func hourAfter(local time.Time) time.Time {
	full := local.Add(time.Hour - pastHour(local))
	if _, moves := local.ZoneBounds(); !moves.IsZero() && moves.Before(full) {
		return moves
	}
	return full
}

// dayStart is the first instant of a date in a zone, be it midnight or, where clocks are moved at midnight, not. A date that
// the zone has left out starts with the next one. Days and months out of range count on, as in [time.Date].
func dayStart(y int, m time.Month, d int, zone *time.Location) time.Time {
	date := time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	first := time.Time{}
	try := func(t time.Time) {
		if !localDate(t, zone).Before(date) && (first.IsZero() || t.Before(first)) {
			first = t
		}
	}
	for _, near := range []time.Time{date.Add(-36 * time.Hour), date, date.Add(36 * time.Hour)} {
		_, offset := near.In(zone).Zone()
		try(date.Add(-time.Duration(offset) * time.Second))
		start, end := near.In(zone).ZoneBounds()
		if !start.IsZero() {
			try(start)
		}
		if !end.IsZero() {
			try(end)
		}
	}
	return first.In(zone)
}

// localDate is the date on which t falls in the zone, as midnight in UTC.
func localDate(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// previous is the start of the period before, which ends at from: as many months back when both ends are first days of
// months, as many days when both are starts of days, else as long.
func previous(from, to time.Time, zone *time.Location) time.Time {
	first, last := localDate(from, zone), localDate(to, zone)
	y, m, d := first.Date()
	if !dayStart(y, m, d, zone).Equal(from) || !dayStart(last.Year(), last.Month(), last.Day(), zone).Equal(to) {
		return from.Add(-to.Sub(from))
	}
	if first.Day() == 1 && last.Day() == 1 {
		months := 12*(last.Year()-first.Year()) + int(last.Month()-first.Month())
		return dayStart(y, m-time.Month(months), 1, zone)
	}
	return dayStart(y, m, d-int(last.Sub(first)/(24*time.Hour)), zone)
}
