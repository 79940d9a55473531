// Package chat is the bot: it links chats, answers questions about money and delivers what the outbox owes.
package chat

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/pipeline"
)

// Telegram is what the bot needs of Telegram.
type Telegram interface {
	Me(ctx context.Context) (string, error)
	Updates(ctx context.Context, offset int64, bot string) ([]telegram.Update, error)
	Send(ctx context.Context, to telegram.Peer, m telegram.Message) (int64, error)
	SendPhoto(ctx context.Context, to telegram.Peer, png []byte, m telegram.Message) (int64, error)
	Edit(ctx context.Context, to telegram.Peer, messageID int64, text string) (shown bool, err error)
	AnswerCallback(ctx context.Context, id, text string) error
	Typing(ctx context.Context, to telegram.Peer) error
	SetCommands(ctx context.Context, lang string, commands []telegram.Command) error
}

// Store is what the bot needs of the store of people and messages.
type Store interface {
	// LinkChat links a chat by a one-time code; a code that opens nothing is pipeline.ErrBadCredentials.
	LinkChat(ctx context.Context, code string, c pipeline.Chat) (pipeline.Chat, error)
	Chat(ctx context.Context, chatID, threadID int64) (pipeline.Chat, error)
	UnlinkChat(ctx context.Context, tenant pipeline.TenantID, chatID, threadID int64) error
	Tenant(ctx context.Context, id pipeline.TenantID) (pipeline.Tenant, error)
	ConnectionsOf(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Connection, error)
	// NoteMessage remembers the greatest message id known of a chat.
	NoteMessage(ctx context.Context, chatID, messageID int64) error
	BotOffset(ctx context.Context) (int64, error)
	SetBotOffset(ctx context.Context, offset int64) error
	Outbox
}

// Facts is what the bot needs of the store of facts.
type Facts interface {
	DimensionValues(ctx context.Context, tenant pipeline.TenantID, d pipeline.Dimension, text string, limit int) ([]pipeline.GroupKey, error)
}

// Accounts tells what is known of the money on accounts.
type Accounts interface {
	Prepaid(ctx context.Context, tenant pipeline.TenantID, now time.Time) ([]pipeline.PrepaidAccount, error)
}

// Asker answers cost questions.
type Asker interface {
	Ask(ctx context.Context, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error)
}

// Deps are what the bot is made of.
type Deps struct {
	Telegram Telegram
	Store    Store
	Facts    Facts
	Asker    Asker
	Accounts Accounts
	Now      func() time.Time
	Log      *slog.Logger
	Registry prometheus.Registerer
	// Holder names this process in the outbox.
	Holder string
	// PublicURL is the web app's address, for telling where to link a chat.
	PublicURL string
	// Pause is how long to wait after a failed call before the next, and between looks into the outbox; a second when zero.
	Pause time.Duration
}

// Bot works between Telegram and the stores.
type Bot struct {
	Deps
	metrics metrics
	name    string
	// mine are the messages of this process whose ids are known: never to be edited in search of a lost one.
	mine    *messageSet
	writing *chatLocks
}

type metrics struct {
	updates    *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	calls      *prometheus.CounterVec
}

// New makes a bot. It asks Telegram nothing.
func New(d Deps) *Bot {
	if d.Pause == 0 {
		d.Pause = time.Second
	}
	counter := func(name, help, label string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		d.Registry.MustRegister(c)
		return c
	}
	return &Bot{Deps: d, mine: newMessageSet(), writing: &chatLocks{}, metrics: metrics{
		updates:    counter("infrazen_bot_updates_total", "Updates handled, by result.", "result"),
		deliveries: counter("infrazen_bot_deliveries_total", "Deliveries worked on, by result.", "result"),
		calls:      counter("infrazen_bot_telegram_errors_total", "Failed calls to Telegram, by kind.", "kind"),
	}}
}

// Run works until ctx ends. Telegram being away is waited out.
func (b *Bot) Run(ctx context.Context) error {
	if !b.introduce(ctx) {
		return nil
	}
	b.settle(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { b.listen(ctx); return nil })
	g.Go(func() error { b.deliver(ctx); return nil })
	return g.Wait()
}

// introduce learns the bot's own name and sets its menu; false when ctx ended first.
func (b *Bot) introduce(ctx context.Context) bool {
	for wait := b.Pause; ; wait = min(2*wait, time.Minute) {
		name, err := b.Telegram.Me(ctx)
		if err == nil {
			b.name = name
			break
		}
		b.failed(ctx, "cannot reach telegram", err)
		if !pause(ctx, retryIn(err, wait)) {
			return false
		}
	}
	b.Log.InfoContext(ctx, "the bot is connected", "bot", b.name)
	for _, lang := range []pipeline.Lang{pipeline.Russian, pipeline.English} {
		code := ""
		if lang == pipeline.Russian {
			code = "ru"
		}
		if err := b.Telegram.SetCommands(ctx, code, menu(lang)); err != nil {
			b.failed(ctx, "cannot set the menu", err)
		}
	}
	return ctx.Err() == nil
}

// listen handles what people write, in order, each update once unless the process dies while it answers.
func (b *Bot) listen(ctx context.Context) {
	wait := b.Pause
	for ctx.Err() == nil {
		if err := b.poll(ctx); err != nil {
			b.failed(ctx, "cannot get updates", err)
			if !pause(ctx, retryIn(err, wait)) {
				return
			}
			wait = min(2*wait, time.Minute)
			continue
		}
		wait = b.Pause
	}
}

func (b *Bot) poll(ctx context.Context) error {
	offset, err := b.Store.BotOffset(ctx)
	if err != nil {
		return err
	}
	updates, err := b.Telegram.Updates(ctx, offset, b.name)
	if err != nil {
		return err
	}
	if len(updates) == 0 {
		pause(ctx, b.Pause/5) // a server that does not hold the request open is not asked in a tight loop
	}
	for _, u := range updates {
		b.metrics.updates.WithLabelValues(b.handle(ctx, u)).Inc()
		if err := b.Store.SetBotOffset(ctx, u.ID+1); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bot) failed(ctx context.Context, what string, err error) {
	if ctx.Err() != nil {
		return
	}
	kind := telegram.KindOf(err)
	b.metrics.calls.WithLabelValues(string(kind)).Inc()
	b.Log.WarnContext(ctx, "telegram call failed", "what", what, "kind", kind, "error", err)
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
