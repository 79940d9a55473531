package focus_test

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
)

// BenchmarkCSV reads the sample's rows again and again as one file; rows/s is on one core.
func BenchmarkCSV(b *testing.B) {
	content := shared(b, "data/focus/sample-1.0.csv")
	end := bytes.IndexByte(content, '\n') + 1
	const times = 50
	long := append(bytes.Clone(content[:end]), bytes.Repeat(content[end:], times)...)
	dir := b.TempDir()
	put(b, dir, "long.csv", long)
	s := openFolder(b, dir, focus.Options{})
	objects, err := s.Objects(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(long)))
	b.ReportAllocs()
	for b.Loop() {
		l := newLedger()
		l.countOnly = true
		if _, err := s.Collect(context.Background(), pipeline.Task{Feed: pipeline.FeedFiles, Object: objects[0]}, l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1000*times*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkUniqueCSV reads rows whose texts never repeat.
func BenchmarkUniqueCSV(b *testing.B) {
	dir := b.TempDir()
	const rows = 50_000
	writeLong(b, filepath.Join(dir, "long.csv"), rows)
	s := openFolder(b, dir, focus.Options{})
	objects, err := s.Objects(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(objects[0].Size)
	for b.Loop() {
		l := newLedger()
		l.countOnly = true
		if _, err := s.Collect(context.Background(), pipeline.Task{Feed: pipeline.FeedFiles, Object: objects[0]}, l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
