package cloudhttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/cmd/collector/cloudhttp"
	"github.com/infrazen/infrazen/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAnswersAreCountedAndBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", len(r.URL.Path)-1))
	}))
	defer server.Close()
	registry := prometheus.NewRegistry()
	cfg := cloudhttp.DefaultConfig()
	cfg.MaxBody = 10
	clients := cloudhttp.New(cfg, registry)
	defer clients.Close()
	get := func(n int) (string, error) {
		t.Helper()
		res, err := clients.For("beget").Get(server.URL + "/" + strings.Repeat("a", n))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		return string(text), err
	}
	if text, err := get(10); err != nil || len(text) != 10 {
		t.Errorf("the largest answer: %q, %v", text, err)
	}
	var fault *pipeline.Fault
	if text, err := get(11); !errors.As(err, &fault) || fault.Code != pipeline.FaultTooLarge {
		t.Errorf("a larger answer: %q, %v", text, err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "infrazen_cloud_requests_total" && f.GetMetric()[0].GetCounter().GetValue() != 2 {
			t.Errorf("counted %v", f)
		}
	}
	if len(families) != 3 {
		t.Errorf("%d families of metrics", len(families))
	}
}
