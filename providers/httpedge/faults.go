package httpedge

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// maxRetryAfter bounds how long a cloud may send us away.
const maxRetryAfter = 6 * time.Hour

// cause is an error's text without secrets. It still answers errors.Is for the context's errors.
type cause struct {
	text string
	is   error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.is }

func (c *Client) cause(err error) error {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	out := &cause{text: c.Clean(err.Error())}
	for _, is := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, is) {
			out.is = is
		}
	}
	return out
}

// fault makes a fault whose sentences name the cloud at every %[1]s.
func (c *Client) fault(code pipeline.FaultCode, scope, ru, en string, retry bool, args ...any) *pipeline.Fault {
	all := append([]any{c.cfg.Cloud}, args...)
	return &pipeline.Fault{
		Code: code, Scope: scope, Retry: retry,
		Text: pipeline.Text{RU: fmt.Sprintf(ru, all...), EN: fmt.Sprintf(en, all...)},
	}
}

// Malformed is the fault of an answer that cannot be read; why is for the log.
func (c *Client) Malformed(scope, why string) *pipeline.Fault {
	f := c.fault(pipeline.FaultMalformed, scope,
		"%[1]s прислал ответ, который не удалось прочитать. Данные этого раздела не изменены; повторим сами. Если не пройдёт, сообщите в поддержку InfraZen.",
		"%[1]s sent an answer that cannot be read. The data of this section is unchanged; it will be asked again. Tell InfraZen's support if it stays.", true)
	f.Err = errors.New(c.Clean(why))
	return f
}

func (c *Client) notJSONFault(scope string) *pipeline.Fault {
	return c.fault(pipeline.FaultMalformed, scope,
		"Вместо данных %[1]s прислал веб-страницу. Проверьте адрес API в настройках подключения; если он верен, повторим сами.",
		"%[1]s sent a web page instead of data. Check the API address in the connection's settings; if it is right, it will be asked again.", true)
}

func (c *Client) addressFault(scope string, err error) *pipeline.Fault {
	f := c.fault(pipeline.FaultSettings, scope,
		"Адрес API %[1]s записан неверно. Исправьте его в настройках подключения.",
		"The API address of %[1]s is wrong. Correct it in the connection's settings.", false)
	f.Err = c.cause(err)
	return f
}

func (c *Client) tooLargeFault(scope string) *pipeline.Fault {
	return c.fault(pipeline.FaultTooLarge, scope,
		"Ответ %[1]s больше допустимых %[2]d МБ и не прочитан. Сообщите в поддержку InfraZen.",
		"The answer of %[1]s is over the limit of %[2]d MB and was not read. Tell InfraZen's support.", false, c.cfg.MaxBody>>20)
}

func (c *Client) timeoutFault(scope string, err error) *pipeline.Fault {
	f := c.fault(pipeline.FaultTimeout, scope,
		"%[1]s не ответил вовремя. Повторим сами; если так будет долго, проверьте сеть сервера InfraZen и состояние %[1]s.",
		"%[1]s did not answer in time. It will be asked again; if it lasts, check the network of the InfraZen server and the state of %[1]s.", true)
	f.Err = c.cause(err)
	return f
}

func (c *Client) stoppedFault(scope string, err error) *pipeline.Fault {
	f := c.fault(pipeline.FaultUnavailable, scope,
		"Запрос к %[1]s прерван до ответа: сбор остановлен. Он продолжится сам.",
		"The request to %[1]s was stopped before its answer: collection ended. It continues by itself.", true)
	f.Err = c.cause(err)
	return f
}

func (c *Client) transportFault(ctx context.Context, scope string, err error) *pipeline.Fault {
	var ne net.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return c.stoppedFault(scope, err)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &ne) && ne.Timeout():
		return c.timeoutFault(scope, err)
	case isCertificate(err):
		f := c.fault(pipeline.FaultUnavailable, scope,
			"Сертификат сервера %[1]s не прошёл проверку. Проверьте адрес API, часы сервера InfraZen и не подменяет ли соединение прокси.",
			"The certificate of %[1]s did not pass. Check the API address, the clock of the InfraZen server, and whether a proxy replaces the connection.", true)
		f.Err = c.cause(err)
		return f
	}
	f := c.fault(pipeline.FaultUnavailable, scope,
		"Не удалось соединиться с %[1]s. Проверьте сеть сервера InfraZen и адрес API; повторим сами.",
		"Cannot connect to %[1]s. Check the network of the InfraZen server and the API address; it will be asked again.", true)
	f.Err = c.cause(err)
	return f
}

func isCertificate(err error) bool {
	var verify *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &verify) || errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid)
}

func (c *Client) bodyFault(ctx context.Context, scope string, err error) *pipeline.Fault {
	if errors.Is(err, io.ErrUnexpectedEOF) && ctx.Err() == nil {
		return c.Malformed(scope, "the answer broke off")
	}
	return c.transportFault(ctx, scope, err)
}

func (c *Client) statusFault(scope string, resp *http.Response) *pipeline.Fault {
	var f *pipeline.Fault
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests:
		f = c.Throttled(scope)
	case s == http.StatusRequestTimeout || s == http.StatusGatewayTimeout:
		f = c.timeoutFault(scope, fmt.Errorf("HTTP %d", s))
	case s >= 500:
		f = c.fault(pipeline.FaultUnavailable, scope,
			"%[1]s ответил ошибкой сервера (HTTP %[2]d). Данные этого раздела не изменены; повторим сами.",
			"%[1]s answered with a server error (HTTP %[2]d). The data of this section is unchanged; it will be asked again.", true, s)
	case s >= 300 && s < 400:
		f = c.fault(pipeline.FaultSettings, scope,
			"По этому адресу API %[1]s перенаправляет на другой (HTTP %[2]d). Укажите в настройках подключения конечный адрес.",
			"This API address of %[1]s redirects to another (HTTP %[2]d). Give the final address in the connection's settings.", false, s)
	default:
		return nil
	}
	f.RetryAfter = retryAfter(resp.Header, c.Now())
	return f
}

// Throttled is the fault of having asked too often.
func (c *Client) Throttled(scope string) *pipeline.Fault {
	return c.fault(pipeline.FaultThrottled, scope,
		"%[1]s просит спрашивать реже. Сбор этого раздела отложен и продолжится сам.",
		"%[1]s asks for fewer requests. Collecting this section is deferred and goes on by itself.", true)
}

// retryAfter reads Retry-After in seconds or as a date; zero when absent, wrong or in the past.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	var d time.Duration
	if n, err := strconv.ParseInt(v, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(v); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}
