package pipeline

import "time"

// Feed is a kind of data that a provider gives.
type Feed string

// The feeds. A provider has some of them.
const (
	// FeedInventory is a snapshot of all resources and of the account as they are now.
	FeedInventory Feed = "inventory"
	// FeedCharges is billed cost by periods of time.
	FeedCharges Feed = "charges"
	// FeedFiles is billed cost by files that may change.
	FeedFiles Feed = "files"
	// FeedUsage is samples of resources by periods of time.
	FeedUsage Feed = "usage"
)

// Grain is how a feed is cut into windows.
type Grain string

// The grains.
const (
	GrainSnapshot Grain = "snapshot" // now; cannot be asked for the past
	GrainHour     Grain = "hour"     // windows are hours of the billing zone
	GrainDay      Grain = "day"      // windows are days of the billing zone
	GrainObject   Grain = "object"   // windows are files, listed by Session.Objects
)

// FeedSpec says how a feed is collected.
type FeedSpec struct {
	Feed  Feed
	Grain Grain
	// Every is how often the newest window is collected.
	Every time.Duration
	// Restated is how far back windows are collected again because the cloud may still change them.
	Restated time.Duration
	// Backfill is how far back a new connection goes; zero means no past.
	Backfill time.Duration
	// After names a feed that must have been tried once for a connection before this one begins: charges that carry the tags of
	// an inventory. Empty for none.
	After Feed
	// Accrues is true for an inventory whose resources carry Rates that InfraZen turns into hourly charges.
	Accrues bool
	// Supersedes is true for files that stand for what was accrued: while a file holds a line of a day of the billing zone, no
	// accrued charge of that day is held. The windows of such a provider's connection are collected one at a time.
	Supersedes bool
}

// Object is a file that a connection offers.
type Object struct {
	Key      string
	Version  string // changes whenever the content does: an ETag, or size and time
	Size     int64
	Modified time.Time
}

// Task is one window that a session is asked to collect.
type Task struct {
	Feed Feed
	// From (inclusive) and To (exclusive) are UTC. For a snapshot both are the hour it belongs to.
	From, To time.Time
	// Object is set for GrainObject.
	Object Object
	// Known are the resources held from earlier syncs, given with FeedInventory, FeedUsage, and a feed that comes After one.
	Known []KnownResource
	// Lang is the language for names that a cloud gives in several.
	Lang Lang
}

// ScopeResult says how one part of a task went: one endpoint, one region, one project.
type ScopeResult struct {
	Scope string `json:"scope"`
	// Label is the scope for people.
	Label Text `json:"label"`
	// Found is how many rows it gave.
	Found int64 `json:"found"`
	// Fault is why it gave none or not all; nil when it was read whole.
	Fault *Fault `json:"fault,omitempty"`
	// Skipped is true when the account does not permit this scope; that does not make the window incomplete.
	Skipped bool `json:"skipped,omitempty"`
}

// Note is a deviation that was coped with and that the user should know of: an odd column, a rounded number.
type Note struct {
	Code  string `json:"code"`
	Scope string `json:"scope,omitempty"`
	Text  Text   `json:"text"`
	Count int64  `json:"count"`
}

// Outcome is what a session says after a task. A task with an Outcome may still be incomplete: see Scopes.
type Outcome struct {
	Scopes []ScopeResult
	Notes  []Note
	// CloudTime is the cloud's own clock during the task, zero when it was not told.
	CloudTime time.Time
	// CompleteThrough is the instant up to which the cloud's data is whole; zero means up to Task.To.
	CompleteThrough time.Time
}

// Complete tells whether every permitted scope was read whole.
func (o *Outcome) Complete() bool {
	for _, s := range o.Scopes {
		if s.Fault != nil && !s.Skipped {
			return false
		}
	}
	return true
}
