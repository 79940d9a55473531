package vk

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/infrazen/infrazen/pipeline"
)

// fault makes an error of a request a fault of its scope. A refused sign-in ends the task.
func (s *session) fault(scope string, err error) *pipeline.Fault {
	var again *gophercloud.ErrUnableToReauthenticate
	var after *gophercloud.ErrErrorAfterReauthentication
	signIn := scope == scopeAuth
	switch {
	case errors.As(err, &again):
		err, signIn = again.ErrReauth, true
	case errors.As(err, &after):
		err = after.ErrOriginal
	}
	f := s.faultOf(scope, err, signIn)
	if signIn {
		s.cloud = nil
		if f.Code == pipeline.FaultCredentials || f.Code == pipeline.FaultSecondFactor || f.Code == pipeline.FaultAccount {
			s.broken = f
		}
	}
	return f
}

func (s *session) faultOf(scope string, err error, signIn bool) *pipeline.Fault {
	var known *pipeline.Fault
	var status gophercloud.ErrUnexpectedResponseCode
	var missing *gophercloud.ErrEndpointNotFound
	switch {
	case errors.As(err, &known):
		f := *known
		f.Scope = scope
		return &f
	case errors.As(err, &missing):
		return notConnected(scope)
	case errors.As(err, &status) && signIn:
		return s.signInFault(&status)
	case errors.As(err, &status):
		return s.statusFault(scope, &status)
	}
	return s.edge.Malformed(scope, "unreadable answer")
}

// says tells whether an answer's words hold one of these.
func says(body []byte, words ...string) bool {
	body = bytes.ToLower(body)
	for _, w := range words {
		if bytes.Contains(body, []byte(w)) {
			return true
		}
	}
	return false
}

// signInFault explains a refused sign-in. VK does not document how it tells a wrong password from a user without two-factor sign-in,
// so that its words are looked at, and a plain refusal names every reason.
func (s *session) signInFault(status *gophercloud.ErrUnexpectedResponseCode) *pipeline.Fault {
	f := &pipeline.Fault{Code: pipeline.FaultCredentials, Scope: scopeAuth, Err: fmt.Errorf("cannot sign in: HTTP %d", status.Actual)}
	switch refused := status.Actual == http.StatusUnauthorized || status.Actual == http.StatusForbidden; {
	case refused && says(status.Body, "two-factor", "2fa", "api access", "двухфактор"):
		f.Code = pipeline.FaultSecondFactor
		f.Text = pipeline.Text{
			RU: "VK Cloud не пускает этого пользователя в API: у него не включена двухфакторная аутентификация или доступ по API. Включите оба в личном кабинете («Аккаунт» → «Безопасность» и «Настройки проекта» → «Доступ по API») или возьмите сервисного пользователя.",
			EN: "VK Cloud does not let this user into the API: two-factor sign-in or API access is not switched on. Switch both on in the console (Account, Security and Project settings, API access), or use a service user.",
		}
	case refused && frozen(status.Body):
		return frozenFault(scopeAuth)
	case refused:
		f.Text = pipeline.Text{
			RU: "VK Cloud не принял пользователя, пароль или проект. Проверьте имя и пароль, 32-значный ID проекта OpenStack и доступ пользователя к этому проекту. Обычному пользователю нужны ещё включённые двухфакторная аутентификация и доступ по API; сервисному — нет.",
			EN: "VK Cloud did not accept the user, the password or the project. Check the name and the password, the OpenStack project ID of 32 characters and the user's access to the project. An ordinary user also needs two-factor sign-in and API access switched on; a service user does not.",
		}
	case status.Actual == http.StatusNotFound:
		f.Code = pipeline.FaultSettings
		f.Text = pipeline.Text{
			RU: "По этому адресу нет входа VK Cloud. Проверьте адрес входа в настройках подключения.",
			EN: "There is no sign-in of VK Cloud at this address. Check the sign-in address in the connection's settings.",
		}
	default:
		f.Code, f.Retry = pipeline.FaultUnavailable, true
		f.Text = pipeline.Textf("VK Cloud не пустил в проект (HTTP %d). Проверьте настройки подключения; повторим сами.",
			"VK Cloud refused to sign in (HTTP %d). Check the connection's settings; it will be tried again.", status.Actual)
	}
	return f
}

func frozen(body []byte) bool { return says(body, "frozen", "freez", "заморож", "suspended") }

// frozenFault tells of a project without money. VK does not document how its services say it.
func frozenFault(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultAccount, Scope: scope,
		Text: pipeline.Text{
			RU: "Проект VK Cloud заморожен: на платёжном счёте кончились деньги, объекты ждут удаления. Пополните счёт; VK Cloud разморозит проект за 15 минут, остановленные серверы запустите сами. Собранные данные останутся.",
			EN: "The VK Cloud project is frozen: the payment account has run out, and the objects wait for their deletion. Top it up; VK Cloud unfreezes the project within 15 minutes, and stopped servers are to be started by hand. What was collected stays.",
		},
	}
}

func (s *session) statusFault(scope string, status *gophercloud.ErrUnexpectedResponseCode) *pipeline.Fault {
	f := &pipeline.Fault{Scope: scope, Err: fmt.Errorf("cannot read %s: HTTP %d", scope, status.Actual)}
	switch status.Actual {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusLocked:
		if frozen(status.Body) {
			return frozenFault(scope)
		}
		f.Code = pipeline.FaultForbidden
		f.Text = pipeline.Text{
			RU: "Роль пользователя не открывает этот раздел VK Cloud. Дайте пользователю роль «Наблюдатель» в проекте или не обращайте внимания, если раздел не нужен.",
			EN: "The user's role does not open this section of VK Cloud. Give the user the role of a viewer in the project, or ignore this if the section is not needed.",
		}
	case http.StatusRequestEntityTooLarge:
		t := s.edge.Throttled(scope)
		return t
	case http.StatusNotFound:
		f.Code = pipeline.FaultNotFound
		f.Text = pipeline.Text{
			RU: "VK Cloud не знает такого адреса. Проверьте регион и проект в настройках подключения.",
			EN: "VK Cloud does not know this address. Check the region and the project in the connection's settings.",
		}
	default:
		f.Code, f.Retry = pipeline.FaultUnavailable, true
		f.Text = pipeline.Textf("VK Cloud отказал в этом разделе (HTTP %d). Данные раздела не изменены; повторим сами.",
			"VK Cloud refused this section (HTTP %d). The section's data is unchanged; it will be asked again.", status.Actual)
	}
	return f
}

// notConnected is of a service that the catalog does not have: the project does not use it.
func notConnected(scope string) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultNotFound, Scope: scope,
		Text: pipeline.Text{RU: "Этот сервис не подключён в проекте VK Cloud: собирать нечего.", EN: "This service is not connected in the VK Cloud project: there is nothing to collect."},
	}
}
