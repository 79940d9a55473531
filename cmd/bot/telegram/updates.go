package telegram

import (
	"context"
	"strconv"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// Update is something that a person did: wrote a message or pressed a button.
type Update struct {
	ID        int64
	Peer      Peer
	Private   bool
	ChatTitle string
	MessageID int64
	FromID    int64
	FromLang  string // as the person's Telegram says, "ru", "en"; may be empty
	Text      string
	// ToBot is true in a private chat, and elsewhere for a command, a mention of the bot or a reply to it.
	ToBot bool
	// Callback is set when a button was pressed. MessageID is then the message with the buttons and Asked the text it answers.
	Callback *Callback
}

// Callback is a pressed button.
type Callback struct {
	ID, Data string
	Asked    string
	AskedID  int64
}

// The parts of Telegram's types that the library does not have, or that are needed here.
type (
	rawUser struct {
		ID       int64  `json:"id"`
		Username string `json:"username"`
		Language string `json:"language_code"`
	}
	rawChat struct {
		ID    int64  `json:"id"`
		Type  string `json:"type"`
		Title string `json:"title"`
		First string `json:"first_name"`
	}
	rawMessage struct {
		MessageID int64       `json:"message_id"`
		ThreadID  int64       `json:"message_thread_id"`
		IsTopic   bool        `json:"is_topic_message"`
		From      *rawUser    `json:"from"`
		Chat      rawChat     `json:"chat"`
		Text      string      `json:"text"`
		ReplyTo   *rawMessage `json:"reply_to_message"`
	}
	rawCallback struct {
		ID      string      `json:"id"`
		From    rawUser     `json:"from"`
		Data    string      `json:"data"`
		Message *rawMessage `json:"message"`
	}
	rawUpdate struct {
		UpdateID int64        `json:"update_id"`
		Message  *rawMessage  `json:"message"`
		Callback *rawCallback `json:"callback_query"`
	}
)

// Updates waits for what people do and returns what came after offset, oldest first; bot is the bot's user name.
func (c *Client) Updates(ctx context.Context, offset int64, bot string) ([]Update, error) {
	params := tgbotapi.Params{
		"offset": strconv.FormatInt(offset, 10), "timeout": strconv.Itoa(pollSeconds),
		"allowed_updates": `["message","callback_query"]`,
	}
	var raw []rawUpdate
	if err := c.call(ctx, "getUpdates", params, &raw); err != nil {
		return nil, err
	}
	out := make([]Update, 0, len(raw))
	for _, r := range raw {
		out = append(out, r.update(bot))
	}
	return out, nil
}

func (r rawUpdate) update(bot string) Update {
	u := Update{ID: r.UpdateID}
	switch {
	case r.Message != nil:
		r.Message.fill(&u)
		u.Text, u.ToBot = address(r.Message, bot)
		if r.Message.From != nil {
			u.FromID, u.FromLang = r.Message.From.ID, r.Message.From.Language
		}
	case r.Callback != nil && r.Callback.Message != nil:
		r.Callback.Message.fill(&u)
		u.FromID, u.FromLang, u.ToBot = r.Callback.From.ID, r.Callback.From.Language, true
		u.Callback = &Callback{ID: r.Callback.ID, Data: r.Callback.Data}
		if asked := r.Callback.Message.ReplyTo; asked != nil {
			u.Callback.Asked, _ = address(asked, bot)
			u.Callback.AskedID = asked.MessageID
		}
	}
	return u
}

func (m *rawMessage) fill(u *Update) {
	u.Peer = Peer{ChatID: m.Chat.ID}
	if m.IsTopic {
		u.Peer.ThreadID = m.ThreadID
	}
	u.Private = m.Chat.Type == "private" || m.Chat.Type == ""
	u.ChatTitle = m.Chat.Title
	if u.ChatTitle == "" {
		u.ChatTitle = m.Chat.First
	}
	u.MessageID = m.MessageID
}
