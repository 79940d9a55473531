package yandexsim

import (
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"math/rand/v2"

	"github.com/infrazen/infrazen/providers/world"
)

// tenant is an account with everything that opens it.
type tenant struct {
	account                     *world.Account
	key                         *rsa.PrivateKey
	cloudID, serviceAccountID   string
	keyID, accessKey, secretKey string
	bucket                      string
	exports                     exportCache
}

// Credentials open an account.
type Credentials struct {
	// KeyFile is the JSON of the service account's authorised key.
	KeyFile string
	// AccessKey and SecretKey open the bucket with the export.
	AccessKey, SecretKey, Bucket string
	BillingAccount               string
	Folders                      []string
	Title                        string
}

func newTenant(a *world.Account, key *rsa.PrivateKey) *tenant {
	if key == nil {
		key = derivedKey(a.Password)
	}
	word := func(name string, n int) string {
		sum := sha256.Sum256([]byte(a.ID + "/" + a.Password + "/" + name))
		return hex.EncodeToString(sum[:])[:n]
	}
	return &tenant{
		account: a, key: key, cloudID: "b1g" + word("cloud", 17), serviceAccountID: "aje" + word("service account", 17), keyID: "aje" + word("key", 17),
		accessKey: "YCAJE" + word("access", 20), secretKey: "YC" + word("secret", 38), bucket: "billing-" + word("bucket", 8),
	}
}

// derivedKey makes the RSA key of 2048 bits that belongs to a password, the same at every start.
func derivedKey(password string) *rsa.PrivateKey {
	dice := rand.NewChaCha8(sha256.Sum256([]byte("yandexsim/" + password)))
	e := big.NewInt(65537)
	one := big.NewInt(1)
	for {
		p, q := prime(dice), prime(dice)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil || p.Cmp(q) == 0 {
			continue
		}
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: d, Primes: []*big.Int{p, q}}
		k.Precompute()
		if k.Validate() == nil {
			return k
		}
	}
}

// prime is a prime of 1024 bits whose two highest bits are set.
func prime(dice *rand.ChaCha8) *big.Int {
	b := make([]byte, 128)
	_, _ = dice.Read(b) // never fails
	b[0] |= 0xc0
	b[127] |= 1
	n := new(big.Int).SetBytes(b)
	for !n.ProbablyPrime(20) {
		n.Add(n, big.NewInt(2))
	}
	return n
}

// keyFile is the JSON that the cloud gives once, when a key is made. Its private key has a line of text before the PEM block.
func (t *tenant) keyFile() string {
	private, err := x509.MarshalPKCS8PrivateKey(t.key)
	if err != nil {
		panic(fmt.Sprintf("cannot encode a private key: %v", err)) // an RSA key always can be
	}
	public, err := x509.MarshalPKIXPublicKey(&t.key.PublicKey)
	if err != nil {
		panic(fmt.Sprintf("cannot encode a public key: %v", err))
	}
	block := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	text, err := json.Marshal(map[string]string{
		"id": t.keyID, "service_account_id": t.serviceAccountID, "created_at": "2026-01-10T20:00:00.714635763Z", "key_algorithm": "RSA_2048",
		"public_key":  block("PUBLIC KEY", public),
		"private_key": "PLEASE DO NOT REMOVE THIS LINE! Yandex.Cloud SA Key ID <" + t.keyID + ">\n" + block("PRIVATE KEY", private),
	})
	if err != nil {
		panic(fmt.Sprintf("cannot encode a key file: %v", err))
	}
	return string(text)
}

// Credentials are what opens each account, in their order, for setting up connections.
func (s *Server) Credentials() []Credentials {
	var out []Credentials
	for _, t := range s.tenants {
		c := Credentials{
			KeyFile: t.keyFile(), AccessKey: t.accessKey, SecretKey: t.secretKey, Bucket: t.bucket, BillingAccount: t.account.ID, Title: t.account.Title,
		}
		for _, p := range t.account.Projects {
			c.Folders = append(c.Folders, p.ID)
		}
		out = append(out, c)
	}
	return out
}
