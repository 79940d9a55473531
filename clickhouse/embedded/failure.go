package embedded

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/infrazen/infrazen/clickhouse/embedded/chdb"
)

// failure is a ClickHouse exception: a code, its name and a text.
type failure struct {
	code    int
	message string // "Code: 62. DB::Exception: ... (SYNTAX_ERROR)"
}

func (f *failure) Error() string { return f.message }

// fail makes an exception as a server words it.
func fail(code int, name, format string, args ...any) *failure {
	return &failure{code, fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

// failureOf turns any error into an exception; what has no code of its own
// gets 1002, UNKNOWN_EXCEPTION.
func failureOf(err error) *failure {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	if e, ok := errors.AsType[*chdb.Error](err); ok {
		if code, ok := codeOf(e.Message); ok {
			return &failure{code, withoutVersion(e.Message)}
		}
	}
	return fail(1002, "UNKNOWN_EXCEPTION", "%s", err)
}

// codeOf reads the number of "Code: 60. DB::Exception: ...".
func codeOf(message string) (int, bool) {
	rest, ok := strings.CutPrefix(message, "Code: ")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ".")
	code, err := strconv.Atoi(digits)
	return code, err == nil
}

// withoutVersion cuts " (version 26.7.2.1)" from the end; the library writes
// it with some errors only.
func withoutVersion(message string) string {
	message = strings.TrimSpace(message)
	if i := strings.LastIndex(message, " (version "); i >= 0 && strings.HasSuffix(message, ")") {
		return message[:i]
	}
	return message
}

// status is what HTTPHandler's exceptionCodeToHTTPStatus answers for a code
// (ClickHouse, src/Server/HTTP/exceptionCodeToHTTPStatus.cpp).
func (f *failure) status() int {
	switch f.code {
	case 194: // REQUIRED_PASSWORD
		return http.StatusUnauthorized
	case 192, 193, 516, 512, 497: // UNKNOWN_USER, WRONG_PASSWORD, AUTHENTICATION_FAILED, SET_NON_GRANTED_ROLE, ACCESS_DENIED
		return http.StatusForbidden
	case 36, 427, 6, 25, 26, 38, 41, 72, 441, 675, 676, 27, 376, 15, 44, 37, 123, 8, 167, 168, 223, 62, 117, 53, 321:
		return http.StatusBadRequest
	case 60, 46, 47, 50, 56, 81, 115, 152, 63, 73, 336, 78, 511:
		return http.StatusNotFound
	case 229: // QUERY_IS_TOO_LARGE
		return http.StatusRequestEntityTooLarge
	case 48: // NOT_IMPLEMENTED
		return http.StatusNotImplemented
	case 209, 76, 439: // SOCKET_TIMEOUT, CANNOT_OPEN_FILE, CANNOT_SCHEDULE_TASK
		return http.StatusServiceUnavailable
	case 381: // HTTP_LENGTH_REQUIRED
		return http.StatusLengthRequired
	case 159: // TIMEOUT_EXCEEDED
		return http.StatusRequestTimeout
	case 779: // UNSUPPORTED_MEDIA_TYPE
		return http.StatusUnsupportedMediaType
	}
	return http.StatusInternalServerError
}
