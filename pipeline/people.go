package pipeline

import "time"

// Role is what a member may do in a tenant.
type Role string

// The roles: a viewer sees, an admin changes.
const (
	Viewer Role = "viewer"
	Admin  Role = "admin"
)

// Tenant is an organisation.
type Tenant struct {
	ID   TenantID
	Name string
	// Zone is the IANA zone of its days, Europe/Moscow unless told otherwise.
	Zone      string
	Currency  string // ISO 4217, RUB unless told otherwise
	CreatedAt time.Time
}

// User is a person who can sign in.
type User struct {
	ID        UserID
	Email     string // lower case; unique
	Name      string
	Lang      Lang
	CreatedAt time.Time
}

// Membership lets a user into a tenant.
type Membership struct {
	Tenant Tenant
	Role   Role
}

// Connection is one account of one cloud, as a tenant has set it up. Its secrets are not in it.
type Connection struct {
	ID       ConnectionID
	TenantID TenantID
	Kind     Kind
	Name     string
	// Settings are the fields that are no secrets.
	Settings map[string]string
	// SecretsSet names the secret fields that have a value.
	SecretsSet []string
	Paused     bool
	// Version grows with every edit: a task that began with older settings does not mark its outcome.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// ConnectionStatus is how the collection of a connection stands.
type ConnectionStatus struct {
	ConnectionID ConnectionID
	// State is the worst that holds now.
	State ConnectionState
	// Progress counts windows of the current backfill.
	WindowsDone, WindowsTotal int64
	// Running is true while a collector holds a window of it.
	Running bool
	// LastSuccess is when a window was last collected whole. LastAttempt is when one was last begun.
	LastSuccess, LastAttempt time.Time
	// CompleteThrough is the instant up to which the charges are whole.
	CompleteThrough time.Time
	// Faults are what stands in the way now, one for each scope.
	Faults []Fault
	// Notes are the deviations of the latest outcomes.
	Notes []Note
	// Scopes are how each part of the latest inventory went.
	Scopes []ScopeResult
}

// ConnectionState sums up a connection's status.
type ConnectionState string

// The states of a connection.
const (
	ConnectionNew     ConnectionState = "new"     // nothing collected yet
	ConnectionSyncing ConnectionState = "syncing" // backfill under way
	ConnectionOK      ConnectionState = "ok"
	ConnectionPartial ConnectionState = "partial" // some scopes fail
	ConnectionFailing ConnectionState = "failing" // nothing gets through
	ConnectionPaused  ConnectionState = "paused"
)
