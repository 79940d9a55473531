package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

func scanTenant(row pgx.CollectableRow) (pipeline.Tenant, error) {
	var t pipeline.Tenant
	err := row.Scan(&t.ID, &t.Name, &t.Zone, &t.Currency, &t.CreatedAt)
	t.CreatedAt = t.CreatedAt.UTC()
	return t, err
}

// connectionColumns are what scanConnection reads, of the table connections called c.
const connectionColumns = `c.id::text, c.tenant_id::text, c.kind, c.name, c.settings, c.secrets_set, c.paused, c.version, c.created_at, c.updated_at`

func connectionFields(c *pipeline.Connection) []any {
	return []any{&c.ID, &c.TenantID, &c.Kind, &c.Name, &c.Settings, &c.SecretsSet, &c.Paused, &c.Version, &c.CreatedAt, &c.UpdatedAt}
}

func scanConnection(row pgx.CollectableRow) (pipeline.Connection, error) {
	var c pipeline.Connection
	err := row.Scan(connectionFields(&c)...)
	return inUTC(c), err
}

func inUTC(c pipeline.Connection) pipeline.Connection {
	c.CreatedAt, c.UpdatedAt = c.CreatedAt.UTC(), c.UpdatedAt.UTC()
	return c
}
