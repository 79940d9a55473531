package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/cmd/bot/telegram/telegramsim"
	"github.com/infrazen/infrazen/pipeline"
)

// chatID is the chat that a person links.
const chatID = 4217

// bot is a Telegram for the product's bot.
type bot struct {
	*telegramsim.Server
	token, endpoint string
	// onSend is called when a message has been put into its chat, before the bot is answered; true leaves it without an answer.
	onSend atomic.Pointer[func(text string) bool]
	// journal tells of every call that writes, for a test that fails.
	journal *transcript
	// edited has the ids of the messages that the bot has tried to edit.
	edited sync.Map
}

func newBot(t *testing.T) *bot {
	t.Helper()
	b := &bot{token: "4217:e2e", journal: newTranscript()}
	b.Server = telegramsim.New(b.token, "infrazen_e2e_bot")
	srv := httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(srv.Close)
	t.Cleanup(srv.CloseClientConnections)
	b.endpoint = srv.URL + "/bot%s/%s"
	return b
}

func (b *bot) serve(w http.ResponseWriter, r *http.Request) {
	after := b.onSend.Load()
	if after == nil || !strings.HasSuffix(r.URL.Path, "/sendMessage") {
		b.ServeHTTP(w, r)
		b.note(r)
		if strings.HasSuffix(r.URL.Path, "/editMessageText") {
			b.edited.Store(r.FormValue("message_id"), true)
		}
		return
	}
	held := httptest.NewRecorder()
	b.ServeHTTP(held, r)
	b.note(r)
	if (*after)(r.FormValue("text")) {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", held.Header().Get("Content-Type"))
	w.WriteHeader(held.Code)
	_, _ = w.Write(held.Body.Bytes())
}

func (b *bot) note(r *http.Request) {
	if text := r.FormValue("text"); text != "" {
		_, method := path.Split(r.URL.Path)
		title, _, _ := strings.Cut(text, "\n")
		_, _ = fmt.Fprintln(b.journal, time.Now().Format(time.TimeOnly), method, r.FormValue("message_id"), title)
	}
}

// says writes to the bot and gives its answer.
func (b *bot) says(t *testing.T, text string) telegramsim.Message {
	t.Helper()
	asked := b.Write(chatID, 0, text)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answers := func(m telegramsim.Message) bool { return m.ReplyTo == asked }
	ms := b.Await(ctx.Done(), chatID, func(ms []telegramsim.Message) bool { return slices.ContainsFunc(ms, answers) })
	i := slices.IndexFunc(ms, answers)
	if i < 0 {
		t.Fatalf("waited too long for an answer to %q; the chat shows %v", text, ms)
	}
	return ms[i]
}

func money(cost decimal.Decimal, currency string) string {
	return pipeline.FormatMoney(cost, currency, pipeline.Russian)
}

func botAnswers(t *testing.T, s *story) {
	if a := s.says(t, "сколько потратили вчера"); strings.Contains(a.Text, "₽") {
		t.Errorf("a stranger is told %q", a.Text)
	}
	var code struct {
		Code string `json:"code"`
	}
	s.user.get(t, http.MethodPost, "/api/v1/telegram/code", nil, &code)
	if a := s.says(t, "/start "+code.Code); !strings.Contains(a.Text, "привязан") {
		t.Fatalf("linking the chat: %q", a.Text)
	}
	s.yesterday(t, "сколько потратили вчера по сервисам", "service", 15)
	s.yesterday(t, "/top 3 вчера", "resource", 3)
	if a := s.says(t, "расходы по дням за 7 дней"); !bytes.HasPrefix(a.Photo, []byte("\x89PNG")) {
		t.Errorf("no chart: %q with %d bytes", a.Text, len(a.Photo))
	}
	s.balances(t)
}

// yesterday asks what was spent yesterday, and compares every number with the API's.
func (s *story) yesterday(t *testing.T, sentence, by string, shown int) {
	t.Helper()
	zone := moscow(t)
	y, m, d := time.Now().In(zone).Date()
	q := question{From: time.Date(y, m, d-1, 0, 0, 0, 0, zone), To: time.Date(y, m, d, 0, 0, 0, 0, zone), GroupBy: []string{by}}
	eventually(t, "the bot says what the API says", func() bool {
		before := s.user.costs(t, q) // a bill of yesterday may be restated while we ask
		text := s.says(t, sentence).Text
		after := s.user.costs(t, q)
		if len(before.Totals) != 1 || !before.Totals[0].Cost.Equal(after.Totals[0].Cost) {
			return false
		}
		wants := []string{money(after.Totals[0].Cost, after.Totals[0].Currency)}
		for _, g := range after.Groups[:min(len(after.Groups), shown)] {
			wants = append(wants, g.Keys[0].Label+" — "+money(g.Cost, g.Currency))
		}
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Fatalf("the bot does not say %q:\n%s", want, text)
			}
		}
		return true
	})
}

func (s *story) balances(t *testing.T) {
	t.Helper()
	var held struct {
		Balances []struct {
			Name     string           `json:"connection_name"`
			Currency string           `json:"currency"`
			Balance  *decimal.Decimal `json:"balance"`
		} `json:"balances"`
	}
	eventually(t, "the bot tells the API's balances", func() bool {
		text := s.says(t, "/balance").Text
		s.user.get(t, http.MethodGet, "/api/v1/balances", nil, &held)
		told := 0
		for _, b := range held.Balances {
			if b.Balance != nil && strings.Contains(text, b.Name+": "+money(*b.Balance, b.Currency)) {
				told++
			}
		}
		return told == len(demoNames())
	})
}

// budget is the name of a budget that is overspent from its first minute.
const budget = "Сквозная проверка"

// killedWhileSending sets an overspent budget and kills the product when its message has reached the chat and the bot does not know.
func killedWhileSending(t *testing.T, s *story) {
	sent := make(chan struct{}, 1)
	onSend := func(text string) bool {
		ours := strings.Contains(text, budget)
		if ours {
			s.onSend.Store(nil)
			_ = s.product.cmd.Process.Signal(syscall.SIGKILL)
			<-s.product.exited
			sent <- struct{}{}
		}
		return ours
	}
	s.onSend.Store(&onSend)
	s.user.get(t, http.MethodPost, "/api/v1/budgets", map[string]any{"name": budget, "amount": "1", "thresholds": []int{100}}, nil)
	select {
	case <-sent:
	case <-time.After(patience):
		t.Fatal("no message of the budget came")
	}
	start := time.Now()
	awaitNone(t, s.dir)
	t.Logf("all processes gone %s after the kill", seconds(time.Since(start)))
}

// sentOnce waits until the bot has looked for the message that it did not know the end of, and counts.
func sentOnce(t *testing.T, s *story) {
	about := func(m telegramsim.Message) bool { return strings.Contains(m.Text, budget) }
	eventually(t, "the bot has looked for its message", func() bool {
		return slices.ContainsFunc(s.Messages(chatID), func(m telegramsim.Message) bool {
			_, tried := s.edited.Load(strconv.FormatInt(m.ID, 10))
			return about(m) && tried
		})
	})
	// Deliveries and answers take turns in a chat: a second message would be there before the next answer.
	s.says(t, "/help")
	if n := len(slices.DeleteFunc(s.Messages(chatID), func(m telegramsim.Message) bool { return !about(m) })); n != 1 {
		calls, _ := s.journal.now()
		t.Errorf("the chat shows the budget's message %d times; the bot's calls were\n%s", n, calls)
	}
}
