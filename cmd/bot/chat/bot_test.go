package chat

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/cmd/bot/telegram"
	"github.com/infrazen/infrazen/cmd/bot/telegram/telegramsim"
	"github.com/infrazen/infrazen/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	private  = 42
	group    = -100
	botToken = "123:SECRETTOKEN"
)

// scene is a bot at work between a stand-in Telegram and a store in memory.
type scene struct {
	sim   *telegramsim.Server
	store *memory
	logs  *strings.Builder
	stop  func()
	t     *testing.T
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{t: t, sim: telegramsim.New(botToken, "infrazen_bot"), store: newMemory(), logs: &strings.Builder{}}
	srv := httptest.NewServer(s.sim)
	s.start(srv.URL)
	t.Cleanup(func() {
		s.stop()
		srv.CloseClientConnections()
		srv.Close()
		if strings.Contains(s.logs.String(), "SECRETTOKEN") {
			t.Error("the token is in the log")
		}
	})
	return s
}

func (s *scene) start(url string) {
	client, err := telegram.New(telegram.Config{Token: botToken, Endpoint: url + "/bot%s/%s"})
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 11, 30, 0, 0, time.UTC)
	bot := New(Deps{
		Telegram: client, Store: s.store, Facts: s.store, Asker: s.store, Accounts: s.store, Now: func() time.Time { return now },
		Log: slog.New(slog.NewTextHandler(s.logs, nil)), Registry: prometheus.NewRegistry(), Holder: "test",
		PublicURL: "https://infrazen.example", Pause: 5 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = bot.Run(ctx) }()
	s.stop = func() { cancel(); <-done; client.Close() }
}

func (s *scene) await(chat int64, n int) []telegramsim.Message {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	ms := s.sim.Await(ctx.Done(), chat, func(ms []telegramsim.Message) bool { return len(ms) >= n })
	if len(ms) < n {
		s.t.Fatalf("got %d messages, want %d", len(ms), n)
	}
	return ms
}

func (s *scene) says(chat int64, i int, words ...string) telegramsim.Message {
	s.t.Helper()
	m := s.await(chat, i+1)[i]
	for _, w := range words {
		if !strings.Contains(m.Text, w) {
			s.t.Fatalf("message %d of %d has no %q:\n%s", i, chat, w, m.Text)
		}
	}
	return m
}

func (s *scene) link(chat int64) {
	s.t.Helper()
	s.sim.Write(chat, 0, "/start GOODCODE")
	s.says(chat, 0, "Чат привязан", "Ромашка")
}

func TestLinking(t *testing.T) {
	s := newScene(t)
	s.sim.Write(private, 0, "сколько потратили вчера")
	s.says(private, 0, "не\u00a0привязан", "https://infrazen.example/settings")
	s.sim.Write(private, 0, "/start WRONG")
	s.says(private, 1, "Код не\u00a0подошёл")
	s.sim.Write(private, 0, "/start GOODCODE")
	s.says(private, 2, "Чат привязан")
	s.sim.Write(private, 0, "/unlink")
	s.says(private, 3, "Чат отвязан")
	s.sim.Write(private, 0, "/cost")
	s.says(private, 4, "не\u00a0привязан")
}

func TestCostQuestion(t *testing.T) {
	s := newScene(t)
	s.link(private)
	s.store.answer = twoServices()
	s.sim.Write(private, 0, "сколько потратили вчера на Selectel по сервисам и на Марсе")
	m := s.says(private, 1, "Вчера, 22.11.2026 · Selectel", "1\u00a0234,50\u00a0₽", "• Серверы — 1\u00a0000,00\u00a0₽ (81\u00a0%)",
		"цена неизвестна: 3\u00a0строки", "из них оценка: 34,50\u00a0₽", "Данные на\u00a014:05\u00a0мск, неполные.", "– Selectel: облако не отвечает", "Не\u00a0понял и\u00a0не\u00a0учёл: Марсе")
	if m.ReplyTo == 0 || !strings.Contains(m.Buttons, "by:resource") {
		t.Fatalf("no reply or no buttons: %+v", m)
	}
	q := s.store.lastQuery()
	if q.Filter == nil || q.Filter.Values[0] != "Selectel" || q.GroupBy[0] != pipeline.DimService || q.Zone != "Europe/Moscow" {
		t.Fatalf("asked %+v", q)
	}
}

