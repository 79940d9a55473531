package focus_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
)

func task(o pipeline.Object) pipeline.Task { return pipeline.Task{Feed: pipeline.FeedFiles, Object: o} }

func objectsOf(t *testing.T, s pipeline.Session) map[string]pipeline.Object {
	t.Helper()
	objects, err := s.Objects(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]pipeline.Object)
	for _, o := range objects {
		out[o.Key] = o
	}
	return out
}

func TestInfo(t *testing.T) {
	providers := focus.All(focus.Options{FolderRoot: "bills"})
	var kinds []pipeline.Kind
	for _, p := range providers {
		info := p.Info()
		kinds = append(kinds, info.Kind)
		if diff := cmp.Diff(info, p.Info()); diff != "" {
			t.Error(diff)
		}
		if info.Title.RU == "" || info.Title.EN == "" || info.About.RU == "" || info.About.EN == "" || info.BillingZone != "UTC" {
			t.Errorf("%+v", info)
		}
		for _, f := range info.Fields {
			if f.Label.RU == "" || f.Label.EN == "" || f.Secret != (f.Name == "secret_key") {
				t.Errorf("%s: %+v", info.Kind, f)
			}
		}
	}
	want := []pipeline.Kind{focus.KindFiles, focus.KindAWS, focus.KindAzure, focus.KindGCP, focus.KindOracle}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	for _, f := range focus.New(focus.Variants()[0], focus.Options{}).Info().Fields {
		if f.Name == "folder" || (f.Name == "source" && len(f.Options) != 1) {
			t.Errorf("folders are offered without a root: %+v", f)
		}
	}
}

