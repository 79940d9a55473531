package dashboards_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/dashboards/internal/webbuild"
)

// node runs node with args in the web folder and fails the test when it fails.
func node(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Dir = "web"
	cmd.Env = append(os.Environ(), "TZ=UTC")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("node %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestWebTypesCheck(t *testing.T) {
	node(t, filepath.Join("..", "..", "node_modules", "typescript", "bin", "tsc"), "--project", "tsconfig.json")
}

// The API's types are those of its OpenAPI document: `go run ./dashboards/build -types` makes them anew.
func TestWebTypesAreThoseOfTheAPI(t *testing.T) {
	made := filepath.Join(t.TempDir(), "schema.d.ts")
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	if err := webbuild.Types(t.Context(), root, filepath.Join(root, "docs", "openapi.json"), made); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(made)
	if err != nil {
		t.Fatal(err)
	}
	held, err := os.ReadFile(filepath.Join("web", "src", "api", "schema.d.ts"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(held), string(want)); diff != "" {
		t.Errorf("web/src/api/schema.d.ts is not of docs/openapi.json; run go run ./dashboards/build -types (-held +made):\n%s", diff)
	}
}

func TestWebUnits(t *testing.T) {
	bundles, err := webbuild.Tests("web", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	node(t, append([]string{"--test"}, bundles...)...)
}

func TestWebBuilds(t *testing.T) {
	out := t.TempDir()
	if err := os.WriteFile(filepath.Join(out, "stale.js"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	sizes, err := webbuild.App("web", out, false)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(out, "app.html"))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"/assets/main-", "/assets/theme-", "/assets/logo-", ".css"} {
		if !strings.Contains(string(page), part) {
			t.Errorf("the page does not name %s:\n%s", part, page)
		}
	}
	fonts := 0
	for name := range sizes {
		if strings.HasSuffix(name, ".woff2") {
			fonts++
		}
	}
	if fonts < 2 {
		t.Errorf("%d fonts were built, want Cyrillic and Latin", fonts)
	}
	if _, err := os.Stat(filepath.Join(out, "stale.js")); !os.IsNotExist(err) {
		t.Errorf("what an earlier build left is still there: %v", err)
	}
}

// A strict Content-Security-Policy forbids inline scripts and styles and data: addresses.
func TestBuiltPageNeedsNoInlineCode(t *testing.T) {
	out := t.TempDir()
	if _, err := webbuild.App("web", out, false); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(os.DirFS(out), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(os.DirFS(out), name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".html") {
			for _, bad := range []string{"<style", "<script>", " style=", " onload=", "http://", "https://"} {
				if strings.Contains(string(raw), bad) {
					t.Errorf("%s holds %q", name, bad)
				}
			}
		}
		if strings.HasSuffix(name, ".css") && strings.Contains(string(raw), "url(data:") {
			t.Errorf("%s holds a data: address", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
