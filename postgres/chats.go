package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/infrazen/infrazen/pipeline"
)

// codeLength is how many letters a chat's code has: 50 bits in base32, enough for a code that works once and runs out soon.
const codeLength = 10

const sqlCreateChatCode = `/* create_chat_code */
INSERT INTO chat_codes (hash, user_id, tenant_id, expires_at) VALUES ($1, $2, $3, clock_timestamp() + $4::interval)`

// CreateChatCode makes a code that links a chat to a member's tenant, once, within ttl.
func (s *Store) CreateChatCode(ctx context.Context, user pipeline.UserID, tenant pipeline.TenantID, ttl time.Duration) (string, error) {
	code := rand.Text()[:codeLength]
	_, err := s.pool.Exec(ctx, sqlCreateChatCode, hashToken(code), uuid(user), uuid(tenant), ttl)
	return code, wrap(err, "create a chat code for the user %s", user)
}

const sqlUseChatCode = `/* use_chat_code */
UPDATE chat_codes c SET used_at = clock_timestamp() FROM users u
WHERE c.hash = $1 AND c.used_at IS NULL AND c.expires_at > clock_timestamp() AND u.id = c.user_id
RETURNING c.tenant_id::text, c.user_id::text, u.lang`

// What is owed to a chat goes with its link: a chat that moves to another tenant takes nothing along.
const sqlForgetChat = `/* forget_chat */
DELETE FROM chats WHERE chat_id = $1 AND thread_id = $2 AND tenant_id <> $3`

const sqlLinkChat = `/* link_chat */
INSERT INTO chats AS c (chat_id, thread_id, tenant_id, user_id, lang, title) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (chat_id, thread_id) DO UPDATE SET user_id = excluded.user_id, lang = excluded.lang, title = excluded.title,
    linked_at = clock_timestamp()
RETURNING ` + chatColumns

// LinkChat links a chat by a code; of chat it takes ChatID, ThreadID, Title and Lang (the user's own when empty). A code that
// is wrong, used or has run out is pipeline.ErrBadCredentials. A chat linked before moves to the code's tenant.
func (s *Store) LinkChat(ctx context.Context, code string, chat pipeline.Chat) (pipeline.Chat, error) {
	var linked pipeline.Chat
	err := s.inTx(ctx, func(tx pgx.Tx) error {
		var tenant pipeline.TenantID
		var user pipeline.UserID
		var lang pipeline.Lang
		err := tx.QueryRow(ctx, sqlUseChatCode, hashToken(strings.ToUpper(strings.TrimSpace(code)))).Scan(&tenant, &user, &lang)
		if errors.Is(err, pgx.ErrNoRows) {
			return pipeline.ErrBadCredentials
		}
		if err != nil {
			return err
		}
		if chat.Lang != "" {
			lang = chat.Lang
		}
		if _, err := tx.Exec(ctx, sqlForgetChat, chat.ChatID, chat.ThreadID, uuid(tenant)); err != nil {
			return err
		}
		linked, err = readChat(tx.QueryRow(ctx, sqlLinkChat, chat.ChatID, chat.ThreadID, uuid(tenant), uuid(user), string(lang), chat.Title))
		return err
	})
	return linked, wrap(err, "link the chat %d", chat.ChatID)
}

// chatColumns are what scanChat reads, of the table chats called c.
const chatColumns = `c.chat_id, c.thread_id, c.tenant_id::text, c.user_id::text, c.lang, c.title, c.linked_at`

func chatFields(c *pipeline.Chat) []any {
	return []any{&c.ChatID, &c.ThreadID, &c.TenantID, &c.UserID, &c.Lang, &c.Title, &c.LinkedAt}
}

func readChat(row pgx.Row) (pipeline.Chat, error) {
	var c pipeline.Chat
	err := row.Scan(chatFields(&c)...)
	c.LinkedAt = c.LinkedAt.UTC()
	return c, err
}

const sqlChat = `/* chat */ SELECT ` + chatColumns + ` FROM chats c WHERE c.chat_id = $1 AND c.thread_id = $2`

// Chat tells whose a chat, or a topic of it, is; pipeline.ErrNotFound when it is not linked.
func (s *Store) Chat(ctx context.Context, chatID, threadID int64) (pipeline.Chat, error) {
	c, err := readChat(s.pool.QueryRow(ctx, sqlChat, chatID, threadID))
	return c, wrap(err, "read the chat %d", chatID)
}

const sqlChatsOf = `/* chats_of */ SELECT ` + chatColumns + ` FROM chats c WHERE c.tenant_id = $1 ORDER BY c.linked_at, c.chat_id, c.thread_id`

// ChatsOf lists the chats linked to a tenant, oldest first.
func (s *Store) ChatsOf(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Chat, error) {
	rows, err := s.pool.Query(ctx, sqlChatsOf, uuid(tenant))
	chats, err := collectRows(rows, err, func(row pgx.CollectableRow) (pipeline.Chat, error) { return readChat(row) })
	return chats, wrap(err, "list the chats")
}

const sqlSetChatLang = `/* set_chat_lang */ UPDATE chats SET lang = $4 WHERE tenant_id = $1 AND chat_id = $2 AND thread_id = $3`

// SetChatLang changes the language that a chat is spoken to in.
func (s *Store) SetChatLang(ctx context.Context, tenant pipeline.TenantID, chatID, threadID int64, lang pipeline.Lang) error {
	return wrap(one(s.pool.Exec(ctx, sqlSetChatLang, uuid(tenant), chatID, threadID, string(lang))), "set the language of the chat %d", chatID)
}

const sqlNoteMessage = `/* note_message */ UPDATE chats SET last_message_id = $2 WHERE chat_id = $1 AND last_message_id < $2`

// NoteMessage remembers the greatest message id known of a chat, in all its topics. A chat that is not linked is left alone.
func (s *Store) NoteMessage(ctx context.Context, chatID, messageID int64) error {
	_, err := s.pool.Exec(ctx, sqlNoteMessage, chatID, messageID)
	return wrap(err, "note the newest message of the chat %d", chatID)
}

const sqlUnlinkChat = `/* unlink_chat */ DELETE FROM chats WHERE tenant_id = $1 AND chat_id = $2 AND thread_id = $3`

// UnlinkChat ends a chat's link. What it is owed is dropped.
func (s *Store) UnlinkChat(ctx context.Context, tenant pipeline.TenantID, chatID, threadID int64) error {
	return wrap(one(s.pool.Exec(ctx, sqlUnlinkChat, uuid(tenant), chatID, threadID)), "unlink the chat %d", chatID)
}

const sqlBotOffset = `/* bot_offset */ SELECT coalesce((SELECT value FROM bot_state WHERE name = 'offset'), 0)`

// BotOffset is the number of the first Telegram update not yet dealt with; 0 at first.
func (s *Store) BotOffset(ctx context.Context) (int64, error) {
	var offset int64
	err := s.pool.QueryRow(ctx, sqlBotOffset).Scan(&offset)
	return offset, wrap(err, "read the offset of Telegram's updates")
}

const sqlSetBotOffset = `/* set_bot_offset */
INSERT INTO bot_state AS b (name, value) VALUES ('offset', $1)
ON CONFLICT (name) DO UPDATE SET value = greatest(b.value, excluded.value)`

// SetBotOffset moves the offset forward. It never goes back.
func (s *Store) SetBotOffset(ctx context.Context, offset int64) error {
	_, err := s.pool.Exec(ctx, sqlSetBotOffset, offset)
	return wrap(err, "keep the offset of Telegram's updates")
}
