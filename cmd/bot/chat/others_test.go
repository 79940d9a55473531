package chat

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// others is npm's telegram-test-api in a process of its own.
type others struct {
	t   *testing.T
	url string
}

func startOthers(t *testing.T) *others {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "testdata/telegram-test-api.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("cannot start node: %v", err)
	}
	t.Cleanup(func() { _ = in.Close(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("telegram-test-api did not start: %v", err)
	}
	return &others{t: t, url: strings.TrimSpace(line)}
}

func (o *others) post(path string, body map[string]any) []byte {
	o.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		o.t.Fatal(err)
	}
	resp, err := http.Post(o.url+path, "application/json", bytes.NewReader(text))
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out bytes.Buffer
	if _, err := out.ReadFrom(resp.Body); err != nil {
		o.t.Fatal(err)
	}
	return out.Bytes()
}

func (o *others) write(text string) {
	o.t.Helper()
	o.post("/sendMessage", map[string]any{
		"botToken": botToken, "text": text, "date": 1,
		"from": map[string]any{"id": 7, "first_name": "Анна", "language_code": "ru"},
		"chat": map[string]any{"id": private, "type": "private", "first_name": "Анна"},
	})
}

// reads waits for the bot's next message.
func (o *others) reads(words ...string) {
	o.t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var got struct {
			Result []struct {
				Message struct {
					Text string `json:"text"`
				} `json:"message"`
			} `json:"result"`
		}
		if err := json.Unmarshal(o.post("/getUpdates", map[string]any{"token": botToken, "chatId": private}), &got); err != nil {
			o.t.Fatal(err)
		}
		if len(got.Result) > 1 {
			o.t.Fatalf("got %d messages at once", len(got.Result))
		}
		if len(got.Result) == 1 {
			for _, w := range words {
				if !strings.Contains(got.Result[0].Message.Text, w) {
					o.t.Fatalf("no %q in:\n%s", w, got.Result[0].Message.Text)
				}
			}
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			o.t.Fatalf("no message with %v", words)
		}
	}
}

// The bot works against a Bot API that others wrote: linking, questions, a delivery, its edit; without sendPhoto the words come alone.
func TestAgainstTelegramTestAPI(t *testing.T) {
	o := startOthers(t)
	s := &scene{t: t, store: newMemory(), logs: &strings.Builder{}}
	s.start(o.url)
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	defer func() { s.stop() }()
	o.write("сколько потратили вчера")
	o.reads("не\u00a0привязан")
	o.write("/start GOODCODE")
	o.reads("Чат привязан")
	s.store.answer = twoServices()
	o.write("сколько потратили вчера по сервисам")
	o.reads("Вчера, 22.11.2026", "• Серверы")
	o.write("расходы за прошлую неделю по дням")
	o.reads("На прошлой неделе")
	s.store.owe(owed(1, "Бюджет израсходован на 80 %"))
	o.reads("80 %")
	s.store.owe(owed(2, "Бюджет превышен"))
	for marked := int64(0); marked < 2; {
		select {
		case marked = <-s.store.marked:
		case <-time.After(20 * time.Second):
			t.Fatal("the edit was never marked")
		}
	}
	if history := string(o.post("/getUpdatesHistory", map[string]any{"token": botToken})); strings.Contains(history, "80 %") || !strings.Contains(history, "Бюджет превышен") {
		t.Fatalf("the message was not edited: %s", history)
	}
}
