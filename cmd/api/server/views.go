package server

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// mapped maps a list; the result is never nil, so that it is a list in JSON too.
func mapped[T, V any](in []T, f func(T) V) []V {
	out := make([]V, 0, len(in))
	for _, v := range in {
		out = append(out, f(v))
	}
	return out
}

// when is an instant in UTC; nil, JSON's null, for a zero one.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// money is an amount with all its digits; nil, JSON's null, when it is unknown.
func money(d *decimal.Decimal) *string {
	if d == nil {
		return nil
	}
	s := d.String()
	return &s
}

// maybe is an object or, in JSON, null. Huma has no word for that of its own.
type maybe[T any] struct{ value *T }

func just[T any](v T) maybe[T] { return maybe[T]{value: &v} }

// MarshalJSON implements json.Marshaler.
func (m maybe[T]) MarshalJSON() ([]byte, error) { return json.Marshal(m.value) }

// Schema implements huma.SchemaProvider.
func (m maybe[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}

func orEmpty[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

func orNone[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// faultView is what stands in the way, in the user's language.
type faultView struct {
	Code  string `json:"code" enum:"credentials,second_factor,forbidden,account,expired,throttled,unavailable,timeout,malformed,clock,settings,not_found,too_large,internal"`
	Scope string `json:"scope" doc:"The part concerned; empty for the whole connection"`
	Text  string `json:"text" doc:"What is wrong and what to do"`
	Retry bool   `json:"retry" doc:"It may pass without anybody's doing"`
}

func viewFault(f pipeline.Fault, lang pipeline.Lang) faultView {
	return faultView{Code: string(f.Code), Scope: f.Scope, Text: f.Text.In(lang), Retry: f.Retry}
}

func viewFaultIfAny(f *pipeline.Fault, lang pipeline.Lang) maybe[faultView] {
	if f == nil {
		return maybe[faultView]{}
	}
	return just(viewFault(*f, lang))
}

// scopeView is how one part of a task went.
type scopeView struct {
	Scope   string           `json:"scope"`
	Label   string           `json:"label"`
	Found   int64            `json:"found"`
	Skipped bool             `json:"skipped" doc:"The account does not permit it"`
	Fault   maybe[faultView] `json:"fault"`
}

func viewScope(lang pipeline.Lang) func(pipeline.ScopeResult) scopeView {
	return func(r pipeline.ScopeResult) scopeView {
		label := r.Label.In(lang)
		if label == "" {
			label = r.Scope
		}
		return scopeView{Scope: r.Scope, Label: label, Found: r.Found, Skipped: r.Skipped, Fault: viewFaultIfAny(r.Fault, lang)}
	}
}

// noteView is a deviation that was coped with.
type noteView struct {
	Code  string `json:"code"`
	Scope string `json:"scope"`
	Text  string `json:"text"`
	Count int64  `json:"count"`
}

func viewNote(lang pipeline.Lang) func(pipeline.Note) noteView {
	return func(n pipeline.Note) noteView {
		return noteView{Code: n.Code, Scope: n.Scope, Text: n.Text.In(lang), Count: n.Count}
	}
}

// dataView is the age and the completeness of the data under an answer.
type dataView struct {
	CollectedAt     *time.Time `json:"collected_at" doc:"The oldest last collection of the connections in question; null when nothing was collected yet"`
	CompleteThrough *time.Time `json:"complete_through"`
	Complete        bool       `json:"complete" doc:"No window of the period is missing or failed"`
	Gaps            []gapView  `json:"gaps" doc:"What is missing and why, worst first, at most ten"`
	GapCount        int        `json:"gap_count"`
}

// gapView is a window that could not be collected, or not whole.
type gapView struct {
	ConnectionID   string     `json:"connection_id"`
	ConnectionName string     `json:"connection_name"`
	Feed           string     `json:"feed"`
	From           *time.Time `json:"from"`
	To             *time.Time `json:"to"`
	Reason         string     `json:"reason"`
}

func viewData(d pipeline.DataState, lang pipeline.Lang) dataView {
	return dataView{
		CollectedAt: when(d.CollectedAt), CompleteThrough: when(d.CompleteThrough), Complete: d.Complete, GapCount: d.GapCount,
		Gaps: mapped(d.Gaps, func(g pipeline.DataGap) gapView {
			return gapView{
				ConnectionID: string(g.ConnectionID), ConnectionName: g.ConnectionName, Feed: string(g.Feed),
				From: when(g.From), To: when(g.To), Reason: g.Reason.In(lang),
			}
		}),
	}
}
