package begetsim

import (
	"math"
	"net/http"
	"time"
)

// window is how far back a period reaches and how far apart its points are.
type window struct{ long, step time.Duration }

func windows() map[string]window {
	return map[string]window{
		"HOUR": {time.Hour, time.Minute}, "DAY": {24 * time.Hour, 10 * time.Minute},
		"WEEK": {7 * 24 * time.Hour, time.Hour}, "MONTH": {30 * 24 * time.Hour, time.Hour},
	}
}

// load is what a machine or a database does.
type load struct {
	id              string
	pattern         Pattern
	cpu, memory     float64 // percent at the busiest hour
	cores, memoryMB int64
	diskMB          int64
	born            time.Duration
	live            *live
}

func (s *Server) vpsStatistic(w http.ResponseWriter, r *http.Request, a *Account) {
	for _, m := range s.look(a).machines {
		if m.ID == r.PathValue("id") {
			l := load{m.ID, m.Pattern, m.Load, m.Memory, m.CPU, m.MemoryMB, m.DiskMB, m.Created, m.live}
			if m.Status == "STOPPED" || m.Archived {
				l.pattern, l.cpu, l.memory = Idle, 0, 0
			}
			s.statistic(w, r, l)
			return
		}
	}
	notFound(w)
}

func (s *Server) cloudStatistic(w http.ResponseWriter, r *http.Request, a *Account) {
	for _, v := range s.look(a).services {
		engine := map[string]string{"MYSQL": "mysql", "POSTG": "postgresql"}[(v.Type + "_____")[:5]]
		if v.ID == r.PathValue("id") && engine == r.PathValue("engine") {
			s.statistic(w, r, load{v.ID, Daily, v.Load, v.Memory, v.CPU, v.MemoryMB, v.DiskMB, v.Created, v.live})
			return
		}
	}
	notFound(w)
}

// statistic answers with a period's points. Now and then a value is null, and times outnumber values.
func (s *Server) statistic(w http.ResponseWriter, r *http.Request, l load) {
	win, ok := windows()[r.URL.Query().Get("period")]
	if !ok {
		win = windows()["HOUR"]
	}
	times := s.times(win, l)
	line := func(name string) object {
		dates, values := s.line(times, l, name)
		return object{"date": dates, "value": values}
	}
	switch r.PathValue("endpoint") {
	case "cpu":
		write(w, object{"cpu": line("cpu")})
	case "memory":
		write(w, object{"memory": line("memory")})
	case "disk-usage":
		write(w, object{"disk_usage": line("disk_usage")})
	case "disk":
		write(w, object{"data_read": line("data_read"), "data_write": line("data_write")})
	case "network":
		write(w, object{
			"data_rx": line("data_rx"), "data_tx": line("data_tx"),
			"data_rx_private": line("data_rx_private"), "data_tx_private": line("data_tx_private"),
		})
	case "load-average":
		dates, la1 := s.line(times, l, "la1")
		_, la5 := s.line(times, l, "la5")
		_, la15 := s.line(times, l, "la15")
		write(w, object{"date": dates, "la1": la1, "la5": la5, "la15": la15})
	default:
		notFound(w)
	}
}

// times are the instants of a period's points, oldest first, none before the machine was made.
func (s *Server) times(win window, l load) []time.Time {
	now := s.now()
	from := now.Add(-win.long)
	if born := s.conf.Start.Add(l.born); born.After(from) {
		from = born
	}
	out := []time.Time{}
	for t := from.Truncate(win.step).Add(win.step); !t.After(now); t = t.Add(win.step) {
		out = append(out, t)
	}
	return out
}

func (s *Server) line(times []time.Time, l load, name string) (dates []string, values []any) {
	dates, values = []string{}, []any{}
	for _, t := range times {
		dates = append(dates, t.In(moscow()).Format(time.RFC3339))
		if s.dice(l.id+"/null/"+name, t.Unix()).IntN(97) == 0 {
			values = append(values, nil)
			continue
		}
		values = append(values, math.Round(s.value(l, name, t)*100)/100)
	}
	if len(values) > 3 && s.dice(l.id+"/short/"+name, times[0].Unix()).IntN(5) == 0 {
		values = values[:len(values)-1]
	}
	return dates, values
}

// value is what is measured at an instant: the same at every call and in every period.
func (s *Server) value(l load, name string, t time.Time) float64 {
	cpu, memory := s.busy(l, name, t)
	switch name {
	case "cpu":
		return cpu
	case "memory":
		return memory
	case "disk_usage":
		return float64(l.diskMB) * (0.4 + 0.05*math.Sin(float64(t.Unix())/864000))
	case "la1", "la5", "la15":
		return cpu / 100 * float64(l.cores)
	case "data_rx_private", "data_tx_private":
		return cpu * 1000
	}
	return cpu * 12000
}

// busy is the CPU in percent and the memory in MB that are used at an instant.
func (s *Server) busy(l load, name string, t time.Time) (cpu, memory float64) {
	if l.live != nil {
		cpu, memory = l.live.at(t)
		return cpu, memory / 100 * float64(l.memoryMB)
	}
	busy := l.pattern.busy(t) * (0.85 + 0.3*s.dice(l.id+"/"+name, t.Unix()).Float64())
	return min(l.cpu*busy, 100), l.memory * (0.8 + 0.2*l.pattern.busy(t)) / 100 * float64(l.memoryMB)
}

// busy is the share of the busiest hour's load.
func (p Pattern) busy(t time.Time) float64 {
	local := t.In(moscow())
	hour := float64(local.Hour()) + float64(local.Minute())/60
	weekend := local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	day := 0.25 + 0.75*math.Pow(math.Max(0, math.Sin((hour-6)/17*math.Pi)), 1.5)
	switch p {
	case Daily:
		if weekend {
			return day * 0.6
		}
		return day
	case Nightly:
		if hour >= 1 && hour < 5 {
			return 1
		}
		return 0.06
	case WorkHours:
		if !weekend && hour >= 9 && hour < 19 {
			return day
		}
		return 0.03
	case Idle:
		return 0.05
	}
	return 0.9
}
