package pipeline

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// TypeMapping is a tenant's word on what a cloud's own type is in our taxonomy. It is for lines and resources that no
// provider recognised: those that were recognised are never touched.
type TypeMapping struct {
	ID       string
	TenantID TenantID
	// Kind is the kind of connections that the mapping is for.
	Kind  Kind
	Match TypeMatch
	To    TypeTarget
	// CreatedBy is empty when that person is gone.
	CreatedBy            UserID
	CreatedAt, UpdatedAt time.Time
}

// TypeMatch says which lines a mapping is for. All that is given must agree.
type TypeMatch struct {
	// ResourceType is the cloud's own word, to the letter; empty for lines that have none.
	ResourceType string
	// ServiceName is the cloud's own name of the service, to the letter; empty means any.
	ServiceName string
	// SkuPrefix is what SkuID begins with; empty means any.
	SkuPrefix string
}

// TypeTarget is what a mapping makes of a line.
type TypeTarget struct {
	ResourceType ResourceType
	// ServiceCategory is FOCUS ServiceCategory; the type's own when empty.
	ServiceCategory string
	// ServiceName replaces the cloud's when it is not empty.
	ServiceName string
}

// ReservedTagPrefix begins the keys of tags that are InfraZen's and no cloud's. They are no dimensions to choose from.
const ReservedTagPrefix = "infrazen:"

// The tags in which a line keeps the cloud's own words when a mapping has replaced them. From them the line can be made
// again as it was billed, also when the file that it came from is gone. A word that a mapping left alone has no tag.
const (
	TagCloudType     = ReservedTagPrefix + "cloud_type"
	TagCloudCategory = ReservedTagPrefix + "cloud_category"
	TagCloudService  = ReservedTagPrefix + "cloud_service"
)

// AttributeCloudType is the attribute in which a resource keeps the cloud's own word for its type when a mapping has replaced it.
const AttributeCloudType = ReservedTagPrefix + "cloud_type"

// TypeMappings are the mappings of one tenant for one kind of connection.
type TypeMappings []TypeMapping

// Incoming gives the line as the ledger is to hold it: a cloud's own tags under our reserved keys are dropped, and a line that is
// not recognised gets the type that a mapping gives it.
func (ms TypeMappings) Incoming(l Line) Line {
	if hasReserved(l.Tags) {
		l.Tags = withoutReserved(l.Tags)
	}
	return ms.apply(l)
}

// Relabel gives a held line as the ledger is to hold it now: as it was billed, and from there as the mappings say. It is the same
// for the same words of the cloud, whatever mappings the line has been through.
func (ms TypeMappings) Relabel(l Line) Line { return ms.apply(AsBilled(l)) }

// Relabelled tells whether a mapping has replaced the cloud's own words in a line.
func Relabelled(l *Line) bool {
	_, ok := l.Tags[TagCloudType]
	return ok
}

// AsBilled gives a line with the cloud's own words: what a mapping did to it is undone.
func AsBilled(l Line) Line {
	if !Relabelled(&l) {
		return l
	}
	l.ResourceType = l.Tags[TagCloudType]
	if v, ok := l.Tags[TagCloudCategory]; ok {
		l.ServiceCategory = v
	}
	if v, ok := l.Tags[TagCloudService]; ok {
		l.ServiceName = v
	}
	l.Unrecognised, l.Tags = true, withoutReserved(l.Tags)
	return l
}

func hasReserved(tags map[string]string) bool {
	for k := range tags {
		if strings.HasPrefix(k, ReservedTagPrefix) {
			return true
		}
	}
	return false
}

// withoutReserved is a copy of the tags without ours; nil when nothing is left, as a line without tags has it.
func withoutReserved(tags map[string]string) map[string]string {
	kept := maps.Clone(tags)
	maps.DeleteFunc(kept, func(k, _ string) bool { return strings.HasPrefix(k, ReservedTagPrefix) })
	if len(kept) == 0 {
		return nil
	}
	return kept
}

func (ms TypeMappings) apply(l Line) Line {
	if !l.Unrecognised {
		return l
	}
	if m := ms.best(l.ResourceType, l.ServiceName, l.SkuID); m != nil {
		return m.Apply(l)
	}
	return l
}

