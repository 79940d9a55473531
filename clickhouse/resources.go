package clickhouse

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/infrazen/infrazen/pipeline"
)

const (
	defaultPage = 100
	largestPage = 1000
)

// ErrCursor says that a cursor was not given by this store.
var ErrCursor = errors.New("the cursor is not one that an earlier page gave")

// Resources gives a page of the tenant's resources, ordered by connection, type, name and id.
func (s *Store) Resources(ctx context.Context, tenant pipeline.TenantID, q pipeline.ResourceQuery) (pipeline.ResourcePage, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, largestPage)
	after, err := readCursor(q.After)
	if err != nil {
		return pipeline.ResourcePage{}, err
	}
	bound := args{
		"tenant": string(tenant), "connections": texts(q.Connections), "types": texts(q.Types), "deleted": q.Deleted,
		"pattern": foldPattern(q.Text), "conditions": append([]string{}, q.Conditions...), "condition": pipeline.AttributeCondition,
	}
	var page pipeline.ResourcePage
	var total uint64
	if err := s.rows(ctx, "resources_total", bound, func(r driver.Rows) error { return r.Scan(&total) }); err != nil {
		return page, err
	}
	bound["limit"], bound["behind"] = limit+1, q.After != ""
	bound["after_connection"], bound["after_type"], bound["after_name"], bound["after_id"] = after[0], after[1], after[2], after[3]
	if page.Resources, err = s.states(ctx, "resources", bound); err != nil {
		return page, err
	}
	page.Total = int64(total)
	if len(page.Resources) > limit {
		page.Resources = page.Resources[:limit]
		page.Cursor = cursorOf(&page.Resources[limit-1])
	}
	return page, nil
}

// texts turns a list of named texts into one of plain texts, an empty one rather than nil.
func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

// cursorOf says behind which resource the next page begins.
func cursorOf(r *pipeline.ResourceState) string {
	text, _ := json.Marshal([4]string{string(r.ConnectionID), string(r.Type), r.Name, r.ID}) // texts cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

func readCursor(cursor string) ([4]string, error) {
	var after [4]string
	if cursor == "" {
		return after, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &after)
	}
	if err != nil {
		return after, fmt.Errorf("cannot continue the list: %w", ErrCursor)
	}
	return after, nil
}

// Resource gives the latest state of a resource, be it deleted, or [pipeline.ErrNotFound].
func (s *Store) Resource(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, id string) (pipeline.ResourceState, error) {
	history, err := s.history(ctx, tenant, conn, id, 1)
	if err != nil {
		return pipeline.ResourceState{}, err
	}
	return history[0], nil
}

// ResourceHistory gives all states of a resource, newest first, or [pipeline.ErrNotFound].
func (s *Store) ResourceHistory(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, id string) ([]pipeline.ResourceState, error) {
	return s.history(ctx, tenant, conn, id, 10_000)
}

func (s *Store) history(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, id string, limit int) ([]pipeline.ResourceState, error) {
	states, err := s.states(ctx, "resource_history", args{"tenant": string(tenant), "connection": string(conn), "id": id, "limit": limit})
	if err != nil {
		return nil, err
	}
	if len(states) == 0 {
		return nil, fmt.Errorf("cannot find resource %q of connection %s: %w", id, conn, pipeline.ErrNotFound)
	}
	return states, nil
}

// DeleteConnection removes all facts of a connection. It rewrites the parts that hold them, which takes seconds to minutes
// on a large ledger; doing it twice does no harm.
func (s *Store) DeleteConnection(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID) error {
	bound := args{"tenant": string(tenant), "connection": string(conn)}
	for _, table := range []string{"charges", "samples", "samples_hourly", "resource_states", "syncs", "accounts"} {
		text := strings.ReplaceAll(s.texts["delete_connection"], "{{table}}", s.names().Local(table))
		if err := s.execText(ctx, "delete_connection", text, bound, nil); err != nil {
			return err
		}
	}
	return nil
}
