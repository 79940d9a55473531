// Package cloudhttp makes the HTTP clients with which clouds are asked: with time-outs, counted, and with answers of a
// bounded size. Retry and redaction are not its business: see pipeline/collect and providers/httpedge.
package cloudhttp

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
)

// Config are the limits of a client.
type Config struct {
	// Timeout bounds a request with its answer's body.
	Timeout time.Duration
	// MaxBody bounds an answer's bytes.
	MaxBody int64
	// Idle is how many connections to one host stay open.
	Idle int
}

// DefaultConfig gives a minute, and answers as large as an export may be.
func DefaultConfig() Config { return Config{Timeout: time.Minute, MaxBody: 8 << 30, Idle: 64} }

// Clients makes one client for each kind of connection.
type Clients struct {
	cfg       Config
	transport *http.Transport
	requests  *prometheus.CounterVec
	bytes     *prometheus.CounterVec
	duration  *prometheus.HistogramVec

	mu     sync.Mutex
	byKind map[pipeline.Kind]*http.Client
}

// New makes clients that share their connections.
func New(cfg Config, reg prometheus.Registerer) *Clients {
	c := &Clients{
		cfg: cfg, byKind: map[pipeline.Kind]*http.Client{},
		transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 90 * time.Second, MaxIdleConnsPerHost: cfg.Idle,
		},
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_cloud_requests_total", Help: "Requests to clouds, by status; \"error\" when no answer came.",
		}, []string{"provider", "status"}),
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_cloud_answer_bytes_total", Help: "Bytes of clouds' answers that were read.",
		}, []string{"provider"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "infrazen_cloud_request_duration_seconds", Help: "Time to a cloud's first byte.", Buckets: prometheus.ExponentialBuckets(0.01, 3, 9),
		}, []string{"provider"}),
	}
	reg.MustRegister(c.requests, c.bytes, c.duration)
	return c
}

// For gives the client for a kind of connection.
func (c *Clients) For(kind pipeline.Kind) *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byKind[kind] == nil {
		c.byKind[kind] = &http.Client{Timeout: c.cfg.Timeout, Transport: &counting{clients: c, kind: string(kind)}}
	}
	return c.byKind[kind]
}

// Close ends idle connections.
func (c *Clients) Close() { c.transport.CloseIdleConnections() }

type counting struct {
	clients *Clients
	kind    string
}

// RoundTrip implements http.RoundTripper.
func (t *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	res, err := t.clients.transport.RoundTrip(r)
	if err != nil {
		t.clients.requests.WithLabelValues(t.kind, "error").Inc()
		return nil, err
	}
	t.clients.requests.WithLabelValues(t.kind, strconv.Itoa(res.StatusCode)).Inc()
	t.clients.duration.WithLabelValues(t.kind).Observe(time.Since(began).Seconds())
	res.Body = &body{ReadCloser: res.Body, left: t.clients.cfg.MaxBody, read: t.clients.bytes.WithLabelValues(t.kind)}
	return res, nil
}

// CloseIdleConnections lets a client's own method of that name work.
func (t *counting) CloseIdleConnections() { t.clients.Close() }

type body struct {
	io.ReadCloser
	left int64
	read prometheus.Counter
}

// Read implements io.Reader. It fails behind the last byte that is allowed rather than cut the answer short.
func (b *body) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	b.read.Add(float64(n))
	if b.left -= int64(n); b.left < 0 {
		return 0, &pipeline.Fault{
			Code: pipeline.FaultTooLarge, Err: fmt.Errorf("cannot read the answer: %w", io.ErrShortBuffer),
			Text: pipeline.Text{
				RU: "Ответ облака больше допустимого. Напишите в поддержку: предел задан в InfraZen.",
				EN: "The cloud's answer is larger than allowed. Tell support: the limit is InfraZen's.",
			},
		}
	}
	return n, err
}
