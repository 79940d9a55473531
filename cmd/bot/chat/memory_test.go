package chat

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// memory is a store in memory that keeps the promises of Store, Facts and Asker.
type memory struct {
	mu     sync.Mutex
	chats  map[[2]int64]pipeline.Chat
	noted  map[int64]int64
	offset int64
	broken bool
	answer pipeline.CostAnswer
	// converted answers questions with a currency; the answer does when it has no totals.
	converted pipeline.CostAnswer
	prepaid   []pipeline.PrepaidAccount
	queries   []pipeline.CostQuery
	owed      []*pipeline.Delivery
	sent      map[string]int64
	given     map[string]string
	// lostMarks is how many MarkSent calls are to fail: the process dies between send and mark.
	lostMarks int
	// marked gets the revision of every mark that was kept.
	marked chan int64
}

func newMemory() *memory {
	return &memory{chats: map[[2]int64]pipeline.Chat{}, noted: map[int64]int64{}, sent: map[string]int64{}, given: map[string]string{}, marked: make(chan int64, 100)}
}

var errBroken = errors.New("the store is away")

func (m *memory) locked(f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return f()
}

func (m *memory) setBroken(b bool) { _ = m.locked(func() error { m.broken = b; return nil }) }

func (m *memory) lastQuery() pipeline.CostQuery {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.queries[len(m.queries)-1]
}

func (m *memory) LinkChat(_ context.Context, code string, c pipeline.Chat) (pipeline.Chat, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if code != "GOODCODE" {
		return pipeline.Chat{}, pipeline.ErrBadCredentials
	}
	c.TenantID, c.UserID = "t", "u"
	m.chats[[2]int64{c.ChatID, c.ThreadID}] = c
	return c, nil
}

func (m *memory) Chat(_ context.Context, chatID, threadID int64) (c pipeline.Chat, err error) {
	return c, m.locked(func() error {
		var ok bool
		if c, ok = m.chats[[2]int64{chatID, threadID}]; !ok {
			return pipeline.ErrNotFound
		}
		return nil
	})
}

func (m *memory) UnlinkChat(_ context.Context, _ pipeline.TenantID, chatID, threadID int64) error {
	return m.locked(func() error { delete(m.chats, [2]int64{chatID, threadID}); return nil })
}

func (m *memory) Tenant(context.Context, pipeline.TenantID) (pipeline.Tenant, error) {
	return pipeline.Tenant{ID: "t", Name: "Ромашка", Zone: "Europe/Moscow", Currency: "RUB"}, nil
}

func (m *memory) ConnectionsOf(context.Context, pipeline.TenantID) ([]pipeline.Connection, error) {
	return []pipeline.Connection{{ID: "c1", Name: "Selectel"}}, nil
}

func (m *memory) NoteMessage(_ context.Context, chatID, id int64) error {
	return m.locked(func() error { m.noted[chatID] = max(m.noted[chatID], id); return nil })
}

func (m *memory) BotOffset(context.Context) (o int64, err error) {
	return o, m.locked(func() error { o = m.offset; return nil })
}

func (m *memory) SetBotOffset(_ context.Context, o int64) error {
	return m.locked(func() error { m.offset = o; return nil })
}

func (m *memory) Ask(_ context.Context, _ pipeline.TenantID, q pipeline.CostQuery) (a pipeline.CostAnswer, err error) {
	return a, m.locked(func() error {
		if m.broken {
			return errBroken
		}
		if err := q.Check(); err != nil {
			return err
		}
		m.queries = append(m.queries, q)
		a = m.answer
		if q.Currency != "" && len(m.converted.Totals) > 0 {
			a = m.converted
		}
		a.Query = q
		return nil
	})
}

func (m *memory) DimensionValues(_ context.Context, _ pipeline.TenantID, d pipeline.Dimension, _ string, _ int) ([]pipeline.GroupKey, error) {
	if d == pipeline.DimProvider {
		return []pipeline.GroupKey{{Value: "Selectel", Label: "Selectel"}}, nil
	}
	return nil, nil
}

// Prepaid gives an account that is billed afterwards, and those that a test has put in.
func (m *memory) Prepaid(context.Context, pipeline.TenantID, time.Time) ([]pipeline.PrepaidAccount, error) {
	balance, bonus, days := decimal.RequireFromString("5000"), decimal.RequireFromString("100"), int64(21)
	return append([]pipeline.PrepaidAccount{{ConnectionID: "c1", Name: "Selectel", State: pipeline.AccountState{
		ObservedAt: time.Date(2026, 11, 23, 11, 0, 0, 0, time.UTC), Currency: "RUB", Balance: &balance, Bonus: &bonus, DaysToSuspension: &days,
	}}}, m.prepaid...), nil
}

func (m *memory) owe(d pipeline.Delivery) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.owed {
		if o.ID == d.ID {
			o.Text, o.Revision = d.Text, d.Revision
			return
		}
	}
	m.owed = append(m.owed, &d)
}

func (m *memory) ClaimDeliveries(context.Context, string, int, time.Duration) (out []pipeline.Delivery, err error) {
	return out, m.locked(func() error {
		for _, d := range m.owed {
			if d.Sent < d.Revision && m.given[d.ID] == "" {
				out = append(out, *d)
			}
		}
		return nil
	})
}

func (m *memory) find(id string) *pipeline.Delivery {
	for _, d := range m.owed {
		if d.ID == id {
			return d
		}
	}
	return nil
}

func (m *memory) BeginSend(_ context.Context, id string) error {
	return m.locked(func() error {
		d := m.find(id)
		d.Attempted, d.ProbeAfter = true, m.noted[d.Chat.ChatID]
		return nil
	})
}

func (m *memory) MarkSent(_ context.Context, id string, messageID, revision int64) error {
	return m.locked(func() error {
		if m.lostMarks > 0 {
			m.lostMarks--
			return errBroken
		}
		d := m.find(id)
		d.Sent, d.MessageID, d.Attempted = revision, messageID, false
		m.noted[d.Chat.ChatID] = max(m.noted[d.Chat.ChatID], messageID)
		m.marked <- revision
		return nil
	})
}

func (m *memory) PostponeDelivery(_ context.Context, id string, _ time.Time, _ string, unknown bool) error {
	return m.locked(func() error {
		d := m.find(id)
		d.Attempted = d.Attempted && unknown
		d.Attempts++
		return nil
	})
}

func (m *memory) AbandonDelivery(_ context.Context, id, reason string) error {
	return m.locked(func() error { m.given[id] = reason; return nil })
}
