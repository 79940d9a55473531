package collect

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// maxRounds bounds how often a slice is compared and appended in one commit.
const maxRounds = 6

// errUnsettled means that a slice kept changing under our hands: somebody else writes it too.
var errUnsettled = errors.New("the slice does not settle")

// SliceOptions tell how slices are written.
type SliceOptions struct {
	// MaxLines is how many different lines of a slice are compared in memory; a larger slice is staged in the ledger.
	// 50,000 when zero.
	MaxLines int
	// Now is the clock that seen_at goes by: the store's.
	Now func(ctx context.Context) (time.Time, error)
	// Memo, when set, spares reading slices that are known to hold what they are to hold.
	Memo *Memo
	// Guard is asked before every append; an error stops the commit. Nil lets everything through.
	Guard func() error
	// Types give lines the types that a tenant says. Nil leaves lines as they come.
	Types *pipeline.TypeMappings
}

func (o *SliceOptions) maxLines() int {
	if o.MaxLines > 0 {
		return o.MaxLines
	}
	return 50_000
}

// Writer is the SliceWriter over a Ledger. It keeps the lines in memory and compares them with what is held when it
// is told to commit.
type Writer struct {
	comparison
	options SliceOptions
	stage   Stage
	done    bool
	// Found counts the lines added, Appended the rows that the commit took.
	Found, Appended int64
}

// NewWriter opens a slice. It reads and writes nothing yet.
func NewWriter(ledger Ledger, a Account, s pipeline.Slice, o SliceOptions) *Writer {
	s.From, s.To, s.Through = s.From.UTC(), s.To.UTC(), s.Through.UTC()
	return &Writer{
		comparison: comparison{place: place{ledger: ledger, account: a, slice: s}, content: newContent()},
		options:    o,
	}
}

// Add implements pipeline.SliceWriter.
func (w *Writer) Add(ctx context.Context, c pipeline.Charge) error {
	if w.done {
		return errors.New("cannot add a line: the slice is closed")
	}
	if err := checkCharge(w.slice, &c); err != nil {
		return w.refuse(&c, err)
	}
	if w.options.Types != nil {
		c.Line = w.options.Types.Incoming(c.Line)
	}
	if err := w.content.add(&c); err != nil {
		return w.refuse(&c, err)
	}
	w.Found++
	if w.content.len() >= w.options.maxLines() && w.keep == nil {
		return w.spill(ctx)
	}
	return nil
}

func (w *Writer) refuse(c *pipeline.Charge, err error) error {
	return &pipeline.Fault{
		Code:  pipeline.FaultMalformed,
		Scope: w.slice.Source,
		Text: pipeline.Textf(
			"Строку счёта нельзя принять: ресурс %q, услуга %q. Прочитанное раньше осталось без изменений.",
			"A line of the bill cannot be taken: resource %q, service %q. What was read before stays as it was.",
			c.ResourceID, c.ServiceName),
		Err: fmt.Errorf("cannot add a line of %s: %w", w.slice.Source, err),
	}
}

func (w *Writer) spill(ctx context.Context) error {
	if w.stage == nil {
		stage, err := w.ledger.Stage(ctx, w.account, w.slice)
		if err != nil {
			return fmt.Errorf("cannot stage %s: %w", w.slice.Source, err)
		}
		w.stage = stage
	}
	charges := w.content.charges()
	if w.slice.Cumulative {
		charges = spreadEvenly(w.slice, w.content)
	}
	if err := w.stage.Add(ctx, charges); err != nil {
		return fmt.Errorf("cannot stage %s: %w", w.slice.Source, err)
	}
	w.content = newContent()
	return nil
}

// Commit implements pipeline.SliceWriter.
func (w *Writer) Commit(ctx context.Context) error {
	if w.done {
		return errors.New("cannot commit: the slice is closed")
	}
	w.done = true
	defer w.drop()
	if w.stage != nil {
		return w.commitStaged(ctx)
	}
	return w.commit(ctx)
}

// Abort implements pipeline.SliceWriter.
func (w *Writer) Abort() {
	if w.done {
		return
	}
	w.done = true
	w.drop()
}

// drop gives the memory and the stage back.
func (w *Writer) drop() {
	w.content = newContent()
	if w.stage == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = w.stage.Drop(ctx) // what is left behind is no charge, and the ledger removes old stages by itself
	w.stage = nil
}

