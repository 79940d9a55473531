package collect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

var moscow = time.FixedZone("MSK", 3*3600)

func at(text string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04:05", text, moscow)
	if err != nil {
		panic(err)
	}
	return t.UTC()
}

func rate(amount string, p pipeline.RatePeriod) pipeline.Rate {
	return pipeline.Rate{
		ServiceName: "VPS", Known: true, Amount: decimal.RequireFromString(amount), Currency: "RUB", Period: p, CostStatus: pipeline.Estimated,
	}
}

func state(seen, created string, rates ...pipeline.Rate) pipeline.ResourceState {
	s := pipeline.ResourceState{SeenAt: at(seen)}
	s.ID, s.Type, s.Name, s.Rates = "vps-1", pipeline.Server, "one", rates
	if created != "" {
		s.CreatedAt = at(created)
	}
	return s
}

func event(kind pipeline.EventKind, when string) pipeline.ResourceEvent {
	return pipeline.ResourceEvent{Kind: kind, Time: at(when)}
}

func accrual(through string) *collect.Accrual {
	return &collect.Accrual{Provider: "Beget", Zone: moscow, NotBefore: at("2026-01-01 00:00:00"), Through: at(through)}
}

// told lists charges as "hour cost consumed", with "?" for a price that is not known.
func told(charges []pipeline.Charge) []string {
	var lines []string
	for _, c := range charges {
		cost := c.BilledCost.String()
		if c.UnpricedCount > 0 {
			cost = "?"
		}
		lines = append(lines, fmt.Sprintf("%s %s %s", c.Start.In(moscow).Format("02 15:04"), cost, c.ConsumedQuantity))
	}
	return lines
}

