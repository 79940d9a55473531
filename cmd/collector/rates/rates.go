// Package rates keeps the exchange rates filled: from before the first charge up to tomorrow, and what is corrected since.
package rates

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
)

// How rates are filled.
const (
	// historyYears are filled at least: bills of the past may come later.
	historyYears = 3
	// again is how many days before the last rate held are asked for once more, for corrections and for what was missed.
	again = 10
	// retry is how long after a bad round the next is due.
	retry = 10 * time.Minute
)

// Config says what is filled.
type Config struct {
	// Currencies are filled besides those of the charges.
	Currencies []string
	// Every is how long after a good round the next is due.
	Every time.Duration
	// Whole has everything asked for each time: a file may be corrected anywhere and costs nothing to read.
	Whole bool
}

// Source gives rates.
type Source interface {
	// Name is what the rates are marked with.
	Name() string
	// Rates gives the rates that begin to hold between two days, both included. With an error, what is given stands.
	Rates(ctx context.Context, currencies []string, from, to time.Time) ([]pipeline.ExchangeRate, error)
}

// Facts is the store of rates and charges.
type Facts interface {
	Rates(ctx context.Context, q pipeline.RateQuery) ([]pipeline.ExchangeRate, error)
	AppendRates(ctx context.Context, rates []pipeline.ExchangeRate, seenAt time.Time) (int64, error)
	// ChargeCurrencies gives the first day of charges in each currency.
	ChargeCurrencies(ctx context.Context) (map[string]time.Time, error)
}

// Shared is what all collectors share.
type Shared interface {
	// Now is the clock.
	Now(ctx context.Context) (time.Time, error)
	// Exclusively runs f while no other process does so.
	Exclusively(ctx context.Context, f func(context.Context) error) error
}

// Filler fills the rates. Several may run at once; each rate is kept once.
type Filler struct {
	cfg    Config
	source Source
	facts  Facts
	shared Shared
	log    *slog.Logger

	next  time.Time
	asked map[string]time.Time // from which day on a currency was asked for in full

	rounds   *prometheus.CounterVec
	appended prometheus.Counter
	last     *prometheus.GaugeVec
}

// New makes a filler. It registers its metrics with reg.
func New(cfg Config, source Source, facts Facts, shared Shared, log *slog.Logger, reg prometheus.Registerer) *Filler {
	f := &Filler{cfg: cfg, source: source, facts: facts, shared: shared, log: log, asked: map[string]time.Time{}}
	f.rounds = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "infrazen_rates_rounds_total", Help: "Rounds of collecting exchange rates, by result: ok, partial, failed.",
	}, []string{"result"})
	f.appended = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "infrazen_rates_appended_total", Help: "Exchange rates that were new or corrected.",
	})
	f.last = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "infrazen_rates_last_day_timestamp_seconds", Help: "Day from which the last exchange rate held of a currency holds.",
	}, []string{"currency"})
	reg.MustRegister(f.rounds, f.appended, f.last)
	return f
}

// Once does a round when one is due. One goroutine at a time calls it.
func (f *Filler) Once(ctx context.Context) error {
	now, err := f.shared.Now(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the clock: %w", err)
	}
	if now.Before(f.next) {
		return nil
	}
	f.next = now.Add(retry)
	good, err := f.round(ctx, now)
	switch {
	case err == nil:
		f.rounds.WithLabelValues("ok").Inc()
	case good:
		f.rounds.WithLabelValues("partial").Inc()
	default:
		f.rounds.WithLabelValues("failed").Inc()
		f.next = now.Add(max(retry, retryAfter(err)))
		return err
	}
	if err == nil || !passing(err) {
		f.next = now.Add(f.cfg.Every)
	}
	return err
}

// round asks for what is missing and keeps it. Good tells that at least a part of it was given.
func (f *Filler) round(ctx context.Context, now time.Time) (good bool, err error) {
	tasks, start, err := f.plan(ctx, now)
	if err != nil {
		return false, err
	}
	var errs []error
	var got []pipeline.ExchangeRate
	for _, t := range tasks {
		rates, err := f.source.Rates(ctx, t.currencies, t.from, tomorrow(now))
		got = append(got, rates...)
		if err != nil {
			errs = append(errs, fmt.Errorf("cannot collect exchange rates from %s: %w", f.source.Name(), err))
			continue
		}
		for _, c := range t.currencies {
			if t.from.Equal(start) {
				f.asked[c] = start
			}
		}
	}
	err = f.shared.Exclusively(ctx, func(ctx context.Context) error {
		n, err := f.facts.AppendRates(ctx, got, now)
		f.appended.Add(float64(n))
		if n > 0 {
			f.log.InfoContext(ctx, "exchange rates collected", "source", f.source.Name(), "appended", n)
		}
		return err
	})
	if err != nil {
		return false, fmt.Errorf("cannot keep exchange rates: %w", err)
	}
	f.note(got)
	return len(got) > 0, errors.Join(errs...)
}

