package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

const sqlPutSecrets = `/* put_secrets */
INSERT INTO connection_secrets (tenant_id, connection_id, key_id, wrapped_key, sealed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (connection_id) DO UPDATE SET key_id = excluded.key_id, wrapped_key = excluded.wrapped_key, sealed = excluded.sealed
WHERE connection_secrets.tenant_id = excluded.tenant_id`

const sqlDropSecrets = `/* drop_secrets */ DELETE FROM connection_secrets WHERE tenant_id = $1 AND connection_id = $2`

// putSecrets makes these the secrets of a connection.
func (s *Store) putSecrets(ctx context.Context, q querier, tenant pipeline.TenantID, conn pipeline.ConnectionID, secrets map[string]string) error {
	if len(secrets) == 0 {
		_, err := q.Exec(ctx, sqlDropSecrets, uuid(tenant), uuid(conn))
		return err
	}
	plain, err := json.Marshal(secrets)
	if err != nil {
		return err
	}
	e, err := s.keys.Load().seal(tenant, conn, plain)
	if err != nil {
		return err
	}
	_, err = q.Exec(ctx, sqlPutSecrets, uuid(tenant), uuid(conn), e.keyID, e.wrapped, e.sealed)
	return err
}

const sqlSecrets = `/* secrets */
SELECT key_id, wrapped_key, sealed FROM connection_secrets WHERE tenant_id = $1 AND connection_id = $2`

// secrets opens the secrets of a connection; an empty map when it has none.
func (s *Store) secrets(ctx context.Context, q querier, tenant pipeline.TenantID, conn pipeline.ConnectionID) (map[string]string, error) {
	var e envelope
	err := q.QueryRow(ctx, sqlSecrets, uuid(tenant), uuid(conn)).Scan(&e.keyID, &e.wrapped, &e.sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	plain, err := s.keys.Load().open(tenant, conn, e)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	if err := json.Unmarshal(plain, &secrets); err != nil {
		return nil, errors.New("the stored secrets cannot be read: enter them again") // the cause would quote them
	}
	return secrets, nil
}

// changeSecrets sets some secrets and removes those set to "". When all that is stored is replaced, it need not be readable:
// this is how a connection whose key was lost gets going again.
func (s *Store) changeSecrets(ctx context.Context, tx pgx.Tx, tenant pipeline.TenantID, conn pipeline.ConnectionID, change map[string]string) (map[string]string, error) {
	held, err := s.secrets(ctx, tx, tenant, conn)
	if errors.Is(err, ErrWrongKey) {
		held, err = map[string]string{}, s.coversAll(ctx, tx, tenant, conn, change, err)
	}
	if err != nil {
		return nil, err
	}
	maps.Copy(held, change)
	held = withoutEmpty(held)
	return held, s.putSecrets(ctx, tx, tenant, conn, held)
}

// coversAll returns cause unless the change names every secret that is set.
func (s *Store) coversAll(ctx context.Context, tx pgx.Tx, tenant pipeline.TenantID, conn pipeline.ConnectionID, change map[string]string, cause error) error {
	var c pipeline.Connection
	if err := tx.QueryRow(ctx, sqlConnection, uuid(tenant), uuid(conn)).Scan(connectionFields(&c)...); err != nil {
		return err
	}
	for _, name := range c.SecretsSet {
		if _, given := change[name]; !given {
			return cause
		}
	}
	return nil
}

// Settings gives a connection's fields with its secrets in clear.
func (s *Store) Settings(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) (pipeline.Settings, error) {
	settings, _, err := s.Secrets(ctx, collect.Account{Tenant: tenant, Connection: id})
	return settings, err
}

// Secrets opens a connection's settings, secrets in clear, with the version they belong to.
func (s *Store) Secrets(ctx context.Context, a collect.Account) (pipeline.Settings, int64, error) {
	var c pipeline.Connection
	settings := pipeline.Settings{}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlConnection, uuid(a.Tenant), uuid(a.Connection)).Scan(connectionFields(&c)...); err != nil {
			return err
		}
		secrets, err := s.secrets(ctx, tx, a.Tenant, a.Connection)
		maps.Copy(settings, c.Settings)
		maps.Copy(settings, secrets)
		return err
	})
	if err != nil {
		return nil, 0, wrap(err, "open the settings of the connection %s", a.Connection)
	}
	return settings, c.Version, nil
}

