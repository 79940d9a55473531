package server

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
)

// ErrCursor says that a cursor was not given by an earlier page.
var ErrCursor = errors.New("not a cursor of an earlier page")

// SignIn is what a session's cookie or an API token opens: a person in one tenant with a role.
type SignIn struct {
	User   pipeline.User
	Tenant pipeline.Tenant
	Role   pipeline.Role
	// Token is true for an API token, false for a session in a browser.
	Token     bool
	ExpiresAt time.Time
}

// Token is an API token as listed: what it opens with is not in it.
type Token struct {
	ID        string
	Name      string
	CreatedAt time.Time
	ExpiresAt time.Time // zero when it does not run out
}

// ConnectionChange is an edit of a connection; what is nil stays.
type ConnectionChange struct {
	Name *string
	// Settings replace all settings that are no secrets.
	Settings map[string]string
	// Secrets are set beside those that stay.
	Secrets map[string]string
	Paused  *bool
}

// WindowState is a window of a connection as listed on its status page.
type WindowState struct {
	Feed     pipeline.Feed
	Grain    pipeline.Grain
	From, To time.Time
	Object   string
	// DueAt is when it is to be collected (again); zero when nothing is owed.
	DueAt                    time.Time
	AttemptedAt, SucceededAt time.Time
	Running, Complete        bool
	// Attempt counts the tries since the last success.
	Attempt int
	Fault   *pipeline.Fault
}

// Run is one attempt at a window.
type Run struct {
	Feed                  pipeline.Feed
	Grain                 pipeline.Grain
	From, To              time.Time
	Object                string
	Attempt               int
	StartedAt, FinishedAt time.Time
	Complete              bool
	Found, Appended       int64
	Fault                 *pipeline.Fault
	Scopes                []pipeline.ScopeResult
	Notes                 []pipeline.Note
}

// StoredAnswer is an answer kept under an idempotency key.
type StoredAnswer struct {
	Status int
	Body   []byte
}

// People is what the server needs of the store of users, sessions and tokens.
type People interface {
	// CheckPassword fails with pipeline.ErrBadCredentials, for an unknown e-mail too.
	CheckPassword(ctx context.Context, email, password string) (pipeline.User, error)
	// HasPassword is false for who came by a one-time link and has set none.
	HasPassword(ctx context.Context, user pipeline.UserID) (bool, error)
	SetPassword(ctx context.Context, user pipeline.UserID, password string) error
	// UseLink opens a one-time link; a second use fails with pipeline.ErrBadCredentials.
	UseLink(ctx context.Context, token string) (pipeline.User, error)
	UpdateUser(ctx context.Context, u pipeline.User) (pipeline.User, error)
	Memberships(ctx context.Context, user pipeline.UserID) ([]pipeline.Membership, error)

	CreateSession(ctx context.Context, user pipeline.UserID, tenant pipeline.TenantID, ttl time.Duration) (token string, err error)
	// Session opens a session or an API token; it fails with pipeline.ErrNotFound or ErrBadCredentials.
	Session(ctx context.Context, token string) (SignIn, error)
	DeleteSession(ctx context.Context, token string) error
	// DeleteOtherSessions signs the user out everywhere but in the session with this token.
	DeleteOtherSessions(ctx context.Context, user pipeline.UserID, token string) error

	// CreateToken makes an API token; a ttl of zero never ends.
	CreateToken(ctx context.Context, user pipeline.UserID, tenant pipeline.TenantID, name string, ttl time.Duration) (token, id string, err error)
	// Tokens lists the user's tokens in the tenant.
	Tokens(ctx context.Context, tenant pipeline.TenantID, user pipeline.UserID) ([]Token, error)
	DeleteToken(ctx context.Context, tenant pipeline.TenantID, user pipeline.UserID, id string) error
}

// Connections is what the server needs of the store of connections.
type Connections interface {
	CreateConnection(ctx context.Context, tenant pipeline.TenantID, c pipeline.Connection, secrets map[string]string) (pipeline.Connection, error)
	// UpdateConnection fails with pipeline.ErrStale when the version is not the connection's.
	UpdateConnection(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID, version int64, change ConnectionChange) (pipeline.Connection, error)
	Connection(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) (pipeline.Connection, error)
	ConnectionsOf(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Connection, error)
	DeleteConnection(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) error
	// Settings gives the settings with the secrets in clear.
	Settings(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) (pipeline.Settings, error)
	SyncNow(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) error
	Status(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID) (pipeline.ConnectionStatus, error)
	Statuses(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.ConnectionStatus, error)
	// WindowsOf lists windows, newest first.
	WindowsOf(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID, limit int) ([]WindowState, error)
	// RunsOf lists attempts at windows, newest first.
	RunsOf(ctx context.Context, tenant pipeline.TenantID, id pipeline.ConnectionID, limit int) ([]Run, error)
	DataState(ctx context.Context, tenant pipeline.TenantID, conns []pipeline.ConnectionID, from, to time.Time) (pipeline.DataState, error)
}

