package postgres

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// StoredResponse is the answer that a request with an Idempotency-Key had.
type StoredResponse struct {
	Status int
	Header http.Header
	Body   []byte
}

// A reservation whose request died is free again after a minute.
const sqlReserveKey = `/* reserve_idempotency_key */
INSERT INTO idempotency AS i (tenant_id, key, request_hash) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, key) DO UPDATE SET created_at = clock_timestamp()
WHERE i.status IS NULL AND i.request_hash = excluded.request_hash AND i.created_at < clock_timestamp() - interval '1 minute'
RETURNING true`

const sqlStoredResponse = `/* stored_response */
SELECT request_hash = $3, status, header, body FROM idempotency WHERE tenant_id = $1 AND key = $2`

// Idempotent begins a request with a key. It gives the answer that the same request had before; or nil, and then the caller
// does the work and ends with StoreIdempotent or DropIdempotent. The same key with another request is
// pipeline.ErrConflict; while the first one still runs it is pipeline.ErrStale.
func (s *Store) Idempotent(ctx context.Context, tenant pipeline.TenantID, key string, requestHash []byte) (*StoredResponse, error) {
	var reserved bool
	err := s.pool.QueryRow(ctx, sqlReserveKey, uuid(tenant), key, requestHash).Scan(&reserved)
	if err == nil {
		return nil, nil
	}
	if !errors.Is(err, pgx.ErrNoRows) {
		return nil, wrap(err, "reserve the idempotency key")
	}
	var same bool
	var status *int
	r := &StoredResponse{}
	err = s.pool.QueryRow(ctx, sqlStoredResponse, uuid(tenant), key, requestHash).Scan(&same, &status, &r.Header, &r.Body)
	switch {
	case err != nil:
	case !same:
		err = pipeline.ErrConflict
	case status == nil:
		err = pipeline.ErrStale
	default:
		r.Status = *status
		return r, nil
	}
	return nil, wrap(err, "use the idempotency key again")
}

const sqlStoreIdempotent = `/* store_idempotent */ UPDATE idempotency SET status = $3, header = $4, body = $5 WHERE tenant_id = $1 AND key = $2`

// StoreIdempotent keeps the answer of the request that Idempotent began. Answers are kept for a day: see Prune.
func (s *Store) StoreIdempotent(ctx context.Context, tenant pipeline.TenantID, key string, r StoredResponse) error {
	return wrap(one(s.pool.Exec(ctx, sqlStoreIdempotent, uuid(tenant), key, r.Status, r.Header, r.Body)), "keep the answer of an idempotent request")
}

const sqlDropIdempotent = `/* drop_idempotent */ DELETE FROM idempotency WHERE tenant_id = $1 AND key = $2 AND status IS NULL`

// DropIdempotent frees the key of a request that failed, so that it can be sent again.
func (s *Store) DropIdempotent(ctx context.Context, tenant pipeline.TenantID, key string) error {
	_, err := s.pool.Exec(ctx, sqlDropIdempotent, uuid(tenant), key)
	return wrap(err, "free the key of an idempotent request")
}

// Prune removes what has run out: links, sessions, codes, idempotency keys, and the marks of rate limits not used for a month.
func (s *Store) Prune(ctx context.Context) error {
	for _, statement := range []string{
		`/* prune_links */ DELETE FROM links WHERE expires_at < clock_timestamp() - $1::interval`,
		`/* prune_sign_ins */ DELETE FROM sign_ins WHERE expires_at < clock_timestamp() - $1::interval`,
		`/* prune_chat_codes */ DELETE FROM chat_codes WHERE expires_at < clock_timestamp() - $1::interval`,
		`/* prune_idempotency */ DELETE FROM idempotency WHERE created_at < clock_timestamp() - $1::interval`,
		`/* prune_rate_limits */ DELETE FROM rate_limits WHERE coalesce(slots[cardinality(slots)], '-infinity') < clock_timestamp() - 30 * $1::interval`,
	} {
		if _, err := s.pool.Exec(ctx, statement, 24*time.Hour); err != nil {
			return wrap(err, "remove what has run out")
		}
	}
	return nil
}