// TestCurrencies asks what has several currencies: the answer comes in the organisation's, and says so.
func TestCurrencies(t *testing.T) {
	s := newScene(t)
	s.link(private)
	two := twoServices()
	two.Groups, two.Totals = nil, append(two.Totals, pipeline.CostTotal{Currency: "USD", CostSum: pipeline.CostSum{Cost: decimal.NewFromInt(10)}})
	s.store.answer, s.store.converted = two, twoServices()
	s.sim.Write(private, 0, "сколько потратили вчера")
	m := s.says(private, 1, "1\u00a0234,50\u00a0₽", "Суммы в\u00a0RUB: по\u00a0курсу ЦБ на\u00a0день расхода.")
	if strings.Contains(m.Text, "$") || strings.Contains(m.Text, "Нет курса") || s.store.lastQuery().Currency != "RUB" {
		t.Fatalf("asked %+v, said\n%s", s.store.lastQuery(), m.Text)
	}
	s.store.converted.Totals = append(s.store.converted.Totals, pipeline.CostTotal{Currency: ""})
	s.store.converted.Unconverted = []string{""}
	s.sim.Write(private, 0, "сколько потратили вчера в долларах по сервисам")
	m = s.says(private, 2, "Суммы в\u00a0USD: по\u00a0курсу ЦБ", "Нет курса, не\u00a0пересчитано: валюта не\u00a0указана.")
	if strings.Contains(m.Text, "Не\u00a0понял") || s.store.lastQuery().Currency != "USD" {
		t.Fatalf("asked %+v, said\n%s", s.store.lastQuery(), m.Text)
	}
	s.store.answer, s.store.converted = twoServices(), pipeline.CostAnswer{}
	s.sim.Write(private, 0, "сколько потратили вчера")
	if m := s.says(private, 3, "1\u00a0234,50\u00a0₽"); strings.Contains(m.Text, "курс") || s.store.lastQuery().Currency != "" {
		t.Fatalf("one currency is converted: asked %+v, said\n%s", s.store.lastQuery(), m.Text)
	}
}

func TestChartAndButtons(t *testing.T) {
	s := newScene(t)
	s.link(private)
	s.store.answer = twoServices()
	asked := s.sim.Write(private, 0, "расходы за прошлую неделю")
	m := s.says(private, 1, "На прошлой неделе")
	s.sim.Press(private, m.ID, "step:day")
	chart := s.says(private, 2, "На прошлой неделе")
	if len(chart.Photo) < 1000 || string(chart.Photo[1:4]) != "PNG" || chart.ReplyTo != asked {
		t.Fatalf("no picture: %d bytes, reply to %d", len(chart.Photo), chart.ReplyTo)
	}
	s.sim.Press(private, m.ID, "by:resource")
	s.says(private, 3, "• ")
	if q := s.store.lastQuery(); q.GroupBy[0] != pipeline.DimResource {
		t.Fatalf("asked %+v", q)
	}
}

func TestGroupsAndTopics(t *testing.T) {
	s := newScene(t)
	s.sim.Write(group, 5, "/start@infrazen_bot GOODCODE")
	if m := s.says(group, 0, "Чат привязан"); m.ThreadID != 5 {
		t.Fatalf("answered in topic %d", m.ThreadID)
	}
	s.store.answer = twoServices()
	s.sim.Write(group, 5, "сколько потратили вчера") // not for the bot
	s.sim.Write(group, 5, "/cost@other_bot вчера")   // for another
	s.sim.Write(group, 5, "@infrazen_bot сколько потратили сегодня")
	s.says(group, 1, "Сегодня, 23.11.2026")
	s.sim.Write(group, 6, "/cost")
	s.says(group, 2, "не\u00a0привязан") // another topic of the same group is another chat
}

