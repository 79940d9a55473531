package ask

import (
	"errors"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// BadQuestion says everything that is wrong with a question.
type BadQuestion struct {
	Faults []*pipeline.QueryError
}

// Error implements error.
func (e *BadQuestion) Error() string {
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.Field + ": " + f.Text.EN
	}
	return "cannot ask: " + strings.Join(texts, "; ")
}

// Unwrap gives each fault, so that errors.As finds the first as a *pipeline.QueryError.
func (e *BadQuestion) Unwrap() []error {
	errs := make([]error, len(e.Faults))
	for i, f := range e.Faults {
		errs[i] = f
	}
	return errs
}

// The years that a question may lie in.
const (
	minYear = 2000
	maxYear = 2100
)

// Check returns a *BadQuestion naming every fault of the question, or nil.
func Check(q pipeline.CostQuery) error {
	var faults []*pipeline.QueryError
	faults = append(faults, checkYears("from", q.From)...)
	faults = append(faults, checkYears("to", q.To)...)
	if len(faults) > 0 {
		q.From, q.To = neutralPeriod()
	}
	for {
		err := q.Check()
		if err == nil {
			break
		}
		var fault *pipeline.QueryError
		if !errors.As(err, &fault) {
			return err
		}
		faults = append(faults, fault)
		if !neutralise(&q, fault.Field) {
			break
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &BadQuestion{Faults: faults}
}

func checkYears(field string, t time.Time) []*pipeline.QueryError {
	if y := t.UTC().Year(); y >= minYear && y < maxYear {
		return nil
	}
	return []*pipeline.QueryError{{Field: field, Text: pipeline.Textf(
		"дата должна лежать между %d и %d годом", "the date must lie between the years %d and %d", minYear, maxYear)}}
}

func neutralPeriod() (from, to time.Time) {
	from = time.Date(minYear, 1, 1, 0, 0, 0, 0, time.UTC)
	return from, from.Add(time.Hour)
}

// neutralise makes one part of a question right, so that the next fault shows. It tells whether it knew the part.
func neutralise(q *pipeline.CostQuery, field string) bool {
	switch field {
	case "from", "to":
		q.From, q.To = neutralPeriod()
	case "zone":
		q.Zone = "UTC"
	case "step":
		q.Step = pipeline.StepNone
	case "metric":
		q.Metric = pipeline.MetricBilledCost
	case "compare":
		q.Compare = pipeline.CompareNone
	case "top":
		q.Top = 0
	case "currency":
		q.Currency = ""
	case "group_by":
		q.GroupBy = nil
	case "filter":
		q.Filter = nil
	default:
		return false
	}
	return true
}
