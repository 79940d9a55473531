package focus_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger keeps what was committed, by source.
type ledger struct {
	slices map[string][]pipeline.Charge
	// count only counts lines, for files that are too long to keep.
	countOnly bool
	added     int64
	aborted   int
	onAdd     func(n int64) error
}

func newLedger() *ledger { return &ledger{slices: make(map[string][]pipeline.Charge)} }

func (l *ledger) Slice(_ context.Context, s pipeline.Slice) (pipeline.SliceWriter, error) {
	if !s.From.IsZero() || !s.To.IsZero() {
		return nil, errors.New("a file's slice has no period")
	}
	return &sliceOf{ledger: l, source: s.Source}, nil
}

func (l *ledger) Resources(context.Context, []pipeline.Resource) error {
	return errors.New("not for files")
}

func (l *ledger) Samples(context.Context, []pipeline.Sample) error {
	return errors.New("not for files")
}

func (l *ledger) Account(context.Context, pipeline.AccountState) error {
	return errors.New("not for files")
}

func (l *ledger) all() (out []pipeline.Charge) {
	for _, cs := range l.slices {
		out = append(out, cs...)
	}
	return out
}

type sliceOf struct {
	ledger    *ledger
	source    string
	rows      []pipeline.Charge
	committed bool
}

func (s *sliceOf) Add(_ context.Context, c pipeline.Charge) error {
	s.ledger.added++
	if s.ledger.onAdd != nil {
		if err := s.ledger.onAdd(s.ledger.added); err != nil {
			return err
		}
	}
	if s.ledger.countOnly {
		return nil
	}
	c.Tags = maps.Clone(c.Tags)
	s.rows = append(s.rows, c)
	return nil
}

func (s *sliceOf) Commit(context.Context) error {
	s.committed = true
	s.ledger.slices[s.source] = s.rows
	return nil
}

func (s *sliceOf) Abort() {
	if !s.committed {
		s.ledger.aborted++
	}
}

func testEnv(t testing.TB) pipeline.Env {
	return pipeline.Env{
		Now:     func() time.Time { return time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC) },
		Log:     slog.New(slog.DiscardHandler),
		TempDir: t.TempDir(),
	}
}

// openFolder opens a session on a directory.
func openFolder(t testing.TB, dir string, o focus.Options) pipeline.Session {
	t.Helper()
	o.FolderRoot = dir
	return openWith(t, pipeline.Settings{"source": "folder", "folder": "."}, o)
}

func openWith(t testing.TB, settings pipeline.Settings, o focus.Options) pipeline.Session {
	t.Helper()
	s, err := focus.New(focus.Variants()[0], o).Open(settings, testEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// put writes a file and makes sure that its time differs from what was there.
func put(t testing.TB, dir, name string, content []byte) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// collectAll collects every object there is; errors are by key.
func collectAll(t testing.TB, s pipeline.Session, into *ledger) (map[string]pipeline.Outcome, map[string]*pipeline.Fault) {
	t.Helper()
	objects, err := s.Objects(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	outcomes, faults := make(map[string]pipeline.Outcome), make(map[string]*pipeline.Fault)
	for _, o := range objects {
		out, err := s.Collect(context.Background(), pipeline.Task{Feed: pipeline.FeedFiles, Object: o}, into)
		if err != nil {
			faults[o.Key] = pipeline.AsFault(err)
		}
		outcomes[o.Key] = out
	}
	return outcomes, faults
}

// loadOne loads one file of the given content.
func loadOne(t testing.TB, name string, content []byte, o focus.Options) ([]pipeline.Charge, pipeline.Outcome, *pipeline.Fault) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, name, content)
	l := newLedger()
	outcomes, faults := collectAll(t, openFolder(t, dir, o), l)
	if f := faults[name]; f != nil && len(l.slices) > 0 {
		t.Fatalf("a file with a fault was committed: %v", f)
	}
	return l.slices["file:"+name], outcomes[name], faults[name]
}

func noteCodes(o pipeline.Outcome) map[string]int64 {
	out := make(map[string]int64)
	for _, n := range o.Notes {
		out[n.Code] += n.Count
	}
	return out
}
