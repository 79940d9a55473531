package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// mappingColumns are what readMapping reads, of the table type_mappings called m.
const mappingColumns = `m.id::text, m.tenant_id::text, m.kind, m.resource_type, m.service_name, m.sku_prefix, m.to_type, m.to_category, m.to_service,
    coalesce(m.created_by::text, ''), m.created_at, m.updated_at`

func scanMapping(row pgx.CollectableRow) (pipeline.TypeMapping, error) { return readMapping(row) }

func readMapping(row pgx.Row) (pipeline.TypeMapping, error) {
	var m pipeline.TypeMapping
	err := row.Scan(&m.ID, &m.TenantID, &m.Kind, &m.Match.ResourceType, &m.Match.ServiceName, &m.Match.SkuPrefix, &m.To.ResourceType,
		&m.To.ServiceCategory, &m.To.ServiceName, &m.CreatedBy, &m.CreatedAt, &m.UpdatedAt)
	m.CreatedAt, m.UpdatedAt = m.CreatedAt.UTC(), m.UpdatedAt.UTC()
	return m, err
}

const sqlMappings = `/* type_mappings */
SELECT ` + mappingColumns + ` FROM type_mappings m WHERE m.tenant_id = $1 AND m.kind = $2 ORDER BY m.id`

// TypeMappings gives the mappings of a tenant for a kind of connection.
func (s *Store) TypeMappings(ctx context.Context, tenant pipeline.TenantID, kind pipeline.Kind) (pipeline.TypeMappings, error) {
	rows, err := s.pool.Query(ctx, sqlMappings, uuid(tenant), string(kind))
	ms, err := collectRows(rows, err, scanMapping)
	return ms, wrap(err, "list the type mappings for %s", kind)
}

const sqlMappingsOf = `/* type_mappings_of */
SELECT ` + mappingColumns + ` FROM type_mappings m WHERE m.tenant_id = $1 ORDER BY m.kind, m.resource_type, m.service_name, m.sku_prefix`

// TypeMappingsOf lists all mappings of a tenant by kind and by what they match.
func (s *Store) TypeMappingsOf(ctx context.Context, tenant pipeline.TenantID) (pipeline.TypeMappings, error) {
	rows, err := s.pool.Query(ctx, sqlMappingsOf, uuid(tenant))
	ms, err := collectRows(rows, err, scanMapping)
	return ms, wrap(err, "list the type mappings")
}

const sqlCreateMapping = `/* create_type_mapping */
INSERT INTO type_mappings AS m (tenant_id, kind, resource_type, service_name, sku_prefix, to_type, to_category, to_service, created_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING ` + mappingColumns

// CreateTypeMapping makes a mapping and the work of applying it to what is held. There is one for what it matches:
// pipeline.ErrConflict otherwise.
func (s *Store) CreateTypeMapping(ctx context.Context, tenant pipeline.TenantID, m pipeline.TypeMapping) (pipeline.TypeMapping, error) {
	var by any
	if m.CreatedBy != "" {
		by = uuid(m.CreatedBy)
	}
	var made pipeline.TypeMapping
	err := s.changeMappings(ctx, tenant, func(tx pgx.Tx) (kinds []pipeline.Kind, err error) {
		made, err = readMapping(tx.QueryRow(ctx, sqlCreateMapping, uuid(tenant), string(m.Kind), m.Match.ResourceType, m.Match.ServiceName, m.Match.SkuPrefix,
			string(m.To.ResourceType), m.To.ServiceCategory, m.To.ServiceName, by))
		return []pipeline.Kind{m.Kind}, err
	})
	return made, wrap(err, "create a type mapping of %q", m.Match.ResourceType)
}

const sqlUpdateMapping = `/* update_type_mapping */
UPDATE type_mappings m SET kind = $3, resource_type = $4, service_name = $5, sku_prefix = $6, to_type = $7, to_category = $8, to_service = $9,
       updated_at = clock_timestamp()
FROM (SELECT id, kind FROM type_mappings WHERE tenant_id = $1 AND id = $2 FOR UPDATE) old
WHERE m.id = old.id RETURNING old.kind, ` + mappingColumns