// Apply gives the line with the mapping's type, recognised, and with the cloud's own words in its tags. It does not look whether the
// mapping matches.
func (m *TypeMapping) Apply(l Line) Line {
	category := cmp.Or(m.To.ServiceCategory, m.To.ResourceType.ServiceCategory())
	tags := maps.Clone(l.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags[TagCloudType] = l.ResourceType
	if category != l.ServiceCategory {
		tags[TagCloudCategory] = l.ServiceCategory
	}
	if m.To.ServiceName != "" && m.To.ServiceName != l.ServiceName {
		tags[TagCloudService] = l.ServiceName
		l.ServiceName = m.To.ServiceName
	}
	l.ResourceType, l.ServiceCategory = string(m.To.ResourceType), category
	l.Unrecognised, l.Tags = false, tags
	return l
}

// Resource gives a resource of a type that nobody recognised the type that a mapping gives it, with the cloud's own word in its
// attributes. Its service and SKU are those of its first price.
func (ms TypeMappings) Resource(r Resource) Resource {
	if r.Type.Recognised() {
		return r
	}
	var service, sku string
	if len(r.Rates) > 0 {
		service, sku = r.Rates[0].ServiceName, r.Rates[0].SkuID
	}
	m := ms.best(string(r.Type), service, sku)
	if m == nil {
		return r
	}
	attributes := maps.Clone(r.Attributes)
	if attributes == nil {
		attributes = map[string]string{}
	}
	attributes[AttributeCloudType] = string(r.Type)
	r.Type, r.Attributes = m.To.ResourceType, attributes
	return r
}

// CloudType is the type of a resource as its provider gave it, whatever a mapping made of it.
func (r *Resource) CloudType() ResourceType {
	if word, ok := r.Attributes[AttributeCloudType]; ok {
		return ResourceType(word)
	}
	return r.Type
}

// best is the mapping that says most of what it matches: the longest SKU prefix, then a service, then the smallest id; nil when none does.
func (ms TypeMappings) best(resourceType, service, sku string) *TypeMapping {
	var best *TypeMapping
	for i := range ms {
		if m := &ms[i]; m.Match.matches(resourceType, service, sku) && (best == nil || m.closer(best)) {
			best = m
		}
	}
	return best
}

func (m *TypeMatch) matches(resourceType, service, sku string) bool {
	return m.ResourceType == resourceType && (m.ServiceName == "" || m.ServiceName == service) && strings.HasPrefix(sku, m.SkuPrefix)
}

func (m *TypeMapping) closer(than *TypeMapping) bool {
	a, b := &m.Match, &than.Match
	return cmp.Or(cmp.Compare(len(b.SkuPrefix), len(a.SkuPrefix)), cmp.Compare(len(b.ServiceName), len(a.ServiceName)), cmp.Compare(m.ID, than.ID)) < 0
}

// ResourceTypes lists the universal types in the order to show them.
func ResourceTypes() []ResourceType {
	return []ResourceType{
		Server, Volume, Snapshot, Backup, Image, Database, Bucket, Share, FloatingIP, LoadBalancer, Network, CDN, Cluster, Registry,
		Domain, Site, Mailbox, FTPAccount, License, Account, OtherType,
	}
}

// Recognised tells whether t is a universal type that says what a thing is.
func (t ResourceType) Recognised() bool { return t != OtherType && slices.Contains(ResourceTypes(), t) }

// ServiceCategory is the FOCUS ServiceCategory of the type, "Other" when there is none for it.
func (t ResourceType) ServiceCategory() string {
	switch t {
	case Server, Cluster, Registry:
		return "Compute"
	case Volume, Snapshot, Backup, Image, Bucket, Share:
		return "Storage"
	case Database:
		return "Databases"
	case FloatingIP, LoadBalancer, Network, CDN:
		return "Networking"
	case Domain, Site, FTPAccount:
		return "Web"
	case Mailbox:
		return "Business Applications"
	case Account:
		return "Management and Governance"
	}
	return "Other"
}

// ServiceCategories are the values of FOCUS 1.2 ServiceCategory, in order.
func ServiceCategories() []string {
	return []string{
		"AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases", "Developer Tools", "Identity",
		"Integration", "Internet of Things", "Management and Governance", "Media", "Migration", "Mobile", "Multicloud", "Networking",
		"Other", "Security", "Storage", "Web",
	}
}

// Retyping is how the application of a tenant's mappings to the history of one connection stands.
type Retyping struct {
	ConnectionID   ConnectionID
	ConnectionName string
	Kind           Kind
	// Done is true when the history is as the mappings of now say.
	Done    bool
	Running bool
	// Days are days of sources looked through in the latest pass; Lines the lines relabelled in it.
	DaysDone, DaysTotal, Lines int64
	AskedAt, FinishedAt        time.Time
	// Fault is why the latest pass failed; nil when it did not.
	Fault *Fault
}

// UnrecognisedQuery asks for charges that nobody recognised.
type UnrecognisedQuery struct {
	From, To time.Time // To exclusive
	Limit    int       // groups at most; 200 when zero
}

// UnrecognisedGroup are charges that nobody recognised, of one connection, with the same type, service, SKU and currency.
type UnrecognisedGroup struct {
	ConnectionID    ConnectionID
	ProviderName    string
	ResourceType    string // the cloud's own word
	ServiceName     string
	ServiceCategory string
	SkuID           string
	Currency        string
	CostSum
	Resources int64
	// Examples are some of its resources, dearest first.
	Examples []UnrecognisedExample
	// FirstStart is the start of the first period ever billed so; FirstSeen when a collector first met it.
	FirstStart, FirstSeen time.Time
}

// UnrecognisedExample is a resource with what the cloud says in the line besides.
type UnrecognisedExample struct {
	ResourceID, ResourceName string
	// Fields are the columns of one of its lines that are not empty, by their FOCUS names; tags as "Tags.key".
	Fields map[string]string
}

// UnrecognisedResources are living resources of one connection and one type that nobody recognised.
type UnrecognisedResources struct {
	ConnectionID ConnectionID
	ResourceType string // the cloud's own word
	Count        int64
	Examples     []UnrecognisedExample
}
