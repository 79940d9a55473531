package beget

import (
	"context"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
)

// inventory is one snapshot being collected.
type inventory struct {
	*session
	task      pipeline.Task
	report    report
	names     names
	resources []pipeline.Resource
	account   *pipeline.AccountState
	domains   []domain
}

// collectInventory reads every list once and hands the snapshot over. A list that fails leaves the others.
func (s *session) collectInventory(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	inv := &inventory{session: s, task: task}
	if err := s.enter(ctx); err != nil {
		return pipeline.Outcome{CloudTime: s.edge.CloudTime()}, err
	}
	steps := []func(context.Context){
		inv.readNames, inv.readVPS, inv.readSnapshots, inv.readNetworks, inv.readCloud, inv.readLegacy,
	}
	for _, step := range steps {
		step(ctx)
		if err := stopped(ctx); err != nil {
			return s.outcome(&inv.report), err
		}
	}
	if f := s.authFault; f != nil && needsPerson(f) {
		return s.outcome(&inv.report), f
	}
	inv.report.nothingPermitted()
	inv.reconcile()
	inv.uniqueIDs()
	if err := inv.handOver(ctx, sink); err != nil {
		return s.outcome(&inv.report), err
	}
	return s.outcome(&inv.report), nil
}

// enter signs in. It fails when only a person can mend it or when the task was stopped; another fault of signing in is
// reported by each modern scope, and the legacy API goes on.
func (s *session) enter(ctx context.Context) error {
	_, err := s.bearer(ctx)
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	if err != nil && needsPerson(pipeline.AsFault(err)) {
		return err
	}
	return nil
}

func (inv *inventory) add(r pipeline.Resource, scope *scopeReport) {
	inv.resources = append(inv.resources, r)
	scope.found++
}

// readNames reads what joins identifiers to names. When a list fails, the names of the task before stay in use.
func (inv *inventory) readNames(ctx context.Context) {
	regions, err := inv.listRegions(ctx, inv.task.Lang)
	sc := inv.report.scope(scopeRegion)
	sc.close(err)
	sc.found = int64(len(regions))
	if err == nil {
		inv.regions = regions
	}
	projects, err := inv.listProjects(ctx)
	sc = inv.report.scope(scopeProjects)
	sc.close(err)
	sc.found = int64(len(projects))
	if err == nil {
		inv.projects = projects
	}
	inv.names = names{projects: inv.projects, regions: inv.regions}
}

func (inv *inventory) readVPS(ctx context.Context) {
	list, err := inv.listVPS(ctx)
	sc := inv.report.scope(scopeVPS)
	sc.close(err)
	for _, v := range list {
		inv.add(vpsResource(v, inv.names), sc)
	}
	inv.readQuotes(ctx, list)
	for i := range inv.resources {
		inv.resources[i].Events, _ = inv.readHistory(ctx, inv.resources[i].ID)
	}
	if sc.whole() {
		inv.readVanished(ctx, list)
	}
}

// readHistory reads a server's history into its scope; ok is false when there is none to be had.
func (inv *inventory) readHistory(ctx context.Context, id string) (events []pipeline.ResourceEvent, ok bool) {
	sc := inv.report.scope(scopeHistory)
	if ctx.Err() != nil || sc.skipped {
		return nil, false
	}
	events, undated, err := inv.vpsHistory(ctx, id)
	if isCode(err, pipeline.FaultNotFound) {
		sc.tried++
		return nil, false
	}
	sc.close(err)
	sc.found += int64(len(events))
	inv.report.note("undated_events", scopeHistory, undated,
		"Записи истории VPS без понятной даты пропущены.", "Entries of VPS history without a readable date were left out.")
	return events, err == nil
}

