package pipeline

import (
	"fmt"
	"slices"
	"time"
)

// Limits of a question.
const (
	MaxGroupBy     = 3
	MaxFilterNodes = 200
	MaxFilterDepth = 20
	MaxSteps       = 20_000
	MaxTop         = 1_000
)

// Dimensions lists the dimensions that are not tags, in the order shown to people.
func Dimensions() []Dimension {
	return []Dimension{
		DimProvider, DimConnection, DimProject, DimServiceCategory, DimService, DimResource, DimResourceName,
		DimResourceType, DimRegion, DimZone, DimSku, DimBillingAccount, DimChargeCategory, DimCostStatus,
		DimCurrency, DimUnrecognised, DimSource,
	}
}

// QueryError says what is wrong with a question. Field is the JSON name of the part concerned.
type QueryError struct {
	Field string
	Text  Text
}

// Error implements error.
func (e *QueryError) Error() string { return "cannot ask: " + e.Field + ": " + e.Text.EN }

func badQuery(field, ru, en string, args ...any) *QueryError {
	return &QueryError{Field: field, Text: Textf(ru, en, args...)}
}

// Check returns a *QueryError when the question cannot be answered as it is.
func (q *CostQuery) Check() error {
	if !q.To.After(q.From) {
		return badQuery("to", "конец периода должен быть позже начала", "the end of the period must be after its start")
	}
	if _, err := time.LoadLocation(q.Zone); err != nil || q.Zone == "" || q.Zone == "Local" {
		return badQuery("zone", "часовой пояс %q не известен; пример: Europe/Moscow", "time zone %q is not known; for example Europe/Moscow", q.Zone)
	}
	if err := q.checkStep(); err != nil {
		return err
	}
	if !slices.Contains([]Metric{MetricBilledCost, MetricEffectiveCost, MetricListCost, MetricContractedCost}, q.Metric) {
		return badQuery("metric", "показатель %q не известен", "metric %q is not known", q.Metric)
	}
	if q.Compare != CompareNone && q.Compare != ComparePrevious {
		return badQuery("compare", "сравнение %q не известно", "comparison %q is not known", q.Compare)
	}
	if q.Top < 0 || q.Top > MaxTop {
		return badQuery("top", "число групп должно быть от 0 до %d", "the number of groups must be 0 to %d", MaxTop)
	}
	if q.Currency != "" && !IsCurrency(q.Currency) {
		return badQuery("currency", "валюта %q не известна; пример: RUB", "currency %q is not known; for example RUB", q.Currency)
	}
	if err := q.checkGroups(); err != nil {
		return err
	}
	return checkFilter(q.Filter)
}

func (q *CostQuery) checkStep() error {
	length := map[Step]time.Duration{StepHour: time.Hour, StepDay: 24 * time.Hour, StepWeek: 168 * time.Hour, StepMonth: 28 * 24 * time.Hour}
	if q.Step == StepNone {
		return nil
	}
	d, ok := length[q.Step]
	if !ok {
		return badQuery("step", "шаг %q не известен: hour, day, week или month", "step %q is not known: hour, day, week or month", q.Step)
	}
	if q.To.Sub(q.From)/d > MaxSteps {
		return badQuery("step", "слишком мелкий шаг для такого периода: больше %d точек", "the step is too small for this period: more than %d points", MaxSteps)
	}
	return nil
}

func (q *CostQuery) checkGroups() error {
	if len(q.GroupBy) > MaxGroupBy {
		return badQuery("group_by", "группировать можно не более чем по %d измерениям", "at most %d dimensions can be grouped by", MaxGroupBy)
	}
	for i, d := range q.GroupBy {
		if !d.Known() {
			return badQuery("group_by", "измерение %q не известно", "dimension %q is not known", d)
		}
		if slices.Contains(q.GroupBy[:i], d) {
			return badQuery("group_by", "измерение %q указано дважды", "dimension %q is given twice", d)
		}
	}
	return nil
}

// Known tells whether d is a dimension.
func (d Dimension) Known() bool {
	if _, ok := d.Tag(); ok {
		return true
	}
	return slices.Contains(Dimensions(), d)
}

func checkFilter(f *Filter) error {
	if f == nil {
		return nil
	}
	nodes := 0
	return f.check(0, &nodes)
}

func (f *Filter) check(depth int, nodes *int) error {
	*nodes++
	if depth > MaxFilterDepth || *nodes > MaxFilterNodes {
		return badQuery("filter", "фильтр слишком велик", "the filter is too large")
	}
	switch f.Op {
	case OpAnd, OpOr, OpNot:
		if f.Op == OpNot && len(f.Args) != 1 {
			return badQuery("filter", "у «not» должно быть ровно одно условие", "not takes exactly one condition")
		}
		for i := range f.Args {
			if err := f.Args[i].check(depth+1, nodes); err != nil {
				return err
			}
		}
		return nil
	case OpEquals, OpIn, OpContains, OpHasTag:
		return f.checkLeaf()
	}
	return badQuery("filter", "условие %q не известно", "condition %q is not known", f.Op)
}

func (f *Filter) checkLeaf() error {
	if !f.Dimension.Known() {
		return badQuery("filter", "измерение %q не известно", "dimension %q is not known", f.Dimension)
	}
	if _, tag := f.Dimension.Tag(); f.Op == OpHasTag && !tag {
		return badQuery("filter", "has_tag относится только к тегам, а %q не тег", "has_tag is for tags only, and %q is none", f.Dimension)
	}
	if (f.Op == OpEquals || f.Op == OpContains) && len(f.Values) != 1 {
		return badQuery("filter", "у условия %q должно быть одно значение", "condition %q takes one value", f.Op)
	}
	return nil
}

// String tells the question in one line, for logs.
func (q *CostQuery) String() string {
	return fmt.Sprintf("%s by %v step %q from %s to %s %s", q.Metric, q.GroupBy, q.Step, q.From.UTC().Format(time.RFC3339), q.To.UTC().Format(time.RFC3339), q.Zone)
}
