package providertest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// Recorder is a sink that keeps what it is given and looks whether it may be so.
type Recorder struct {
	task pipeline.Task

	mu        sync.Mutex
	Rows      []pipeline.Resource
	Points    []pipeline.Sample
	Accounts  []pipeline.AccountState
	Committed map[pipeline.Slice][]pipeline.Charge
	open      map[pipeline.Slice]bool
	problems  []string
}

// NewRecorder makes a recorder of one task.
func NewRecorder(task pipeline.Task) *Recorder {
	return &Recorder{task: task, Committed: map[pipeline.Slice][]pipeline.Charge{}, open: map[pipeline.Slice]bool{}}
}

func (r *Recorder) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// Resources implements pipeline.Sink.
func (r *Recorder) Resources(_ context.Context, rs []pipeline.Resource) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Rows = append(r.Rows, slices.Clone(rs)...)
	return nil
}

// Samples implements pipeline.Sink.
func (r *Recorder) Samples(_ context.Context, ss []pipeline.Sample) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Points = append(r.Points, ss...)
	return nil
}

// Account implements pipeline.Sink.
func (r *Recorder) Account(_ context.Context, a pipeline.AccountState) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.Accounts = append(r.Accounts, a)
	return nil
}

// Slice implements pipeline.Sink.
func (r *Recorder) Slice(_ context.Context, s pipeline.Slice) (pipeline.SliceWriter, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.Source == "" {
		r.problem("slice %+v has no source", s)
	}
	if r.open[s] {
		r.problem("slice %+v is opened twice", s)
	}
	r.open[s] = true
	return &sliceRecorder{r: r, slice: s}, nil
}

type sliceRecorder struct {
	r       *Recorder
	slice   pipeline.Slice
	charges []pipeline.Charge
	closed  bool
}

// Add implements pipeline.SliceWriter.
func (w *sliceRecorder) Add(_ context.Context, c pipeline.Charge) error {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	if w.closed {
		w.r.problem("a charge is added to slice %q after its end", w.slice.Source)
	}
	if !w.slice.From.IsZero() && (c.Start.Before(w.slice.From) || !c.Start.Before(w.slice.To)) {
		w.r.problem("charge at %s lies outside its slice %s to %s", c.Start, w.slice.From, w.slice.To)
	}
	w.charges = append(w.charges, c)
	return nil
}

// Commit implements pipeline.SliceWriter.
func (w *sliceRecorder) Commit(context.Context) error {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	if w.closed {
		w.r.problem("slice %q is committed twice", w.slice.Source)
	}
	w.closed = true
	w.r.Committed[w.slice] = w.charges
	return nil
}

// Abort implements pipeline.SliceWriter.
func (w *sliceRecorder) Abort() {
	w.r.mu.Lock()
	defer w.r.mu.Unlock()
	w.closed = true
}

// Problems are what may not be, whatever the cloud.
func (r *Recorder) Problems(o pipeline.Outcome) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := map[string]bool{}
	for _, s := range o.Scopes {
		if told[s.Scope] {
			r.problem("scope %s is told twice", s.Scope)
		}
		told[s.Scope] = true
	}
	r.checkResources(told)
	r.checkSamples()
	for _, charges := range r.Committed {
		for i := range charges {
			r.checkCharge(&charges[i])
		}
	}
	for _, a := range r.Accounts {
		r.checkTime("account", a.ObservedAt, false)
		if len(a.Currency) != 3 {
			r.problem("account: %q is no currency", a.Currency)
		}
	}
	if len(r.Accounts) > 1 {
		r.problem("the account is handed over %d times", len(r.Accounts))
	}
	return r.problems
}

func (r *Recorder) checkTime(what string, t time.Time, zeroAllowed bool) {
	switch {
	case t.IsZero():
		if !zeroAllowed {
			r.problem("%s: a time is missing", what)
		}
	case t.Location() != time.UTC || t.Nanosecond() != 0:
		r.problem("%s: %s is not in UTC and whole seconds", what, t)
	}
}

