package focus

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/tagtext"
)

// FuzzCSV compares our reader with encoding/csv: whatever one takes, the other takes as the same.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b", "\"a\"\"b\",\"c\nd\"\r\n\r\nx,", "\"open", "a\"b,c", "\"a\"b", ",,\n,", "\n\n", "\"\"", "\"a\n\n\"\"\nb\",1\n2"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.IndexByte(bytes.ReplaceAll(b, []byte("\r\n"), nil), '\r') >= 0 {
			return // encoding/csv has its own mind about lone carriage returns
		}
		std := csv.NewReader(bytes.NewReader(b))
		std.FieldsPerRecord = -1
		want, wantErr := std.ReadAll()
		got, gotErr := readAll(b)
		if (wantErr == nil) != (gotErr == nil) {
			t.Fatalf("%q: error %v, encoding/csv has %v", b, gotErr, wantErr)
		}
		if wantErr != nil {
			return
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-encoding/csv +ours):\n%s", b, diff)
		}
	})
}

func readAll(b []byte) (out [][]string, err error) {
	r := newCSVReader(bytes.NewReader(b), ',')
	for {
		row, err := r.read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		var cells []string
		for _, cell := range row {
			cells = append(cells, strings.ReplaceAll(string(cell), "\r\n", "\n"))
		}
		out = append(out, cells)
	}
}

// FuzzNumber compares with math/big: what we take is exactly that number.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{
		"0", "-0", "1.5", "5.64902E-05", "1e999", "1e-999", ".5", "5.", "+1", "--1", "1,5", "NaN", "inf", "0x1p-2", "1_000",
		"1 000", "1e", "00000000000000000000000000000000001", "123456789012345678", "0.1234567890123456789012345", "1E+05", "1/2", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := parseNumber([]byte(s), '.')
		if err != nil {
			if whyNumber(err).EN == "" {
				t.Fatal("no reason")
			}
			return
		}
		if strings.ContainsAny(s, "/xXpPoObB_iInN") {
			t.Fatalf("%q was taken for %s", s, d)
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok || want.Cmp(d.Rat()) != 0 {
			t.Fatalf("%q is %s, want %v", s, d, want)
		}
	})
}

// FuzzTime: what RFC 3339 reads, we read as the same instant in whole seconds; what we read comes back the same.
func FuzzTime(f *testing.F) {
	for _, s := range []string{
		"2024-09-01 00:00:00", "2024-09-01T00:00:00Z", "2024-09-01T00:00:00.123+03:00", "2024-09-01", "2024-09-01T10:11Z",
		"2024-09-01 00:00:00 UTC", "2024-02-30", "2024-09-01T24:00:00Z", "2024-09-01T00:00:00+0530", "2024-09-01 00:00:00+00", "09/01/2024", "",
	} {
		f.Add(s)
	}
	// time.Parse takes "T0:00:00" and "+00:60" besides.
	strict := regexp.MustCompile(`^[-0-9]{10}T\d\d:\d\d:\d\d(\.\d+)?(Z|[-+](0\d|1[0-4]):[0-5]\d)$`)
	f.Fuzz(func(t *testing.T, s string) {
		got, _, err := parseTime([]byte(s))
		want, stdErr := time.Parse(time.RFC3339Nano, s)
		if stdErr == nil && want.Year() >= 1990 && want.Year() <= 2100 {
			if err != nil && strict.MatchString(s) {
				t.Fatalf("%q is refused", s)
			}
			if err == nil && !got.Equal(want.Truncate(time.Second)) {
				t.Fatalf("%q is %s, want %s", s, got, want)
			}
		}
		if err != nil {
			return
		}
		again, cut, err := parseTime([]byte(got.Format(time.RFC3339)))
		if got.Year() >= 1990 && got.Year() <= 2100 && (err != nil || cut || !again.Equal(got)) {
			t.Fatalf("%q: %s comes back as %s, %v", s, got, again, err)
		}
	})
}

