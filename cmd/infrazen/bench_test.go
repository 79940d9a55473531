package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/infrazen/infrazen/clickhouse/bench"
)

func TestPrintFiguresJudges(t *testing.T) {
	var out strings.Builder
	away := errors.New("the engine is away")
	err := printFigures(&out, []bench.Figure{
		{Name: "good", Measured: "1", Limit: "<= 2"},
		{Name: "bad", Measured: "3", Limit: "<= 2", Missed: true},
		{Name: "told", Measured: "4"},
		{Name: "lost", Limit: "<= 2", Err: away},
	})
	if !errors.Is(err, away) {
		t.Fatalf("got %v", err)
	}
	for name, verdict := range map[string]string{"good": "ok", "bad": "MISSED", "told": "", "lost": ""} {
		found := false
		for line := range strings.Lines(out.String()) {
			cells := strings.Split(line, "|")
			found = found || strings.TrimSpace(cells[0]) == name && strings.TrimSpace(cells[3]) == verdict
		}
		if !found {
			t.Errorf("%s is not judged %q:\n%s", name, verdict, out.String())
		}
	}
	if err := printFigures(&out, []bench.Figure{{Name: "bad", Measured: "3", Limit: "<= 2", Missed: true}}); err != nil {
		t.Errorf("a missed limit is no failure to measure: %v", err)
	}
}

func TestMemoryOfThisProcess(t *testing.T) {
	m, err := memoryOf(os.Getpid())
	if err != nil || m.now < 1<<20 || m.peak < m.now {
		t.Errorf("got %+v, %v", m, err)
	}
	if _, err := memoryOf(-1); err == nil {
		t.Error("got no error for a process that cannot be")
	}
}

func TestWatchedIsJudgedByItsPeak(t *testing.T) {
	w := watched{peak: 81_000_000, sum: 120_000_000, looks: 2}
	got := w.figure("api", 80)
	if !got.Missed || got.Measured != "peak 81 MB, mean 60 MB" || got.Limit != "<= 80 MB" {
		t.Errorf("got %+v", got)
	}
	if w.figure("api", 81).Missed {
		t.Error("81 MB of 81 are within the limit")
	}
}