// Uploads is what the server needs of the store of files that users gave to connections.
type Uploads interface {
	// PutUpload keeps a file under a name and replaces what is there under it. A file over a limit is a *pipeline.Fault.
	PutUpload(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, name string, by pipeline.UserID, in io.Reader) (pipeline.Upload, error)
	// Uploads lists files by name, removed ones included.
	Uploads(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID) ([]pipeline.Upload, error)
	RemoveUpload(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, name string) error
}

// Budgets is what the server needs of the store of budgets.
type Budgets interface {
	CreateBudget(ctx context.Context, tenant pipeline.TenantID, b pipeline.Budget) (pipeline.Budget, error)
	UpdateBudget(ctx context.Context, tenant pipeline.TenantID, b pipeline.Budget) (pipeline.Budget, error)
	DeleteBudget(ctx context.Context, tenant pipeline.TenantID, id string) error
	Budget(ctx context.Context, tenant pipeline.TenantID, id string) (pipeline.Budget, error)
	Budgets(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Budget, error)
}

// Chats is what the server needs of the store of linked chats.
type Chats interface {
	CreateChatCode(ctx context.Context, user pipeline.UserID, tenant pipeline.TenantID, ttl time.Duration) (code string, err error)
	ChatsOf(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Chat, error)
	UnlinkChat(ctx context.Context, tenant pipeline.TenantID, chatID, threadID int64) error
}

// Answers keeps the answers given under idempotency keys.
type Answers interface {
	// Idempotent begins a request with a key: it gives the answer that the same request had before; or nil, and then the work
	// is to be done and ended with StoreIdempotent or DropIdempotent. It fails with pipeline.ErrConflict when the key was
	// used for another request, and with pipeline.ErrStale while the first one still runs.
	Idempotent(ctx context.Context, tenant pipeline.TenantID, key string, request []byte) (*StoredAnswer, error)
	StoreIdempotent(ctx context.Context, tenant pipeline.TenantID, key string, answer StoredAnswer) error
	// DropIdempotent frees the key of a request that failed.
	DropIdempotent(ctx context.Context, tenant pipeline.TenantID, key string) error
}

// Store is everything the server keeps in PostgreSQL. Whatever is not there, or is another tenant's, is pipeline.ErrNotFound.
type Store interface {
	People
	Connections
	Uploads
	Budgets
	Closings
	Chats
	Answers
	Mappings
	Ping(ctx context.Context) error
}

// Facts is everything the server reads from ClickHouse.
type Facts interface {
	Costs(ctx context.Context, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error)
	// Resources fails with ErrCursor when q.After was not given by an earlier page.
	Resources(ctx context.Context, tenant pipeline.TenantID, q pipeline.ResourceQuery) (pipeline.ResourcePage, error)
	Resource(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, id string) (pipeline.ResourceState, error)
	// ResourceHistory lists a resource's states, newest first.
	ResourceHistory(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, id string) ([]pipeline.ResourceState, error)
	// Syncs lists what the snapshots of a connection saw, newest first.
	Syncs(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID, limit int) ([]pipeline.SyncSummary, error)
	Usage(ctx context.Context, tenant pipeline.TenantID, q pipeline.UsageQuery) ([]pipeline.UsageSeries, error)
	UsageSummaries(ctx context.Context, tenant pipeline.TenantID, conns []pipeline.ConnectionID, metrics []pipeline.MetricName, from, to time.Time) ([]pipeline.UsageSummary, error)
	FactsOfTypes
	FactsOfSnapshots
	Balances(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.AccountBalance, error)
	ask.MonthLedger
	// Rates gives exchange rates, which are the same for all tenants.
	Rates(ctx context.Context, q pipeline.RateQuery) ([]pipeline.ExchangeRate, error)
	DimensionValues(ctx context.Context, tenant pipeline.TenantID, d pipeline.Dimension, text string, limit int) ([]pipeline.GroupKey, error)
	TagKeys(ctx context.Context, tenant pipeline.TenantID) ([]string, error)
	// DeleteConnection removes all facts of a connection.
	DeleteConnection(ctx context.Context, tenant pipeline.TenantID, conn pipeline.ConnectionID) error
	Ping(ctx context.Context) error
}
