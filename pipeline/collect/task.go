package collect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// samplesAtOnce is how many samples go to the ledger in one INSERT.
const samplesAtOnce = 20_000

// clockTolerance is how far a cloud's clock may be from ours before it is told.
const clockTolerance = 2 * time.Minute

// task collects one window with one session. It is the session's sink.
type task struct {
	ledger  Ledger
	windows Windows
	window  Window
	info    pipeline.Info
	spec    pipeline.FeedSpec
	zone    *time.Location
	options SliceOptions
	lang    pipeline.Lang
	// mappings give types to what the provider does not recognise.
	mappings pipeline.TypeMappings
	log      *slog.Logger
	// read is when this collector read each scope of the connection whole.
	read map[string]time.Time
	// listed are the resources of the collector's own latest snapshot, for a feed that comes after the inventory.
	listed []pipeline.KnownResource

	mu        sync.Mutex // sessions may read their endpoints in parallel
	writers   []*Writer
	resources []pipeline.Resource
	samples   []pipeline.Sample
	accounts  []pipeline.AccountState
	found     int64
	appended  int64
}

// Slice implements pipeline.Sink.
func (t *task) Slice(_ context.Context, s pipeline.Slice) (pipeline.SliceWriter, error) {
	if s.Source == SourceAccrual || s.Source == "" {
		return nil, fmt.Errorf("cannot open a slice: the source %q is not a provider's", s.Source)
	}
	w := NewWriter(t.ledger, t.window.Account, s, t.options)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.writers = append(t.writers, w)
	return w, nil
}

// Resources implements pipeline.Sink.
func (t *task) Resources(_ context.Context, rs []pipeline.Resource) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.resources = append(t.resources, rs...)
	return nil
}

// Samples implements pipeline.Sink.
func (t *task) Samples(ctx context.Context, ss []pipeline.Sample) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.samples = append(t.samples, ss...)
	if len(t.samples) < samplesAtOnce {
		return nil
	}
	return t.flushSamples(ctx)
}

func (t *task) flushSamples(ctx context.Context) error {
	if len(t.samples) == 0 {
		return nil
	}
	n, err := t.ledger.AppendSamples(ctx, t.window.Account, t.samples)
	if err != nil {
		return fmt.Errorf("cannot append samples: %w", err)
	}
	t.found += int64(len(t.samples))
	t.appended += n
	t.samples = t.samples[:0]
	return nil
}

// Account implements pipeline.Sink.
func (t *task) Account(_ context.Context, a pipeline.AccountState) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.accounts = append(t.accounts, a)
	return nil
}

// run collects the window. What it returns with an error is what was learnt before.
func (t *task) run(ctx context.Context, s pipeline.Session) (pipeline.Outcome, error) {
	began, err := t.windows.Now(ctx)
	if err != nil {
		return pipeline.Outcome{}, fmt.Errorf("cannot read the store's clock: %w", err)
	}
	if t.spec.Grain == pipeline.GrainObject && t.window.Grain == pipeline.GrainSnapshot {
		return t.list(ctx, s, began)
	}
	prev, last, err := t.known(ctx)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	outcome, err := s.Collect(ctx, t.request(prev, last), t)
	for _, w := range t.writers {
		w.Abort() // those that were committed take no notice
		t.found, t.appended = t.found+w.Found, t.appended+w.Appended
	}
	at, clockErr := t.observed(ctx, &outcome, began)
	if err != nil {
		return outcome, errors.Join(err, clockErr)
	}
	if clockErr != nil {
		return outcome, clockErr
	}
	if err := t.keep(ctx, &outcome, prev, last, at); err != nil {
		return outcome, err
	}
	return outcome, t.supersede(ctx)
}