// note tells the last days to the metrics.
func (f *Filler) note(got []pipeline.ExchangeRate) {
	last := map[string]time.Time{}
	for _, r := range got {
		if r.Date.After(last[r.Currency]) {
			last[r.Currency] = r.Date
		}
	}
	for currency, day := range last {
		f.last.WithLabelValues(currency).Set(float64(day.Unix()))
	}
}

// task is what is asked for in one go.
type task struct {
	currencies []string
	from       time.Time
}

// plan tells what to ask for: in full what is not held from the start on, and the last days of the rest.
func (f *Filler) plan(ctx context.Context, now time.Time) ([]task, time.Time, error) {
	charged, err := f.facts.ChargeCurrencies(ctx)
	if err != nil {
		return nil, time.Time{}, err
	}
	start := tomorrow(now).AddDate(-historyYears, 0, 0)
	wanted := slices.Clone(f.cfg.Currencies)
	for currency, first := range charged {
		if first.Before(start) {
			start = first
		}
		if pipeline.IsCurrency(currency) && currency != pipeline.RateBase && !slices.Contains(wanted, currency) {
			wanted = append(wanted, currency)
		}
	}
	slices.Sort(wanted)
	start = latest(start.AddDate(0, 0, -pipeline.RateHolds), time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	held, err := f.facts.Rates(ctx, pipeline.RateQuery{Currencies: wanted, From: start, To: tomorrow(now).AddDate(0, 0, 1)})
	if err != nil || len(wanted) == 0 {
		return nil, start, err
	}
	return f.tasks(wanted, held, start), start, nil
}

func (f *Filler) tasks(wanted []string, held []pipeline.ExchangeRate, start time.Time) []task {
	first, last := map[string]time.Time{}, map[string]time.Time{}
	for _, r := range held {
		if first[r.Currency].IsZero() {
			first[r.Currency] = r.Date
		}
		last[r.Currency] = r.Date
	}
	full, recent := task{from: start}, task{}
	for _, c := range wanted {
		asked, before := f.asked[c]
		whole := !first[c].IsZero() && first[c].Before(start.AddDate(0, 0, pipeline.RateHolds))
		if f.cfg.Whole || last[c].IsZero() || !whole && (!before || start.Before(asked)) {
			full.currencies = append(full.currencies, c)
			continue
		}
		recent.currencies = append(recent.currencies, c)
		if from := last[c].AddDate(0, 0, -again); recent.from.IsZero() || from.Before(recent.from) {
			recent.from = from
		}
	}
	return slices.DeleteFunc([]task{full, recent}, func(t task) bool { return len(t.currencies) == 0 })
}

// tomorrow is the day after the Moscow day of an instant, as midnight UTC.
func tomorrow(now time.Time) time.Time {
	return now.UTC().Add(3*time.Hour).Truncate(24*time.Hour).AddDate(0, 0, 1)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// faults are the faults in an error, however joined; nil when there is another error in it.
func faults(err error) []*pipeline.Fault {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		var out []*pipeline.Fault
		for _, one := range many.Unwrap() {
			inner := faults(one)
			if inner == nil {
				return nil
			}
			out = append(out, inner...)
		}
		return out
	}
	var f *pipeline.Fault
	if errors.As(err, &f) {
		return []*pipeline.Fault{f}
	}
	return nil
}

// passing tells whether any part of an error may go away by itself.
func passing(err error) bool {
	all := faults(err)
	return all == nil || slices.ContainsFunc(all, func(f *pipeline.Fault) bool { return f.Retry })
}

// retryAfter is the longest that any part of an error asks to wait.
func retryAfter(err error) time.Duration {
	var longest time.Duration
	for _, f := range faults(err) {
		longest = max(longest, f.RetryAfter)
	}
	return longest
}
