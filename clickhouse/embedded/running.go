package embedded

import (
	"context"
	"sync"
	"time"
)

// killEvery is how often a statement that must stop is asked again: it may not
// have been known to the engine yet at the first time.
const killEvery = 50 * time.Millisecond

// running is the list of statements under way, by the client's query_id.
type running struct {
	mu   sync.Mutex
	byID map[string]*execution
	all  map[*execution]struct{}
	done sync.WaitGroup
}

// execution is one statement under way.
type execution struct {
	queryID string
	tag     string // of its connection; "" while it waits for a place
	ended   chan struct{}
	cancel  context.CancelFunc
}

func newRunning() *running {
	return &running{byID: map[string]*execution{}, all: map[*execution]struct{}{}}
}

// begin lists a statement. With the id of one under way it fails, or, when
// replace is set, stops that one first.
func (r *running) begin(ctx context.Context, queryID string, replace bool) (context.Context, *execution, error) {
	for {
		r.mu.Lock()
		other := r.byID[queryID]
		if other == nil {
			break
		}
		r.mu.Unlock()
		if !replace {
			return nil, nil, fail(216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", "Query with id = %s is already running", queryID)
		}
		other.cancel()
		select {
		case <-other.ended:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
	defer r.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	x := &execution{queryID: queryID, ended: make(chan struct{}), cancel: cancel}
	r.byID[queryID] = x
	r.all[x] = struct{}{}
	r.done.Add(1)
	return ctx, x, nil
}

func (r *running) setTag(x *execution, tag string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x.tag = tag
}

func (r *running) end(x *execution) {
	r.mu.Lock()
	delete(r.byID, x.queryID)
	delete(r.all, x)
	r.mu.Unlock()
	x.cancel()
	close(x.ended)
	r.done.Done()
}

func (r *running) len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// ids returns the client's query ids by the tags of their connections.
func (r *running) ids() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make(map[string]string, len(r.all))
	for x := range r.all {
		if x.tag != "" {
			ids[x.tag] = x.queryID
		}
	}
	return ids
}

func (r *running) killAll(e *engine) {
	for tag := range r.ids() {
		e.kill(tag)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for x := range r.all {
		x.cancel()
	}
}

// wait returns when nothing runs any more.
func (r *running) wait() { r.done.Wait() }

// killWhenDone stops the statement of a connection when the context ends. The
// caller calls the returned function when the statement has ended; the
// connection is nobody else's before that function has returned.
func (e *engine) killWhenDone(ctx context.Context, tag string) (ended func()) {
	over, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		ticker := time.NewTicker(killEvery)
		defer ticker.Stop()
		for {
			e.kill(tag)
			select {
			case <-over:
				return
			case <-ticker.C:
			}
		}
	}()
	return func() { close(over); <-stopped }
}
