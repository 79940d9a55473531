package collect

import (
	"context"
	"errors"
	"sync"
	"time"
)

// lease keeps a window ours while it is being collected.
type lease struct {
	windows Windows
	window  Window
	length  time.Duration

	mu    sync.Mutex
	until time.Time // by our own clock, no later than by the store's
}

// newLease begins with a lease that was asked for at an instant of our own clock.
func newLease(windows Windows, w Window, length time.Duration, asked time.Time) *lease {
	return &lease{windows: windows, window: w, length: length, until: asked.Add(length)}
}

func (l *lease) deadline() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// guard fails when the lease may have run out: a collector that stood still must not write.
func (l *lease) guard() error {
	if time.Now().Before(l.deadline()) {
		return nil
	}
	return ErrLeaseLost
}

// keep prolongs the lease until stop is called. The context ends when the lease is lost.
func (l *lease) keep(parent context.Context) (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancelCause(parent)
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(l.length / 3)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
				l.extend(ctx, cancel)
			}
		}
	})
	return ctx, func() {
		close(done)
		cancel(nil)
		wg.Wait()
	}
}

func (l *lease) extend(ctx context.Context, lost context.CancelCauseFunc) {
	asked := time.Now()
	call, cancel := context.WithTimeout(ctx, l.length/3)
	defer cancel()
	err := l.windows.Extend(call, l.window, l.length)
	if err == nil {
		l.mu.Lock()
		l.until = asked.Add(l.length)
		l.mu.Unlock()
		return
	}
	if errors.Is(err, ErrLeaseLost) || !time.Now().Before(l.deadline()) {
		lost(ErrLeaseLost)
	}
}

// handBack gives an abandoned window to whoever asks next, instead of letting the lease run out.
func (l *lease) handBack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTime)
	defer cancel()
	_ = l.windows.Extend(ctx, l.window, time.Millisecond) // else the lease runs out by itself
}
