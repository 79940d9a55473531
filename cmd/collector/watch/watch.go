// Package watch looks at the tenants' budgets again and again and turns what it finds into incidents.
package watch

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/alert"
	"github.com/infrazen/infrazen/pipeline/analyze"
)

// Store is what the watch needs of the store of people and incidents.
type Store interface {
	AllBudgets(ctx context.Context) ([]pipeline.Budget, error)
	Tenant(ctx context.Context, id pipeline.TenantID) (pipeline.Tenant, error)
	// OpenIncident opens the incident unless its key was ever opened in the tenant, and owes it to the tenant's chats.
	OpenIncident(ctx context.Context, i pipeline.Incident) (created bool, err error)
	OpenIncidents(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Incident, error)
	// UpdateIncident sets the text of an open incident and owes the change to the chats that were told of it.
	UpdateIncident(ctx context.Context, tenant pipeline.TenantID, key string, text pipeline.Text) (changed bool, err error)
	// Now is the clock that all collectors share.
	Now(ctx context.Context) (time.Time, error)
}

// Asker answers cost questions.
type Asker interface {
	Ask(ctx context.Context, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error)
}

// Watch looks at budgets. Several may run at once: an incident is opened once.
type Watch struct {
	store  Store
	asker  Asker
	log    *slog.Logger
	looked *prometheus.CounterVec
}

// New makes a watch. It registers its metrics with reg.
func New(store Store, asker Asker, log *slog.Logger, reg prometheus.Registerer) *Watch {
	w := &Watch{store: store, asker: asker, log: log, looked: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "infrazen_watch_budgets_total",
		Help: "Budgets looked at, by result: quiet, opened, updated, failed.",
	}, []string{"result"})}
	reg.MustRegister(w.looked)
	return w
}

// Once looks at every budget. A budget that cannot be looked at is logged and does not stop the others.
func (w *Watch) Once(ctx context.Context) error {
	now, err := w.store.Now(ctx)
	if err != nil {
		return fmt.Errorf("cannot read the clock: %w", err)
	}
	budgets, err := w.store.AllBudgets(ctx)
	if err != nil {
		return fmt.Errorf("cannot list budgets: %w", err)
	}
	for _, b := range budgets {
		result, err := w.look(ctx, b, now)
		if err != nil {
			w.log.WarnContext(ctx, "cannot look at budget", "budget_id", b.ID, "tenant_id", b.TenantID, "error", err)
			result = "failed"
		}
		w.looked.WithLabelValues(result).Inc()
	}
	return nil
}

func (w *Watch) look(ctx context.Context, b pipeline.Budget, now time.Time) (string, error) {
	tenant, err := w.store.Tenant(ctx, b.TenantID)
	if err != nil {
		return "", err
	}
	period, err := analyze.PeriodOf(b, tenant.Zone, now)
	if err != nil {
		return "", err
	}
	answer, err := w.asker.Ask(ctx, b.TenantID, analyze.BudgetQuery(b, tenant.Zone, period))
	if err != nil {
		return "", err
	}
	finding := analyze.Budget(b, period, answer, now)
	if finding == nil {
		return "quiet", nil
	}
	return w.tell(ctx, alert.Incident(*finding, now))
}

func (w *Watch) tell(ctx context.Context, found pipeline.Incident) (string, error) {
	created, err := w.store.OpenIncident(ctx, found)
	if err != nil {
		return "", err
	}
	if created {
		return "opened", nil
	}
	open, err := w.store.OpenIncidents(ctx, found.TenantID)
	if err != nil {
		return "", err
	}
	for _, held := range open {
		if held.Key != found.Key || !alert.Changed(held, found) {
			continue
		}
		_, err := w.store.UpdateIncident(ctx, found.TenantID, found.Key, found.Text)
		return "updated", err
	}
	return "quiet", nil
}
