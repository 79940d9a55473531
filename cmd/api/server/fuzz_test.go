package server

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/infrazen/infrazen/pipeline"
)

// calm is a store and facts in one, where one token opens everything and every question has an empty answer.
type calm struct {
	Store
	Facts
}

func (calm) Session(context.Context, string) (SignIn, error) {
	return SignIn{Tenant: pipeline.Tenant{ID: "t", Zone: "Europe/Moscow"}, Role: pipeline.Admin, Token: true}, nil
}

func (calm) Costs(_ context.Context, _ pipeline.TenantID, q pipeline.CostQuery) (pipeline.CostAnswer, error) {
	return pipeline.CostAnswer{Query: q}, nil
}

func (calm) DataState(context.Context, pipeline.TenantID, []pipeline.ConnectionID, time.Time, time.Time) (pipeline.DataState, error) {
	return pipeline.DataState{}, nil
}

func (calm) ConnectionsOf(context.Context, pipeline.TenantID) ([]pipeline.Connection, error) {
	return nil, nil
}

func (calm) Ping(context.Context) error { return nil }

// calmStore and calmFacts pick a side of calm.
type (
	calmStore struct{ calm }
	calmFacts struct{ calm }
)

func (calmStore) DeleteConnection(context.Context, pipeline.TenantID, pipeline.ConnectionID) error {
	return nil
}

func (calmFacts) DeleteConnection(context.Context, pipeline.TenantID, pipeline.ConnectionID) error {
	return nil
}

func calmServer(tb testing.TB) *Server {
	tb.Helper()
	s, err := New(Deps{
		Config: DefaultConfig(), Store: calmStore{}, Facts: calmFacts{}, Now: time.Now,
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func post(s *Server, body []byte) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, apiRoot+"/costs/query", bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer x")
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

const goodQuestion = `{"from":"2026-11-01T00:00:00Z","to":"2026-11-08T00:00:00Z","step":"day","group_by":["service","tag:env"],"top":10,"compare":"previous_period",` +
	`"filter":{"op":"and","args":[{"op":"in","dimension":"connection","values":["a","b"]},{"op":"not","args":[{"op":"contains","dimension":"tag:env","values":["x"]}]}]}}`

// FuzzCostQuestion sends anything as a question: the answer is an answer, or a problem that says what is wrong; never a 5xx.
func FuzzCostQuestion(f *testing.F) {
	for _, seed := range []string{
		goodQuestion, `{}`, `null`, `[]`, `{"from":"2026-11-01T00:00:00Z","to":"2026-11-08T00:00:00Z"}`, `{"from":1e400}`,
		`{"filter":{"op":"not"}}`, `{"top":9223372036854775808}`, "{\"zone\":\"\xff\"}", `{"From":"","from":""}`,
	} {
		f.Add([]byte(seed))
	}
	s := calmServer(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		w := post(s, body)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
		if w.Code != http.StatusOK {
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != w.Code || p.Detail == "" || p.RequestID == "" {
				t.Fatalf("%q: %s", body, w.Body)
			}
		}
	})
}

// BenchmarkCostQuestion is what the server itself adds to a question: the stores answer at once.
func BenchmarkCostQuestion(b *testing.B) {
	s := calmServer(b)
	b.ReportAllocs()
	for b.Loop() {
		if w := post(s, []byte(goodQuestion)); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
