package yandexsim

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/shopspring/decimal"
	usage "github.com/yandex-cloud/go-genproto/yandex/cloud/billing/usage_records/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/infrazen/infrazen/providers/world"
)

// reports is ConsumptionCoreService: sums by days of UTC, both ends of the range inclusive, credits negative.
type reports struct {
	usage.UnimplementedConsumptionCoreServiceServer
	sim *Server
}

func (s *Server) reportServer() *grpc.Server {
	g := grpc.NewServer()
	usage.RegisterConsumptionCoreServiceServer(g, &reports{sim: s})
	return g
}

// enter lets a call in: its fault, its token, and one call a minute from one address.
func (r *reports) enter(ctx context.Context, in *usage.UsageReportRequest) (*tenant, error) {
	if err := r.sim.spoil(ctx); err != nil {
		return nil, err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	var t *tenant
	if a := md.Get("authorization"); len(a) == 1 {
		t = r.sim.tenantOf(a[0])
	}
	if t == nil || in.GetBillingAccountId() != t.account.ID {
		return nil, status.Error(codes.Unauthenticated, "Token is invalid, or no such billing account. "+Secret)
	}
	if !r.sim.mayReport(ctx) {
		return nil, status.Error(codes.ResourceExhausted, "Too many requests. "+Secret)
	}
	if in.GetStartDate() == nil || in.GetEndDate() == nil || in.GetEndDate().AsTime().Before(in.GetStartDate().AsTime()) {
		return nil, status.Error(codes.InvalidArgument, "start_date and end_date are required")
	}
	if p := in.GetAggregationPeriod(); p != usage.TimeGrouping_DAY && p != usage.TimeGrouping_TIME_GROUPING_UNSPECIFIED {
		return nil, status.Error(codes.Unimplemented, "the stand-in aggregates by days only")
	}
	return t, nil
}

func (s *Server) mayReport(ctx context.Context) bool {
	if s.conf.ReportEvery < 0 {
		return true
	}
	host := "unknown"
	if p, ok := peer.FromContext(ctx); ok {
		if h, _, err := net.SplitHostPort(p.Addr.String()); err == nil {
			host = h
		}
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.reported[host]; ok && now.Sub(last) < s.conf.ReportEvery {
		return false
	}
	s.reported[host] = now
	return true
}

// sums are the three sums of every level of a report.
type sums struct{ cost, volume, grant decimal.Decimal }

func (a *sums) add(u *usageLine) {
	a.cost, a.volume, a.grant = a.cost.Add(u.cost), a.volume.Add(u.volume), a.grant.Add(u.grant)
}

func text(d decimal.Decimal) *usage.StringDecimal { return &usage.StringDecimal{Value: d.String()} }

func (a *sums) expense() *usage.StringDecimal { return text(a.cost.Add(a.volume).Add(a.grant)) }

func (a *sums) credits() *usage.CreditDetails {
	return &usage.CreditDetails{
		Credit: text(a.volume.Add(a.grant)), MonetaryGrantCredit: text(a.grant), VolumeIncentiveCredit: text(a.volume),
		CudCredit: text(decimal.Zero), FreeCredit: text(decimal.Zero),
	}
}

// group is one entity of a report with its days.
type group struct {
	sums
	days map[time.Time]*sums
	line *usageLine
}

func (g *group) periodic() []*usage.UsageReportPeriodicData {
	var days []time.Time
	for d := range g.days {
		days = append(days, d)
	}
	slices.SortFunc(days, time.Time.Compare)
	var out []*usage.UsageReportPeriodicData
	for _, d := range days {
		a := g.days[d]
		out = append(out, &usage.UsageReportPeriodicData{Cost: text(a.cost), CreditDetails: a.credits(), Expense: a.expense(), Timestamp: timestamppb.New(d)})
	}
	return out
}

// report sums the days up by a key; lines whose key is "" count in the total only.
func (s *Server) report(t *tenant, in *usage.UsageReportRequest, key func(*usageLine) []string) (total sums, order []string, groups map[string]*group) {
	const day = 24 * time.Hour
	hour := s.hour()
	groups = map[string]*group{}
	for at := in.GetStartDate().AsTime().Truncate(day); !at.After(in.GetEndDate().AsTime()) && at.Before(hour); at = at.Add(day) {
		to := at.Add(day)
		if hour.Before(to) {
			to = hour
		}
		for _, u := range t.lines(at, to, hour) {
			if !wanted(in, u) {
				continue
			}
			total.add(u)
			for _, k := range key(u) {
				g := groups[k]
				if g == nil {
					g = &group{days: map[time.Time]*sums{}, line: u}
					groups[k] = g
					order = append(order, k)
				}
				if g.days[at] == nil {
					g.days[at] = &sums{}
				}
				g.add(u)
				g.days[at].add(u)
			}
		}
	}
	return total, order, groups
}

func wanted(in *usage.UsageReportRequest, u *usageLine) bool {
	has := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	return has(in.GetFolderIds(), u.ProjectID) && has(in.GetServiceIds(), serviceOf(u.SKU).id) && has(in.GetSkuIds(), skuID(u.SKU)) &&
		has(in.GetResourceIds(), u.resource)
}

// GetBillingAccountUsageReport sums the whole account up.
func (r *reports) GetBillingAccountUsageReport(ctx context.Context, in *usage.UsageReportRequest) (*usage.BillingAccountUsageReportResponse, error) {
	t, err := r.enter(ctx, in)
	if err != nil {
		return nil, err
	}
	total, order, groups := r.sim.report(t, in, func(*usageLine) []string { return []string{"account"} })
	out := &usage.BillingAccountUsageReportResponse{Currency: usage.Currency_RUB, Cost: text(total.cost), CreditDetails: total.credits(), Expense: total.expense()}
	for _, k := range order {
		g := groups[k]
		out.EntitiesData = append(out.EntitiesData, &usage.BillingAccountUsageReportEntityData{
			Cost: text(g.cost), CreditDetails: g.credits(), Expense: g.expense(), Periodic: g.periodic(),
		})
	}
	return out, nil
}

// GetServiceUsageReport sums up by service.
func (r *reports) GetServiceUsageReport(ctx context.Context, in *usage.UsageReportRequest) (*usage.ServiceUsageReportResponse, error) {
	t, err := r.enter(ctx, in)
	if err != nil {
		return nil, err
	}
	total, order, groups := r.sim.report(t, in, func(u *usageLine) []string { return []string{serviceOf(u.SKU).id} })
	out := &usage.ServiceUsageReportResponse{Currency: usage.Currency_RUB, Cost: text(total.cost), CreditDetails: total.credits(), Expense: total.expense()}
	for _, k := range order {
		g := groups[k]
		out.EntitiesData = append(out.EntitiesData, &usage.ServiceUsageReportEntityData{
			Cost: text(g.cost), CreditDetails: g.credits(), Expense: g.expense(), Periodic: g.periodic(),
			Service: &usage.Service{Id: k, Name: serviceOf(g.line.SKU).name},
		})
	}
	return out, nil
}

// GetResourceUsageReport sums up by resource. What belongs to no resource is in the total only.
func (r *reports) GetResourceUsageReport(ctx context.Context, in *usage.UsageReportRequest) (*usage.ResourceUsageReportResponse, error) {
	t, err := r.enter(ctx, in)
	if err != nil {
		return nil, err
	}
	total, order, groups := r.sim.report(t, in, func(u *usageLine) []string {
		if u.resource == "" {
			return nil
		}
		return []string{u.resource}
	})
	out := &usage.ResourceUsageReportResponse{Currency: usage.Currency_RUB, Cost: text(total.cost), CreditDetails: total.credits(), Expense: total.expense()}
	for _, k := range order {
		g := groups[k]
		out.EntitiesData = append(out.EntitiesData, &usage.ResourceUsageReportEntityData{
			Cost: text(g.cost), CreditDetails: g.credits(), Expense: g.expense(), Periodic: g.periodic(),
			Resource: &usage.Resource{
				Id: k, Name: g.line.Name, ServiceInstanceType: "cloud",
				Meta: &usage.ResourceMeta{
					Service: serviceOf(g.line.SKU).slug, ResourceType: metaType(&g.line.BillLine), CloudId: t.cloudID, FolderId: g.line.ProjectID,
				},
			},
		})
	}
	return out, nil
}

func metaType(l *world.BillLine) string {
	return map[world.Kind]string{
		world.Server: "compute.instance", world.Volume: "compute.disk", world.Snapshot: "compute.snapshot", world.Image: "compute.image",
		world.Database: "mdb.cluster", world.Bucket: "storage.bucket", world.FloatingIP: "vpc.address", world.LoadBalancer: "load-balancer.networkLoadBalancer",
		world.Cluster: "managed-kubernetes.cluster", world.Registry: "container-registry.registry", world.Novelty: "quasar.node",
	}[l.Kind]
}

// GetLabelKeyUsageReport sums up by the keys of labels: a resource counts once under each of its keys, so the keys do not add up.
func (r *reports) GetLabelKeyUsageReport(ctx context.Context, in *usage.UsageReportRequest) (*usage.LabelKeyUsageReportResponse, error) {
	t, err := r.enter(ctx, in)
	if err != nil {
		return nil, err
	}
	total, order, groups := r.sim.report(t, in, func(u *usageLine) []string {
		var keys []string
		for k := range u.Tags {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return keys
	})
	out := &usage.LabelKeyUsageReportResponse{Currency: usage.Currency_RUB, Cost: text(total.cost), CreditDetails: total.credits(), Expense: total.expense()}
	for _, k := range order {
		g := groups[k]
		out.EntitiesData = append(out.EntitiesData, &usage.LabelUsageReportEntityData{
			Cost: text(g.cost), CreditDetails: g.credits(), Expense: g.expense(), Periodic: g.periodic(),
		})
	}
	return out, nil
}
