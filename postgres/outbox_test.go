package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
)

func link(t *testing.T, s *postgres.Store, tn pipeline.TenantID, u pipeline.User, chatID int64) pipeline.Chat {
	t.Helper()
	code, err := s.CreateChatCode(t.Context(), u.ID, tn, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	chat, err := s.LinkChat(t.Context(), code, pipeline.Chat{ChatID: chatID, ThreadID: 7, Title: "Финансы"})
	if err != nil {
		t.Fatal(err)
	}
	return chat
}

func TestChats(t *testing.T) {
	s := pgtest.Open(t)
	tn := tenant(t, s)
	u := member(t, s, tn, "ivan@example.ru")
	code, err := s.CreateChatCode(t.Context(), u.ID, tn, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	wantNotStored(t, s, code)
	want := pipeline.Chat{ChatID: -100, ThreadID: 7, TenantID: tn, UserID: u.ID, Lang: pipeline.Russian, Title: "Финансы"}
	got, err := s.LinkChat(t.Context(), " "+code+" ", pipeline.Chat{ChatID: -100, ThreadID: 7, Title: "Финансы"})
	want.LinkedAt = got.LinkedAt
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := s.LinkChat(t.Context(), code, pipeline.Chat{ChatID: 1}); !errors.Is(err, pipeline.ErrBadCredentials) {
		t.Errorf("a code used twice: %v", err)
	}
	if err := s.SetChatLang(t.Context(), tn, -100, 7, pipeline.English); err != nil {
		t.Error(err)
	}
	if got, err := s.Chat(t.Context(), -100, 7); err != nil || got.Lang != pipeline.English {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := s.Chat(t.Context(), -100, 0); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("another topic: %v", err)
	}
	other := tenant(t, s)
	if err := s.UnlinkChat(t.Context(), other, -100, 7); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("unlinked by another tenant: %v", err)
	}
	link(t, s, other, member(t, s, other, "petr@example.ru"), -100)
	if chats, err := s.ChatsOf(t.Context(), tn); err != nil || len(chats) != 0 {
		t.Errorf("a chat that moved is still there: %+v, %v", chats, err)
	}
}

func TestBotOffset(t *testing.T) {
	s := pgtest.Open(t)
	for _, offset := range []int64{5, 3} {
		if err := s.SetBotOffset(t.Context(), offset); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.BotOffset(t.Context()); got != 5 || err != nil {
		t.Errorf("got %d, %v", got, err)
	}
}

// outboxWorld is a tenant with two chats and an incident, and another tenant with a chat.
func outboxWorld(t *testing.T) (*postgres.Store, pipeline.Incident) {
	t.Helper()
	s := pgtest.Open(t)
	tn, other := tenant(t, s), tenant(t, s)
	u := member(t, s, tn, "ivan@example.ru")
	link(t, s, tn, u, 1)
	link(t, s, tn, u, 2)
	link(t, s, other, member(t, s, other, "petr@example.ru"), 3)
	incident := pipeline.Incident{TenantID: tn, Key: "budget:1:2026-03:80", Kind: pipeline.FindingBudget, Text: pipeline.Text{RU: "80 %", EN: "80%"}, OpenedAt: hour}
	if created, err := s.OpenIncident(t.Context(), incident); err != nil || !created {
		t.Fatal(created, err)
	}
	return s, incident
}

func claimed(t *testing.T, s *postgres.Store, holder string, lease time.Duration) []pipeline.Delivery {
	t.Helper()
	deliveries, err := s.ClaimDeliveries(t.Context(), holder, 10, lease)
	if err != nil {
		t.Fatal(err)
	}
	return deliveries
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestOneIncidentIsOneMessagePerChat(t *testing.T) {
	s, incident := outboxWorld(t)
	if created, err := s.OpenIncident(t.Context(), incident); created || err != nil {
		t.Errorf("opened twice: %v, %v", created, err)
	}
	first := claimed(t, s, "a", time.Minute)
	if len(first) != 2 || first[0].Chat.ChatID+first[1].Chat.ChatID != 3 || first[0].Text != incident.Text || first[0].Attempted || first[0].MessageID != 0 {
		t.Fatalf("got %+v", first)
	}
	if second := claimed(t, s, "b", time.Minute); len(second) != 0 {
		t.Errorf("claimed twice: %+v", second)
	}
	for i, d := range first {
		must(t, s.BeginSend(t.Context(), d.ID), s.MarkSent(t.Context(), d.ID, int64(100+i), d.Revision))
	}
	if again := claimed(t, s, "b", time.Minute); len(again) != 0 {
		t.Errorf("sent and owed again: %+v", again)
	}
	if changed, err := s.UpdateIncident(t.Context(), incident.TenantID, incident.Key, incident.Text); changed || err != nil {
		t.Errorf("the same text: %v, %v", changed, err)
	}
	text := pipeline.Text{RU: "90 %", EN: "90%"}
	if changed, err := s.UpdateIncident(t.Context(), incident.TenantID, incident.Key, text); !changed || err != nil {
		t.Fatal(changed, err)
	}
	edits := claimed(t, s, "b", time.Minute)
	if len(edits) != 2 || edits[0].MessageID < 100 || edits[0].Text != text || edits[0].Revision != 2 || edits[0].Sent != 1 || edits[0].Attempted {
		t.Errorf("got %+v", edits)
	}
	must(t, s.CloseIncident(t.Context(), incident.TenantID, incident.Key))
	if open, err := s.OpenIncidents(t.Context(), incident.TenantID); len(open) != 0 || err != nil {
		t.Errorf("got %+v, %v", open, err)
	}
	if created, err := s.OpenIncident(t.Context(), incident); created || err != nil {
		t.Errorf("opened again after it was closed: %v, %v", created, err)
	}
	if _, err := s.UpdateIncident(t.Context(), incident.TenantID, "unknown", text); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("an unknown incident: %v", err)
	}
}

func TestSendThatDidNotComeBack(t *testing.T) {
	s, _ := outboxWorld(t)
	dead := claimed(t, s, "dead", time.Minute)
	must(t, s.BeginSend(t.Context(), dead[0].ID))
	must(t, s.Exec(t.Context(), `UPDATE deliveries SET leased_until = clock_timestamp()`))
	if err := s.BeginSend(t.Context(), dead[1].ID); !errors.Is(err, pipeline.ErrStale) {
		t.Errorf("a send begun after the lease: %v", err)
	}
	heirs := claimed(t, s, "heir", time.Minute)
	if len(heirs) != 2 {
		t.Fatalf("got %+v", heirs)
	}
	for _, d := range heirs {
		if d.Attempted != (d.Chat.ChatID == dead[0].Chat.ChatID) {
			t.Errorf("got %+v", d)
		}
	}
	must(t, s.MarkSent(t.Context(), dead[0].ID, 5, dead[0].Revision))
	for _, d := range heirs {
		err := s.BeginSend(t.Context(), d.ID)
		if d.Attempted && !errors.Is(err, pipeline.ErrStale) || !d.Attempted && err != nil {
			t.Errorf("begin %+v: %v", d, err)
		}
	}
}

func TestOneSendAtATimeInAChat(t *testing.T) {
	s, incident := outboxWorld(t)
	first := claimed(t, s, "a", time.Minute)[0]
	incident.Key = "another"
	if _, err := s.OpenIncident(t.Context(), incident); err != nil {
		t.Fatal(err)
	}
	now, err := s.Now(t.Context())
	must(t, err, s.BeginSend(t.Context(), first.ID), s.PostponeDelivery(t.Context(), first.ID, now.Add(-time.Second), "no answer", true))
	var unknown pipeline.Delivery
	for _, d := range claimed(t, s, "a", time.Minute) {
		err := s.BeginSend(t.Context(), d.ID)
		if blocked := d.Chat == first.Chat && !d.Attempted; blocked != errors.Is(err, pipeline.ErrStale) {
			t.Errorf("begin %+v: %v", d, err)
		}
		if !d.Attempted {
			must(t, s.PostponeDelivery(t.Context(), d.ID, now.Add(-time.Second), "not its turn", false))
			continue
		}
		unknown = d
	}
	must(t, s.MarkSent(t.Context(), unknown.ID, 7, unknown.Revision))
	for _, d := range claimed(t, s, "a", time.Minute) {
		must(t, s.BeginSend(t.Context(), d.ID), s.MarkSent(t.Context(), d.ID, 8, d.Revision))
	}
}

// What a delivery has brought to a chat is no place to look for the next one's message.
func TestSearchBeginsBehindOtherDeliveries(t *testing.T) {
	s, incident := outboxWorld(t)
	first := claimed(t, s, "a", time.Minute)[0]
	must(t, s.NoteMessage(t.Context(), first.Chat.ChatID, 40), s.BeginSend(t.Context(), first.ID), s.MarkSent(t.Context(), first.ID, 41, first.Revision))
	incident.Key = "another"
	if _, err := s.OpenIncident(t.Context(), incident); err != nil {
		t.Fatal(err)
	}
	begin := func() (begun pipeline.Delivery) {
		for _, d := range claimed(t, s, "a", time.Minute) {
			if d.Chat == first.Chat {
				begun = d
				must(t, s.BeginSend(t.Context(), d.ID))
			}
		}
		return begun
	}
	begin()
	must(t, s.Exec(t.Context(), `UPDATE deliveries SET leased_until = clock_timestamp() WHERE chat_id = $1`, first.Chat.ChatID))
	for _, d := range claimed(t, s, "b", time.Minute) {
		if d.Chat == first.Chat && d.ProbeAfter != 41 {
			t.Errorf("looks for the message behind %d, want 41", d.ProbeAfter)
		}
	}
}

func TestChangedWhileSending(t *testing.T) {
	s, incident := outboxWorld(t)
	d := claimed(t, s, "a", time.Minute)[0]
	must(t, s.BeginSend(t.Context(), d.ID))
	if _, err := s.UpdateIncident(t.Context(), incident.TenantID, incident.Key, pipeline.Text{RU: "95 %"}); err != nil {
		t.Fatal(err)
	}
	must(t, s.MarkSent(t.Context(), d.ID, 5, d.Revision))
	edits := claimed(t, s, "a", time.Minute)
	if len(edits) != 1 || edits[0].MessageID != 5 || edits[0].Revision != 2 || edits[0].Attempted {
		t.Errorf("got %+v", edits)
	}
}

func TestPostponeAndAbandon(t *testing.T) {
	s, incident := outboxWorld(t)
	now, err := s.Now(t.Context())
	must(t, err)
	first := claimed(t, s, "a", time.Minute)
	must(t, s.BeginSend(t.Context(), first[0].ID), s.PostponeDelivery(t.Context(), first[0].ID, now.Add(-time.Second), "429", false))
	must(t, s.AbandonDelivery(t.Context(), first[1].ID, "blocked"))
	if err := s.AbandonDelivery(t.Context(), first[1].ID, "blocked"); !errors.Is(err, pipeline.ErrStale) {
		t.Errorf("without the lease: %v", err)
	}
	again := claimed(t, s, "a", time.Minute)
	if len(again) != 1 || again[0].Attempted || again[0].Attempts != 2 || again[0].Chat != first[0].Chat {
		t.Fatalf("got %+v", again)
	}
	must(t, s.PostponeDelivery(t.Context(), again[0].ID, now.Add(time.Hour), "429", false))
	if _, err := s.UpdateIncident(t.Context(), incident.TenantID, incident.Key, pipeline.Text{RU: "95 %"}); err != nil {
		t.Fatal(err)
	}
	if owed := claimed(t, s, "a", time.Minute); len(owed) != 1 || owed[0].Chat != first[1].Chat {
		t.Errorf("got %+v", owed)
	}
	if err := s.BeginSend(t.Context(), "nonsense"); !errors.Is(err, pipeline.ErrNotFound) {
		t.Errorf("an unknown delivery: %v", err)
	}
}

func TestTwoBotsNeverClaimTheSame(t *testing.T) {
	s, incident := outboxWorld(t)
	u := member(t, s, incident.TenantID, "anna@example.ru")
	for i := range 40 {
		link(t, s, incident.TenantID, u, int64(10+i))
	}
	if _, err := s.UpdateIncident(t.Context(), incident.TenantID, incident.Key, pipeline.Text{RU: "90 %"}); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	seen := map[int64]int{}
	var done sync.WaitGroup
	for _, holder := range []string{"a", "b"} {
		done.Go(func() {
			for range 20 {
				deliveries, err := s.ClaimDeliveries(t.Context(), holder, 3, time.Minute)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				for _, d := range deliveries {
					seen[d.Chat.ChatID]++
				}
				mu.Unlock()
			}
		})
	}
	done.Wait()
	if len(seen) != 42 {
		t.Errorf("%d chats were served, want 42", len(seen))
	}
	for chat, n := range seen {
		if n != 1 {
			t.Errorf("chat %d was claimed %d times", chat, n)
		}
	}
}

// What is behind the newest message known of a chat may be the lost one: a delivered message of another incident never is.
func TestProbeBeginsBehindEveryKnownMessage(t *testing.T) {
	s, incident := outboxWorld(t)
	must(t, s.NoteMessage(t.Context(), 1, 40), s.NoteMessage(t.Context(), 1, 39))
	for i, d := range claimed(t, s, "a", time.Minute) {
		must(t, s.BeginSend(t.Context(), d.ID), s.MarkSent(t.Context(), d.ID, int64(50+i), d.Revision))
	}
	other := incident
	other.Key = "budget:2:2026-03:80"
	if created, err := s.OpenIncident(t.Context(), other); err != nil || !created {
		t.Fatal(created, err)
	}
	for _, d := range claimed(t, s, "a", time.Minute) {
		must(t, s.BeginSend(t.Context(), d.ID))
	}
	must(t, s.Exec(t.Context(), `UPDATE deliveries SET leased_until = clock_timestamp()`))
	lost := claimed(t, s, "b", time.Minute)
	if len(lost) != 2 {
		t.Fatalf("got %+v", lost)
	}
	for _, d := range lost {
		if !d.Attempted || d.ProbeAfter != 50 && d.ProbeAfter != 51 {
			t.Errorf("chat %d: attempted %v, probe after %d", d.Chat.ChatID, d.Attempted, d.ProbeAfter)
		}
	}
}
