package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/httprate"

	"github.com/infrazen/infrazen/pipeline"
)

const (
	cookieName = "infrazen_session"
	maxSecret  = 512
	// signInWindow is what the limits of Config are counted over.
	signInWindow = 15 * time.Minute
)

// authenticate finds out who makes the request. Without a valid session the request goes on as nobody's.
func (s *Server) authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secret := secretOf(r)
		if secret == "" {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), s.Config.RequestTimeout)
		in, err := s.Store.Session(ctx, secret)
		cancel()
		if err != nil && !errors.Is(err, pipeline.ErrNotFound) && !errors.Is(err, pipeline.ErrBadCredentials) {
			s.writeProblem(w, r, err)
			return
		}
		if err == nil {
			a := aboutOf(r.Context())
			a.caller = &caller{SignIn: in, secret: secret}
			if accepted := acceptedLang(r.Header.Get("Accept-Language")); in.User.Lang != "" && (!in.Token || accepted == "") {
				a.lang = in.User.Lang
			}
		}
		next.ServeHTTP(w, r)
	})
}

// secretOf is the request's token or the session in its cookie.
func secretOf(r *http.Request) string {
	secret := ""
	if h := r.Header.Get("Authorization"); h != "" {
		if scheme, token, _ := strings.Cut(h, " "); strings.EqualFold(scheme, "Bearer") {
			secret = strings.TrimSpace(token)
		}
	} else if c, err := r.Cookie(cookieName); err == nil {
		secret = c.Value
	}
	if len(secret) > maxSecret {
		return ""
	}
	return secret
}

// refuseForgery refuses writes that another site made a browser send. Our own header is proof enough, since no other
// site can set it without asking us first; else the browser must say that the request comes from our own pages.
func (s *Server) refuseForgery(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.mayBeForged(r) {
			s.writeProblem(w, r, refuse(http.StatusForbidden, "Запрос пришёл с чужой страницы. Добавьте заголовок X-Requested-With: infrazen.",
				"The request comes from another site's page. Send the header X-Requested-With: infrazen."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) mayBeForged(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	if r.Header.Get("X-Requested-With") == "infrazen" || r.Header.Get("Authorization") != "" {
		return false
	}
	_, err := r.Cookie(cookieName)
	hasCookie := err == nil
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		return !s.ownOrigin(origin, r.Host)
	}
	return hasCookie
}

func (s *Server) ownOrigin(origin, host string) bool {
	o, err := url.Parse(origin)
	if err != nil || o.Host == "" {
		return false
	}
	own, err := url.Parse(s.Config.PublicURL)
	return o.Host == host || (err == nil && own.Host == o.Host)
}

// signInLimits bound the attempts to guess a password or a link.
type signInLimits struct {
	address, email *httprate.RateLimiter
	// checks has room for as many passwords as are checked at once.
	checks chan struct{}
}

func newSignInLimits(c Config) *signInLimits {
	return &signInLimits{
		address: httprate.NewRateLimiter(c.SignInsPerAddress, signInWindow, quiet()),
		email:   httprate.NewRateLimiter(c.SignInsPerEmail, signInWindow, quiet()),
		checks:  make(chan struct{}, 2),
	}
}

// quiet leaves the limits' own headers out of answers; Retry-After comes with the problem.
func quiet() httprate.Option { return httprate.WithResponseHeaders(httprate.ResponseHeaders{}) }

// limitSignIn refuses too many attempts to sign in from one address or for one e-mail.
func (s *Server) limitSignIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.tooManySignIns(w, r) {
			s.metrics.signIns.WithLabelValues("limited").Inc()
			e := refuse(http.StatusTooManyRequests, "Слишком много попыток входа. Повторите через 15 минут или войдите по одноразовой ссылке.",
				"Too many attempts to sign in. Try again in 15 minutes, or use a one-time link.")
			e.retry = signInWindow
			s.writeProblem(w, r, e)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) tooManySignIns(w http.ResponseWriter, r *http.Request) bool {
	switch r.Method + " " + r.URL.Path {
	case "POST " + apiRoot + "/session", "POST " + apiRoot + "/session/link", "PUT " + apiRoot + "/session/password":
	default:
		return false
	}
	a := aboutOf(r.Context())
	if s.limits.address.OnLimit(w, r, a.addr.String()) {
		return true
	}
	email := emailIn(a.body)
	if a.caller != nil && r.Method == http.MethodPut {
		email = a.caller.User.Email
	}
	return email != "" && s.limits.email.OnLimit(w, r, strings.ToLower(strings.TrimSpace(email)))
}

func emailIn(body []byte) string {
	var b struct {
		Email string `json:"email"`
	}
	if json.Unmarshal(body, &b) != nil {
		return ""
	}
	return b.Email
}

// isRefused tells whether a store says that a secret opens nothing.
func isRefused(err error) bool {
	return errors.Is(err, pipeline.ErrBadCredentials) || errors.Is(err, pipeline.ErrNotFound)
}
