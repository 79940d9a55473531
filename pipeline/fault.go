package pipeline

import (
	"errors"
	"time"
)

// FaultCode says what kind of thing went wrong, for machines.
type FaultCode string

// The faults that a user or an operator can tell apart and act upon.
const (
	FaultCredentials  FaultCode = "credentials"   // wrong login, password, key
	FaultSecondFactor FaultCode = "second_factor" // the account wants a code
	FaultForbidden    FaultCode = "forbidden"     // the credentials are right, this section is not permitted
	FaultAccount      FaultCode = "account"       // blocked, deleted, on maintenance
	FaultExpired      FaultCode = "expired"       // a token or key that ran out and cannot be renewed
	FaultThrottled    FaultCode = "throttled"     // asked too often; deferred
	FaultUnavailable  FaultCode = "unavailable"   // 5xx, no connection
	FaultTimeout      FaultCode = "timeout"       // no answer in time
	FaultMalformed    FaultCode = "malformed"     // an answer or a file that cannot be read
	FaultClock        FaultCode = "clock"         // our clock and the cloud's differ
	FaultSettings     FaultCode = "settings"      // the connection's settings are wrong
	FaultNotFound     FaultCode = "not_found"     // the folder, bucket, project does not exist
	FaultTooLarge     FaultCode = "too_large"     // over a limit of ours
	FaultInternal     FaultCode = "internal"      // ours
)

// Fault is an error with a sentence that its reader can act on. It holds no secret.
type Fault struct {
	Code FaultCode
	// Scope is what it concerns ("vps", "mysql/getList", a file's name); empty for the whole connection.
	Scope string
	// Text says what is wrong and what to do.
	Text Text
	// Retry tells whether the same request may succeed later without anybody's doing.
	Retry bool
	// RetryAfter is how long the cloud asked us to wait; zero when it did not.
	RetryAfter time.Duration
	// Err is the cause, for the log. It holds no secret either.
	Err error
}

// Error implements error, in English.
func (f *Fault) Error() string {
	s := string(f.Code)
	if f.Scope != "" {
		s += " " + f.Scope
	}
	s += ": " + f.Text.EN
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// AsFault returns err's Fault, or an internal one that wraps it.
func AsFault(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) {
		return f
	}
	return &Fault{
		Code:  FaultInternal,
		Text:  Text{RU: "Внутренняя ошибка InfraZen. Повторим сами; если не пройдёт, напишите в поддержку.", EN: "An internal error of InfraZen. It will be tried again; tell support if it stays."},
		Retry: true,
		Err:   err,
	}
}
