package server

import (
	"context"
	"errors"

	"github.com/infrazen/infrazen/pipeline"
)

// probeView is what a test of a connection found.
type probeView struct {
	OK     bool        `json:"ok" doc:"The account lets us in"`
	Faults []faultView `json:"faults"`
	Scopes []scopeView `json:"scopes" doc:"What is permitted and what is not"`
}

type probeOut struct{ Body probeView }

type testSettingsIn struct {
	Body struct {
		Kind     string            `json:"kind" maxLength:"64"`
		Settings map[string]string `json:"settings"`
	}
}

type testConnectionIn struct {
	ID   string `path:"id" format:"uuid"`
	Body *struct {
		Settings map[string]string `json:"settings,omitempty" doc:"Settings to try in place of those held"`
	} `required:"false"`
}

func (s *Server) testSettings(ctx context.Context, c caller, in *testSettingsIn) (*probeOut, error) {
	p, err := s.provider(in.Body.Kind)
	if err != nil {
		return nil, err
	}
	settings, err := s.checkSettings(p, in.Body.Settings, nil)
	if err != nil {
		return nil, err
	}
	return s.probe(ctx, c, p, settings)
}

func (s *Server) testConnection(ctx context.Context, c caller, in *testConnectionIn) (*probeOut, error) {
	var change map[string]string
	if in.Body != nil {
		change = in.Body.Settings
	}
	conn, err := s.Store.Connection(ctx, c.tenant(), pipeline.ConnectionID(in.ID))
	if err != nil {
		return nil, err
	}
	p, settings, err := s.mergeSettings(ctx, c, conn, change)
	if err != nil {
		return nil, err
	}
	return s.probe(ctx, c, p, settings)
}

// probe opens a session and has it prove its credentials. What is wrong with the account is the answer, not an error.
func (s *Server) probe(ctx context.Context, c caller, p pipeline.Provider, settings pipeline.Settings) (*probeOut, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Config.ProbeTimeout)
	defer cancel()
	outcome, err := s.check(ctx, p, settings)
	if err != nil && ctx.Err() != nil {
		err = probeTimeout()
	}
	view := probeView{OK: err == nil, Faults: []faultView{}, Scopes: mapped(outcome.Scopes, viewScope(c.lang))}
	secrets := secretValues(p.Info(), settings)
	if err != nil {
		f := *pipeline.AsFault(err)
		f.Text = redactText(f.Text, secrets)
		view.Faults = append(view.Faults, viewFault(f, c.lang))
		s.Log.InfoContext(ctx, "connection test failed", "request_id", aboutOf(ctx).id, "kind", string(p.Info().Kind), "code", string(f.Code))
	}
	for i, scope := range outcome.Scopes {
		if scope.Fault == nil {
			continue
		}
		f := *scope.Fault
		f.Text = redactText(f.Text, secrets)
		view.Scopes[i].Fault = just(viewFault(f, c.lang))
		if !scope.Skipped {
			view.Faults = append(view.Faults, viewFault(f, c.lang))
		}
	}
	s.metrics.probes.WithLabelValues(string(p.Info().Kind), probeResult(view)).Inc()
	return &probeOut{Body: view}, nil
}

func (s *Server) check(ctx context.Context, p pipeline.Provider, settings pipeline.Settings) (pipeline.Outcome, error) {
	session, err := p.Open(settings, s.Env)
	if err != nil {
		return pipeline.Outcome{}, err
	}
	outcome, err := session.Check(ctx)
	if closing := session.Close(context.WithoutCancel(ctx)); err == nil && closing != nil {
		s.Log.DebugContext(ctx, "session did not close", "error", closing)
	}
	return outcome, err
}

func probeTimeout() error {
	return &pipeline.Fault{
		Code: pipeline.FaultTimeout, Retry: true, Err: errors.New("no answer in time"),
		Text: pipeline.Text{RU: "Облако не ответило вовремя. Повторите проверку позже.", EN: "The cloud did not answer in time. Try again later."},
	}
}

func probeResult(v probeView) string {
	switch {
	case !v.OK:
		return "failed"
	case len(v.Faults) > 0:
		return "partial"
	}
	return "ok"
}
