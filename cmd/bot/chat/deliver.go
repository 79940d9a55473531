package chat

import (
	"context"
	"errors"
	"time"

	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/pipeline"
)

// Outbox is what is owed to the chats.
type Outbox interface {
	// ClaimDeliveries leases up to n owed deliveries that are due; those whose sending was begun come first.
	ClaimDeliveries(ctx context.Context, holder string, n int, lease time.Duration) ([]pipeline.Delivery, error)
	// BeginSend marks that a send is begun, with the chat's greatest known message id.
	BeginSend(ctx context.Context, id string) error
	// MarkSent marks that the chat shows the revision in the message.
	MarkSent(ctx context.Context, id string, messageID, revision int64) error
	// PostponeDelivery gives the lease back until an instant. unknown keeps the mark of a begun send.
	PostponeDelivery(ctx context.Context, id string, until time.Time, reason string, unknown bool) error
	// AbandonDelivery gives a delivery up.
	AbandonDelivery(ctx context.Context, id, reason string) error
}

const (
	claimAtOnce   = 20
	deliveryLease = 2 * time.Minute
	// probeSpan is how many message ids behind the last known one are looked at for a message whose sending was begun.
	probeSpan = 10
)

// deliver works on the outbox until ctx ends.
func (b *Bot) deliver(ctx context.Context) {
	for ctx.Err() == nil {
		if b.deliverSome(ctx) == 0 && !pause(ctx, b.Pause) {
			return
		}
	}
}

// settle finishes the sends that an earlier process began, before anything new is written to the chats.
func (b *Bot) settle(ctx context.Context) { b.deliverSome(ctx) }

func (b *Bot) deliverSome(ctx context.Context) int {
	ds, err := b.Store.ClaimDeliveries(ctx, b.Holder, claimAtOnce, deliveryLease)
	if err != nil {
		if ctx.Err() == nil {
			b.Log.WarnContext(ctx, "cannot claim deliveries", "error", err)
		}
		return 0
	}
	for _, d := range ds {
		result, err := b.deliverOne(ctx, d)
		if err != nil {
			b.failed(ctx, "cannot deliver", err)
			result = b.putBack(ctx, d, err)
		}
		b.metrics.deliveries.WithLabelValues(result).Inc()
	}
	return len(ds)
}

func (b *Bot) deliverOne(ctx context.Context, d pipeline.Delivery) (string, error) {
	peer := telegram.Peer{ChatID: d.Chat.ChatID, ThreadID: d.Chat.ThreadID}
	text := d.Text.In(d.Chat.Lang)
	defer b.writing.lock(peer.ChatID)()
	if d.MessageID != 0 {
		if _, err := b.edit(ctx, peer, d.MessageID, text); err != nil && telegram.KindOf(err) != telegram.NoMessage {
			return "", err
		}
		return "edited", b.Store.MarkSent(ctx, d.ID, d.MessageID, d.Revision)
	}
	if d.Attempted {
		id, err := b.find(ctx, peer, d.ProbeAfter, text)
		if err != nil {
			return "", uncertain{err}
		}
		if id != 0 {
			return "found", b.marked(ctx, d, id)
		}
	}
	if err := b.Store.BeginSend(ctx, d.ID); err != nil {
		return "", err
	}
	id, err := b.Telegram.Send(ctx, peer, telegram.Message{Text: text})
	if telegram.KindOf(err) == telegram.Unknown {
		return "", uncertain{err}
	}
	if err != nil {
		return "", err
	}
	return "sent", b.marked(ctx, d, id)
}

// marked writes down that the message is in the chat, even when the bot is being stopped.
func (b *Bot) marked(ctx context.Context, d pipeline.Delivery, messageID int64) error {
	if err := b.Store.MarkSent(context.WithoutCancel(ctx), d.ID, messageID, d.Revision); err != nil {
		return uncertain{err}
	}
	b.mine.add(d.Chat.ChatID, messageID)
	return nil
}

// edit gives a message its text; one that reads so already is as good. shown is true when Telegram said that the message is there.
func (b *Bot) edit(ctx context.Context, peer telegram.Peer, id int64, text string) (shown bool, err error) {
	shown, err = b.Telegram.Edit(ctx, peer, id, text)
	if telegram.KindOf(err) == telegram.NotModified {
		return true, nil
	}
	return shown, err
}

// find looks for the message of a send that was begun and whose end is not known: only the bot's own messages can be edited,
// and all others of them are known, so the one behind the last known message that takes the text is it. 0 when there is none.
func (b *Bot) find(ctx context.Context, peer telegram.Peer, after int64, text string) (int64, error) {
	for id := after + 1; after > 0 && id <= after+probeSpan; id++ {
		if b.mine.has(peer.ChatID, id) {
			continue
		}
		shown, err := b.edit(ctx, peer, id, text)
		switch kind := telegram.KindOf(err); {
		case shown:
			return id, nil
		case err != nil && kind != telegram.NoMessage && kind != telegram.Rejected:
			return 0, err
		}
	}
	return 0, nil
}

// uncertain wraps an error after which the message may be in the chat.
type uncertain struct{ error }

// Unwrap gives the cause.
func (u uncertain) Unwrap() error { return u.error }

// putBack decides what becomes of a delivery that failed.
func (b *Bot) putBack(ctx context.Context, d pipeline.Delivery, cause error) string {
	ctx = context.WithoutCancel(ctx)
	kind := telegram.KindOf(cause)
	var err error
	result := "postponed"
	switch kind {
	case telegram.Gone:
		result = "abandoned"
		err = b.Store.AbandonDelivery(ctx, d.ID, "the chat is gone")
	case telegram.Rejected:
		result = "abandoned"
		err = b.Store.AbandonDelivery(ctx, d.ID, cause.Error())
	default:
		until := b.Now().Add(retryIn(cause, backOff(d.Attempts, b.Pause)))
		err = b.Store.PostponeDelivery(ctx, d.ID, until, string(kind), errors.As(cause, new(uncertain)))
	}
	if err != nil {
		b.Log.WarnContext(ctx, "cannot put a delivery back", "delivery_id", d.ID, "error", err)
	}
	return result
}

func backOff(attempts int, first time.Duration) time.Duration {
	return min(first<<min(attempts, 10), 5*time.Minute)
}

// retryIn is how long Telegram asked to wait, otherwise when it did not.
func retryIn(err error, otherwise time.Duration) time.Duration {
	var e *telegram.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		return e.RetryAfter
	}
	return otherwise
}
