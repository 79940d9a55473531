package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// placeEngine returns a folder with the engine that the account can reach, copying it when it has to.
func placeEngine(a account, engine, rootDir string) (string, error) {
	if a.reaches(filepath.Join(engine, "bin", "postgres")) {
		return engine, makeLinks(engine)
	}
	if err := rootFolder(a, rootDir); err != nil {
		return "", err
	}
	info, err := os.Stat(filepath.Join(engine, "bin", "postgres"))
	if err != nil {
		return "", fmt.Errorf("cannot look at the engine: %w", err)
	}
	home := filepath.Join(rootDir, fmt.Sprintf("postgres-%d-%d-%d", Major, info.Size(), info.ModTime().Unix()))
	if err := copyEngine(engine, home); err != nil {
		return "", fmt.Errorf("cannot copy the PostgreSQL engine to %s, where its user can reach it: %w", home, err)
	}
	placed := filepath.Join(home, "native")
	return placed, makeLinks(placed)
}

// rootFolder makes the folder for what an unprivileged user must reach, and checks that nobody else can write to it.
func rootFolder(a account, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("cannot make the folder for PostgreSQL's files %s: %w", dir, err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("cannot look at the folder for PostgreSQL's files: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || stat.Uid != 0 || info.Mode()&0o022 != 0 {
		return fmt.Errorf("cannot keep PostgreSQL's files in %s: it must be a folder that belongs to root and that only root can write to", dir)
	}
	if !a.reaches(filepath.Join(dir, "x")) {
		return fmt.Errorf("cannot keep PostgreSQL's files in %s: its user cannot enter it; make it and the folders above enterable (chmod o+x) or set another folder", dir)
	}
	return nil
}

// copyEngine copies the engine to home/native as a whole: a copy that was cut short is never used.
func copyEngine(engine, home string) error {
	if _, err := os.Stat(home); err == nil {
		return nil
	}
	partial, err := os.MkdirTemp(filepath.Dir(home), ".copy-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(partial) }()
	if err := copyTree(engine, filepath.Join(partial, "native")); err != nil {
		return err
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return err
	}
	err = os.Rename(partial, home)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, syscall.ENOTEMPTY) {
		return nil
	}
	return err
}

// copyTree copies a folder readable for all, whatever the umask, with its links as links.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case entry.IsDir():
			return errors.Join(os.MkdirAll(target, 0o755), os.Chmod(target, 0o755))
		case entry.Type()&fs.ModeSymlink != 0:
			name, err := os.Readlink(path)
			return errors.Join(err, os.Symlink(name, target))
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(in)
	return errors.Join(err, out.Chmod(info.Mode().Perm()|0o444), out.Close())
}

// placeData returns the folder of the data: DataDir, or a folder under rootDir that DataDir links to.
func placeData(a account, dataDir, rootDir string) (string, error) {
	abs, err := filepath.Abs(dataDir)
	if err != nil {
		return "", fmt.Errorf("cannot name the data directory %s: %w", dataDir, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o755); err != nil {
		return "", fmt.Errorf("cannot make the folder of the data directory %s: %w", abs, err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil && a.reaches(real) {
		return real, nil
	}
	if parent, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil && a.reaches(filepath.Join(parent, "x")) {
		return filepath.Join(parent, filepath.Base(abs)), nil
	}
	return moveData(a, abs, rootDir)
}

func moveData(a account, abs, rootDir string) (string, error) {
	if _, err := os.Lstat(abs); err == nil {
		return "", fmt.Errorf("cannot use the data directory %s: the user that PostgreSQL runs as cannot reach it; move it to a folder that all may enter", abs)
	}
	if err := rootFolder(a, rootDir); err != nil {
		return "", err
	}
	home, err := os.MkdirTemp(rootDir, "data-")
	if err != nil {
		return "", fmt.Errorf("cannot make a data directory: %w", err)
	}
	if err := os.Chmod(home, 0o755); err != nil {
		return "", fmt.Errorf("cannot open the data directory's folder: %w", err)
	}
	data := filepath.Join(home, "postgres")
	if err := os.WriteFile(filepath.Join(home, "linked-from"), []byte(abs+"\n"), 0o644); err != nil {
		return "", fmt.Errorf("cannot note whose data directory it is: %w", err)
	}
	if err := os.Symlink(data, abs); err != nil {
		return "", fmt.Errorf("cannot link the data directory %s: %w", abs, err)
	}
	return data, nil
}
