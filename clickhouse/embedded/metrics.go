package embedded

import (
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests   *prometheus.CounterVec
	exceptions *prometheus.CounterVec
	cancelled  prometheus.Counter
	bytesIn    prometheus.Counter
	bytesOut   prometheus.Counter
	seconds    prometheus.Histogram
}

func newMetrics(registry *prometheus.Registry, s *server) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "infrazen", Subsystem: "engine", Name: name, Help: help})
	}
	gauge := func(name, help string, value func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "infrazen", Subsystem: "engine", Name: name, Help: help}, value)
	}
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "infrazen", Subsystem: "engine", Name: "requests_total", Help: "Statements asked, by HTTP status of the answer.",
		}, []string{"status"}),
		exceptions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "infrazen", Subsystem: "engine", Name: "exceptions_total", Help: "Statements that failed, by ClickHouse's error code.",
		}, []string{"code"}),
		cancelled: counter("cancelled_total", "Statements stopped because their client left."),
		bytesIn:   counter("received_bytes_total", "Bytes of request bodies, unpacked."),
		bytesOut:  counter("sent_bytes_total", "Bytes of answers before packing."),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "infrazen", Subsystem: "engine", Name: "statement_seconds", Help: "How long statements took.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 9),
		}),
	}
	registry.MustRegister(m.requests, m.exceptions, m.cancelled, m.bytesIn, m.bytesOut, m.seconds,
		gauge("running_statements", "Statements under way or waiting for a place.", func() float64 { return float64(s.running.len()) }),
		gauge("busy_places", "Places for running statements that are taken.", func() float64 { return float64(len(s.engine.slots)) }),
		gauge("sessions", "Sessions kept for clients.", func() float64 { return float64(s.sessions.len()) }),
		gauge("resident_bytes", "Resident memory of the engine's process.", residentBytes),
	)
	return m
}

// residentBytes reads this process's resident memory from /proc.
func residentBytes() float64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseFloat(fields[1], 64)
	return pages * float64(os.Getpagesize())
}

// observe counts an answer that has been sent.
func (m *metrics) observe(p *response) {
	m.requests.WithLabelValues(strconv.Itoa(p.status)).Inc()
	m.bytesOut.Add(float64(p.written))
	m.seconds.Observe(time.Since(p.started).Seconds())
	if p.failed != nil {
		m.exceptions.WithLabelValues(strconv.Itoa(p.failed.code)).Inc()
	}
}

// countingReader counts the bytes that pass.
type countingReader struct {
	r     io.Reader
	count prometheus.Counter
}

// Read reads from the reader beneath.
func (c *countingReader) Read(data []byte) (int, error) {
	n, err := c.r.Read(data)
	c.count.Add(float64(n))
	return n, err
}
