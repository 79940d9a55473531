package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// superuser is the name of the cluster's one role.
const superuser = "infrazen"

// cluster is an initialised data directory and whom its engine runs as.
type cluster struct {
	engine, data string
	account      account
	password     string
	volatile     bool
	lock         *os.File
}

// openCluster locks the data directory and initialises it when it is new.
func openCluster(ctx context.Context, cfg Config) (*cluster, error) {
	engine, err := findEngine(cfg.BinDir)
	if err != nil {
		return nil, err
	}
	a, err := runAs(cfg.RunAs)
	if err != nil {
		return nil, err
	}
	if engine, err = placeEngine(a, engine, cfg.RootDir); err != nil {
		return nil, err
	}
	data, err := placeData(a, cfg.DataDir, cfg.RootDir)
	if err != nil {
		return nil, err
	}
	c := &cluster{engine: engine, data: data, account: a, volatile: cfg.Volatile}
	if c.lock, err = lockFile(data + ".lock"); err != nil {
		return nil, err
	}
	if err := errors.Join(c.initialise(ctx, cfg.Password), ctx.Err()); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (c *cluster) close() error { return c.lock.Close() }

// lockFile takes the lock that keeps a second process of ours off the data. It ends with the process.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot lock the data directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("cannot lock %s: %w", path, ErrInUse)
	}
	return f, nil
}

// initialise makes the cluster when it is not there, and checks that it is of our version.
func (c *cluster) initialise(ctx context.Context, password string) error {
	var err error
	if c.password, err = choosePassword(password, c.data+".password"); err != nil {
		return err
	}
	version, err := os.ReadFile(filepath.Join(c.data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return c.initdb(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot read the version of the data directory: %w", err)
	}
	if got := strings.TrimSpace(string(version)); got != strconv.Itoa(Major) {
		return fmt.Errorf("cannot open %s of PostgreSQL %s with PostgreSQL %d: %w", c.data, got, Major, ErrOtherVersion)
	}
	return c.ownData()
}

// ownData gives the data to the account when it belongs to another: restored from a backup, or used by another user before.
func (c *cluster) ownData() error {
	info, err := os.Stat(c.data)
	if err != nil {
		return fmt.Errorf("cannot look at the data directory: %w", err)
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !c.account.other || !ok || stat.Uid == c.account.uid {
		return nil
	}
	return filepath.WalkDir(c.data, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, c.account.own(path))
	})
}

// choosePassword returns the given password, or the one kept in the file, making it up at first.
func choosePassword(given, path string) (string, error) {
	if given != "" {
		return given, nil
	}
	kept, err := os.ReadFile(path)
	if err == nil && len(bytes.TrimSpace(kept)) > 0 {
		return string(bytes.TrimSpace(kept)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("cannot read the password of PostgreSQL: %w", err)
	}
	made := rand.Text()
	if err := os.WriteFile(path, []byte(made+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("cannot keep the password of PostgreSQL: %w", err)
	}
	return made, nil
}

// initdb makes the cluster beside its place and moves it there whole, so that one cut short is made anew.
func (c *cluster) initdb(ctx context.Context) error {
	partial := c.data + ".new"
	if err := os.RemoveAll(partial); err != nil {
		return fmt.Errorf("cannot clear %s: %w", partial, err)
	}
	if err := os.Mkdir(partial, 0o700); err != nil {
		return fmt.Errorf("cannot make the data directory: %w", err)
	}
	if err := c.account.own(partial); err != nil {
		return err
	}
	if err := c.runInitdb(ctx, partial); err != nil {
		return err
	}
	if err := os.Remove(c.data); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot make the data directory: it is there but holds no PostgreSQL data: %w", err)
	}
	if err := os.Rename(partial, c.data); err != nil {
		return fmt.Errorf("cannot make the data directory: %w", err)
	}
	return nil
}

func (c *cluster) runInitdb(ctx context.Context, dir string) error {
	password, done, err := c.passwordPipe()
	if err != nil {
		return err
	}
	defer done()
	args := []string{
		"-D", dir, "-U", superuser, "--pwfile=/dev/fd/3", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C",
		"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions",
	}
	if c.volatile {
		args = append(args, "--no-sync")
	}
	cmd := c.command("initdb", args...)
	cmd.ExtraFiles = []*os.File{password}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	p, err := startProcess(cmd, syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("cannot run initdb: %w", err)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		p.kill()
		<-p.done
		return fmt.Errorf("cannot make the database cluster: %w", ctx.Err())
	}
	if p.err != nil {
		return fmt.Errorf("cannot make the database cluster: initdb: %w: %s", p.err, strings.TrimSpace(out.String()))
	}
	return nil
}

// passwordPipe gives initdb the password without it ever standing in a file or in a list of processes.
func (c *cluster) passwordPipe() (*os.File, func(), error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("cannot hand the password to initdb: %w", err)
	}
	_, err = w.WriteString(c.password + "\n")
	if err = errors.Join(err, w.Close(), c.account.ownFile(r)); err != nil {
		_ = r.Close()
		return nil, nil, fmt.Errorf("cannot hand the password to initdb: %w", err)
	}
	return r, func() { _ = r.Close() }, nil
}

// command is a program of the engine, run as the cluster's user with no environment of ours.
func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.engine, "bin", name), args...) //nolint:noctx // the callers end it in their own order: a clean stop first
	cmd.Dir = "/"
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.account.credential(), Setpgid: true}
	cmd.WaitDelay = time.Second
	return cmd
}

// clearStale copes with what a killed predecessor left: an engine that is still going down is waited for, then killed, and
// a postmaster.pid whose number meanwhile belongs to another program is removed. One whose process is gone stays: the engine
// itself reads there whether children of its predecessor still run.
func (c *cluster) clearStale(ctx context.Context) error {
	path := filepath.Join(c.data, "postmaster.pid")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", path, err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil || pid <= 1 {
		return nil //nolint:nilerr // a torn file names no process to wait for
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if cwd == c.data {
		return c.endPredecessor(ctx, pid)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove the stale %s: %w", path, err)
	}
	return nil
}

// endPredecessor ends the postmaster of our data directory that outlived its parent. We hold the lock, so nobody needs it.
func (c *cluster) endPredecessor(ctx context.Context, pid int) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = unix.Close(fd) }()
	for _, signal := range []unix.Signal{unix.SIGQUIT, unix.SIGKILL} {
		_ = unix.PidfdSendSignal(fd, signal, nil, 0)
		if ended(ctx, fd, 6*time.Second) {
			return ctx.Err()
		}
	}
	return fmt.Errorf("cannot end the PostgreSQL process %d that holds %s", pid, c.data)
}

// ended waits until the process of a pidfd has ended.
func ended(ctx context.Context, fd int, atMost time.Duration) bool {
	until := time.Now().Add(atMost)
	for ctx.Err() == nil && time.Now().Before(until) {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 100)
		if n > 0 && err == nil {
			return true
		}
	}
	return ctx.Err() != nil
}
