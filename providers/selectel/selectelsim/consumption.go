package selectelsim

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// naive is Moscow time without an offset.
const naive = "2006-01-02T15:04:05"

func moscow() *time.Location { return world.Moscow() }

// groupings are those of the published list and the one that the panel uses.
func groupings() []string {
	return []string{"project", "object", "metric", "project_metric", "region_metric", "object_metric", "project_object_region_metric"}
}

// consumption answers a question of the statistics.
func (s *Server) consumption(w http.ResponseWriter, r *http.Request, a *world.Account) {
	q := r.URL.Query()
	for _, key := range q["provider_keys"] {
		if !s.known(key) {
			writeStatus(w, http.StatusUnprocessableEntity, object{
				"status": "error", "code": "UNPROCESSABLE_ENTITY", "error": object{"provider_keys": []string{"Not a valid choice: '" + key + "'."}},
			})
			return
		}
	}
	from, err1 := time.ParseInLocation(naive, q.Get("start"), moscow())
	last, err2 := time.ParseInLocation(naive, q.Get("end"), moscow())
	group, period := q.Get("group_type"), q.Get("period_group_type")
	if err1 != nil || err2 != nil || !slices.Contains(groupings(), group) || !slices.Contains([]string{"hour", "day", "month", "all"}, period) || q.Get("locale") == "" {
		writeStatus(w, http.StatusBadRequest, object{"status": "error", "code": "BAD_REQUEST", "error": "bad parameter"})
		return
	}
	to := last.Truncate(time.Hour).Add(time.Hour) // the hour that the end lies in counts
	rows := s.Rows(a, from.UTC(), to.UTC(), s.now())
	if group == "project" {
		rows = onlyWhole(a, s, from.UTC(), to.UTC())
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return !slices.Contains(q["provider_keys"], Service(r.Kind)) })
	w.Header().Set("Content-Type", "application/json")
	out := bufio.NewWriter(w)
	renderRows(out, a, grouped(rows, group, period, from))
	if err := out.Flush(); err != nil {
		return // the client has gone
	}
}

// onlyWhole are the rows of the totals: what is late in the detail is in them at once.
func onlyWhole(a *world.Account, s *Server, from, to time.Time) []Row {
	now := s.now()
	rows := s.Rows(a, from, to, time.Time{})
	visible := map[string]bool{}
	for _, l := range a.Bill(from, to, now) {
		visible[l.Hour.String()+l.ResourceID] = true
	}
	return slices.DeleteFunc(rows, func(r Row) bool { return !visible[r.Hour.String()+r.ResourceID] })
}

// wire is a row as it is sent; parts that a grouping lacks are null.
type wire struct {
	Account string      `json:"account_id"`
	Key     string      `json:"provider_key"`
	Value   int64       `json:"value"`
	Period  string      `json:"period"`
	End     string      `json:"provision_end,omitempty"`
	Project *wireID     `json:"project"`
	Object  *wireObject `json:"object"`
	Metric  *wireMetric `json:"metric"`
}

type wireID struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type wireObject struct {
	ID         *string `json:"id"`
	Name       *string `json:"name"`
	Type       string  `json:"type"`
	ParentID   *string `json:"parent_id"`
	ParentName string  `json:"parent_name,omitempty"`
}

type wireMetric struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Quantity json.Number `json:"quantity"`
	Unit     string      `json:"unit"`
	Region   *string     `json:"region"`
}

// groupKey is what rows are added up by.
type groupKey struct {
	bucket                     time.Time
	key, project, object, metr string
}

type group struct {
	Row
	key      groupKey
	grouping string
}

// grouped adds rows up.
func grouped(rows []Row, grouping, period string, from time.Time) []*group {
	held := map[groupKey]*group{}
	out := make([]*group, 0, len(rows))
	for i := range rows {
		r := rows[i]
		k := groupKey{bucket: bucket(r.Hour, period, from), key: Service(r.Kind)}
		if strings.Contains(grouping, "project") {
			k.project = r.ProjectID
		}
		if strings.Contains(grouping, "object") {
			k.object = r.ResourceID + r.ParentID + r.Name
		}
		if strings.Contains(grouping, "metric") {
			k.metr = r.SKU
		}
		if g := held[k]; g != nil {
			g.Kopecks += r.Kopecks
			g.Quantity = g.Quantity.Add(r.Quantity)
			continue
		}
		g := &group{Row: r, key: k, grouping: grouping}
		held[k] = g
		out = append(out, g)
	}
	return out
}

func bucket(hour time.Time, period string, from time.Time) time.Time {
	y, m, d := hour.In(moscow()).Date()
	switch period {
	case "day":
		return time.Date(y, m, d, 0, 0, 0, 0, moscow())
	case "month":
		return time.Date(y, m, 1, 0, 0, 0, 0, moscow())
	case "all":
		return from
	}
	return hour
}

// renderRows writes the answer, row by row.
func renderRows(out io.Writer, a *world.Account, rows []*group) {
	write := func(text string) { _, _ = io.WriteString(out, text) } // the client may have gone
	write(`{"status":"success","data":[`)
	enc := json.NewEncoder(out)
	known, names := details(a), map[string]string{}
	for _, p := range a.Prices {
		names[p.SKU] = p.Name
	}
	for i, g := range rows {
		if i > 0 {
			write(",")
		}
		if err := enc.Encode(wireRow(a, g, known[g.ResourceID], known, names)); err != nil {
			return // the client has gone
		}
	}
	write("]}\n")
}

func wireRow(a *world.Account, g *group, r *world.Resource, known map[string]*world.Resource, names map[string]string) wire {
	w := wire{Account: a.ID, Key: g.key.key, Value: g.Kopecks, Period: g.key.bucket.In(moscow()).Format(naive)}
	if len(g.SKU)%2 == 0 {
		w.End = g.Hour.Add(time.Hour).In(moscow()).Format(naive)
	}
	if g.key.project != "" {
		w.Project = &wireID{ID: g.ProjectID, Name: a.Project(g.ProjectID)}
	}
	if g.key.object != "" {
		w.Object = objectOf(g, r, known)
	}
	if g.key.metr != "" {
		w.Metric = &wireMetric{ID: g.SKU, Name: names[g.SKU], Quantity: json.Number(g.Quantity.String()), Unit: g.Unit}
		if where := g.Region; strings.Contains(g.grouping, "region") {
			if g.Kind == world.Volume {
				where = g.Zone
			}
			w.Metric.Region = &where
		}
	}
	return w
}

func objectOf(g *group, r *world.Resource, known map[string]*world.Resource) *wireObject {
	o := &wireObject{ID: &g.ResourceID, Name: &g.Name, Type: ObjectType(&g.BillLine)}
	switch {
	case g.ParentID != "":
		o.ParentID = &g.ParentID
		if p := known[g.ParentID]; p != nil {
			o.ParentName = p.States[0].Name
		}
	case len(g.Name)%2 == 0: // top-level objects hang on their project, or on nothing
		o.ParentID = &g.ProjectID
	}
	if r != nil && r.Details[world.SelectelNameless] != "" {
		o.Name = nil
	}
	if g.Kind == world.Bucket {
		o.ID = nil
	}
	return o
}
