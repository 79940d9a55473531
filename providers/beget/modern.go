package beget

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// get asks the modern API. A refused token (401 and 403 alike) is renewed by login once; what is refused then is forbidden.
func (s *session) get(ctx context.Context, scope, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	ans, err := s.authorised(ctx, scope, path)
	if err != nil {
		return err
	}
	if f := s.modernStatusFault(scope, ans.Status); f != nil {
		return f
	}
	return s.edge.JSON(scope, ans, into)
}

func (s *session) authorised(ctx context.Context, scope, path string) (httpedge.Answer, error) {
	bearer, err := s.bearer(ctx)
	if err != nil {
		return httpedge.Answer{}, err
	}
	ans, err := s.send(ctx, scope, http.MethodGet, path, bearer, nil)
	if err != nil || !refused(ans.Status) {
		s.token.worked = s.token.worked || err == nil
		return ans, err
	}
	if s.forbidden[scope] || s.token.renewed && !s.token.worked {
		return ans, nil
	}
	s.token = token{}
	if bearer, err = s.signIn(ctx); err != nil {
		return httpedge.Answer{}, err
	}
	s.token.renewed = true
	ans, err = s.send(ctx, scope, http.MethodGet, path, bearer, nil)
	switch {
	case err != nil:
	case refused(ans.Status):
		s.forbid(scope)
	default:
		s.token.worked = true
	}
	return ans, err
}

// forbid remembers that a fresh token does not open the scope.
func (s *session) forbid(scope string) {
	if s.forbidden == nil {
		s.forbidden = map[string]bool{}
	}
	s.forbidden[scope] = true
}

func refused(status int) bool {
	return status == http.StatusUnauthorized || status == http.StatusForbidden
}

func (s *session) modernStatusFault(scope string, status int) *pipeline.Fault {
	switch {
	case refused(status):
		return &pipeline.Fault{
			Code: pipeline.FaultForbidden, Scope: scope,
			Text: pipeline.Text{
				RU: "Beget не открывает этот раздел этой учётной записи. Дайте ей доступ к нему в панели Beget или пользуйтесь остальными разделами.",
				EN: "Beget does not open this section to this account. Permit it in Beget's panel, or go on with the other sections.",
			},
		}
	case status == http.StatusNotFound:
		return &pipeline.Fault{
			Code: pipeline.FaultNotFound, Scope: scope, Retry: true,
			Text: pipeline.Text{
				RU: "Beget отвечает, что такого нет (HTTP 404). Если адрес API в настройках верен, ничего делать не нужно.",
				EN: "Beget answers that there is no such thing (HTTP 404). If the API address in the settings is right, nothing needs doing.",
			},
		}
	case status >= 400:
		return &pipeline.Fault{
			Code: pipeline.FaultMalformed, Scope: scope, Retry: true,
			Text: pipeline.Textf("Beget не принял запрос InfraZen (HTTP %d). Повторим сами; если не пройдёт, сообщите в поддержку InfraZen.",
				"Beget did not accept InfraZen's request (HTTP %d). It will be tried again; tell InfraZen's support if it stays.", status),
		}
	}
	return nil
}

// isCode tells whether err is a fault of the code.
func isCode(err error, code pipeline.FaultCode) bool {
	var f *pipeline.Fault
	return errors.As(err, &f) && f.Code == code
}

// pageSize is asked for; Beget may give fewer.
const pageSize = 100

// maxPages bounds a list: 100 000 rows at the full page size.
const maxPages = 1000

// page is one page of a list.
type page struct {
	items rows
	total integer
}

// errListMoved says that the list changed while it was being read.
var errListMoved = errors.New("the list changed while it was read")

// readList reads a list page by page until it has total_count rows. A list that changes on the way is read anew, twice at
// most. It returns what it got also with an error.
func readList[T any](ctx context.Context, key func(T) string, fetch func(ctx context.Context, offset int) (page, error), malformed func(string) error) ([]T, error) {
	var got []T
	var err error
	for range 3 {
		got, err = readPages(ctx, key, fetch, malformed)
		if !errors.Is(err, errListMoved) {
			return got, err
		}
	}
	return got, malformed(err.Error())
}

func readPages[T any](ctx context.Context, key func(T) string, fetch func(ctx context.Context, offset int) (page, error), malformed func(string) error) ([]T, error) {
	var got []T
	seen := map[string]bool{}
	offset, bad, total := 0, int64(0), int64(-1)
	for range maxPages {
		p, err := fetch(ctx, offset)
		if err != nil {
			return got, err
		}
		if p.items.Null && (!p.total.Known || p.total.N != 0) {
			return got, malformed("the list is missing")
		}
		if total >= 0 && p.total.Known && p.total.N != total {
			return got, errListMoved
		}
		if p.total.Known {
			total = p.total.N
		}
		read, unread := readRows[T](p.items)
		bad += unread
		before := len(seen)
		for _, v := range read {
			k := key(v)
			if k == "" {
				bad++
				continue
			}
			if !seen[k] {
				seen[k] = true
				got = append(got, v)
			}
		}
		offset += len(p.items.Items)
		last := len(p.items.Items) == 0 || total >= 0 && int64(offset) >= total
		if last || len(seen) == before && unread == 0 {
			break
		}
	}
	return got, listFault(int64(len(got)), bad, total, malformed)
}

func listFault(got, bad, total int64, malformed func(string) error) error {
	switch {
	case bad > 0:
		return malformed(strconv.FormatInt(bad, 10) + " rows of the list cannot be read")
	case total > got:
		return malformed("the list ended after " + strconv.FormatInt(got, 10) + " of " + strconv.FormatInt(total, 10) + " rows")
	}
	return nil
}

// pageQuery is the query of a page.
func pageQuery(offset int) url.Values {
	return url.Values{"offset": {strconv.Itoa(offset)}, "limit": {strconv.Itoa(pageSize)}}
}
