package clickhouse

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Config says where the store of facts is and how patiently it is asked.
type Config struct {
	// DSN is the address with user, password and database:
	// "http://host:8123/infrazen" or "clickhouse://user:password@host:9000/infrazen".
	DSN string
	// DSNSetting is what the setting with the DSN is called, for error messages. "clickhouse.dsn (INFRAZEN_CLICKHOUSE_DSN)" when empty.
	DSNSetting string
	// Cluster is the name of a ClickHouse cluster whose shards and replicas hold the tables. Empty means one server.
	Cluster string
	// Analyst is the database with the views for analysts. Empty means "analyst" beside the databases "default" and
	// "infrazen", and "<database>_analyst" beside any other.
	Analyst string
	// MaxConns is how many statements run at once; further ones wait.
	MaxConns int
	// RetryFor is how long a request that may be repeated is repeated while the server does not answer.
	RetryFor time.Duration
	// SampleDays is how many days samples are kept as collected; hourly sums of them are kept for 13 months.
	SampleDays int
}

// DefaultConfig has everything but the address.
func DefaultConfig() Config {
	return Config{MaxConns: 10, RetryFor: time.Minute, SampleDays: 90}
}

// identifier is what may stand in DDL as the name of a cluster or a database.
const identifier = `^[A-Za-z_][A-Za-z0-9_]{0,62}$`

// Validate names everything that is wrong with the settings. Zero numbers stand for the defaults.
func (c Config) Validate() error {
	var errs []error
	name := regexp.MustCompile(identifier)
	if c.DSN == "" {
		errs = append(errs, errors.New("no address is given; for example http://127.0.0.1:8123/infrazen"))
	}
	if c.Cluster != "" && !name.MatchString(c.Cluster) {
		errs = append(errs, fmt.Errorf("cluster %q is not a plain name of letters, digits and _", c.Cluster))
	}
	if c.Analyst != "" && !name.MatchString(c.Analyst) {
		errs = append(errs, fmt.Errorf("database for analysts %q is not a plain name of letters, digits and _", c.Analyst))
	}
	if c.MaxConns < 0 {
		errs = append(errs, fmt.Errorf("%d connections are less than 1", c.MaxConns))
	}
	if c.RetryFor < 0 {
		errs = append(errs, fmt.Errorf("a time to retry of %s is less than zero", c.RetryFor))
	}
	if c.SampleDays < 0 || c.SampleDays > 3650 {
		errs = append(errs, fmt.Errorf("%d days of samples are not between 1 and 3650", c.SampleDays))
	}
	if len(errs) > 0 {
		return fmt.Errorf("cannot use the settings of ClickHouse: %w", errors.Join(errs...))
	}
	return nil
}

func (c Config) withDefaults() Config {
	d := DefaultConfig()
	if c.DSNSetting == "" {
		c.DSNSetting = "clickhouse.dsn (INFRAZEN_CLICKHOUSE_DSN)"
	}
	if c.MaxConns == 0 {
		c.MaxConns = d.MaxConns
	}
	if c.RetryFor == 0 {
		c.RetryFor = d.RetryFor
	}
	if c.SampleDays == 0 {
		c.SampleDays = d.SampleDays
	}
	return c
}
