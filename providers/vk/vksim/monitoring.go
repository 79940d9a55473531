package vksim

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// kept is how long Monitoring keeps points.
const kept = 30 * 24 * time.Hour

// queryRange answers the PromQL queries that are a metric's name.
func (s *Server) queryRange(w http.ResponseWriter, r *http.Request) {
	s.open(func(w http.ResponseWriter, r *http.Request, a *world.Account) {
		q := r.URL.Query()
		start, err1 := strconv.ParseInt(q.Get("start"), 10, 64)
		end, err2 := strconv.ParseInt(q.Get("end"), 10, 64)
		step, err3 := time.ParseDuration(q.Get("step"))
		if err1 != nil || err2 != nil || err3 != nil || step < time.Minute || q.Get("namespace") != "mcs/vm" {
			write(w, http.StatusBadRequest, object{"status": "error", "errorType": "400", "error": "bad parameters"})
			return
		}
		if (end-start)/int64(step/time.Second) > 11_000 {
			write(w, http.StatusBadRequest, object{"status": "error", "errorType": "400", "error": "too many points"})
			return
		}
		result := []object{}
		for _, t := range s.things(a, world.Server) {
			if series := s.series(a, &t, q.Get("query"), start, end, step); series != nil {
				result = append(result, series)
			}
		}
		write(w, http.StatusOK, object{"status": "success", "data": object{"resultType": "matrix", "result": result}})
	})(w, r)
}

// series are the points of one machine; nil when it has none of that metric. Now and then a point is missing, or NaN.
func (s *Server) series(a *world.Account, t *world.Thing, query string, start, end int64, step time.Duration) object {
	name, labels := query, object{"__name__": query, "instance_id": t.ID}
	if s.conf.HostLabels {
		labels = object{"__name__": query, "host": t.Name}
	}
	value := s.metric(a, t, name)
	if value == nil {
		return nil
	}
	now := s.conf.Now()
	values := [][]any{}
	for at := start; at <= end; at += int64(step / time.Second) {
		instant := time.Unix(at, 0).UTC()
		if instant.After(now) || instant.Before(now.Add(-kept)) || instant.Before(t.Created) || at/60%17 == 5 {
			continue
		}
		v := strconv.FormatFloat(math.Round(value(instant)*1000)/1000, 'f', -1, 64)
		if at/60%23 == 7 {
			v = "NaN"
		}
		values = append(values, []any{at, v})
	}
	if len(values) == 0 {
		return nil
	}
	return object{"metric": labels, "values": values}
}

func (s *Server) metric(a *world.Account, t *world.Thing, name string) func(time.Time) float64 {
	cpu := func(at time.Time) float64 { return t.Load.At(a.Seed, t.ID, at) }
	switch {
	case t.Status != world.Running:
		return nil
	case strings.HasSuffix(name, "usage_active") && !s.conf.HostLabels:
		return cpu
	case strings.HasSuffix(name, "usage_idle"):
		return func(at time.Time) float64 { return 100 - cpu(at) }
	case strings.HasSuffix(name, "used_percent"):
		return func(at time.Time) float64 { return t.Load.MemoryAt(a.Seed, t.ID, at) }
	}
	return nil
}
