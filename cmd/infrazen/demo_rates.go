package main

import (
	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/providers/cbr"
	"github.com/infrazen/infrazen/providers/cbr/cbrsim"
)

// ratesStand is the stand-in for the Bank of Russia. Nobody connects to it.
func ratesStand(seed uint64) stand {
	return stand{kind: "cbr", handler: cbrsim.New(cbrsim.Config{Seed: seed})}
}

// useRates has the demo take its exchange rates from the stand-in at an address, unless the operator chose otherwise.
func useRates(s *boot.Rates, address string) {
	if s.Source == boot.RatesCBR && s.Address == cbr.Address {
		s.Address = address
	}
}