// list makes windows of the objects that a connection offers.
func (t *task) list(ctx context.Context, s pipeline.Session, now time.Time) (pipeline.Outcome, error) {
	objects, err := s.Objects(ctx)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	if err := t.windows.Plan(ctx, t.window.Account, planObjects(t.spec.Feed, objects, now)); err != nil {
		return pipeline.Outcome{}, fmt.Errorf("cannot plan objects: %w", err)
	}
	t.found = int64(len(objects))
	return pipeline.Outcome{
		Scopes: []pipeline.ScopeResult{{
			Scope: "objects", Label: pipeline.Text{RU: "Список файлов", EN: "List of files"}, Found: t.found,
		}},
		CompleteThrough: now,
	}, nil
}

// known reads what earlier snapshots told, when the feed is about resources.
func (t *task) known(ctx context.Context) (prev []pipeline.ResourceState, last time.Time, err error) {
	if t.spec.Feed != pipeline.FeedInventory && t.spec.Feed != pipeline.FeedUsage && t.spec.After == "" {
		return nil, time.Time{}, nil
	}
	if t.listed != nil {
		return nil, time.Time{}, nil
	}
	if prev, err = t.ledger.States(ctx, t.window.Account); err != nil {
		return nil, time.Time{}, fmt.Errorf("cannot read the resources held: %w", err)
	}
	if len(prev) == 0 && t.spec.After == "" {
		return nil, time.Time{}, nil // nothing that an earlier snapshot could have seen
	}
	if t.spec.After == pipeline.FeedInventory {
		return prev, time.Time{}, t.turn(ctx, len(prev) > 0)
	}
	last, err = lastWhole(ctx, t.ledger, t.window.Account)
	return prev, last, err
}

// turnPatience is how long after its making a connection's charges wait for its first inventory: one that cannot be read must
// not hold up the bill.
const turnPatience = 10 * time.Minute

// turn says whether a feed that comes after the inventory may begin: when a snapshot was taken, or none can be had for long.
func (t *task) turn(ctx context.Context, known bool) error {
	log, ok := t.ledger.(SyncLog)
	if known || !ok || t.window.StoreNow.Sub(t.window.Connection.CreatedAt) > turnPatience {
		return nil
	}
	syncs, err := log.Syncs(ctx, t.window.Account.Tenant, t.window.Account.Connection, 1)
	if err != nil {
		return fmt.Errorf("cannot read earlier snapshots: %w", err)
	}
	if len(syncs) > 0 {
		return nil
	}
	return &pipeline.Fault{
		Code: pipeline.FaultUnavailable, Retry: true,
		Text: pipeline.Text{
			RU: "Расходы ждут первого списка ресурсов: из него берутся теги. Если список не удастся прочитать, через 10 минут расходы соберутся без него.",
			EN: "Costs wait for the first list of resources, which the tags come from. If it cannot be read, costs are collected without it in 10 minutes.",
		},
	}
}

func (t *task) request(prev []pipeline.ResourceState, last time.Time) pipeline.Task {
	req := pipeline.Task{Feed: t.spec.Feed, From: t.window.From, To: t.window.To, Object: t.window.Object, Lang: t.lang, Known: t.listed}
	for i := range prev {
		if s := &prev[i]; s.DeletedAt.IsZero() {
			req.Known = append(req.Known, knownOf(&s.Resource, later(s.SeenAt, last)))
		}
	}
	return req
}

// observed is the instant that a snapshot is true of: when it began, by the store's clock. When the cloud's clock is behind
// ours it is the cloud's, so that no hour is charged that the cloud has not seen yet.
func (t *task) observed(ctx context.Context, o *pipeline.Outcome, began time.Time) (time.Time, error) {
	if o.CloudTime.IsZero() {
		return began, nil
	}
	ended, err := t.windows.Now(ctx)
	if err != nil {
		return began, fmt.Errorf("cannot read the store's clock: %w", err)
	}
	behind, ahead := began.Sub(o.CloudTime), o.CloudTime.Sub(ended)
	if behind <= clockTolerance && ahead <= clockTolerance {
		return began, nil
	}
	off := max(behind, ahead).Round(time.Second)
	o.Notes = append(o.Notes, pipeline.Note{
		Code: string(pipeline.FaultClock), Count: 1,
		Text: pipeline.Textf(
			"Часы облака и наши расходятся на %s. Проверьте время на сервере InfraZen; пока не сойдутся, последние часы могут быть неполны.",
			"The cloud's clock and ours differ by %s. Check the time on InfraZen's server; until they agree the latest hours may be incomplete.", off),
	})
	if behind > clockTolerance {
		return o.CloudTime.UTC(), nil
	}
	return began, nil
}