// readVanished asks for the history of servers that are listed no more: it tells when they were removed. A server whose
// history says so is handed over once more, with status REMOVED and without rates.
func (inv *inventory) readVanished(ctx context.Context, list []vps) {
	listed := map[string]bool{}
	for _, v := range list {
		listed[string(v.ID)] = true
	}
	for _, k := range inv.task.Known {
		if k.Type != pipeline.Server || k.Scope != scopeVPS || listed[k.ID] {
			continue
		}
		events, ok := inv.readHistory(ctx, k.ID)
		if ok && removedIn(events) {
			inv.resources = append(inv.resources, pipeline.Resource{
				ID: k.ID, Type: k.Type, Name: k.Name, Status: "REMOVED", Scope: scopeVPS, Events: events,
			})
		}
	}
}

// removedIn tells whether the last thing that happened to a server's existence is a removal that worked.
func removedIn(events []pipeline.ResourceEvent) bool {
	for _, e := range slices.Backward(events) {
		if !e.Failed && (e.Kind == pipeline.EventRemoved || e.Kind == pipeline.EventCreated) {
			return e.Kind == pipeline.EventRemoved
		}
	}
	return false
}

// readQuotes asks what each distinct configuration would cost to order today, for comparison beside the price in force.
func (inv *inventory) readQuotes(ctx context.Context, list []vps) {
	sc := inv.report.scope(scopeQuote)
	quotes := map[shape]money{}
	for i, v := range list {
		sh := shapeOf(v)
		if sh.cpu == 0 || sh.memory == 0 || sh.disk == 0 || sc.skipped || ctx.Err() != nil {
			continue
		}
		price, asked := quotes[sh]
		if !asked {
			var err error
			price, err = inv.quote(ctx, sh)
			quotes[sh] = price
			sc.close(err)
			if price.Known {
				sc.found++
			}
		}
		if price.Known {
			inv.resources[i].Volatile["list_price_day"] = price.Amount.String()
		}
	}
}

func (inv *inventory) readSnapshots(ctx context.Context) {
	list, err := inv.listSnapshots(ctx)
	sc := inv.report.scope(scopeSnapshot)
	sc.close(err)
	for _, v := range list {
		inv.add(snapshotResource(v, inv.names), sc)
	}
}

func (inv *inventory) readNetworks(ctx context.Context) {
	list, err := inv.listNetworks(ctx, inv.names)
	sc := inv.report.scope(scopeNetwork)
	sc.close(err)
	for _, r := range list {
		inv.add(r, sc)
	}
}

func (inv *inventory) readCloud(ctx context.Context) {
	prices, n, err := inv.listS3Prices(ctx)
	sc := inv.report.scope(scopeS3Price)
	sc.close(err)
	sc.found = n
	list, err := inv.listCloud(ctx, scopeCloud)
	sc = inv.report.scope(scopeCloud)
	sc.close(err)
	for _, c := range list {
		r, known := cloudResource(c, inv.names, prices)
		inv.add(r, sc)
		if !known {
			inv.report.note("unknown_type", scopeCloud, 1,
				"Службы неизвестного InfraZen вида учтены как «прочее».", "Services of a kind that InfraZen does not know are counted as other.")
		}
	}
}

// readLegacy reads what needs the API password. The account comes first: it tells whether the password is right.
func (inv *inventory) readLegacy(ctx context.Context) {
	if inv.apiPassword == "" {
		inv.skipLegacy()
		return
	}
	info, err := inv.readAccount(ctx)
	inv.report.closeScope(scopeAccount, err, 0)
	if isCode(err, pipeline.FaultCredentials) {
		inv.legacyFault = pipeline.AsFault(err)
	}
	if err == nil {
		a := accountState(info, inv.edge.Now())
		inv.account = &a
		inv.report.scope(scopeAccount).found = 1
	}
	inv.readDomains(ctx)
	readHosting(ctx, inv, scopeSites, func(v site) text { return v.ID }, siteResource)
	readHosting(ctx, inv, scopeMySQL, func(v hostingDB) text { return v.Name }, hostingDBResource)
	readHosting(ctx, inv, scopeFTP, func(v ftpAccount) text { return v.Login }, ftpResource)
	inv.readMail(ctx)
}

