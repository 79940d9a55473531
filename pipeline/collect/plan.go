package collect

import (
	"cmp"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// defaultEvery is how often a feed is collected that does not say.
const defaultEvery = time.Hour

// Plan says which windows of a connection shall exist at now, by the store's clock, and when each is due. Windows that
// have nothing new to say since the last plan are left out; a zero since gives all of them.
//
// A feed of objects is planned as a snapshot: collecting that window lists the objects, which become windows of their own.
func Plan(feeds []pipeline.FeedSpec, zone *time.Location, c pipeline.Connection, now, since time.Time) []WindowPlan {
	var plans []WindowPlan
	for _, f := range feeds {
		if f.Every <= 0 {
			f.Every = defaultEvery
		}
		switch f.Grain {
		case pipeline.GrainHour, pipeline.GrainDay:
			plans = append(plans, planPeriods(f, zone, c.CreatedAt, now, since)...)
		case pipeline.GrainSnapshot, pipeline.GrainObject:
			plans = append(plans, planSnapshot(f, now))
		}
	}
	slices.SortStableFunc(plans, func(a, b WindowPlan) int { return cmp.Compare(a.Priority, b.Priority) })
	return plans
}

func planSnapshot(f pipeline.FeedSpec, now time.Time) WindowPlan {
	slot := now.UTC().Truncate(f.Every)
	hour := hourOf(slot)
	return WindowPlan{Feed: f.Feed, Grain: pipeline.GrainSnapshot, From: hour, To: hour.Add(time.Hour), DueAt: slot}
}

// planPeriods cuts time into windows: larger ones back from the day on which the connection was made, and the feed's own
// from that day on. So no instant is ever in two windows, however long the connection lives.
func planPeriods(f pipeline.FeedSpec, zone *time.Location, created, now, since time.Time) []WindowPlan {
	origin := dayOf(created, zone)
	next, nextPast := nextHour, nextDay
	if f.Grain == pipeline.GrainDay {
		next, nextPast = nextDay, nextMonth
	}
	var plans []WindowPlan
	add := func(from, end time.Time, next func(time.Time, *time.Location) time.Time) {
		for from.Before(end) {
			to := next(from, zone)
			if to.After(end) && end.Equal(origin) {
				to = end
			}
			if since.IsZero() || !to.Add(f.Restated).Before(since) {
				plans = append(plans, planPeriod(f, period{from, to}, now))
			}
			from = to
		}
	}
	if f.Backfill > 0 {
		add(dayOf(created.Add(-f.Backfill), zone), origin, nextPast)
	}
	add(origin, now, next)
	return plans
}

func planPeriod(f pipeline.FeedSpec, p period, now time.Time) WindowPlan {
	age := max(0, now.Sub(p.to))
	due := later(p.to.Add(f.Restated), p.to)
	if age == 0 || age < f.Restated {
		due = later(earlier(p.to, now), now.UTC().Truncate(intervalAt(f.Every, age)))
	}
	if p.to.After(now) {
		due = later(p.from, now.UTC().Truncate(f.Every))
	}
	return WindowPlan{Feed: f.Feed, Grain: f.Grain, From: p.from, To: p.to, DueAt: due, Priority: behind(f.Feed) + 1 + int(age/time.Hour)}
}

// behind puts usage behind all cost: clouds give it machine by machine, which takes long, and who connects a cloud looks for
// money first.
func behind(f pipeline.Feed) int {
	if f == pipeline.FeedUsage {
		return int(maxAge / time.Hour)
	}
	return 0
}

// intervalAt is how often a window of an age is collected again: the older, the rarer.
func intervalAt(every, age time.Duration) time.Duration {
	for every < age/10 {
		every *= 2
	}
	return every
}

func nextHour(t time.Time, zone *time.Location) time.Time {
	_, offset := t.In(zone).Zone()
	shift := time.Duration(offset) * time.Second
	return t.Add(shift).Truncate(time.Hour).Add(time.Hour - shift)
}

func nextDay(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone).UTC()
}

func nextMonth(t time.Time, zone *time.Location) time.Time { return monthOf(t, zone).to }

// planObjects makes a window of every object. One whose version was collected is left alone by the store.
func planObjects(feed pipeline.Feed, objects []pipeline.Object, now time.Time) []WindowPlan {
	plans := make([]WindowPlan, 0, len(objects))
	for _, o := range objects {
		age := max(0, now.Sub(o.Modified))
		plans = append(plans, WindowPlan{
			Feed: feed, Grain: pipeline.GrainObject, Object: o, DueAt: now, Priority: 1 + int(min(age, maxAge)/time.Hour),
		})
	}
	return plans
}

// maxAge bounds the age that priorities tell apart.
const maxAge = 10 * 365 * 24 * time.Hour
