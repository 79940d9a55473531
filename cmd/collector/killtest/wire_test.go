package killtest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infrazen/infrazen/clickhouse/embedded/enginetest"
)

// wire stands between the collectors and the engine. It can lose the answer to an INSERT that was done, and kill the
// engine in the same instant: whoever sent it cannot know whether it was done.
type wire struct {
	engine  *enginetest.Engine
	address string
	armed   atomic.Bool
	lost    atomic.Int64
	hit     chan struct{}
}

var errLost = errors.New("the answer is lost")

func newWire(t *testing.T, engine *enginetest.Engine) *wire {
	t.Helper()
	w := &wire{engine: engine, hit: make(chan struct{}, 1)}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: engine.Addr})
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	proxy.Transport, proxy.FlushInterval = transport, -1
	proxy.ModifyResponse = func(r *http.Response) error {
		if isInsert(r.Request) && r.StatusCode == http.StatusOK && w.armed.CompareAndSwap(true, false) {
			w.lost.Add(1)
			w.engine.KillOnly(t)
			w.hit <- struct{}{}
			return errLost
		}
		return nil
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	server := httptest.NewServer(proxy)
	w.address = strings.TrimPrefix(server.URL, "http://")
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		transport.CloseIdleConnections()
	})
	return w
}

// isInsert knows an INSERT into the ledger by its first words.
func isInsert(r *http.Request) bool {
	words := strings.Fields(r.URL.Query().Get("query"))
	return len(words) > 2 && words[0] == "INSERT" && words[2] == "charges"
}

// loseAnswer waits for an INSERT and loses its answer together with the engine. When none comes within a while, nothing is lost.
func (w *wire) loseAnswer(t *testing.T) {
	t.Helper()
	w.armed.Store(true)
	select {
	case <-w.hit:
	case <-time.After(3 * time.Second):
		if !w.armed.CompareAndSwap(true, false) {
			<-w.hit
		}
	}
}
