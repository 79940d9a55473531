package main

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/infrazen/infrazen/cmd/internal/boot"
	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/cbr"
)

// TestDemoRates finds the demo's stand-in where the demo's settings say, and leaves an operator's own address alone.
func TestDemoRates(t *testing.T) {
	f := demoFarm(1, time.Now().AddDate(0, 0, -10))
	s := boot.Default().Rates
	f.useRates(&s, 18200)
	if want := "http://" + addressOf(len(f.stands)-1, 18200); s.Address != want {
		t.Errorf("rates are asked for at %s, want %s", s.Address, want)
	}
	srv := httptest.NewServer(f.guarded(&f.stands[len(f.stands)-1]))
	defer srv.Close()
	today := time.Now().UTC().Truncate(24 * time.Hour)
	source := cbr.New(srv.URL, pipeline.Env{HTTP: srv.Client()})
	rates, err := source.Rates(t.Context(), s.List(), today.AddDate(-1, 0, 0), today)
	if err != nil || len(rates) < len(s.List())*200 {
		t.Errorf("%d rates: %v", len(rates), err)
	}
	own := boot.Rates{Source: boot.RatesCBR, Address: "https://mirror.example"}
	if f.useRates(&own, 18200); own.Address != "https://mirror.example" {
		t.Errorf("an operator's address became %s", own.Address)
	}
}
