package alert

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
)

func finding(percent string) pipeline.Finding {
	return pipeline.Finding{
		Key: "budget:b:2026-11:80", TenantID: "t", Kind: pipeline.FindingBudget,
		Title:   pipeline.Text{RU: "Бюджет израсходован на " + percent, EN: "The budget is spent: " + percent},
		Details: pipeline.Text{RU: "Данные на 12:05.", EN: "Data as of 12:05."},
	}
}

func TestIncident(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	want := pipeline.Incident{
		TenantID: "t", Key: "budget:b:2026-11:80", Kind: pipeline.FindingBudget, OpenedAt: now, ChangedAt: now,
		Text: pipeline.Text{RU: "Бюджет израсходован на 80 %\nДанные на 12:05.", EN: "The budget is spent: 80 %\nData as of 12:05."},
	}
	if diff := cmp.Diff(want, Incident(finding("80 %"), now)); diff != "" {
		t.Fatal(diff)
	}
}

func TestChanged(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	held := Incident(finding("80 %"), now)
	later := finding("80 %")
	later.Details.RU = "Данные на 13:05."
	if Changed(held, Incident(later, now)) {
		t.Fatal("a later age of the data is no news")
	}
	if !Changed(held, Incident(finding("81 %"), now)) {
		t.Fatal("another percent is news")
	}
}
