package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// traces finds the folder "shared" beside the project, "" when it is not there.
func traces(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			name := filepath.Join(dir, "..", "shared", "data", "vm", "planetlab-workload-traces.tar.gz")
			if _, err := os.Stat(name); err == nil {
				return name
			}
			return ""
		}
	}
	return ""
}

func TestBenchPrintsEveryFigure(t *testing.T) {
	world := Full()
	world.Tenants, world.Resources = 2, 20
	var out strings.Builder
	err := Bench(t.Context(), &out, Options{DSN: enginetest.Start(t), World: world, Rounds: 1, Loaded: 400 * time.Millisecond, Rows: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for _, figure := range []string{
		"rows/s through read, compare, append over plain batches | ", "rows appended by collecting the same 2000 rows again | 0 (",
		"bytes a charge row on disk, projections included | ", "one client: p99 | ", "questions/s over the bare engine's | ", "bytes a CPU sample | ",
	} {
		if !strings.Contains(out.String(), figure) {
			t.Errorf("no figure %q in\n%s", figure, out.String())
		}
	}
}

// BenchmarkFull prints the figures of the full world; one run takes some minutes.
func BenchmarkFull(b *testing.B) {
	for b.Loop() {
		if err := Bench(b.Context(), os.Stdout, Options{DSN: enginetest.Start(b), Traces: traces(b)}); err != nil {
			b.Fatal(err)
		}
	}
}
