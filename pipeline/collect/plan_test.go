package collect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

func plansText(plans []collect.WindowPlan) []string {
	var out []string
	for _, p := range plans {
		const f = "01-02T15:04"
		out = append(out, fmt.Sprintf("%s %s %s..%s due %s priority %d", p.Feed, p.Grain, p.From.In(moscow).Format(f), p.To.In(moscow).Format(f), p.DueAt.In(moscow).Format(f), p.Priority))
	}
	return out
}

func TestPlan(t *testing.T) {
	feeds := []pipeline.FeedSpec{
		{Feed: pipeline.FeedInventory, Grain: pipeline.GrainSnapshot, Every: 15 * time.Minute},
		{Feed: pipeline.FeedUsage, Grain: pipeline.GrainHour, Every: 30 * time.Minute, Restated: 2 * time.Hour, Backfill: 36 * time.Hour},
		{Feed: pipeline.FeedFiles, Grain: pipeline.GrainObject, Every: time.Hour},
	}
	c := pipeline.Connection{CreatedAt: at("2026-03-05 01:30:00")}
	got := plansText(collect.Plan(feeds, moscow, c, at("2026-03-05 03:50:00"), time.Time{}))
	want := []string{
		"inventory snapshot 03-05T03:00..03-05T04:00 due 03-05T03:45 priority 0",
		"files snapshot 03-05T03:00..03-05T04:00 due 03-05T03:00 priority 0",
		"usage hour 03-05T02:00..03-05T03:00 due 03-05T03:30 priority 87601",
		"usage hour 03-05T03:00..03-05T04:00 due 03-05T03:30 priority 87601",
		"usage hour 03-05T01:00..03-05T02:00 due 03-05T03:30 priority 87602",
		"usage hour 03-05T00:00..03-05T01:00 due 03-05T03:00 priority 87603",
		"usage hour 03-04T00:00..03-05T00:00 due 03-05T02:00 priority 87604",
		"usage hour 03-03T00:00..03-04T00:00 due 03-04T02:00 priority 87628",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// Every instant from the backfill's first day to now is in exactly one window of the feed, however often and whenever it
// was planned, and nothing is due in the future.
func TestPlansHaveNoGapsAndNoOverlaps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Moscow", "America/New_York", "Asia/Kolkata"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		spec := pipeline.FeedSpec{
			Feed: pipeline.FeedCharges, Grain: rapid.SampledFrom([]pipeline.Grain{pipeline.GrainHour, pipeline.GrainDay}).Draw(t, "grain"),
			Every:    time.Duration(rapid.IntRange(10, 1500).Draw(t, "every")) * time.Minute,
			Restated: time.Duration(rapid.IntRange(0, 100).Draw(t, "restated")) * time.Hour,
			Backfill: time.Duration(rapid.IntRange(0, 2000).Draw(t, "backfill")) * time.Hour,
		}
		c := pipeline.Connection{CreatedAt: time.Unix(rapid.Int64Range(1_760_000_000, 1_790_000_000).Draw(t, "created"), 0)}
		windows := map[int64]collect.WindowPlan{}
		now, since := c.CreatedAt, time.Time{}
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 200), 1, 5).Draw(t, "steps") {
			now = now.Add(time.Duration(step)*time.Hour + time.Minute)
			for _, p := range collect.Plan([]pipeline.FeedSpec{spec}, zone, c, now, since) {
				if p.DueAt.After(now) && p.To.Add(spec.Restated).Before(now) || p.From.After(now) {
					t.Fatalf("%v is planned too early at %s", p, now)
				}
				windows[p.From.Unix()] = p
			}
			since = now
		}
		y, m, d := c.CreatedAt.Add(-spec.Backfill).In(zone).Date()
		at := time.Date(y, m, d, 0, 0, 0, 0, zone)
		for n := 0; n < len(windows); n++ {
			p, ok := windows[at.Unix()]
			if !ok {
				t.Fatalf("no window begins at %s", at)
			}
			at = p.To
		}
		if at.Before(now) {
			t.Fatalf("the windows end at %s, before now, %s", at, now)
		}
	})
}

func TestBackoff(t *testing.T) {
	b := collect.DefaultBackoff()
	f := func(want time.Duration, attempt int, random float64, faults ...pipeline.Fault) {
		t.Helper()
		list := make([]*pipeline.Fault, len(faults))
		for i := range faults {
			list[i] = &faults[i]
		}
		if got := b.After(attempt, list, random); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	down := pipeline.Fault{Code: pipeline.FaultUnavailable, Retry: true}
	f(30*time.Second, 1, 0, down)
	f(4*time.Minute, 4, 0, down)
	f(30*time.Minute, 50, 0, down)
	f(33*time.Second, 1, 0.5, down)
	f(time.Hour, 1, 0, pipeline.Fault{Code: pipeline.FaultThrottled, Retry: true, RetryAfter: time.Hour})
	f(30*time.Minute, 1, 0, pipeline.Fault{Code: pipeline.FaultCredentials, Retry: true})
	f(30*time.Minute, 1, 0, pipeline.Fault{Code: pipeline.FaultMalformed})
	f(30*time.Second, 1, 0, pipeline.Fault{Code: pipeline.FaultForbidden}, down)
}
