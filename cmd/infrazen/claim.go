package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/infrazen/infrazen/cmd/internal/boot"
)

// claimMachine makes sure that nobody else uses the data folder or one of the ports. The returned function gives the folder back.
func claimMachine(ctx context.Context, s boot.Settings) (release func(), err error) {
	release, err = lockFolder(s.DataDir)
	if err != nil {
		return nil, err
	}
	if err := portsFree(ctx, s); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func lockFolder(dir string) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("cannot make the data folder %s (setting data_dir): %w", dir, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("cannot open the lock of the data folder %s: %w", dir, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another InfraZen is running with the data folder %s: stop it, or give this one its own folder and ports (settings data_dir, listen, clickhouse.port, postgres.port, demo.port)", dir)
		}
		return nil, fmt.Errorf("cannot lock the data folder %s: %w", dir, err)
	}
	return func() { _ = f.Close() }, nil
}

// portPatience is how long a port may stay taken: a predecessor that was killed takes a moment to go.
const portPatience = 3 * time.Second

// tryListen takes an address for an instant, trying again until ctx ends.
func tryListen(ctx context.Context, addr string) error {
	for {
		l, err := new(net.ListenConfig).Listen(context.WithoutCancel(ctx), "tcp", addr)
		if err == nil {
			return l.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// portsFree names every taken port together with the setting that moves it.
func portsFree(ctx context.Context, s boot.Settings) error {
	addrs := []struct{ setting, addr string }{{"listen", s.Listen}}
	local := func(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
	if s.ClickHouse.DSN == "" {
		addrs = append(addrs, struct{ setting, addr string }{"clickhouse.port", local(s.ClickHouse.Port)})
	}
	if s.Postgres.DSN == "" {
		addrs = append(addrs, struct{ setting, addr string }{"postgres.port", local(s.Postgres.Port)})
	}
	if s.Demo.Enabled {
		addrs = append(addrs, struct{ setting, addr string }{"demo.port", local(s.Demo.Port)})
	}
	ctx, cancel := context.WithTimeout(ctx, portPatience)
	defer cancel()
	var errs []error
	for _, a := range addrs {
		if err := tryListen(ctx, a.addr); err != nil {
			errs = append(errs, fmt.Errorf("cannot use %s: %w; choose another with --%s or %s", a.addr, errors.Unwrap(err), a.setting, boot.EnvName(a.setting)))
		}
	}
	return errors.Join(errs...)
}
