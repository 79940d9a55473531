package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"syscall"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

const (
	firstPause = 50 * time.Millisecond
	lastPause  = 2 * time.Second
)

// passing are the codes of ClickHouse's own errors that go away by waiting: SOCKET_TIMEOUT, NETWORK_ERROR,
// TOO_MANY_SIMULTANEOUS_QUERIES, TABLE_IS_READ_ONLY, TOO_MANY_PARTS, QUERY_WAS_CANCELLED_BY_SERVER_SHUTDOWN (ABORTED),
// ALL_CONNECTION_TRIES_FAILED, UNKNOWN_STATUS_OF_INSERT, KEEPER_EXCEPTION.
func passing(code int32) bool {
	switch code {
	case 209, 210, 202, 242, 252, 236, 279, 319, 999:
		return true
	}
	return false
}

// retryable tells whether the same request may succeed when the server is back.
func retryable(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var exception *ch.Exception
	if errors.As(err, &exception) {
		return passing(exception.Code)
	}
	var status *ch.HTTPError
	if errors.As(err, &status) {
		return status.StatusCode >= http.StatusInternalServerError || status.StatusCode == http.StatusTooManyRequests
	}
	return unreachable(err)
}

func unreachable(err error) bool {
	for _, known := range []error{
		io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET,
		syscall.EPIPE, ch.ErrAcquireConnTimeout, ch.ErrConnectionClosed,
	} {
		if errors.Is(err, known) {
			return true
		}
	}
	var network net.Error
	return errors.As(err, &network)
}

// do runs a request that may be repeated: it changes nothing, or carries a token, or does the same again.
func (s *Store) do(ctx context.Context, name string, request func(context.Context) error) error {
	start := time.Now()
	defer func() { s.metrics.duration.WithLabelValues(name).Observe(time.Since(start).Seconds()) }()
	deadline := start.Add(s.cfg.RetryFor)
	pause := firstPause
	for {
		err := request(ctx)
		if err == nil {
			return nil
		}
		if !retryable(err) || ctx.Err() != nil || time.Now().After(deadline) {
			s.metrics.failures.WithLabelValues(name).Inc()
			return fmt.Errorf("cannot run %s: %w", name, redact(err))
		}
		s.metrics.retries.WithLabelValues(name).Inc()
		s.log.WarnContext(ctx, "clickhouse does not answer, trying again", "query", name, "pause", pause, "error", redact(err))
		if err := wait(ctx, pause/2+rand.N(pause/2)); err != nil {
			return fmt.Errorf("cannot run %s: %w", name, err)
		}
		pause = min(2*pause, lastPause)
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
