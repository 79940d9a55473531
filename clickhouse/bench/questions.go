package bench

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Question is one of the twelve that an overview asks.
type Question struct {
	Name string
	pipeline.CostQuery
}

// Questions are the twelve questions of an overview of the 30 days that end at to, in Moscow's days.
func Questions(to time.Time) []Question {
	month := pipeline.CostQuery{From: to.AddDate(0, 0, -30), To: to, Zone: "Europe/Moscow", Metric: pipeline.MetricBilledCost}
	ask := func(name string, change func(*pipeline.CostQuery)) Question {
		q := month
		change(&q)
		return Question{name, q}
	}
	by := func(d ...pipeline.Dimension) []pipeline.Dimension { return d }
	return []Question{
		ask("total by day against the period before", func(q *pipeline.CostQuery) {
			q.From, q.Step, q.Compare = to.AddDate(0, 0, -15), pipeline.StepDay, pipeline.ComparePrevious
		}),
		ask("by service", func(q *pipeline.CostQuery) { q.GroupBy, q.Top = by(pipeline.DimService), 10 }),
		ask("by provider and day", func(q *pipeline.CostQuery) { q.GroupBy, q.Step = by(pipeline.DimProvider), pipeline.StepDay }),
		ask("top resources", func(q *pipeline.CostQuery) { q.GroupBy, q.Top = by(pipeline.DimResource), 10 }),
		ask("by region", func(q *pipeline.CostQuery) { q.GroupBy = by(pipeline.DimRegion) }),
		ask("by project and day", func(q *pipeline.CostQuery) { q.GroupBy, q.Step = by(pipeline.DimProject), pipeline.StepDay }),
		ask("a week by hour and service", func(q *pipeline.CostQuery) {
			q.From, q.GroupBy, q.Step = to.AddDate(0, 0, -7), by(pipeline.DimService), pipeline.StepHour
		}),
		ask("the last day by hour against the day before", func(q *pipeline.CostQuery) {
			q.From, q.Step, q.Compare = to.AddDate(0, 0, -1), pipeline.StepHour, pipeline.ComparePrevious
		}),
		ask("billed and estimated", func(q *pipeline.CostQuery) { q.GroupBy = by(pipeline.DimCostStatus) }),
		ask("servers of one region by day", func(q *pipeline.CostQuery) {
			q.Step = pipeline.StepDay
			q.Filter = &pipeline.Filter{Op: pipeline.OpAnd, Args: []pipeline.Filter{
				{Op: pipeline.OpEquals, Dimension: pipeline.DimService, Values: []string{"Virtual servers"}},
				{Op: pipeline.OpIn, Dimension: pipeline.DimRegion, Values: []string{"ru-1"}},
			}}
		}),
		ask("by resource type and week", func(q *pipeline.CostQuery) {
			q.GroupBy, q.Step, q.Top = by(pipeline.DimResourceType), pipeline.StepWeek, 5
		}),
		ask("by a tag", func(q *pipeline.CostQuery) { q.GroupBy = by(pipeline.TagDimension("env")) }),
	}
}