func TestBalance(t *testing.T) {
	s := newScene(t)
	s.link(private)
	s.sim.Write(private, 0, "/balance")
	s.says(private, 1, "Selectel: 5\u00a0000,00\u00a0₽, бонусов 100,00\u00a0₽, хватит на\u00a021\u00a0день")
}

// Two roubles an hour: 354 roubles are 177 hours from two o'clock of Monday. To January there are 922 hours, 1844 roubles.
func TestRunway(t *testing.T) {
	s := newScene(t)
	s.link(private)
	noon := time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC)
	balance := decimal.NewFromInt(354)
	a := pipeline.PrepaidAccount{
		Name: "Бегет", Rule: &pipeline.Prepaid{}, Through: noon, Unpriced: 1,
		State: pipeline.AccountState{ObservedAt: noon, Currency: "RUB", Balance: &balance},
	}
	for i := range 24 {
		a.Burn = append(a.Burn, pipeline.BurnHour{Start: noon.Add(time.Duration(i-24) * time.Hour), Cost: decimal.NewFromInt(2)})
	}
	s.store.prepaid = []pipeline.PrepaidAccount{a}
	s.sim.Write(private, 0, "на сколько хватит денег?")
	text := s.says(private, 1, "Бегет: 354,00\u00a0₽, хватит не\u00a0дольше чем до\u00a0понедельника, 30\u00a0ноября, около\u00a023:00; пополнить на\u00a01\u00a0490,00\u00a0₽").Text
	if !strings.Contains(text, "хватило по\u00a031\u00a0декабря") || strings.Index(text, "Бегет") > strings.Index(text, "Selectel") {
		t.Errorf("the one that runs out comes first: %s", text)
	}
}

func TestStoreAway(t *testing.T) {
	s := newScene(t)
	s.link(private)
	s.store.setBroken(true)
	s.sim.Write(private, 0, "сколько вчера")
	s.says(private, 1, "данные сейчас недоступны")
	s.store.setBroken(false)
	s.store.answer = twoServices()
	s.sim.Write(private, 0, "сколько вчера")
	s.says(private, 2, "Вчера")
}

func TestThrottledAnswerIsSentLater(t *testing.T) {
	s := newScene(t)
	s.link(private)
	s.sim.Fail(telegramsim.Fault{Method: "sendMessage", Status: 429, RetryAfter: 1})
	s.sim.Write(private, 0, "/help")
	s.says(private, 1, "Спросите обычными словами")
}

func twoServices() pipeline.CostAnswer {
	d := decimal.RequireFromString
	day := time.Date(2026, 11, 21, 21, 0, 0, 0, time.UTC)
	series := []decimal.Decimal{d("600"), d("634.5")}
	return pipeline.CostAnswer{
		Steps: []time.Time{day, day.Add(24 * time.Hour)},
		Groups: []pipeline.CostGroup{
			{Keys: []pipeline.GroupKey{{Value: "Серверы", Label: "Серверы"}}, Currency: "RUB", CostSum: pipeline.CostSum{Cost: d("1000")}},
			{Keys: []pipeline.GroupKey{{Value: "Базы", Label: "Базы"}}, Currency: "RUB", CostSum: pipeline.CostSum{Cost: d("234.5")}},
		},
		Totals: []pipeline.CostTotal{{Currency: "RUB", CostSum: pipeline.CostSum{Cost: d("1234.5"), Estimated: d("34.5"), Unpriced: 3}, Series: series}},
		Data: pipeline.DataState{
			CollectedAt: time.Date(2026, 11, 23, 11, 5, 0, 0, time.UTC), GapCount: 1,
			Gaps: []pipeline.DataGap{{ConnectionName: "Selectel", Reason: pipeline.Text{RU: "облако не отвечает", EN: "the cloud does not answer"}}},
		},
	}
}
