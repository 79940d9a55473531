package world_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// fifty is an account with about fifty resources.
func fifty(seed uint64) *world.Account {
	return world.NewAccount(world.AccountConfig{Seed: seed, Catalog: toy(), Start: start(), Servers: 18})
}

func BenchmarkBillOfADay(b *testing.B) {
	a := fifty(1)
	from := start().Add(50 * day)
	lines := 0
	for b.Loop() {
		lines = len(a.Bill(from, from.Add(day), from.Add(30*day)))
	}
	b.ReportMetric(float64(lines), "lines")
	b.ReportMetric(float64(len(a.All())), "resources")
}

func BenchmarkBalance(b *testing.B) {
	a := fifty(1)
	now := start().Add(110*day + 5*time.Hour)
	a.Balance(now)
	for b.Loop() {
		a.Balance(now)
	}
}

func BenchmarkFirstBalance(b *testing.B) {
	for b.Loop() {
		fifty(1).Balance(start().Add(110 * day))
	}
}

func BenchmarkLoad(b *testing.B) {
	l := world.Load{Pattern: world.Daily, Peak: 40, Base: 5, Noise: 6, Bursts: 1}
	now := start()
	for b.Loop() {
		l.At(1, "11111111-2222-4333-8444-555555555555", now)
		now = now.Add(5 * time.Minute)
	}
}

// BenchmarkThousandAccounts tells the memory that 1,000 accounts hold after each was asked for its balance.
func BenchmarkThousandAccounts(b *testing.B) {
	for b.Loop() {
		before := inUse()
		accounts, resources := make([]*world.Account, 1000), 0
		for i := range accounts {
			accounts[i] = fifty(uint64(i))
			resources += len(accounts[i].All())
		}
		b.ReportMetric(float64(inUse()-before)/1e6, "MB/made")
		b.ReportMetric(float64(resources), "resources")
		for _, a := range accounts[:100] {
			a.Balance(start().Add(120 * day))
		}
		b.ReportMetric(float64(inUse()-before)/1e6, "MB/100-asked")
		runtime.KeepAlive(accounts)
	}
}

func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
