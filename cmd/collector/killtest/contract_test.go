package killtest

import (
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

func TestStoresKeepTheContract(t *testing.T) {
	th := open(t, 1)
	tenant, err := th.windows.CreateTenant(t.Context(), "contract", "Europe/Moscow", "RUB")
	if err != nil {
		t.Fatal(err)
	}
	make := func(name string) collect.Account {
		c, err := th.windows.CreateConnection(t.Context(), tenant.ID, pipeline.Connection{Kind: collecttest.Kind, Name: name}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return collect.Account{Tenant: tenant.ID, Connection: c.ID}
	}
	one, two := make("one"), make("two")
	collecttest.RunLedger(t, th.facts, one)
	collecttest.RunWindows(t, collecttest.WindowStore{Windows: th.windows, One: one, Two: two, Pass: func(d time.Duration) { <-time.After(d) }})
}
