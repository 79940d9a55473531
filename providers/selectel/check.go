package selectel

import (
	"context"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/infrazen/infrazen/pipeline"
)

// okOptions lets Gnocchi answer a question by POST with 200, as it does.
func okOptions() *gophercloud.RequestOpts {
	return &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK, http.StatusCreated}}
}

// Check implements pipeline.Session: it signs in and asks for the balance, one hour of consumption, the projects with a token
// of each, and the transactions of an hour.
func (s *session) Check(ctx context.Context) (pipeline.Outcome, error) {
	s.begin()
	rep := &report{names: map[string]string{}}
	if _, err := s.accountToken(ctx); err != nil {
		return s.refused(ctx, rep, err)
	}
	inv := &inventory{session: s, rep: rep}
	hour := s.now().Truncate(time.Hour)
	b := &biller{session: s, rep: rep, task: pipeline.Task{From: hour.Add(-time.Hour), To: hour}}
	steps := []func(context.Context){
		inv.readBalances,
		func(ctx context.Context) {
			_, err := s.consumption(ctx, rep, scopeConsumption, byProject, hour.Add(-time.Hour), hour, pipeline.Russian)
			rep.scope(scopeConsumption).close(err)
		},
		b.readTransactions, inv.readProjects, inv.checkProjects,
	}
	for _, step := range steps {
		step(ctx)
		if err := s.ended(ctx); err != nil {
			return s.outcome(rep), err
		}
	}
	return s.outcome(rep), nil
}

// checkProjects signs in to each project.
func (inv *inventory) checkProjects(ctx context.Context) {
	for _, p := range inv.projects {
		_, err := inv.cloud(ctx, string(p.ID))
		if inv.ended(ctx) != nil {
			return
		}
		if err != nil {
			err = noProject(err, p)
		}
		inv.rep.scope(scopeToken + "/" + string(p.ID)).close(err)
	}
}
