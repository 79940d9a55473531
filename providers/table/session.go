package table

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// session is one connection.
type session struct {
	mapping Mapping
	// mark stands for the mapping in the versions of objects: with another mapping every file is read again.
	mark    string
	zone    *time.Location
	uploads pipeline.Uploads
}

// SourcePrefix begins the name of the slice of a file.
const SourcePrefix = "file:"

// NoteDuplicateFile is the code of a note on a file whose content another one has.
const NoteDuplicateFile = "duplicate_file"

// What a version is made of beside the content.
const (
	markPrefix = "; mapping "
	sameAs     = "; same as "
)

func markOf(m Mapping) string {
	sum := sha256.Sum256([]byte(m.JSON()))
	return markPrefix + hex.EncodeToString(sum[:8])
}

// Check lists the files.
func (s *session) Check(ctx context.Context) (pipeline.Outcome, error) {
	objects, err := s.Objects(ctx)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	return pipeline.Outcome{Scopes: []pipeline.ScopeResult{{
		Scope: "uploads", Label: pipeline.Text{RU: "Загруженные файлы", EN: "Uploaded files"}, Found: int64(len(objects)),
	}}}, nil
}

// Objects lists the uploads, removed ones among them. A file whose content an older one has is marked so.
func (s *session) Objects(ctx context.Context) ([]pipeline.Object, error) {
	uploads, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(uploads, func(a, b pipeline.Upload) int {
		return cmp.Or(a.UploadedAt.Compare(b.UploadedAt), cmp.Compare(a.Name, b.Name))
	})
	first := make(map[string]string)
	out := make([]pipeline.Object, 0, len(uploads))
	for _, u := range uploads {
		o := pipeline.Object{Key: u.Name, Version: u.Version, Size: u.Size, Modified: u.UploadedAt.UTC()}
		if !u.Removed {
			o.Version += s.mark
			if held, found := first[u.Version]; found {
				o.Version += sameAs + held
			} else {
				first[u.Version] = u.Name
			}
		}
		out = append(out, o)
	}
	return out, nil
}

func (s *session) list(ctx context.Context) ([]pipeline.Upload, error) {
	if s.uploads == nil {
		return nil, nil // no connection yet: settings are being tried
	}
	uploads, err := s.uploads.List(ctx)
	if err != nil {
		return nil, readFault("", MaxBytes, err)
	}
	return slices.Clone(uploads), nil
}

// Collect loads one file, whole or not at all. The charges of a file that was removed, or that another one holds as well, are
// taken back.
func (s *session) Collect(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	if task.Feed != pipeline.FeedFiles {
		return pipeline.Outcome{}, newFault(pipeline.FaultInternal, string(task.Feed),
			"Подключение по файлам не отдаёт данные вида «%s».", "A connection by files does not give %q.", task.Feed)
	}
	key := task.Object.Key
	uploads, err := s.list(ctx)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	at := slices.IndexFunc(uploads, func(u pipeline.Upload) bool { return u.Name == key })
	if at < 0 || uploads[at].Removed {
		return outcomeOf(key, &Report{}), readFault(key, MaxBytes, s.empty(ctx, key, sink))
	}
	if _, other, same := strings.Cut(task.Object.Version, sameAs); same {
		return s.duplicate(ctx, key, other, uploads, sink)
	}
	r, err := s.load(ctx, uploads[at], sink)
	out := outcomeOf(key, &r)
	out.CompleteThrough = earlier(out.CompleteThrough, uploads[at].UploadedAt)
	return out, readFault(key, MaxBytes, err)
}

func outcomeOf(key string, r *Report) pipeline.Outcome {
	notes := r.Notes
	for i := range notes {
		notes[i].Scope = key
	}
	return pipeline.Outcome{
		Scopes: []pipeline.ScopeResult{{Scope: SourcePrefix + key, Label: pipeline.Text{RU: key, EN: key}, Found: r.Lines}},
		Notes:  notes, CompleteThrough: r.Last,
	}
}

// earlier is until how far a file can be whole: no further than it tells, and no further than when it was uploaded.
func earlier(through, uploaded time.Time) time.Time {
	if !through.IsZero() && !uploaded.IsZero() && uploaded.Before(through) {
		return uploaded.UTC()
	}
	return through
}

// load reads a file into its slice.
func (s *session) load(ctx context.Context, u pipeline.Upload, sink pipeline.Sink) (Report, error) {
	in, err := s.uploads.Open(ctx, u.Name, u.Version)
	if err != nil {
		return Report{}, err
	}
	defer func() { _ = in.Close() }()
	w, err := sink.Slice(ctx, pipeline.Slice{Source: SourcePrefix + u.Name})
	if err != nil {
		return Report{}, callerError{err}
	}
	defer w.Abort()
	r, err := Read(ctx, in, u.Name, s.mapping, s.zone, func(c pipeline.Charge) error { return w.Add(ctx, c) })
	if err != nil {
		var f *pipeline.Fault
		if !errors.As(err, &f) {
			err = callerError{err} // the sink's
		}
		return r, err
	}
	r.note(NoteNoRows, "", oneIf(r.Rows == 0), "В файле только заголовок, строк нет.", "The file has only a header and no rows.")
	if err := w.Commit(ctx); err != nil {
		return r, callerError{err}
	}
	return r, nil
}

func oneIf(is bool) int64 {
	if is {
		return 1
	}
	return 0
}

// duplicate makes the slice of a copy of another file empty.
func (s *session) duplicate(ctx context.Context, key, other string, uploads []pipeline.Upload, sink pipeline.Sink) (pipeline.Outcome, error) {
	if !slices.ContainsFunc(uploads, func(u pipeline.Upload) bool { return u.Name == other && !u.Removed }) {
		f := newFault(pipeline.FaultUnavailable, key, "Список файлов изменился во время чтения. Прочитаем заново сами.",
			"The list of files changed meanwhile. It will be read again by itself.")
		f.Retry = true
		return pipeline.Outcome{}, f
	}
	var r Report
	r.note(NoteDuplicateFile, key, 1, "Содержимое то же, что у файла «%s»: начисления учтены один раз, по нему.",
		"The content is that of the file %q: the charges count once, by that one.", other)
	return outcomeOf(key, &r), readFault(key, MaxBytes, s.empty(ctx, key, sink))
}

// empty takes back what is held of a file.
func (s *session) empty(ctx context.Context, key string, sink pipeline.Sink) error {
	w, err := sink.Slice(ctx, pipeline.Slice{Source: SourcePrefix + key})
	if err != nil {
		return callerError{err}
	}
	defer w.Abort()
	if err := w.Commit(ctx); err != nil {
		return callerError{err}
	}
	return nil
}

// Close does nothing: a session holds nothing open.
func (s *session) Close(context.Context) error { return nil }
