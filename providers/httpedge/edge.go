// Package httpedge is where a provider's requests leave InfraZen and answers come in.
//
// It makes one request and never repeats it: retry lives in pipeline/collect. What goes wrong on the way becomes a
// *pipeline.Fault with a sentence in both languages, secrets are taken out of errors, answers are limited in size and time,
// redirects are not followed (a body with a password must not travel to another host), and the cloud's clock is read from
// the Date header.
package httpedge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// The limits used when Config leaves them zero.
const (
	DefaultTimeout = 60 * time.Second
	DefaultMaxBody = 32 << 20
)

// Config says how a Client behaves.
type Config struct {
	Env pipeline.Env
	// Cloud is the cloud's name as it stands in sentences: "Beget".
	Cloud string
	// Timeout bounds one request with its body. Defaults to DefaultTimeout; Env.HTTP may have a shorter one of its own.
	Timeout time.Duration
	// MaxBody bounds an answer's bytes. Defaults to DefaultMaxBody.
	MaxBody int64
}

// Client makes the requests of one session. One goroutine at a time uses it.
type Client struct {
	cfg     Config
	http    *http.Client
	secrets []string
	clock   clock
}

// Request is one request. Its URL holds no secret.
type Request struct {
	// Scope is what the request is for, as faults name it.
	Scope  string
	Method string
	URL    string
	Header http.Header
	Body   []byte
}

// Answer is an answer with a status below 500 that is no redirect and not 429. Other statuses are faults.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// New makes a client. It asks nothing.
func New(cfg Config) *Client {
	if cfg.Timeout <= 0 {
		cfg.Timeout = DefaultTimeout
	}
	if cfg.MaxBody <= 0 {
		cfg.MaxBody = DefaultMaxBody
	}
	if cfg.Env.Now == nil {
		cfg.Env.Now = time.Now
	}
	base := cfg.Env.HTTP
	if base == nil {
		base = http.DefaultClient
	}
	own := *base
	own.Jar = nil
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{cfg: cfg, http: &own}
}

// Hide makes every later error free of these secrets, plain or URL-encoded.
func (c *Client) Hide(secrets ...string) {
	for _, s := range secrets {
		if len(s) < 4 {
			continue
		}
		c.secrets = append(c.secrets, s)
		for _, enc := range []string{url.QueryEscape(s), url.PathEscape(s)} {
			if enc != s {
				c.secrets = append(c.secrets, enc)
			}
		}
	}
	if len(c.secrets) > 256 {
		c.secrets = c.secrets[len(c.secrets)-256:]
	}
}

// Clean returns text without secrets, on one line, at most 300 bytes long.
func (c *Client) Clean(text string) string {
	for _, s := range c.secrets {
		text = strings.ReplaceAll(text, s, "***")
	}
	text = strings.ToValidUTF8(strings.Join(strings.Fields(text), " "), "?")
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "..."
	}
	return text
}

// Do makes the request once. Its errors are *pipeline.Fault.
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	rctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	resp, err := c.send(rctx, ctx, r)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // what was read stands
	body, err := io.ReadAll(io.LimitReader(resp.Body, c.cfg.MaxBody+1))
	if err != nil {
		return Answer{}, c.bodyFault(ctx, r.Scope, err)
	}
	if int64(len(body)) > c.cfg.MaxBody {
		return Answer{}, c.tooLargeFault(r.Scope)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// send makes the request within rctx, whose parent tells whether it was the caller who stopped. The body is the caller's to close.
func (c *Client) send(rctx, parent context.Context, r Request) (*http.Response, error) {
	req, err := http.NewRequestWithContext(rctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, c.addressFault(r.Scope, err)
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	before := c.cfg.Env.Now()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.transportFault(parent, r.Scope, err)
	}
	c.clock.note(resp.Header, before, c.cfg.Env.Now())
	if f := c.statusFault(r.Scope, resp); f != nil {
		_ = resp.Body.Close() // nothing of it is wanted
		return nil, f
	}
	return resp, nil
}

// JSON reads an answer's body into a value. What cannot be read is a FaultMalformed.
func (c *Client) JSON(scope string, a Answer, into any) error {
	err := json.Unmarshal(a.Body, into)
	if err == nil {
		return nil
	}
	if b := bytes.TrimSpace(a.Body); len(b) > 0 && b[0] == '<' {
		return c.notJSONFault(scope)
	}
	return c.Malformed(scope, shortJSONError(err))
}

// shortJSONError keeps the kind and the place of a decoding error and drops the values in it.
func shortJSONError(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return "torn or wrong JSON"
	case errors.As(err, &kind):
		return "unexpected type at " + kind.Field
	}
	return "unreadable JSON"
}
