package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
	signIns  *prometheus.CounterVec
	probes   *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_api_requests_total", Help: "HTTP requests answered.",
		}, []string{"method", "route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "infrazen_api_request_seconds", Help: "Time to answer a request.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "infrazen_api_requests_in_flight", Help: "HTTP requests under way."}),
		panics:   prometheus.NewCounter(prometheus.CounterOpts{Name: "infrazen_api_panics_total", Help: "Handlers that panicked."}),
		signIns: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_api_sign_ins_total", Help: "Attempts to sign in, by result.",
		}, []string{"result"}),
		probes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "infrazen_api_connection_tests_total", Help: "Tests of connections, by kind and result.",
		}, []string{"kind", "result"}),
	}
	r.MustRegister(m.requests, m.seconds, m.inFlight, m.panics, m.signIns, m.probes)
	return m
}

func (m *metrics) request(method, route string, status int, took time.Duration) {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}
