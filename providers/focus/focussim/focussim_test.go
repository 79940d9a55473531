package focussim_test

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
	"github.com/infrazen/infrazen/providers/focus/focussim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 11, 3, 10, 30, 0, 0, time.UTC)

func write(t *testing.T, dir string, at time.Time, cloud focussim.Cloud) focussim.Report {
	t.Helper()
	rep, err := focussim.Write(dir, focussim.Config{Seed: 7, Now: at, Days: 12, Cloud: cloud})
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sum is a sink that adds up; a slice counts once it is committed.
type sum struct {
	rows   map[string]int64
	billed map[string]decimal.Decimal
	keys   map[pipeline.LineKey]bool
}

func (s *sum) Slice(_ context.Context, sl pipeline.Slice) (pipeline.SliceWriter, error) {
	return &sumSlice{sum: s, source: sl.Source}, nil
}
func (s *sum) Resources(context.Context, []pipeline.Resource) error { return nil }
func (s *sum) Samples(context.Context, []pipeline.Sample) error     { return nil }
func (s *sum) Account(context.Context, pipeline.AccountState) error { return nil }

type sumSlice struct {
	sum    *sum
	source string
	rows   int64
	billed decimal.Decimal
}

func (s *sumSlice) Add(_ context.Context, c pipeline.Charge) error {
	s.rows++
	s.billed = s.billed.Add(c.BilledCost)
	s.sum.keys[c.Key()] = true
	return nil
}

func (s *sumSlice) Commit(context.Context) error {
	s.sum.rows[s.source], s.sum.billed[s.source] = s.rows, s.billed
	return nil
}
func (s *sumSlice) Abort() {}

func load(t *testing.T, dir string) (rows int64, billed decimal.Decimal, lines int) {
	t.Helper()
	ctx := context.Background()
	s, err := focus.New(focus.Variants()[0], focus.Options{FolderRoot: dir}).Open(
		pipeline.Settings{"source": "folder", "folder": "."},
		pipeline.Env{Now: time.Now, Log: slog.New(slog.DiscardHandler), TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(ctx) }()
	objects, err := s.Objects(ctx)
	if err != nil {
		t.Fatal(err)
	}
	into := &sum{rows: make(map[string]int64), billed: make(map[string]decimal.Decimal), keys: make(map[pipeline.LineKey]bool)}
	for _, o := range objects {
		out, err := s.Collect(ctx, pipeline.Task{Feed: pipeline.FeedFiles, Object: o}, into)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range out.Notes {
			if n.Code != focus.NoteCustomColumns {
				t.Errorf("%s: a deviation in an export that has none: %+v", o.Key, n)
			}
		}
	}
	for source, n := range into.rows {
		rows += n
		billed = billed.Add(into.billed[source])
	}
	return rows, billed, len(into.keys)
}

func TestImporterReadsWhatWasWritten(t *testing.T) {
	for _, cloud := range []focussim.Cloud{focussim.Volna(), focussim.Overseas()} {
		dir := t.TempDir()
		rep := write(t, dir, now, cloud)
		rows, billed, lines := load(t, dir)
		if rows != rep.Rows || !billed.Equal(rep.BilledCost) || rows < 5_000 {
			t.Errorf("%s: %d rows of %s, the report says %d of %s", cloud.Name, rows, billed, rep.Rows, rep.BilledCost)
		}
		// A resource's line is the same in the archive and in the daily files, and from month to month but for the billing period.
		if lines > 100 {
			t.Errorf("%s: %d different lines", cloud.Name, lines)
		}
	}
}

func TestSameCallSameBytes(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	write(t, a, now, focussim.Cloud{})
	write(t, b, now, focussim.Cloud{})
	if diff := cmp.Diff(files(t, a), files(t, b)); diff != "" {
		t.Error("two exports of the same differ")
	}
	if rep := write(t, a, now, focussim.Cloud{}); rep.Written != 0 {
		t.Errorf("a repeated call wrote %d files", rep.Written)
	}
}

func TestLaterCallAddsAndRestates(t *testing.T) {
	dir := t.TempDir()
	first := write(t, dir, now, focussim.Cloud{})
	before := files(t, dir)
	later := write(t, dir, now.Add(30*time.Hour), focussim.Cloud{})
	after := files(t, dir)
	if later.Rows <= first.Rows || !later.BilledCost.GreaterThan(first.BilledCost) {
		t.Errorf("30 hours later: %+v, before %+v", later, first)
	}
	want := map[string]bool{"daily/2026-11-01.csv.gz": true, "daily/2026-11-02.csv.gz": true, "daily/2026-11-03.csv.gz": true, "daily/2026-11-04.csv.gz": true}
	got := make(map[string]bool)
	for name, content := range after {
		if before[name] != content {
			got[name] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed files (-want +got):\n%s", diff)
	}
	// However many calls lie between, the same instant gives the same files.
	other := t.TempDir()
	write(t, other, now, focussim.Cloud{})
	for h := 10; h <= 30; h += 10 {
		write(t, other, now.Add(time.Duration(h)*time.Hour), focussim.Cloud{})
	}
	if diff := cmp.Diff(after, files(t, other)); diff != "" {
		t.Error("the way to an instant shows in its files")
	}
}
