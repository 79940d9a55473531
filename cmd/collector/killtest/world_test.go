package killtest

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

const (
	epochs    = 3
	billHours = 12
	servers   = 40
	files     = 3
)

// story is what the clouds tell in each epoch. It is the same for the same seed.
type story struct {
	base   time.Time // the first hour of the bill
	worlds []collecttest.World
	files  []map[string]string // by name, CSV
}

func tellStory(seed uint64, base time.Time) *story {
	s := &story{base: base}
	random := rand.New(rand.NewPCG(seed, 1))
	var world collecttest.World
	for e := range epochs {
		world = s.nextWorld(random, world, e)
		s.worlds = append(s.worlds, world)
		s.files = append(s.files, s.nextFiles(random))
	}
	return s
}

func money(r *rand.Rand) decimal.Decimal {
	return decimal.New(r.Int64N(1_000_000_000), -int32(r.IntN(13)))
}

func (s *story) nextWorld(r *rand.Rand, prev collecttest.World, epoch int) collecttest.World {
	clock := s.base.Add(time.Duration(billHours+epoch) * time.Hour).Add(time.Duration(r.IntN(3600)) * time.Second)
	w := collecttest.World{Clock: clock, Scopes: []string{"vps"}, Charges: s.nextBill(r, prev.Charges)}
	for i := range servers {
		at := slices.IndexFunc(prev.Resources, func(p pipeline.Resource) bool { return p.ID == fmt.Sprint("vps-", i) })
		switch {
		case at >= 0 && r.IntN(12) == 0: // gone without a word
		case at >= 0:
			w.Resources = append(w.Resources, s.nextServer(r, prev.Resources[at], prev.Clock, clock))
		case r.IntN(4) > 0:
			w.Resources = append(w.Resources, s.newServer(r, fmt.Sprint("vps-", i), prev.Clock, clock))
		}
	}
	return w
}

func (s *story) newServer(r *rand.Rand, id string, after, clock time.Time) pipeline.Resource {
	if after.IsZero() {
		after = s.base
	}
	created := after.Add(time.Duration(r.Int64N(int64(clock.Sub(after))))).Truncate(time.Second)
	n := pipeline.Resource{
		ID: id, Type: pipeline.Server, Name: id, Scope: "vps", Status: "RUNNING", RegionID: "ru1", CreatedAt: created,
		Tags:   map[string]string{"team": []string{"web", "db"}[r.IntN(2)]},
		Events: []pipeline.ResourceEvent{{Kind: pipeline.EventCreated, Time: created}},
	}
	n.Rates = []pipeline.Rate{{
		ServiceName: "VPS", Known: r.IntN(6) > 0, Amount: money(r), Currency: "RUB", Period: []pipeline.RatePeriod{pipeline.PerDay, pipeline.PerMonth}[r.IntN(2)],
		CostStatus: pipeline.Estimated,
	}}
	if r.IntN(3) == 0 {
		n.Rates = append(n.Rates, pipeline.Rate{Component: "license", ServiceName: "License", Known: true, Amount: money(r), Currency: "RUB", Period: pipeline.PerMonth})
	}
	return n
}

func (s *story) nextServer(r *rand.Rand, p pipeline.Resource, after, clock time.Time) pipeline.Resource {
	when := after.Add(time.Duration(r.Int64N(int64(clock.Sub(after))))).Truncate(time.Second)
	p.Events = slices.Clone(p.Events)
	switch r.IntN(6) {
	case 0:
		p.Rates = slices.Clone(p.Rates)
		p.Rates[0].Amount, p.Rates[0].Known = money(r), true
		p.Events = append(p.Events, pipeline.ResourceEvent{Kind: pipeline.EventResized, Time: when})
	case 1:
		p.Name += "x"
	case 2:
		if removedAlready(p) {
			break
		}
		p.Status = "REMOVED"
		p.Events = append(p.Events, pipeline.ResourceEvent{Kind: pipeline.EventRemoved, Time: when})
	}
	return p
}

func removedAlready(p pipeline.Resource) bool { return p.Status == "REMOVED" }

