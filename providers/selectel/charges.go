package selectel

import (
	"context"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// The sources of charges. They add up.
const (
	sourceConsumption  = "consumption"
	sourceTransactions = "transactions"
)

// collectCharges reads the consumption of each day of the window, one request a day, and the transactions of what the
// statistics leave out. A day is handed over when it was read whole; one that fails leaves the others.
func (s *session) collectCharges(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	rep := &report{}
	if _, _, err := s.credentials(ctx); err != nil {
		return s.refused(ctx, rep, err)
	}
	b := &biller{session: s, task: task, rep: rep, known: knownByID(task.Known), through: task.To}
	for _, step := range []func(context.Context){b.readPrices, b.readTransactions} {
		step(ctx)
		if err := s.ended(ctx); err != nil {
			return s.outcome(rep), err
		}
	}
	for _, d := range days(task.From, task.To) {
		if err := b.day(ctx, sink, d); err != nil {
			return s.outcome(rep), err
		}
	}
	if err := b.writeTransactions(ctx, sink); err != nil {
		return s.outcome(rep), err
	}
	out := s.outcome(rep)
	if b.through.Before(task.To) {
		out.CompleteThrough = b.through
	}
	return out, nil
}

// refused ends a task that could not sign in.
func (s *session) refused(ctx context.Context, rep *report, err error) (pipeline.Outcome, error) {
	if stop := stopped(ctx); stop != nil {
		err = stop
	}
	return s.outcome(rep), err
}

// ended gives the fault that ends a task midway: it was stopped, or only a person can mend the sign-in.
func (s *session) ended(ctx context.Context) error {
	if err := stopped(ctx); err != nil {
		return err
	}
	if s.authFault != nil && !s.authFault.Retry {
		return s.authFault
	}
	return nil
}

// span is a stretch of time: from is in it, to is not.
type span struct{ from, to time.Time }

// days cuts a window at Moscow's midnights.
func days(from, to time.Time) []span {
	var out []span
	for from.Before(to) {
		y, m, d := from.In(moscow()).Date()
		next := time.Date(y, m, d+1, 0, 0, 0, 0, moscow()).UTC()
		if next.After(to) {
			next = to
		}
		out = append(out, span{from, next})
		from = next
	}
	return out
}

// biller collects the charges of one task.
type biller struct {
	*session
	task    pipeline.Task
	rep     *report
	known   map[string]*pipeline.KnownResource
	through time.Time // up to which the cloud's data is whole
	bought  []pipeline.Charge
	// boughtRead is true when the transactions were read whole.
	boughtRead bool
}

func knownByID(known []pipeline.KnownResource) map[string]*pipeline.KnownResource {
	out := make(map[string]*pipeline.KnownResource, len(known))
	for i := range known {
		out[known[i].ID] = &known[i]
	}
	return out
}

// day collects one day. Its error ends the task; a day that could not be read is told in the report.
func (b *biller) day(ctx context.Context, sink pipeline.Sink, d span) error {
	now := b.now()
	if !d.from.Before(now) {
		return b.write(ctx, sink, sourceConsumption, d, nil) // a day that has not begun
	}
	rows, err := b.consumption(ctx, b.rep, scopeConsumption, byMetric, d.from, d.to, b.task.Lang)
	if stop := b.ended(ctx); stop != nil {
		return stop
	}
	sc := b.rep.scope(scopeConsumption)
	if sc.close(err); err != nil {
		return nil //nolint:nilerr // the report tells it
	}
	sc.found += int64(len(rows))
	if d.to.After(now.Add(-recent)) {
		b.through = b.wholeThrough(ctx, d, rows)
		if stop := b.ended(ctx); stop != nil {
			return stop
		}
	}
	m := newMapper(b.account, b.known, b.prices, b.task.Lang)
	charges, outside := m.charges(rows, d)
	b.rep.note("outside_window", scopeConsumption, outside,
		"Selectel прислал строки за часы, о которых не спрашивали: они пропущены и собираются со своими днями.",
		"Selectel sent lines of hours that were not asked for: they were left out and are collected with their own days.")
	b.rep.note("unknown_type", scopeConsumption, m.unknown,
		"Строки счёта с типом ресурса, которого InfraZen не знает: учтены отдельно как нераспознанные.",
		"Lines of the bill with a type of resource that InfraZen does not know: counted apart as unrecognised.")
	return b.write(ctx, sink, sourceConsumption, d, charges)
}

// write replaces what is held of a source and a span.
func (b *biller) write(ctx context.Context, sink pipeline.Sink, source string, d span, charges []pipeline.Charge) error {
	w, err := sink.Slice(ctx, pipeline.Slice{Source: source, From: d.from, To: d.to})
	if err != nil {
		return pipeline.AsFault(err)
	}
	defer w.Abort()
	for i := range charges {
		if err := w.Add(ctx, charges[i]); err != nil {
			return pipeline.AsFault(err)
		}
	}
	if err := w.Commit(ctx); err != nil {
		return pipeline.AsFault(err)
	}
	return nil
}
