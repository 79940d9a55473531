package selectel

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// How far back the inventory looks for what is billed: a few hours, and a day when the billing is behind.
const (
	billedLately = 6 * time.Hour
	billedAtAll  = 24 * time.Hour
)

// billedObject is one thing as the newest whole hours bill it.
type billedObject struct {
	id, name    string
	family      family
	recognised  bool
	project     *project
	object      *object
	region      string
	zone        string
	now, before decimal.Decimal // kopecks of the newest whole hour and of the one before, without traffic
	billed      bool            // in the newest whole hour
}

// readBilled reads what was billed lately: for what no list shows.
func (inv *inventory) readBilled(ctx context.Context) {
	sc := inv.rep.scope(scopeBilling)
	end := inv.now().Truncate(time.Hour)
	for _, back := range []time.Duration{billedLately, billedAtAll} {
		rows, err := inv.consumption(ctx, inv.rep, scopeBilling, byMetric, end.Add(-back), end, inv.task.Lang)
		sc.close(err)
		if err != nil || len(rows) > 0 || inv.ended(ctx) != nil {
			inv.rows = rows
			return
		}
	}
}

// billedObjects gathers rows by object, in order of appearance.
func billedObjects(rows []row) []*billedObject {
	hours := objectsByHour(rows)
	newest := newestHour(hours)
	for hours[newest] < hours[newest.Add(-time.Hour)] {
		newest = newest.Add(-time.Hour)
	}
	byID := map[string]*billedObject{}
	var out []*billedObject
	for i := range rows {
		r := &rows[i]
		f, ok := familyOf(r.provider, string(r.object.Type), string(r.metric.ID))
		id, name := string(r.object.ID), string(r.object.Name)
		if f.kind == pipeline.Bucket {
			id, name = bucketOf(r)
		}
		if id == "" || id == string(r.project.ID) {
			continue
		}
		b := byID[id]
		if b == nil {
			region, zone := place(string(r.metric.Region))
			b = &billedObject{id: id, name: name, family: f, recognised: ok, project: r.project, object: r.object, region: region, zone: zone}
			byID[id] = b
			out = append(out, b)
		}
		b.count(r, newest)
	}
	return out
}

func (b *billedObject) count(r *row, newest time.Time) {
	steady := r.metric.ID != "exttraffic"
	switch {
	case r.hour.Equal(newest):
		b.billed = true
		if steady {
			b.now = b.now.Add(r.value.D)
		}
	case r.hour.Equal(newest.Add(-time.Hour)) && steady:
		b.before = b.before.Add(r.value.D)
	}
}

// fromBilling adds what is billed and in no list: what has none (object storage, CDN, anything new), and zombies.
func (inv *inventory) fromBilling() {
	sc := inv.rep.scope(scopeBilling)
	if !sc.whole() {
		return
	}
	listed, matched := map[string]bool{}, map[listedKey]bool{}
	found := map[listedKey]bool{}
	for i := range inv.resources {
		r := &inv.resources[i]
		listed[r.ID] = true
		found[listedKey{r.ProjectID, "", r.Type}] = true
	}
	objects := billedObjects(inv.rows)
	for _, b := range objects {
		if listed[b.id] {
			matched[listedKey{string(b.project.ID), "", b.family.kind}] = true
		}
	}
	known := knownByID(inv.task.Known)
	for _, b := range objects {
		of := listedKey{string(b.project.ID), "", b.family.kind}
		if listed[b.id] || !b.billed {
			continue
		}
		condition := ""
		if b.recognised && hasListing(b.family.kind) {
			// Where lists and billing have not one identifier of a type in common they name things differently.
			same := matched[of] || !found[of]
			if !inv.zombie(b, known[b.id], same) {
				continue
			}
			condition = pipeline.ConditionZombie
		}
		inv.resources = append(inv.resources, b.resource(condition))
		sc.found++
	}
}

// hasListing tells whether resources of a type stand in a list of their own.
func hasListing(kind pipeline.ResourceType) bool {
	return slices.ContainsFunc(listings(), func(l listing) bool { return slices.Contains(l.finds, kind) })
}

// zombie tells whether a billed thing that no list shows exists in the bill only. Where a list of its project could not be
// read, nothing is known: what was a zombie stays one. What a list showed until now was most likely just deleted and is billed
// for its last hour: it has to be billed on, at no less, to become one.
func (inv *inventory) zombie(b *billedObject, known *pipeline.KnownResource, same bool) bool {
	was := known != nil && known.Scope == scopeBilling
	id := string(b.project.ID)
	if inv.partial[id] || !inv.wasListed(id, b.region, b.family.kind) {
		return was
	}
	return same && (was || known == nil && b.now.GreaterThanOrEqual(b.before))
}

func (inv *inventory) wasListed(project, region string, kind pipeline.ResourceType) bool {
	if region != "" {
		return inv.listed[listedKey{project, region, kind}] || inv.listed[listedKey{project, anyRegion, kind}]
	}
	for k := range inv.listed {
		if k.project == project && k.kind == kind {
			return true
		}
	}
	return false
}

func (b *billedObject) resource(condition string) pipeline.Resource {
	kind := b.family.kind
	if !b.recognised {
		kind = pipeline.OtherType
	}
	r := pipeline.Resource{
		ID: b.id, Type: kind, Name: b.name, Status: "BILLED", Scope: scopeBilling, ProjectID: string(b.project.ID), ProjectName: string(b.project.Name),
		RegionID: b.region, ZoneID: b.zone, Attributes: map[string]string{},
	}
	if r.Name == "" {
		r.Name = b.id
	}
	if p := b.object.ParentID; p != "" && p != b.project.ID && !strings.EqualFold(string(p), b.id) && kind != pipeline.Bucket {
		r.ParentID = string(p)
	}
	put(r.Attributes, "object_type", string(b.object.Type), pipeline.AttributeCondition, condition)
	return r
}
