package world

import (
	"math"
	"time"
)

// Pattern is how a load goes over a week, in Moscow time.
type Pattern string

// The patterns.
const (
	Steady    Pattern = "steady"
	Daily     Pattern = "daily" // busy by day, less so at weekends
	Nightly   Pattern = "nightly"
	WorkHours Pattern = "work_hours" // idle outside them
	Idle      Pattern = "idle"
)

// Load is how busy a machine is.
type Load struct {
	Pattern Pattern
	// Peak and Base are percent of the CPU at the busiest and the quietest hour of the week, Memory percent of the memory.
	Peak, Base, Memory float64
	// Noise is the standard deviation of a sample half way between base and peak, in percent of the CPU; a quiet hour has less,
	// a busy one more. Noise is skewed: mostly a little below, now and then far above, and it lasts: part of it goes away
	// within a minute, part within half an hour, part within some hours.
	Noise float64
	// Bursts are how many times a day, on average, the machine is busy for 5 to 45 minutes whatever the pattern says.
	Bursts float64
	// Episodes multiply the load for a while: what incidents do.
	Episodes []Episode
}

// Episode multiplies the load from an instant to another. Growth makes the factor grow from 1 to Factor over the time.
type Episode struct {
	From, To time.Time // a zero To never comes
	Factor   float64
	Growth   bool
}

// At is the load at an instant in percent of the CPU, between 0 and 100. It is the same at every call.
func (l Load) At(seed uint64, id string, t time.Time) float64 {
	key := keyOf(seed, id)
	v := l.Base + (l.Peak-l.Base)*l.Pattern.shape(t)
	if l.Noise > 0 {
		middle := max((l.Base+l.Peak)/2, 0.1)
		v += l.Noise * min(max(v/middle, 0.2), 2) * skewed(key, t)
	}
	if l.Bursts > 0 {
		v += (95 - v) * l.burst(key, t)
	}
	for _, e := range l.Episodes {
		v *= e.factor(t)
	}
	return math.Round(min(max(v, 0), 100)*1000) / 1000
}

// MemoryAt is the memory in use at an instant in percent of the whole.
func (l Load) MemoryAt(seed uint64, id string, t time.Time) float64 {
	key := keyOf(seed, id) + 1
	v := l.Memory * (0.9 + 0.1*l.Pattern.shape(t)) * (1 + 0.04*wave(key, t, 6*time.Hour))
	v += 0.3 * white(key, t)
	return math.Round(min(max(v, 0), 100)*1000) / 1000
}

// shape is the share of the way from base to peak at an instant, 0 to 1.
func (p Pattern) shape(t time.Time) float64 {
	local := t.Unix() + 3*60*60
	hour := float64(local-floorDiv(local, 86400)*86400) / 3600
	weekday := floorDiv(local, 86400) + 4 // 1 January 1970 was a Thursday
	weekday -= floorDiv(weekday, 7) * 7
	weekend := weekday == 0 || weekday == 6
	day := (1 + math.Cos((hour-15)/24*2*math.Pi)) / 2
	switch p {
	case Daily:
		if weekend {
			day *= 0.6
		}
		return day
	case Nightly:
		if hour < 6 {
			return 1
		}
		return 0.05
	case WorkHours:
		if weekend || hour < 9 || hour >= 19 {
			return 0
		}
		return 0.6 + 0.4*day
	case Idle:
		return 0
	}
	return 0.5
}

func (e Episode) factor(t time.Time) float64 {
	if t.Before(e.From) || !e.To.IsZero() && !t.Before(e.To) {
		return 1
	}
	if !e.Growth || e.To.IsZero() {
		return e.Factor
	}
	return 1 + (e.Factor-1)*float64(t.Sub(e.From))/float64(e.To.Sub(e.From))
}
