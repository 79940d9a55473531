package main

import (
	"slices"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/providers/cbr"
	"github.com/infrazen/infrazen/providers/cbr/cbrsim"
)

// ratesStand is the stand-in for the Bank of Russia. It has no accounts.
func ratesStand(seed uint64) stand {
	return stand{kind: cbr.Name, handler: cbrsim.New(cbrsim.Config{Seed: seed})}
}

// useRates has the demo take its exchange rates from the farm's stand-in, unless the operator chose otherwise.
func (f *farm) useRates(s *boot.Rates, port int) {
	i := slices.IndexFunc(f.stands, func(s stand) bool { return s.kind == cbr.Name })
	if i >= 0 && s.Source == boot.RatesCBR && s.Address == cbr.Address {
		s.Address = "http://" + addressOf(i, port)
	}
}
