package selectel

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// billingRole is what to tell of 401 and 403 at the account's API: Keystone works without a role in billing.
func billingRole(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultForbidden, Scope: scope,
		Text: pipeline.Text{
			RU: "Сервисный пользователь Selectel вошёл, но этот раздел ему закрыт (HTTP 403). Добавьте ему в панели управления роль «Администратор биллинга» или «Наблюдатель аккаунта» с областью «Аккаунт».",
			EN: "The Selectel service user signed in, but this section is closed to it (HTTP 403). Give it the role Billing administrator or Account viewer with the scope Account in the control panel.",
		},
	}
}

func staticRefused(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultExpired, Scope: scope,
		Text: pipeline.Text{
			RU: "Selectel не принял статический токен (X-Token): его отозвали или он записан неверно. Выпустите новый в панели управления и внесите его в настройки подключения.",
			EN: "Selectel did not accept the static token (X-Token): it was revoked or is wrong. Issue a new one in the control panel and put it into the connection's settings.",
		},
	}
}

// credentials gives the header of a request to the account's API: the static token while it works, the account's IAM token
// otherwise. Both open the same, but for transactions.
func (s *session) credentials(ctx context.Context) (key, value string, err error) {
	if s.static != "" && s.staticFault == nil {
		return "X-Token", s.static, nil
	}
	token, err := s.accountToken(ctx)
	return "X-Auth-Token", token, err
}

// ask makes one request to the account's API and hands an answer 200 to read. A token that is refused is replaced: a static
// one by the account's, the account's by a new one. What comes back has a status of 200 to 499.
func (s *session) ask(ctx context.Context, scope, path string, query url.Values, read func(io.Reader) error) (httpedge.Answer, error) {
	for attempt := 0; ; attempt++ {
		key, value, err := s.credentials(ctx)
		if err != nil {
			return httpedge.Answer{}, err
		}
		ans, err := s.askWith(ctx, scope, path, query, key, value, read)
		if err != nil || ans.Status != http.StatusUnauthorized || attempt == 2 {
			return ans, err
		}
		if key == "X-Token" {
			s.staticFault = staticRefused(scope)
		} else {
			s.token = grant{}
		}
	}
}

func (s *session) askWith(ctx context.Context, scope, path string, query url.Values, key, value string, read func(io.Reader) error) (httpedge.Answer, error) {
	if err := s.wait(ctx); err != nil {
		return httpedge.Answer{}, err
	}
	address := s.api + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	h := http.Header{"Accept": {"application/json"}}
	h.Set(key, value)
	ans, err := s.slow.Stream(ctx, httpedge.Request{Scope: scope, Method: http.MethodGet, URL: address, Header: h}, read)
	if err != nil {
		if stop := stopped(ctx); stop != nil {
			return ans, stop
		}
	}
	return ans, err
}

// get asks the account's API for JSON.
func (s *session) get(ctx context.Context, scope, path string, query url.Values, into any) error {
	ans, err := s.ask(ctx, scope, path, query, func(body io.Reader) error { return s.decode(scope, body, into) })
	if err != nil {
		return err
	}
	return s.accountFault(scope, ans.Status)
}

// decode reads one JSON value and nothing behind it.
func (s *session) decode(scope string, body io.Reader, into any) error {
	dec := json.NewDecoder(body)
	if err := dec.Decode(into); err != nil {
		return s.edge.Malformed(scope, "torn or wrong JSON")
	}
	return nil
}

func (s *session) accountFault(scope string, status int) error {
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return billingRole(scope)
	}
	return s.statusFault(scope, status)
}

// success tells whether the billing calls an answer good.
func success(status text) bool { return status == "" || strings.EqualFold(string(status), "success") }
