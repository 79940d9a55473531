package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/infrazen/infrazen/pipeline"
)

// A change is owed to the chats that are linked now. One that was given up is owed again: the new text is another message.
const sqlOwe = `/* owe_deliveries */
INSERT INTO deliveries AS d (tenant_id, incident_id, chat_id, thread_id, owed)
SELECT c.tenant_id, $2, c.chat_id, c.thread_id, $3 FROM chats c WHERE c.tenant_id = $1
ON CONFLICT (incident_id, chat_id, thread_id) DO UPDATE SET owed = excluded.owed, abandoned_at = NULL,
    attempts = CASE WHEN d.abandoned_at IS NULL THEN d.attempts ELSE 0 END`

// owe makes every chat of the tenant owed a revision of an incident.
func owe(ctx context.Context, tx pgx.Tx, tenant pipeline.TenantID, incident string, revision int64) error {
	_, err := tx.Exec(ctx, sqlOwe, uuid(tenant), uuid(incident), revision)
	return err
}

const sqlClaimDeliveries = `/* claim_deliveries */
WITH due AS (
    SELECT d.id FROM deliveries d
    WHERE d.sent < d.owed AND d.abandoned_at IS NULL AND d.not_before <= clock_timestamp()
      AND (d.leased_until IS NULL OR d.leased_until <= clock_timestamp())
    ORDER BY d.begun > d.sent DESC, d.not_before, d.created_at, d.id LIMIT $2
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE deliveries d SET lease = nextval('lease_tokens'), holder = $1, leased_until = clock_timestamp() + $3::interval, attempts = d.attempts + 1
FROM due, incidents i, chats c
WHERE d.id = due.id AND i.id = d.incident_id AND i.tenant_id = d.tenant_id
  AND c.chat_id = d.chat_id AND c.thread_id = d.thread_id AND c.tenant_id = d.tenant_id
RETURNING d.id::text, d.lease, d.incident_id::text, i.text_ru, i.text_en, i.revision, d.sent, d.message_id, d.begun > d.sent, d.probe_after, d.not_before,
    d.attempts, d.created_at, ` + chatColumns

// ClaimDeliveries leases up to n messages that are owed now, oldest first. No two holders have the same one. The ID of what
// it gives is good for this lease only. Attempted tells that an earlier holder began to send and did not come back.
func (s *Store) ClaimDeliveries(ctx context.Context, holder string, n int, lease time.Duration) ([]pipeline.Delivery, error) {
	type owed struct {
		pipeline.Delivery
		created time.Time
	}
	rows, err := s.pool.Query(ctx, sqlClaimDeliveries, holder, n, lease)
	claimed, err := collectRows(rows, err, func(row pgx.CollectableRow) (owed, error) {
		var d owed
		var token int64
		var notBefore pgtype.Timestamptz
		err := row.Scan(append([]any{
			&d.ID, &token, &d.IncidentID, &d.Text.RU, &d.Text.EN, &d.Revision, &d.Sent, &d.MessageID, &d.Attempted, &d.ProbeAfter, &notBefore, &d.Attempts, &d.created,
		}, chatFields(&d.Chat)...)...)
		d.ID, d.NotBefore, d.Chat.LinkedAt = d.ID+":"+strconv.FormatInt(token, 10), finite(notBefore), d.Chat.LinkedAt.UTC()
		return d, err
	})
	slices.SortStableFunc(claimed, func(a, b owed) int { return a.created.Compare(b.created) })
	deliveries := make([]pipeline.Delivery, len(claimed))
	for i := range claimed {
		deliveries[i] = claimed[i].Delivery
	}
	return deliveries, wrap(err, "claim deliveries")
}

// finite is an instant from the database: zero for minus infinity.
func finite(t pgtype.Timestamptz) time.Time {
	if t.InfinityModifier != pgtype.Finite || !t.Valid {
		return time.Time{}
	}
	return t.Time.UTC()
}

// leased splits a delivery's ID into the row's and the lease's.
func leased(deliveryID string) (id string, lease int64, err error) {
	id, token, _ := strings.Cut(deliveryID, ":")
	if lease, err = strconv.ParseInt(token, 10, 64); err != nil {
		return "", 0, fmt.Errorf("cannot use the delivery %q: %w", deliveryID, pipeline.ErrNotFound)
	}
	return id, lease, nil
}