func checkAccrual(t *testing.T, a *collect.Accrual, states []pipeline.ResourceState, want ...string) {
	t.Helper()
	got := told(a.Charges(states, at("2026-01-01 00:00:00"), at("2027-01-01 00:00:00")))
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestAccrualIsCutAtTheObservation(t *testing.T) {
	states := []pipeline.ResourceState{state("2026-03-05 12:15:00", "2026-03-05 10:30:00", rate("24", pipeline.PerDay))}
	checkAccrual(t, accrual("2026-03-05 12:15:00"), states, "05 10:00 0.5 0.5", "05 11:00 1 1", "05 12:00 0.25 0.25")
}

func TestAccrualGrowsByWholeSteps(t *testing.T) {
	states := []pipeline.ResourceState{state("2026-03-05 12:00:00", "2026-03-05 10:30:00", rate("24", pipeline.PerDay))}
	f := func(through string, step time.Duration, want ...string) {
		t.Helper()
		a := accrual(through)
		a.Step = step
		checkAccrual(t, a, states, want...)
	}
	f("2026-03-05 11:59:59", time.Hour, "05 10:00 0.5 0.5")
	f("2026-03-05 12:00:00", time.Hour, "05 10:00 0.5 0.5", "05 11:00 1 1")
	f("2026-03-05 12:59:59", time.Hour, "05 10:00 0.5 0.5", "05 11:00 1 1")
	f("2026-03-05 12:59:59", 15*time.Minute, "05 10:00 0.5 0.5", "05 11:00 1 1", "05 12:00 0.75 0.75")
}

func TestAccrualWithoutACreationBeginsWithTheHourOfTheFirstSight(t *testing.T) {
	checkAccrual(t, accrual("2026-03-05 12:15:00"),
		[]pipeline.ResourceState{state("2026-03-05 11:40:00", "", rate("1", pipeline.PerHour))},
		"05 11:00 1 1", "05 12:00 0.25 0.25")
}

func TestAccrualEndsWithTheRemoval(t *testing.T) {
	gone := state("2026-03-05 14:00:00", "2026-03-05 10:00:00", rate("1", pipeline.PerHour))
	gone.Change, gone.DeletedAt = pipeline.ResourceDeleted, at("2026-03-05 11:30:00")
	checkAccrual(t, accrual("2026-03-05 14:00:00"),
		[]pipeline.ResourceState{state("2026-03-05 11:00:00", "2026-03-05 10:00:00", rate("1", pipeline.PerHour)), gone},
		"05 10:00 1 1", "05 11:00 0.5 0.5")
}

func TestPriceBeforeAResizeIsUnknown(t *testing.T) {
	s := state("2026-03-05 12:00:00", "2026-03-05 09:30:00", rate("2", pipeline.PerHour))
	failed := event(pipeline.EventResized, "2026-03-05 11:30:00")
	failed.Failed = true
	s.Events = []pipeline.ResourceEvent{event(pipeline.EventCreated, "2026-03-05 09:30:00"), event(pipeline.EventResized, "2026-03-05 10:30:00"), failed}
	checkAccrual(t, accrual("2026-03-05 12:00:00"), []pipeline.ResourceState{s},
		"05 09:00 ? 0.5", "05 10:00 ? 0.5", "05 10:00 1 0.5", "05 11:00 2 1")
}

func TestPriceChangesAtTheResize(t *testing.T) {
	old, fresh := state("2026-03-05 10:00:00", "2026-03-05 10:00:00", rate("1", pipeline.PerHour)), state("2026-03-05 12:00:00", "2026-03-05 10:00:00", rate("2", pipeline.PerHour))
	fresh.Events = []pipeline.ResourceEvent{event(pipeline.EventResized, "2026-03-05 10:15:00")}
	checkAccrual(t, accrual("2026-03-05 12:00:00"), []pipeline.ResourceState{old, fresh},
		"05 10:00 0.25 0.25", "05 10:00 1.5 0.75", "05 11:00 2 1")
}

func TestPriceBetweenTwoResizesIsUnknown(t *testing.T) {
	old, fresh := state("2026-03-05 10:00:00", "2026-03-05 10:00:00", rate("1", pipeline.PerHour)), state("2026-03-05 12:00:00", "2026-03-05 10:00:00", rate("2", pipeline.PerHour))
	fresh.Events = []pipeline.ResourceEvent{event(pipeline.EventResized, "2026-03-05 10:30:00"), event(pipeline.EventResized, "2026-03-05 11:00:00")}
	checkAccrual(t, accrual("2026-03-05 12:00:00"), []pipeline.ResourceState{old, fresh},
		"05 10:00 0.5 0.5", "05 10:00 ? 0.5", "05 11:00 2 1")
}

func TestPriceWithoutAResizeChangesWithTheHourInWhichItWasSeen(t *testing.T) {
	checkAccrual(t, accrual("2026-03-05 13:00:00"), []pipeline.ResourceState{
		state("2026-03-05 10:20:00", "2026-03-05 10:00:00", rate("1", pipeline.PerHour)),
		state("2026-03-05 12:40:00", "2026-03-05 10:00:00", rate("2", pipeline.PerHour)),
	}, "05 10:00 1 1", "05 11:00 1 1", "05 12:00 2 1")
}

func TestEventToldLateMovesThePriceChange(t *testing.T) {
	late := state("2026-03-05 13:00:00", "2026-03-05 10:00:00", rate("2", pipeline.PerHour))
	late.Events = []pipeline.ResourceEvent{event(pipeline.EventResized, "2026-03-05 11:30:00")}
	checkAccrual(t, accrual("2026-03-05 13:00:00"), []pipeline.ResourceState{
		state("2026-03-05 10:20:00", "2026-03-05 10:00:00", rate("1", pipeline.PerHour)),
		state("2026-03-05 12:40:00", "2026-03-05 10:00:00", rate("2", pipeline.PerHour)),
		late,
	}, "05 10:00 1 1", "05 11:00 0.5 0.5", "05 11:00 1 0.5", "05 12:00 2 1")
}

func TestResourceThatComesBackWasNotThereInBetween(t *testing.T) {
	gone := state("2026-03-05 12:00:00", "", rate("1", pipeline.PerHour))
	gone.Change, gone.DeletedAt = pipeline.ResourceDeleted, at("2026-03-05 11:00:00")
	checkAccrual(t, accrual("2026-03-05 15:00:00"), []pipeline.ResourceState{
		state("2026-03-05 10:20:00", "", rate("1", pipeline.PerHour)), gone, state("2026-03-05 14:30:00", "", rate("1", pipeline.PerHour)),
	}, "05 10:00 1 1", "05 14:00 1 1")
}

func TestUnknownPriceIsCountedAndNoZero(t *testing.T) {
	unknown := pipeline.Rate{ServiceName: "VPS", Currency: "RUB", Period: pipeline.PerDay}
	licence := rate("1", pipeline.PerHour)
	licence.Component, licence.ServiceName = "license:isp", "ISP"
	charges := accrual("2026-03-05 11:00:00").Charges(
		[]pipeline.ResourceState{state("2026-03-05 10:20:00", "2026-03-05 10:00:00", unknown, licence)}, at("2026-03-05 00:00:00"), at("2026-03-06 00:00:00"))
	if d := cmp.Diff([]string{"05 10:00 ? 1", "05 10:00 1 1"}, told(charges)); d != "" {
		t.Error(d)
	}
	if charges[0].LineCount != 1 || charges[0].ListUnitPrice != "" || !charges[0].BilledCost.IsZero() {
		t.Errorf("an unknown price became %+v", charges[0])
	}
	if charges[1].ServiceName != "ISP" || charges[1].ListUnitPrice != "1" || charges[1].BillingPeriodStart != at("2026-03-01 00:00:00") {
		t.Errorf("the licence's line is %+v", charges[1].Line)
	}
}

func TestResourceWithoutRatesCostsNothing(t *testing.T) {
	s := state("2026-03-05 12:00:00", "2026-03-05 09:30:00")
	s.Events = []pipeline.ResourceEvent{event(pipeline.EventResized, "2026-03-05 10:30:00")}
	checkAccrual(t, accrual("2026-03-05 12:00:00"), []pipeline.ResourceState{s})
}

func TestHalfHourZonesCutTheHourAtMidnight(t *testing.T) {
	a := accrual("2026-03-07 00:00:00")
	a.Zone = time.FixedZone("IST", 5*3600+1800)
	from := time.Date(2026, 3, 5, 0, 0, 0, 0, a.Zone)
	s := state("2026-03-06 12:00:00", "2026-03-05 00:00:00", rate("24", pipeline.PerDay))
	s.CreatedAt = from
	charges := a.Charges([]pipeline.ResourceState{s}, from, from.Add(24*time.Hour))
	total := decimal.Decimal{}
	for _, c := range charges {
		total = total.Add(c.BilledCost)
	}
	if len(charges) != 25 || !total.Equal(decimal.New(24, 0)) {
		t.Errorf("a day has %d lines that cost %s", len(charges), total)
	}
}

// However long a resource lives at one price: its days cost the price of a day, its months the price of a month, and an
// hour is the same whether it is asked for alone or with others.
func TestHoursAddUpToThePriceOfTheirPeriod(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.Int32Range(0, 12).Draw(t, "digits")
		price := decimal.New(rapid.Int64Range(1, 10_000_000).Draw(t, "price"), -digits)
		p := rapid.SampledFrom([]pipeline.RatePeriod{pipeline.PerHour, pipeline.PerDay, pipeline.PerMonth}).Draw(t, "period")
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Europe/Moscow", "UTC", "Asia/Kolkata"}).Draw(t, "zone"))
		if err != nil {
			t.Fatal(err)
		}
		month := rapid.IntRange(1, 12).Draw(t, "month")
		from, to := time.Date(2026, time.Month(month), 1, 0, 0, 0, 0, zone), time.Date(2026, time.Month(month+1), 1, 0, 0, 0, 0, zone)
		a := &collect.Accrual{Provider: "p", Zone: zone, Through: to.Add(time.Hour)}
		s := state("2025-12-01 00:00:00", "2025-12-01 00:00:00", rate(price.String(), p))
		whole := a.Charges([]pipeline.ResourceState{s}, from, to)
		var total decimal.Decimal
		for _, c := range whole {
			total = total.Add(c.BilledCost)
		}
		days := int64(to.Sub(from) / (24 * time.Hour))
		want := map[pipeline.RatePeriod]decimal.Decimal{
			pipeline.PerHour: price.Mul(decimal.New(days*24, 0)), pipeline.PerDay: price.Mul(decimal.New(days, 0)), pipeline.PerMonth: price,
		}[p]
		if !total.Equal(want) {
			t.Fatalf("%d days cost %s, want %s", days, total, want)
		}
		cut := from.Add(time.Duration(rapid.Int64Range(1, days).Draw(t, "cut")) * 24 * time.Hour)
		if d := cmp.Diff(whole, append(a.Charges([]pipeline.ResourceState{s}, from, cut), a.Charges([]pipeline.ResourceState{s}, cut, to)...)); d != "" {
			t.Fatal(d)
		}
	})
}

// Looking more often changes nothing as long as nothing changes.
func TestObservationsWithoutNewsChangeNoCharge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := state("2026-03-05 10:20:00", "2026-03-05 08:10:00", rate("22.5", pipeline.PerDay))
		states := []pipeline.ResourceState{first}
		for i, gap := range rapid.SliceOfN(rapid.IntRange(1, 20_000), 0, 8).Draw(t, "gaps") {
			s := first
			s.SeenAt = states[i].SeenAt.Add(time.Duration(gap) * time.Second)
			s.Attributes = map[string]string{"n": fmt.Sprint(i)}
			states = append(states, s)
		}
		a := accrual("2026-03-07 03:33:33")
		from, to := at("2026-03-01 00:00:00"), at("2026-03-08 00:00:00")
		if d := cmp.Diff(a.Charges(states[:1], from, to), a.Charges(states, from, to)); d != "" {
			t.Fatal(d)
		}
	})
}
