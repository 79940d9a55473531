package collect

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// listing is what this collector's latest whole snapshot of a connection saw, for the feeds that come after the inventory: they
// need not read it again.
type listing struct {
	at    time.Time // by the store's clock
	known []pipeline.KnownResource
}

// listingHolds is for how long a listing is used: other collectors may have taken newer ones meanwhile.
const listingHolds = 10 * time.Minute

// listing gives a connection's listing; nothing when there is none that is new enough at now.
func (c *Collector) listing(id pipeline.ConnectionID, now time.Time) []pipeline.KnownResource {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.listed[id]
	if !ok || now.Sub(l.at) > listingHolds || now.Before(l.at) {
		delete(c.listed, id)
		return nil
	}
	return l.known
}

// keepListing keeps what a whole snapshot saw, when some feed comes after it.
func (c *Collector) keepListing(t *task, o *pipeline.Outcome, now time.Time) {
	used := false
	for _, f := range t.info.Feeds {
		used = used || f.After == pipeline.FeedInventory
	}
	if !used || !o.Complete() {
		return
	}
	known := make([]pipeline.KnownResource, len(t.resources))
	for i := range t.resources {
		known[i] = knownOf(&t.resources[i], now)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listed[t.window.Account.Connection] = listing{at: now, known: known}
}

// knownOf is a resource as tasks are told of it.
func knownOf(r *pipeline.Resource, seen time.Time) pipeline.KnownResource {
	return pipeline.KnownResource{
		ID: r.ID, Type: r.Type, Name: r.Name, Scope: r.Scope, LastSeen: seen, ParentID: r.ParentID,
		ProjectID: r.ProjectID, ProjectName: r.ProjectName, RegionID: r.RegionID, Tags: r.Tags,
	}
}
