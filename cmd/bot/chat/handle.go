package chat

import (
	"context"
	"errors"
	"strings"

	"github.com/infrazen/infrazen/cmd/bot/chart"
	"github.com/infrazen/infrazen/cmd/bot/chat/question"
	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/analyze"
)

// handle answers one update and returns what came of it, for the metric.
func (b *Bot) handle(ctx context.Context, u telegram.Update) string {
	if u.Peer.ChatID == 0 || !u.ToBot {
		return "ignored"
	}
	if err := b.Store.NoteMessage(ctx, u.Peer.ChatID, u.MessageID); err != nil {
		b.Log.WarnContext(ctx, "cannot note a message", "error", err)
	}
	if u.Callback != nil {
		if err := b.Telegram.AnswerCallback(ctx, u.Callback.ID, ""); err != nil {
			b.failed(ctx, "cannot answer a button", err)
		}
	}
	reply, err := b.reply(ctx, u)
	if err != nil {
		b.Log.ErrorContext(ctx, "cannot answer", "error", err)
		reply = answer{text: sorry.In(languageOf(u))}
	}
	if !b.say(ctx, u, reply) {
		return "unsent"
	}
	if err != nil {
		return "failed"
	}
	return "answered"
}

// answer is what the bot says: a text, or a picture with the text as its caption.
type answer struct {
	text    string
	picture []byte
	buttons [][]telegram.Button
}

func (b *Bot) reply(ctx context.Context, u telegram.Update) (answer, error) {
	command, rest := splitCommand(u.Text)
	if command == "/start" && rest != "" {
		return b.link(ctx, u, rest)
	}
	linked, err := b.Store.Chat(ctx, u.Peer.ChatID, u.Peer.ThreadID)
	if errors.Is(err, pipeline.ErrNotFound) {
		return answer{text: b.stranger(languageOf(u))}, nil
	}
	if err != nil {
		return answer{}, err
	}
	tenant, err := b.Store.Tenant(ctx, linked.TenantID)
	if err != nil {
		return answer{}, err
	}
	v := visitor{chat: linked, tenant: tenant}
	if u.Callback != nil {
		return b.pressed(ctx, v, u.Callback)
	}
	return b.command(ctx, v, command, rest)
}

// visitor is a linked chat and whose data it may see.
type visitor struct {
	chat   pipeline.Chat
	tenant pipeline.Tenant
}

func (b *Bot) command(ctx context.Context, v visitor, command, rest string) (answer, error) {
	switch command {
	case "/start", "/help":
		return answer{text: help.In(v.chat.Lang)}, nil
	case "/unlink":
		return answer{text: unlinked.In(v.chat.Lang)}, b.Store.UnlinkChat(ctx, v.tenant.ID, v.chat.ChatID, v.chat.ThreadID)
	case "/top":
		return b.ask(ctx, v, "топ "+rest, "")
	case "/balance":
		return b.balance(ctx, v)
	case "/cost", "":
		return b.ask(ctx, v, rest, "")
	}
	return answer{text: pipeline.Textf("Команды %s нет.\n\n", "There is no command %s.\n\n", command).In(v.chat.Lang) + help.In(v.chat.Lang)}, nil
}

// pressed answers a button: its data says how to ask the text above it again.
func (b *Bot) pressed(ctx context.Context, v visitor, c *telegram.Callback) (answer, error) {
	command, asked := splitCommand(c.Asked)
	if c.Asked == "" {
		return answer{text: askAgain.In(v.chat.Lang)}, nil
	}
	if command == "/top" {
		asked = "топ " + asked
	}
	return b.ask(ctx, v, asked, c.Data)
}

func (b *Bot) ask(ctx context.Context, v visitor, sentence, button string) (answer, error) {
	c, err := b.context(ctx, v)
	if err != nil {
		return answer{}, err
	}
	q := question.Parse(sentence, c)
	switch q.Topic {
	case question.Help:
		return answer{text: help.In(v.chat.Lang)}, nil
	case question.Balance:
		return b.balance(ctx, v)
	}
	apply(button, &q)
	a, err := b.askCosts(ctx, v.tenant, &q)
	var wrong *pipeline.QueryError
	if errors.As(err, &wrong) {
		return answer{text: wrong.Text.In(v.chat.Lang)}, nil
	}
	if err != nil {
		return answer{}, err
	}
	w := writer{lang: v.chat.Lang, zone: c.Zone, now: b.Now()}
	out := answer{text: w.costs(q, a), buttons: buttons(v.chat.Lang, q, a)}
	if q.Query.Step != pipeline.StepNone && len(a.Totals) > 0 {
		out.picture, err = chart.PNG(a, v.chat.Lang, c.Zone)
	}
	return out, err
}

