// Package ask answers questions about money: it checks the question, has the ledger add up, names the connections
// and says how old and how complete the data under the answer is. The web, the bot and budgets all ask here.
package ask

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Costs is the store that adds up charges.
type Costs interface {
	// Costs answers a checked question and leaves Data zero.
	Costs(ctx context.Context, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error)
}

// Freshness is the store that knows what was collected.
type Freshness interface {
	// DataState is the state of the data of these connections in a period; of all the tenant's when none are named.
	DataState(ctx context.Context, tenant pipeline.TenantID, conns []pipeline.ConnectionID, from, to time.Time) (pipeline.DataState, error)
	// ConnectionsOf lists the tenant's connections.
	ConnectionsOf(ctx context.Context, tenant pipeline.TenantID) ([]pipeline.Connection, error)
}

// Asker answers questions about money.
type Asker struct {
	Costs     Costs
	Freshness Freshness
}

// Ask answers the question for the tenant. A question that cannot be answered gives a *BadQuestion.
func (a *Asker) Ask(ctx context.Context, tenant pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	if q.Metric == "" {
		q.Metric = pipeline.MetricBilledCost
	}
	if err := Check(q); err != nil {
		return pipeline.CostAnswer{}, err
	}
	answer, err := a.Costs.Costs(ctx, tenant, q)
	if err != nil {
		return pipeline.CostAnswer{}, fmt.Errorf("cannot add up costs: %w", err)
	}
	answer.Data, err = a.Freshness.DataState(ctx, tenant, Connections(q.Filter), q.From, q.To)
	if err != nil {
		return pipeline.CostAnswer{}, fmt.Errorf("cannot tell the age of the data: %w", err)
	}
	if err := a.nameConnections(ctx, tenant, &answer); err != nil {
		return pipeline.CostAnswer{}, err
	}
	return answer, nil
}

// nameConnections labels the keys of the dimension "connection", whose values are ids.
func (a *Asker) nameConnections(ctx context.Context, tenant pipeline.TenantID, answer *pipeline.CostAnswer) error {
	i := slices.Index(answer.Query.GroupBy, pipeline.DimConnection)
	if i < 0 {
		return nil
	}
	conns, err := a.Freshness.ConnectionsOf(ctx, tenant)
	if err != nil {
		return fmt.Errorf("cannot name connections: %w", err)
	}
	names := Names(conns)
	for _, g := range answer.Groups {
		if i >= len(g.Keys) {
			continue
		}
		if name, ok := names[pipeline.ConnectionID(g.Keys[i].Value)]; ok {
			g.Keys[i].Label = name
		}
	}
	return nil
}

// Names maps connections to what their people call them.
func Names(conns []pipeline.Connection) map[pipeline.ConnectionID]string {
	names := make(map[pipeline.ConnectionID]string, len(conns))
	for _, c := range conns {
		names[c.ID] = c.Name
	}
	return names
}

// Connections are those that a filter narrows to; nil when it lets several in that it does not name.
func Connections(f *pipeline.Filter) []pipeline.ConnectionID {
	if f == nil {
		return nil
	}
	switch f.Op {
	case pipeline.OpEquals, pipeline.OpIn:
		if f.Dimension != pipeline.DimConnection {
			return nil
		}
		var ids []pipeline.ConnectionID
		for _, v := range f.Values {
			ids = append(ids, pipeline.ConnectionID(v))
		}
		return ids
	case pipeline.OpAnd:
		for i := range f.Args {
			if ids := Connections(&f.Args[i]); ids != nil {
				return ids
			}
		}
	}
	return nil
}
