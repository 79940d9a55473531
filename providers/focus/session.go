package focus

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// session is one connection.
type session struct {
	variant Variant
	limits  limits
	source  source
	env     pipeline.Env
}

// sourcePrefix begins the name of the slice of a file.
const sourcePrefix = "file:"

// shownFiles is how many files Check looks into.
const shownFiles = 3

// Check lists the files and looks at the headers of the first few.
func (s *session) Check(ctx context.Context) (pipeline.Outcome, error) {
	out, err := s.check(ctx)
	return out, listFault(err)
}

func (s *session) check(ctx context.Context) (pipeline.Outcome, error) {
	if err := s.source.close(); err != nil {
		return pipeline.Outcome{}, err
	}
	objects, faults, err := s.source.list(ctx)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	if len(objects) == 0 && len(faults) == 0 {
		return pipeline.Outcome{}, s.source.faultEmpty()
	}
	out := pipeline.Outcome{Scopes: []pipeline.ScopeResult{{
		Scope: "listing", Label: s.source.label(), Found: int64(len(objects)),
	}}}
	out.Scopes = append(out.Scopes, faults...)
	for _, o := range objects[:min(len(objects), shownFiles)] {
		scope := fileScope(o.Key)
		notes := notebook{scope: o.Key}
		if err := s.checkHeader(ctx, o, &notes); err != nil {
			if ctx.Err() != nil {
				return out, ctx.Err()
			}
			scope.Fault = pipeline.AsFault(err)
		}
		out.Scopes = append(out.Scopes, scope)
		out.Notes = append(out.Notes, notes.notes...)
	}
	return out, nil
}

func fileScope(key string) pipeline.ScopeResult {
	return pipeline.ScopeResult{Scope: sourcePrefix + key, Label: pipeline.Text{RU: key, EN: key}}
}

func (s *session) checkHeader(ctx context.Context, o pipeline.Object, n *notebook) error {
	f, err := s.source.open(ctx, o.Key)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	t, err := openTable(ctx, f, o.Key, s.limits, n)
	if err != nil {
		return readFault(o.Key, s.limits, err)
	}
	defer t.close()
	_, rep := bind(t.header())
	if f := rep.fault(o.Key, t.header()); f != nil {
		return f
	}
	t.note(n)
	rep.note(n)
	return nil
}

// Objects lists the files that may be FOCUS. A place without any is a fault: it is rather away than empty.
func (s *session) Objects(ctx context.Context) ([]pipeline.Object, error) {
	objects, err := s.objects(ctx)
	return objects, listFault(err)
}

func (s *session) objects(ctx context.Context) ([]pipeline.Object, error) {
	if err := s.source.close(); err != nil {
		return nil, err
	}
	objects, faults, err := s.source.list(ctx)
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		if len(faults) > 0 {
			return nil, faults[0].Fault
		}
		return nil, s.source.faultEmpty()
	}
	if err := markDuplicates(ctx, s.source, objects); err != nil {
		return nil, err
	}
	return objects, nil
}

// Collect loads one file, whole or not at all. An object without a version is one that the listing no longer has: if it is
// gone indeed, its charges are taken back.
func (s *session) Collect(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	if task.Feed != pipeline.FeedFiles {
		return pipeline.Outcome{}, newFault(pipeline.FaultInternal, string(task.Feed),
			"Подключение FOCUS не отдаёт данные вида «%s».", "A FOCUS connection does not give %q.", task.Feed)
	}
	key := task.Object.Key
	if err := s.source.close(); err != nil {
		return pipeline.Outcome{}, readFault(key, s.limits, err)
	}
	notes := notebook{scope: key}
	got, err := s.load(ctx, task.Object, sink, &notes)
	if err != nil {
		return pipeline.Outcome{Notes: notes.notes}, readFault(key, s.limits, err)
	}
	scope := fileScope(key)
	scope.Found = got.rows
	return pipeline.Outcome{
		Scopes: []pipeline.ScopeResult{scope}, Notes: notes.notes, CompleteThrough: earlier(got.through, task.Object.Modified),
	}, nil
}

