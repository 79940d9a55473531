package server

import (
	"context"
	"net/http"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// chatCodeTTL is how long a code for linking a chat lasts.
const chatCodeTTL = 15 * time.Minute

type chatView struct {
	ChatID   string     `json:"chat_id" doc:"A decimal number; a string, since it may be too great for a float"`
	ThreadID string     `json:"thread_id" doc:"The forum topic; 0 when none"`
	Title    string     `json:"title"`
	Lang     string     `json:"lang"`
	UserID   string     `json:"user_id" doc:"Who linked it"`
	LinkedAt *time.Time `json:"linked_at"`
}

type chatCodeOut struct {
	Body struct {
		Code      string    `json:"code" doc:"To be sent to the bot"`
		ExpiresAt time.Time `json:"expires_at"`
		Bot       string    `json:"bot" doc:"The bot's user name; empty while there is no bot"`
	}
}

type chatsOut struct {
	Body struct {
		Chats []chatView `json:"chats"`
	}
}

type chatIn struct {
	ChatID   int64 `path:"chat_id"`
	ThreadID int64 `query:"thread_id" doc:"The forum topic; 0 for the chat itself"`
}

func (s *Server) routeTelegram() {
	const tag = "telegram"
	add(s, operation{id: "create-chat-code", method: http.MethodPost, path: "/telegram/code", tag: tag, summary: "A code that links a chat to the user and the organisation", access: persons, status: http.StatusCreated}, s.createChatCode)
	add(s, operation{id: "list-chats", method: http.MethodGet, path: "/telegram/chats", tag: tag, summary: "The linked chats", access: members}, s.listChats)
	add(s, operation{id: "unlink-chat", method: http.MethodDelete, path: "/telegram/chats/{chat_id}", tag: tag, summary: "Unlink a chat", access: members}, s.unlinkChat)
}

func (s *Server) createChatCode(ctx context.Context, c caller, _ *struct{}) (*chatCodeOut, error) {
	code, err := s.Store.CreateChatCode(ctx, c.User.ID, c.tenant(), chatCodeTTL)
	if err != nil {
		return nil, err
	}
	out := &chatCodeOut{}
	out.Body.Code, out.Body.ExpiresAt = code, s.Now().UTC().Add(chatCodeTTL)
	if s.Bot != nil {
		out.Body.Bot = s.Bot()
	}
	return out, nil
}

func (s *Server) listChats(ctx context.Context, c caller, _ *struct{}) (*chatsOut, error) {
	chats, err := s.Store.ChatsOf(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	out := &chatsOut{}
	out.Body.Chats = mapped(chats, func(ch pipeline.Chat) chatView {
		return chatView{
			ChatID: decimalOf(ch.ChatID), ThreadID: decimalOf(ch.ThreadID), Title: ch.Title, Lang: string(ch.Lang),
			UserID: string(ch.UserID), LinkedAt: when(ch.LinkedAt),
		}
	})
	return out, nil
}

// unlinkChat is for admins, and for whoever linked the chat.
func (s *Server) unlinkChat(ctx context.Context, c caller, in *chatIn) (*struct{}, error) {
	chats, err := s.Store.ChatsOf(ctx, c.tenant())
	if err != nil {
		return nil, err
	}
	for _, ch := range chats {
		if ch.ChatID != in.ChatID || ch.ThreadID != in.ThreadID {
			continue
		}
		if ch.UserID != c.User.ID && c.Role != pipeline.Admin {
			return nil, refuse(http.StatusForbidden, "Чужой чат может отвязать только администратор.", "Only an admin may unlink another's chat.")
		}
		return nil, s.Store.UnlinkChat(ctx, c.tenant(), in.ChatID, in.ThreadID)
	}
	return nil, notFound()
}
