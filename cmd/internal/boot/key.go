package boot

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyBytes is the length of a key-encryption key: AES-256.
const keyBytes = 32

// ReadKey reads the key that encrypts the clouds' credentials: 32 bytes in standard base64, one line. It returns the base64.
func ReadKey(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot find the key file %s (setting key_file): make one with \"infrazen key\" and give the same file to collector, api and bot", path)
	}
	if err != nil {
		return "", fmt.Errorf("cannot read the key file %s: %w", path, err)
	}
	line := strings.TrimSpace(string(text))
	if key, err := base64.StdEncoding.DecodeString(line); err != nil || len(key) != keyBytes {
		return "", fmt.Errorf("cannot use the key file %s: it must hold %d bytes in base64", path, keyBytes)
	}
	return line, nil
}

// EnsureKey reads the key, or makes a new one that only its owner can read. An existing file is never overwritten.
func EnsureKey(path string) (string, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return ReadKey(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("cannot make the key's folder: %w", err)
	}
	key := make([]byte, keyBytes)
	if _, err := rand.Read(key); err != nil {
		return "", fmt.Errorf("cannot make a key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("cannot make the key file %s: %w", path, err)
	}
	line := base64.StdEncoding.EncodeToString(key)
	_, err = f.WriteString(line + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("cannot write the key file %s: %w", path, err)
	}
	return line, nil
}
