package server

import (
	"bytes"
	"encoding/json"
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

//nolint:gochecknoglobals // the flag package wants it so
var update = flag.Bool("update", false, "write docs/openapi.json anew")

// document is the API's description, indented.
func document(t *testing.T) []byte {
	t.Helper()
	s, err := New(Deps{Config: DefaultConfig(), Now: time.Now, Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// TestCommittedDocument keeps docs/openapi.json, from which the web app's types are made, what the code says.
func TestCommittedDocument(t *testing.T) {
	file := filepath.Join("..", "..", "..", "docs", "openapi.json")
	now := document(t)
	if *update {
		if err := os.WriteFile(file, now, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, now) {
		t.Fatal("docs/openapi.json is stale: run go test ./cmd/api/server -run TestCommittedDocument -update")
	}
}
