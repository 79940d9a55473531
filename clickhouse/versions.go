package clickhouse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
)

// maxVersions is how many slices may be under comparison at once before the oldest knowledge is given up.
const maxVersions = 10_000

// sliceID names a slice of an account.
type sliceID struct {
	account  collect.Account
	source   string
	from, to int64
}

func idOf(a collect.Account, s pipeline.Slice) sliceID {
	from, to := bounds(s)
	return sliceID{account: a, source: s.Source, from: from.Unix(), to: to.Unix()}
}

// versions remembers how many rows a slice had before it was read for a comparison.
//
// That count is part of the token of the append that follows. A bill that changes from A to B, back to A and to B again
// brings the same difference twice, and both must count; the same append sent twice must count once. Rows are only ever
// added, so the count tells the two apart.
type versions struct {
	mu   sync.Mutex
	rows map[sliceID]uint64
}

func newVersions() *versions { return &versions{rows: map[sliceID]uint64{}} }

func (v *versions) put(id sliceID, rows uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.rows) >= maxVersions {
		clear(v.rows)
	}
	v.rows[id] = rows
}

func (v *versions) get(id sliceID) (uint64, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	rows, ok := v.rows[id]
	return rows, ok
}

func (v *versions) drop(id sliceID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.rows, id)
}

// tokenOf makes a deduplication token of everything that makes an insert what it is.
func tokenOf(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		text := fmt.Sprint(p)
		_, _ = fmt.Fprintf(h, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// The first and the last instant that the ledger can hold.
const (
	firstSecond = 0
	lastSecond  = 1<<32 - 1
)

// bounds are the instants of a slice, the widest there are when it has none.
func bounds(s pipeline.Slice) (from, to time.Time) {
	from, to = time.Unix(firstSecond, 0).UTC(), time.Unix(lastSecond, 0).UTC()
	if !s.From.IsZero() && s.From.After(from) {
		from = s.From.UTC()
	}
	if !s.To.IsZero() && s.To.Before(to) {
		to = s.To.UTC()
	}
	return ceilSecond(from), ceilSecond(to)
}

// seconds and micros are instants as statements take them.
func seconds(t time.Time) uint32 { return uint32(min(max(t.Unix(), firstSecond), lastSecond)) }
func micros(t time.Time) int64   { return t.UnixMicro() }

// ceilSecond is the first whole second not before t: comparing whole seconds with it is comparing them with t.
func ceilSecond(t time.Time) time.Time {
	if floor := t.Truncate(time.Second); !floor.Equal(t) {
		return floor.Add(time.Second)
	}
	return t
}
