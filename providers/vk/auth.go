package vk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// userDomain is the Keystone domain of all users of VK Cloud (tools-for-using-services, api-spec, Keystone).
const userDomain = "users"

// signIn is a password sign-in to a project whose scope names the region too, as VK's example does
// (tools-for-using-services/api/rest-api/case-keystone-token).
type signIn struct {
	tokens.AuthOptions
	region string
}

// ToTokenV3ScopeMap implements tokens.AuthOptionsBuilder.
func (o *signIn) ToTokenV3ScopeMap() (map[string]any, error) {
	return map[string]any{"project": map[string]any{"id": o.Scope.ProjectID, "region": o.region}}, nil
}

// connect signs in unless it was done. Tokens live one hour; a request that is refused with 401 signs in anew, once.
func (s *session) connect(ctx context.Context) error {
	s.broken = nil
	if s.cloud != nil {
		return nil
	}
	cloud, err := openstack.NewClient(s.identity)
	if err != nil {
		return settingsFault("Адрес входа VK Cloud записан неверно. Исправьте его в настройках подключения.", "The sign-in address of VK Cloud is wrong. Correct it in the connection's settings.")
	}
	u, err := url.Parse(s.identity)
	if err != nil {
		return settingsFault("Адрес входа VK Cloud записан неверно. Исправьте его в настройках подключения.", "The sign-in address of VK Cloud is wrong. Correct it in the connection's settings.")
	}
	s.hosts = map[string]string{u.Host: u.Scheme}
	cloud.HTTPClient = http.Client{Transport: (*transport)(s)}
	cloud.UserAgent.Prepend("infrazen")
	options := &signIn{region: s.region, AuthOptions: tokens.AuthOptions{
		Username: s.user, Password: s.password, DomainName: userDomain, AllowReauth: true, Scope: tokens.Scope{ProjectID: s.project},
	}}
	if err := openstack.AuthenticateV3(withScope(ctx, scopeAuth), cloud, options, gophercloud.EndpointOpts{}); err != nil {
		f := s.fault(scopeAuth, err)
		if stop := s.ended(ctx); stop != nil && ctx.Err() != nil {
			return stop
		}
		return f
	}
	return s.use(cloud)
}

// use keeps a client that has signed in, with the addresses of its catalog.
func (s *session) use(cloud *gophercloud.ProviderClient) error {
	result, ok := cloud.GetAuthResult().(tokens.CreateResult)
	if !ok {
		return s.edge.Malformed(scopeAuth, "no token in the answer")
	}
	catalog, err := result.ExtractServiceCatalog()
	if err != nil || len(catalog.Entries) == 0 {
		return s.edge.Malformed(scopeAuth, "no catalog in the answer")
	}
	for _, entry := range catalog.Entries {
		for _, e := range entry.Endpoints {
			if u, err := url.Parse(e.URL); err == nil && e.Interface == "public" && safe(u) {
				s.hosts[u.Host] = u.Scheme
			}
		}
	}
	for _, address := range []string{s.billing, s.monitoring} {
		if u, err := url.Parse(address); err == nil {
			s.hosts[u.Host] = u.Scheme
		}
	}
	s.cloud, s.catalog = cloud, catalog
	return nil
}

// service finds a service in the catalog: its addresses come from nowhere else.
func (s *session) service(kind string) (*gophercloud.ServiceClient, error) {
	opts := gophercloud.EndpointOpts{Type: kind, Region: s.region, Availability: gophercloud.AvailabilityPublic}
	opts.ApplyDefaults(kind)
	address, err := openstack.V3EndpointURL(s.catalog, opts) //nolint:staticcheck // the one that takes its place asks the service for its versions
	if err != nil {
		return nil, err
	}
	return &gophercloud.ServiceClient{ProviderClient: s.cloud, Endpoint: address, Type: kind}, nil
}

// transport makes the requests of gophercloud at the edge: once, with our limits, faults and clock, and to no host but those of the
// settings and the catalog.
type transport session

type scopeKey struct{}

// withScope names the scope of the requests made with a context.
func withScope(ctx context.Context, scope string) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// requestLimit is a modest pace: VK documents none.
func requestLimit() pipeline.RateLimit { return pipeline.RateLimit{Burst: 20, Per: 2 * time.Second} }

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	s := (*session)(t)
	scope, _ := r.Context().Value(scopeKey{}).(string)
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, fmt.Errorf("cannot read the request: %w", err)
		}
		if err := r.Body.Close(); err != nil {
			return nil, fmt.Errorf("cannot read the request: %w", err)
		}
	}
	scheme, ok := s.hosts[r.URL.Host]
	if !ok {
		return nil, s.edge.Malformed(scope, "a link to a host that the catalog does not name")
	}
	target := *r.URL
	target.Scheme = scheme // links between pages may name http behind a proxy
	if err := s.wait(r.Context()); err != nil {
		return nil, err
	}
	a, err := s.edge.Do(r.Context(), httpedge.Request{Scope: scope, Method: r.Method, URL: target.String(), Header: r.Header, Body: body})
	if err != nil {
		return nil, err
	}
	if token := a.Header.Get("X-Subject-Token"); token != "" {
		s.edge.Hide(token)
	}
	return &http.Response{
		Status: http.StatusText(a.Status), StatusCode: a.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: a.Header,
		Body: io.NopCloser(bytes.NewReader(a.Body)), ContentLength: int64(len(a.Body)), Request: r,
	}, nil
}

func (s *session) wait(ctx context.Context) error {
	if s.env.Wait == nil {
		return nil
	}
	if err := s.env.Wait(ctx, "vk/"+s.project, requestLimit()); err != nil {
		if ctx.Err() != nil {
			return s.ended(ctx)
		}
		return pipeline.AsFault(err)
	}
	return nil
}
