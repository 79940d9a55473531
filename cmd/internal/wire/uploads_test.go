package wire_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
	"github.com/infrazen/infrazen/postgres"
	"github.com/infrazen/infrazen/postgres/pgtest"
	"github.com/infrazen/infrazen/providers/table"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	july    = "date,cost\n2026-07-01,10\n2026-07-02,0.5\n"
	mapping = `{"version":1,"period":"day","currency":"RUB","columns":{"start":"date","cost":"cost"}}`
)

// files is a connection by files, from the store of uploads to the ledger.
type files struct {
	t       *testing.T
	store   *postgres.Store
	ledger  *collecttest.Ledger
	collect *collect.Collector
	conn    pipeline.Connection
}

func newFiles(t *testing.T) *files {
	t.Helper()
	f := &files{t: t, store: pgtest.Open(t), ledger: collecttest.NewLedger()}
	cfg := collect.DefaultConfig()
	cfg.Holder, cfg.TempDir = "test", t.TempDir()
	var err error
	f.collect, err = collect.New(collect.Deps{
		Windows: f.store, Ledger: f.ledger, Providers: table.All(), Uploads: f.store.UploadsOf,
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	}, cfg)
	f.must(err)
	tenant, err := f.store.CreateTenant(t.Context(), "Альфа", "Europe/Moscow", "RUB")
	f.must(err)
	f.conn, err = f.store.CreateConnection(t.Context(), tenant.ID, pipeline.Connection{Kind: "table", Name: "Файлы", Settings: map[string]string{"mapping": mapping}}, nil)
	f.must(err)
	return f
}

func (f *files) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *files) put(name, content string) {
	f.t.Helper()
	_, err := f.store.PutUpload(f.t.Context(), f.conn.TenantID, f.conn.ID, name, "", strings.NewReader(content))
	f.must(err)
}

// sync does what happens after an upload, and gives the sums by file, period and resource.
func (f *files) sync() map[string]string {
	f.t.Helper()
	f.must(f.collect.PlanAll(f.t.Context()))
	f.must(f.store.SyncNow(f.t.Context(), f.conn.TenantID, f.conn.ID))
	f.collect.CollectDue(f.t.Context())
	sums := map[string]decimal.Decimal{}
	for _, r := range f.ledger.Rows() {
		key := fmt.Sprint(r.Source, " ", r.Charge.Start.Format(time.DateOnly), " ", r.Charge.End.Format(time.DateOnly))
		sums[key] = sums[key].Add(r.Charge.BilledCost)
	}
	out := map[string]string{}
	for k, v := range sums {
		if !v.IsZero() {
			out[k] = v.String()
		}
	}
	return out
}

func (f *files) want(what string, want map[string]string) {
	f.t.Helper()
	if diff := cmp.Diff(want, f.sync()); diff != "" {
		f.t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestFilesFromUploadToLedger uploads, replaces, removes and remaps files; the ledger follows, and syncing again adds nothing.
func TestFilesFromUploadToLedger(t *testing.T) {
	f := newFiles(t)
	f.want("without files", map[string]string{})
	f.put("a.csv", july)
	loaded := map[string]string{"file:a.csv 2026-07-01 2026-07-02": "10", "file:a.csv 2026-07-02 2026-07-03": "0.5"}
	f.want("a file", loaded)
	rows := len(f.ledger.Rows())
	f.want("again", loaded)
	if n := len(f.ledger.Rows()); n != rows {
		t.Errorf("syncing again added %d rows", n-rows)
	}
	f.put("a.csv", strings.Replace(july, "0.5", "0.75", 1))
	f.want("a file that changed", map[string]string{"file:a.csv 2026-07-01 2026-07-02": "10", "file:a.csv 2026-07-02 2026-07-03": "0.75"})
	f.put("b.csv", "date,cost\nx,1\n")
	f.want("a file that cannot be read changes nothing", map[string]string{"file:a.csv 2026-07-01 2026-07-02": "10", "file:a.csv 2026-07-02 2026-07-03": "0.75"})
	status, err := f.store.Status(t.Context(), f.conn.TenantID, f.conn.ID)
	f.must(err)
	if len(status.Faults) != 1 || !strings.Contains(status.Faults[0].Text.RU, "строка 2") {
		t.Errorf("faults %+v", status.Faults)
	}
	f.must(f.store.RemoveUpload(t.Context(), f.conn.TenantID, f.conn.ID, "b.csv"))
	f.put("c.csv", "date,cost\n2026-08-05,3\n")
	f.conn, err = f.store.UpdateConnection(t.Context(), f.conn.TenantID, f.conn.ID, f.conn.Version,
		postgres.ConnectionChange{Settings: map[string]string{"mapping": strings.Replace(mapping, "day", "month", 1)}})
	f.must(err)
	f.want("another mapping", map[string]string{"file:a.csv 2026-07-01 2026-08-01": "10.75", "file:c.csv 2026-08-01 2026-09-01": "3"})
	f.must(f.store.RemoveUpload(t.Context(), f.conn.TenantID, f.conn.ID, "a.csv"))
	f.want("a file removed", map[string]string{"file:c.csv 2026-08-01 2026-09-01": "3"})
	status, err = f.store.Status(t.Context(), f.conn.TenantID, f.conn.ID)
	f.must(err)
	if status.State != pipeline.ConnectionOK || len(status.Faults) > 0 {
		t.Errorf("in the end: %+v", status)
	}
	f.put("a.csv", july)
	f.want("a file that comes back", map[string]string{"file:a.csv 2026-07-01 2026-08-01": "10.5", "file:c.csv 2026-08-01 2026-09-01": "3"})
}
