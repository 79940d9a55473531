package clickhouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// storedRate and storedEvent are how rates and events are written: their names are part of the schema.
type storedRate struct {
	Component   string              `json:"component,omitempty"`
	ServiceName string              `json:"service,omitempty"`
	SkuID       string              `json:"sku,omitempty"`
	Known       bool                `json:"known"`
	Amount      decimal.Decimal     `json:"amount"`
	Currency    string              `json:"currency,omitempty"`
	Period      pipeline.RatePeriod `json:"period,omitempty"`
	CostStatus  pipeline.CostStatus `json:"cost_status,omitempty"`
}

type storedEvent struct {
	Kind   pipeline.EventKind `json:"kind"`
	Time   time.Time          `json:"time"`
	Failed bool               `json:"failed,omitempty"`
}

func encodeRates(rates []pipeline.Rate) string {
	out := make([]storedRate, len(rates))
	for i, r := range rates {
		out[i] = storedRate(r)
	}
	return encodeList(out)
}

func encodeEvents(events []pipeline.ResourceEvent) string {
	out := make([]storedEvent, len(events))
	for i, e := range events {
		out[i] = storedEvent(e)
		out[i].Time = e.Time.UTC()
	}
	return encodeList(out)
}

// encodeList writes a list as JSON, an empty one as an empty text.
func encodeList[T any](list []T) string {
	if len(list) == 0 {
		return ""
	}
	text, _ := json.Marshal(list) // plain structs of texts, decimals and times cannot fail
	return string(text)
}

func decodeList[T any](text string, into *[]T) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("cannot read the list %q: %w", text, err)
	}
	return nil
}

// stateColumns are the columns of resource_states in the order that scanState takes them.
const stateColumns = `connection_id, resource_id, seen_at, deleted_at, change, changes, type, name, status, scope, parent_id,
    project_id, project_name, region_id, region_name, zone_id, vcpu, memory_bytes, disk_bytes, created_at,
    tags, attributes, volatile, rates, events`

func scanState(r driver.Rows) (pipeline.ResourceState, error) {
	var st pipeline.ResourceState
	var tags, attributes, volatile, rates, events, changes string
	if err := r.Scan((*string)(&st.ConnectionID), &st.ID, &st.SeenAt, &st.DeletedAt, (*string)(&st.Change), &changes,
		(*string)(&st.Type), &st.Name, &st.Status, &st.Scope, &st.ParentID, &st.ProjectID, &st.ProjectName, &st.RegionID,
		&st.RegionName, &st.ZoneID, &st.VCPU, &st.MemoryBytes, &st.DiskBytes, &st.CreatedAt,
		&tags, &attributes, &volatile, &rates, &events); err != nil {
		return st, err
	}
	st.SeenAt, st.DeletedAt, st.CreatedAt = known(st.SeenAt), known(st.DeletedAt), known(st.CreatedAt)
	var failed [3]error
	st.Tags, failed[0] = decodeMap(tags)
	st.Attributes, failed[1] = decodeMap(attributes)
	st.Volatile, failed[2] = decodeMap(volatile)
	return st, errors.Join(append(failed[:], decodeState(&st, changes, rates, events))...)
}

func decodeState(st *pipeline.ResourceState, changes, rates, events string) error {
	var rs []storedRate
	var es []storedEvent
	err := errors.Join(decodeList(changes, &st.Changes), decodeList(rates, &rs), decodeList(events, &es))
	for _, r := range rs {
		st.Rates = append(st.Rates, pipeline.Rate(r))
	}
	for _, e := range es {
		st.Events = append(st.Events, pipeline.ResourceEvent(e))
	}
	return err
}

// known gives an instant in UTC, and the zero time for the epoch, which stands for "unknown".
func known(t time.Time) time.Time {
	if t.UnixMicro() == 0 {
		return time.Time{}
	}
	return t.UTC()
}

// stored is the inverse of known.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Unix(0, 0).UTC()
	}
	return t.UTC().Truncate(time.Microsecond)
}

func (s *Store) states(ctx context.Context, name string, a args) ([]pipeline.ResourceState, error) {
	var out []pipeline.ResourceState
	text := strings.ReplaceAll(s.texts[name], "{{state}}", stateColumns)
	err := s.rowsOf(ctx, name, text, a, func(r driver.Rows) error {
		st, err := scanState(r)
		out = append(out, st)
		return err
	})
	return out, err
}

// States implements [collect.Ledger].
func (s *Store) States(ctx context.Context, a collect.Account) ([]pipeline.ResourceState, error) {
	return s.joined.states.put(ctx, common[none]{tenant: a.Tenant}, asking[none]{connection: a.Connection})
}

// RateHistory implements [collect.Ledger].
func (s *Store) RateHistory(ctx context.Context, a collect.Account, from time.Time) ([]pipeline.ResourceState, error) {
	return s.joined.rateHistory.put(ctx, common[int64]{a.Tenant, micros(from)}, asking[none]{connection: a.Connection})
}

func (s *Store) statesOf(ctx context.Context, of common[none], all []asking[none]) ([][]pipeline.ResourceState, error) {
	return s.statesByConnection(ctx, "states", args{"tenant": string(of.tenant)}, all)
}