// apply changes a question as a button says: "by:service" or "step:day".
func apply(button string, q *question.Question) {
	kind, value, _ := strings.Cut(button, ":")
	switch kind {
	case "by":
		q.Query.GroupBy = []pipeline.Dimension{pipeline.Dimension(value)}
	case "step":
		q.Query.Step = pipeline.Step(value)
	}
	if q.Query.Top == 0 && len(q.Query.GroupBy) > 0 {
		q.Query.Top = shownGroups
	}
}

func (b *Bot) balance(ctx context.Context, v visitor) (answer, error) {
	now := b.Now()
	accounts, err := b.Accounts.Prepaid(ctx, v.tenant.ID, now)
	if err != nil {
		return answer{}, err
	}
	zone, err := zoneOf(v.tenant)
	if err != nil {
		return answer{}, err
	}
	w := writer{lang: v.chat.Lang, zone: zone, now: now}
	return answer{text: w.runways(analyze.Runways(accounts, now, w.nextMonthEnd()))}, nil
}

func (b *Bot) link(ctx context.Context, u telegram.Update, code string) (answer, error) {
	lang := languageOf(u)
	linked, err := b.Store.LinkChat(ctx, code, pipeline.Chat{
		ChatID: u.Peer.ChatID, ThreadID: u.Peer.ThreadID, Lang: lang, Title: u.ChatTitle,
	})
	if errors.Is(err, pipeline.ErrBadCredentials) {
		return answer{text: badCode.In(lang)}, nil
	}
	if err != nil {
		return answer{}, err
	}
	if err := b.Store.NoteMessage(ctx, u.Peer.ChatID, u.MessageID); err != nil {
		return answer{}, err
	}
	tenant, err := b.Store.Tenant(ctx, linked.TenantID)
	if err != nil {
		return answer{}, err
	}
	return answer{text: pipeline.Textf("Чат привязан к\u00a0организации «%s».\n\n", "This chat is linked to the organisation “%s”.\n\n", tenant.Name).In(linked.Lang) + help.In(linked.Lang)}, nil
}

// say sends an answer; one that Telegram throttles is sent when it allows.
func (b *Bot) say(ctx context.Context, u telegram.Update, a answer) bool {
	m := telegram.Message{Text: cut(a.text, 4096), ReplyTo: u.MessageID, Buttons: a.buttons}
	if u.Callback != nil {
		m.ReplyTo = u.Callback.AskedID
	}
	for tries := 0; ctx.Err() == nil && tries < 5; tries++ {
		err := b.sayOnce(ctx, u.Peer, a.picture, m)
		if err == nil {
			return true
		}
		b.failed(ctx, "cannot send an answer", err)
		if kind := telegram.KindOf(err); kind != telegram.Throttled {
			return false
		}
		if !pause(ctx, retryIn(err, b.Pause)) {
			return false
		}
	}
	return false
}

func (b *Bot) sayOnce(ctx context.Context, to telegram.Peer, picture []byte, m telegram.Message) error {
	defer b.writing.lock(to.ChatID)()
	id, err := b.sendAnswer(ctx, to, picture, m)
	if err != nil {
		return err
	}
	b.mine.add(to.ChatID, id)
	if err := b.Store.NoteMessage(ctx, to.ChatID, id); err != nil {
		b.Log.WarnContext(ctx, "cannot note a message", "error", err)
	}
	return nil
}

func (b *Bot) sendAnswer(ctx context.Context, to telegram.Peer, picture []byte, m telegram.Message) (int64, error) {
	if picture == nil {
		return b.Telegram.Send(ctx, to, m)
	}
	caption := m
	caption.Text = cut(m.Text, 1024)
	id, err := b.Telegram.SendPhoto(ctx, to, picture, caption)
	if telegram.KindOf(err) != telegram.Rejected && telegram.KindOf(err) != telegram.Unauthorized {
		return id, err
	}
	b.failed(ctx, "cannot send a picture", err)
	return b.Telegram.Send(ctx, to, m)
}

// cut shortens a text to n characters at a line's end.
func cut(text string, n int) string {
	runes := []rune(text)
	if len(runes) <= n {
		return text
	}
	short := string(runes[:n-2])
	if i := strings.LastIndexByte(short, '\n'); i > 0 {
		short = short[:i]
	}
	return short + "\n…"
}

func splitCommand(text string) (command, rest string) {
	if !strings.HasPrefix(text, "/") {
		return "", text
	}
	command, rest, _ = strings.Cut(text, " ")
	return strings.ToLower(command), strings.TrimSpace(rest)
}
