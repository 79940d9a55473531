// Package embedded is ClickHouse for a laptop and for tests: the engine of
// libchdb in a process of its own, behind ClickHouse's HTTP interface. Clients
// of a ClickHouse server speak to it as to a server.
package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// Config says where the engine keeps its data and whom it answers.
type Config struct {
	// Addr is the address to listen on. Port 0 takes a free port. It must be a
	// loopback address unless a Password is set.
	Addr string
	// Path is the folder of the data; it is made when missing.
	Path string
	// Library is the path of libchdb.so; empty means node_modules of this
	// folder or of one above it.
	Library string
	// User and Password are what clients must say.
	User, Password string
	// MaxStatements is how many statements run at once; further ones wait.
	MaxStatements int
	// MaxMemory is how many bytes the engine may use for queries and caches.
	MaxMemory int64
}

// DefaultConfig listens on a free port of loopback for the user "default"
// without a password.
func DefaultConfig() Config {
	return Config{Addr: "127.0.0.1:0", User: "default", MaxStatements: 64, MaxMemory: 3 << 30}
}

// Validate names everything that is wrong with the settings.
func (c Config) Validate() error {
	var errs []error
	if c.Path == "" {
		errs = append(errs, errors.New("no data folder is named"))
	} else if !filepath.IsAbs(c.Path) {
		errs = append(errs, fmt.Errorf("data folder %s is not an absolute path", c.Path))
	}
	if c.User == "" {
		errs = append(errs, errors.New("no user is named"))
	}
	if c.MaxStatements < 1 {
		errs = append(errs, fmt.Errorf("%d statements at once are less than 1", c.MaxStatements))
	}
	if c.MaxMemory < 256<<20 {
		errs = append(errs, fmt.Errorf("%d bytes of memory are less than 256 MiB", c.MaxMemory))
	}
	host, _, err := net.SplitHostPort(c.Addr)
	switch {
	case err != nil:
		errs = append(errs, fmt.Errorf("address %q is not host:port: %w", c.Addr, err))
	case c.Password == "" && !isLoopback(host):
		errs = append(errs, fmt.Errorf("address %s can be reached from other machines: set a password", c.Addr))
	}
	if len(errs) > 0 {
		return fmt.Errorf("cannot use the settings of the embedded ClickHouse: %w", errors.Join(errs...))
	}
	return nil
}

// environmentName is the variable that hands the settings to a child process:
// arguments of a process can be read by everybody on the machine.
const environmentName = "EMBEDDED_CLICKHOUSE_SETTINGS"

// Environment is the variable, as NAME=value, that hands the settings to a
// child process.
func (c Config) Environment() (string, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("cannot hand the settings to the embedded ClickHouse: %w", err)
	}
	return environmentName + "=" + string(text), nil
}

// FromEnvironment returns the settings that the parent process handed over, and
// false when it handed over none.
func FromEnvironment() (Config, bool, error) {
	text, ok := os.LookupEnv(environmentName)
	if !ok {
		return Config{}, false, nil
	}
	cfg := DefaultConfig()
	if err := json.Unmarshal([]byte(text), &cfg); err != nil {
		return Config{}, true, fmt.Errorf("cannot read the settings of the embedded ClickHouse in %s: %w", environmentName, err)
	}
	return cfg, true, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
