package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/world"
)

// demoBudget is a monthly amount that the demo's bill crosses in the course of a month.
func demoBudget() decimal.Decimal { return decimal.NewFromInt(400_000) }

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

// demoFarm is the clouds of the demo company: two accounts at Beget and two at Selectel; and the bank with
// its exchange rates.
func demoFarm(seed uint64, start time.Time) *farm {
	return &farm{stands: []stand{demoBegetStand(seed, start), selectelStand(0, world.DemoSelectel(seed, start)), ratesStand(seed)}}
}
