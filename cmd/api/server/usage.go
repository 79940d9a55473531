package server

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

type seriesView struct {
	Metric string    `json:"metric"`
	Step   int64     `json:"step" doc:"Seconds; 0 for samples as they were collected"`
	Times  []int64   `json:"times" doc:"Unix seconds"`
	Values []float64 `json:"values" doc:"The average over the step"`
	Max    []float64 `json:"max" doc:"The greatest sample in the step"`
}

type summaryView struct {
	ConnectionID string     `json:"connection_id"`
	Resource     string     `json:"resource"`
	Metric       string     `json:"metric"`
	Samples      int64      `json:"samples"`
	Average      float64    `json:"average"`
	P95          float64    `json:"p95"`
	Max          float64    `json:"max"`
	Last         float64    `json:"last"`
	LastAt       *time.Time `json:"last_at"`
}

type usageIn struct {
	Connection string    `query:"connection" required:"true" format:"uuid"`
	Resource   string    `query:"resource" required:"true" maxLength:"1000"`
	Metric     []string  `query:"metric,explode" maxItems:"50" doc:"All when none is given"`
	From       time.Time `query:"from" required:"true"`
	To         time.Time `query:"to" required:"true"`
	Step       int64     `query:"step" minimum:"0" maximum:"31622400" doc:"Seconds; by default the samples as collected, or the smallest step of at most a thousand points"`
}

type usageOut struct {
	Body struct {
		Series []seriesView `json:"series"`
	}
}

type summaryIn struct {
	Connection []string  `query:"connection,explode" maxItems:"100" doc:"All when none is given"`
	Metric     []string  `query:"metric,explode" maxItems:"50" doc:"All when none is given"`
	From       time.Time `query:"from" required:"true"`
	To         time.Time `query:"to" required:"true"`
}

type summaryOut struct {
	Body struct {
		Summaries []summaryView `json:"summaries"`
	}
}

func (s *Server) routeUsage() {
	add(s, operation{id: "get-usage", method: http.MethodGet, path: "/usage", tag: "resources", summary: "Measurements of a resource over time", access: members}, s.getUsage)
	add(s, operation{id: "get-usage-summary", method: http.MethodGet, path: "/usage/summary", tag: "resources", summary: "The load of all resources over a period", access: members}, s.usageSummary)
}

// checkPeriod names what is wrong with a period of the address.
func checkPeriod(from, to time.Time) error {
	var faults []fault
	for name, t := range map[string]time.Time{"from": from, "to": to} {
		if y := t.UTC().Year(); y < 2000 || y >= 2100 {
			faults = append(faults, fault{location: "query." + name, text: pipeline.Textf("дата должна лежать между 2000 и 2100 годом", "the date must lie between the years 2000 and 2100")})
		}
	}
	if len(faults) == 0 && !to.After(from) {
		faults = append(faults, fault{location: "query.to", text: pipeline.Textf("конец периода должен быть позже начала", "the end of the period must be after its start")})
	}
	return invalid(faults...)
}

func metricNames(in []string) []pipeline.MetricName {
	return mapped(in, func(m string) pipeline.MetricName { return pipeline.MetricName(m) })
}

func (s *Server) getUsage(ctx context.Context, c caller, in *usageIn) (*usageOut, error) {
	if err := checkPeriod(in.From, in.To); err != nil {
		return nil, err
	}
	q := pipeline.UsageQuery{
		Connection: pipeline.ConnectionID(in.Connection), Resource: in.Resource, Metrics: metricNames(in.Metric),
		From: in.From.UTC(), To: in.To.UTC(), Step: time.Duration(in.Step) * time.Second,
	}
	if q.Step > 0 && in.To.Sub(in.From)/q.Step > maxPoints {
		return nil, invalid(fault{location: "query.step", text: pipeline.Textf("слишком мелкий шаг: больше %d точек", "the step is too small: more than %d points", maxPoints)})
	}
	series, err := s.Facts.Usage(ctx, c.tenant(), q)
	if err != nil {
		return nil, err
	}
	out := &usageOut{}
	out.Body.Series = mapped(series, viewSeries)
	return out, nil
}

// maxPoints is the most points of a series that may be asked for.
const maxPoints = 20_000

// viewSeries leaves out points that are no numbers: JSON has no word for them, and they measure nothing.
func viewSeries(u pipeline.UsageSeries) seriesView {
	v := seriesView{Metric: string(u.Metric), Step: int64(u.Step / time.Second), Times: []int64{}, Values: []float64{}, Max: []float64{}}
	for i, t := range u.Times {
		if !isNumber(u.Values[i]) || !isNumber(u.Max[i]) {
			continue
		}
		v.Times, v.Values, v.Max = append(v.Times, t.Unix()), append(v.Values, u.Values[i]), append(v.Max, u.Max[i])
	}
	return v
}

func isNumber(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func (s *Server) usageSummary(ctx context.Context, c caller, in *summaryIn) (*summaryOut, error) {
	if err := checkPeriod(in.From, in.To); err != nil {
		return nil, err
	}
	list, err := s.Facts.UsageSummaries(ctx, c.tenant(), connectionIDs(in.Connection), metricNames(in.Metric), in.From.UTC(), in.To.UTC())
	if err != nil {
		return nil, err
	}
	out := &summaryOut{}
	out.Body.Summaries = []summaryView{}
	for _, u := range list {
		if !isNumber(u.Average) || !isNumber(u.P95) || !isNumber(u.Max) || !isNumber(u.Last) {
			continue
		}
		out.Body.Summaries = append(out.Body.Summaries, summaryView{
			ConnectionID: string(u.Connection), Resource: u.Resource, Metric: string(u.Metric), Samples: u.Samples,
			Average: u.Average, P95: u.P95, Max: u.Max, Last: u.Last, LastAt: when(u.LastAt),
		})
	}
	return out, nil
}
