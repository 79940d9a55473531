package beget

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// envelope is the outer and, inside Answer, the inner wrapping of the legacy API.
type envelope struct {
	Status    text            `json:"status"`
	Answer    json.RawMessage `json:"answer"`
	Result    json.RawMessage `json:"result"`
	ErrorText text            `json:"error_text"`
	ErrorCode text            `json:"error_code"`
	Errors    rows            `json:"errors"`
}

// legacyError is an error of the legacy API: a word or a number, with a text.
type legacyError struct {
	Code text `json:"error_code"`
	Text text `json:"error_text"`
}

// Error tells the code. The text is Beget's own and may quote what was sent, so it stays inside.
func (e *legacyError) Error() string { return "error " + codeWord(string(e.Code)) }

// errNoResult says that neither level of the envelope holds a result.
var errNoResult = errors.New("the envelope holds no result")

// legacy calls a method (its scope is "section/method") and gives the bytes of its result.
func (s *session) legacy(ctx context.Context, scope string, input map[string]string) (json.RawMessage, error) {
	if s.legacyFault != nil {
		return nil, s.legacyFault
	}
	if err := s.wait(ctx, "beget/legacy/"+s.login, legacyLimit()); err != nil {
		return nil, err
	}
	form, err := s.legacyForm(input)
	if err != nil {
		return nil, pipeline.AsFault(err)
	}
	ans, err := s.edge.Do(ctx, httpedge.Request{
		Scope: scope, Method: http.MethodPost, URL: s.base + "/api/" + scope, Body: []byte(form.Encode()),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
	})
	if err != nil {
		return nil, s.stickyThrottle(err)
	}
	if f := s.modernStatusFault(scope, ans.Status); f != nil {
		return nil, f
	}
	result, err := openEnvelope(ans.Body)
	if err == nil {
		return result, nil
	}
	var told *legacyError
	if errors.As(err, &told) {
		return nil, s.stickyThrottle(s.legacyErrorFault(scope, told))
	}
	if f := s.edge.JSON(scope, ans, new(json.RawMessage)); f != nil {
		return nil, f
	}
	return nil, s.edge.Malformed(scope, err.Error())
}

// legacyForm is the body of a call. The password goes here and never into the address.
func (s *session) legacyForm(input map[string]string) (url.Values, error) {
	form := url.Values{"login": {s.login}, "passwd": {s.apiPassword}, "output_format": {"json"}}
	if input != nil {
		data, err := json.Marshal(input)
		if err != nil {
			return nil, err
		}
		form.Set("input_format", "json")
		form.Set("input_data", string(data))
	}
	return form, nil
}

// openEnvelope finds the result in a legacy answer: {"status","answer":{"status","result"}} as documented, and also with
// one level only. Its errors are *legacyError, errNoResult and those of JSON.
func openEnvelope(body []byte) (json.RawMessage, error) {
	var outer envelope
	if err := json.Unmarshal(body, &outer); err != nil {
		return nil, err
	}
	if e := outer.failure(); e != nil {
		return nil, e
	}
	if result, ok := present(outer.Result); ok && len(outer.Answer) == 0 {
		return result, nil
	}
	answer, ok := present(outer.Answer)
	if !ok {
		return nil, errNoResult
	}
	if answer[0] != '{' {
		return answer, nil
	}
	var inner envelope
	if err := json.Unmarshal(answer, &inner); err != nil {
		return nil, err
	}
	if e := inner.failure(); e != nil {
		return nil, e
	}
	if result, ok := present(inner.Result); ok {
		return result, nil
	}
	return nil, errNoResult
}

// present tells whether a value is there and not null.
func present(raw json.RawMessage) (json.RawMessage, bool) {
	raw = bytes.TrimSpace(raw)
	return raw, len(raw) > 0 && raw[0] != 'n'
}

// failure is the error that a level of the envelope tells; nil when it tells none.
func (e *envelope) failure() error {
	if strings.EqualFold(string(e.Status), "success") && e.ErrorCode == "" && len(e.Errors.Items) == 0 {
		return nil
	}
	if list, _ := readRows[legacyError](e.Errors); len(list) > 0 {
		return &list[0]
	}
	if e.ErrorCode != "" || e.ErrorText != "" || strings.EqualFold(string(e.Status), "error") {
		return &legacyError{Code: e.ErrorCode, Text: e.ErrorText}
	}
	return nil
}

// stickyThrottle keeps a throttling for the rest of the task: the limit is one for all methods.
func (s *session) stickyThrottle(err error) error {
	if isCode(err, pipeline.FaultThrottled) {
		s.legacyFault = pipeline.AsFault(err)
	}
	return err
}

// notPermitted tells whether an AUTH_ERROR speaks of one method ("Cannot access method mysql") and not of the password.
func (e *legacyError) notPermitted() bool {
	t := strings.ToLower(string(e.Text))
	return strings.Contains(t, "method") || strings.Contains(t, "метод")
}

// legacyErrorFault turns an error into a fault. Until the account's own method has answered, an AUTH_ERROR that does not
// speak of a method means the API password.
func (s *session) legacyErrorFault(scope string, e *legacyError) *pipeline.Fault {
	code := strings.ToUpper(codeWord(string(e.Code)))
	var f *pipeline.Fault
	switch {
	case code == "LIMIT_ERROR":
		f = s.edge.Throttled(scope)
		f.RetryAfter = time.Minute
	case code == "AUTH_ERROR" && scope == scopeAccount && !e.notPermitted():
		f = wrongAPIPassword(scope)
	case code == "AUTH_ERROR":
		f = sectionForbidden(scope)
	default:
		f = &pipeline.Fault{
			Code: pipeline.FaultUnavailable, Scope: scope, Retry: true,
			Text: pipeline.Textf("Beget не отдал этот раздел (ошибка %s). Данные раздела не изменены; повторим сами.",
				"Beget did not give this section (error %s). Its data is unchanged; it will be asked again.", firstOf(text(code), "?")),
		}
	}
	f.Err = fmt.Errorf("cannot call %s: %w", scope, e)
	return f
}

func wrongAPIPassword(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultCredentials, Scope: scope,
		Text: pipeline.Text{
			RU: "Beget не принял пароль API. Это отдельный пароль из раздела «API» панели Beget: проверьте его в настройках подключения. VPS и облачные службы собираются без него.",
			EN: "Beget did not accept the API password. It is a separate password from the API section of Beget's panel: check it in the connection's settings. VPS and cloud services are collected without it.",
		},
	}
}

func sectionForbidden(scope string) *pipeline.Fault {
	section, _, _ := strings.Cut(scope, "/")
	return &pipeline.Fault{
		Code: pipeline.FaultForbidden, Scope: scope,
		Text: pipeline.Textf("Раздел «%s» не разрешён для API. Отметьте его в разделе «API» панели Beget, если он нужен; остальные разделы собираются.",
			"The section %q is not permitted for the API. Tick it in the API section of Beget's panel if it is wanted; the other sections are collected.", section),
	}
}

func noAPIPassword(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultSettings, Scope: scope,
		Text: pipeline.Text{
			RU: "Не собирается: в подключении не указан пароль API. Задайте его в разделе «API» панели Beget и впишите в настройки подключения.",
			EN: "Not collected: the connection has no API password. Set one in the API section of Beget's panel and enter it in the connection's settings.",
		},
	}
}
