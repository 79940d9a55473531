package world

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
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
	// Noise is the standard deviation of a sample, in percent of the CPU.
	Noise float64
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
	v := l.Base + (l.Peak-l.Base)*l.Pattern.shape(t)
	for _, e := range l.Episodes {
		v *= e.factor(t)
	}
	if l.Noise > 0 {
		v += l.Noise * Dice(seed, id+"/cpu", t.Unix()).NormFloat64()
	}
	return math.Round(min(max(v, 0), 100)*1000) / 1000
}

// MemoryAt is the memory in use at an instant in percent of the whole.
func (l Load) MemoryAt(seed uint64, id string, t time.Time) float64 {
	v := l.Memory * (0.9 + 0.1*l.Pattern.shape(t))
	v += Dice(seed, id+"/memory", t.Unix()).Float64()
	return math.Round(min(max(v, 0), 100)*1000) / 1000
}

// shape is the share of the way from base to peak at an instant, 0 to 1.
func (p Pattern) shape(t time.Time) float64 {
	local := t.In(Moscow())
	hour := float64(local.Hour()) + float64(local.Minute())/60
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
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

// Dice are the chances of one thing at one instant: the same at every call.
func Dice(seed uint64, name string, at int64) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%d/%s/%d", seed, name, at) // a hash takes everything
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
