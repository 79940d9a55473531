package httpedge

import (
	"context"
	"errors"
	"io"
	"net/http"
)

// maxRefusal bounds what is kept of an answer that Stream does not hand on.
const maxRefusal = 1 << 20

// Stream makes the request once and hands the body of an answer 200 to read while it arrives: for answers too large to be
// held. An answer of another status below 500 comes back with its body, unread by read. What the network does while read
// reads becomes a fault like those of Do; other errors of read come back as they are.
func (c *Client) Stream(ctx context.Context, r Request, read func(body io.Reader) error) (Answer, error) {
	rctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	resp, err := c.send(rctx, ctx, r)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // what was read stands
	out := Answer{Status: resp.StatusCode, Header: resp.Header}
	if resp.StatusCode != http.StatusOK {
		out.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
		if err != nil {
			return Answer{}, c.bodyFault(ctx, r.Scope, err)
		}
		return out, nil
	}
	body := &limited{from: resp.Body, left: c.cfg.MaxBody}
	err = read(body)
	switch {
	case body.over:
		return out, c.tooLargeFault(r.Scope)
	case body.err != nil:
		return out, c.bodyFault(ctx, r.Scope, body.err)
	}
	return out, err
}

// errTooLarge ends the reading of a body over the limit.
var errTooLarge = errors.New("the answer is over the limit")

// limited reads at most so many bytes and remembers what went wrong.
type limited struct {
	from io.Reader
	left int64
	over bool
	err  error
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	n, err := l.from.Read(p)
	if l.left -= int64(n); l.left < 0 {
		l.over = true
		return 0, errTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}