const sqlAllSecrets = `/* all_secrets */
SELECT tenant_id::text, connection_id::text, key_id, wrapped_key FROM connection_secrets ORDER BY connection_id FOR UPDATE`

const sqlRewrap = `/* rewrap_secrets */
UPDATE connection_secrets SET key_id = $3, wrapped_key = $4 WHERE tenant_id = $1 AND connection_id = $2`

type wrappedSecret struct {
	tenant pipeline.TenantID
	conn   pipeline.ConnectionID
	envelope
}

// RotateKey wraps the data key of every connection's secrets by newKey, all or none, and uses it from now on. oldKeys are
// the keys that they may be wrapped by now, besides Config.Key. It returns how many it wrapped anew.
func (s *Store) RotateKey(ctx context.Context, oldKeys []string, newKey string) (int, error) {
	next, err := newKeyring(newKey, s.cfg.KeySetting)
	if err == nil && next.aead == nil {
		err = ErrNoKey
	}
	if err != nil {
		return 0, fmt.Errorf("cannot rotate the key of secrets: %w", err)
	}
	known := map[string]*keyring{next.id: next, s.keys.Load().id: s.keys.Load()}
	for _, key := range oldKeys {
		old, err := newKeyring(key, s.cfg.KeySetting)
		if err != nil {
			return 0, fmt.Errorf("cannot rotate the key of secrets: an old key: %w", err)
		}
		known[old.id] = old
	}
	count := 0
	err = s.inTx(ctx, func(tx pgx.Tx) error {
		count, err = rewrapAll(ctx, tx, known, next)
		return err
	})
	if err != nil {
		return 0, wrap(err, "rotate the key of secrets")
	}
	s.keys.Store(next)
	s.log.Info("key of secrets rotated", "key_id", next.id, "connections", count)
	return count, nil
}

func rewrapAll(ctx context.Context, tx pgx.Tx, known map[string]*keyring, next *keyring) (int, error) {
	rows, err := tx.Query(ctx, sqlAllSecrets)
	all, err := collectRows(rows, err, func(row pgx.CollectableRow) (wrappedSecret, error) {
		var w wrappedSecret
		err := row.Scan(&w.tenant, &w.conn, &w.keyID, &w.wrapped)
		return w, err
	})
	if err != nil {
		return 0, err
	}
	count := 0
	for _, w := range all {
		if w.keyID == next.id {
			continue
		}
		wrapped, err := rewrap(w, known, next)
		if err != nil {
			return 0, err
		}
		if _, err := tx.Exec(ctx, sqlRewrap, uuid(w.tenant), uuid(w.conn), next.id, wrapped); err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}

func rewrap(w wrappedSecret, known map[string]*keyring, next *keyring) ([]byte, error) {
	old := known[w.keyID]
	if old == nil {
		return nil, fmt.Errorf("connection %s: %w: theirs is %s, which is not among the old keys given", w.conn, ErrWrongKey, w.keyID)
	}
	dataKey, err := old.unwrap(w.tenant, w.conn, w.envelope)
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", w.conn, err)
	}
	return next.aead.Seal(nil, nil, dataKey, owner("data key", w.tenant, w.conn)), nil
}

const sqlForeignKeys = `/* foreign_keys */ SELECT count(*) FROM connection_secrets WHERE key_id <> $1`

// CheckKey fails with ErrWrongKey or ErrNoKey when some connection's secrets cannot be opened with the key set, so that a
// service can say so when it starts.
func (s *Store) CheckKey(ctx context.Context) error {
	keys := s.keys.Load()
	var count int
	if err := s.pool.QueryRow(ctx, sqlForeignKeys, keys.id).Scan(&count); err != nil {
		return wrap(err, "check the key of secrets")
	}
	switch {
	case count == 0:
		return nil
	case keys.aead == nil:
		return fmt.Errorf("cannot open the secrets of %d connections: %w: set %s", count, ErrNoKey, keys.setting)
	}
	return fmt.Errorf("cannot open the secrets of %d connections: %w: set the right one in %s", count, ErrWrongKey, keys.setting)
}
