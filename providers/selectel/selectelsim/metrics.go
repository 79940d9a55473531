package selectelsim

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// aggregates is Gnocchi: CPU in percent under "aggregated", memory in MB under the server and the metric. Now and then a value is
// null. A brackets too many in the operations does no harm; an unknown server or a granularity that it does not have is a 404.
func (s *Server) aggregates(w http.ResponseWriter, r *http.Request, p *place) {
	var in struct{ Operations, Search string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		writeStatus(w, http.StatusBadRequest, object{"code": 400})
		return
	}
	q := r.URL.Query()
	step, err1 := strconv.Atoi(q.Get("granularity"))
	from, err2 := time.Parse("2006-01-02T15:04:05.000Z", q.Get("start"))
	to, err3 := time.Parse("2006-01-02T15:04:05.000Z", q.Get("stop"))
	if err1 != nil || err2 != nil || err3 != nil {
		writeStatus(w, http.StatusBadRequest, object{"code": 400})
		return
	}
	id, ok := strings.CutPrefix(in.Search, "id=")
	var found *world.Thing
	for _, t := range p.things(world.Server) {
		if ok && t.ID == id {
			found = &t
		}
	}
	if found == nil || step != 60 && step != 300 || found.Details[world.SelectelNoFine] != "" && step == 300 {
		writeStatus(w, http.StatusNotFound, object{"code": 404, "description": "Metrics can't being aggregated"})
		return
	}
	if strings.Contains(in.Operations, "memory.usage") {
		points := p.points(found, from, to, step, func(t time.Time) float64 {
			return found.Load.MemoryAt(p.account.Seed, id, t) / 100 * float64(found.MemoryMB)
		})
		write(w, object{"measures": object{id: object{"memory.usage": object{"mean": points}}}})
		return
	}
	points := p.points(found, from, to, step, func(t time.Time) float64 { return found.Load.At(p.account.Seed, id, t) })
	write(w, object{"measures": object{"aggregated": points}})
}

func (p *place) points(t *world.Thing, from, to time.Time, step int, value func(time.Time) float64) [][]any {
	grain := time.Duration(step) * time.Second
	out := [][]any{}
	for at := from.Truncate(grain); at.Before(to) && !at.After(p.now); at = at.Add(grain) {
		if at.Before(t.Created) {
			continue
		}
		var v any = math.Round(value(at)*100) / 100
		if world.Dice(p.account.Seed, t.ID+"/null", at.Unix()).IntN(61) == 0 {
			v = nil
		}
		out = append(out, []any{at.UTC().Format("2006-01-02T15:04:05+00:00"), float64(step), v})
	}
	return out
}
