package selectel

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

const consumptionPath = "/v1/cloud_billing/statistic/consumption"

// groupings of the statistics. The finest is not in the published list; the control panel uses it.
const (
	byMetric  = "project_object_region_metric"
	byProject = "project"
)

// statedKeys are the services that the specification names (docs.selectel.ru/api/balance-statistics.json).
func statedKeys() []string {
	return []string{"vpc", "serverless", "mks", "dbaas", "storage", "cdn", "vmware", "craas", "ones", "mobfarm", "ses"}
}

// seenKeys are services that other clients ask for as well.
func seenKeys() []string { return []string{"private_storage", "inference", "netdisk"} }

// project, object and metric are what a row is about. Each is null in some grouping.
type (
	project struct {
		ID   text `json:"id"`
		Name text `json:"name"`
	}
	object struct {
		ID         text `json:"id"`
		Name       text `json:"name"`
		Type       text `json:"type"`
		ParentID   text `json:"parent_id"`
		ParentName text `json:"parent_name"`
	}
	metric struct {
		ID       text   `json:"id"`
		Name     text   `json:"name"`
		Quantity number `json:"quantity"` // amount times hours: the size, within one hour
		Unit     text   `json:"unit"`
		Region   text   `json:"region"` // a region or a zone
	}
)

// row is one row of consumption: what one metric of one object cost in one hour.
type row struct {
	provider string // the service's key
	hour     time.Time
	value    number // kopecks
	project  *project
	object   *object
	metric   *metric
}

// wireRow is a row as it stands in the answer. Its parts repeat in every hour, so they are decoded once.
type wireRow struct {
	Provider json.RawMessage `json:"provider_key"`
	Value    json.RawMessage `json:"value"`
	Period   json.RawMessage `json:"period"`
	Project  json.RawMessage `json:"project"`
	Object   json.RawMessage `json:"object"`
	Metric   json.RawMessage `json:"metric"`
}

func (w *wireRow) reset() {
	for _, p := range []*json.RawMessage{&w.Provider, &w.Value, &w.Period, &w.Project, &w.Object, &w.Metric} {
		*p = (*p)[:0]
	}
}

// rowReader decodes rows and keeps each distinct part once.
type rowReader struct {
	hours    map[string]time.Time
	keys     map[string]string
	projects map[string]*project
	objects  map[string]*object
	metrics  map[string]*metric
}

func newRowReader() *rowReader {
	return &rowReader{
		hours: map[string]time.Time{}, keys: map[string]string{}, projects: map[string]*project{}, objects: map[string]*object{},
		metrics: map[string]*metric{},
	}
}

// cached decodes raw, or gives what the same bytes were decoded to.
func cached[T any](held map[string]*T, raw json.RawMessage) *T {
	if v, ok := held[string(raw)]; ok {
		return v
	}
	v := new(T)
	if len(raw) > 0 && raw[0] == '{' {
		_ = json.Unmarshal(raw, v) // fields of a wrong kind stay empty: the row's money counts all the same
	}
	held[string(raw)] = v
	return v
}

// errNoPeriod means that an amount cannot be placed in time: without it no total would be right.
var errNoPeriod = errors.New("a row without a readable period")

func (r *rowReader) row(w *wireRow) (row, error) {
	hour, ok := r.hours[string(w.Period)]
	if !ok {
		var t text
		_ = t.UnmarshalJSON(w.Period) // it returns no error
		hour = parseTime(string(t), moscow())
		r.hours[string(w.Period)] = hour
	}
	if hour.IsZero() {
		return row{}, errNoPeriod
	}
	key, ok := r.keys[string(w.Provider)]
	if !ok {
		var t text
		_ = t.UnmarshalJSON(w.Provider) // it returns no error
		key = string(t)
		r.keys[string(w.Provider)] = key
	}
	return row{
		provider: key, hour: hour, value: parseNumber(w.Value), project: cached(r.projects, w.Project), object: cached(r.objects, w.Object),
		metric: cached(r.metrics, w.Metric),
	}, nil
}

