package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/beget"
	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

// demoBudget is a monthly amount that the demo's bill crosses in the course of a month.
func demoBudget() decimal.Decimal { return decimal.NewFromInt(250_000) }

// worldStart is the origin of the demo world's time line, kept in the folder: the world must be the same at every start.
func worldStart(folder string, days int, now time.Time) (time.Time, error) {
	path := filepath.Join(folder, "world-start")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		y, m, d := now.UTC().Date()
		start := time.Date(y, m, d-days-10, 0, 0, 0, 0, time.UTC)
		return start, os.WriteFile(path, []byte(start.Format(time.RFC3339)+"\n"), 0o600)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read the demo's origin: %w", err)
	}
	start, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot read the demo's origin in %s: %w", path, err)
	}
	return start, nil
}

// demoClouds are all stand-in clouds on one port, each below its own path.
func demoClouds(seed int64, start time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/beget/", http.StripPrefix("/beget", begetsim.New(begetsim.Config{Seed: uint64(seed), Start: start})))
	mountRates(mux, seed)
	return mux
}

// connections are what the demo connects: two Beget accounts and one FOCUS import.
func (d *demo) connections() []demoConnection {
	var out []demoConnection
	for _, a := range begetsim.Demo() {
		out = append(out, demoConnection{
			Connection: pipeline.Connection{Kind: "beget", Name: a.Title, Settings: map[string]string{
				beget.FieldLogin: a.Login, beget.FieldAddress: "http://" + d.listener.Addr().String() + "/beget",
			}},
			secrets: map[string]string{beget.FieldPassword: a.Password, beget.FieldAPIPassword: a.APIPassword},
		})
	}
	return append(out, demoConnection{Connection: pipeline.Connection{
		Kind: "focus", Name: "Волна Облако (FOCUS)", Settings: map[string]string{"source": "folder", "folder": "focus"},
	}})
}
