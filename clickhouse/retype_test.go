package clickhouse

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// tape is a line of a type that nobody recognises; it lies on the hour n of [hour].
func tape(n int, id, cost string) pipeline.Charge {
	c := charge(n, id, cost)
	c.ResourceType, c.ServiceName, c.ServiceCategory, c.SkuID, c.Unrecognised = "TAPE", "Ленты", "Other", "t-1", true
	c.ChargeDescription = "Лента LTO"
	return c
}

func toBackup() pipeline.TypeMapping {
	return pipeline.TypeMapping{ID: "1", Match: pipeline.TypeMatch{ResourceType: "TAPE"}, To: pipeline.TypeTarget{ResourceType: pipeline.Backup, ServiceName: "Архив"}}
}

// byWord adds up, as of an instant, by type, service and whether it is recognised.
func byWord(t *testing.T, s *Store, a collect.Account, asOf time.Time) map[string]string {
	t.Helper()
	answer, err := s.Costs(t.Context(), a.Tenant, pipeline.CostQuery{
		From: hour(0).Add(-24 * time.Hour), To: hour(96), Zone: "UTC", AsOf: asOf,
		GroupBy: []pipeline.Dimension{pipeline.DimResourceType, pipeline.DimService, pipeline.DimUnrecognised},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	sum := decimal.Decimal{}
	for _, g := range answer.Groups {
		out[g.Keys[0].Value+"/"+g.Keys[1].Value+"/"+g.Keys[2].Value] = g.Cost.String()
		sum = sum.Add(g.Cost)
	}
	if len(answer.Totals) == 1 && !sum.Equal(answer.Totals[0].Cost) {
		t.Errorf("the groups add up to %s, the total is %s", sum, answer.Totals[0].Cost)
	}
	return out
}

// losing is a store whose answers to appends of charges can get lost.
type losing struct {
	*Store
	mu   sync.Mutex
	lose int // how many of the next appends end with an error though they were done
}

func (l *losing) Append(ctx context.Context, a collect.Account, sl pipeline.Slice, seenAt time.Time, token string, lines []pipeline.Charge) error {
	if err := l.Store.Append(ctx, a, sl, seenAt, token, lines); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lose > 0 {
		l.lose--
		return errors.New("the answer is lost")
	}
	return nil
}

func retyper(t *testing.T, w *collecttest.Windows, l collect.Ledger) *collect.Collector {
	t.Helper()
	cfg := collect.DefaultConfig()
	cfg.Holder = "me"
	c, err := collect.New(collect.Deps{
		Windows: w, Ledger: l, Mappings: w, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	}, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func rowCount(t *testing.T, s *Store) (n uint64) {
	t.Helper()
	if err := s.conn.QueryRow(t.Context(), "SELECT count() FROM charges").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A mapping reaches what is held, over two months, by lost answers and several collectors, changes no total, is undone to the
// letter, and leaves what was believed before.
func TestRetypingOnTheEngine(t *testing.T) {
	s, a := openStore(t), account()
	w := collecttest.NewWindows(hour(50))
	w.Connect(pipeline.Connection{ID: a.Connection, TenantID: a.Tenant, Kind: "small", Version: 1}, nil)
	file := pipeline.Slice{Source: "file:bill.csv"}
	tagged := tape(2, "t-2", "0.000000000000000001")
	tagged.Tags = map[string]string{"team": `we"b`}
	for sl, lines := range map[pipeline.Slice][]pipeline.Charge{
		twoMonths(): {tape(1, "t-1", "1.5"), tagged, tape(30, "t-1", "2"), charge(1, "vps-1", "7")},
		file:        {tape(31, "t-3", "10")},
	} {
		if err := s.Append(t.Context(), a, sl, hour(49), "t"+sl.Source, lines); err != nil {
			t.Fatal(err)
		}
	}
	before := byWord(t, s, a, time.Time{})
	lossy := &losing{Store: s, lose: 2}
	w.Map(a.Tenant, "small", toBackup())
	w.Set(hour(60))
	for i := range 6 {
		w.Set(hour(60 + i))
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if err := retyper(t, w, lossy).RetypeDue(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if done, faults := w.Retyped(); !done || lossy.lose > 0 {
		t.Fatalf("not retyped: %v", faults)
	}
	want := map[string]string{"backup/Архив/false": "13.500000000000000001", "server/VPS/false": "7"}
	if d := cmp.Diff(want, byWord(t, s, a, time.Time{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(before, byWord(t, s, a, hour(55))); d != "" {
		t.Errorf("as of before the mapping: %s", d)
	}
	rows := rowCount(t, s)
	writer := collect.NewWriter(s, a, file, collect.SliceOptions{Now: w.Now, Types: &pipeline.TypeMappings{toBackup()}})
	if err := errors.Join(writer.Add(t.Context(), tape(31, "t-3", "10")), writer.Commit(t.Context())); err != nil {
		t.Fatal(err)
	}
	if n := rowCount(t, s); n != rows {
		t.Errorf("collected again: appended %d rows", n-rows)
	}
	w.Map(a.Tenant, "small")
	if err := retyper(t, w, s).RetypeDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, byWord(t, s, a, time.Time{})); d != "" {
		t.Errorf("undone: %s", d)
	}
	net := held(t, s, a, twoMonths())
	for id := range net {
		if net[id].IsZero() {
			t.Errorf("a line of nothing is held: %v", id)
		}
	}
	for _, c := range []pipeline.Charge{tape(1, "t-1", "1.5"), tagged, tape(30, "t-1", "2"), charge(1, "vps-1", "7")} {
		if d := cmp.Diff(c.Measures, net[idOfCharge(c)], equal()); d != "" {
			t.Errorf("undone, the line of %s: %s", c.ResourceID, d)
		}
	}
	if len(net) != 4 {
		t.Errorf("%d lines are held, want 4", len(net))
	}
}

func TestUnrecognised(t *testing.T) {
	s, a := openStore(t), account()
	cheap, dear := tape(1, "t-1", "1"), tape(2, "t-2", "5")
	dear.Tags = map[string]string{"team": "web"}
	other := tape(3, "t-9", "0.5")
	other.ResourceType = ""
	unpriced := tape(4, "t-4", "0")
	unpriced.ResourceType, unpriced.UnpricedCount = "GPU", 1
	gone := tape(5, "t-5", "9")
	back := gone
	back.Measures = gone.Neg()
	lines := []pipeline.Charge{cheap, dear, other, unpriced, gone, back, charge(1, "vps-1", "7"), tape(47, "t-1", "100")}
	if err := s.Append(t.Context(), a, twoMonths(), hour(50), "t", lines); err != nil {
		t.Fatal(err)
	}
	stranger := a
	stranger.Tenant = "99999999-1111-4111-8111-111111111111"
	if err := s.Append(t.Context(), stranger, twoMonths(), hour(50), "t", lines); err != nil {
		t.Fatal(err)
	}
	got, err := s.Unrecognised(t.Context(), a.Tenant, pipeline.UnrecognisedQuery{From: hour(0), To: hour(47)})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 {
		t.Fatalf("%d groups: %+v", len(got), got)
	}
	fields := map[string]string{"ChargeDescription": "Лента LTO", "source": "accrual"}
	for k, v := range map[string]string{
		"ChargeCategory": string(dear.ChargeCategory), "PricingUnit": dear.PricingUnit, "ConsumedUnit": dear.ConsumedUnit, "RegionId": dear.RegionID,
		"SubAccountId": dear.SubAccountID, "SubAccountName": dear.SubAccountName, "AvailabilityZone": dear.AvailabilityZone,
		"BillingAccountId": dear.BillingAccountID, "SkuPriceId": dear.SkuPriceID, "ChargeFrequency": dear.ChargeFrequency,
		"ListUnitPrice": dear.ListUnitPrice, "Tags.team": "web",
	} {
		if v != "" {
			fields[k] = v
		}
	}
	first := got[0]
	if d := cmp.Diff(fields, first.Examples[0].Fields); d != "" {
		t.Error(d)
	}
	if first.Examples[0].ResourceID != "t-2" || first.Examples[1].ResourceID != "t-1" || len(first.Examples) != 2 {
		t.Errorf("examples: %+v", first.Examples)
	}
	first.Examples = nil
	want := pipeline.UnrecognisedGroup{
		ConnectionID: a.Connection, ProviderName: dear.ProviderName, ResourceType: "TAPE", ServiceName: "Ленты", ServiceCategory: "Other", SkuID: "t-1",
		Currency: "RUB", CostSum: pipeline.CostSum{Cost: dec("6"), Lines: 2}, Resources: 2, FirstStart: hour(1), FirstSeen: hour(50),
	}
	if dear.CostStatus == pipeline.Estimated {
		want.Estimated = want.Cost
	}
	if d := cmp.Diff(want, first, equal()); d != "" {
		t.Error(d)
	}
	if got[1].ResourceType != "" || !got[1].Cost.Equal(dec("0.5")) || got[2].ResourceType != "GPU" || got[2].Unpriced != 1 {
		t.Errorf("the others: %+v", got[1:])
	}
}
