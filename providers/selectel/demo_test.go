package selectel_test

import (
	"net/http/httptest"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/selectel/selectelsim"
	"github.com/infrazen/infrazen/providers/world"
)

// TestDemo collects the demo company's accounts: a month costs what is said, and what was forgotten is found.
func TestDemo(t *testing.T) {
	accounts := world.DemoSelectel(7, testNow().Add(-99*testDay))
	sim := selectelsim.New(selectelsim.Config{Accounts: accounts, Now: testNow})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	months, conditions := []string{"166600", "104300"}, []map[string]string{
		{"postgres-data-volume": "orphan", "eip-01": "orphan"}, {"pg-backup-volume": "orphan", "old-promo-landing": "zombie"},
	}
	for i, a := range accounts {
		s := stand{sim: sim, account: a, url: srv.URL}
		session := open(t, s.settings())
		before := sim.Count("/")
		rec, out := collect(t, session, inventory())
		if !out.Complete() {
			t.Errorf("%s: %+v", a.Title, out.Scopes)
		}
		if n := sim.Count("/") - before; n > 110 {
			t.Errorf("%s: %d requests for an inventory of two projects in seven regions", a.Title, n)
		}
		got := map[string]string{}
		for _, r := range rec.Rows {
			if c := r.Attributes[pipeline.AttributeCondition]; c != "" {
				got[r.Name] = c
			}
		}
		for name, want := range conditions[i] {
			if got[name] != want {
				t.Errorf("%s: %s is %q, want %q; all: %v", a.Title, name, got[name], want, got)
			}
		}
		task := pipeline.Task{Feed: pipeline.FeedCharges, From: dayOf(30).From, To: dayOf(1).To}
		rec, _ = collect(t, session, task)
		sum, want := decimal.Zero, dec(months[i])
		for _, c := range rec.Charges() {
			sum = sum.Add(c.BilledCost)
		}
		if sum.Sub(want).Abs().GreaterThan(want.Mul(dec("0.02"))) {
			t.Errorf("%s costs %s in 30 days, want about %s", a.Title, sum, want)
		}
	}
}
