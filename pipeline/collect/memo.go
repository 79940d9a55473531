package collect

import "sync"

// Memo remembers which content slices were last found to hold, and how many rows they had then. The ledger is only ever appended
// to: a slice that has as many rows as then holds what it held then, and need not be read to be compared with the same content.
type Memo struct {
	mu      sync.Mutex
	settled map[memoKey]settledSlice
}

// memoMost bounds what is remembered: about 15 MB.
const memoMost = 100_000

type memoKey struct {
	account  Account
	source   string
	from, to int64
}

type settledSlice struct {
	rows    int64
	content digest
}

// NewMemo makes an empty memo.
func NewMemo() *Memo { return &Memo{settled: map[memoKey]settledSlice{}} }

func (p *place) memoKey() memoKey {
	return memoKey{account: p.account, source: p.slice.Source, from: unixOrZero(p.slice.From), to: unixOrZero(p.slice.To)}
}

// holds tells whether the slice with these rows is known to hold the content.
func (m *Memo) holds(p *place, rows int64, content digest) bool {
	if m == nil || rows == 0 {
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.settled[p.memoKey()] == settledSlice{rows: rows, content: content}
}

// keep remembers that the slice with these rows holds the content.
func (m *Memo) keep(p *place, rows int64, content digest) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.settled) >= memoMost {
		clear(m.settled)
	}
	m.settled[p.memoKey()] = settledSlice{rows: rows, content: content}
}

// digest sums up the content.
func (c *content) digest() digest {
	var d digest
	for i := range c.rows {
		if s := c.rows[i].sums; s != (sums{}) {
			d.add(c.ids[i], &s)
		}
	}
	return d
}
