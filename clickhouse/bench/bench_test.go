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
	figures, err := Bench(t.Context(), Options{DSN: enginetest.Start(t), World: world, Rounds: 1, Loaded: 400 * time.Millisecond, Rows: 2000})
	if err != nil {
		t.Fatal(err)
	}
	limits := map[string]string{}
	for _, f := range figures {
		if f.Err != nil || f.Measured == "" {
			t.Errorf("%s was not measured: %v", f.Name, f.Err)
		}
		limits[f.Name] = f.Limit
	}
	for name, limit := range map[string]string{
		"rows/s through collect over plain clickhouse-go batches": ">= 0.5", "rows appended by collecting the same 2000 rows again": "0",
		"bytes a charge row on disk, projections, names, tags included": "<= 6", "12 overview questions, one client: p99": "<= 50 ms",
		"8 clients: questions/s over the bare engine's with the same SQL": ">= 0.7", "bytes a CPU sample": "",
	} {
		if got, ok := limits[name]; !ok || got != limit {
			t.Errorf("figure %q: got limit %q, want %q", name, got, limit)
		}
	}
}

// BenchmarkFull prints the figures of the full world; one run takes some minutes.
func BenchmarkFull(b *testing.B) {
	for b.Loop() {
		figures, err := Bench(b.Context(), Options{DSN: enginetest.Start(b), Traces: traces(b)})
		if err != nil {
			b.Fatal(err)
		}
		for _, f := range figures {
			b.Logf("%s | %s | %s | %v", f.Name, f.Measured, f.Limit, f.Err)
		}
	}
}

// TestUsualQuestionsAreServedByProjections has the engine explain every statement that the questions become.
func TestUsualQuestionsAreServedByProjections(t *testing.T) {
	world := Full()
	world.Tenants, world.Resources = 2, 40
	b := &bench{Options: Options{DSN: enginetest.Start(t), World: world}.withDefaults()}
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
