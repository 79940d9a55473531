package focus

import (
	"cmp"
	"context"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// source is a place that files lie in. Its errors are *pipeline.Fault.
type source interface {
	// list gives the files that may be FOCUS, in any order, and faults of parts that cannot be read.
	list(ctx context.Context) ([]pipeline.Object, []pipeline.ScopeResult, error)
	// open opens a file for reading from its start.
	open(ctx context.Context, key string) (file, error)
	// digest gives a value that is equal for files of equal content.
	digest(ctx context.Context, o pipeline.Object) (string, error)
	// label names the place for people.
	label() pipeline.Text
	// faultEmpty says that the place has no file to read.
	faultEmpty() *pipeline.Fault
	// close lets go of what is open. The source can be used again and looks at the place anew.
	close() error
}

// file is an open file.
type file interface {
	io.ReadCloser
	// version is that of the content being read.
	version() string
	// verify tells by an error whether the file has changed since it was opened.
	verify(ctx context.Context) error
	// randomAccess gives the whole content for reading at any offset, and its length.
	randomAccess(ctx context.Context) (io.ReaderAt, int64, error)
}

// isCandidate tells by its name whether a file may hold charges. What it is in truth, its first bytes say.
func isCandidate(key string) bool {
	name := strings.ToLower(path.Base(key))
	if name == "" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || strings.HasPrefix(name, "~") {
		return false
	}
	for _, suffix := range []string{".csv", ".tsv", ".parquet", ".pq", ".gz", ".gzip", ".zst"} {
		if strings.HasSuffix(name, suffix) {
			return !isOther(strings.TrimSuffix(name, suffix))
		}
	}
	return false
}

// isOther tells whether the name under a compression suffix is of something that is never a bill.
func isOther(name string) bool {
	for _, suffix := range []string{".json", ".jsonl", ".xml", ".log", ".tar", ".sql", ".md", ".html"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

// sameAs parts the version of a file from the key of an older file with the same content.
const sameAs = "; same as "

func duplicateOf(version string) (own, first string, duplicate bool) {
	return strings.Cut(version, sameAs)
}

// markDuplicates appends to the version of each file whose content another, older one has, which one that is. Such a file
// is read again when the older one goes.
func markDuplicates(ctx context.Context, s source, objects []pipeline.Object) error {
	slices.SortFunc(objects, func(a, b pipeline.Object) int {
		return cmp.Or(a.Modified.Compare(b.Modified), cmp.Compare(a.Key, b.Key))
	})
	bySize := make(map[int64]int)
	for _, o := range objects {
		bySize[o.Size]++
	}
	first := make(map[string]string)
	for i := range objects {
		o := &objects[i]
		if o.Size == 0 || bySize[o.Size] < 2 {
			continue
		}
		sum, err := s.digest(ctx, *o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			continue // reading it will tell why it cannot be read
		}
		if key, found := first[sum]; found {
			o.Version += sameAs + key
		} else {
			first[sum] = o.Key
		}
	}
	return nil
}
