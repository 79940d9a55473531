package collect_test

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/collect"
	"github.com/infrazen/infrazen/pipeline/collect/collecttest"
)

// gated is a store of work whose limits let nobody through before they are opened.
type gated struct {
	*collecttest.Windows
	waiting chan struct{} // gets a value from everybody who waits
	open    chan struct{}
}

func (g *gated) Wait(ctx context.Context, _ string, _ pipeline.RateLimit) error {
	g.waiting <- struct{}{}
	select {
	case <-g.open:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestWhoWaitsForALimitLeavesItsPlace has one worker, and more windows than one wait at once; but no more than a crowd.
func TestWhoWaitsForALimitLeavesItsPlace(t *testing.T) {
	const crowd = 3
	l := newLab(noon).onlyCharges()
	l.cloud.Limited, l.cloud.Parallel = true, 10
	var done atomic.Int64
	l.cloud.World = func(context.Context, pipeline.Settings) (collecttest.World, error) {
		done.Add(1)
		return collecttest.World{}, nil
	}
	g := &gated{Windows: l.windows, waiting: make(chan struct{}, 100), open: make(chan struct{})}
	l.config.Workers = 1
	c, err := collect.New(collect.Deps{
		Windows: g, Ledger: l.ledger, Providers: []pipeline.Provider{l.cloud}, Registry: prometheus.NewRegistry(), Log: slog.New(slog.DiscardHandler),
	}, l.config)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.PlanAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.CollectDue(t.Context())
	}()
	for range crowd {
		<-g.waiting
	}
	if done.Load() != 0 {
		t.Error("a window came past its limit")
	}
	select {
	case <-g.waiting:
		t.Error("more windows wait than a crowd")
	default:
	}
	close(g.open)
	<-ended
	if done.Load() <= crowd {
		t.Errorf("%d windows were collected", done.Load())
	}
}
