package clickhouse

import (
	"context"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// askedTogether is how many accounts one statement asks about at most.
const askedTogether = 64

// questions joins the questions of one kind that come while another one is being answered: a statement costs milliseconds before it
// reads a row, so what many connections of a tenant ask at once goes better as one. A question that comes alone is asked at once.
// C is what the questions of one statement have in common beside the tenant, Q what one asks about its connection.
type questions[C comparable, Q, A any] struct {
	// ask answers questions of different connections, in their order.
	ask     func(context.Context, common[C], []asking[Q]) ([]A, error)
	running *sync.WaitGroup

	mu      sync.Mutex
	waiting map[common[C]][]*question[Q, A] // there is an entry while somebody asks
}

type common[C comparable] struct {
	tenant pipeline.TenantID
	of     C
}

// asking is a question about a connection.
type asking[Q any] struct {
	connection pipeline.ConnectionID
	about      Q
}

type question[Q, A any] struct {
	asking[Q]
	answered chan answer[A]
}

// answer has own set when the question is to be asked alone, because the statement for many failed: the trouble of one connection
// is not another's.
type answer[A any] struct {
	value A
	own   bool
}

func newQuestions[C comparable, Q, A any](running *sync.WaitGroup, ask func(context.Context, common[C], []asking[Q]) ([]A, error)) *questions[C, Q, A] {
	return &questions[C, Q, A]{ask: ask, running: running, waiting: map[common[C]][]*question[Q, A]{}}
}

// put asks a question and waits for its answer.
func (q *questions[C, Q, A]) put(ctx context.Context, of common[C], about asking[Q]) (A, error) {
	own := q.join(of, about)
	if own == nil {
		defer q.rest(ctx, of)
		return q.alone(ctx, of, about)
	}
	select {
	case a := <-own.answered:
		if a.own {
			return q.alone(ctx, of, about)
		}
		return a.value, nil
	case <-ctx.Done():
		var none A
		return none, ctx.Err()
	}
}

func (q *questions[C, Q, A]) alone(ctx context.Context, of common[C], about asking[Q]) (A, error) {
	answers, err := q.ask(ctx, of, []asking[Q]{about})
	if err != nil {
		var none A
		return none, err
	}
	return answers[0], nil
}

// join makes the question wait while others like it are being asked; nil when there are none, and the caller asks itself.
func (q *questions[C, Q, A]) join(of common[C], about asking[Q]) *question[Q, A] {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting, busy := q.waiting[of]
	if !busy {
		q.waiting[of] = nil
		return nil
	}
	own := &question[Q, A]{asking: about, answered: make(chan answer[A], 1)}
	q.waiting[of] = append(waiting, own)
	return own
}

// take gives questions that wait, no two about the same connection; none when all are answered, and then the next comer asks itself.
func (q *questions[C, Q, A]) take(of common[C]) []*question[Q, A] {
	q.mu.Lock()
	defer q.mu.Unlock()
	var taken, left []*question[Q, A]
	seen := map[pipeline.ConnectionID]bool{}
	for _, w := range q.waiting[of] {
		if len(taken) == askedTogether || seen[w.connection] {
			left = append(left, w)
			continue
		}
		seen[w.connection] = true
		taken = append(taken, w)
	}
	if len(taken) == 0 {
		delete(q.waiting, of)
		return nil
	}
	q.waiting[of] = left
	return taken
}

// rest answers those that have come meanwhile, until there are none. They do not depend on whether the caller is cancelled.
func (q *questions[C, Q, A]) rest(ctx context.Context, of common[C]) {
	taken := q.take(of)
	if len(taken) == 0 {
		return
	}
	q.running.Go(func() {
		for ctx := context.WithoutCancel(ctx); len(taken) > 0; taken = q.take(of) {
			q.answer(ctx, of, taken)
		}
	})
}

func (q *questions[C, Q, A]) answer(ctx context.Context, of common[C], taken []*question[Q, A]) {
	all := make([]asking[Q], len(taken))
	for i, t := range taken {
		all[i] = t.asking
	}
	answers, err := q.ask(ctx, of, all)
	for i, t := range taken {
		if err != nil {
			t.answered <- answer[A]{own: true}
			continue
		}
		t.answered <- answer[A]{value: answers[i]}
	}
}

// connectionsOf are the connections asked about, as statements take them.
func connectionsOf[Q any](all []asking[Q]) []string {
	out := make([]string, len(all))
	for i := range all {
		out[i] = string(all[i].connection)
	}
	return out
}

// placesOf tells for each connection which question is about it.
func placesOf[Q any](all []asking[Q]) map[string]int {
	out := make(map[string]int, len(all))
	for i := range all {
		out[string(all[i].connection)] = i
	}
	return out
}

// none is nothing in particular.
type none struct{}

// joined are the questions that are joined.
type joined struct {
	states      *questions[none, none, []pipeline.ResourceState]
	rateHistory *questions[int64, none, []pipeline.ResourceState]
	lastWhole   *questions[none, none, time.Time]
	balances    *questions[none, none, *pipeline.AccountBalance]
	filePeriods *questions[none, none, []collect.FilePeriod]
	sliceRows   *questions[slicePlace, int64, sliceCount]
}

func (s *Store) joinedQuestions() joined {
	running := &s.sending
	return joined{
		states:      newQuestions(running, s.statesOf),
		rateHistory: newQuestions(running, s.rateHistoryOf),
		lastWhole:   newQuestions(running, s.lastWholeOf),
		balances:    newQuestions(running, s.balancesOf),
		filePeriods: newQuestions(running, func(ctx context.Context, of common[none], all []asking[none]) ([][]collect.FilePeriod, error) {
			return s.filePeriodsOf(ctx, of.tenant, nil, all)
		}),
		sliceRows: newQuestions(running, s.sliceRowsOf),
	}
}
