package embedded

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/infrazen/infrazen/clickhouse/embedded/chdb"
)

// holdBack is how much of an answer is kept before its headers are sent, so
// that a statement which fails early has a status of its own. It is what a
// server keeps.
const holdBack = 1 << 20

// response sends an answer: headers once it is known how the statement goes,
// then the body, packed as the client asked.
type response struct {
	w       http.ResponseWriter
	packing packing
	wait    bool // keep everything until the statement has ended
	version string
	tag     string

	started time.Time
	stats   chdb.Stats
	held    spool
	out     io.WriteCloser // set once the headers are sent
	written int64
	failed  *failure
	abort   bool // the connection must break, so that nobody takes the answer for whole
	status  int
}

func newResponse(w http.ResponseWriter, version string) *response {
	tag := make([]byte, 16)
	for i := range tag {
		tag[i] = byte('a' + rand.IntN(26))
	}
	return &response{w: w, version: version, tag: string(tag), started: time.Now()}
}

func (p *response) header(name, value string) { p.w.Header().Set(name, value) }

// Write takes a piece of the answer.
func (p *response) Write(data []byte) (int, error) {
	p.written += int64(len(data))
	if p.out != nil {
		return p.out.Write(data)
	}
	if err := p.held.add(data); err != nil {
		return 0, err
	}
	if p.wait || p.held.size < holdBack {
		return len(data), nil
	}
	return len(data), p.commit(http.StatusOK)
}

// commit sends the headers and what was held back.
func (p *response) commit(status int) error {
	p.status = status
	p.header("X-ClickHouse-Summary", p.summary())
	p.header("X-ClickHouse-Exception-Tag", p.tag)
	out, err := p.packing.writer(p.w)
	if err != nil {
		return err
	}
	p.w.WriteHeader(status)
	p.out = out
	return p.held.drain(out)
}

// finish ends a good answer.
func (p *response) finish() error {
	if p.out == nil {
		if p.held.size == 0 {
			p.packing = packing{}
		}
		if !p.packing.any() {
			p.header("Content-Length", strconv.FormatInt(p.held.size, 10))
		}
		if err := p.commit(http.StatusOK); err != nil {
			return err
		}
	}
	return p.out.Close()
}

// fail ends the answer with an exception: as the whole answer when nothing
// was sent yet, else behind what was sent, between marks.
func (p *response) fail(f *failure) {
	p.failed = f
	text := f.message + " (version " + p.version + " (official build))"
	if p.out == nil {
		p.held.discard()
		_ = p.held.add([]byte(text + "\n"))
		p.header("X-ClickHouse-Exception-Code", strconv.Itoa(f.code))
		p.header("Content-Type", "text/plain; charset=UTF-8")
		if err := p.commit(f.status()); err == nil {
			_ = p.out.Close()
		}
		return
	}
	marked := fmt.Appendf(nil, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", p.tag, text, len(text)+1, p.tag)
	if blocks, ok := p.out.(*blockWriter); ok {
		_ = blocks.last(marked)
	} else {
		_, _ = p.out.Write(marked)
	}
	_ = p.out.Close()
	p.abort = true
}

func (p *response) summary() string {
	n := func(v uint64) string { return strconv.FormatUint(v, 10) }
	text, _ := json.Marshal(summary{
		n(p.stats.ReadRows), n(p.stats.ReadBytes), n(p.stats.WrittenRows), n(p.stats.WrittenBytes), n(p.stats.ReadRows),
		n(p.stats.ResultRows), n(p.stats.ResultBytes), strconv.FormatInt(time.Since(p.started).Nanoseconds(), 10), "0",
	})
	return string(text)
}

// summary is X-ClickHouse-Summary; a server writes its numbers as strings.
type summary struct {
	ReadRows     string `json:"read_rows"`
	ReadBytes    string `json:"read_bytes"`
	WrittenRows  string `json:"written_rows"`
	WrittenBytes string `json:"written_bytes"`
	TotalRows    string `json:"total_rows_to_read"`
	ResultRows   string `json:"result_rows"`
	ResultBytes  string `json:"result_bytes"`
	Elapsed      string `json:"elapsed_ns"`
	Memory       string `json:"memory_usage"`
}