// sendTime is how long a send that was begun keeps others away, at least.
const sendTime = time.Minute

// The newest message known of a chat is one that was noted, or one that a delivery has brought there.
//
// A chat's message whose end is not known is looked for among those behind the last known one, so nothing else may be sent
// there meanwhile. Of several such messages the oldest is settled first.
const sqlBeginSend = `/* begin_send */
UPDATE deliveries SET begun = owed, leased_until = greatest(leased_until, clock_timestamp() + $3::interval),
    probe_after = greatest((SELECT max(c.last_message_id) FROM chats c WHERE c.chat_id = deliveries.chat_id),
        (SELECT max(o.message_id) FROM deliveries o WHERE o.chat_id = deliveries.chat_id))
WHERE id = $1 AND lease = $2 AND leased_until > clock_timestamp() AND sent < owed AND abandoned_at IS NULL
  AND NOT EXISTS (SELECT FROM deliveries o WHERE o.chat_id = deliveries.chat_id AND o.id <> deliveries.id AND o.begun > o.sent AND o.abandoned_at IS NULL
      AND (deliveries.begun <= deliveries.sent OR (o.created_at, o.id) < (deliveries.created_at, deliveries.id)))`

// BeginSend notes that the message is about to be sent. Send it only when this succeeds: pipeline.ErrStale means that the
// lease ran out, that nothing is owed any more, or that the chat has another message that may be on its way.
func (s *Store) BeginSend(ctx context.Context, deliveryID string) error {
	return s.onLease(ctx, "begin", deliveryID, sqlBeginSend, sendTime)
}

// onLease runs a statement on a delivery under its lease, which are the first two arguments.
func (s *Store) onLease(ctx context.Context, what, deliveryID, sql string, args ...any) error {
	id, lease, err := leased(deliveryID)
	if err != nil {
		return err
	}
	err = one(s.pool.Exec(ctx, sql, append([]any{uuid(id), lease}, args...)...))
	if errors.Is(err, pipeline.ErrNotFound) {
		err = pipeline.ErrStale
	}
	return wrap(err, what+" the delivery %s", id)
}

// What was sent was sent, whoever holds the lease by now.
const sqlMarkSent = `/* mark_sent */
UPDATE deliveries SET sent = $4, message_id = $3, attempts = 0, reason = '', not_before = '-infinity',
    begun = CASE WHEN lease = $2 THEN $4 ELSE greatest(begun, $4) END,
    leased_until = CASE WHEN lease = $2 THEN NULL ELSE leased_until END
WHERE id = $1 AND (sent < $4 OR lease = $2)`

// MarkSent notes that the chat shows this revision as that message of Telegram's, and ends the lease. When the incident
// changed meanwhile, an edit is owed at once. It counts even when the lease has run out: the message is there.
func (s *Store) MarkSent(ctx context.Context, deliveryID string, messageID, revision int64) error {
	return s.onLease(ctx, "mark as sent", deliveryID, sqlMarkSent, messageID, revision)
}

const sqlPostpone = `/* postpone_delivery */
UPDATE deliveries SET not_before = $3, reason = $4, begun = CASE WHEN $5 THEN begun ELSE sent END, leased_until = NULL WHERE id = $1 AND lease = $2 AND leased_until IS NOT NULL`

// PostponeDelivery ends the lease: the message is to be tried again at until. unknown keeps the mark of a begun send, because
// the message may be there; without it, it is certain that Telegram did not take it.
func (s *Store) PostponeDelivery(ctx context.Context, deliveryID string, until time.Time, reason string, unknown bool) error {
	return s.onLease(ctx, "postpone", deliveryID, sqlPostpone, until, reason, unknown)
}

const sqlAbandon = `/* abandon_delivery */
UPDATE deliveries SET abandoned_at = clock_timestamp(), reason = $3, begun = sent, leased_until = NULL
WHERE id = $1 AND lease = $2 AND leased_until IS NOT NULL`

// AbandonDelivery gives a message up for good: the chat is gone or has thrown the bot out. A later change of the incident is
// owed again.
func (s *Store) AbandonDelivery(ctx context.Context, deliveryID, reason string) error {
	return s.onLease(ctx, "abandon", deliveryID, sqlAbandon, reason)
}