// readConsumption decodes an answer while it arrives: {"status":"success","data":[...]}. Its errors are not faults yet.
func readConsumption(body io.Reader) ([]row, error) {
	dec := json.NewDecoder(body)
	if err := want(dec, json.Delim('{')); err != nil {
		return nil, err
	}
	var rows []row
	found := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch key {
		case "data":
			found = true
			rows, err = readRows(dec)
		case "status":
			var status text
			if err = dec.Decode(&status); err == nil && !success(status) {
				err = errors.New("the status is not success")
			}
		default:
			var skipped json.RawMessage
			err = dec.Decode(&skipped)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := want(dec, json.Delim('}')); err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("no data in the answer")
	}
	return rows, nil
}

func want(dec *json.Decoder, d json.Delim) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	if token != d {
		return errors.New("no " + d.String() + " where it is expected")
	}
	return nil
}

func readRows(dec *json.Decoder) ([]row, error) {
	if err := want(dec, json.Delim('[')); err != nil {
		return nil, err
	}
	reader, rows := newRowReader(), []row{}
	var w wireRow
	for dec.More() {
		w.reset()
		if err := dec.Decode(&w); err != nil {
			return nil, err
		}
		v, err := reader.row(&w)
		if err != nil {
			return nil, err
		}
		rows = append(rows, v)
	}
	return rows, want(dec, json.Delim(']'))
}

// consumption asks for the rows of the hours in [from, to). The end of a query is inclusive of its hour. Services that
// Selectel does not know are left out and not asked for again.
func (s *session) consumption(ctx context.Context, rep *report, scope, group string, from, to time.Time, lang pipeline.Lang) ([]row, error) {
	locale := string(lang)
	if locale == "" {
		locale = string(pipeline.Russian)
	}
	for {
		query := url.Values{
			"provider_keys": s.keys(), "group_type": {group}, "period_group_type": {"hour"}, "locale": {locale},
			"start": {from.In(moscow()).Format(naive)}, "end": {to.Add(-time.Second).In(moscow()).Format(naive)},
		}
		var rows []row
		ans, err := s.ask(ctx, scope, consumptionPath, query, func(body io.Reader) error {
			var err error
			rows, err = readConsumption(body)
			return err
		})
		var f *pipeline.Fault
		switch {
		case err != nil && errors.As(err, &f):
			return nil, f
		case err != nil:
			return nil, s.edge.Malformed(scope, reason(err))
		case ans.Status == http.StatusUnprocessableEntity || ans.Status == http.StatusBadRequest:
			if s.dropKey(rep, ans) {
				continue
			}
		}
		if err := s.accountFault(scope, ans.Status); err != nil {
			return nil, err
		}
		return rows, nil
	}
}

// reason keeps the kind of a decoding error and drops the values in it.
func reason(err error) string {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return "torn or wrong JSON"
	}
	if errors.Is(err, errNoPeriod) {
		return err.Error()
	}
	return "an answer of another shape"
}

// keys are the services to ask for.
func (s *session) keys() []string {
	return slices.DeleteFunc(append(statedKeys(), seenKeys()...), func(k string) bool { return s.refusedKeys[k] })
}

// dropKey finds the service that an answer refuses, by its name in it or, when none is named, those that no specification
// names. False when there is nothing left to drop.
func (s *session) dropKey(rep *report, ans httpedge.Answer) bool {
	var named, undocumented []string
	for _, k := range s.keys() {
		if strings.Contains(string(ans.Body), `"`+k+`"`) || strings.Contains(string(ans.Body), "'"+k+"'") {
			named = append(named, k)
		}
		if slices.Contains(seenKeys(), k) {
			undocumented = append(undocumented, k)
		}
	}
	if len(named) == 0 || len(named) == len(s.keys()) {
		named = undocumented
	}
	if len(named) == 0 {
		return false
	}
	if s.refusedKeys == nil {
		s.refusedKeys = map[string]bool{}
	}
	for _, k := range named {
		s.refusedKeys[k] = true
		rep.note("service_unknown", scopeConsumption, 1,
			"Selectel не знает часть служб, о которых спрашивает InfraZen; расходы остальных собраны.",
			"Selectel does not know some services that InfraZen asks for; the costs of the others were collected.")
	}
	return true
}

// sumByHour adds up the known amounts of rows, in kopecks.
func sumByHour(rows []row) map[time.Time]decimal.Decimal {
	sums := map[time.Time]decimal.Decimal{}
	for i := range rows {
		sums[rows[i].hour] = sums[rows[i].hour].Add(rows[i].value.D)
	}
	return sums
}
