package server

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/pipeline/ask"
)

// problem is the body of every answer that is no success (RFC 9457).
type problem struct {
	Type   string `json:"type" doc:"about:blank: the status says it all"`
	Title  string `json:"title" doc:"What the status means"`
	Status int    `json:"status"`
	Detail string `json:"detail" doc:"What is wrong and what to do, in the user's language"`
	// Errors name every fault of the request.
	Errors    []problemFault `json:"errors" doc:"Every fault of the request"`
	RequestID string         `json:"request_id" doc:"Names the request in the logs"`

	retryAfter time.Duration
}

// maxFaults is how many faults of a body are told at once.
const maxFaults = 100

// problemFault is one fault of a request.
type problemFault struct {
	Location string `json:"location" doc:"Where it is: body.settings.login, query.from"`
	Message  string `json:"message" doc:"What is wrong, in the user's language"`
	Value    any    `json:"value,omitempty" doc:"The value given, where it is short and no secret"`
}

// Error implements error.
func (p *problem) Error() string { return strconv.Itoa(p.Status) + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	return h
}

// refusal is an error with a status and a sentence for the user.
type refusal struct {
	status int
	text   pipeline.Text
	faults []fault
	retry  time.Duration
}

// fault is one wrong thing in a request.
type fault struct {
	location string
	text     pipeline.Text
}

// Error implements error.
func (e *refusal) Error() string { return e.text.EN }

func refuse(status int, ru, en string, args ...any) *refusal {
	return &refusal{status: status, text: pipeline.Textf(ru, en, args...)}
}

// invalid is a 422 that names the faults.
func invalid(faults ...fault) error {
	if len(faults) == 0 {
		return nil
	}
	e := refuse(http.StatusUnprocessableEntity, "В запросе есть ошибки: исправьте отмеченные поля.", "The request has faults: correct the fields named.")
	e.faults = faults
	return e
}

func notFound() *refusal {
	return refuse(http.StatusNotFound, "Такого здесь нет: возможно, уже удалено.", "There is no such thing here: it may have been deleted.")
}

// explain turns an error into what the user is told. It tells nothing of an error that it does not know.
func (s *Server) explain(ctx context.Context, err error) *problem {
	var known *problem
	if errors.As(err, &known) {
		return known
	}
	e := s.refusalOf(ctx, err)
	lang := aboutOf(ctx).lang
	p := &problem{
		Type: "about:blank", Title: statusTitle(e.status, lang), Status: e.status, Detail: e.text.In(lang),
		Errors: []problemFault{}, RequestID: aboutOf(ctx).id, retryAfter: e.retry,
	}
	for _, f := range e.faults {
		p.Errors = append(p.Errors, problemFault{Location: f.location, Message: f.text.In(lang)})
	}
	return p
}

func (s *Server) refusalOf(ctx context.Context, err error) *refusal {
	var e *refusal
	var bad *ask.BadQuestion
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &bad):
		return badQuestion(bad)
	case errors.Is(err, pipeline.ErrNotFound):
		return notFound()
	case errors.Is(err, pipeline.ErrStale):
		return refuse(http.StatusConflict, "Данные изменились с тех пор, как вы их открыли. Обновите страницу и повторите.",
			"This was changed since you read it. Read it again and repeat the change.")
	case errors.Is(err, pipeline.ErrConflict):
		return refuse(http.StatusConflict, "Такое уже есть: выберите другое имя.", "There is one like that already: choose another name.")
	case errors.Is(err, pipeline.ErrBadCredentials):
		return refuse(http.StatusUnauthorized, "Неверный адрес почты или пароль.", "The e-mail or the password is wrong.")
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil:
		return refuse(http.StatusGatewayTimeout, "Ответ не получен вовремя. Сократите период или повторите позже.",
			"There was no answer in time. Shorten the period or try again later.")
	case errors.Is(ctx.Err(), context.Canceled):
		return refuse(statusClientGone, "Запрос отменён.", "The request was cancelled.")
	}
	if s.storeAway(ctx, err) {
		s.Log.WarnContext(ctx, "store does not answer", "request_id", aboutOf(ctx).id, "error", err)
		return storeIsAway()
	}
	s.Log.ErrorContext(ctx, "request failed", "request_id", aboutOf(ctx).id, "error", err)
	return internal()
}

