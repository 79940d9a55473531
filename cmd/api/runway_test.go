package main_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

func (s suite) TestRunway(t *testing.T) {
	w := s.world(t)
	c := w.asAdmin()
	id := c.connect("Боевой")
	w.facts.fill(w.alpha.ID, pipeline.ConnectionID(id), "alpha")
	days, at := int64(12), now().Add(-30*time.Minute)
	balance := pipeline.AccountBalance{ConnectionID: pipeline.ConnectionID(id), AccountState: pipeline.AccountState{
		ObservedAt: at, Currency: "RUB", Balance: decOrNil("100.5"), DailyRate: decOrNil("7.2"), DaysToSuspension: &days,
	}}
	// Every known hour costs two roubles, half of them estimated.
	w.facts.set(func(f *facts) {
		f.shelves[w.alpha.ID].balances = []pipeline.AccountBalance{balance}
		f.hourly = map[pipeline.CostStatus]string{pipeline.Billed: "1", pipeline.Estimated: "1"}
	})
	a := w.asViewer().get("/api/v1/runway?until=2026-11-20").want(http.StatusOK)
	f := func(field string, want any) {
		t.Helper()
		if got := a.at("accounts", 0, field); got != want {
			t.Errorf("%s is %v, want %v: %s", field, got, want, a.body)
		}
	}
	// From nine o'clock UTC, when it was observed, 100.5 roubles are 50 hours and a quarter.
	f("state", "runs")
	f("ends_at", "2026-11-20T11:15:00Z")
	f("suspended_at", "2026-11-21T11:15:00Z")
	f("deleted_at", "2026-12-05T11:15:00Z")
	f("left", "99.5")
	f("top_up", "20") // to midnight in Moscow there are 60 hours: 120 roubles, of which 19.5 are missing
	f("rule", "Через сутки без денег серверы выключат.")
	if a.text("until") != "2026-11-20" || a.text("accounts", 0, "burn", "daily") != "48" || a.text("accounts", 0, "burn", "estimated") != "24" || a.text("accounts", 0, "cloud", "difference") == "" {
		t.Errorf("runway: %s", a.body)
	}
	if a = c.get("/api/v1/runway").want(http.StatusOK); a.text("until") != "2026-12-31" {
		t.Errorf("until %s, want the last of the next month", a.text("until"))
	}
	for _, until := range []string{"2026-11-17", "2030-01-01", "tomorrow", "2026-02-30"} {
		if a := c.get("/api/v1/runway?until=" + until).want(http.StatusUnprocessableEntity); !slices.Equal(a.locations(), []string{"query.until"}) {
			t.Errorf("%s: %s", until, a.body)
		}
	}
	if a = w.asOther().get("/api/v1/runway").want(http.StatusOK); len(a.at("accounts").([]any)) != 0 {
		t.Errorf("another organisation's: %s", a.body)
	}
}
