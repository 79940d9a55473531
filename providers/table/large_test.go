package table_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

const longMapping = `{"version":1,"period":"hour","decimal":",","currency":"RUB","columns":{"start":"Начало","cost":"Стоимость","service":"Услуга",
	"resource_id":"Ресурс","project_name":"Проект","quantity":"Количество"},"tags":[{"column":"Метки"}]}`

// longLine is a row whose resource and tags repeat in no other.
func longLine(i int) []string {
	return []string{
		time.Date(2026, 7, 1, i%720, 0, 0, 0, time.UTC).Format("02.01.2006 15:04"), "Виртуальные серверы", fmt.Sprintf("server-%07d-in-a-folder-with-a-long-name", i),
		fmt.Sprintf("Проект %d", i%17), fmt.Sprintf("%d,%09d", i%1000, i), "1", fmt.Sprintf("env=prod,owner=%d,cost_center=%d", i, i%100),
	}
}

func longHeader() []string {
	return []string{"Начало", "Услуга", "Ресурс", "Проект", "Стоимость", "Количество", "Метки"}
}

// heapOver reads and gives how much the heap grew at most, looked at as charges come.
func heapOver(t *testing.T, in io.Reader, name string, m table.Mapping) (table.Report, uint64) {
	t.Helper()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.GC() // pools give up at the second
	runtime.ReadMemStats(&before)
	most, n := before.HeapAlloc, 0
	r, err := table.Read(t.Context(), in, name, m, time.UTC, func(pipeline.Charge) error {
		if n++; n%20_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, most - before.HeapAlloc
}

// TestLongCSV reads a file of 51 MB in constant memory.
func TestLongCSV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "long.csv")
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	size, want, rows := 0, decimal.Decimal{}, 0
	write := func(cells []string) {
		n, err := io.WriteString(out, strings.Join(cells, ";")+"\n")
		if err != nil {
			t.Fatal(err)
		}
		size += n
	}
	write(longHeader())
	for ; size < 51_000_000; rows++ {
		line := longLine(rows)
		write(line)
		want = want.Add(dec(strings.Replace(line[4], ",", ".", 1)))
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	began := time.Now()
	r, heap := heapOver(t, in, "long.csv", mapping(t, longMapping))
	t.Logf("%d bytes, %d rows, heap at most %d, %s", size, rows, heap, time.Since(began))
	if !r.Totals["RUB"].Equal(want) || r.Lines != int64(rows) {
		t.Errorf("%d lines of %d, total %s, want %s", r.Lines, rows, r.Totals["RUB"], want)
	}
	if heap > 32<<20 {
		t.Errorf("the heap grew by %d bytes", heap)
	}
}

// TestLongWorkbook reads a workbook of 100,000 rows.
func TestLongWorkbook(t *testing.T) {
	const rows = 100_000
	path := filepath.Join(t.TempDir(), "long.xlsx")
	want := writeBook(t, path, rows)
	in, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	began := time.Now()
	r, heap := heapOver(t, in, "long.xlsx", mapping(t, longMapping))
	t.Logf("%d rows, heap at most %d, %s", rows, heap, time.Since(began))
	if !r.Totals["RUB"].Equal(want) || r.Lines != rows {
		t.Errorf("%d lines, total %s, want %s", r.Lines, r.Totals["RUB"], want)
	}
	if heap > 64<<20 {
		t.Errorf("the heap grew by %d bytes", heap)
	}
}

// writeBook writes a long workbook and gives its total.
func writeBook(t *testing.T, path string, rows int) decimal.Decimal {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	want := decimal.Decimal{}
	for i := range rows + 1 {
		cells := longHeader()
		if i > 0 {
			cells = longLine(i - 1)
			want = want.Add(dec(strings.Replace(cells[4], ",", ".", 1)))
		}
		values := make([]any, len(cells))
		for j, c := range cells {
			values[j] = c
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+1), values); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return want
}

// BenchmarkCSV reads rows whose resources never repeat.
func BenchmarkCSV(b *testing.B) {
	var text strings.Builder
	text.WriteString(strings.Join(longHeader(), ";") + "\n")
	const rows = 20_000
	for i := range rows {
		text.WriteString(strings.Join(longLine(i), ";") + "\n")
	}
	m := mapping(b, longMapping)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.Read(b.Context(), strings.NewReader(text.String()), "a.csv", m, time.UTC, func(pipeline.Charge) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
