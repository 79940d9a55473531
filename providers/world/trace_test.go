package world_test

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/infrazen/infrazen/providers/world"
)

// shape is what many days of CPU load look like, in samples of five minutes and percent.
type shape struct {
	samples, means, deviations, peaks, lag1, lag12 []float64
}

func (s *shape) add(values []float64) {
	n := float64(len(values))
	mean, square, top := 0.0, 0.0, 0.0
	for _, v := range values {
		mean += v / n
		top = max(top, v)
	}
	for _, v := range values {
		square += (v - mean) * (v - mean)
	}
	s.samples = append(s.samples, values...)
	s.means, s.peaks = append(s.means, mean), append(s.peaks, top)
	s.deviations = append(s.deviations, root(square/n))
	if square > 0 {
		s.lag1, s.lag12 = append(s.lag1, correlation(values, mean, square, 1)), append(s.lag12, correlation(values, mean, square, 12))
	}
}

func root(v float64) float64 {
	x := max(v, 1e-9)
	for range 60 {
		x = (x + v/x) / 2
	}
	return x
}

func correlation(values []float64, mean, square float64, lag int) float64 {
	sum := 0.0
	for i := range len(values) - lag {
		sum += (values[i] - mean) * (values[i+lag] - mean)
	}
	return sum / square
}

func quantile(values []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
}

// within is how a quantity of generated days must lie.
type within struct {
	what     string
	of       func(s *shape) []float64
	quantile float64
	low, top float64
}

// bounds say how near the load of machines is to traces of real ones: 11,746 days of PlanetLab machines, whose figures are
// behind each line. One virtual machine of Bitbrains over a month has a lag-1 correlation of 0.39, so the bounds of
// correlations reach up to there.
func bounds() []within {
	samples := func(s *shape) []float64 { return s.samples }
	means := func(s *shape) []float64 { return s.means }
	deviations := func(s *shape) []float64 { return s.deviations }
	peaks := func(s *shape) []float64 { return s.peaks }
	return []within{
		{"samples", samples, 0.25, 1, 4},     // 2
		{"samples", samples, 0.50, 3.5, 7.5}, // 5
		{"samples", samples, 0.75, 10, 19},   // 14
		{"samples", samples, 0.90, 20, 38},   // 29
		{"samples", samples, 0.99, 55, 95},   // 78
		{"means of days", means, 0.50, 4.5, 9},
		{"means of days", means, 0.90, 18, 33},         // 24.9
		{"deviations of days", deviations, 0.50, 3, 8}, // 5.4
		{"deviations of days", deviations, 0.90, 10, 20},
		{"peaks of days", peaks, 0.25, 13, 33}, // 20
		{"peaks of days", peaks, 0.50, 30, 60}, // 42
		{"lag-1 correlations", func(s *shape) []float64 { return s.lag1 }, 0.50, 0.03, 0.45},
		{"lag-12 correlations", func(s *shape) []float64 { return s.lag12 }, 0.50, 0.0, 0.35},
	}
}

func check(t *testing.T, s *shape) {
	t.Helper()
	for _, b := range bounds() {
		if got := quantile(b.of(s), b.quantile); got < b.low || got > b.top {
			t.Errorf("%s: quantile %.2f is %.2f, want %.2f to %.2f", b.what, b.quantile, got, b.low, b.top)
		}
	}
}

// TestLoadIsLikeThatOfRealMachines looks at one working day of many machines.
func TestLoadIsLikeThatOfRealMachines(t *testing.T) {
	var s shape
	for seed := range uint64(40) {
		a := world.NewAccount(world.AccountConfig{Seed: seed, Catalog: toy(), Start: start(), Servers: 20, Calm: world.Calmest})
		for _, r := range a.Inventory(start()) {
			if r.Kind != world.Server {
				continue
			}
			values := make([]float64, 288)
			for i := range values {
				values[i] = r.Load.At(a.Seed, r.ID, start().Add(3*day+time.Duration(i)*5*time.Minute))
			}
			s.add(values)
		}
	}
	check(t, &s)
}

// TestBoundsHoldRealMachines holds the traces themselves against the bounds.
func TestBoundsHoldRealMachines(t *testing.T) {
	s := traces(t)
	if len(s.means) < 1000 {
		t.Fatalf("%d days of real machines", len(s.means))
	}
	check(t, s)
}

// traces reads every eighth day of real machines from the folder "shared" beside the project.
func traces(t *testing.T) *shape {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "..", "..", "..", "shared", "data", "vm", "planetlab-workload-traces.tar.gz"))
	if err != nil {
		t.Skip("no traces of real machines: planetlab-workload-traces.tar.gz is not in shared/data/vm beside the project")
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := &shape{}
	in := tar.NewReader(z)
	for n := 0; ; {
		head, err := in.Next()
		if errors.Is(err, io.EOF) {
			return s
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		if n++; n%8 == 0 {
			s.add(column(t, in))
		}
	}
}

func column(t *testing.T, in io.Reader) []float64 {
	t.Helper()
	var values []float64
	for lines := bufio.NewScanner(in); lines.Scan(); {
		v, err := strconv.ParseFloat(lines.Text(), 64)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

// TestLoadIsTheSameAtEveryCall asks in another order, and for instants before 1970.
func TestLoadIsTheSameAtEveryCall(t *testing.T) {
	l := world.Load{Pattern: world.Daily, Peak: 40, Base: 5, Memory: 50, Noise: 6, Bursts: 3}
	at := func(i int) string {
		instant := time.Unix(int64(i)*271-100_000, 0)
		return fmt.Sprint(l.At(1, "m", instant), l.MemoryAt(1, "m", instant))
	}
	values := make([]string, 2000)
	for i := range values {
		values[i] = at(i)
	}
	for i := len(values) - 1; i >= 0; i -= 7 {
		if got := at(i); got != values[i] {
			t.Fatalf("sample %d is %s and was %s", i, got, values[i])
		}
	}
}

// TestWeekHasAWeekend compares the working days of a machine with its weekends.
func TestWeekHasAWeekend(t *testing.T) {
	for _, p := range []world.Pattern{world.Daily, world.WorkHours} {
		l := world.Load{Pattern: p, Peak: 40, Base: 2, Noise: 3}
		sum, n := map[bool]float64{}, map[bool]float64{}
		for h := range 24 * 7 * 8 {
			now := start().Add(time.Duration(h) * time.Hour)
			w := now.In(world.Moscow()).Weekday()
			free := w == time.Saturday || w == time.Sunday
			sum[free], n[free] = sum[free]+l.At(1, "m", now), n[free]+1
		}
		if work, free := sum[false]/n[false], sum[true]/n[true]; free > 0.8*work {
			t.Errorf("%s: %.1f %% on working days, %.1f %% at weekends", p, work, free)
		}
	}
}
