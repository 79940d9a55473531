package server

import (
	"fmt"
	"net/netip"
	"net/url"
	"time"
)

// Config holds the settings of the HTTP server.
type Config struct {
	// PublicURL is the address people open, such as https://infrazen.example.com. With https the session's cookie is
	// marked Secure whatever way a request came. Empty by default: the request itself tells.
	PublicURL string
	// TrustedProxies are the networks, in CIDR notation, whose X-Forwarded-For and X-Forwarded-Proto are believed.
	// None by default.
	TrustedProxies []string
	// SessionTTL is how long a sign-in lasts. Defaults to 30 days.
	SessionTTL time.Duration
	// SignInsPerAddress and SignInsPerEmail are how many attempts to sign in a quarter of an hour takes.
	// They default to 60 and 10.
	SignInsPerAddress, SignInsPerEmail int
	// CostTimeout bounds a question about money. Defaults to 30 seconds.
	CostTimeout time.Duration
	// ProbeTimeout bounds the test of a connection. Defaults to 45 seconds.
	ProbeTimeout time.Duration
	// RequestTimeout bounds all other requests. Defaults to 15 seconds.
	RequestTimeout time.Duration
	// ShutdownTimeout is how long requests under way may go on when the service ends. Defaults to 3 seconds.
	ShutdownTimeout time.Duration
}

// DefaultConfig returns the settings that hold unless told otherwise.
func DefaultConfig() Config {
	return Config{
		SessionTTL:        30 * 24 * time.Hour,
		SignInsPerAddress: 60,
		SignInsPerEmail:   10,
		CostTimeout:       30 * time.Second,
		ProbeTimeout:      45 * time.Second,
		RequestTimeout:    15 * time.Second,
		ShutdownTimeout:   3 * time.Second,
	}
}

// Validate says what is wrong with the settings.
func (c Config) Validate() error {
	if u, err := url.Parse(c.PublicURL); err != nil || (c.PublicURL != "" && (u.Host == "" || (u.Scheme != "http" && u.Scheme != "https"))) {
		return fmt.Errorf("cannot use public_url %q: it must look like https://infrazen.example.com", c.PublicURL)
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			return fmt.Errorf("cannot use trusted_proxies %q: it must look like 10.0.0.0/8", p)
		}
	}
	for name, d := range map[string]time.Duration{
		"session_ttl": c.SessionTTL, "cost_timeout": c.CostTimeout, "probe_timeout": c.ProbeTimeout,
		"request_timeout": c.RequestTimeout, "shutdown_timeout": c.ShutdownTimeout,
	} {
		if d <= 0 {
			return fmt.Errorf("cannot use %s %s: it must be longer than zero", name, d)
		}
	}
	if c.SignInsPerAddress <= 0 || c.SignInsPerEmail <= 0 {
		return fmt.Errorf("cannot use sign-in limits %d and %d: they must be at least 1", c.SignInsPerAddress, c.SignInsPerEmail)
	}
	return nil
}

func (c Config) https() bool {
	u, err := url.Parse(c.PublicURL)
	return err == nil && u.Scheme == "https"
}

func (c Config) proxies() proxies {
	var ps proxies
	for _, p := range c.TrustedProxies {
		if prefix, err := netip.ParsePrefix(p); err == nil {
			ps = append(ps, prefix.Masked())
		}
	}
	return ps
}