// UpdateTypeMapping replaces the mapping with m's ID, and makes the work of applying that to what is held.
func (s *Store) UpdateTypeMapping(ctx context.Context, tenant pipeline.TenantID, m pipeline.TypeMapping) (pipeline.TypeMapping, error) {
	var changed pipeline.TypeMapping
	err := s.changeMappings(ctx, tenant, func(tx pgx.Tx) ([]pipeline.Kind, error) {
		var before pipeline.Kind
		var err error
		changed, err = readMapping(after{tx.QueryRow(ctx, sqlUpdateMapping, uuid(tenant), uuid(m.ID), string(m.Kind), m.Match.ResourceType, m.Match.ServiceName,
			m.Match.SkuPrefix, string(m.To.ResourceType), m.To.ServiceCategory, m.To.ServiceName), &before})
		return []pipeline.Kind{before, m.Kind}, err
	})
	return changed, wrap(err, "change the type mapping %s", m.ID)
}

// after is a row whose first column goes elsewhere.
type after struct {
	row   pgx.Row
	first any
}

// Scan implements pgx.Row.
func (a after) Scan(dest ...any) error { return a.row.Scan(append([]any{a.first}, dest...)...) }

const sqlDeleteMapping = `/* delete_type_mapping */ DELETE FROM type_mappings WHERE tenant_id = $1 AND id = $2 RETURNING kind`

// DeleteTypeMapping removes a mapping, and makes the work of giving what is held the cloud's own words again.
func (s *Store) DeleteTypeMapping(ctx context.Context, tenant pipeline.TenantID, id string) error {
	err := s.changeMappings(ctx, tenant, func(tx pgx.Tx) ([]pipeline.Kind, error) {
		var kind pipeline.Kind
		err := tx.QueryRow(ctx, sqlDeleteMapping, uuid(tenant), uuid(id)).Scan(&kind)
		return []pipeline.Kind{kind}, err
	})
	return wrap(err, "delete the type mapping %s", id)
}

// Changes of one tenant's mappings go one after another.
const sqlOneChange = `/* one_mapping_change */ SELECT pg_advisory_xact_lock(hashtextextended('infrazen type mappings ' || $1::text, 0))`

// A connection that is being made while mappings change would see the older ones and get no work: it is waited for.
const sqlHoldConnections = `/* hold_connections */ LOCK TABLE connections IN SHARE MODE`

// wanted is counted in the row, not given by a sequence: of two changes at once the later one to commit must be the later edition.
const sqlWantRetyping = `/* want_retyping */
INSERT INTO retypings AS r (connection_id, tenant_id)
SELECT c.id, c.tenant_id FROM connections c WHERE c.tenant_id = $1 AND c.kind = ANY ($2) ORDER BY c.id
ON CONFLICT (connection_id) DO UPDATE SET wanted = r.wanted + 1, asked_at = clock_timestamp(), due_at = clock_timestamp(), attempt = 0, fault = NULL`

// The listing of resources is taken again soon, so that their types follow.
const sqlListAgain = `/* list_again */
UPDATE windows w SET due_at = clock_timestamp()
FROM (SELECT DISTINCT ON (w.connection_id) w.id FROM windows w JOIN connections c ON c.id = w.connection_id AND c.tenant_id = w.tenant_id
      WHERE c.tenant_id = $1 AND c.kind = ANY ($2) AND w.feed = 'inventory' AND w.grain = 'snapshot' AND w.from_at <= clock_timestamp()
      ORDER BY w.connection_id, w.from_at DESC) newest
WHERE w.id = newest.id AND (w.leased_until IS NULL OR w.leased_until <= clock_timestamp())`

// changeMappings runs a change in a transaction and makes the work that it asks for.
func (s *Store) changeMappings(ctx context.Context, tenant pipeline.TenantID, change func(pgx.Tx) ([]pipeline.Kind, error)) error {
	return s.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlOneChange, string(tenant)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlHoldConnections); err != nil {
			return err
		}
		kinds, err := change(tx)
		if err != nil {
			return err
		}
		names := make([]string, len(kinds))
		for i, k := range kinds {
			names[i] = string(k)
		}
		if _, err := tx.Exec(ctx, sqlWantRetyping, uuid(tenant), names); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlListAgain, uuid(tenant), names)
		return err
	})
}
