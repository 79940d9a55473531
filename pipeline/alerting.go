package pipeline

import (
	"time"

	"github.com/shopspring/decimal"
)

// Budget is an amount for a scope and a calendar period.
type Budget struct {
	ID       string
	TenantID TenantID
	Name     string
	Amount   decimal.Decimal
	Currency string
	// Period is StepMonth, StepWeek or StepDay, cut in the tenant's zone.
	Period Step
	Filter *Filter
	Metric Metric
	// Thresholds are percents of the amount, ascending: 50, 80, 100.
	Thresholds []int
	CreatedBy  UserID
	CreatedAt  time.Time
	UpdatedAt  time.Time
}

// Finding is something that analysis saw in the data. It is the same finding as long as its Key is the same.
type Finding struct {
	// Key names the finding within the tenant: "budget:<id>:2026-11:80".
	Key      string
	TenantID TenantID
	Kind     FindingKind
	// At is the data's instant at which it holds.
	At      time.Time
	Title   Text
	Details Text
	// Values are the numbers behind it, as decimal strings.
	Values map[string]string
}

// FindingKind is what kind of thing was found.
type FindingKind string

// The kinds of finding.
const (
	FindingBudget FindingKind = "budget"
)

// Incident is a finding that people are told of. One incident is one message per chat, edited as it changes.
type Incident struct {
	ID        string
	TenantID  TenantID
	Key       string
	Kind      FindingKind
	Text      Text
	OpenedAt  time.Time
	ChangedAt time.Time
	ClosedAt  time.Time // zero while open
	// Revision grows whenever Text changes.
	Revision int64
}

// Chat is a Telegram chat linked to a user's tenant.
type Chat struct {
	ChatID   int64
	ThreadID int64 // forum topic; 0 when none
	TenantID TenantID
	UserID   UserID
	Lang     Lang
	Title    string
	LinkedAt time.Time
}

// Delivery is one message owed to one chat: the outbox row of an incident.
type Delivery struct {
	ID         string
	IncidentID string
	Chat       Chat
	Text       Text
	// Revision is the incident's revision that is owed; Sent is the one that the chat shows, 0 when none.
	Revision, Sent int64
	// MessageID is Telegram's, 0 when not sent yet.
	MessageID int64
	// Attempted is true when a send was begun whose end is not known: a message may or may not be there.
	Attempted bool
	// ProbeAfter is the greatest message id known of the chat when the attempted send was begun.
	ProbeAfter int64
	NotBefore  time.Time
	Attempts   int
}
