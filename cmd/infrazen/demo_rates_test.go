package main

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/cbr"
)

// TestDemoRates asks the demo's clouds for rates where the demo's settings say, and leaves an operator's own address alone.
func TestDemoRates(t *testing.T) {
	srv := httptest.NewServer(ratesStand(1).handler)
	defer srv.Close()
	s := boot.Default().Rates
	useRates(&s, srv.URL)
	today := time.Now().UTC().Truncate(24 * time.Hour)
	source := cbr.New(s.Address, pipeline.Env{HTTP: srv.Client()})
	rates, err := source.Rates(t.Context(), s.List(), today.AddDate(-1, 0, 0), today)
	if err != nil || len(rates) < len(s.List())*200 {
		t.Errorf("%d rates from %s: %v", len(rates), s.Address, err)
	}
	own := boot.Rates{Source: boot.RatesCBR, Address: "https://mirror.example"}
	if useRates(&own, srv.URL); own.Address != "https://mirror.example" {
		t.Errorf("an operator's address became %s", own.Address)
	}
}
