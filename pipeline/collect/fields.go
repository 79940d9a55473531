package collect

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// changedFields lists what differs between two states of a resource, Volatile facts left out.
func changedFields(a, b *pipeline.Resource) []pipeline.FieldChange {
	var d fieldDiff
	d.compare("type", string(a.Type), string(b.Type))
	d.compare("name", a.Name, b.Name)
	d.compare("status", a.Status, b.Status)
	d.compare("scope", a.Scope, b.Scope)
	d.compare("parent_id", a.ParentID, b.ParentID)
	d.compare("project_id", a.ProjectID, b.ProjectID)
	d.compare("project_name", a.ProjectName, b.ProjectName)
	d.compare("region_id", a.RegionID, b.RegionID)
	d.compare("region_name", a.RegionName, b.RegionName)
	d.compare("zone_id", a.ZoneID, b.ZoneID)
	d.compare("vcpu", strconv.FormatInt(a.VCPU, 10), strconv.FormatInt(b.VCPU, 10))
	d.compare("memory_bytes", strconv.FormatInt(a.MemoryBytes, 10), strconv.FormatInt(b.MemoryBytes, 10))
	d.compare("disk_bytes", strconv.FormatInt(a.DiskBytes, 10), strconv.FormatInt(b.DiskBytes, 10))
	d.compare("created_at", timeText(a.CreatedAt), timeText(b.CreatedAt))
	d.compareMaps("tag.", a.Tags, b.Tags)
	d.compareMaps("attribute.", a.Attributes, b.Attributes)
	d.compareMaps("rate.", rateTexts(a.Rates), rateTexts(b.Rates))
	for _, e := range newEvents(a.Events, b.Events) {
		d.compare("event."+string(e.Kind), "", eventText(e))
	}
	return d
}

type fieldDiff []pipeline.FieldChange

func (d *fieldDiff) compare(field, old, fresh string) {
	if old != fresh {
		*d = append(*d, pipeline.FieldChange{Field: field, Old: old, New: fresh})
	}
}

func (d *fieldDiff) compareMaps(prefix string, old, fresh map[string]string) {
	keys := slices.Collect(maps.Keys(old))
	for k := range fresh {
		if _, ok := old[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	for _, k := range keys {
		a, held := old[k]
		b, given := fresh[k]
		if a != b || held != given {
			*d = append(*d, pipeline.FieldChange{Field: prefix + k, Old: a, New: b})
		}
	}
}

func rateTexts(rates []pipeline.Rate) map[string]string {
	texts := make(map[string]string, len(rates))
	for i := range rates {
		name := rates[i].Component
		if texts[name] != "" {
			name += "#" + strconv.Itoa(i)
		}
		texts[name] = rateText(&rates[i])
	}
	return texts
}

func rateText(r *pipeline.Rate) string {
	price := "?"
	if r.Known {
		price = canonical(r)
	}
	parts := []string{price, r.Currency + "/" + string(r.Period), r.ServiceName, r.SkuID, string(r.CostStatus)}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

// canonical is the amount without zeros at the end, so that 22 and 22.00 are no change.
func canonical(r *pipeline.Rate) string { return r.Amount.String() }

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func eventText(e pipeline.ResourceEvent) string {
	if e.Failed {
		return timeText(e.Time) + " failed"
	}
	return timeText(e.Time)
}
