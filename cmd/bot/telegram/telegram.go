// Package telegram speaks to Telegram's Bot API through telegram-bot-api, and turns its types and errors into the bot's own.
package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
)

// pollSeconds is how long Telegram holds a getUpdates request open when there is nothing.
const pollSeconds = 50

// Client calls the Bot API. Its errors are *Error and hold no token.
type Client struct {
	token, endpoint string
	http            *http.Client
}

// Config says which bot and where.
type Config struct {
	Token    string
	Endpoint string // with %s for the token and %s for the method
	Proxy    string // HTTP or SOCKS5 URL; empty means the environment's
}

// New makes a client. It asks Telegram nothing.
func New(c Config) (*Client, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: (pollSeconds + 15) * time.Second, IdleConnTimeout: time.Minute}
	if c.Proxy != "" {
		u, err := url.Parse(c.Proxy)
		if err != nil || u.Host == "" {
			return nil, errors.New("cannot use the setting telegram.proxy: it must be a URL such as socks5://127.0.0.1:1080")
		}
		transport.Proxy = http.ProxyURL(u)
	}
	return &Client{token: c.Token, endpoint: c.Endpoint, http: &http.Client{Transport: transport, Timeout: (pollSeconds + 20) * time.Second}}, nil
}

// Close ends idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// ErrorKind tells what can be done about an error.
type ErrorKind string

// The kinds of error.
const (
	// Throttled: asked too often; nothing was done; try again after RetryAfter.
	Throttled ErrorKind = "throttled"
	// Unknown: no answer came. What was asked may or may not have been done.
	Unknown ErrorKind = "unknown"
	// Gone: the chat is no more, or the bot was put out of it.
	Gone ErrorKind = "gone"
	// NotModified: the message reads so already.
	NotModified ErrorKind = "not_modified"
	// NoMessage: there is no such message, or it is not the bot's to edit.
	NoMessage ErrorKind = "no_message"
	// Unauthorized: the token is wrong.
	Unauthorized ErrorKind = "unauthorized"
	// Rejected: the request is wrong.
	Rejected ErrorKind = "rejected"
)

// Error is what a call ended with.
type Error struct {
	Kind       ErrorKind
	Method     string
	Message    string
	RetryAfter time.Duration
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("cannot call telegram method %s: %s: %s", e.Method, e.Kind, e.Message)
}

// KindOf returns the kind of a client's error, "" for nil.
func KindOf(err error) ErrorKind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if err != nil {
		return Unknown
	}
	return ""
}

// doer attaches a context to the library's requests, which have none.
type doer struct {
	ctx  context.Context //nolint:containedctx // the library has no other place for it
	http *http.Client
}

// Do implements tgbotapi.HTTPClient.
func (d doer) Do(r *http.Request) (*http.Response, error) { return d.http.Do(r.WithContext(d.ctx)) }

func (c *Client) api(ctx context.Context) *tgbotapi.BotAPI {
	api := &tgbotapi.BotAPI{Token: c.token, Client: doer{ctx: ctx, http: c.http}}
	api.SetAPIEndpoint(c.endpoint)
	return api
}

func (c *Client) call(ctx context.Context, method string, params tgbotapi.Params, into any) error {
	resp, err := c.api(ctx).MakeRequest(method, params)
	return c.finish(method, resp, err, into)
}

