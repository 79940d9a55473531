// Package telegramsim is a stand-in for Telegram's Bot API that speaks its wire format, with its faults: for tests.
package telegramsim

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Message is a message in a chat.
type Message struct {
	ID, ChatID, ThreadID int64
	FromBot              bool
	Text                 string
	Photo                []byte
	ReplyTo              int64
	Buttons              string // the keyboard as JSON
	Edits                int
}

// Fault is what happens to a call instead of, or after, what it asks.
type Fault struct {
	Method string // "sendMessage"; "" means any
	// Status and RetryAfter make an error answer; 429 carries retry_after.
	Status     int
	RetryAfter int
	// Drop cuts the connection before the call is carried out.
	Drop bool
	// DropAfter carries the call out and cuts the connection before the answer.
	DropAfter bool
	// Times is how often; once when zero.
	Times int
}

// Server is one bot's Telegram.
type Server struct {
	Token, Username string

	mu       sync.Mutex
	changed  chan struct{}
	messages map[int64][]*Message // by chat
	updates  []map[string]any
	nextID   int64
	faults   []*Fault
	calls    map[string]int
	gone     map[int64]bool
}

// New makes a Telegram that knows one bot.
func New(token, username string) *Server {
	return &Server{
		Token: token, Username: username, changed: make(chan struct{}), messages: map[int64][]*Message{},
		nextID: 1000, calls: map[string]int{}, gone: map[int64]bool{},
	}
}

// Fail arranges a fault.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// Remove puts the bot out of a chat.
func (s *Server) Remove(chatID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone[chatID] = true
}

// Calls tells how often a method was called, faults included.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Messages returns what a chat shows of the bot, oldest first.
func (s *Server) Messages(chatID int64) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Message
	for _, m := range s.messages[chatID] {
		if m.FromBot {
			out = append(out, *m)
		}
	}
	return out
}

// Await waits until the chat's messages satisfy ok, and returns them.
func (s *Server) Await(done <-chan struct{}, chatID int64, ok func([]Message) bool) []Message {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if ms := s.Messages(chatID); ok(ms) {
			return ms
		}
		select {
		case <-changed:
		case <-done:
			return s.Messages(chatID)
		}
	}
}

func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Write is a person writing to a chat: negative chat ids are groups.
func (s *Server) Write(chatID, threadID int64, text string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.message(chatID)
	s.messages[chatID] = append(s.messages[chatID], &Message{ID: id, ChatID: chatID, ThreadID: threadID, Text: text})
	s.update("message", s.wire(s.messages[chatID][len(s.messages[chatID])-1]))
	return id
}

// Press is a person pressing a button under a message of the bot.
func (s *Server) Press(chatID, messageID int64, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages[chatID] {
		if m.ID == messageID {
			s.update("callback_query", map[string]any{
				"id": strconv.Itoa(len(s.updates)), "from": map[string]any{"id": 7, "language_code": "ru"}, "data": data, "message": s.wire(m),
			})
		}
	}
}

func (s *Server) update(kind string, what any) {
	s.updates = append(s.updates, map[string]any{"update_id": len(s.updates) + 1, kind: what})
	s.wake()
}

func (s *Server) message(int64) int64 {
	s.nextID++
	return s.nextID
}

func (s *Server) wire(m *Message) map[string]any {
	chat := map[string]any{"id": m.ChatID, "type": "private", "first_name": "Анна"}
	if m.ChatID < 0 {
		chat = map[string]any{"id": m.ChatID, "type": "supergroup", "title": "Инфраструктура"}
	}
	from := map[string]any{"id": 7, "language_code": "ru"}
	if m.FromBot {
		from = map[string]any{"id": 1, "is_bot": true, "username": s.Username}
	}
	out := map[string]any{"message_id": m.ID, "date": 1, "chat": chat, "from": from, "text": m.Text}
	if m.ThreadID != 0 {
		out["message_thread_id"], out["is_topic_message"] = m.ThreadID, true
	}
	for _, r := range s.messages[m.ChatID] {
		if m.ReplyTo != 0 && r.ID == m.ReplyTo {
			shown := *r
			shown.ReplyTo = 0
			out["reply_to_message"] = s.wire(&shown)
		}
	}
	return out
}

