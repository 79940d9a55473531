package yandex

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/httpedge"
)

// audience is what a service account's JWT is for, wherever the API is reached
// (yandex.cloud/en/docs/iam/operations/iam-token/create-for-sa).
const audience = "https://iam.api.cloud.yandex.net/iam/v1/tokens"

// jwtLife is how long a JWT may be exchanged: an hour is the most that is allowed.
const jwtLife = time.Hour

// maxTokenLife bounds what a token may claim, so that a wrong expiresAt does not keep it in use for ever.
const maxTokenLife = 24 * time.Hour

// token is an IAM token. Its life is judged by how long ago we got it, never by comparing expiresAt with our clock.
type token struct {
	value string
	at    time.Time
	life  time.Duration
}

// expired tells whether the token's life is over; a clock that was set back counts as over too.
func (t token) expired(now time.Time) bool {
	age := now.Sub(t.at)
	return t.value == "" || age >= t.life || age < -time.Minute
}

// ageing tells whether nine tenths of the token's life are over.
func (t token) ageing(now time.Time) bool { return now.Sub(t.at) >= t.life*9/10 }

// bearer returns a token to use: the one at hand, or a new one for none or an ageing one.
func (s *session) bearer(ctx context.Context) (string, error) {
	now := s.env.Now()
	if !s.token.expired(now) && !s.token.ageing(now) {
		return s.token.value, nil
	}
	err := s.signIn(ctx)
	if err != nil && (ctx.Err() != nil || s.token.expired(now)) {
		return "", err
	}
	return s.token.value, nil
}

// signIn exchanges a JWT for an IAM token. After a failure it gives the same fault without asking again until the next task.
// A JWT is dated by the cloud's clock: when ours turns out to be wrong only by the refusal, it is made once more.
func (s *session) signIn(ctx context.Context) error {
	if s.authFault != nil {
		return s.authFault
	}
	skewed := s.edge.ClockFault() != nil
	err := s.exchange(ctx)
	if err != nil && ctx.Err() == nil && !skewed && s.edge.ClockFault() != nil && isCode(err, pipeline.FaultCredentials) {
		err = s.exchange(ctx)
	}
	if err != nil && ctx.Err() == nil {
		s.authFault = pipeline.AsFault(err)
	}
	return err
}

func (s *session) exchange(ctx context.Context) error {
	signed, err := s.signJWT()
	if err != nil {
		return err
	}
	s.edge.Hide(signed)
	body, err := json.Marshal(map[string]string{"jwt": signed})
	if err != nil {
		return pipeline.AsFault(err)
	}
	if err := s.wait(ctx); err != nil {
		return err
	}
	ans, err := s.edge.Do(ctx, httpedge.Request{
		Scope: scopeAuth, Method: http.MethodPost, URL: s.address("iam") + "/iam/v1/tokens", Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}},
	})
	if err != nil {
		return err
	}
	if ans.Status >= 400 {
		return s.signInFault(ans)
	}
	var got struct {
		IAMToken  string    `json:"iamToken"`
		ExpiresAt time.Time `json:"expiresAt"`
	}
	if err := s.edge.JSON(scopeAuth, ans, &got); err != nil {
		return err
	}
	if got.IAMToken == "" {
		return s.edge.Malformed(scopeAuth, "no token in the answer")
	}
	s.edge.Hide(got.IAMToken)
	s.token = token{value: got.IAMToken, at: s.env.Now(), life: min(max(got.ExpiresAt.Sub(s.edge.Now()), time.Minute), maxTokenLife)}
	return nil
}

func (s *session) signJWT() (string, error) {
	now := s.edge.Now()
	t := jwt.NewWithClaims(jwt.SigningMethodPS256, jwt.MapClaims{
		"iss": s.conf.serviceAccount, "aud": audience, "iat": now.Unix(), "exp": now.Add(jwtLife).Unix(),
	})
	t.Header["kid"] = s.conf.keyID
	signed, err := t.SignedString(s.conf.key)
	if err != nil {
		return "", settingsFault("Закрытым ключом сервисного аккаунта не удаётся подписать запрос: он короче 2048 бит или не RSA. Создайте новый авторизованный ключ.",
			"The service account's private key cannot sign: it is shorter than 2048 bits or no RSA key. Make a new authorised key.")
	}
	return signed, nil
}

// needsPerson tells whether a fault of signing in is one that only a person can mend.
func needsPerson(f *pipeline.Fault) bool {
	switch f.Code {
	case pipeline.FaultCredentials, pipeline.FaultAccount, pipeline.FaultSettings:
		return true
	}
	return false
}
