package table_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

// book makes a workbook of one sheet.
func book(t testing.TB, sheet string, rows [][]any) *excelize.File {
	t.Helper()
	f := excelize.NewFile()
	t.Cleanup(func() { _ = f.Close() })
	if err := f.SetSheetName("Sheet1", sheet); err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		cell, _ := excelize.CoordinatesToCellName(1, i+1)
		if err := f.SetSheetRow(sheet, cell, &row); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func bytesOf(t testing.TB, f *excelize.File) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWorkbook(t *testing.T) {
	f := book(t, "Отчёт", [][]any{
		{"Детализация за июль"},
		{},
		{"Дата", "Услуга", "Стоимость", "Примечание"},
		{time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), "ВМ", 0.30000000000000004, ""},
		{time.Date(2026, 7, 2, 12, 30, 0, 0, time.UTC), "Диск", "1 234,56 ₽"},
		{"03.07.2026", "S3", 1e-7},
	})
	if err := f.SetCellFormula("Отчёт", "C7", "SUM(C4:C6)"); err != nil {
		t.Fatal(err)
	}
	if err := f.SetCellValue("Отчёт", "A7", "Итого"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.NewSheet("Пустой"); err != nil {
		t.Fatal(err)
	}
	const text = `{"version":1,"sheet":"Отчёт","header_row":3,"period":"day","zone":"Europe/Moscow","decimal":",","currency":"RUB",
		"columns":{"start":"Дата","cost":"Стоимость","service":"Услуга"},"leave_out":[{"column":"Дата","equals":"Итого"}]}`
	content := rezip(t, bytesOf(t, f), func(name string, content []byte) []byte { // the library writes 15 digits, Excel 17
		return bytes.Replace(content, []byte("<v>0.300000000000000</v>"), []byte("<v>0.30000000000000004</v>"), 1)
	})
	charges, r, err := readAll(t, "july.xlsx", content, mapping(t, text))
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Totals["RUB"].String(); got != "1234.86000010000000004" {
		// 0.30000000000000004 + 1234.56 + 0.0000001: what the file says, to the last digit.
		t.Errorf("total %s", got)
	}
	var starts []string
	for _, c := range charges {
		starts = append(starts, c.Start.Format(time.RFC3339))
	}
	if diff := cmp.Diff([]string{"2026-06-30T21:00:00Z", "2026-07-01T21:00:00Z", "2026-07-02T21:00:00Z"}, starts); diff != "" {
		t.Error(diff)
	}
	if f := faultOf(t, "july.xlsx", bytesOf(t, f), mapping(t, strings.Replace(text, `"Отчёт"`, `"Лист1"`, 1))); !strings.Contains(f.Text.EN, "Its sheets: Отчёт, Пустой") {
		t.Error(f.Text.EN)
	}
}

func TestWorkbookErrors(t *testing.T) {
	f := book(t, "s", [][]any{{"date", "cost"}, {"2026-07-01", "#N/A"}})
	if fault := faultOf(t, "a.xlsx", bytesOf(t, f), mapping(t, simple)); !strings.Contains(fault.Text.EN, `row 2, column "cost": "#N/A" is an error of the spreadsheet`) {
		t.Error(fault.Text.EN)
	}
	formulas := book(t, "s", [][]any{{"date", "cost"}, {"2026-07-01"}})
	if err := formulas.SetCellFormula("s", "B2", "1+1"); err != nil {
		t.Fatal(err)
	}
	if fault := faultOf(t, "a.xlsx", bytesOf(t, formulas), mapping(t, simple)); !strings.Contains(fault.Text.EN, "formulas") {
		t.Error(fault.Text.EN)
	}
	good := bytesOf(t, book(t, "s", [][]any{{"date", "cost"}, {"2026-07-01", 1}, {"2026-07-02", 2}}))
	torn := rezip(t, good, func(name string, content []byte) []byte {
		if strings.HasPrefix(name, "xl/worksheets/") {
			return content[:bytes.Index(content, []byte("<row r=\"3\""))]
		}
		return content
	})
	if fault := faultOf(t, "torn.xlsx", torn, mapping(t, simple)); !strings.Contains(fault.Text.EN, "damaged") {
		t.Error(fault.Text.EN)
	}
	if fault := faultOf(t, "bomb.xlsx", bomb(t, 9*table.MaxBytes), mapping(t, simple)); fault.Code != pipeline.FaultTooLarge {
		t.Errorf("a bomb that says so: %v", fault)
	}
	if fault := faultOf(t, "bomb.xlsx", bomb(t, 100), mapping(t, simple)); !strings.Contains(fault.Text.EN, "damaged") {
		t.Errorf("a bomb that lies: %v", fault)
	}
	locked := new(bytes.Buffer)
	protected := book(t, "s", [][]any{{"date", "cost"}, {"2026-07-01", 1}})
	if err := protected.Write(locked, excelize.Options{Password: "secret"}); err != nil {
		t.Fatal(err)
	}
	if fault := faultOf(t, "locked.xlsx", locked.Bytes(), mapping(t, simple)); !strings.Contains(fault.Text.EN, "password") {
		t.Error(fault.Text.EN)
	}
}

// bomb is an archive with a sheet of 32 MiB that says it has another size.
func bomb(t *testing.T, says uint64) []byte {
	t.Helper()
	var packed bytes.Buffer
	z, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err == nil {
		_, err = z.Write(make([]byte, 32<<20))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	part, err := w.CreateRaw(&zip.FileHeader{
		Name: "xl/worksheets/sheet1.xml", Method: zip.Deflate, CompressedSize64: uint64(packed.Len()), UncompressedSize64: says,
	})
	if err == nil {
		_, err = part.Write(packed.Bytes())
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// rezip changes the parts of an archive.
func rezip(t *testing.T, content []byte, change func(name string, content []byte) []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, part := range in.File {
		r, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		old, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.Create(part.Name)
		if err == nil {
			_, err = p.Write(change(part.Name, old))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
