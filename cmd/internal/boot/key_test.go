package boot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEnsureKeyMakesOneAndKeepsIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "key")
	first, err := EnsureKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := EnsureKey(path)
	if err != nil {
		t.Fatal(err)
	}
	other, err := EnsureKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 44 || first != again || first == other {
		t.Fatalf("got %d characters, then %d", len(first), len(again))
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("got mode %v", info.Mode())
	}
}

func TestReadKeySaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	f := func(content, want string) {
		t.Helper()
		path := filepath.Join(dir, "key")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKey(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Fatalf("got %v, want %q", err, want)
		}
	}
	f("not base64!", "32 bytes")
	f("c2hvcnQ=", "32 bytes")
	if _, err := ReadKey(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "key_file") {
		t.Fatalf("got %v", err)
	}
}