// loaded is what a file held.
type loaded struct {
	rows int64
	// through is the latest end of a charge, zero when there is none.
	through time.Time
}

// earlier is until how far a file can be whole: no further than it tells, and no further than when it was written.
func earlier(through, written time.Time) time.Time {
	if !through.IsZero() && !written.IsZero() && written.Before(through) {
		return written.UTC()
	}
	return through
}

func (s *session) load(ctx context.Context, o pipeline.Object, sink pipeline.Sink, n *notebook) (loaded, error) {
	own, first, duplicate := duplicateOf(o.Version)
	f, err := s.source.open(ctx, o.Key)
	if own == "" && isGone(err, o.Key) {
		return loaded{}, s.empty(ctx, o.Key, sink)
	}
	if err != nil {
		return loaded{}, err
	}
	defer func() { _ = f.Close() }()
	if f.version() != own {
		return loaded{}, faultChanged(o.Key)
	}
	if duplicate {
		return loaded{}, s.loadNothing(ctx, o.Key, first, sink, n)
	}
	return s.loadRows(ctx, f, o.Key, sink, n)
}

// loadNothing makes the slice of a copy of another file empty.
func (s *session) loadNothing(ctx context.Context, key, first string, sink pipeline.Sink, n *notebook) error {
	original, err := s.source.open(ctx, first)
	if err != nil {
		return faultChanged(key)
	}
	_ = original.Close()
	n.add(NoteDuplicateFile, 1,
		"Содержимое то же, что у файла «%s»: начисления учтены один раз, по нему. Лишний файл можно удалить.",
		"The content is that of the file %q: the charges count once, by that one. The extra file may be removed.", first)
	return s.empty(ctx, key, sink)
}

// empty takes back what is held of a file.
func (s *session) empty(ctx context.Context, key string, sink pipeline.Sink) error {
	w, err := sink.Slice(ctx, pipeline.Slice{Source: sourcePrefix + key})
	if err != nil {
		return ofSink(err)
	}
	defer w.Abort()
	return ofSink(w.Commit(ctx))
}

func (s *session) loadRows(ctx context.Context, f file, key string, sink pipeline.Sink, n *notebook) (loaded, error) {
	t, err := openTable(ctx, f, key, s.limits, n)
	if err != nil {
		return loaded{}, err
	}
	defer t.close()
	b, rep := bind(t.header())
	if fault := rep.fault(key, t.header()); fault != nil {
		return loaded{}, fault
	}
	rep.note(n)
	if err := t.want(b.positions()); err != nil {
		return loaded{}, err
	}
	m := newMapper(b, s.variant, len(t.header()), t.commaDecimals())
	w, err := sink.Slice(ctx, pipeline.Slice{Source: sourcePrefix + key})
	if err != nil {
		return loaded{}, ofSink(err)
	}
	defer w.Abort()
	through, err := s.copyRows(ctx, t, m, w)
	if err != nil {
		return loaded{}, err
	}
	if fault := m.finish(key); fault != nil {
		return loaded{}, fault
	}
	if err := f.verify(ctx); err != nil {
		return loaded{}, err
	}
	t.note(n)
	m.note(n)
	return loaded{rows: m.counts.rows, through: through}, ofSink(w.Commit(ctx))
}

// copyRows hands over the rows until one cannot be taken; the rest is then only looked through for further complaints.
// It returns the latest end of a charge.
func (s *session) copyRows(ctx context.Context, t table, m *mapper, w pipeline.SliceWriter) (through time.Time, err error) {
	for {
		row, line, err := t.next()
		if errors.Is(err, io.EOF) {
			return through, nil
		}
		if err != nil {
			return through, err
		}
		if m.counts.rows >= s.limits.maxRows {
			return through, errTooManyRows
		}
		c, ok := m.charge(row, line)
		switch {
		case m.invalid.count >= maxComplaints:
			return through, nil
		case !ok || m.invalid.count > 0:
			continue
		}
		if err := w.Add(ctx, c); err != nil {
			return through, ofSink(err)
		}
		if c.End.After(through) {
			through = c.End
		}
	}
}

// Close lets go of the folder.
func (s *session) Close(context.Context) error { return s.source.close() }