// RowCounter is what a ledger has that can count the rows of a slice without adding them up. With it an append is looked
// at by its rows: when the slice has grown by exactly ours since before it was compared, nobody else has touched it.
type RowCounter interface {
	// SliceRows counts the rows of a slice, and those of them that were appended with an instant, to the microsecond.
	SliceRows(ctx context.Context, a Account, s pipeline.Slice, seenAt time.Time) (all, fresh int64, err error)
}

// commit compares and appends until the ledger holds the content: until a comparison finds nothing, or the rows of the
// slice are those that were compared with and ours.
func (w *Writer) commit(ctx context.Context) error {
	var last digest
	repeated, taken := 0, int64(0)
	memo, content := w.memo()
	for round := range maxRounds {
		before, err := w.rows(ctx, time.Time{})
		if err != nil {
			return err
		}
		if before.known && memo.holds(&w.place, before.all, content) {
			return nil
		}
		w.empty = before.known && before.all == 0
		if round == 0 && !w.empty {
			if before, err = w.relabelHeld(ctx, before); err != nil {
				return err
			}
		}
		d, err := w.run(ctx)
		if err != nil {
			return err
		}
		if d.empty() {
			return w.settle(ctx, memo, before, content)
		}
		if repeated++; round == 0 || d.held != last {
			repeated, taken = 0, w.Appended
		}
		last, w.Appended = d.held, taken // an append from this state was dropped: somebody had made one before us
		landed, err := w.append(ctx, &d, saltOf(repeated), before)
		if landed {
			memo.keep(&w.place, before.all+w.Appended-taken, content)
		}
		if landed || err != nil {
			return err
		}
	}
	return fmt.Errorf("cannot write %s: %w", w.slice.Source, errUnsettled)
}

// memo gives the memo and the digest of the content, and of what decides which lines are kept that the content does not have; no
// memo where that is not known.
func (w *Writer) memo() (*Memo, digest) {
	if w.options.Memo == nil || w.keep != nil && w.keeps == (digest{}) {
		return nil, digest{}
	}
	d := w.content.digest()
	for i := range d {
		d[i] += w.keeps[i]
	}
	return w.options.Memo, d
}

// settle remembers a slice that was found to hold the content, if no row has come since its rows were counted.
func (w *Writer) settle(ctx context.Context, memo *Memo, before sliceRows, content digest) error {
	if memo == nil || !before.known {
		return nil
	}
	after, err := w.rows(ctx, time.Time{})
	if err == nil && after.all == before.all {
		memo.keep(&w.place, after.all, content)
	}
	return err
}

// sliceRows are the rows of a slice, and those of one append; known is false when the ledger does not count.
type sliceRows struct {
	all, fresh int64
	known      bool
}

func (w *Writer) rows(ctx context.Context, seenAt time.Time) (sliceRows, error) {
	counter, ok := w.ledger.(RowCounter)
	if !ok {
		return sliceRows{}, nil
	}
	all, fresh, err := counter.SliceRows(ctx, w.account, w.slice, seenAt)
	if err != nil {
		return sliceRows{}, fmt.Errorf("cannot count the rows of %s: %w", w.slice.Source, err)
	}
	return sliceRows{all: all, fresh: fresh, known: true}, nil
}

// append adds the difference. It tells whether that has surely landed, upon what was compared with and nothing else.
func (w *Writer) append(ctx context.Context, d *difference, salt string, before sliceRows) (landed bool, err error) {
	seenAt, err := w.clock(ctx)
	if err != nil {
		return false, err
	}
	lines := d.charges(w.content)
	if err := w.ledger.Append(ctx, w.account, w.slice, seenAt, w.token(d.held, salt), lines); err != nil {
		return false, fmt.Errorf("cannot append to %s: %w", w.slice.Source, err)
	}
	n := int64(len(lines))
	w.Appended += n
	after, err := w.rows(ctx, seenAt)
	return after.known && before.known && after.all == before.all+n && after.fresh == n, err
}

func (w *Writer) commitStaged(ctx context.Context) error {
	if err := w.spill(ctx); err != nil {
		return err
	}
	for range maxRounds {
		seenAt, err := w.clock(ctx)
		if err != nil {
			return err
		}
		n, err := w.stage.Apply(ctx, seenAt)
		if err != nil {
			return fmt.Errorf("cannot apply %s: %w", w.slice.Source, err)
		}
		if n == 0 {
			return nil
		}
		w.Appended += n
	}
	return fmt.Errorf("cannot write %s: %w", w.slice.Source, errUnsettled)
}

func (w *Writer) clock(ctx context.Context) (time.Time, error) {
	now, err := w.options.Now(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read the store's clock: %w", err)
	}
	if w.options.Guard == nil {
		return now, nil
	}
	return now, w.options.Guard()
}
