// Package collecttest holds what tests of collecting need: stores in memory that keep the contract of the real ones, a
// small cloud, and the tests that every store must pass.
package collecttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// Row is one appended line of the ledger.
type Row struct {
	Account collect.Account
	Source  string
	SeenAt  time.Time
	Charge  pipeline.Charge
	id      collect.LineID
}

// Ledger is a collect.Ledger in memory.
type Ledger struct {
	mu       sync.Mutex
	rows     []Row
	tokens   map[string]bool
	states   map[collect.Account][]pipeline.ResourceState
	syncs    map[collect.Account][]collect.SyncRecord
	samples  map[collect.Account]map[sampleID]float64
	accounts map[collect.Account][]pipeline.AccountState
	// BeforeAppend, when set, is called before every append outside of the lock; an error loses the request.
	// AfterAppend is called behind it; an error loses the answer.
	BeforeAppend, AfterAppend func(collect.Account, pipeline.Slice) error
	// OnRateHistory, when set, is told from when on prices are asked for.
	OnRateHistory func(from time.Time)
}

type sampleID struct {
	resource string
	metric   pipeline.MetricName
	at       int64
}

var _ collect.Ledger = (*Ledger)(nil)

// NewLedger makes an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{
		tokens: map[string]bool{}, states: map[collect.Account][]pipeline.ResourceState{},
		syncs: map[collect.Account][]collect.SyncRecord{}, samples: map[collect.Account]map[sampleID]float64{},
		accounts: map[collect.Account][]pipeline.AccountState{},
	}
}

func idOf(c *pipeline.Charge) collect.LineID {
	return collect.LineID{Start: c.Start.UTC(), End: c.End.UTC(), Key: c.Key()}
}

func inSlice(s pipeline.Slice, t time.Time) bool {
	return s.From.IsZero() && s.To.IsZero() || !t.Before(s.From) && t.Before(s.To)
}

// net adds up the rows of a slice.
func (l *Ledger) net(a collect.Account, s pipeline.Slice) map[collect.LineID]pipeline.Measures {
	net := map[collect.LineID]pipeline.Measures{}
	for i := range l.rows {
		r := &l.rows[i]
		if r.Account == a && r.Source == s.Source && inSlice(s, r.Charge.Start) {
			net[r.id] = net[r.id].Add(r.Charge.Measures)
		}
	}
	return net
}

// Held implements collect.Ledger.
func (l *Ledger) Held(_ context.Context, a collect.Account, s pipeline.Slice, f func(collect.HeldLine) error) error {
	l.mu.Lock()
	net := l.net(a, s)
	l.mu.Unlock()
	for id, m := range net {
		if m.IsZero() {
			continue
		}
		if err := f(collect.HeldLine{LineID: id, Measures: m}); err != nil {
			return err
		}
	}
	return nil
}

