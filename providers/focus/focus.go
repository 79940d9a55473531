// Package focus brings in bills that are files in the FOCUS format: CSV, compressed CSV and Parquet, FOCUS 1.0 to 1.2,
// out of a folder or an S3-compatible bucket. AWS, Azure, GCP and Oracle export such files; each is a kind of its own.
//
// One file is one slice of the ledger: it is loaded whole or not at all, and again when it changes. Deviations from the
// specification that lose and invent no number are coped with and told in notes; all others refuse the file with a
// sentence that names the rows.
package focus

import (
	"time"

	"github.com/infrazen/infrazen/pipeline"
)

// The kinds of connections that read FOCUS files.
const (
	KindFiles  pipeline.Kind = "focus"
	KindAWS    pipeline.Kind = "focus-aws"
	KindAzure  pipeline.Kind = "focus-azure"
	KindGCP    pipeline.Kind = "focus-gcp"
	KindOracle pipeline.Kind = "focus-oracle"
)

// Variant is what makes one kind of FOCUS connection differ from another.
type Variant struct {
	Kind  pipeline.Kind
	Title pipeline.Text
	About pipeline.Text
	// ProviderName stands in for the column of that name where a file does not give it; empty when nothing does.
	ProviderName string
	// Endpoint and Region are the defaults offered for a bucket; an empty endpoint is that of AWS for the region.
	Endpoint string
	Region   string
}

// Limits of a file when Options leaves them zero.
const (
	DefaultMaxBytes = 50 << 30
	DefaultMaxRows  = 1_000_000_000
)

// Options are the operator's, the same for all connections.
type Options struct {
	// FolderRoot is the directory that connections may read files from, with all beneath it. Empty means that folders
	// are not offered at all, only buckets.
	FolderRoot string
	// MaxBytes is how long a file may be after decompression; DefaultMaxBytes when zero.
	MaxBytes int64
	// MaxRows is how many rows a file may have; DefaultMaxRows when zero.
	MaxRows int64
}

// Provider is one kind of FOCUS connection.
type Provider struct {
	variant Variant
	options Options
	hashes  *hashCache
}

// New makes a kind of FOCUS connection.
func New(v Variant, o Options) *Provider {
	if o.MaxBytes == 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.MaxRows == 0 {
		o.MaxRows = DefaultMaxRows
	}
	return &Provider{variant: v, options: o, hashes: newHashCache()}
}

// All makes every kind of FOCUS connection, the general one first.
func All(o Options) []pipeline.Provider {
	out := make([]pipeline.Provider, 0, 5)
	for _, v := range Variants() {
		out = append(out, New(v, o))
	}
	return out
}

// Info describes the kind.
func (p *Provider) Info() pipeline.Info {
	return pipeline.Info{
		Kind:   p.variant.Kind,
		Title:  p.variant.Title,
		About:  p.variant.About,
		Fields: fields(p.variant, p.options),
		Feeds: []pipeline.FeedSpec{{
			Feed:  pipeline.FeedFiles,
			Grain: pipeline.GrainObject,
			Every: 15 * time.Minute,
		}},
		BillingZone: "UTC",
		Concurrency: 2,
	}
}

// Open checks the settings and makes a session. It opens no file and asks no bucket.
func (p *Provider) Open(settings pipeline.Settings, env pipeline.Env) (pipeline.Session, error) {
	conf, err := parseSettings(settings, p.variant, p.options)
	if err != nil {
		return nil, err
	}
	return &session{
		variant: p.variant,
		limits:  limits{maxBytes: p.options.MaxBytes, maxRows: p.options.MaxRows},
		source:  conf.source(p.options, p.hashes, env),
		env:     env,
	}, nil
}
