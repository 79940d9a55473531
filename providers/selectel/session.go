package selectel

import (
	"context"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// session is one connection to one account.
type session struct {
	env                             pipeline.Env
	identity, api                   string
	account, user, password, static string
	// edge makes the quick requests, slow those of the billing statistics, which take up to two minutes.
	edge, slow *httpedge.Client

	token     grant // of the account as a whole
	authFault *pipeline.Fault
	// staticFault, once set, is why the static token is not used any more.
	staticFault *pipeline.Fault
	clouds      map[string]*projectCloud // by project
	leave       int                      // how many requests may be made before asking again

	// What is kept between tasks.
	refusedKeys map[string]bool // provider keys that the statistics do not know
	prices      *priceList
	flavors     map[string]flavor
}

// grant is a token with its end by the cloud's clock.
type grant struct {
	id      string
	expires time.Time
}

// projectCloud is a project's own token with the catalog that came with it.
type projectCloud struct {
	client  *gophercloud.ProviderClient
	expires time.Time
	catalog []endpoint
	fault   *pipeline.Fault // of renewing the token
}

// limit is a modest pace, for Selectel documents none: 100 requests of an account in any five seconds. Leave is taken for
// packOf of them at once, because the collectors agree on it in a store of theirs.
func limit() pipeline.RateLimit { return pipeline.RateLimit{Burst: 100 / packOf, Per: 5 * time.Second} }

const packOf = 25

// billingTimeout is what clients of the statistics wait for an answer.
const billingTimeout = 120 * time.Second

// begin forgets what was sticky in the task before.
func (s *session) begin() {
	s.authFault, s.staticFault, s.leave = nil, nil, 0
	s.hide()
}

// hide takes the secrets out of all later errors.
func (s *session) hide() {
	s.edge.Hide(s.password, s.static)
	s.slow.Hide(s.password, s.static)
}

// now is the present by the cloud's clock.
func (s *session) now() time.Time {
	if s.edge.CloudTime().IsZero() {
		return s.slow.Now()
	}
	return s.edge.Now()
}

// wait asks for leave to make one more request of the account.
func (s *session) wait(ctx context.Context) error {
	if err := stopped(ctx); err != nil || s.env.Wait == nil {
		return err
	}
	if s.leave > 0 {
		s.leave--
		return nil
	}
	if err := s.env.Wait(ctx, "selectel/"+s.account, limit()); err != nil {
		if f := stopped(ctx); f != nil {
			return f
		}
		return pipeline.AsFault(err)
	}
	s.leave = packOf - 1
	return nil
}

// Objects implements pipeline.Session. Selectel has no files.
func (s *session) Objects(context.Context) ([]pipeline.Object, error) { return nil, nil }

// Close implements pipeline.Session. Tokens run out by themselves within a day; the account's others must not be touched.
func (s *session) Close(context.Context) error {
	s.token, s.clouds = grant{}, nil
	return nil
}

// Collect implements pipeline.Session.
func (s *session) Collect(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	s.begin()
	switch task.Feed {
	case pipeline.FeedInventory:
		return s.collectInventory(ctx, task, sink)
	case pipeline.FeedCharges:
		return s.collectCharges(ctx, task, sink)
	case pipeline.FeedUsage:
		return s.collectUsage(ctx, task, sink)
	}
	return pipeline.Outcome{}, &pipeline.Fault{
		Code: pipeline.FaultInternal,
		Text: pipeline.Textf("Selectel не даёт данных вида «%s». Сообщите в поддержку InfraZen.", "Selectel gives no data of kind %q. Tell InfraZen's support.", task.Feed),
	}
}

// stopped gives the fault of a task that was cancelled; nil while it runs on.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &pipeline.Fault{
		Code:  pipeline.FaultUnavailable,
		Text:  pipeline.Text{RU: "Сбор остановлен до конца. Он продолжится сам.", EN: "Collection was stopped before its end. It continues by itself."},
		Retry: true,
		Err:   ctx.Err(),
	}
}