func TestProviderNameOfAKind(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", []byte(head+goodRow))
	s, err := focus.New(focus.Variants()[1], focus.Options{FolderRoot: dir}).Open(pipeline.Settings{"source": "folder", "folder": "."}, testEnv(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(context.Background()) }()
	l := newLedger()
	collectAll(t, s, l)
	if c := l.all(); len(c) != 1 || c[0].ProviderName != "AWS" {
		t.Errorf("%+v", c)
	}
}

func TestCopyOfAFileCountsOnce(t *testing.T) {
	dir := t.TempDir()
	old, young := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 10, 2, 0, 0, 0, 0, time.UTC)
	for name, at := range map[string]time.Time{"b.csv": old, "a-copy.csv": young, "sub/c-copy.csv": young, "other.csv": old} {
		content := head + goodRow
		if name == "other.csv" {
			content = strings.Replace(content, "1.5", "2.5", 1)
		}
		put(t, dir, name, []byte(content))
		if err := os.Chtimes(filepath.Join(dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	s := openFolder(t, dir, focus.Options{})
	l := newLedger()
	outcomes, faults := collectAll(t, s, l)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got := make(map[string]string)
	for source, rows := range l.slices {
		got[source] = costs(rows)
	}
	want := map[string]string{"file:b.csv": "1.5", "file:other.csv": "2.5", "file:a-copy.csv": "", "file:sub/c-copy.csv": ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"a-copy.csv", "sub/c-copy.csv"} {
		notes := outcomes[name].Notes
		if len(notes) != 1 || notes[0].Code != focus.NoteDuplicateFile || !strings.Contains(notes[0].Text.EN, `"b.csv"`) {
			t.Errorf("%s: %+v", name, notes)
		}
	}
	before := objectsOf(t, s)
	if err := os.Remove(filepath.Join(dir, "b.csv")); err != nil {
		t.Fatal(err)
	}
	_, err := s.Collect(context.Background(), task(before["a-copy.csv"]), newLedger())
	if f := pipeline.AsFault(err); err == nil || !f.Retry {
		t.Errorf("a copy whose first is gone: %v", err)
	}
	after := objectsOf(t, s)
	if before["a-copy.csv"].Version == after["a-copy.csv"].Version {
		t.Error("the copy is not read again when the first is gone")
	}
	l = newLedger()
	collectAll(t, s, l)
	if got := costs(l.slices["file:a-copy.csv"]) + "/" + costs(l.slices["file:sub/c-copy.csv"]); got != "1.5/" {
		t.Error(got)
	}
}

func TestFileThatChanges(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.csv")
	grow := func(int64) error {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString(goodRow)
		return errors.Join(err, f.Close())
	}
	replace := func(int64) error {
		next := filepath.Join(dir, ".next")
		return errors.Join(os.WriteFile(next, []byte(head+goodRow+goodRow), 0o644), os.Rename(next, path))
	}
	for name, change := range map[string]func(int64) error{"grows": grow, "is replaced": replace, "is removed": func(int64) error { return os.Remove(path) }} {
		put(t, dir, "a.csv", []byte(head+goodRow))
		s := openFolder(t, dir, focus.Options{})
		o := objectsOf(t, s)["a.csv"]
		l := newLedger()
		l.onAdd = change
		_, err := s.Collect(context.Background(), task(o), l)
		if f := pipeline.AsFault(err); err == nil || !f.Retry || len(l.slices) > 0 || l.aborted != 1 {
			t.Errorf("a file that %s: %v, %v", name, err, l.slices)
		}
		l.onAdd = nil
		if _, err := s.Collect(context.Background(), task(o), l); err == nil || len(l.slices) > 0 {
			t.Errorf("a file that %s before: loaded as the version it was", name)
		}
	}
}

func TestRemovedFileIsTakenBack(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", []byte(head+goodRow))
	s := openFolder(t, dir, focus.Options{})
	l := newLedger()
	collectAll(t, s, l)
	gone := task(pipeline.Object{Key: "a.csv"})
	if _, err := s.Collect(context.Background(), gone, l); err == nil || len(l.slices["file:a.csv"]) != 1 {
		t.Errorf("a file that is there was taken back: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "a.csv")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Collect(context.Background(), gone, l); err != nil || len(l.slices["file:a.csv"]) != 0 {
		t.Errorf("a file that is gone: %v, %v", err, l.slices)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	l = newLedger()
	if _, err := s.Collect(context.Background(), gone, l); err == nil || len(l.slices) > 0 {
		t.Error("a folder that is away took the charges of its files with it")
	}
}

func TestFolderThatIsSwapped(t *testing.T) {
	root := t.TempDir()
	put(t, root, "bills/a.csv", []byte(head+goodRow))
	put(t, root, "next/a.csv", []byte(head+goodRow+goodRow))
	s := openWith(t, pipeline.Settings{"source": "folder", "folder": "bills"}, focus.Options{FolderRoot: root})
	l := newLedger()
	collectAll(t, s, l)
	for _, move := range [][2]string{{"bills", "old"}, {"next", "bills"}} {
		if err := os.Rename(filepath.Join(root, move[0]), filepath.Join(root, move[1])); err != nil {
			t.Fatal(err)
		}
	}
	collectAll(t, s, l)
	if n := len(l.slices["file:a.csv"]); n != 2 {
		t.Errorf("%d rows of the new folder", n)
	}
}

func TestSinkErrorsPass(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", []byte(head+goodRow))
	s := openFolder(t, dir, focus.Options{})
	lost := errors.New("lease lost")
	l := newLedger()
	l.onAdd = func(int64) error { return lost }
	_, err := s.Collect(context.Background(), task(objectsOf(t, s)["a.csv"]), l)
	if !errors.Is(err, lost) || len(l.slices) > 0 {
		t.Errorf("%v, %v", err, l.slices)
	}
}

func TestCancelling(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "a.csv", []byte(head+strings.Repeat(goodRow, 100_000)))
	s := openFolder(t, dir, focus.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	l := newLedger()
	l.countOnly = true
	l.onAdd = func(n int64) error {
		if n == 10 {
			cancel()
		}
		return nil
	}
	_, err := s.Collect(ctx, task(objectsOf(t, s)["a.csv"]), l)
	if !errors.Is(err, context.Canceled) || l.added > 50_000 || l.aborted != 1 {
		t.Errorf("%v after %d rows", err, l.added)
	}
}

func TestOtherFeedsAreRefused(t *testing.T) {
	s := openFolder(t, t.TempDir(), focus.Options{})
	if _, err := s.Collect(context.Background(), pipeline.Task{Feed: pipeline.FeedUsage}, newLedger()); err == nil {
		t.Error("usage was collected")
	}
}

// TestMemoryIsBounded reads a file of 50 MB whose texts never repeat.
func TestMemoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	const rows, most = 150_000, 64 << 20
	writeLong(t, filepath.Join(dir, "long.csv"), rows)
	s := openFolder(t, dir, focus.Options{})
	o := objectsOf(t, s)["long.csv"]
	l := newLedger()
	l.countOnly = true
	var peak uint64
	l.onAdd = func(n int64) error {
		if n%10_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
		}
		return nil
	}
	if _, err := s.Collect(context.Background(), task(o), l); err != nil {
		t.Fatal(err)
	}
	if l.added != rows || peak > most || o.Size < 48<<20 {
		t.Errorf("%d rows of %d bytes with %d bytes of heap", l.added, o.Size, peak)
	}
	t.Logf("%d bytes, heap at most %d", o.Size, peak)
}

func writeLong(t testing.TB, path string, rows int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	_, _ = io.WriteString(w, "BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,ResourceId,ChargeDescription,Tags\n")
	pad := strings.Repeat("d", 200)
	for i := range rows {
		_, _ = fmt.Fprintf(w, "0.%09d,USD,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,Usage,Compute,resource-%030d,%d %s,\"{\"\"n\"\": \"\"%d\"\"}\"\n", i, i, i, pad, i)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
}
