package vk

import (
	"context"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
	"github.com/infrazen/infrazen/providers/table"
)

// session is one connection to one project of VK Cloud.
type session struct {
	env                           pipeline.Env
	place                         place
	zone                          *time.Location
	user, password                string
	project, console, region      string
	identity, billing, monitoring string
	mapping                       table.Mapping
	mappingVersion                string
	prices                        *PriceList
	edge                          *httpedge.Client

	// cloud is signed in; nil before the first task that asks VK. catalog has the addresses of the services, hosts those of them.
	cloud   *gophercloud.ProviderClient
	catalog *tokens.ServiceCatalog
	hosts   map[string]string // scheme by host
	// broken, once set, ends the task: what is wrong is the sign-in.
	broken *pipeline.Fault

	// What joins resources to sizes is kept between tasks, so that a list that fails once changes no resource.
	sizes  map[string]size           // by flavor
	memory map[string]int64          // bytes by server
	days   map[string]map[int64]bool // of uploaded reports, by version
}

// Check implements pipeline.Session: it signs in and asks each service for as little as it gives.
func (s *session) Check(ctx context.Context) (pipeline.Outcome, error) {
	var rep report
	if err := s.connect(ctx); err != nil {
		return s.outcome(&rep), err
	}
	for _, l := range lists() {
		err := s.probe(ctx, l)
		rep.close(l.scope, err, 0)
		if err := s.ended(ctx); err != nil {
			return s.outcome(&rep), err
		}
		if f := rep.of(l.scope).fault; f != nil && f.Code == pipeline.FaultAccount {
			return s.outcome(&rep), f
		}
	}
	_, err := s.readBalance(ctx, &rep)
	if err := s.ended(ctx); err != nil {
		return s.outcome(&rep), err
	}
	if err != nil {
		rep.close(scopeBalance, err, 0)
	}
	rep.nothingPermitted()
	return s.outcome(&rep), nil
}

// Collect implements pipeline.Session.
func (s *session) Collect(ctx context.Context, task pipeline.Task, sink pipeline.Sink) (pipeline.Outcome, error) {
	switch task.Feed {
	case pipeline.FeedInventory:
		return s.collectInventory(ctx, sink)
	case pipeline.FeedUsage:
		return s.collectUsage(ctx, task, sink)
	case pipeline.FeedFiles:
		return s.collectReport(ctx, task, sink)
	}
	return pipeline.Outcome{}, &pipeline.Fault{
		Code: pipeline.FaultInternal,
		Text: pipeline.Textf("VK Cloud не даёт данных вида «%s». Сообщите в поддержку InfraZen.", "VK Cloud gives no data of kind %q. Tell InfraZen's support.", task.Feed),
	}
}

// Close implements pipeline.Session: it ends the token, which would run out by itself.
func (s *session) Close(ctx context.Context) error {
	if s.cloud == nil || s.cloud.Token() == "" {
		return nil
	}
	token := s.cloud.Token()
	s.cloud = nil
	_, err := s.edge.Do(ctx, httpedge.Request{
		Scope: scopeAuth, Method: http.MethodDelete, URL: s.identity + "auth/tokens",
		Header: http.Header{"X-Auth-Token": {token}, "X-Subject-Token": {token}},
	})
	return err
}

// ended gives what ends a task before its end: that it was cancelled, or that the sign-in is refused.
func (s *session) ended(ctx context.Context) error {
	if ctx.Err() != nil {
		return &pipeline.Fault{
			Code:  pipeline.FaultUnavailable,
			Text:  pipeline.Text{RU: "Сбор остановлен до конца. Он продолжится сам.", EN: "Collection was stopped before its end. It continues by itself."},
			Retry: true, Err: ctx.Err(),
		}
	}
	if s.broken != nil {
		return s.broken
	}
	return nil
}