// Lines implements collect.Ledger.
func (l *Ledger) Lines(_ context.Context, a collect.Account, s pipeline.Slice, ids []collect.LineID) (map[collect.LineID]pipeline.Line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	asked := make(map[collect.LineID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	lines := map[collect.LineID]pipeline.Line{}
	for i := range l.rows {
		if r := &l.rows[i]; r.Account == a && r.Source == s.Source && asked[r.id] {
			lines[r.id] = r.Charge.Line
		}
	}
	return lines, nil
}

// Append implements collect.Ledger. As in ClickHouse, the lines of every month are a part of their own, and a token
// lets each part in once.
func (l *Ledger) Append(ctx context.Context, a collect.Account, s pipeline.Slice, seenAt time.Time, token string, lines []pipeline.Charge) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if l.BeforeAppend != nil {
		if err := l.BeforeAppend(a, s); err != nil {
			return err
		}
	}
	l.append(a, s, seenAt, token, lines)
	if l.AfterAppend != nil {
		return l.AfterAppend(a, s)
	}
	return nil
}

func (l *Ledger) append(a collect.Account, s pipeline.Slice, seenAt time.Time, token string, lines []pipeline.Charge) {
	l.mu.Lock()
	defer l.mu.Unlock()
	refused := map[string]bool{}
	for i := range lines {
		part := token + lines[i].Start.UTC().Format("200601")
		if _, met := refused[part]; !met {
			refused[part] = l.tokens[part]
			l.tokens[part] = true
		}
		if !refused[part] {
			l.rows = append(l.rows, Row{Account: a, Source: s.Source, SeenAt: seenAt, Charge: lines[i], id: idOf(&lines[i])})
		}
	}
}

// Counting is a Ledger that can count the rows of a slice.
type Counting struct{ *Ledger }

// SliceRows implements collect.RowCounter.
func (l Counting) SliceRows(_ context.Context, a collect.Account, s pipeline.Slice, seenAt time.Time) (all, fresh int64, err error) {
	for _, r := range l.Rows() {
		if r.Account == a && r.Source == s.Source && inSlice(s, r.Charge.Start) {
			all++
			if r.SeenAt.Equal(seenAt) {
				fresh++
			}
		}
	}
	return all, fresh, nil
}

// Rows gives every row, in the order in which they were appended.
func (l *Ledger) Rows() []Row {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.rows)
}

// Stage implements collect.Ledger.
func (l *Ledger) Stage(_ context.Context, a collect.Account, s pipeline.Slice) (collect.Stage, error) {
	return &stage{ledger: l, account: a, slice: s, lines: map[collect.LineID]pipeline.Charge{}}, nil
}

type stage struct {
	ledger  *Ledger
	account collect.Account
	slice   pipeline.Slice
	lines   map[collect.LineID]pipeline.Charge
}

func (s *stage) Add(_ context.Context, lines []pipeline.Charge) error {
	for _, c := range lines {
		id := idOf(&c)
		if held, ok := s.lines[id]; ok {
			c.Measures = held.Add(c.Measures)
		}
		s.lines[id] = c
	}
	return nil
}

func (s *stage) Apply(ctx context.Context, seenAt time.Time) (int64, error) {
	s.ledger.mu.Lock()
	net := s.ledger.net(s.account, s.slice)
	s.ledger.mu.Unlock()
	var difference []pipeline.Charge
	for id, c := range s.lines {
		if c.Measures = c.Add(net[id].Neg()); !c.IsZero() {
			difference = append(difference, c)
		}
	}
	for id, m := range net {
		if _, ok := s.lines[id]; ok || m.IsZero() {
			continue
		}
		lines, err := s.ledger.Lines(ctx, s.account, s.slice, []collect.LineID{id})
		if err != nil {
			return 0, err
		}
		difference = append(difference, pipeline.Charge{Line: lines[id], Start: id.Start, End: id.End, Measures: m.Neg()})
	}
	if len(difference) == 0 {
		return 0, nil
	}
	token := fmt.Sprint("stage", s.ledger.size())
	return int64(len(difference)), s.ledger.Append(ctx, s.account, s.slice, seenAt, token, difference)
}

func (s *stage) Drop(context.Context) error {
	s.lines = nil
	return nil
}

func (l *Ledger) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.rows)
}

// FilePeriods implements collect.Ledger.
func (l *Ledger) FilePeriods(_ context.Context, a collect.Account, sources []string) ([]collect.FilePeriod, error) {
	type period struct{ from, to time.Time }
	periods, lines := map[period]collect.FilePeriod{}, map[period]int64{}
	for _, r := range l.Rows() {
		if r.Account != a || !strings.HasPrefix(r.Source, collect.SourceFile) {
			continue
		}
		p := period{r.Charge.Start.UTC(), r.Charge.End.UTC()}
		lines[p] += r.Charge.LineCount
		touched := periods[p].Touched || slices.Contains(sources, r.Source)
		periods[p] = collect.FilePeriod{From: p.from, To: p.to, Held: lines[p] > 0, Touched: touched}
	}
	return slices.Collect(maps.Values(periods)), nil
}

