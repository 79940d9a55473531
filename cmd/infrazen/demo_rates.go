package main

import (
	"net/http"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/providers/cbr"
	"github.com/infrazen/infrazen/providers/cbr/cbrsim"
)

// ratesPath is where the demo's exchange rates are, among the stand-in clouds.
const ratesPath = "/cbr"

// mountRates adds the stand-in for the Bank of Russia to the stand-in clouds.
func mountRates(mux *http.ServeMux, seed int64) {
	mux.Handle(ratesPath+"/", http.StripPrefix(ratesPath, cbrsim.New(cbrsim.Config{Seed: uint64(seed)})))
}

// useRates has the demo take its exchange rates from the stand-in clouds at an address, unless the operator chose otherwise.
func useRates(s *boot.Rates, clouds string) {
	if s.Source == boot.RatesCBR && s.Address == cbr.Address {
		s.Address = clouds + ratesPath
	}
}
