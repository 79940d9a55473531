// Package alert turns findings into incidents and their messages. It is pure.
package alert

import (
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Incident is what people are told of a finding: plain text, the title on a line of its own.
func Incident(f pipeline.Finding, now time.Time) pipeline.Incident {
	return pipeline.Incident{
		TenantID: f.TenantID,
		Key:      f.Key,
		Kind:     f.Kind,
		Text: pipeline.Text{
			RU: f.Title.RU + "\n" + f.Details.RU,
			EN: f.Title.EN + "\n" + f.Details.EN,
		},
		OpenedAt:  now,
		ChangedAt: now,
	}
}

// Changed tells whether people should see the new text of an incident: its title says something else than the one held.
// A later age of the data alone is no news.
func Changed(held, found pipeline.Incident) bool {
	return title(held.Text.RU) != title(found.Text.RU) || title(held.Text.EN) != title(found.Text.EN)
}

func title(text string) string {
	first, _, _ := strings.Cut(text, "\n")
	return first
}