func FuzzTags(f *testing.F) {
	for _, s := range []string{`{"a": "b"}`, `"a": "b","c": 1`, `{"a": {"b": [1, null]}, "c": null, "d": true}`, `[{"key": "a", "value": "b"}]`, `{`, `null`, `[]`, `{}`, `{"a":1}x`, `"a"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := tagtext.Parse(b)
		var want map[string]string
		if json.Unmarshal(b, &want) == nil && bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) && json.Valid(b) && !bytes.Contains(b, []byte("null")) {
			if len(want) == 0 {
				want = nil
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				if !bytes.ContainsRune(b, '\ufffd') && utf8ok(b) {
					t.Fatalf("%q: %v\n%s", b, err, diff)
				}
			}
		}
		if err != nil && got != nil {
			t.Fatalf("%q: tags beside an error", b)
		}
	})
}

func utf8ok(b []byte) bool { return !strings.ContainsRune(string([]rune(string(b))), '\ufffd') }

// FuzzFile throws whole files at the importer: it ends with a fault or commits, and never panics.
func FuzzFile(f *testing.F) {
	f.Add([]byte("BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory\n1,USD,2026-10-01,2026-10-02,Usage\n"))
	f.Add([]byte("sep=;\nBilledCost;BillingCurrency;ChargePeriodStart;ChargePeriodEnd;ChargeCategory\n1,5;USD;2026-10-01;2026-10-02;Usage\n"))
	f.Add([]byte("\xff\xfeB\x00i\x00"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Add([]byte("PAR1\x00\x00\x00\x00PAR1"))
	f.Fuzz(func(t *testing.T, b []byte) { loadBytes(t, b) })
}

func loadBytes(t *testing.T, b []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.csv"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	s, err := New(Variants()[0], Options{FolderRoot: dir, MaxBytes: 1 << 24}).Open(
		pipeline.Settings{"source": "folder", "folder": "."}, pipeline.Env{TempDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close(ctx) }()
	objects, err := s.Objects(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var sink countingSink
	_, err = s.Collect(ctx, pipeline.Task{Feed: pipeline.FeedFiles, Object: objects[0]}, &sink)
	var fault *pipeline.Fault
	switch {
	case err != nil && (!errors.As(err, &fault) || fault.Text.RU == "" || sink.committed):
		t.Fatalf("%q: %v, committed %v", b, err, sink.committed)
	case err == nil && !sink.committed:
		t.Fatalf("%q: neither fault nor commit", b)
	}
}

type countingSink struct {
	pipeline.Sink
	committed bool
}

func (c *countingSink) Slice(context.Context, pipeline.Slice) (pipeline.SliceWriter, error) {
	return c, nil
}

func (c *countingSink) Add(_ context.Context, ch pipeline.Charge) error {
	if ch.End.Before(ch.Start) || ch.LineCount != 1 || len(ch.BillingCurrency) != 3 || ch.BilledCost.Exponent() < -pipeline.MoneyScale {
		return fmt.Errorf("a charge that is none: %+v", ch)
	}
	return nil
}
func (c *countingSink) Commit(context.Context) error { c.committed = true; return nil }
func (c *countingSink) Abort()                       {}

func TestNumbersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[+-]?[0-9]{1,17}(\.[0-9]{0,30})?([eE][-+]?[0-9]{1,2})?`).Draw(t, "number")
		d, err := parseNumber([]byte(s), '.')
		if errors.Is(err, errHuge) {
			return
		}
		want, ok := new(big.Rat).SetString(s)
		if err != nil || !ok || want.Cmp(d.Rat()) != 0 {
			t.Fatalf("%q is %s, %v", s, d, err)
		}
	})
}

// TestCSVComesBack writes any cells with encoding/csv and reads them with ours, over buffers' ends.
func TestCSVComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.OneOf(rapid.StringOf(rapid.RuneFrom([]rune("ab,;\"\nЯ 1"))), rapid.StringOfN(rapid.RuneFrom([]rune("x\"")), 0, 300, -1))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 4), 1, 8).Draw(t, "rows")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		got, err := readAll(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Fatal(diff)
		}
	})
}
