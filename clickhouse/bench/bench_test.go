package bench

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
	"github.com/infrazen/infrazen/pipeline"
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

// TestUsualQuestionsAreServedByProjections has the engine explain every statement that the questions become.
func TestUsualQuestionsAreServedByProjections(t *testing.T) {
	world := Full()
	world.Tenants, world.Resources = 2, 40
	b := &bench{Options: Options{DSN: enginetest.Start(t), World: world}.withDefaults(), out: io.Discard}
	if err := b.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	if err := world.load(t.Context(), b.conn); err != nil {
		t.Fatal(err)
	}
	recorded, err := b.record(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range Questions(world.To()) {
		for _, r := range recorded[i] {
			r.body = "EXPLAIN " + r.body
			plan := explain(t, r)
			want := "(by_day)"
			if q.Step == pipeline.StepHour {
				want = "(by_hour)"
			}
			if !strings.Contains(plan, "ReadFromMergeTree "+want) {
				t.Errorf("question %q is not read from %s:\n%s\n%s", q.Name, want, r.body, plan)
			}
		}
	}
}

func explain(t *testing.T, r recording) string {
	t.Helper()
	address := strings.Replace(r.url, "default_format=Native", "default_format=TabSeparatedRaw", 1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(r.body))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(r.user, r.pass)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("cannot explain: %s %s %v", response.Status, text, err)
	}
	return string(text)
}