// AppendSamples implements collect.Ledger.
func (l *Ledger) AppendSamples(_ context.Context, a collect.Account, samples []pipeline.Sample) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.samples[a] == nil {
		l.samples[a] = map[sampleID]float64{}
	}
	before := len(l.samples[a])
	for _, s := range samples {
		id := sampleID{s.ResourceID, s.Metric, s.Time.Unix()}
		if _, held := l.samples[a][id]; !held {
			l.samples[a][id] = s.Value
		}
	}
	return int64(len(l.samples[a]) - before), nil
}

// LastSamples implements collect.Ledger.
func (l *Ledger) LastSamples(_ context.Context, a collect.Account) (map[string]time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := map[string]time.Time{}
	for id := range l.samples[a] {
		if t := time.Unix(id.at, 0).UTC(); t.After(last[id.resource]) {
			last[id.resource] = t
		}
	}
	return last, nil
}

// States implements collect.Ledger.
func (l *Ledger) States(_ context.Context, a collect.Account) ([]pipeline.ResourceState, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	latest := map[string]pipeline.ResourceState{}
	for _, s := range l.states[a] {
		if held, ok := latest[s.ID]; !ok || !s.SeenAt.Before(held.SeenAt) {
			latest[s.ID] = s
		}
	}
	states := make([]pipeline.ResourceState, 0, len(latest))
	for _, s := range latest {
		states = append(states, s)
	}
	sortStates(states)
	return states, nil
}

func sortStates(states []pipeline.ResourceState) {
	slices.SortFunc(states, func(a, b pipeline.ResourceState) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), a.SeenAt.Compare(b.SeenAt))
	})
}

// RateHistory implements collect.Ledger.
func (l *Ledger) RateHistory(_ context.Context, a collect.Account, from time.Time) ([]pipeline.ResourceState, error) {
	if l.OnRateHistory != nil {
		l.OnRateHistory(from)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.states[a])
	sortStates(all)
	var bearing []pipeline.ResourceState
	for i, s := range all {
		followed := i+1 < len(all) && all[i+1].ID == s.ID && all[i+1].SeenAt.Before(from)
		if !followed {
			bearing = append(bearing, s)
		}
	}
	return bearing, nil
}

// AppendStates implements collect.Ledger.
func (l *Ledger) AppendStates(_ context.Context, a collect.Account, sync collect.SyncRecord, changed []pipeline.ResourceState, token string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens[token] {
		return nil
	}
	l.tokens[token] = true
	for _, s := range changed {
		s.ConnectionID = a.Connection
		l.states[a] = append(l.states[a], s)
	}
	l.syncs[a] = append(l.syncs[a], sync)
	return nil
}

// Syncs gives what the latest snapshots saw, newest first.
func (l *Ledger) Syncs(_ context.Context, tenant pipeline.TenantID, c pipeline.ConnectionID, limit int) ([]pipeline.SyncSummary, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var syncs []pipeline.SyncSummary
	for _, s := range l.syncs[collect.Account{Tenant: tenant, Connection: c}] {
		syncs = append(syncs, pipeline.SyncSummary{
			ConnectionID: c, At: s.At, Created: s.Created, Updated: s.Updated, Deleted: s.Deleted, Unchanged: s.Unchanged, Complete: s.Complete,
		})
	}
	slices.SortStableFunc(syncs, func(a, b pipeline.SyncSummary) int { return b.At.Compare(a.At) })
	return syncs[:min(limit, len(syncs))], nil
}

// LastWhole gives the instant of the newest snapshot that was whole.
func (l *Ledger) LastWhole(_ context.Context, a collect.Account) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var last time.Time
	for _, s := range l.syncs[a] {
		if s.Complete && s.At.After(last) {
			last = s.At
		}
	}
	return last, nil
}

// AppendAccount implements collect.Ledger.
func (l *Ledger) AppendAccount(_ context.Context, a collect.Account, s pipeline.AccountState) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.accounts[a] = append(l.accounts[a], s)
	return nil
}
