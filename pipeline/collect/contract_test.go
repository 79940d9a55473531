package collect_test

import (
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

func TestLedgerInMemoryKeepsTheContract(t *testing.T) {
	collecttest.RunLedger(t, collecttest.NewLedger(), account)
}

func TestWindowsInMemoryKeepTheContract(t *testing.T) {
	w := collecttest.NewWindows(noon)
	two := connection()
	two.ID = "c2"
	w.Connect(connection(), pipeline.Settings{})
	w.Connect(two, pipeline.Settings{})
	collecttest.RunWindows(t, collecttest.WindowStore{
		Windows: w, One: account, Two: collect.Account{Tenant: "t", Connection: "c2"},
		Pass: func(d time.Duration) {
			now, _ := w.Now(t.Context())
			w.Set(now.Add(d))
		},
	})
}
