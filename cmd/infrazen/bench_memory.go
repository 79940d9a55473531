package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/infrazen/infrazen/clickhouse/bench"
)

// memory is what a process holds, in bytes, as /proc tells it.
type memory struct{ now, peak int64 }

func memoryOf(pid int) (memory, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return memory{}, fmt.Errorf("cannot read the memory of process %d: %w", pid, err)
	}
	defer func() { _ = f.Close() }()
	var m memory
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 2 {
			continue
		}
		n, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			continue
		}
		switch fields[0] {
		case "VmRSS:":
			m.now = n << 10
		case "VmHWM:":
			m.peak = n << 10
		}
	}
	return m, lines.Err()
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }

// memoryEvery is how often a watched process is looked at.
const memoryEvery = 250 * time.Millisecond

// memoryWatch looks at a process from time to time.
type memoryWatch struct {
	stop context.CancelFunc
	done chan watched
}

// watched is what was seen of a process.
type watched struct {
	peak, sum int64
	looks     int64
}

func watchMemory(ctx context.Context, pid int) *memoryWatch {
	ctx, cancel := context.WithCancel(ctx)
	w := &memoryWatch{stop: cancel, done: make(chan watched, 1)}
	go func() {
		var seen watched
		tick := time.NewTicker(memoryEvery)
		defer tick.Stop()
		for {
			if m, err := memoryOf(pid); err == nil && m.now > 0 {
				seen = watched{peak: m.peak, sum: seen.sum + m.now, looks: seen.looks + 1}
			}
			select {
			case <-ctx.Done():
				w.done <- seen
				return
			case <-tick.C:
			}
		}
	}()
	return w
}

// end tells what was seen.
func (w *memoryWatch) end() watched {
	w.stop()
	return <-w.done
}

// figure judges the peak: what a process has ever held (VmHWM).
func (w watched) figure(name string, limit int64) bench.Figure {
	return bench.Figure{
		Name:     "resident memory: " + name,
		Measured: fmt.Sprintf("peak %s, mean %s", megabytes(w.peak), megabytes(w.sum/max(w.looks, 1))),
		Limit:    fmt.Sprintf("<= %d MB", limit),
		Missed:   w.peak > limit*1_000_000,
	}
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
