package clickhouse

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

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
