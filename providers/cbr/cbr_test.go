package cbr_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/cbr"
	"github.com/infrazen/infrazen/providers/cbr/cbrsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// now is a Monday before the rates of Tuesday are set.
func now() time.Time { return time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC) }

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

func stand(t *testing.T, timeout time.Duration) (*cbrsim.Server, *cbr.Source) {
	t.Helper()
	sim := cbrsim.New(cbrsim.Config{Seed: 7, Now: now})
	srv := httptest.NewServer(sim)
	t.Cleanup(srv.Close)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	env := pipeline.Env{HTTP: &http.Client{Transport: transport, Timeout: timeout}, Now: now}
	return sim, cbr.New(srv.URL+"/", env)
}

// TestRates compares what is read with what the stand-in set, day by day: each once more for the day that was asked for all.
func TestRates(t *testing.T) {
	sim, source := stand(t, time.Minute)
	from, to := day(2025, 12, 20), day(2026, 11, 24)
	for _, currency := range []string{"KZT", "USD", "EUR", "CNY", "CAD"} {
		rates, err := source.Rates(t.Context(), []string{currency}, from, to)
		if err != nil {
			t.Fatal(err)
		}
		held := map[time.Time]pipeline.ExchangeRate{}
		for _, r := range rates {
			if r.Currency != currency || r.Source != "cbr" {
				t.Errorf("%+v", r)
			}
			held[r.Date] = r
		}
		for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
			value, set := sim.Value(currency, d)
			if r, ok := held[d]; ok != set || set && (!r.Value.Equal(value) || currency == "KZT" && r.Nominal != 100) {
				t.Errorf("%s on %s: %+v, want %s %v", currency, d.Format(time.DateOnly), r, value, set)
			}
		}
		if n := len(held); n < 225 || n > 245 {
			t.Errorf("%d days of %s have a rate", n, currency)
		}
	}
	// What holds on Monday was set on Friday for Saturday.
	if _, set := sim.Value("USD", day(2026, 11, 23)); set {
		t.Error("a Monday has a rate of its own")
	}
	rates, err := source.Rates(t.Context(), []string{"USD"}, day(2026, 11, 22), to)
	if err != nil || len(rates) != 0 {
		t.Errorf("rates of a Sunday and a Monday: %v, %v", rates, err)
	}
}

func TestFaults(t *testing.T) {
	f := func(code pipeline.FaultCode, retry bool, rates bool, faults ...cbrsim.Fault) {
		t.Helper()
		sim, source := stand(t, 5*time.Second)
		sim.Break(faults...)
		got, err := source.Rates(t.Context(), []string{"USD", "EUR"}, day(2026, 11, 1), day(2026, 11, 24))
		var fault *pipeline.Fault
		switch errors.As(err, &fault); {
		case code == "" && err != nil, code != "" && (fault == nil || fault.Code != code || fault.Retry != retry):
			t.Errorf("%v: %v", faults, err)
		case (len(got) > 0) != rates:
			t.Errorf("%v: %d rates", faults, len(got))
		case fault != nil && (!strings.Contains(fault.Text.RU, "Банк России") || strings.Contains(fault.Text.RU+fault.Text.EN, "%!")):
			t.Errorf("%v: %+v", faults, fault.Text)
		}
	}
	f("", false, true)
	f(pipeline.FaultUnavailable, true, false, cbrsim.Page)
	f(pipeline.FaultUnavailable, true, false, cbrsim.Refused)
	f(pipeline.FaultUnavailable, true, false, cbrsim.Broken)
	f(pipeline.FaultThrottled, true, false, cbrsim.Throttled)
	f(pipeline.FaultMalformed, true, false, cbrsim.Torn)
	f(pipeline.FaultMalformed, true, false, cbrsim.Parameters)
	f(pipeline.FaultMalformed, true, false, cbrsim.Strange)
	// The list of currencies is not needed, and a charset that is none does no harm.
	f("", false, true, cbrsim.EmptyDay)
	f("", false, true, cbrsim.Charset, cbrsim.Charset, cbrsim.Charset)
	f("", false, true, "", cbrsim.EmptyDay)
	// One currency fails, the other is given.
	f(pipeline.FaultMalformed, true, true, "", cbrsim.Torn)
	f(pipeline.FaultUnavailable, true, true, "", "", cbrsim.Page)
}

// TestThrottledIsNotPressed counts the requests after the bank asked for fewer.
func TestThrottledIsNotPressed(t *testing.T) {
	sim, source := stand(t, 5*time.Second)
	sim.Break("", cbrsim.Throttled)
	_, err := source.Rates(t.Context(), []string{"USD", "EUR", "CNY"}, day(2026, 11, 1), day(2026, 11, 24))
	if f := pipeline.AsFault(err); f.Code != pipeline.FaultThrottled || f.RetryAfter != 30*time.Second || sim.Requests() != 2 {
		t.Errorf("%d requests, %v", sim.Requests(), err)
	}
}

func TestSlow(t *testing.T) {
	sim, source := stand(t, time.Minute)
	sim.Break(cbrsim.Slow)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-sim.Stuck(); cancel() }()
	if _, err := source.Rates(ctx, []string{"USD"}, day(2026, 11, 1), day(2026, 11, 24)); !errors.Is(err, context.Canceled) {
		t.Errorf("a slow answer that was not waited for: %v", err)
	}
	sim, source = stand(t, 200*time.Millisecond)
	sim.Break(cbrsim.Slow)
	go func() { <-sim.Stuck() }()
	_, err := source.Rates(t.Context(), []string{"USD"}, day(2026, 11, 1), day(2026, 11, 24))
	if f := pipeline.AsFault(err); f.Code != pipeline.FaultTimeout {
		t.Errorf("a slow answer: %v", err)
	}
}

func TestUnknownCurrency(t *testing.T) {
	_, source := stand(t, time.Minute)
	rates, err := source.Rates(t.Context(), []string{"XXX", "USD"}, day(2026, 11, 20), day(2026, 11, 24))
	if f := pipeline.AsFault(err); f.Code != pipeline.FaultNotFound || f.Retry || !strings.Contains(f.Text.RU, "XXX") || len(rates) == 0 {
		t.Errorf("%v, %v", rates, err)
	}
}

// TestWait has every request wait for its turn.
func TestWait(t *testing.T) {
	sim := cbrsim.New(cbrsim.Config{Now: now})
	srv := httptest.NewServer(sim)
	defer srv.Close()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	turns := 0
	source := cbr.New(srv.URL, pipeline.Env{HTTP: &http.Client{Transport: transport}, Now: now, Wait: func(_ context.Context, key string, limit pipeline.RateLimit) error {
		if turns++; key != "cbr" || limit.Burst < 1 || turns > 2 {
			return context.DeadlineExceeded
		}
		return nil
	}})
	if _, err := source.Rates(t.Context(), []string{"USD", "EUR"}, day(2026, 11, 20), day(2026, 11, 24)); !errors.Is(err, context.DeadlineExceeded) || sim.Requests() != 2 {
		t.Errorf("%d requests, %v", sim.Requests(), err)
	}
}

func TestCorrected(t *testing.T) {
	sim, source := stand(t, time.Minute)
	sim.Correct("USD", day(2026, 11, 20), decimal.RequireFromString("12.3456"))
	rates, err := source.Rates(t.Context(), []string{"USD"}, day(2026, 11, 20), day(2026, 11, 20))
	if err != nil || len(rates) == 0 || rates[0].Unit().String() != "12.3456" {
		t.Errorf("%v, %v", rates, err)
	}
}
