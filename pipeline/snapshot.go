package pipeline

import "time"

// SyncDetail is what one snapshot of a connection saw, scope by scope.
type SyncDetail struct {
	SyncSummary
	Scopes []ScopeResult
}

// SyncQuery asks for snapshots of a connection, newest first.
type SyncQuery struct {
	Connection ConnectionID
	// Before leaves out those at this instant and after it; zero leaves out none.
	Before time.Time
	Limit  int // 50 when zero, at most 1000
}

// SyncChangesQuery asks for what one snapshot changed.
type SyncChangesQuery struct {
	Connection ConnectionID
	At         time.Time
	Kinds      []ChangeKind // empty means all
	Limit      int          // 100 when zero, at most 1000
	Offset     int
}
