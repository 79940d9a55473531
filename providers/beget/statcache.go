package beget

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// statCache keeps answers of the wide periods, so that many past windows cost one request each.
type statCache struct {
	entries map[string]statEntry
	points  int
}

type statEntry struct {
	at   time.Time // by the cloud's clock
	data map[pipeline.MetricName][]statPoint
}

// statPoint is a sample without what is the same for all of an answer: a quarter of its size.
type statPoint struct {
	at    int64 // nanoseconds of Unix time
	value float64
}

// The cache's bounds: how old an answer may be, how long before an answer a window must have ended to be served from it
// (points may come late), and how many points are kept (16 MB).
const (
	statCacheAge    = 15 * time.Minute
	statSettled     = 5 * time.Minute
	statCachePoints = 1_000_000
)

func (c *statCache) get(key string, to, now time.Time) (points, bool) {
	e, ok := c.entries[key]
	if !ok || now.Sub(e.at) > statCacheAge || now.Before(e.at) || to.After(e.at.Add(-statSettled)) {
		return nil, false
	}
	out := make(points, len(e.data))
	for metric, kept := range e.data {
		samples := make([]pipeline.Sample, len(kept))
		for i, p := range kept {
			samples[i] = pipeline.Sample{Metric: metric, Time: time.Unix(0, p.at).UTC(), Value: p.value}
		}
		out[metric] = samples
	}
	return out, true
}

func (c *statCache) put(key string, p points, now time.Time) {
	for _, old := range c.entries[key].data {
		c.points -= len(old)
	}
	delete(c.entries, key)
	n := 0
	packed := make(map[pipeline.MetricName][]statPoint, len(p))
	for metric, samples := range p {
		n += len(samples)
		kept := make([]statPoint, len(samples))
		for i := range samples {
			kept[i] = statPoint{samples[i].Time.UnixNano(), samples[i].Value}
		}
		packed[metric] = kept
	}
	if c.entries == nil || c.points+n > statCachePoints {
		c.entries, c.points = map[string]statEntry{}, 0
	}
	c.entries[key] = statEntry{now, packed}
	c.points += n
}
