// Package providertest is the conformance suite that every provider runs against its stand-in.
//
// A provider's test gives a Case; what a cloud does not have it leaves nil, and the tests of it do not run. The suite
// knows nothing of any cloud: it looks at what reaches the sink, the outcome, the errors and the log.
package providertest

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// Breakage is a way in which a cloud fails at one scope.
type Breakage string

// The breakages, and the fault that each must be told as.
const (
	Torn        Breakage = "torn"         // half of the answer, as if whole: FaultMalformed
	CutOff      Breakage = "cut"          // the connection drops in the answer: any fault that may be retried
	ServerError Breakage = "server_error" // HTTP 500: FaultUnavailable
	Hang        Breakage = "hang"         // no answer: FaultTimeout
	SlowBody    Breakage = "slow_body"    // an answer that stops coming: FaultTimeout
	Throttled   Breakage = "throttled"    // too many requests: FaultThrottled
	Forbidden   Breakage = "forbidden"    // not permitted to these credentials: FaultForbidden, skipped
	WebPage     Breakage = "web_page"     // HTML instead of data: FaultMalformed
)

// Case is a provider with its stand-in.
type Case struct {
	Provider pipeline.Provider
	// New starts the stand-in afresh, for one test.
	New func(t *testing.T) *Cloud
}

// Cloud is a running stand-in and what it can do. Nil functions and empty lists mean that it cannot.
type Cloud struct {
	// Settings open the account.
	Settings pipeline.Settings
	// Wrong are settings that the cloud refuses as wrong credentials, and Locked those of an account that wants a code.
	Wrong, Locked pipeline.Settings
	// Bad are settings that Open refuses without asking.
	Bad []pipeline.Settings
	// Secrets must surface nowhere, beside the secret fields of Settings: those in the cloud's answers.
	Secrets []string
	// Now is the clock of us and the cloud; time.Now when nil.
	Now func() time.Time
	// Known are resources for tasks that want some.
	Known []pipeline.KnownResource
	// Tasks are what to collect of each feed, one task or more.
	Tasks map[pipeline.Feed][]pipeline.Task

	// Uploads are the files that users gave to the connection.
	Uploads pipeline.Uploads
	// Offline are feeds that ask the cloud nothing: those of uploaded files. They need no sign-in and have no clock.
	Offline []pipeline.Feed

	// Truth is what the inventory must find: identifiers by scope.
	Truth func() map[string][]string
	// Prices are the exact amounts of the nameless rate of resources, as decimal text; "" for a price that is unknown.
	Prices map[string]string
	// Types are types that single resources must have.
	Types map[string]pipeline.ResourceType

	// Bills are periods or files whose exact cost the stand-in knows.
	Bills []Bill

	// Break breaks one scope until mended; false when the scope cannot break so.
	Break func(scope string, how Breakage) (mend func(), ok bool)
	// Stuck gives a value whenever a request has met Hang or SlowBody and comes no further: then the suite's client gives up
	// waiting, as it would for time. When nil, it waits for PatienceWithoutStuck.
	Stuck <-chan struct{}
	// Breakable are the scopes of each feed to break.
	Breakable map[pipeline.Feed][]string
	// Dependents are the scopes that cannot be whole when one breaks so.
	Dependents func(scope string, how Breakage) []string
	// Expire ends all sign-ins at once.
	Expire func()
	// SkewClock makes the cloud's clock differ from ours.
	SkewClock func(d time.Duration)
	// Remove takes a resource away and returns its identifier and its scope.
	Remove func() (id, scope string)
}

// Run runs the suite.
func Run(t *testing.T, c Case) {
	t.Run("info", c.testInfo)
	t.Run("bad settings", c.testBadSettings)
	t.Run("wrong credentials", c.testWrongCredentials)
	t.Run("second factor", c.testSecondFactor)
	t.Run("check", c.testCheck)
	t.Run("collect", c.testCollect)
	t.Run("truth", c.testTruth)
	t.Run("bill", c.testBill)
	t.Run("again", c.testAgain)
	t.Run("each scope fails alone", c.testScopesFailAlone)
	t.Run("sign-in ends midway", c.testExpiry)
	t.Run("cancelled", c.testCancelled)
	t.Run("clock", c.testClock)
	t.Run("vanished", c.testVanished)
}

// faultOf is the code that a breakage must be told as; "" means any that may be retried.
func faultOf(b Breakage) pipeline.FaultCode {
	return map[Breakage]pipeline.FaultCode{
		Torn: pipeline.FaultMalformed, WebPage: pipeline.FaultMalformed, ServerError: pipeline.FaultUnavailable,
		Hang: pipeline.FaultTimeout, SlowBody: pipeline.FaultTimeout, Throttled: pipeline.FaultThrottled,
		Forbidden: pipeline.FaultForbidden,
	}[b]
}

// feeds are the provider's, in order.
func (c Case) feeds() []pipeline.Feed {
	var out []pipeline.Feed
	for _, f := range c.Provider.Info().Feeds {
		out = append(out, f.Feed)
	}
	return out
}

// watch lets a test see requests leave, and gives those up that are stuck.
type watch struct {
	base  http.RoundTripper
	stuck <-chan struct{}
	seen  func(n int)
	n     int
}

// RoundTrip implements http.RoundTripper. A session is used by one goroutine, so requests come one by one.
func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	w.n++
	if w.seen != nil {
		w.seen(w.n)
	}
	ctx, cancel := context.WithCancelCause(r.Context())
	go func() {
		select {
		case <-w.stuck:
			cancel(context.DeadlineExceeded)
		case <-ctx.Done():
		}
	}()
	resp, err := w.base.RoundTrip(r.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	resp.Body = &closing{resp.Body, func() { cancel(nil) }}
	return resp, nil
}

// closing does something when a body is closed.
type closing struct {
	io.ReadCloser
	then func()
}

// Close implements io.Closer.
func (c *closing) Close() error {
	defer c.then()
	return c.ReadCloser.Close()
}
