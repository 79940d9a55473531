package main

import (
	"context"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// progressEvery is how often the progress of the first collection is looked at.
const progressEvery = time.Second

// showProgress prints how far the first collection is, a line for every tenth, until it is through. A store that does not
// answer is asked again: what is shown must never stop what works.
func (p *product) showProgress(ctx context.Context, tenant pipeline.TenantID) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	shown := int64(-1)
	for {
		done, total, err := p.windows(ctx, tenant)
		switch {
		case err != nil && ctx.Err() == nil:
			p.env.Log.WarnContext(ctx, "cannot tell how far the collection is", "error", err)
		case total > 0 && done*10/total > shown:
			shown = done * 10 / total
			p.out.printf("История загружена на %d %%\n", "History loaded: %d%%\n", shown*10)
		}
		if err == nil && total > 0 && done == total {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// windows counts the windows of all connections of the tenant.
func (p *product) windows(ctx context.Context, tenant pipeline.TenantID) (done, total int64, err error) {
	statuses, err := p.stores.People.Statuses(ctx, tenant)
	for _, s := range statuses {
		done, total = done+s.WindowsDone, total+s.WindowsTotal
	}
	return done, total, err
}
