package beget

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// authAnswer is what /v1/auth and /v1/auth/refresh give, with HTTP 200 in either case.
type authAnswer struct {
	Token text `json:"token"`
	Error text `json:"error"`
}

// bearer returns a token to use: the one at hand, a fresh one for an ageing one, or a new one by login.
func (s *session) bearer(ctx context.Context) (string, error) {
	now := s.env.Now()
	if s.token.expired(now) {
		return s.signIn(ctx)
	}
	if s.token.ageing(now) {
		if err := s.refresh(ctx); err != nil {
			if ctx.Err() != nil {
				return "", err
			}
			return s.signIn(ctx)
		}
	}
	return s.token.value, nil
}

// signIn asks for a token with login and password. After a failure it gives the same fault without asking again until the
// next task: repeated wrong logins make Beget block the address.
func (s *session) signIn(ctx context.Context) (string, error) {
	if s.authFault != nil {
		return "", s.authFault
	}
	body, err := json.Marshal(map[string]any{"login": s.login, "password": s.password, "code": "", "saveMe": false})
	if err != nil {
		return "", pipeline.AsFault(err)
	}
	if err := s.exchange(ctx, "/v1/auth", "", body); err != nil {
		if ctx.Err() == nil {
			s.authFault = pipeline.AsFault(err)
		}
		return "", err
	}
	s.logins++
	return s.token.value, nil
}

// refresh exchanges a live token for a new one. Beget has no separate refresh token.
func (s *session) refresh(ctx context.Context) error {
	return s.exchange(ctx, "/v1/auth/refresh", s.token.value, nil)
}

// exchange posts to an auth endpoint and keeps the token that it gives.
func (s *session) exchange(ctx context.Context, path, bearer string, body []byte) error {
	ans, err := s.send(ctx, scopeAuth, http.MethodPost, path, bearer, body)
	if err != nil {
		return err
	}
	if ans.Status >= 400 {
		return s.authStatusFault(ans.Status)
	}
	var a authAnswer
	if err := s.edge.JSON(scopeAuth, ans, &a); err != nil {
		return err
	}
	if a.Error != "" {
		return authFault(string(a.Error))
	}
	if a.Token == "" {
		return s.edge.Malformed(scopeAuth, "neither token nor error in the answer")
	}
	s.edge.Hide(string(a.Token))
	s.token = newToken(string(a.Token), s.env.Now(), s.edge.Now())
	return nil
}

// send makes one request of the modern API within its rate limit.
func (s *session) send(ctx context.Context, scope, method, path, bearer string, body []byte) (httpedge.Answer, error) {
	if err := s.modernTurn(ctx); err != nil {
		return httpedge.Answer{}, err
	}
	h := http.Header{"Accept": {"application/json"}}
	if body != nil {
		h.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		h.Set("Authorization", "Bearer "+bearer)
	}
	return s.edge.Do(ctx, httpedge.Request{Scope: scope, Method: method, URL: s.base + path, Header: h, Body: body})
}

// Close ends the session at Beget. A token that Beget does not take any more is as good as closed.
func (s *session) Close(ctx context.Context) error {
	bearer := s.token.value
	if s.token.expired(s.env.Now()) {
		return nil
	}
	s.token = token{}
	_, err := s.send(ctx, scopeAuth, http.MethodPost, "/v1/auth/logout", bearer, nil)
	return err
}