// statusClientGone is for the log and the metrics: nobody reads the answer to a request whose client has gone away.
const statusClientGone = 499

func internal() *refusal {
	return refuse(http.StatusInternalServerError, "Внутренняя ошибка InfraZen. Повторите; если не пройдёт, сообщите в поддержку номер запроса.",
		"An internal error of InfraZen. Try again; if it stays, tell support the request's id.")
}

func storeIsAway() *refusal {
	e := refuse(http.StatusServiceUnavailable, "База данных сейчас недоступна. Повторите через несколько секунд.",
		"The database is away just now. Try again in a few seconds.")
	e.retry = 5 * time.Second
	return e
}

func badQuestion(bad *ask.BadQuestion) *refusal {
	var faults []fault
	for _, f := range bad.Faults {
		faults = append(faults, fault{location: "body." + f.Field, text: f.Text})
	}
	e := refuse(http.StatusUnprocessableEntity, "На такой вопрос нельзя ответить: исправьте отмеченные поля.",
		"The question cannot be answered: correct the fields named.")
	e.faults = faults
	return e
}

// storeAway tells whether err comes of a store that cannot be reached.
func (s *Server) storeAway(ctx context.Context, err error) bool {
	if looksAway(err) {
		return true
	}
	if ctx.Err() != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return s.Store.Ping(ctx) != nil || s.Facts.Ping(ctx) != nil
}

func looksAway(err error) bool {
	var network *net.OpError
	var dns *net.DNSError
	var errno syscall.Errno
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		c := state.SQLState()
		return strings.HasPrefix(c, "08") || strings.HasPrefix(c, "57P") || strings.HasPrefix(c, "53")
	}
	return errors.As(err, &network) || errors.As(err, &dns) || errors.As(err, &errno) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, net.ErrClosed)
}

// writeProblem answers with err outside huma's handlers.
func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := s.explain(r.Context(), err)
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	if err := json.NewEncoder(w).Encode(p); err != nil {
		s.Log.DebugContext(r.Context(), "client went away", "error", err)
	}
}

// translate is huma's transformer: it puts huma's own errors into our form and the user's language, and leaves out the
// values that may be secret. Huma gives the whole body as the value of a missing field.
func (s *Server) translate(ctx huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	lang := aboutOf(ctx.Context()).lang
	p := &problem{
		Type: "about:blank", Title: statusTitle(e.Status, lang), Status: e.Status, Detail: humaText(e.Detail, lang),
		Errors: []problemFault{}, RequestID: aboutOf(ctx.Context()).id,
	}
	for _, d := range e.Errors[:min(len(e.Errors), maxFaults)] {
		if d != nil {
			p.Errors = append(p.Errors, problemFault{Location: d.Location, Message: humaText(d.Message, lang), Value: harmless(d.Location, d.Value)})
		}
	}
	slices.SortStableFunc(p.Errors, func(a, b problemFault) int { return strings.Compare(a.Location, b.Location) })
	return p, nil
}

// harmless returns the value of a fault when it may be shown: a short scalar from the address or from a field that
// holds no secret.
func harmless(location string, value any) any {
	for _, secret := range []string{"settings", "password", "old", "new", "token", "email", "Authorization", "Cookie"} {
		if strings.Contains(location, secret) {
			return nil
		}
	}
	switch v := value.(type) {
	case string:
		if location != "body" && len(v) <= 100 {
			return v
		}
	case float64, int, int64, bool:
		return v
	}
	return nil
}
