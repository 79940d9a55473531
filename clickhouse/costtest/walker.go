package costtest

import (
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// walker walks through time in a zone.
type walker struct{ zone *time.Location }

// name is the same for two instants of one step, and differs from that of the step before.
func (w walker) name(step pipeline.Step, t time.Time) string {
	local := t.In(w.zone)
	switch step {
	case pipeline.StepHour:
		full := t.Add(-time.Duration(local.Minute())*time.Minute - time.Duration(local.Second())*time.Second).Truncate(time.Second)
		_, offset := local.Zone()
		return fmt.Sprint(full.Unix(), offset%3600)
	case pipeline.StepDay:
		return local.Format(time.DateOnly)
	case pipeline.StepWeek:
		year, week := local.ISOWeek()
		return fmt.Sprint(year, week)
	case pipeline.StepMonth:
		return local.Format("2006-01")
	}
	return ""
}

// begins tells whether a step begins at t.
func (w walker) begins(step pipeline.Step, t time.Time) bool {
	return t.Equal(t.Truncate(tick)) && w.name(step, t) != w.name(step, t.Add(-tick))
}

// back walks back from t, t included, until n steps have begun.
func (w walker) back(step pipeline.Step, t time.Time, n int) time.Time {
	at := t.Truncate(tick)
	for {
		if w.begins(step, at) {
			n--
		}
		if n == 0 {
			return at
		}
		at = at.Add(-tick)
	}
}

func (w walker) steps(step pipeline.Step, from, to time.Time) []time.Time {
	if step == pipeline.StepNone {
		return []time.Time{from}
	}
	var out []time.Time
	for at := w.back(step, from, 1); at.Before(to); at = at.Add(tick) {
		if w.begins(step, at) {
			out = append(out, at)
		}
	}
	return out
}

// previous is the start of the period before from, which ends there.
func (w walker) previous(from, to time.Time) time.Time {
	for _, step := range []pipeline.Step{pipeline.StepMonth, pipeline.StepWeek, pipeline.StepDay} {
		if !w.begins(step, from) || !w.begins(step, to) {
			continue
		}
		n := 0
		for at := from; at.Before(to); at = at.Add(tick) {
			if w.begins(step, at) {
				n++
			}
		}
		return w.back(step, from.Add(-tick), n)
	}
	return from.Add(-to.Sub(from))
}
