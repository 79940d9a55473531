package e2e

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/shopspring/decimal"

	"github.com/infrazen/infrazen/providers/beget/begetsim"
)

// filesByDay adds up the BilledCost of the demo's FOCUS files by the UTC day that each charge begins in.
func filesByDay(t *testing.T, dir string) map[time.Time]decimal.Decimal {
	t.Helper()
	days := map[time.Time]decimal.Decimal{}
	add := func(start time.Time, cost decimal.Decimal) {
		day := start.UTC().Truncate(24 * time.Hour)
		days[day] = days[day].Add(cost)
	}
	for _, path := range glob(t, dir, "archive", "*.parquet") {
		readParquet(t, path, add)
	}
	for _, path := range glob(t, dir, "daily", "*.csv.gz") {
		readCSV(t, path, add)
	}
	return days
}

func glob(t *testing.T, dir, sub, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "demo", "focus", sub, pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s in %s: %v", pattern, sub, err)
	}
	return paths
}

func readParquet(t *testing.T, path string, add func(time.Time, decimal.Decimal)) {
	t.Helper()
	type row struct {
		BilledCost        int64     `parquet:"BilledCost,decimal(10:18)"`
		ChargePeriodStart time.Time `parquet:"ChargePeriodStart,timestamp(millisecond)"`
	}
	rows, err := parquet.ReadFile[row](path)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		add(r.ChargePeriodStart, decimal.New(r.BilledCost, -10))
	}
}

func readCSV(t *testing.T, path string, add func(time.Time, decimal.Decimal)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(z)
	head, err := in.Read()
	if err != nil {
		t.Fatal(err)
	}
	cost, start := slices.Index(head, "BilledCost"), slices.Index(head, "ChargePeriodStart")
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, cells[start])
		if err != nil {
			t.Fatal(err)
		}
		add(at, decimal.RequireFromString(cells[cost]))
	}
}

// worldStart is the origin of the demo's time line.
func worldStart(t *testing.T, dir string) time.Time {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "demo", "world-start"))
	if err != nil {
		t.Fatal(err)
	}
	start, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return start
}

func moscow(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Moscow")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// billed is what an account of the demo costs in a whole Moscow day on which nothing came or went, by its price list.
// A machine that was resized between that day and first, the first look at the account, has no known price.
func billed(t *testing.T, login string, worldStart, day, first time.Time) decimal.Decimal {
	t.Helper()
	accounts := begetsim.Demo()
	i := slices.IndexFunc(accounts, func(a begetsim.Account) bool { return a.Login == login })
	a := accounts[i]
	end := day.AddDate(0, 0, 1)
	sum := decimal.Zero
	lives := func(created, removed time.Duration) bool {
		from, to := worldStart.Add(created), worldStart.Add(removed)
		for _, at := range []time.Time{from, to} {
			if at.After(day) && at.Before(end) {
				t.Fatalf("something comes or goes on %s: choose another day", day)
			}
		}
		return !from.After(day) && (removed == 0 || !to.Before(end))
	}
	add := func(price string) {
		if price != "" {
			sum = sum.Add(decimal.RequireFromString(price))
		}
	}
	for _, m := range a.Machines {
		resized := slices.ContainsFunc(m.Changes, func(c begetsim.Change) bool {
			at := worldStart.Add(c.At)
			return c.Size != nil && !c.Failed && at.After(day) && !at.After(first)
		})
		if !lives(m.Created, m.Removed) {
			continue
		}
		if !resized {
			add(m.PriceDay)
		}
		for _, l := range m.Licenses {
			add(l.PriceDay)
			if l.PriceMonth != "" {
				sum = sum.Add(dayOfMonth(decimal.RequireFromString(l.PriceMonth), day))
			}
		}
	}
	for _, v := range a.Services {
		if lives(v.Created, v.Removed) {
			add(v.PriceDay)
		}
	}
	for _, v := range a.Snapshots {
		if lives(v.Created, v.Removed) {
			add(v.PriceDay)
		}
	}
	return sum
}

// dayOfMonth is a day's part of a month's price: what the month has cost by the day's end less what it had cost by its start.
func dayOfMonth(price decimal.Decimal, day time.Time) decimal.Decimal {
	days := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, day.Location()).Day()
	until := func(n int) decimal.Decimal {
		return price.Mul(decimal.NewFromInt(int64(n))).DivRound(decimal.NewFromInt(int64(days)), 9)
	}
	return until(day.Day()).Sub(until(day.Day() - 1))
}
