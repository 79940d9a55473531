package selectel

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// inventory is one snapshot being collected.
type inventory struct {
	*session
	task      pipeline.Task
	rep       *report
	projects  []project
	resources []pipeline.Resource
	state     *pipeline.AccountState
	rows      []row // billed lately
	// listed tells where a list was read whole, and partial which projects have one that was not.
	listed  map[listedKey]bool
	partial map[string]bool
	// used are the regions of projects in which something is billed, known or found.
	used map[usedRegion]bool
}

// usedRegion is a region of a project.
type usedRegion struct{ project, region string }

// listedKey is a type of resources in a region of a project.
type listedKey struct {
	project, region string
	kind            pipeline.ResourceType
}

// anyRegion stands for the region of a list that all regions share.
const anyRegion = "all"

// collectInventory reads the account and every list of every region of every project once, and hands the snapshot over. A
// list that fails leaves the others.
func (s *session) collectInventory(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	inv := &inventory{session: s, task: task, rep: &report{names: map[string]string{}}, listed: map[listedKey]bool{}, partial: map[string]bool{}}
	if _, err := s.accountToken(ctx); err != nil {
		return s.refused(ctx, inv.rep, err)
	}
	for _, step := range []func(context.Context){inv.readBalances, inv.readProjects, inv.readBilled, inv.readClouds} {
		step(ctx)
		if err := s.ended(ctx); err != nil {
			return s.outcome(inv.rep), err
		}
	}
	inv.attach()
	inv.fromBilling()
	inv.closeGone()
	inv.uniqueIDs()
	if err := inv.handOver(ctx, sink); err != nil {
		return s.outcome(inv.rep), err
	}
	return s.outcome(inv.rep), nil
}

// readProjects reads the account's projects, from the list of projects or, where that is closed, from the statistics.
func (inv *inventory) readProjects(ctx context.Context) {
	sc := inv.rep.scope(scopeProjects)
	list, err := inv.resellProjects(ctx)
	if f := fault(err); f != nil && (f.Code == pipeline.FaultForbidden || f.Code == pipeline.FaultNotFound) {
		var second error
		if list, second = inv.billedProjects(ctx); second == nil {
			err = nil
		}
	}
	sc.close(err)
	sc.found = int64(len(list))
	inv.projects = list
	for _, p := range list {
		inv.rep.names[string(p.ID)] = string(p.Name)
	}
}

func fault(err error) *pipeline.Fault {
	if err == nil {
		return nil
	}
	return pipeline.AsFault(err)
}

func (inv *inventory) resellProjects(ctx context.Context) ([]project, error) {
	var a struct {
		Projects []struct {
			project
			Enabled *flag `json:"enabled"`
		} `json:"projects"`
	}
	if err := inv.get(ctx, scopeProjects, "/vpc/resell/v2/projects", nil, &a); err != nil {
		return nil, err
	}
	if a.Projects == nil {
		return nil, inv.edge.Malformed(scopeProjects, "no projects in the answer")
	}
	var out []project
	for _, p := range a.Projects {
		if p.ID != "" && (p.Enabled == nil || bool(*p.Enabled)) {
			out = append(out, p.project)
		}
	}
	return out, nil
}

func (inv *inventory) billedProjects(ctx context.Context) ([]project, error) {
	var a struct {
		Data []project `json:"data"`
	}
	err := inv.get(ctx, scopeProjects, "/v1/cloud_billing/statistic/projects", url.Values{"provider_keys": inv.keys()}, &a)
	if err == nil && a.Data == nil {
		err = inv.edge.Malformed(scopeProjects, "no projects in the answer")
	}
	return slices.DeleteFunc(a.Data, func(p project) bool { return p.ID == "" }), err
}

// readClouds reads the lists of every project. A project that does not let the service user in leaves the others.
func (inv *inventory) readClouds(ctx context.Context) {
	inv.findUsed()
	for _, p := range inv.projects {
		c, err := inv.cloud(ctx, string(p.ID))
		if inv.ended(ctx) != nil {
			return
		}
		if err != nil {
			inv.rep.scope(scopeToken + "/" + string(p.ID)).close(noProject(err, p))
			inv.partial[string(p.ID)] = true
			continue
		}
		for _, probes := range []bool{true, false} {
			inv.readLists(ctx, p, c, probes)
			if inv.ended(ctx) != nil {
				return
			}
		}
	}
}

// readLists reads a project's lists: those that are asked for everywhere, then the others in the regions that are in use.
// Selectel has a dozen regions and most projects are in one or two: where no server, volume or router is, nothing is known
// from before and nothing is billed, there is no more to ask for. What is neither is billed within the hour.
func (inv *inventory) readLists(ctx context.Context, p project, c *projectCloud, probes bool) {
	for _, l := range listings() {
		if l.probe != probes {
			continue
		}
		for _, e := range l.endpoints(c) {
			if !probes && !l.global && !inv.used[usedRegion{string(p.ID), e.region}] {
				continue
			}
			inv.readList(ctx, &l, p, c, e)
			if inv.ended(ctx) != nil {
				return
			}
		}
	}
}