func (s *Store) rateHistoryOf(ctx context.Context, of common[int64], all []asking[none]) ([][]pipeline.ResourceState, error) {
	return s.statesByConnection(ctx, "rate_history", args{"tenant": string(of.tenant), "from": of.of}, all)
}

func (s *Store) statesByConnection(ctx context.Context, name string, bound args, all []asking[none]) ([][]pipeline.ResourceState, error) {
	bound["connections"] = connectionsOf(all)
	found, err := s.states(ctx, name, bound)
	out, places := make([][]pipeline.ResourceState, len(all)), placesOf(all)
	for i := range found {
		at := places[string(found[i].ConnectionID)]
		out[at] = append(out[at], found[i])
	}
	return out, err
}

// AppendStates implements [collect.Ledger].
func (s *Store) AppendStates(ctx context.Context, a collect.Account, sync collect.SyncRecord, changed []pipeline.ResourceState, token string) error {
	full := tokenOf("states", a.Tenant, a.Connection, sync.At.UnixMicro(), token)
	if len(changed) > 0 {
		if err := s.insertGrouped(ctx, "resource_states", full, stateBlock(a, changed)); err != nil {
			return err
		}
	}
	return s.insertGrouped(ctx, "syncs", full, syncBlock(a, sync))
}

func stateBlock(a collect.Account, states []pipeline.ResourceState) *block {
	type state = pipeline.ResourceState
	b := &block{n: len(states)}
	text := func(name, kind string, value func(*state) string) { addEach(b, name, kind, states, value) }
	instant := func(name string, value func(*state) time.Time) {
		addEach(b, name, typeInstant, states, func(s *state) time.Time { return stored(value(s)) })
	}
	number := func(name string, value func(*state) int64) { addEach(b, name, typeInt, states, value) }
	b.addSame("tenant_id", typeText, string(a.Tenant))
	b.addSame("connection_id", typeText, string(a.Connection))
	text("resource_id", typeString, func(s *state) string { return s.ID })
	instant("seen_at", func(s *state) time.Time { return s.SeenAt })
	instant("deleted_at", func(s *state) time.Time { return s.DeletedAt })
	instant("created_at", func(s *state) time.Time { return s.CreatedAt })
	text("change", typeText, func(s *state) string { return string(s.Change) })
	text("changes", typeString, func(s *state) string { return encodeList(s.Changes) })
	text("type", typeText, func(s *state) string { return string(s.Type) })
	text("name", typeString, func(s *state) string { return s.Name })
	text("status", typeText, func(s *state) string { return s.Status })
	text("scope", typeText, func(s *state) string { return s.Scope })
	text("parent_id", typeString, func(s *state) string { return s.ParentID })
	text("project_id", typeText, func(s *state) string { return s.ProjectID })
	text("project_name", typeText, func(s *state) string { return s.ProjectName })
	text("region_id", typeText, func(s *state) string { return s.RegionID })
	text("region_name", typeText, func(s *state) string { return s.RegionName })
	text("zone_id", typeText, func(s *state) string { return s.ZoneID })
	number("vcpu", func(s *state) int64 { return s.VCPU })
	number("memory_bytes", func(s *state) int64 { return s.MemoryBytes })
	number("disk_bytes", func(s *state) int64 { return s.DiskBytes })
	text("tags", typeString, func(s *state) string { return encodeMap(s.Tags) })
	text("attributes", typeString, func(s *state) string { return encodeMap(s.Attributes) })
	text("volatile", typeString, func(s *state) string { return encodeMap(s.Volatile) })
	text("rates", typeString, func(s *state) string { return encodeRates(s.Rates) })
	text("events", typeString, func(s *state) string { return encodeEvents(s.Events) })
	return b
}

func syncBlock(a collect.Account, sync collect.SyncRecord) *block {
	b := &block{n: 1}
	b.addSame("tenant_id", typeText, string(a.Tenant))
	b.addSame("connection_id", typeText, string(a.Connection))
	b.addSame("at", typeInstant, stored(sync.At))
	b.addSame("created", typeInt, sync.Created)
	b.addSame("updated", typeInt, sync.Updated)
	b.addSame("deleted", typeInt, sync.Deleted)
	b.addSame("unchanged", typeInt, sync.Unchanged)
	b.addSame("complete", "Bool", sync.Complete)
	b.addSame("scopes", typeString, encodeScopes(sync.Scopes))
	return b
}

// encodeScopes writes how the scopes of a snapshot went, without the causes of faults, which are for the log.
func encodeScopes(scopes []pipeline.ScopeResult) string {
	type fault struct {
		Code pipeline.FaultCode `json:"code"`
		Text pipeline.Text      `json:"text"`
	}
	type scope struct {
		Scope   string        `json:"scope"`
		Label   pipeline.Text `json:"label"`
		Found   int64         `json:"found"`
		Fault   *fault        `json:"fault,omitempty"`
		Skipped bool          `json:"skipped,omitempty"`
	}
	out := make([]scope, len(scopes))
	for i, s := range scopes {
		out[i] = scope{Scope: s.Scope, Label: s.Label, Found: s.Found, Skipped: s.Skipped}
		if s.Fault != nil {
			out[i].Fault = &fault{Code: s.Fault.Code, Text: s.Fault.Text}
		}
	}
	return encodeList(out)
}