// keep hands to the ledger what was gathered during the task.
func (t *task) keep(ctx context.Context, o *pipeline.Outcome, prev []pipeline.ResourceState, last, at time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.flushSamples(ctx); err != nil {
		return err
	}
	for _, a := range t.accounts {
		if a.ObservedAt.IsZero() {
			a.ObservedAt = at
		}
		if err := t.ledger.AppendAccount(ctx, t.window.Account, a); err != nil {
			return fmt.Errorf("cannot append the account's state: %w", err)
		}
	}
	if t.spec.Feed != pipeline.FeedInventory {
		return nil
	}
	if o.CompleteThrough.IsZero() {
		o.CompleteThrough = at
	}
	if t.spec.Accrues {
		o.CompleteThrough = earlier(o.CompleteThrough, charged(at, stepOf(&t.spec))) // the costs are
	}
	// A clock that has gone back does not take back what an earlier snapshot saw.
	return t.snapshot(ctx, o, prev, last, later(at, last))
}

// snapshot works out what the listing changed and what it costs, and appends both. The states come last: a snapshot that
// was cut short in between is as if it had not been.
func (t *task) snapshot(ctx context.Context, o *pipeline.Outcome, prev []pipeline.ResourceState, last, at time.Time) error {
	t.mapTypes()
	changes := Compare(prev, Snapshot{At: at, LastSeen: last, ScopeSeen: t.read, Resources: t.resources, Outcome: *o})
	t.found += int64(len(t.resources))
	if t.spec.Accrues {
		covered, _, err := t.coverage(ctx, nil)
		if err != nil {
			return err
		}
		run := accruing{
			ledger: t.ledger, account: t.window.Account, options: t.options, spec: t.spec, prev: prev, changes: changes, last: last, read: t.read,
			covered: covered,
			accrual: Accrual{Provider: t.info.Title.EN, Zone: t.zone, NotBefore: t.notBefore(), Through: at, Step: stepOf(&t.spec)},
		}
		found, appended, err := run.run(ctx)
		t.found, t.appended = t.found+found, t.appended+appended
		if err != nil {
			return err
		}
	}
	if err := t.options.Guard(); err != nil {
		return err
	}
	for i := range changes.Changed {
		changes.Changed[i].ConnectionID = t.window.Account.Connection
	}
	record := SyncRecord{
		At: at, Created: changes.Created, Updated: changes.Updated, Deleted: changes.Deleted, Unchanged: changes.Unchanged,
		Scopes: o.Scopes, Complete: o.Complete(),
	}
	token := fmt.Sprintf("%s/%s/%d/%d", t.window.Account.Tenant, t.window.Account.Connection, t.window.Lease, at.UnixNano())
	if err := t.ledger.AppendStates(ctx, t.window.Account, record, changes.Changed, token); err != nil {
		return fmt.Errorf("cannot append resources: %w", err)
	}
	t.appended += int64(len(changes.Changed))
	for scope, whole := range wholeScopes(o) {
		if whole {
			t.read[scope] = later(t.read[scope], at)
		}
	}
	return nil
}

// notBefore is the first instant that is charged: as far back as the feed's backfill goes from the day on which the
// connection was made, or the hour in which it was made when there is none.
func (t *task) notBefore() time.Time { return t.notBeforeOf(&t.spec) }

func (t *task) notBeforeOf(f *pipeline.FeedSpec) time.Time {
	created := t.window.Connection.CreatedAt
	if f.Backfill <= 0 {
		return hourOf(created)
	}
	return dayOf(created.Add(-f.Backfill), t.zone)
}
