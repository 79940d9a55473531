package wire

import (
	"net/http"
	"time"

	"github.com/infrazen/infrazen/cmd/collector/rates"
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/cbr"
	"github.com/infrazen/infrazen/providers/ratefile"
)

// How often the collector looks whether exchange rates are due, and how often they are: the bank's of tomorrow come in the
// afternoon, and a file may be put in place at any time.
const (
	ratesEvery     = time.Minute
	cbrRatesEvery  = 6 * time.Hour
	fileRatesEvery = 5 * time.Minute
)

// newRates makes what fills the exchange rates; nil when the settings switch it off.
func newRates(env boot.Env, s *Stores) *rates.Filler {
	set := env.Settings.Rates
	cfg := rates.Config{Currencies: set.List(), Every: cbrRatesEvery}
	var source rates.Source
	switch set.Source {
	case boot.RatesCBR:
		source = cbr.New(set.Address, pipeline.Env{
			HTTP: &http.Client{Timeout: env.Settings.Collector.RequestTimeout}, Now: time.Now, Log: env.Log, Wait: s.People.Wait,
		})
	case boot.RatesFile:
		source = ratefile.New(set.File)
		cfg.Every, cfg.Whole = fileRatesEvery, true
	default:
		return nil
	}
	return rates.New(cfg, source, s.Facts, s.People, env.Log, env.Registry)
}