// ServeHTTP implements http.Handler at /bot<token>/<method>.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bot, method, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	if bot != s.Token {
		fail(w, http.StatusUnauthorized, "Unauthorized", 0)
		return
	}
	if err := r.ParseMultipartForm(10 << 20); err != nil && r.ParseForm() != nil {
		fail(w, http.StatusBadRequest, "Bad Request: cannot read the form", 0)
		return
	}
	f := s.begin(method)
	switch {
	case f != nil && f.Drop:
		panic(http.ErrAbortHandler)
	case f != nil && f.Status != 0:
		fail(w, f.Status, http.StatusText(f.Status), f.RetryAfter)
		return
	}
	result, status, text := s.do(r, method)
	if f != nil && f.DropAfter {
		panic(http.ErrAbortHandler)
	}
	if status != http.StatusOK {
		fail(w, status, text, 0)
		return
	}
	reply(w, http.StatusOK, map[string]any{"ok": true, "result": result})
}

func (s *Server) begin(method string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[method]++
	for _, f := range s.faults {
		if f.Times > 0 && (f.Method == "" || f.Method == method) {
			f.Times--
			return f
		}
	}
	return nil
}

func (s *Server) do(r *http.Request, method string) (result any, status int, text string) {
	switch method {
	case "getMe":
		return map[string]any{"id": 1, "is_bot": true, "username": s.Username}, http.StatusOK, ""
	case "getUpdates":
		return s.getUpdates(r), http.StatusOK, ""
	case "sendMessage", "sendPhoto":
		return s.send(r, method)
	case "editMessageText":
		return s.edit(r)
	case "answerCallbackQuery", "sendChatAction", "setMyCommands":
		return true, http.StatusOK, ""
	}
	return nil, http.StatusNotFound, "Not Found: method not found"
}

func number(r *http.Request, field string) int64 {
	n, err := strconv.ParseInt(r.FormValue(field), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (s *Server) getUpdates(r *http.Request) []map[string]any {
	timer := time.NewTimer(time.Duration(number(r, "timeout")) * time.Second)
	defer timer.Stop()
	for {
		s.mu.Lock()
		var out []map[string]any
		for _, u := range s.updates {
			if id, ok := u["update_id"].(int); ok && int64(id) >= number(r, "offset") {
				out = append(out, u)
			}
		}
		changed := s.changed
		s.mu.Unlock()
		if len(out) > 0 {
			return out
		}
		select {
		case <-changed:
		case <-timer.C:
			return []map[string]any{}
		case <-r.Context().Done():
			return []map[string]any{}
		}
	}
}

func (s *Server) send(r *http.Request, method string) (any, int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chat := number(r, "chat_id")
	if s.gone[chat] {
		return nil, http.StatusForbidden, "Forbidden: bot was kicked from the group chat"
	}
	m := &Message{
		ID: s.message(chat), ChatID: chat, ThreadID: number(r, "message_thread_id"), FromBot: true,
		Text: r.FormValue("text"), ReplyTo: number(r, "reply_to_message_id"), Buttons: r.FormValue("reply_markup"),
	}
	limit := 4096
	if method == "sendPhoto" {
		m.Text, limit = r.FormValue("caption"), 1024
		m.Photo = photo(r)
	}
	if n := len([]rune(m.Text)); n > limit || n == 0 && m.Photo == nil {
		return nil, http.StatusBadRequest, "Bad Request: message text is empty or too long"
	}
	s.messages[chat] = append(s.messages[chat], m)
	s.wake()
	return s.wire(m), http.StatusOK, ""
}

func photo(r *http.Request) []byte {
	f, _, err := r.FormFile("photo")
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }()
	body, err := io.ReadAll(f)
	if err != nil {
		return nil
	}
	return body
}

func (s *Server) edit(r *http.Request) (any, int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.messages[number(r, "chat_id")] {
		if m.ID != number(r, "message_id") {
			continue
		}
		if !m.FromBot {
			return nil, http.StatusBadRequest, "Bad Request: message can't be edited"
		}
		if m.Text == r.FormValue("text") {
			return nil, http.StatusBadRequest, "Bad Request: message is not modified"
		}
		m.Text = r.FormValue("text")
		m.Edits++
		s.wake()
		return s.wire(m), http.StatusOK, ""
	}
	return nil, http.StatusBadRequest, "Bad Request: message to edit not found"
}

func fail(w http.ResponseWriter, status int, text string, retryAfter int) {
	body := map[string]any{"ok": false, "error_code": status, "description": text}
	if retryAfter > 0 {
		body["parameters"] = map[string]any{"retry_after": retryAfter}
	}
	reply(w, status, body)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