func (inv *inventory) skipLegacy() {
	for _, name := range legacyScopes() {
		inv.report.scope(name).skip(noAPIPassword(name))
	}
	t := noAPIPassword("").Text
	inv.report.note("no_api_password", "", 1, t.RU, t.EN)
}

func (inv *inventory) readDomains(ctx context.Context) {
	list, err := legacyList(ctx, inv.session, scopeDomains, nil, domainKey)
	sc := inv.report.scope(scopeDomains)
	sc.close(err)
	inv.domains = list
	zones, err := inv.readZones(ctx)
	zc := inv.report.scope(scopeZones)
	zc.close(err)
	zc.found = int64(len(zones))
	for _, d := range list {
		inv.add(domainResource(d, zones), sc)
	}
}

// readHosting reads one list of the hosting plan.
func readHosting[T any](ctx context.Context, inv *inventory, scope string, key func(T) text, resource func(T) pipeline.Resource) {
	list, err := legacyList(ctx, inv.session, scope, nil, key)
	sc := inv.report.scope(scope)
	sc.close(err)
	for _, v := range list {
		inv.add(resource(v), sc)
	}
}

// readMail reads the mailboxes of every domain. Without the list of domains it cannot be whole.
func (inv *inventory) readMail(ctx context.Context) {
	sc := inv.report.scope(scopeMail)
	if d := inv.report.scope(scopeDomains); !d.whole() {
		sc.skipped, sc.fault = d.skipped, d.fault
	}
	for _, d := range inv.domains {
		if sc.skipped || ctx.Err() != nil {
			return
		}
		list, err := legacyList(ctx, inv.session, scopeMail, map[string]string{"domain": string(d.FQDN)},
			func(v mailbox) text { return v.Mailbox })
		sc.close(err)
		for _, v := range list {
			inv.add(mailboxResource(v, string(d.FQDN)), sc)
		}
	}
}

// reconcile compares Beget's own daily rate with the sum of the prices in force and notes a gap of more than 5 %.
func (inv *inventory) reconcile() {
	if inv.account == nil || inv.account.DailyRate == nil {
		return
	}
	ours := decimal.Zero
	for _, r := range inv.resources {
		for _, rate := range r.Rates {
			switch {
			case rate.Known && rate.Period == pipeline.PerDay:
				ours = ours.Add(rate.Amount)
			case rate.Known && rate.Period == pipeline.PerMonth:
				ours = ours.Add(rate.Amount.DivRound(decimal.NewFromInt(30), 2))
			}
		}
	}
	theirs := *inv.account.DailyRate
	if ours.Sub(theirs).Abs().Mul(decimal.NewFromInt(20)).LessThanOrEqual(theirs.Abs()) {
		return
	}
	t := pipeline.Textf("По данным Beget день стоит %s ₽, а сумма известных цен %s ₽. Разница больше 5 %%: часть услуг без известной цены (тариф хостинга, S3, адреса) или не все разделы собраны.",
		"By Beget's account a day costs %s RUB, while the known prices add up to %s RUB. They differ by more than 5 %%: some services have no known price (hosting plan, S3, addresses), or not every section was collected.",
		theirs.StringFixed(2), ours.StringFixed(2))
	inv.report.note("daily_rate", scopeAccount, 1, t.RU, t.EN)
}

// uniqueIDs drops a resource whose identifier another has already: the first one stands.
func (inv *inventory) uniqueIDs() {
	seen := map[string]bool{}
	inv.resources = slices.DeleteFunc(inv.resources, func(r pipeline.Resource) bool {
		twice := seen[r.ID]
		seen[r.ID] = true
		if twice {
			inv.report.note("double_id", r.Scope, 1, "Beget дал два ресурса с одним номером; учтён первый.", "Beget gave two resources with one identifier; the first one counts.")
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
	if inv.account == nil {
		return nil
	}
	if err := sink.Account(ctx, *inv.account); err != nil {
		return pipeline.AsFault(err)
	}
	return nil
}
