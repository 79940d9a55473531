package vk

import (
	"context"
	"encoding/json"
	"net/url"

	"github.com/gophercloud/gophercloud/v2"
)

// maxPages bounds a list: a link that leads in a circle ends there.
const maxPages = 2000

// pageLimit is how many rows a page is asked for.
const pageLimit = "100"

// readList reads a list to its end. What each service calls the link to the next page differs: Nova, Cinder, Neutron and Manila have
// <key>_links, Trove has links, Magnum has next (the API references of OpenStack). A list that is absent or null is no list.
func readList[T any](ctx context.Context, s *session, l list, headers map[string]string) ([]T, error) {
	ctx = withScope(ctx, l.scope)
	client, err := s.service(l.service)
	if err != nil {
		return nil, s.fault(l.scope, err)
	}
	address := client.Endpoint + l.path + "?limit=" + pageLimit
	var all []T
	for range maxPages {
		page, next, err := readPage[T](ctx, s, client, l, address, headers)
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); next == "" {
			return all, nil
		}
		address = next
	}
	return nil, s.edge.Malformed(l.scope, "pages without end")
}

func readPage[T any](ctx context.Context, s *session, client *gophercloud.ServiceClient, l list, address string, headers map[string]string) (rows []T, next string, err error) {
	var body map[string]json.RawMessage
	_, err = client.Get(ctx, address, &body, &gophercloud.RequestOpts{MoreHeaders: headers}) //nolint:bodyclose // gophercloud reads and closes the body of an answer that it decodes
	if err != nil {
		return nil, "", s.fault(l.scope, err)
	}
	rows, next, ok := parsePage[T](body, l.key, address)
	if !ok {
		return nil, "", s.edge.Malformed(l.scope, "no list in the answer")
	}
	return rows, next, nil
}

// parsePage takes the rows and the link to the next page out of an answer; ok is false when there is no list.
func parsePage[T any](body map[string]json.RawMessage, key, address string) (rows []T, next string, ok bool) {
	if json.Unmarshal(body[key], &rows) != nil || rows == nil {
		return nil, "", false
	}
	for _, k := range []string{key + "_links", "links"} {
		var links []gophercloud.Link
		if json.Unmarshal(body[k], &links) != nil {
			continue
		}
		for _, link := range links {
			if link.Rel == "next" && next == "" {
				next = link.Href
			}
		}
	}
	if next == "" && json.Unmarshal(body["next"], &next) != nil {
		next = ""
	}
	return rows, absolute(address, next), true
}

// absolute makes a link whole; "" when there is none or it cannot be read.
func absolute(address, link string) string {
	if link == "" {
		return ""
	}
	base, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u, err := base.Parse(link)
	if err != nil || u.String() == address {
		return ""
	}
	return u.String()
}

// probe reads the first row of a list.
func (s *session) probe(ctx context.Context, l list) error {
	ctx = withScope(ctx, l.scope)
	client, err := s.service(l.service)
	if err != nil {
		return s.fault(l.scope, err)
	}
	_, _, err = readPage[json.RawMessage](ctx, s, client, l, client.Endpoint+l.path+"?limit=1", nil)
	return err
}
