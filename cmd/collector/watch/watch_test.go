package watch

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var _ Store = (*postgres.Store)(nil)

// bill answers every question with one sum.
type bill struct {
	cost string
	err  error
}

func (b *bill) Ask(_ context.Context, _ pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	return pipeline.CostAnswer{
		Query:  q,
		Totals: []pipeline.CostTotal{{Currency: "RUB", CostSum: pipeline.CostSum{Cost: decimal.RequireFromString(b.cost)}}},
		Data:   pipeline.DataState{Complete: true, CollectedAt: q.From},
	}, b.err
}

// A threshold crossed in the data becomes one message in each chat, once, whatever restarts; the next percent edits it.
func TestThresholdBecomesOneMessage(t *testing.T) {
	ctx, store := t.Context(), pgtest.Open(t)
	tenant, chat := household(t, store)
	if _, err := store.CreateBudget(ctx, tenant, pipeline.Budget{
		Name: "Прод", Amount: decimal.RequireFromString("1000"), Currency: "RUB", Period: pipeline.StepMonth,
		Metric: pipeline.MetricBilledCost, Thresholds: []int{50, 80},
	}); err != nil {
		t.Fatal(err)
	}
	f := func(cost string, wantTexts ...string) {
		t.Helper()
		for range 2 { // a second look, by another collector, changes nothing
			w := New(store, &bill{cost: cost}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
			if err := w.Once(ctx); err != nil {
				t.Fatal(err)
			}
		}
		deliveries, err := store.ClaimDeliveries(ctx, "test", 10, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if len(deliveries) != len(wantTexts) {
			t.Fatalf("%s: %d messages are owed, want %d", cost, len(deliveries), len(wantTexts))
		}
		for i, d := range deliveries {
			if got := title(d.Text.RU); got != wantTexts[i] || d.Chat.ChatID != chat {
				t.Fatalf("%s: got %q", cost, got)
			}
			if err := store.MarkSent(ctx, d.ID, 7, d.Revision); err != nil {
				t.Fatal(err)
			}
		}
	}
	f("499.99")
	f("500", "Бюджет «Прод» израсходован на\u00a050\u00a0%")
	f("505")
	f("510", "Бюджет «Прод» израсходован на\u00a051\u00a0%")
	f("900", "Бюджет «Прод» израсходован на\u00a090\u00a0%")
	f("100") // restated downwards: nobody is told twice when it comes back
	f("900")
}

func TestOneBadBudgetDoesNotStopTheWatch(t *testing.T) {
	ctx, store := t.Context(), pgtest.Open(t)
	tenant, _ := household(t, store)
	if _, err := store.CreateBudget(ctx, tenant, pipeline.Budget{
		Name: "Прод", Amount: decimal.RequireFromString("1"), Currency: "RUB", Period: pipeline.StepMonth, Metric: pipeline.MetricBilledCost, Thresholds: []int{50},
	}); err != nil {
		t.Fatal(err)
	}
	w := New(store, &bill{cost: "1", err: errors.New("the facts are away")}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err := w.Once(ctx); err != nil {
		t.Fatal(err)
	}
	if open, err := store.OpenIncidents(ctx, tenant); err != nil || len(open) != 0 {
		t.Fatalf("got %v, %v", open, err)
	}
}

// household is a tenant with one user and one linked chat.
func household(t *testing.T, store *postgres.Store) (pipeline.TenantID, int64) {
	t.Helper()
	ctx := t.Context()
	tenant, err := store.CreateTenant(ctx, "Ромашка", "Europe/Moscow", "RUB")
	if err != nil {
		t.Fatal(err)
	}
	user, err := store.CreateUser(ctx, "anna@example.com", "Анна", pipeline.Russian)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.AddMember(ctx, tenant.ID, user.ID, pipeline.Admin); err != nil {
		t.Fatal(err)
	}
	code, err := store.CreateChatCode(ctx, user.ID, tenant.ID, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	chat, err := store.LinkChat(ctx, code, pipeline.Chat{ChatID: 42, Lang: pipeline.Russian})
	if err != nil {
		t.Fatal(err)
	}
	return tenant.ID, chat.ChatID
}

func title(text string) string {
	for i, r := range text {
		if r == '\n' {
			return text[:i]
		}
	}
	return text
}
