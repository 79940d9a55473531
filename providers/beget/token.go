package beget

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// token is a JWT of the modern API. Its life is judged by how long ago we got it, never by comparing its exp with our
// clock, so that a wrong clock of ours makes no difference.
type token struct {
	value string
	// at is when we got it, by our clock.
	at time.Time
	// life is how long it lives from then on; zero when it does not tell.
	life time.Duration
	// worked is true once a request with it was not refused.
	worked bool
	// renewed is true when it was got because another was refused: refused too, it will not be replaced again.
	renewed bool
}

// claims are what is read of a token's payload.
type claims struct {
	Exp number `json:"exp"`
	Iat number `json:"iat"`
}

// maxTokenLife bounds what a token may claim, so that a wrong exp does not keep it in use for ever.
const maxTokenLife = 24 * time.Hour

// newToken reads a token's life from its exp and iat, or from its exp and the cloud's present when iat is absent.
func newToken(value string, at, cloudNow time.Time) token {
	t := token{value: value, at: at}
	c, ok := parseClaims(value)
	if !ok || !c.Exp.Known {
		return t
	}
	from := float64(cloudNow.Unix())
	if c.Iat.Known {
		from = c.Iat.V
	}
	if life := c.Exp.V - from; life > 0 {
		t.life = time.Duration(min(life, maxTokenLife.Seconds()) * float64(time.Second))
	}
	return t
}

// parseClaims decodes the middle part of a JWT. It does not check the signature: Beget does, with every request.
func parseClaims(value string) (claims, bool) {
	parts := strings.Split(value, ".")
	if len(parts) != 3 {
		return claims{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return claims{}, false
	}
	var c claims
	if json.Unmarshal(payload, &c) != nil {
		return claims{}, false
	}
	return c, true
}

// expired tells whether the token's life is over; a clock that was set back counts as over too.
func (t token) expired(now time.Time) bool {
	age := now.Sub(t.at)
	return t.value == "" || t.life > 0 && (age >= t.life || age < -time.Minute)
}

// ageing tells whether the token is worth exchanging: the last fifth of its life, at most its last minute.
func (t token) ageing(now time.Time) bool {
	return t.life > 0 && now.Sub(t.at) >= t.life-min(t.life/5, time.Minute)
}