func (c *Client) finish(method string, resp *tgbotapi.APIResponse, err error, into any) error {
	if err != nil {
		return c.wrap(method, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(resp.Result, into); err != nil {
		return &Error{Kind: Unknown, Method: method, Message: "an answer that cannot be read"}
	}
	return nil
}

// wrap sorts the library's errors. Its network errors carry the URL, and so the token: it is cut out.
func (c *Client) wrap(method string, err error) error {
	e := &Error{Kind: Unknown, Method: method, Message: strings.ReplaceAll(err.Error(), c.token, "<token>")}
	var api *tgbotapi.Error
	if !errors.As(err, &api) {
		return e
	}
	e.RetryAfter = time.Duration(api.RetryAfter) * time.Second
	e.Kind = kindOf(api)
	return e
}

func kindOf(api *tgbotapi.Error) ErrorKind {
	m := strings.ToLower(api.Message)
	switch {
	case api.RetryAfter > 0 || api.Code == http.StatusTooManyRequests:
		return Throttled
	case api.Code == http.StatusUnauthorized || m == "unauthorized" || api.Code == http.StatusNotFound && m == "not found":
		return Unauthorized
	case api.Code == http.StatusForbidden || strings.Contains(m, "chat not found") || strings.HasPrefix(m, "forbidden"):
		return Gone
	case strings.Contains(m, "not modified"):
		return NotModified
	case strings.Contains(m, "message to edit not found"), strings.Contains(m, "can't be edited"), strings.Contains(m, "message_id_invalid"), strings.Contains(m, "message identifier"):
		return NoMessage
	case api.Code >= http.StatusInternalServerError:
		return Unknown
	}
	return Rejected
}

// Peer is where a message goes.
type Peer struct {
	ChatID   int64
	ThreadID int64 // forum topic; 0 when none
}

func (p Peer) params() tgbotapi.Params {
	params := tgbotapi.Params{"chat_id": strconv.FormatInt(p.ChatID, 10)}
	if p.ThreadID != 0 {
		params["message_thread_id"] = strconv.FormatInt(p.ThreadID, 10)
	}
	return params
}

// Button is a button under a message. Data has at most 64 bytes.
type Button struct{ Text, Data string }

// Message is a text to send.
type Message struct {
	Text    string // plain, at most 4096 characters
	ReplyTo int64  // 0 when it answers none
	Buttons [][]Button
}

type sent struct {
	MessageID int64 `json:"message_id"`
}

// Send sends a text and returns its message's id.
func (c *Client) Send(ctx context.Context, to Peer, m Message) (int64, error) {
	params := to.params()
	params["text"] = m.Text
	params["disable_web_page_preview"] = "true"
	addReply(params, m)
	var s sent
	err := c.call(ctx, "sendMessage", params, &s)
	return s.MessageID, err
}

func addReply(params tgbotapi.Params, m Message) {
	if m.ReplyTo != 0 {
		params["reply_to_message_id"] = strconv.FormatInt(m.ReplyTo, 10)
		params["allow_sending_without_reply"] = "true"
	}
	if len(m.Buttons) > 0 {
		params["reply_markup"] = keyboard(m.Buttons)
	}
}

func keyboard(rows [][]Button) string {
	type button struct {
		Text string `json:"text"`
		Data string `json:"callback_data"`
	}
	out := make([][]button, len(rows))
	for i, row := range rows {
		for _, b := range row {
			out[i] = append(out[i], button(b))
		}
	}
	text, err := json.Marshal(map[string]any{"inline_keyboard": out})
	if err != nil {
		return ""
	}
	return string(text)
}

// Edit replaces the text of one of the bot's messages. shown is true when Telegram gave that message back, as its specification says.
func (c *Client) Edit(ctx context.Context, to Peer, messageID int64, text string) (shown bool, err error) {
	params := tgbotapi.Params{
		"chat_id": strconv.FormatInt(to.ChatID, 10), "message_id": strconv.FormatInt(messageID, 10),
		"text": text, "disable_web_page_preview": "true",
	}
	var result json.RawMessage
	if err := c.call(ctx, "editMessageText", params, &result); err != nil {
		return false, err
	}
	var edited sent
	ok := json.Unmarshal(result, &edited) == nil // "true" when it is not a message of the bot's own
	return ok && edited.MessageID == messageID, nil
}

// SendPhoto sends a PNG picture with a caption of at most 1024 characters.
func (c *Client) SendPhoto(ctx context.Context, to Peer, png []byte, m Message) (int64, error) {
	params := to.params()
	params["caption"] = m.Text
	addReply(params, m)
	file := tgbotapi.RequestFile{Name: "photo", Data: tgbotapi.FileBytes{Name: "chart.png", Bytes: png}}
	resp, err := c.api(ctx).UploadFiles("sendPhoto", params, []tgbotapi.RequestFile{file})
	var s sent
	err = c.finish("sendPhoto", resp, err, &s)
	return s.MessageID, err
}

// AnswerCallback ends the waiting sign on a button.
func (c *Client) AnswerCallback(ctx context.Context, id, text string) error {
	return c.call(ctx, "answerCallbackQuery", tgbotapi.Params{"callback_query_id": id, "text": text}, nil)
}

// Typing shows that the bot is at work.
func (c *Client) Typing(ctx context.Context, to Peer) error {
	params := to.params()
	params["action"] = "typing"
	return c.call(ctx, "sendChatAction", params, nil)
}

// Me returns the bot's user name.
func (c *Client) Me(ctx context.Context) (string, error) {
	var me struct {
		Username string `json:"username"`
	}
	err := c.call(ctx, "getMe", nil, &me)
	return me.Username, err
}

// Command is one entry of the bot's menu.
type Command struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

// SetCommands sets the menu for users of a language, for all others when lang is "".
func (c *Client) SetCommands(ctx context.Context, lang string, commands []Command) error {
	text, err := json.Marshal(commands)
	if err != nil {
		return err
	}
	params := tgbotapi.Params{"commands": string(text)}
	params.AddNonEmpty("language_code", lang)
	return c.call(ctx, "setMyCommands", params, nil)
}
