package providertest

import (
	"net/http"
	"time"

	"github.com/infrazen/infrazen/providers/standin"
)

// Spoil breaks the requests of a stand-in that match, as HTTP APIs usually break. secret stands in the bodies of its errors: it
// must not be seen anywhere. For a cloud that says some of it in its own way, Break does so itself.
func Spoil(s *standin.Server, match func(*http.Request) bool, how Breakage, secret string) (mend func(), ok bool) {
	f := standin.Fault{Match: match}
	switch how {
	case Torn:
		f.Torn = true
	case CutOff:
		f.Cut = true
	case ServerError:
		f.Status, f.Body = http.StatusInternalServerError, `{"message":"`+secret+`"}`
	case Hang:
		f.Hang = true
	case SlowBody:
		f.Slow = true
	case WebPage:
		f.Body = "<html>" + secret + "</html>"
	case Throttled:
		f.Status, f.RetryAfter = http.StatusTooManyRequests, 30*time.Second
	case Forbidden:
		f.Status, f.Body = http.StatusForbidden, `{"message":"`+secret+`"}`
	default:
		return nil, false
	}
	return s.Break(f), true
}
