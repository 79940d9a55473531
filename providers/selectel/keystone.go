package selectel

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// renewBefore is how long before its end a token is replaced.
const renewBefore = 2 * time.Minute

// scopeKey carries the scope of a request to the transport below gophercloud.
type scopeKey struct{}

func scoped(ctx context.Context, scope string) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// edgeTransport lets gophercloud make its requests through our HTTP edge: limits, faults and the cloud's clock hold for them.
type edgeTransport struct{ s *session }

// RoundTrip implements http.RoundTripper. Its errors are *pipeline.Fault.
func (t edgeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	scope, _ := r.Context().Value(scopeKey{}).(string)
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, pipeline.AsFault(err)
		}
		_ = r.Body.Close() // it is in memory
	}
	if err := t.s.wait(r.Context()); err != nil {
		return nil, err
	}
	ans, err := t.s.edge.Do(r.Context(), httpedge.Request{Scope: scope, Method: r.Method, URL: r.URL.String(), Header: r.Header, Body: body})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: ans.Status, Status: http.StatusText(ans.Status), Header: ans.Header, Request: r,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(bytes.NewReader(ans.Body)), ContentLength: int64(len(ans.Body)),
	}, nil
}

// newClient makes a gophercloud client that never repeats a request by itself: retry lives in pipeline/collect.
func (s *session) newClient() *gophercloud.ProviderClient {
	return &gophercloud.ProviderClient{HTTPClient: http.Client{Transport: edgeTransport{s}}}
}

// issue asks Keystone for a token (docs.selectel.ru/en/api/authorization). Its errors are *pipeline.Fault.
func (s *session) issue(ctx context.Context, of tokens.Scope) (grant, *tokens.ServiceCatalog, error) {
	ctx = scoped(ctx, scopeAuth)
	keystone := &gophercloud.ServiceClient{ProviderClient: s.newClient(), Endpoint: s.identity + "/"}
	r := tokens.Create(ctx, keystone, &tokens.AuthOptions{
		IdentityEndpoint: s.identity, Username: s.user, Password: s.password, DomainName: s.account, Scope: of,
	})
	if r.Err != nil {
		return grant{}, nil, s.signInFault(ctx, r.Err)
	}
	token, err := r.ExtractToken()
	if err != nil || token.ID == "" {
		return grant{}, nil, s.edge.Malformed(scopeAuth, "no token in the answer")
	}
	catalog, err := r.ExtractServiceCatalog()
	if err != nil {
		return grant{}, nil, s.edge.Malformed(scopeAuth, "no catalog in the answer")
	}
	s.edge.Hide(token.ID)
	s.slow.Hide(token.ID)
	return grant{id: token.ID, expires: token.ExpiresAt}, catalog, nil
}

// accountToken gives the token of the account as a whole. After a failure it gives the same fault without asking again until
// the next task.
func (s *session) accountToken(ctx context.Context) (string, error) {
	if s.authFault != nil {
		return "", s.authFault
	}
	if s.token.id != "" && !s.ending(s.token.expires) {
		return s.token.id, nil
	}
	g, _, err := s.issue(ctx, tokens.Scope{DomainName: s.account})
	if err != nil {
		if ctx.Err() == nil {
			s.authFault = pipeline.AsFault(err)
		}
		return "", err
	}
	s.token = g
	return g.id, nil
}

func (s *session) ending(expires time.Time) bool {
	return !expires.IsZero() && expires.Sub(s.now()) < renewBefore
}

// signInFault tells a refused password from everything else.
func (s *session) signInFault(ctx context.Context, err error) error {
	if gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) {
		return &pipeline.Fault{
			Code: pipeline.FaultCredentials, Scope: scopeAuth,
			Text: pipeline.Text{
				RU: "Selectel не принял вход. Проверьте номер аккаунта, имя и пароль сервисного пользователя: это не вход в панель управления.",
				EN: "Selectel did not accept the sign-in. Check the account number and the service user's name and password: they are not those of the control panel.",
			},
		}
	}
	return s.openstackFault(ctx, scopeAuth, err)
}

