package providers_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guide is what README.md tells its reader to do: files to write, the line for providers.go, and the command to run.
type guide struct {
	files   map[string]string
	line    string
	command []string
}

func readGuide(t *testing.T) guide {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	g := guide{files: map[string]string{}}
	for _, m := range regexp.MustCompile("(?s)\n\\*\\*`([^`]+)`\\*\\*\n\n```go\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		g.files[m[1]] = m[2]
	}
	_, rest, _ := strings.Cut(string(text), "### 5.")
	fences := regexp.MustCompile("(?s)```[a-z]*\n(.*?)```").FindAllStringSubmatch(rest, 2)
	if len(g.files) != 4 || len(fences) != 2 {
		t.Fatalf("the guide has %d files and %d steps after them", len(g.files), len(fences))
	}
	g.line, g.command = fences[0][1], strings.Fields(fences[1][1])
	return g
}

// TestGuide follows README.md in a copy of the source: it writes the files, adds the line, and runs the command.
func TestGuide(t *testing.T) {
	g := readGuide(t)
	root := copySource(t)
	list, err := os.ReadFile("providers.go")
	if err != nil {
		t.Fatal(err)
	}
	const first = "clouds := []pipeline.Provider{\n"
	listed := strings.Replace(string(list), first, first+g.line, 1)
	listed = strings.Replace(listed, "import (\n", "import (\n\t\"github.com/infrazen/infrazen/providers/daisy\"\n", 1)
	if added := strings.Count(listed, "\n") - strings.Count(string(list), "\n"); added != 2 {
		t.Fatalf("the guide adds %d lines to providers.go, want one and its import", added)
	}
	g.files["providers/providers.go"] = listed
	for name, text := range g.files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(g.command[0], g.command[1:]...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "ok  \tgithub.com/infrazen/infrazen/providers/daisy") {
		t.Errorf("%s: %v\n%s", strings.Join(g.command, " "), err, out)
	}
}

// copySource copies what a provider is built from.
func copySource(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"pipeline", "providers"} {
		if err := os.CopyFS(filepath.Join(root, dir), os.DirFS(filepath.Join("..", dir))); err != nil {
			t.Fatal(err)
		}
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("..", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, file), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}
