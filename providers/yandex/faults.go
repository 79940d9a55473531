package yandex

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// rpcStatus is google.rpc.Status, which REST and gRPC answer errors with. Its code is the gRPC code, not the HTTP one
// (yandex.cloud/en/docs/api-design-guide/concepts/errors).
type rpcStatus struct {
	Code codes.Code `json:"code"`
}

// statusFault is the fault of a REST answer with an error.
func (s *session) statusFault(scope string, a httpedge.Answer) *pipeline.Fault {
	var st rpcStatus
	if json.Unmarshal(a.Body, &st) != nil || st.Code == codes.OK {
		st = rpcStatus{Code: codeOfHTTP(a.Status)}
	}
	return s.codeFault(scope, st.Code)
}

func codeOfHTTP(status int) codes.Code {
	switch status {
	case 400:
		return codes.InvalidArgument
	case 401:
		return codes.Unauthenticated
	case 403:
		return codes.PermissionDenied
	case 404:
		return codes.NotFound
	}
	return codes.Unknown
}

// codeFault is the fault of an error by its gRPC code. What the cloud says in words is left out: it may quote what was sent.
func (s *session) codeFault(scope string, code codes.Code) *pipeline.Fault {
	f := s.plainFault(scope, code)
	f.Scope = scope
	f.Err = fmt.Errorf("cloud answered with code %d %s", int(code), code)
	return f
}

func (s *session) plainFault(scope string, code codes.Code) *pipeline.Fault {
	f := func(code pipeline.FaultCode, retry bool, ru, en string) *pipeline.Fault {
		return &pipeline.Fault{Code: code, Retry: retry, Text: pipeline.Text{RU: ru, EN: en}}
	}
	switch code {
	case codes.Unauthenticated:
		return f(pipeline.FaultExpired, true,
			"Yandex Cloud не принял ключ входа и после обновления. Повторим сами; если не пройдёт, проверьте, что сервисный аккаунт и платёжный аккаунт существуют.",
			"Yandex Cloud did not accept the sign-in token, not even a fresh one. It will be tried again; if it stays, check that the service account and the billing account exist.")
	case codes.PermissionDenied:
		return f(pipeline.FaultForbidden, false,
			"У сервисного аккаунта нет прав на этот раздел. Если он нужен, назначьте роль viewer (для расходов billing.accounts.viewer).",
			"The service account may not read this section. If it is wanted, grant the role viewer (for costs, billing.accounts.viewer).")
	case codes.NotFound:
		return f(pipeline.FaultNotFound, false,
			"Yandex Cloud не знает такого каталога, аккаунта или ресурса. Проверьте идентификаторы в настройках подключения.",
			"Yandex Cloud does not know this folder, account or resource. Check the identifiers in the connection's settings.")
	case codes.ResourceExhausted:
		return s.edge.Throttled(scope)
	case codes.DeadlineExceeded:
		return f(pipeline.FaultTimeout, true,
			"Yandex Cloud не ответил вовремя. Повторим сами.", "Yandex Cloud did not answer in time. It will be asked again.")
	case codes.InvalidArgument, codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return f(pipeline.FaultMalformed, true,
			"Yandex Cloud не понял запрос InfraZen к этому разделу. Данные не изменены; если повторится, сообщите в поддержку InfraZen.",
			"Yandex Cloud did not understand InfraZen's request for this section. The data is unchanged; tell InfraZen's support if it stays.")
	}
	return f(pipeline.FaultUnavailable, true,
		"Yandex Cloud ответил внутренней ошибкой. Данные этого раздела не изменены; повторим сами.",
		"Yandex Cloud answered with an internal error. The data of this section is unchanged; it will be asked again.")
}

// signInFault is the fault of a refused sign-in.
func (s *session) signInFault(a httpedge.Answer) *pipeline.Fault {
	f := s.statusFault(scopeAuth, a)
	switch f.Code {
	case pipeline.FaultExpired, pipeline.FaultForbidden, pipeline.FaultNotFound, pipeline.FaultMalformed:
		return &pipeline.Fault{
			Code: pipeline.FaultCredentials, Scope: scopeAuth, Err: f.Err,
			Text: pipeline.Text{
				RU: "Yandex Cloud не принял ключ сервисного аккаунта. Проверьте, что ключ и сам аккаунт не удалены, или создайте новый авторизованный ключ.",
				EN: "Yandex Cloud did not accept the service account's key. Check that neither the key nor the account was deleted, or make a new authorised key.",
			},
		}
	}
	return f
}

func isCode(err error, code pipeline.FaultCode) bool {
	var f *pipeline.Fault
	return errors.As(err, &f) && f.Code == code
}

// stopped gives the fault of a task that was cancelled; nil while it runs on.
func stopped(ctx context.Context) error {
	if ctx.Err() == nil {
		return nil
	}
	return &pipeline.Fault{
		Code:  pipeline.FaultUnavailable,
		Text:  pipeline.Text{RU: "Сбор остановлен до конца. Он продолжится сам.", EN: "Collection was stopped before its end. It continues by itself."},
		Retry: true,
		Err:   ctx.Err(),
	}
}
