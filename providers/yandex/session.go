package yandex

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// session is one connection to one service account.
type session struct {
	env    pipeline.Env
	conf   config
	edge   *httpedge.Client
	bucket *bucket          // nil when there is no export
	grpc   *grpc.ClientConn // made when first needed

	token     token
	authFault *pipeline.Fault

	// folders are those of the last whole listing, so that a list that fails once does not hide everything.
	folders []folder
}

// begin forgets what was sticky in the task before.
func (s *session) begin() { s.authFault = nil }

// wait keeps to a modest pace that all connections of a service account share: Yandex Cloud documents no limit for lists.
func (s *session) wait(ctx context.Context) error {
	return s.waitFor(ctx, "yandex/api/"+s.conf.serviceAccount, pipeline.RateLimit{Burst: 40, Per: time.Second})
}

func (s *session) waitFor(ctx context.Context, key string, limit pipeline.RateLimit) error {
	if s.env.Wait == nil {
		return nil
	}
	if err := s.env.Wait(ctx, key, limit); err != nil {
		if f := stopped(ctx); f != nil {
			return f
		}
		return s.edge.Throttled("")
	}
	return nil
}

// Objects implements pipeline.Session.
func (s *session) Objects(ctx context.Context) ([]pipeline.Object, error) {
	s.begin()
	if s.bucket == nil {
		return nil, nil
	}
	_ = s.enter(ctx) // it tells the cloud's clock; the bucket opens without a token
	objects, err := s.bucket.list(ctx)
	if stop := stopped(ctx); stop != nil {
		return nil, stop
	}
	return objects, err
}

// Collect implements pipeline.Session.
func (s *session) Collect(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	s.begin()
	if err := s.enter(ctx); err != nil {
		return pipeline.Outcome{CloudTime: s.edge.CloudTime()}, err
	}
	switch task.Feed {
	case pipeline.FeedInventory:
		return s.collectInventory(ctx, task, sink)
	case pipeline.FeedFiles:
		return s.collectFile(ctx, task, sink)
	case pipeline.FeedCharges:
		return s.collectCharges(ctx, task, sink)
	case pipeline.FeedUsage:
		return s.collectUsage(ctx, task, sink)
	}
	return pipeline.Outcome{}, nil
}

// enter signs in. It fails when only a person can mend it or when the task was stopped; another fault of signing in is reported
// by the scopes that need a token, and the export in the bucket goes on without.
func (s *session) enter(ctx context.Context) error {
	_, err := s.bearer(ctx)
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	if err != nil && needsPerson(pipeline.AsFault(err)) {
		return err
	}
	return nil
}

// Close implements pipeline.Session. An IAM token cannot be given back; it runs out.
func (s *session) Close(context.Context) error {
	if s.grpc == nil {
		return nil
	}
	err := s.grpc.Close()
	s.grpc = nil
	return err
}
