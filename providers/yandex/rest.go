package yandex

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// pageSize is the largest page that lists give.
const pageSize = 1000

// maxPages bounds a list, so that a token that never ends does not hold a task for ever.
const maxPages = 10_000

// address is where a service is: under the one address of the settings, or at its own host.
func (s *session) address(service string) string {
	if s.conf.base != "" {
		return s.conf.base
	}
	return "https://" + service + ".api.cloud.yandex.net"
}

// call makes one request with a token. A token that is refused midway is replaced once.
func (s *session) call(ctx context.Context, r httpedge.Request) (httpedge.Answer, error) {
	for first := true; ; first = false {
		bearer, err := s.bearer(ctx)
		if err != nil {
			return httpedge.Answer{}, err
		}
		if err := s.wait(ctx); err != nil {
			return httpedge.Answer{}, err
		}
		r.Header = http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + bearer}}
		if r.Body != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		a, err := s.edge.Do(ctx, r)
		if err != nil || a.Status < 400 {
			return a, err
		}
		f := s.statusFault(r.Scope, a)
		if f.Code != pipeline.FaultExpired || !first {
			return a, f
		}
		s.token = token{}
	}
}

// get reads one thing.
func (s *session) get(ctx context.Context, scope, service, path string, query url.Values, into any) error {
	address := s.address(service) + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	a, err := s.call(ctx, httpedge.Request{Scope: scope, Method: http.MethodGet, URL: address})
	if err != nil {
		return err
	}
	return s.edge.JSON(scope, a, into)
}

// list reads all pages of a list. An empty list has no key at all: proto3 JSON leaves empty fields out.
func (s *session) list(ctx context.Context, scope, service, path, key string, query url.Values) ([]json.RawMessage, error) {
	q := url.Values{"pageSize": {strconv.Itoa(pageSize)}}
	for k, v := range query {
		q[k] = v
	}
	var out []json.RawMessage
	for range maxPages {
		var page map[string]json.RawMessage
		if err := s.get(ctx, scope, service, path, q, &page); err != nil {
			return nil, err
		}
		var items []json.RawMessage
		var next string
		for k, into := range map[string]any{key: &items, "nextPageToken": &next} {
			if raw, ok := page[k]; ok && json.Unmarshal(raw, into) != nil {
				return nil, s.edge.Malformed(scope, "unexpected type of "+k)
			}
		}
		out = append(out, items...)
		if next == "" {
			return out, nil
		}
		q.Set("pageToken", next)
	}
	return nil, s.edge.Malformed(scope, "the list does not end")
}
