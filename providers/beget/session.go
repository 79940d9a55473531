package beget

import (
	"context"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// session is one connection to one Beget account.
type session struct {
	env                          pipeline.Env
	base                         string
	login, password, apiPassword string
	edge                         *httpedge.Client

	token     token
	logins    int // how often signIn succeeded
	authFault *pipeline.Fault
	// pack is how many requests may be made before the limit is asked again.
	pack int
	// forbidden are scopes that a fresh token did not open.
	forbidden map[string]bool

	// legacyFault, once set, answers for every further legacy call of the task.
	legacyFault *pipeline.Fault

	// What joins resources to names is kept between tasks, so that a list that fails once does not change every name.
	projects map[string]string
	regions  map[string]string

	stats     statCache
	engines   map[string]string // of cloud databases
	enginesAt time.Time
}

// modernPack is how many requests are asked for at once: every asking is a write in the store of work.
const modernPack = 5

// modernLimit is a modest pace, ten requests in two seconds: Beget documents none for the modern API.
func modernLimit() pipeline.RateLimit {
	return pipeline.RateLimit{Burst: 2, Per: 2 * time.Second}
}

// modernTurn waits for the next request's turn.
func (s *session) modernTurn(ctx context.Context) error {
	if f := stopped(ctx); f != nil {
		return f
	}
	if s.pack > 0 {
		s.pack--
		return nil
	}
	if err := s.wait(ctx, "beget/modern/"+s.login, modernLimit()); err != nil {
		return err
	}
	s.pack = modernPack - 1
	return nil
}

// legacyLimit keeps any minute under the 60 requests that Beget allows a user: 25 at once, which is an inventory of most
// accounts, and 25 more per 50 s.
func legacyLimit() pipeline.RateLimit {
	return pipeline.RateLimit{Burst: 25, Per: 50 * time.Second}
}

// begin forgets what was sticky in the task before.
func (s *session) begin() {
	s.authFault, s.legacyFault, s.forbidden = nil, nil, nil
	if !s.token.worked {
		s.token = token{}
	}
}

func (s *session) wait(ctx context.Context, key string, limit pipeline.RateLimit) error {
	if s.env.Wait == nil {
		return nil
	}
	if err := s.env.Wait(ctx, key, limit); err != nil {
		if f := stopped(ctx); f != nil {
			return f
		}
		return pipeline.AsFault(err)
	}
	return nil
}

// Objects implements pipeline.Session. Beget has no files.
func (s *session) Objects(context.Context) ([]pipeline.Object, error) { return nil, nil }

// Collect implements pipeline.Session.
func (s *session) Collect(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	s.begin()
	switch task.Feed {
	case pipeline.FeedInventory:
		return s.collectInventory(ctx, task, sink)
	case pipeline.FeedUsage:
		return s.collectUsage(ctx, task, sink)
	}
	return pipeline.Outcome{}, &pipeline.Fault{
		Code: pipeline.FaultInternal,
		Text: pipeline.Textf("Beget не даёт данных вида «%s». Сообщите в поддержку InfraZen.", "Beget gives no data of kind %q. Tell InfraZen's support.", task.Feed),
	}
}
