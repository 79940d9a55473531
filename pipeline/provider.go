package pipeline

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Kind names a kind of connection: "beget", "focus".
type Kind string

// Provider is one cloud, or one way in. It holds no state of any connection.
type Provider interface {
	// Info describes the provider. It is the same on every call.
	Info() Info
	// Open makes a session of one connection. It checks settings and asks the cloud nothing.
	// A wrong setting is a *Fault with FaultSettings.
	Open(settings Settings, env Env) (Session, error)
}

// Info is what the rest of InfraZen knows of a provider.
type Info struct {
	Kind  Kind
	Title Text
	// About is one sentence for the connection wizard.
	About Text
	// Fields are the settings that the wizard asks for, in order.
	Fields []Field
	// Feeds are what it gives. Collect is called for these only.
	Feeds []FeedSpec
	// BillingZone is the IANA zone in which the cloud cuts days.
	BillingZone string
	// Concurrency is how many tasks of one connection may run at once; 1 when zero.
	Concurrency int
	// Prepaid says what happens when the money on an account runs out; nil when use is billed afterwards.
	Prepaid *Prepaid
	// Closing is how the cloud's closing documents differ from what its API tells; nil when nothing is known of that.
	Closing *ClosingRule
	// Uploads says which files a connection takes from users; nil when none.
	Uploads *UploadSpec
}

// Prepaid is what a cloud does with an account without money.
type Prepaid struct {
	// SuspendedAfter is how long after the money has run out services stop; DeletedAfter how long after that data is deleted.
	// DeletedAfter is zero when the cloud does not say.
	SuspendedAfter, DeletedAfter time.Duration
	// BonusPays is true when bonus money pays for use as well.
	BonusPays bool
	// Text says the rule to people, and Source where the cloud states it.
	Text   Text
	Source string
}

// Field is one setting of a connection.
type Field struct {
	Name     string
	Label    Text
	Help     Text
	Secret   bool // encrypted at rest, never returned
	Required bool
	Default  string
	// Options, when given, are the only values allowed.
	Options []Option
	// Advanced fields are folded away in the wizard.
	Advanced bool
	// Multiline fields take a text of many lines: a key file.
	Multiline bool
	// Fixed fields say whose bill it is, or which of two sources it comes from. They stay as they are once something was collected:
	// what came by the old value would be added to what comes by the new one.
	Fixed bool
	// Mapping fields hold a column mapping, made in the wizard with the help of a Previewer.
	Mapping bool
}

// Option is one choice of a Field.
type Option struct {
	Value string
	Label Text
}

// Settings are the values of a connection's fields, secrets included, in clear.
type Settings map[string]string

// Env is what a session gets from outside.
type Env struct {
	// HTTP is the client for all requests. It times out, counts and redacts; it does not retry.
	HTTP *http.Client
	// Now is the clock.
	Now func() time.Time
	Log *slog.Logger
	// Wait blocks until one more request may be made under the key's limit, across all collectors.
	// The key names the provider and the account or address that the limit is for.
	Wait func(ctx context.Context, key string, limit RateLimit) error
	// TempDir is where big downloads may be kept while a task runs.
	TempDir string
	// Uploads are the files that users gave to the connection; nil where there are none.
	Uploads Uploads
}

// RateLimit allows Burst requests at once and Burst more per Per.
type RateLimit struct {
	Burst int
	Per   time.Duration
}

// Session is one connection to one account, used by one goroutine at a time. Its errors are *Fault.
type Session interface {
	// Check proves the credentials and tells which scopes are permitted.
	Check(ctx context.Context) (Outcome, error)
	// Objects lists the files of a GrainObject feed. Providers without one return nil.
	Objects(ctx context.Context) ([]Object, error)
	// Collect reads one window and hands its rows to the sink. An error means that the whole task failed;
	// what went wrong in a part of it is in the Outcome, and the rest has been handed over.
	Collect(ctx context.Context, task Task, sink Sink) (Outcome, error)
	// Close ends the session at the cloud, if it has such a thing.
	Close(ctx context.Context) error
}

// Sink takes what a session reads.
type Sink interface {
	// Slice opens the replacement of all charges held of a source and a period.
	Slice(ctx context.Context, s Slice) (SliceWriter, error)
	// Resources takes states; all calls of one task together are the snapshot.
	Resources(ctx context.Context, rs []Resource) error
	// Samples takes measurements, in any order; those already held are dropped.
	Samples(ctx context.Context, ss []Sample) error
	// Account takes the account's state.
	Account(ctx context.Context, a AccountState) error
}

// Slice is the unit in which charges are replaced: everything of one source whose Start lies in [From, To).
// Zero From and To mean all of the source.
type Slice struct {
	// Source names the road that the charges took: "accrual", "consumption", "file:<key>". Sources of one connection add up.
	Source   string
	From, To time.Time
	// Cumulative slices hold what the cloud gives as sums of the period so far: each line spans From to To, both whole hours, and
	// says how much it has come to until Through. The ledger keeps them by hours: what a line has grown by since the slice was
	// last read lies in the hours in between.
	Cumulative bool
	// Through is the instant up to which a cumulative slice's sums reach; zero means To.
	Through time.Time
}

// SliceWriter takes the whole content of a slice. Nothing changes before Commit.
type SliceWriter interface {
	// Add takes one line. Its Start must lie in the slice.
	Add(ctx context.Context, c Charge) error
	// Commit makes the added lines the content of the slice. Call it only when the slice was read whole.
	Commit(ctx context.Context) error
	// Abort drops what was added. After Commit it does nothing.
	Abort()
}
