package pipeline

import (
	"time"

	"github.com/shopspring/decimal"
)

// ResourceType is our taxonomy over all clouds.
type ResourceType string

// The universal resource types.
const (
	Server       ResourceType = "server"
	Volume       ResourceType = "volume"
	Snapshot     ResourceType = "snapshot"
	Backup       ResourceType = "backup"
	Image        ResourceType = "image"
	Database     ResourceType = "database"
	Bucket       ResourceType = "bucket"
	FloatingIP   ResourceType = "floating_ip"
	LoadBalancer ResourceType = "load_balancer"
	Network      ResourceType = "network"
	Share        ResourceType = "share"
	Cluster      ResourceType = "kubernetes_cluster"
	Registry     ResourceType = "container_registry"
	CDN          ResourceType = "cdn"
	Domain       ResourceType = "domain"
	Mailbox      ResourceType = "mailbox"
	FTPAccount   ResourceType = "ftp_account"
	Site         ResourceType = "site"
	License      ResourceType = "license"
	Account      ResourceType = "account"
	OtherType    ResourceType = "other"
)

// Resource is the state of one thing in a cloud as one listing showed it.
type Resource struct {
	ID       string // the cloud's own; unique within the connection
	Type     ResourceType
	Name     string
	Status   string // the cloud's own word, upper case
	Scope    string // the scope that lists it, as in ScopeResult.Scope
	ParentID string // the server of a volume or of an address; empty when none

	ProjectID   string
	ProjectName string
	RegionID    string
	RegionName  string
	ZoneID      string

	VCPU        int64 // 0 when it has none
	MemoryBytes int64
	DiskBytes   int64

	Tags map[string]string
	// Attributes are further facts worth showing and comparing: addresses, versions, flags. Never a secret.
	Attributes map[string]string
	// Volatile are facts that change all the time (free disk space, uptime): shown, but no change of state.
	Volatile map[string]string

	CreatedAt time.Time // zero when unknown
	// Rates are the prices in force for it, several when parts are billed apart (a licence on a server).
	// Nil means that the cloud bills it elsewhere or not at all; a Rate with Known false is a price we do not know.
	Rates []Rate
	// Events are what the cloud's own history says of it, in order of time.
	Events []ResourceEvent
}

// Rate is a price per unit of time that runs while its resource exists.
type Rate struct {
	// Component tells rates of one resource apart: "" for the resource itself, "license:isp" for an addition.
	Component   string
	ServiceName string
	SkuID       string
	Known       bool
	Amount      decimal.Decimal // in Currency per Period; meaningless unless Known
	Currency    string
	Period      RatePeriod
	// CostStatus of the charges that this rate gives.
	CostStatus CostStatus
}

// RatePeriod is what a rate is for.
type RatePeriod string

// A day is 24 hours; a month is the calendar month in the provider's billing zone.
const (
	PerHour  RatePeriod = "hour"
	PerDay   RatePeriod = "day"
	PerMonth RatePeriod = "month"
)

// EventKind is what happened to a resource.
type EventKind string

// The events that matter for its cost and its story.
const (
	EventCreated      EventKind = "created"
	EventStarted      EventKind = "started"
	EventStopped      EventKind = "stopped"
	EventRestarted    EventKind = "restarted"
	EventResized      EventKind = "resized"
	EventReinstalled  EventKind = "reinstalled"
	EventRemoved      EventKind = "removed"
	EventUnrecognised EventKind = "unrecognised"
)

// ResourceEvent is one entry of a cloud's own history of a resource.
type ResourceEvent struct {
	Kind   EventKind
	Time   time.Time
	Failed bool // the cloud says that the action did not succeed: it changed nothing
}

// KnownResource is a resource that an earlier sync saw and that is not known to be deleted.
type KnownResource struct {
	ID       string
	Type     ResourceType
	Name     string
	Scope    string
	LastSeen time.Time
	ParentID string

	ProjectID, ProjectName string
	RegionID               string
	Tags                   map[string]string
}

// AttributeCondition is the attribute that tells what is wrong with a resource in itself; its values are the conditions below.
const AttributeCondition = "condition"

// The conditions of a resource.
const (
	// ConditionZombie: billed, and in no listing though every scope that would list it was read whole.
	ConditionZombie = "zombie"
	// ConditionOrphan: a volume, snapshot or address without the server that it is for.
	ConditionOrphan = "orphan"
)

// ChangeKind is what one sync found of one resource compared with the sync before.
type ChangeKind string

// The outcomes of comparing a resource with what was known.
const (
	ResourceCreated   ChangeKind = "created"
	ResourceUpdated   ChangeKind = "updated"
	ResourceDeleted   ChangeKind = "deleted"
	ResourceUnchanged ChangeKind = "unchanged"
)

// FieldChange is one field of a resource that differs.
type FieldChange struct {
	Field string `json:"field"` // name of the Resource field in snake case, "tag.x", "attribute.x" or "rate.x"
	Old   string `json:"old"`
	New   string `json:"new"`
}

// ResourceState is a resource as held: its latest state, when it was first and last seen, and whether it is gone.
type ResourceState struct {
	Resource
	ConnectionID ConnectionID
	Change       ChangeKind
	Changes      []FieldChange
	// SeenAt is when this state was first seen.
	SeenAt time.Time
	// DeletedAt is when it was removed by the cloud's history, or else when it was last seen; zero while it lives.
	DeletedAt time.Time
}

// AccountState is what a cloud says of an account as a whole.
type AccountState struct {
	ObservedAt time.Time
	Currency   string
	// Balance is money on the account, Bonus what the cloud gave. A nil pointer means not told.
	Balance, Bonus *decimal.Decimal
	// DailyRate is the cloud's own figure of what a day costs: for reconciliation, never a cost line.
	DailyRate *decimal.Decimal
	// DaysToSuspension is the cloud's own forecast. Nil when not told.
	DaysToSuspension *int64
	// Attributes are further facts worth showing (plan, limits, versions). Never a secret.
	Attributes map[string]string
}
