// Package question turns a sentence typed to the bot into a pipeline.CostQuery, by a grammar and without a language model.
//
// A sentence is taken apart into what, when, where and by what; a word that belongs to none of these is named in
// the answer, because a word that was passed over could have changed the number.
package question

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Topic is what a sentence asks for.
type Topic string

// The topics.
const (
	Cost    Topic = "cost"    // how much was spent
	Top     Topic = "top"     // what costs most
	Balance Topic = "balance" // how much money is left and for how long
	Help    Topic = "help"    // what can be asked
)

// Name is something of the tenant's that a sentence may mention.
type Name struct {
	Dimension pipeline.Dimension
	Value     string // as in a filter
	Label     string // as people write it
}

// Context is what the grammar needs to know besides the sentence.
type Context struct {
	Now   time.Time
	Zone  *time.Location
	Names []Name
}

// Question is a sentence understood.
type Question struct {
	Topic Topic
	Query pipeline.CostQuery
	// Period names the query's period.
	Period Period
	// Places are the names found, for showing what was understood.
	Places []Name
	// Unknown are the words that the grammar has no use for, as typed. The answer must name them.
	Unknown []string
}

// Period is a stretch of time as people call it.
type Period struct {
	From, To time.Time // To is exclusive; it may lie in the future ("this month")
	Name     pipeline.Text
}

// Parse understands a sentence in Russian or English. It never fails: what it cannot place is in Unknown.
func Parse(sentence string, c Context) Question {
	p := &parser{words: split(sentence), Context: c, now: c.Now.In(c.Zone)}
	p.question.Topic = Cost
	p.period()
	p.comparison()
	p.currency()
	p.grouping()
	p.topic()
	p.places()
	p.leftovers()
	return p.finish()
}

type parser struct {
	Context
	now      time.Time
	words    []word
	question Question
	groups   []pipeline.Dimension
	step     pipeline.Step
	compare  bool
	top      int
	// inCurrency is the currency that the sentence names; empty when none.
	inCurrency string
}

func (p *parser) finish() Question {
	q := p.question
	if q.Period.From.IsZero() {
		q.Period = monthOf(p.now, "в этом месяце", "this month")
	}
	if q.Topic == Top && len(p.groups) == 0 {
		p.groups = []pipeline.Dimension{pipeline.DimResource}
	}
	if q.Topic == Top && p.top == 0 {
		p.top = 5
	}
	q.Query = pipeline.CostQuery{
		From: q.Period.From.UTC(), To: q.Period.To.UTC(), Zone: p.Zone.String(), Step: p.step,
		GroupBy: p.groups, Metric: pipeline.MetricBilledCost, Filter: filterOf(q.Places), Top: p.top,
		Currency: p.inCurrency,
	}
	if p.compare {
		q.Query.Compare = pipeline.ComparePrevious
	}
	return q
}

// filterOf lets through what lies in the places named: any of one dimension, all dimensions together.
func filterOf(places []Name) *pipeline.Filter {
	if len(places) == 0 {
		return nil
	}
	var dims []pipeline.Dimension
	values := map[pipeline.Dimension][]string{}
	for _, n := range places {
		if _, ok := values[n.Dimension]; !ok {
			dims = append(dims, n.Dimension)
		}
		values[n.Dimension] = append(values[n.Dimension], n.Value)
	}
	all := pipeline.Filter{Op: pipeline.OpAnd}
	for _, d := range dims {
		all.Args = append(all.Args, pipeline.Filter{Op: pipeline.OpIn, Dimension: d, Values: values[d]})
	}
	if len(all.Args) == 1 {
		return &all.Args[0]
	}
	return &all
}
