package yandexsim

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// The limits of one read.
const (
	maxSeries = 500
	maxPoints = 10_000
)

// series are those of a machine by the metric: how many, and what one of them is per percent of the CPU.
func series() map[string]struct {
	n     int
	scale float64
} {
	type s = struct {
		n     int
		scale float64
	}
	return map[string]s{
		"cpu_usage": {1, 1}, "disk.read_bytes": {2, 2048}, "disk.write_bytes": {2, 4096},
		"network_received_bytes": {1, 1024}, "network_sent_bytes": {1, 512},
	}
}

type readRequest struct {
	Query        string    `json:"query"`
	FromTime     time.Time `json:"fromTime"`
	ToTime       time.Time `json:"toTime"`
	Downsampling struct {
		GridInterval string `json:"gridInterval"`
		GapFilling   string `json:"gapFilling"`
	} `json:"downsampling"`
}

// readData answers a query for one metric of machines. A machine goes by its name when it has one, and only else by its ID.
func (s *Server) readData(w http.ResponseWriter, r *http.Request, t *tenant) {
	folder := r.URL.Query().Get("folderId")
	var in readRequest
	query := regexp.MustCompile(`^"?([a-z_.]+)"?\{service="compute", resource_id="([^"]*)"\}$`)
	if !t.hasFolder(folder) {
		refuse(w, http.StatusForbidden, 7, "Permission denied")
		return
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || !query.MatchString(in.Query) {
		refuse(w, http.StatusBadRequest, 3, "The query cannot be parsed")
		return
	}
	m := query.FindStringSubmatch(in.Query)
	ms, err := strconv.ParseInt(in.Downsampling.GridInterval, 10, 64)
	if err != nil || ms < 1000 || !in.FromTime.Before(in.ToTime) {
		refuse(w, http.StatusBadRequest, 3, "Wrong downsampling or time range")
		return
	}
	step := time.Duration(ms) * time.Millisecond
	ids := strings.Split(m[2], "|")
	var out []object
	points := 0
	for _, v := range t.account.Inventory(in.ToTime) {
		label := v.Name
		if label == "" {
			label = v.ID
		}
		if v.Kind != world.Server || v.ProjectID != folder || !slices.Contains(ids, label) {
			continue
		}
		for i := range series()[m[1]].n {
			one, n := s.seriesOf(t, v, m[1], label, i, &in, step)
			out = append(out, one)
			points += n
		}
	}
	if len(out) > maxSeries || points > maxPoints {
		refuse(w, http.StatusBadRequest, 3, "Too many series or points in the answer")
		return
	}
	answer := object{}
	if len(out) > 0 {
		answer["metrics"] = out
	}
	write(w, answer)
}

func (s *Server) seriesOf(t *tenant, v world.Thing, metric, label string, i int, in *readRequest, step time.Duration) (one object, points int) {
	var times []int64
	var values []any
	now := s.now()
	for at := in.FromTime.Truncate(step); at.Before(in.ToTime) && at.Before(now); at = at.Add(step) {
		if at.Before(in.FromTime) {
			continue
		}
		times = append(times, at.UnixMilli())
		switch dice := world.Dice(t.account.Seed, v.ID+"/gaps", at.Unix()).IntN(20); {
		case dice == 0:
			values = append(values, nil)
		case dice == 1:
			values = append(values, "NaN")
		case v.Status != world.Running:
			values = append(values, 0)
		default:
			values = append(values, v.Load.At(t.account.Seed, v.ID, at)*series()[metric].scale)
		}
	}
	labels := object{"service": "compute", "resource_id": label, "resource_type": "vm"}
	if series()[metric].n > 1 {
		labels["device"] = "vd" + string(rune('a'+i))
	}
	return object{"name": metric, "labels": labels, "type": "DGAUGE", "timeseries": object{"timestamps": times, "doubleValues": values}}, len(times)
}
