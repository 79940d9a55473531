package beget

import (
	"fmt"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// authSentence is what to tell of one error of /v1/auth.
type authSentence struct {
	code   pipeline.FaultCode
	ru, en string
	retry  bool
}

// wordMaintenance is spelt as Beget spells it.
const wordMaintenance = "ACCOUNT_ON_MAINTANCE"

// authSentences are the errors of POST /v1/auth and /v1/auth/refresh (openapi-auth-go: api/openapi.yaml, v1.1.2).
func authSentences() map[string]authSentence {
	return map[string]authSentence{
		"INTERNAL_ERROR": {
			pipeline.FaultUnavailable,
			"Beget не смог проверить вход из-за своей внутренней ошибки. Повторим сами.",
			"Beget could not check the sign-in because of an internal error of its own. It will be tried again.", true,
		},
		"EMPTY_LOGIN": {
			pipeline.FaultSettings,
			"Beget получил пустой логин. Введите логин в настройках подключения.",
			"Beget got an empty login. Enter the login in the connection's settings.", false,
		},
		"EMPTY_PASSWORD": {
			pipeline.FaultSettings,
			"Beget получил пустой пароль. Введите пароль панели в настройках подключения.",
			"Beget got an empty password. Enter the panel's password in the connection's settings.", false,
		},
		"INCORRECT_CREDENTIALS": {
			pipeline.FaultCredentials,
			"Beget не принял логин или пароль. Проверьте их (это вход в панель, а не пароль API) и включите в панели «Разрешить аутентификацию по API».",
			"Beget did not accept the login or the password. Check them (the panel's sign-in, not the API password) and allow authentication by API in the panel.", false,
		},
		"IP_BLOCKED": {
			pipeline.FaultAccount,
			"Beget заблокировал вход с адреса сервера InfraZen. Разрешите этот адрес в панели Beget или подождите снятия блокировки и нажмите «Синхронизировать».",
			"Beget has blocked sign-in from the address of the InfraZen server. Allow the address in Beget's panel, or wait until the block ends and press Sync now.", false,
		},
		"CODE_REQUIRED": {
			pipeline.FaultSecondFactor,
			"Beget требует код двухфакторной проверки, а InfraZen входит без человека. Заведите для сбора учётную запись без неё или выключите её для этой.",
			"Beget wants a two-factor code, and InfraZen signs in without a person. Use an account without two-factor sign-in, or switch it off for this one.", false,
		},
		"CODE_REQUIRED_EMAIL": {
			pipeline.FaultSecondFactor,
			"Beget отправил код входа на почту, а InfraZen входит без человека. Выключите подтверждение по почте для этой учётной записи или возьмите другую без него.",
			"Beget sent a sign-in code by e-mail, and InfraZen signs in without a person. Switch off e-mail confirmation for this account, or use another one without it.", false,
		},
		"CODE_REQUIRED_SMS": {
			pipeline.FaultSecondFactor,
			"Beget отправил код входа по SMS, а InfraZen входит без человека. Выключите подтверждение по SMS для этой учётной записи или возьмите другую без него.",
			"Beget sent a sign-in code by SMS, and InfraZen signs in without a person. Switch off SMS confirmation for this account, or use another one without it.", false,
		},
		"INCORRECT_CODE": {
			pipeline.FaultSecondFactor,
			"Beget ждёт код двухфакторной проверки и не принял пустой. Выключите двухфакторный вход для этой учётной записи.",
			"Beget waits for a two-factor code and did not accept an empty one. Switch off two-factor sign-in for this account.", false,
		},
		"CODE_SENT_LIMIT": {
			pipeline.FaultSecondFactor,
			"Beget больше не отправляет коды входа: их запрошено слишком много. Выключите двухфакторный вход и проверьте подключение через час.",
			"Beget sends no more sign-in codes: too many were asked for. Switch off two-factor sign-in and test the connection in an hour.", false,
		},
		"CODE_INPUT_LIMIT": {
			pipeline.FaultSecondFactor,
			"Beget больше не принимает коды входа: неверных было слишком много. Выключите двухфакторный вход и проверьте подключение через час.",
			"Beget takes no more sign-in codes: too many were wrong. Switch off two-factor sign-in and test the connection in an hour.", false,
		},
		wordMaintenance: {
			pipeline.FaultAccount,
			"Учётная запись Beget на обслуживании. Ничего делать не нужно: сбор продолжится сам, когда Beget закончит.",
			"The Beget account is under maintenance. Nothing needs doing: collection goes on by itself when Beget has finished.", true,
		},
		"ACCOUNT_DELETED": {
			pipeline.FaultAccount,
			"Учётная запись Beget удалена. Удалите подключение или укажите в нём другую учётную запись; собранные данные останутся.",
			"The Beget account is deleted. Remove the connection or give it another account; what was collected stays.", false,
		},
		"PAYLOAD_CHANGED": {
			pipeline.FaultExpired,
			"Beget перестал принимать выданный ключ входа: сменился адрес сервера InfraZen или данные учётной записи. Войдём заново сами.",
			"Beget no longer takes the sign-in token: the address of the InfraZen server or the account has changed. We sign in again by ourselves.", true,
		},
		"TOKEN_REVOKED": {
			pipeline.FaultExpired,
			"Beget отозвал ключ входа: кто-то завершил сеанс в панели. Войдём заново сами.",
			"Beget has revoked the sign-in token: somebody ended the session in the panel. We sign in again by ourselves.", true,
		},
	}
}

// authFault is the fault of an error word of the auth endpoints.
func authFault(word string) *pipeline.Fault {
	word = strings.ToUpper(strings.TrimSpace(word))
	if s, ok := authSentences()[word]; ok {
		return &pipeline.Fault{Code: s.code, Scope: scopeAuth, Text: pipeline.Text{RU: s.ru, EN: s.en}, Retry: s.retry}
	}
	return &pipeline.Fault{
		Code: pipeline.FaultAccount, Scope: scopeAuth, Retry: true,
		Text: pipeline.Textf("Beget не пустил в учётную запись по причине «%s», которую InfraZen не знает. Войдите в панель Beget и посмотрите, чего она просит; повторим сами.",
			"Beget refused to sign in for the reason %q, which InfraZen does not know. Sign in to Beget's panel and see what it asks for; it will be tried again.", codeWord(word)),
	}
}

// codeWord keeps a word from a cloud to letters, digits and underscores, and short.
func codeWord(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, s)
	return s[:min(len(s), 40)]
}

func (s *session) authStatusFault(status int) *pipeline.Fault {
	return &pipeline.Fault{
		Code: pipeline.FaultUnavailable, Scope: scopeAuth, Retry: true,
		Text: pipeline.Textf("Beget не пустил в учётную запись (HTTP %d). Проверьте адрес API в настройках подключения; повторим сами.",
			"Beget refused to sign in (HTTP %d). Check the API address in the connection's settings; it will be tried again.", status),
		Err: fmt.Errorf("cannot sign in: HTTP %d", status),
	}
}

// needsPerson tells whether a fault of signing in is one that only a person can mend, or that concerns the whole account.
// Such a fault is the task's; any other leaves the legacy API its chance.
func needsPerson(f *pipeline.Fault) bool {
	switch f.Code {
	case pipeline.FaultCredentials, pipeline.FaultSecondFactor, pipeline.FaultAccount, pipeline.FaultSettings:
		return true
	}
	return false
}
