package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

const incidentColumns = `i.id::text, i.tenant_id::text, i.key, i.kind, i.text_ru, i.text_en, i.opened_at, i.changed_at, i.closed_at, i.revision`

func scanIncident(row pgx.CollectableRow) (pipeline.Incident, error) {
	var i pipeline.Incident
	var closed *time.Time
	err := row.Scan(&i.ID, &i.TenantID, &i.Key, &i.Kind, &i.Text.RU, &i.Text.EN, &i.OpenedAt, &i.ChangedAt, &closed, &i.Revision)
	i.OpenedAt, i.ChangedAt, i.ClosedAt = i.OpenedAt.UTC(), i.ChangedAt.UTC(), timeOf(closed)
	return i, err
}

const sqlOpenIncident = `/* open_incident */
INSERT INTO incidents (tenant_id, key, kind, text_ru, text_en, opened_at, changed_at)
VALUES ($1, $2, $3, $4, $5, coalesce($6, clock_timestamp()), clock_timestamp())
ON CONFLICT (tenant_id, key) DO NOTHING RETURNING id::text, revision`

// OpenIncident tells people of something, once ever for a key of a tenant: created is false when that key was there before,
// open or closed, and then nothing changes. Each chat of the tenant is owed a message from the same transaction on.
func (s *Store) OpenIncident(ctx context.Context, i pipeline.Incident) (created bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		var id string
		var revision int64
		err := tx.QueryRow(ctx, sqlOpenIncident, uuid(i.TenantID), i.Key, string(i.Kind), i.Text.RU, i.Text.EN, instant(i.OpenedAt)).Scan(&id, &revision)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		created = true
		return owe(ctx, tx, i.TenantID, id, revision)
	})
	return created && err == nil, wrap(err, "open the incident %s", i.Key)
}

const sqlUpdateIncident = `/* update_incident */
UPDATE incidents SET text_ru = $3, text_en = $4, revision = revision + 1, changed_at = clock_timestamp()
WHERE tenant_id = $1 AND key = $2 AND (text_ru, text_en) IS DISTINCT FROM ($3, $4) RETURNING id::text, revision`

const sqlIncidentThere = `/* incident_there */ SELECT 1 FROM incidents WHERE tenant_id = $1 AND key = $2`

// UpdateIncident gives an incident another text: its messages are to be edited. The same text changes nothing.
func (s *Store) UpdateIncident(ctx context.Context, tenant pipeline.TenantID, key string, text pipeline.Text) (changed bool, err error) {
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		var id string
		var revision int64
		err := tx.QueryRow(ctx, sqlUpdateIncident, uuid(tenant), key, text.RU, text.EN).Scan(&id, &revision)
		if errors.Is(err, pgx.ErrNoRows) {
			var there int
			return tx.QueryRow(ctx, sqlIncidentThere, uuid(tenant), key).Scan(&there)
		}
		if err != nil {
			return err
		}
		changed = true
		return owe(ctx, tx, tenant, id, revision)
	})
	return changed && err == nil, wrap(err, "change the incident %s", key)
}

const sqlCloseIncident = `/* close_incident */
UPDATE incidents SET closed_at = coalesce(closed_at, clock_timestamp()) WHERE tenant_id = $1 AND key = $2`

// CloseIncident marks an incident as over. Its messages stay as they are: change the text first to tell people.
func (s *Store) CloseIncident(ctx context.Context, tenant pipeline.TenantID, key string) error {
	return wrap(one(s.pool.Exec(ctx, sqlCloseIncident, uuid(tenant), key)), "close the incident %s", key)
}

const sqlOpenIncidents = `/* open_incidents */
SELECT ` + incidentColumns + ` FROM incidents i WHERE i.tenant_id = $1 AND i.closed_at IS NULL ORDER BY i.opened_at, i.id`

// OpenIncidents lists a tenant's incidents that are not over, oldest first.
func (s *Store) OpenIncidents(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Incident, error) {
	rows, err := s.pool.Query(ctx, sqlOpenIncidents, uuid(tenant))
	incidents, err := collectRows(rows, err, scanIncident)
	return incidents, wrap(err, "list the open incidents")
}
