package begetsim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// grant is a token given out.
type grant struct {
	login   string
	exp     time.Time
	revoked bool
}

// RevokeTokens ends all tokens given out, as an administrator in the panel would.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range s.tokens {
		g.revoked = true
	}
}

// SetTokenLife is for tokens given out from now on.
func (s *Server) SetTokenLife(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conf.TokenLife = d
}

func (s *Server) auth(w http.ResponseWriter, r *http.Request) {
	var in struct{ Login, Password, Code string }
	if json.NewDecoder(r.Body).Decode(&in) != nil {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	a := s.account(in.Login)
	s.mu.Unlock()
	switch {
	case in.Login == "":
		write(w, object{"error": "EMPTY_LOGIN"})
	case in.Password == "":
		write(w, object{"error": "EMPTY_PASSWORD"})
	case a == nil || a.Password != in.Password:
		write(w, object{"error": "INCORRECT_CREDENTIALS"})
	case a.AuthError != "":
		write(w, object{"error": a.AuthError})
	default:
		write(w, object{"token": s.issue(a.Login, r)})
	}
}

// issue makes a JWT with the claims that Beget's has; it has no iat.
func (s *Server) issue(login string, r *http.Request) string {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issued++
	exp := now.Add(s.conf.TokenLife)
	ip, _, _ := strings.Cut(r.RemoteAddr, ":")
	claims, err := json.Marshal(object{
		"customerId": 100000 + s.issued, "customerLogin": login, "env": "web", "ip": ip, "exp": exp.Unix(),
	})
	if err != nil {
		return ""
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(claims)
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(signed))
	token := signed + "." + enc.EncodeToString(mac.Sum(nil))
	s.tokens[token] = &grant{login: login, exp: exp}
	return token
}

// bearer finds the live grant of a request.
func (s *Server) bearer(r *http.Request) (token string, g *grant) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	g = s.tokens[token]
	if !ok || g == nil || g.revoked || !now.Before(g.exp) {
		return "", nil
	}
	return token, g
}

// signed lets a request with a live token through to a handler, and answers 403 otherwise.
func (s *Server) signed(h func(http.ResponseWriter, *http.Request, *Account)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, g := s.bearer(r)
		if g == nil {
			w.WriteHeader(http.StatusForbidden)
			write(w, object{"code": 7, "message": "permission denied"})
			return
		}
		s.mu.Lock()
		a := s.account(g.login)
		s.mu.Unlock()
		h(w, r, a)
	}
}

func (s *Server) refresh(w http.ResponseWriter, r *http.Request) {
	token, g := s.bearer(r)
	if g == nil {
		write(w, object{"error": "TOKEN_REVOKED"})
		return
	}
	s.revoke(token)
	write(w, object{"token": s.issue(g.login, r)})
}

func (s *Server) logout(w http.ResponseWriter, r *http.Request, _ *Account) {
	token, _ := s.bearer(r)
	s.revoke(token)
	write(w, object{})
}

func (s *Server) revoke(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if g := s.tokens[token]; g != nil {
		g.revoked = true
	}
}
