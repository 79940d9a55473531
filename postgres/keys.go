package postgres

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/infrazen/infrazen/pipeline"
)

// keySize is the length of a key in bytes: AES-256.
const keySize = 32

// ErrNoKey means that the store was opened without a key and cannot seal or open secrets.
var ErrNoKey = errors.New("no key for secrets is set")

// ErrWrongKey means that secrets were sealed with another key than the one set.
var ErrWrongKey = errors.New("the secrets were sealed with another key")

// NewKey makes a key-encryption key for Config.Key.
func NewKey() string {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails since Go 1.24
	return base64.StdEncoding.EncodeToString(key)
}

// keyring is the key-encryption key in use. The zero keyring has none.
type keyring struct {
	setting string
	id      string
	aead    cipher.AEAD
}

func newKeyring(key, setting string) (*keyring, error) {
	if key == "" {
		return &keyring{setting: setting}, nil
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	if err != nil || len(raw) != keySize {
		return nil, fmt.Errorf("the setting %s must be %d bytes in base64 (make one with: head -c %d /dev/urandom | base64)", setting, keySize, keySize)
	}
	aead, err := newAEAD(raw)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("infrazen key id\x00"), raw...))
	return &keyring{setting: setting, id: hex.EncodeToString(sum[:6]), aead: aead}, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("cannot use the key for secrets: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// envelope is what is stored of a connection's secrets.
type envelope struct {
	keyID           string
	wrapped, sealed []byte
}

// seal encrypts with a fresh data key. What is sealed opens for this tenant and connection only.
func (k *keyring) seal(tenant pipeline.TenantID, conn pipeline.ConnectionID, plain []byte) (envelope, error) {
	if k.aead == nil {
		return envelope{}, fmt.Errorf("%w: set %s", ErrNoKey, k.setting)
	}
	dataKey := make([]byte, keySize)
	_, _ = rand.Read(dataKey) // never fails since Go 1.24
	data, err := newAEAD(dataKey)
	if err != nil {
		return envelope{}, err
	}
	return envelope{
		keyID:   k.id,
		wrapped: k.aead.Seal(nil, nil, dataKey, owner("data key", tenant, conn)),
		sealed:  data.Seal(nil, nil, plain, owner("secrets", tenant, conn)),
	}, nil
}

// open decrypts what seal made.
func (k *keyring) open(tenant pipeline.TenantID, conn pipeline.ConnectionID, e envelope) ([]byte, error) {
	dataKey, err := k.unwrap(tenant, conn, e)
	if err != nil {
		return nil, err
	}
	data, err := newAEAD(dataKey)
	if err != nil {
		return nil, err
	}
	plain, err := data.Open(nil, nil, e.sealed, owner("secrets", tenant, conn))
	if err != nil {
		return nil, errors.New("the stored secrets are damaged or belong to another connection: enter them again")
	}
	return plain, nil
}

func (k *keyring) unwrap(tenant pipeline.TenantID, conn pipeline.ConnectionID, e envelope) ([]byte, error) {
	if k.aead == nil {
		return nil, fmt.Errorf("%w: set %s", ErrNoKey, k.setting)
	}
	if e.keyID != k.id {
		return nil, fmt.Errorf("%w: theirs is %s, the one in %s is %s; set the right one", ErrWrongKey, e.keyID, k.setting, k.id)
	}
	dataKey, err := k.aead.Open(nil, nil, e.wrapped, owner("data key", tenant, conn))
	if err != nil {
		return nil, errors.New("the stored key of the secrets is damaged or belongs to another connection: enter the secrets again")
	}
	return dataKey, nil
}

// owner is the additional data that ties a ciphertext to its place.
func owner(what string, tenant pipeline.TenantID, conn pipeline.ConnectionID) []byte {
	var b []byte
	for _, s := range []string{"infrazen", what, string(tenant), string(conn)} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}