// openstackFault makes a fault of what gophercloud gives.
func (s *session) openstackFault(ctx context.Context, scope string, err error) error {
	if stop := stopped(ctx); stop != nil {
		return stop
	}
	var f *pipeline.Fault
	if errors.As(err, &f) {
		return f
	}
	var status gophercloud.ErrUnexpectedResponseCode
	if errors.As(err, &status) {
		return s.statusFault(scope, status.Actual)
	}
	return s.edge.Malformed(scope, "an answer that is no JSON of the expected kind")
}

// statusFault is the fault of a status between 400 and 499; nil below.
func (s *session) statusFault(scope string, status int) error {
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return forbidden(scope)
	case status == http.StatusNotFound:
		return &pipeline.Fault{
			Code: pipeline.FaultNotFound, Scope: scope, Retry: true,
			Text: pipeline.Text{
				RU: "Selectel отвечает, что такого нет (HTTP 404). Если адреса API в настройках верны, ничего делать не нужно.",
				EN: "Selectel answers that there is no such thing (HTTP 404). If the API addresses in the settings are right, nothing needs doing.",
			},
		}
	case status == http.StatusRequestEntityTooLarge: // older OpenStack services say "too many requests" so
		return s.edge.Throttled(scope)
	case status >= 400 || status < 200:
		return &pipeline.Fault{
			Code: pipeline.FaultMalformed, Scope: scope, Retry: true,
			Text: pipeline.Textf("Selectel не принял запрос InfraZen (HTTP %d). Повторим сами; если не пройдёт, сообщите в поддержку InfraZen.",
				"Selectel did not accept InfraZen's request (HTTP %d). It will be tried again; tell InfraZen's support if it stays.", status),
		}
	}
	return nil
}

func forbidden(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultForbidden, Scope: scope,
		Text: pipeline.Text{
			RU: "Сервисному пользователю Selectel этот раздел не открыт. Дайте ему роль «Наблюдатель» в этом проекте или пользуйтесь остальными разделами.",
			EN: "This section is not open to the Selectel service user. Give it the role Viewer in this project, or go on with the other sections.",
		},
	}
}

// endpoint is one public address of the catalog.
type endpoint struct {
	kind, region, url string
}

// cloud gives a project's client, with a token of that project alone. A token that ends midway is replaced by gophercloud.
func (s *session) cloud(ctx context.Context, projectID string) (*projectCloud, error) {
	if s.authFault != nil {
		return nil, s.authFault
	}
	if c := s.clouds[projectID]; c != nil && !s.ending(c.expires) {
		c.fault = nil
		return c, nil
	}
	c := &projectCloud{client: s.newClient()}
	renew := func(ctx context.Context) error {
		g, catalog, err := s.issue(ctx, tokens.Scope{ProjectID: projectID})
		if err != nil {
			c.fault = pipeline.AsFault(err)
			return err
		}
		c.client.TokenID, c.expires, c.catalog = g.id, g.expires, publicEndpoints(catalog)
		return nil
	}
	if err := renew(ctx); err != nil {
		return nil, err
	}
	c.client.ReauthFunc = renew
	if s.clouds == nil {
		s.clouds = map[string]*projectCloud{}
	}
	s.clouds[projectID] = c
	return c, nil
}

// publicEndpoints are the catalog's public addresses that a token may be sent to.
func publicEndpoints(catalog *tokens.ServiceCatalog) []endpoint {
	var out []endpoint
	for _, entry := range catalog.Entries {
		for _, e := range entry.Endpoints {
			u, err := url.Parse(e.URL)
			if e.Interface != "public" || err != nil || u.Host == "" || !safe(u) {
				continue
			}
			region := e.RegionID
			if region == "" {
				region = e.Region
			}
			out = append(out, endpoint{kind: entry.Type, region: region, url: e.URL})
		}
	}
	return out
}
