package postgres

import (
	"crypto/rand"
	"crypto/sha256"
)

// newToken makes a secret of at least 128 bits for a link, a session or a program. Only its hash is kept.
func newToken(prefix string) (token string, hash []byte) {
	token = prefix + rand.Text()
	return token, hashToken(token)
}

// hashToken is what is kept of a token. Tokens are random, so a plain hash needs no salt and no cost.
func hashToken(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