func (r *Recorder) checkResources(told map[string]bool) {
	seen := map[string]bool{}
	for i := range r.Rows {
		v := &r.Rows[i]
		if v.ID == "" || v.Type == "" || v.Name == "" {
			r.problem("resource %+v: an identifier, a type and a name are wanted", *v)
		}
		if seen[v.ID] {
			r.problem("resource %s is handed over twice", v.ID)
		}
		seen[v.ID] = true
		if !told[v.Scope] {
			r.problem("resource %s: its scope %q is not in the outcome", v.ID, v.Scope)
		}
		if v.VCPU < 0 || v.MemoryBytes < 0 || v.DiskBytes < 0 {
			r.problem("resource %s has a negative size", v.ID)
		}
		r.checkTime("resource "+v.ID, v.CreatedAt, true)
		r.checkRates(v)
		for j, e := range v.Events {
			r.checkTime("event of "+v.ID, e.Time, false)
			if j > 0 && e.Time.Before(v.Events[j-1].Time) {
				r.problem("resource %s: events are out of order", v.ID)
			}
		}
	}
}

func (r *Recorder) checkRates(v *pipeline.Resource) {
	components := map[string]bool{}
	for _, rate := range v.Rates {
		if components[rate.Component] {
			r.problem("resource %s has two rates %q", v.ID, rate.Component)
		}
		components[rate.Component] = true
		if len(rate.Currency) != 3 || rate.Period == "" || rate.ServiceName == "" || rate.CostStatus == "" {
			r.problem("resource %s: rate %+v is incomplete", v.ID, rate)
		}
		if rate.Known {
			r.checkMoney("rate of "+v.ID, rate.Amount)
		}
	}
}

// checkMoney finds what only a float leaves behind: more digits than any price list has.
func (r *Recorder) checkMoney(what string, d decimal.Decimal) {
	if d.NumDigits() > 28 || d.Exponent() < -pipeline.MoneyScale {
		r.problem("%s: %s has too many digits", what, d)
	}
}

func (r *Recorder) checkSamples() {
	type id struct {
		resource string
		metric   pipeline.MetricName
		at       int64
	}
	seen := map[id]bool{}
	for _, s := range r.Points {
		r.checkTime("sample of "+s.ResourceID, s.Time, false)
		if s.ResourceID == "" || s.Metric == "" {
			r.problem("sample %+v: a resource and a metric are wanted", s)
		}
		if s.Time.Before(r.task.From) || !s.Time.Before(r.task.To) {
			r.problem("sample %+v lies outside its window", s)
		}
		k := id{s.ResourceID, s.Metric, s.Time.Unix()}
		if seen[k] {
			r.problem("sample %+v is handed over twice", s)
		}
		seen[k] = true
	}
}

func (r *Recorder) checkCharge(c *pipeline.Charge) {
	r.checkTime("charge", c.Start, false)
	r.checkTime("charge", c.End, false)
	if !c.Start.Before(c.End) && c.ChargeCategory == pipeline.Usage {
		r.problem("charge of %q ends before it starts", c.ResourceID)
	}
	if len(c.BillingCurrency) != 3 || c.CostStatus == "" || c.LineCount < 1 || c.UnpricedCount < 0 || c.UnpricedCount > c.LineCount {
		r.problem("charge %+v is incomplete", c.Line)
	}
	for _, d := range []decimal.Decimal{c.BilledCost, c.EffectiveCost, c.ListCost, c.ContractedCost, c.ConsumedQuantity, c.PricingQuantity} {
		r.checkMoney("charge of "+c.ResourceID, d)
	}
}

// Dump is everything handed over, as text.
func (r *Recorder) Dump() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	text, err := json.Marshal([]any{r.Rows, r.Points, r.Accounts})
	out := string(text)
	if err != nil {
		out = fmt.Sprintf("%+v %+v", r.Rows, r.Accounts)
	}
	for s, charges := range r.Committed {
		out += fmt.Sprintf("%+v %+v", s, charges)
	}
	return out
}

// IDs are the identifiers of what was handed over and is not shown as removed, by scope, sorted.
func (r *Recorder) IDs() map[string][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]string{}
	for i := range r.Rows {
		v := &r.Rows[i]
		if n := len(v.Events); n == 0 || v.Events[n-1].Kind != pipeline.EventRemoved {
			out[v.Scope] = append(out[v.Scope], v.ID)
		}
	}
	for _, ids := range out {
		slices.Sort(ids)
	}
	return out
}

// Resource finds a resource that was handed over.
func (r *Recorder) Resource(id string) (pipeline.Resource, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.Rows, func(v pipeline.Resource) bool { return v.ID == id })
	if i < 0 {
		return pipeline.Resource{}, false
	}
	return r.Rows[i], true
}
