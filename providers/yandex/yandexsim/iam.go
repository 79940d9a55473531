package yandexsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// audience is what a JWT must be for.
const audience = "https://iam.api.cloud.yandex.net/iam/v1/tokens"

// grant is an IAM token.
type grant struct {
	tenant  *tenant
	expires time.Time
}

// issueToken exchanges a JWT, signed by PS256 with the key that its header names and dated within the hour, for an IAM token.
// A token far from its end is given again.
func (s *Server) issueToken(w http.ResponseWriter, r *http.Request) {
	var in struct {
		JWT string `json:"jwt"`
	}
	if json.NewDecoder(r.Body).Decode(&in) != nil || in.JWT == "" {
		refuse(w, http.StatusBadRequest, 3, "Either yandex_passport_oauth_token or jwt should be specified")
		return
	}
	t, err := s.checkJWT(in.JWT)
	if err != nil {
		refuse(w, http.StatusUnauthorized, 16, "The token is invalid: "+err.Error())
		return
	}
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for value, g := range s.tokens {
		if g.tenant == t && g.expires.Sub(now) > s.conf.TokenLife/2 {
			write(w, object{"iamToken": value, "expiresAt": stamp(g.expires)})
			return
		}
	}
	s.issued++
	value := fmt.Sprintf("t1.%s-%s-%d", Secret, t.serviceAccountID, s.issued)
	g := &grant{tenant: t, expires: now.Add(s.conf.TokenLife)}
	s.tokens[value] = g
	write(w, object{"iamToken": value, "expiresAt": stamp(g.expires)})
}

func (s *Server) checkJWT(text string) (*tenant, error) {
	var t *tenant
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(text, claims, func(token *jwt.Token) (any, error) {
		for _, one := range s.tenants {
			if one.keyID == token.Header["kid"] {
				t = one
				return &one.key.PublicKey, nil
			}
		}
		return nil, errors.New("key not found")
	}, jwt.WithValidMethods([]string{"PS256"}), jwt.WithAudience(audience), jwt.WithTimeFunc(s.now), jwt.WithIssuedAt(),
		jwt.WithExpirationRequired(), jwt.WithLeeway(2*time.Minute))
	if err != nil {
		return nil, err
	}
	exp, _ := claims.GetExpirationTime() // both are there: the parser has seen to it
	iat, _ := claims.GetIssuedAt()
	if iat == nil || exp.Sub(iat.Time) > time.Hour || claims["iss"] != t.serviceAccountID {
		return nil, errors.New("wrong claims")
	}
	return t, nil
}

// RevokeTokens ends all tokens.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens)
}

// tenantOf finds whose token an authorization is; nil when it is none that lives.
func (s *Server) tenantOf(authorization string) *tenant {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.tokens[strings.TrimPrefix(authorization, "Bearer ")]
	if g == nil || !now.Before(g.expires) {
		return nil
	}
	return g.tenant
}

type handler func(w http.ResponseWriter, r *http.Request, t *tenant)

// signed lets requests with a token in.
func (s *Server) signed(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		t := s.tenantOf(r.Header.Get("Authorization"))
		if t == nil {
			refuse(w, http.StatusUnauthorized, 16, "Token is invalid or has expired.")
			return
		}
		h(w, r, t)
	}
}