// findUsed notes the regions in which something is billed or known. Where the bill could not be read, all of a project's are.
func (inv *inventory) findUsed() {
	inv.used = map[usedRegion]bool{}
	for i := range inv.rows {
		region, _ := place(string(inv.rows[i].metric.Region))
		inv.used[usedRegion{string(inv.rows[i].project.ID), region}] = true
	}
	for i := range inv.task.Known {
		k := &inv.task.Known[i]
		inv.used[usedRegion{k.ProjectID, k.RegionID}] = true
		if parts := strings.Split(k.Scope, "/"); len(parts) == 3 {
			inv.used[usedRegion{parts[2], parts[1]}] = true
		}
	}
}

// noProject tells a project that is not open to the service user: the account let it in, so its password is right.
func noProject(err error, p project) error {
	if f := pipeline.AsFault(err); f.Code != pipeline.FaultCredentials && f.Code != pipeline.FaultForbidden {
		return err
	}
	f := forbidden(scopeToken + "/" + string(p.ID))
	f.Text = pipeline.Textf("Проект «%s» не открыт сервисному пользователю Selectel: его ресурсы видны только в расходах. Дайте пользователю роль «Наблюдатель» в этом проекте.",
		"Project %q is not open to the Selectel service user: its resources are seen in costs only. Give the user the role Viewer in this project.", p.Name)
	return f
}

func (inv *inventory) readList(ctx context.Context, l *listing, p project, c *projectCloud, e endpoint) {
	region := e.region
	if l.global {
		region = anyRegion
	}
	at := site{
		scope: scopeOf(l.name, region, string(p.ID)), region: region, project: p, cloud: c,
		client: serviceClient(c, e.url, l.version, l.service, l.micro),
	}
	sc := inv.rep.scope(at.scope)
	rows, err := inv.list(ctx, at, l)
	sc.close(err)
	resources, bad := l.read(ctx, inv, at, rows)
	if bad > 0 {
		sc.close(inv.edge.Malformed(at.scope, "rows that cannot be read"))
	}
	for i := range resources {
		if l.global {
			resources[i].RegionID = ""
		}
		inv.resources = append(inv.resources, resources[i])
		sc.found++
	}
	if len(resources) > 0 || !sc.whole() || !inv.rep.scope(scopeBilling).whole() {
		inv.used[usedRegion{string(p.ID), e.region}] = true
	}
	if !sc.whole() {
		inv.partial[string(p.ID)] = true
		return
	}
	for _, kind := range l.finds {
		inv.listed[listedKey{string(p.ID), region, kind}] = true
	}
}

// attach gives servers without a disk of their own the size of the volumes attached to them.
func (inv *inventory) attach() {
	disks := map[string]int64{}
	for i := range inv.resources {
		if r := &inv.resources[i]; r.Type == pipeline.Volume && r.ParentID != "" {
			disks[r.ParentID] += r.DiskBytes
		}
	}
	for i := range inv.resources {
		if r := &inv.resources[i]; r.Type == pipeline.Server && r.DiskBytes == 0 {
			r.DiskBytes = disks[r.ID]
		}
	}
}

// closeGone tells that the lists of projects that are no more are empty now.
func (inv *inventory) closeGone() {
	if !inv.rep.scope(scopeProjects).whole() || len(inv.projects) == 0 {
		return
	}
	for i := range inv.task.Known {
		k := &inv.task.Known[i]
		list, _, listed := strings.Cut(k.Scope, "/")
		ours := slices.ContainsFunc(listings(), func(l listing) bool { return l.name == list })
		if _, there := inv.rep.names[k.ProjectID]; listed && ours && !there && strings.HasSuffix(k.Scope, "/"+k.ProjectID) {
			inv.rep.scope(k.Scope)
		}
	}
}

// uniqueIDs drops a resource whose identifier another has already: the first one stands.
func (inv *inventory) uniqueIDs() {
	seen := make(map[string]bool, len(inv.resources))
	inv.resources = slices.DeleteFunc(inv.resources, func(r pipeline.Resource) bool {
		twice := seen[r.ID]
		seen[r.ID] = true
		if twice {
			inv.rep.scope(r.Scope).found--
			inv.rep.note("double_id", r.Scope, 1, "Selectel дал два ресурса с одним номером; учтён первый.", "Selectel gave two resources with one identifier; the first one counts.")
		}
		return twice
	})
}

// batch is how many resources or samples go to the sink at once.
const batch = 1000

func (inv *inventory) handOver(ctx context.Context, sink pipeline.Sink) error {
	for part := range slices.Chunk(inv.resources, batch) {
		if err := sink.Resources(ctx, part); err != nil {
			return pipeline.AsFault(err)
		}
	}
	if inv.state == nil {
		return nil
	}
	if err := sink.Account(ctx, *inv.state); err != nil {
		return pipeline.AsFault(err)
	}
	return nil
}
