package yandex

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// inventory is one snapshot being collected.
type inventory struct {
	*session
	report    report
	resources []pipeline.Resource
	seen      map[string]bool
	// clusters are the Kubernetes clusters by identifier and by name.
	clusters map[string]string
	// disks are those of folders whose disks were read whole, by folder.
	disks map[string]map[string]bool
}

// reader turns one entry of a list into a resource; ok is false for one that is none.
type reader func(inv *inventory, l *listing, f folder, raw json.RawMessage) (r pipeline.Resource, ok bool)

// collectInventory reads every list of every folder once and hands the snapshot over.
func (s *session) collectInventory(ctx context.Context, _ pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	inv := &inventory{session: s, seen: map[string]bool{}, clusters: map[string]string{}, disks: map[string]map[string]bool{}}
	folders := s.readFolders(ctx, &inv.report)
	all := listings()
	for _, f := range folders {
		for i := range all {
			inv.read(ctx, &all[i], f)
			if err := stopped(ctx); err != nil {
				return s.outcome(&inv.report), err
			}
		}
	}
	account := s.readAccount(ctx, &inv.report)
	if err := stopped(ctx); err != nil {
		return s.outcome(&inv.report), err
	}
	inv.report.nothingPermitted()
	if err := sink.Resources(ctx, inv.resources); err != nil {
		return s.outcome(&inv.report), err
	}
	if account != nil {
		if err := sink.Account(ctx, *account); err != nil {
			return s.outcome(&inv.report), err
		}
	}
	return s.outcome(&inv.report), nil
}

func (inv *inventory) read(ctx context.Context, l *listing, f folder) {
	scope := l.scope(f)
	raw, err := inv.list(ctx, scope, l.service, l.path, l.key, url.Values{"folderId": {f.ID}})
	if l.name == "compute/disks" && err == nil {
		inv.disks[f.ID] = map[string]bool{}
	}
	found, broken := int64(0), int64(0)
	for _, one := range raw {
		r, ok := l.read(inv, l, f, one)
		switch {
		case !ok:
			broken++
		case !inv.seen[r.ID]:
			inv.seen[r.ID] = true
			inv.resources = append(inv.resources, r)
			found++
		}
	}
	if broken > 0 && err == nil {
		err = inv.edge.Malformed(scope, "an entry without an identifier or of a wrong shape")
	}
	inv.report.scope(scope, l.labelOf(f), found, err)
}

// base is what all entries of Yandex Cloud's lists share. Times have 9 digits after the point, numbers are strings, and what is
// empty is not there.
type base struct {
	ID          string            `json:"id"`
	Name        string            `json:"name"`
	CreatedAt   time.Time         `json:"createdAt"`
	Labels      map[string]string `json:"labels"`
	Status      string            `json:"status"`
	ZoneID      string            `json:"zoneId"`
	Description string            `json:"description"`
}

// decode reads an entry; ok is false when it has no identifier.
func decode(raw json.RawMessage, into any, id *string) bool {
	return json.Unmarshal(raw, into) == nil && *id != ""
}

func (b *base) resource(t pipeline.ResourceType, l *listing, f folder) pipeline.Resource {
	r := pipeline.Resource{
		ID: b.ID, Type: t, Name: b.Name, Status: b.Status, Scope: l.scope(f), ProjectID: f.ID, ProjectName: f.Name,
		ZoneID: b.ZoneID, RegionID: regionOf(b.ZoneID), Tags: b.Labels, Attributes: map[string]string{},
	}
	if r.Name == "" {
		r.Name = b.ID
	}
	if !b.CreatedAt.IsZero() {
		r.CreatedAt = b.CreatedAt.UTC().Truncate(time.Second)
	}
	put(r.Attributes, "description", b.Description)
	return r
}

// regionOf is a zone without its letter: ru-central1 of ru-central1-a.
func regionOf(zone string) string {
	if i := strings.LastIndexByte(zone, '-'); i > 0 && len(zone)-i == 2 {
		return zone[:i]
	}
	return zone
}

func put(m map[string]string, k, v string) {
	if v != "" {
		m[k] = v
	}
}
