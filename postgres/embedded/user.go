package embedded

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is whom the engine runs as. The zero account means ourselves.
type account struct {
	uid, gid uint32
	other    bool // another user than we are
}

// runAs tells whom the engine runs as: ourselves, unless we are root.
func runAs(name string) (account, error) {
	if os.Geteuid() != 0 {
		return account{uid: uint32(os.Geteuid()), gid: uint32(os.Getegid())}, nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return account{}, fmt.Errorf("cannot find the user %q that PostgreSQL is to run as (it refuses root): %w", name, err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil || uid == 0 {
		return account{}, fmt.Errorf("cannot run PostgreSQL as the user %q with id %s: it must not be root", name, u.Uid)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return account{}, fmt.Errorf("cannot run PostgreSQL as the user %q with group %s: %w", name, u.Gid, err)
	}
	return account{uid: uint32(uid), gid: uint32(gid), other: true}, nil
}

// credential is what a child process of the account starts with; nil for ourselves.
func (a account) credential() *syscall.Credential {
	if !a.other {
		return nil
	}
	return &syscall.Credential{Uid: a.uid, Gid: a.gid}
}

// own gives a file or folder to the account.
func (a account) own(path string) error {
	if !a.other {
		return nil
	}
	if err := os.Lchown(path, int(a.uid), int(a.gid)); err != nil {
		return fmt.Errorf("cannot give %s to the user that PostgreSQL runs as: %w", path, err)
	}
	return nil
}

// ownFile gives an open file to the account.
func (a account) ownFile(f *os.File) error {
	if !a.other {
		return nil
	}
	return f.Chown(int(a.uid), int(a.gid))
}

// reaches tells whether the account may enter every folder on the way to path, path itself left out. Folders that are not
// there yet count as reachable: we make them.
func (a account) reaches(path string) bool {
	if !a.other {
		return true
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && !a.enters(info) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (a account) enters(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	switch {
	case stat.Uid == a.uid:
		return info.Mode()&0o100 != 0
	case stat.Gid == a.gid:
		return info.Mode()&0o010 != 0
	}
	return info.Mode()&0o001 != 0
}
