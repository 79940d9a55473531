// Package boot starts InfraZen's programs: settings, logging, health, metrics and signals.
package boot

import (
	"time"
)

// Settings are everything an operator can set. A setting's name is the path of its koanf tags joined by dots;
// its environment variable is INFRAZEN_ and that name in upper case with underscores (clickhouse.dsn is INFRAZEN_CLICKHOUSE_DSN),
// its flag is --clickhouse.dsn, and in the file it is nested YAML. Defaults < file < environment < flags.
type Settings struct {
	// Listen is the address of the web app and the API.
	Listen string `koanf:"listen"`
	// PublicURL is the address that people open; links in messages begin with it. Defaults to http:// and Listen.
	PublicURL string `koanf:"public_url"`
	// DataDir is where the embedded engines, the key and downloads live.
	DataDir string `koanf:"data_dir"`
	// KeyFile holds the key that encrypts the clouds' credentials. Defaults to DataDir/key; made at the first start of "infrazen up".
	KeyFile string `koanf:"key_file"`

	Log        Log        `koanf:"log"`
	Metrics    Metrics    `koanf:"metrics"`
	ClickHouse ClickHouse `koanf:"clickhouse"`
	Postgres   Postgres   `koanf:"postgres"`
	Collector  Collector  `koanf:"collector"`
	Focus      Focus      `koanf:"focus"`
	Rates      Rates      `koanf:"rates"`
	Telegram   Telegram   `koanf:"telegram"`
	Demo       Demo       `koanf:"demo"`
}

// Log says how to log.
type Log struct {
	Level  string `koanf:"level"`  // debug, info, warn, error
	Format string `koanf:"format"` // text or json
}

// Metrics says where a program without an API answers /metrics, /healthz and /readyz.
type Metrics struct {
	// Listen is an address; empty switches it off. cmd/api answers on its own address and ignores it.
	Listen string `koanf:"listen"`
}

// ClickHouse says where the facts are.
type ClickHouse struct {
	// DSN of a server: clickhouse://user:password@host:9000/database, or http://... Empty means the embedded engine (infrazen up only).
	DSN string `koanf:"dsn"`
	// Cluster is the name of a cluster in the server's configuration; tables are then replicated and distributed.
	Cluster string `koanf:"cluster"`
	// Port of the embedded engine's HTTP interface on 127.0.0.1.
	Port int `koanf:"port"`
	// Library is the path of libchdb.so; empty means the one in node_modules.
	Library string `koanf:"library"`
}

// Postgres says where users, connections and work are.
type Postgres struct {
	// DSN of a server: postgres://user:password@host:5432/database. Empty means the embedded engine (infrazen up only).
	DSN string `koanf:"dsn"`
	// Port of the embedded engine on 127.0.0.1.
	Port int `koanf:"port"`
	// Binaries is the folder with bin/postgres; empty means the one in node_modules.
	Binaries string `koanf:"binaries"`
}

// Collector says how to collect.
type Collector struct {
	// Workers is how many windows one collector collects at once.
	Workers int `koanf:"workers"`
	// RequestTimeout bounds one request to a cloud.
	RequestTimeout time.Duration `koanf:"request_timeout"`
	// Lease is how long a collector that died keeps others from its window.
	Lease time.Duration `koanf:"lease"`
	// SnapshotEvery overrides how often inventories are taken; 0 keeps the provider's own (an hour).
	SnapshotEvery time.Duration `koanf:"snapshot_every"`
	// History bounds how far back a new connection is collected; 0 keeps the provider's own (mostly 90 days).
	History time.Duration `koanf:"history"`
}

// Focus says which folders FOCUS connections may read.
type Focus struct {
	// FolderRoot is the folder below which FOCUS connections may name theirs. Empty forbids folders; buckets remain.
	FolderRoot string `koanf:"folder_root"`
}

// The sources of exchange rates.
const (
	RatesCBR  = "cbr"
	RatesFile = "file"
	RatesOff  = "off"
)

// Rates says where exchange rates come from.
type Rates struct {
	// Source is cbr for the Bank of Russia, file for a file, or off: nothing new is collected then, and what is held still converts.
	Source string `koanf:"source"`
	// Address is the Bank of Russia's, or that of a mirror with the same scripts.
	Address string `koanf:"address"`
	// File is a CSV file with the columns date, currency and rate (roubles for one unit); read again when it may have changed.
	File string `koanf:"file"`
	// Currencies are collected besides those of the charges: codes with commas between them.
	Currencies string `koanf:"currencies"`
}

// Telegram says how the bot reaches Telegram.
type Telegram struct {
	// Token is the bot's, from @BotFather. Empty: the bot does not run.
	Token string `koanf:"token"`
	// Endpoint is the Bot API's address with two %s for token and method.
	Endpoint string `koanf:"endpoint"`
	// Proxy is an HTTP or SOCKS5 proxy's URL; empty means none.
	Proxy string `koanf:"proxy"`
}

// Demo says what "infrazen up" shows to a newcomer.
type Demo struct {
	// Enabled starts stand-in clouds and connects them at the first start.
	Enabled bool `koanf:"enabled"`
	// Port of the stand-in clouds on 127.0.0.1.
	Port int `koanf:"port"`
	// Seed makes the stand-in world.
	Seed int64 `koanf:"seed"`
	// Days of history.
	Days int `koanf:"days"`
}

// Default are the settings before any file, variable or flag.
func Default() Settings {
	return Settings{
		Listen:     "127.0.0.1:8080",
		DataDir:    "var",
		Log:        Log{Level: "info", Format: "text"},
		ClickHouse: ClickHouse{Port: 18123},
		Postgres:   Postgres{Port: 15432},
		Collector:  Collector{Workers: 64, RequestTimeout: 150 * time.Second, Lease: 2 * time.Minute},
		Rates:      Rates{Source: RatesCBR, Address: "https://www.cbr.ru", Currencies: "USD,EUR,CNY,KZT,CAD"},
		Telegram:   Telegram{Endpoint: "https://api.telegram.org/bot%s/%s"},
		Demo:       Demo{Enabled: true, Port: 18200, Seed: 1, Days: 90},
	}
}
