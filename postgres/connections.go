package postgres

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// ConnectionChange is an edit of a connection. What is nil stays as it is.
type ConnectionChange struct {
	Name *string
	// Settings replace all the fields that are no secrets.
	Settings map[string]string
	// Secrets are set one by one; an empty value removes the secret.
	Secrets map[string]string
	Paused  *bool
}

const sqlCreateConnection = `/* create_connection */
INSERT INTO connections AS c (tenant_id, kind, name, settings, secrets_set, paused) VALUES ($1, $2, $3, $4, $5, $6)
RETURNING ` + connectionColumns

const sqlCreateLane = `/* create_lane */ INSERT INTO lanes (connection_id) VALUES ($1)`

// CreateConnection connects an account. Of c it takes kind, name, settings and whether it is paused. Names are unique within
// a tenant: pipeline.ErrConflict otherwise.
func (s *Store) CreateConnection(ctx context.Context, tenant pipeline.TenantID, c pipeline.Connection, secrets map[string]string) (pipeline.Connection, error) {
	secrets = withoutEmpty(secrets)
	var made pipeline.Connection
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, sqlCreateConnection, uuid(tenant), string(c.Kind), c.Name, orEmpty(c.Settings), names(secrets), c.Paused).
			Scan(connectionFields(&made)...)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlCreateLane, uuid(made.ID)); err != nil {
			return err
		}
		return s.putSecrets(ctx, tx, tenant, made.ID, secrets)
	})
	return inUTC(made), wrap(err, "create the connection %q", c.Name)
}

const sqlLockConnection = `/* lock_connection */
SELECT ` + connectionColumns + ` FROM connections c WHERE c.tenant_id = $1 AND c.id = $2 FOR NO KEY UPDATE`

const sqlUpdateConnection = `/* update_connection */
UPDATE connections c SET name = $3, settings = $4, secrets_set = $5, paused = $6, version = version + 1, updated_at = clock_timestamp()
WHERE c.tenant_id = $1 AND c.id = $2 RETURNING ` + connectionColumns

// UpdateConnection edits a connection that is at this version; pipeline.ErrStale when it is at another. What is under way
// with the settings of before does not count, and what failed with them is tried again at once.
func (s *Store) UpdateConnection(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID, version int64, change ConnectionChange) (pipeline.Connection, error) {
	var c pipeline.Connection
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlLockConnection, uuid(tenant), uuid(id)).Scan(connectionFields(&c)...); err != nil {
			return err
		}
		if c.Version != version {
			return pipeline.ErrStale
		}
		return s.applyChange(ctx, tx, &c, change)
	})
	return inUTC(c), wrap(err, "change the connection %s", id)
}

func (s *Store) applyChange(ctx context.Context, tx pgx.Tx, c *pipeline.Connection, change ConnectionChange) error {
	if change.Name != nil {
		c.Name = *change.Name
	}
	if change.Settings != nil {
		c.Settings = change.Settings
	}
	if change.Paused != nil {
		c.Paused = *change.Paused
	}
	if len(change.Secrets) > 0 {
		secrets, err := s.changeSecrets(ctx, tx, c.TenantID, c.ID, change.Secrets)
		if err != nil {
			return err
		}
		c.SecretsSet = names(secrets)
	}
	err := tx.QueryRow(ctx, sqlUpdateConnection, uuid(c.TenantID), uuid(c.ID), c.Name, orEmpty(c.Settings), c.SecretsSet, c.Paused).
		Scan(connectionFields(c)...)
	if err != nil {
		return err
	}
	return retryFailed(ctx, tx, c.TenantID, c.ID)
}

const sqlConnection = `/* connection */
SELECT ` + connectionColumns + ` FROM connections c WHERE c.tenant_id = $1 AND c.id = $2`

// Connection gives a connection.
func (s *Store) Connection(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) (pipeline.Connection, error) {
	var c pipeline.Connection
	err := s.pool.QueryRow(ctx, sqlConnection, uuid(tenant), uuid(id)).Scan(connectionFields(&c)...)
	return inUTC(c), wrap(err, "read the connection %s", id)
}

const sqlConnectionsOf = `/* connections_of */
SELECT ` + connectionColumns + ` FROM connections c WHERE c.tenant_id = $1 ORDER BY c.name, c.id`

// ConnectionsOf lists a tenant's connections by name.
func (s *Store) ConnectionsOf(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Connection, error) {
	rows, err := s.pool.Query(ctx, sqlConnectionsOf, uuid(tenant))
	connections, err := collectRows(rows, err, scanConnection)
	return connections, wrap(err, "list the connections")
}

const sqlConnections = `/* connections */
SELECT ` + connectionColumns + ` FROM connections c WHERE NOT c.paused ORDER BY c.created_at, c.id`

// Connections lists the connections of all tenants that are not paused.
func (s *Store) Connections(ctx context.Context) ([]pipeline.Connection, error) {
	rows, err := s.pool.Query(ctx, sqlConnections)
	connections, err := collectRows(rows, err, scanConnection)
	return connections, wrap(err, "list the connections of all tenants")
}

const sqlDeleteConnection = `/* delete_connection */ DELETE FROM connections WHERE tenant_id = $1 AND id = $2`

// DeleteConnection removes a connection with its secrets, windows and runs. The facts are elsewhere: clickhouse.Store.
func (s *Store) DeleteConnection(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) error {
	return wrap(one(s.pool.Exec(ctx, sqlDeleteConnection, uuid(tenant), uuid(id))), "delete the connection %s", id)
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func names(m map[string]string) []string {
	return append([]string{}, slices.Sorted(maps.Keys(m))...)
}

func withoutEmpty(m map[string]string) map[string]string {
	full := map[string]string{}
	for k, v := range m {
		if v != "" {
			full[k] = v
		}
	}
	return full
}
