package chat

import (
	"testing"
	"time"

	"github.com/infrazen/infrazen/cmd/bot/telegram/telegramsim"
	"github.com/infrazen/infrazen/pipeline"
)

func owed(revision int64, text string) pipeline.Delivery {
	return pipeline.Delivery{
		ID: "d1", IncidentID: "i1", Chat: pipeline.Chat{ChatID: private, Lang: pipeline.Russian},
		Text: pipeline.Text{RU: text, EN: text}, Revision: revision,
	}
}

// shows waits until the revision is marked as sent and then wants the chat to show it once, besides the greeting.
func (s *scene) shows(revision int64, text string, edits int) {
	s.t.Helper()
	timeout := time.After(20 * time.Second)
	for marked := int64(0); marked < revision; {
		select {
		case marked = <-s.store.marked:
		case <-timeout:
			s.t.Fatal("the delivery was never marked as sent")
		}
	}
	ms := s.sim.Messages(private)
	if len(ms) != 2 || ms[1].Text != text || ms[1].Edits != edits {
		s.t.Fatalf("the chat shows %+v", ms)
	}
}

func TestDelivery(t *testing.T) {
	f := func(name string, arrange func(s *scene), edits int) {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.link(private)
			arrange(s)
			s.shows(int64(1+edits), "Бюджет превышен", edits)
		})
	}
	message := owed(1, "Бюджет превышен")
	fault := func(fs ...telegramsim.Fault) func(*scene) {
		return func(s *scene) {
			for _, x := range fs {
				s.sim.Fail(x)
			}
			s.store.owe(message)
		}
	}
	f("plain", fault(), 0)
	f("throttled", fault(telegramsim.Fault{Method: "sendMessage", Status: 429, RetryAfter: 1}), 0)
	f("not sent and no answer", fault(telegramsim.Fault{Method: "sendMessage", Drop: true, Times: 3}), 0)
	f("sent and no answer", fault(telegramsim.Fault{Method: "sendMessage", DropAfter: true}), 0)
	f("server error", fault(telegramsim.Fault{Method: "sendMessage", Status: 502}), 0)
	f("sent, no answer, then throttled while looking", fault(
		telegramsim.Fault{Method: "sendMessage", DropAfter: true},
		telegramsim.Fault{Method: "editMessageText", Status: 429, RetryAfter: 1}), 0)
	f("sent and the mark is lost", func(s *scene) {
		s.store.lostMarks = 3
		s.store.owe(message)
	}, 0)
	f("changed between send and mark", func(s *scene) {
		s.sim.Fail(telegramsim.Fault{Method: "sendMessage", DropAfter: true})
		s.store.owe(owed(1, "Бюджет израсходован на 80 %"))
		s.await(private, 2)
		s.store.owe(owed(2, "Бюджет превышен"))
	}, 1)
	f("edited when the incident changes", func(s *scene) {
		s.store.owe(owed(1, "Бюджет израсходован на 80 %"))
		s.says(private, 1, "80 %")
		s.store.owe(owed(2, "Бюджет превышен"))
	}, 1)
}

// The search for a lost message must not take another incident's message for it.
func TestLostMessageBesideAnother(t *testing.T) {
	s := newScene(t)
	s.link(private)
	other := owed(1, "Бюджет «Все облака» превышен")
	other.ID = "d0"
	s.store.owe(other)
	s.says(private, 1, "Все облака")
	s.sim.Fail(telegramsim.Fault{Method: "sendMessage", DropAfter: true})
	s.store.owe(owed(1, "Бюджет «Прод» превышен"))
	timeout := time.After(20 * time.Second)
	for range 2 {
		select {
		case <-s.store.marked:
		case <-timeout:
			t.Fatal("a delivery was never marked as sent")
		}
	}
	ms := s.sim.Messages(private)
	if len(ms) != 3 || ms[1].Text != other.Text.RU || ms[2].Text != "Бюджет «Прод» превышен" || ms[1].Edits+ms[2].Edits != 0 {
		t.Fatalf("the chat shows %+v", ms[1:])
	}
}

func TestDeliveryToAChatThatIsGone(t *testing.T) {
	s := newScene(t)
	s.link(private)
	s.link(group)
	s.sim.Remove(group)
	gone := owed(1, "в никуда")
	gone.ID, gone.Chat.ChatID = "d0", group
	s.store.owe(gone)
	s.store.owe(owed(1, "Бюджет превышен"))
	s.shows(1, "Бюджет превышен", 0)
	if got := s.store.given["d0"]; got == "" {
		t.Fatal("the delivery to the gone chat was not given up")
	}
}