// nextBill restates the bill: some lines change, some go, some come.
func (s *story) nextBill(r *rand.Rand, prev []pipeline.Charge) []pipeline.Charge {
	var bill []pipeline.Charge
	for h := range billHours {
		start := s.base.Add(time.Duration(h) * time.Hour)
		for i := range 30 {
			id := fmt.Sprint("volume-", i)
			at := slices.IndexFunc(prev, func(c pipeline.Charge) bool { return c.ResourceID == id && c.Start.Equal(start) })
			switch {
			case at >= 0 && r.IntN(3) > 0:
				bill = append(bill, prev[at])
			case r.IntN(5) > 0:
				cost := money(r)
				bill = append(bill, pipeline.Charge{
					Line: pipeline.Line{
						ProviderName: "Small", ServiceName: "Volume", ResourceID: id, ResourceName: id, BillingCurrency: "RUB",
						ChargeCategory: pipeline.Usage, CostStatus: pipeline.Billed, Tags: map[string]string{"n": fmt.Sprint(r.IntN(3))},
					},
					Start: start, End: start.Add(time.Hour),
					Measures: pipeline.Measures{LineCount: 1, UnpricedCount: int64(r.IntN(20) / 19), BilledCost: cost, EffectiveCost: cost.Neg(), ListCost: money(r)},
				})
			}
		}
	}
	return bill
}

const begetLogin, begetPassword = "killed", "password-of-beget"

// beget is the world of the stand-in for Beget: machines that come, go, are resized and change their price.
func (s *story) beget(seed uint64, now func() time.Time) begetsim.Config {
	r := rand.New(rand.NewPCG(seed, 3))
	const early = 30 * time.Hour // the world begins before the bill
	span := (billHours + epochs) * time.Hour
	sometime := func() time.Duration { return early + time.Duration(r.Int64N(int64(span))).Truncate(time.Second) }
	account := begetsim.Account{Title: "killed", Login: begetLogin, Password: begetPassword, APIPassword: "password-of-api"}
	for i := range 7 {
		size := begetsim.Size{CPU: 1, MemoryMB: 1024, DiskMB: 10240, PriceDay: []string{"22", "9.73", "100.123456789", ""}[r.IntN(4)]}
		m := begetsim.Machine{ID: fmt.Sprintf("11111111-2222-4333-8444-%012d", i), Name: fmt.Sprint("m", i), Size: size, Region: "ru1", Created: sometime() - 20*time.Hour}
		bigger := size
		bigger.CPU, bigger.PriceDay = 2, "29.5"
		if at := sometime(); r.IntN(2) == 0 && at > m.Created {
			m.Changes = append(m.Changes, begetsim.Change{At: at, Type: "RECONFIGURE", Size: &bigger, Failed: r.IntN(4) == 0})
		}
		if at := sometime(); r.IntN(3) == 0 && at > m.Created {
			m.Removed = at
		}
		account.Machines = append(account.Machines, m)
	}
	return begetsim.Config{Seed: seed, Start: s.base.Add(-early), Now: now, Accounts: []begetsim.Account{account}, PageSize: 3, LegacyLimit: -1}
}

const csvHeader = "ProviderName,PublisherName,InvoiceIssuerName,BillingAccountId,BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd," +
	"ChargeCategory,ServiceCategory,ServiceName,ResourceId,BilledCost,EffectiveCost,ListCost,ContractedCost,ConsumedQuantity,ConsumedUnit\n"

func (s *story) nextFiles(r *rand.Rand) map[string]string {
	out := map[string]string{}
	for f := range files {
		var b strings.Builder
		b.WriteString(csvHeader)
		month := time.Date(s.base.Year(), s.base.Month(), 1, 0, 0, 0, 0, time.UTC)
		const form = "2006-01-02T15:04:05Z"
		for range 100 + r.IntN(700) {
			start := s.base.Add(time.Duration(r.IntN(60)-40) * time.Hour) // over two months when the base is near their border
			fmt.Fprintf(&b, "AWS,AWS,AWS,1,USD,%s,%s,%s,%s,Usage,Compute,EC2,i-%d,%s,%s,%s,%s,1,Hours\n",
				month.Format(form), month.AddDate(0, 1, 0).Format(form), start.Format(form), start.Add(time.Hour).Format(form),
				r.IntN(50), money(r), money(r), money(r), money(r))
		}
		out[fmt.Sprintf("export-%d.csv", f)] = b.String()
	}
	return out
}

// play puts an epoch's world where the collectors read it, each file in one step. What is billed may be another epoch's.
func (s *story) play(t *testing.T, worldFile, folder string, epoch, bill int) {
	t.Helper()
	w := s.worlds[epoch]
	w.Charges = s.worlds[bill].Charges
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	replace(t, worldFile, string(text))
	for name, content := range s.files[bill] {
		replace(t, filepath.Join(folder, name), content)
	}
}

func replace(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".tmp~", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".tmp~", path); err != nil {
		t.Fatal(err)
	}
}
