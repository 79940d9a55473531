package table_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/shopspring/decimal"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

func dec(s string) decimal.Decimal { return decimal.RequireFromString(s) }

func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}

// faultOf is the fault that reading ends with.
func faultOf(t *testing.T, name string, content []byte, m table.Mapping) *pipeline.Fault {
	t.Helper()
	_, _, err := readAll(t, name, content, m)
	var f *pipeline.Fault
	if !errors.As(err, &f) {
		t.Fatalf("%s: no fault but %v", name, err)
	}
	if f.Text.RU == "" || f.Text.EN == "" || strings.Contains(f.Text.RU+f.Text.EN, "%!") {
		t.Errorf("%s: the sentence is not whole: %+v", name, f.Text)
	}
	return f
}

func TestRow(t *testing.T) {
	m := mapping(t, `{"version":1,"zone":"Europe/Moscow","decimal":",","sign":"positive_credits","end_inclusive":true,
		"columns":{"start":"С","end":"По","cost":"Сумма","list_cost":"Без скидки","currency":"Валюта","service":"Услуга","resource_id":"ID","resource_name":"Имя",
		"resource_type":"Тип","project_name":"Проект","region":"Регион","sku":"SKU","quantity":"Кол-во","unit":"Ед.","category":"Вид","account":"Договор","provider":"Облако"},
		"tags":[{"column":"Метки"},{"column":"Отдел","key":"отдел"}],"categories":{"Компенсация":"Credit"}}`)
	content := "С;По;Сумма;Без скидки;Валюта;Услуга;ID;Имя;Тип;Проект;Регион;SKU;Кол-во;Ед.;Вид;Договор;Облако;Метки;Отдел\n" +
		"01.07.2026;31.07.2026;1 234,5600 ₽;1 300;RUR;ВМ;vm-1;web;server;Прод;ru-1;s1;744;ч;Потребление;Д-1;Облако;env=prod;Продажи\n" +
		"01.07.2026;01.07.2026;10;10;руб;;;;;;;;;;Компенсация;;;\"{\"\"a\"\":\"\"b\"\"}\";\n"
	charges, r, err := readAll(t, "july.csv", []byte(content), m)
	if err != nil {
		t.Fatal(err)
	}
	want := []pipeline.Charge{{
		Line: pipeline.Line{
			ProviderName: "Облако", BillingAccountID: "Д-1", BillingCurrency: "RUB", SubAccountID: "Прод", SubAccountName: "Прод", ServiceName: "ВМ",
			ResourceID: "vm-1", ResourceName: "web", ResourceType: "server", RegionID: "ru-1", SkuID: "s1", ConsumedUnit: "ч",
			ChargeCategory: pipeline.Usage, CostStatus: pipeline.Billed, Tags: map[string]string{"env": "prod", "отдел": "Продажи"},
		},
		Start: instant("2026-06-30T21:00:00Z"), End: instant("2026-07-31T21:00:00Z"),
		Measures: pipeline.Measures{
			LineCount: 1, BilledCost: dec("1234.56"), EffectiveCost: dec("1234.56"), ContractedCost: dec("1234.56"), ListCost: dec("1300"), ConsumedQuantity: dec("744"),
		},
	}, {
		Line: pipeline.Line{
			BillingCurrency: "RUB", ChargeCategory: pipeline.Credit, CostStatus: pipeline.Billed, Tags: map[string]string{"a": "b"},
		},
		Start: instant("2026-06-30T21:00:00Z"), End: instant("2026-07-01T21:00:00Z"),
		Measures: pipeline.Measures{LineCount: 1, BilledCost: dec("-10"), EffectiveCost: dec("-10"), ContractedCost: dec("-10"), ListCost: dec("-10")},
	}}
	equal := cmp.Comparer(func(a, b decimal.Decimal) bool { return a.Equal(b) })
	if diff := cmp.Diff(want, charges, equal); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	report := table.Report{
		Rows: 2, Lines: 2, Totals: map[string]decimal.Decimal{"RUB": dec("1224.56")}, First: want[0].Start, Last: want[0].End,
	}
	if diff := cmp.Diff(report, r, equal, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const simple = `{"version":1,"period":"day","currency":"RUB","columns":{"start":"date","cost":"cost"}}`

// TestDeviations are files that are read though they are odd; each gives the total 3.5.
func TestDeviations(t *testing.T) {
	utf16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("date\tcost\r\n2026-07-01\t1.5\r\n2026-07-02\t2\r\n")
	if err != nil {
		t.Fatal(err)
	}
	cyrillic, err := charmap.Windows1251.NewEncoder().String("Дата;Сумма\n01.07.2026;1.5\n02.07.2026;2\n")
	if err != nil {
		t.Fatal(err)
	}
	const columns = `"columns":{"start":"Дата","cost":"Сумма"}}`
	for name, c := range map[string]struct{ content, mapping string }{
		"semicolons":           {"date;cost\n2026-07-01;1.5\n2026-07-02;2\n", simple},
		"bars":                 {"date|cost\n2026-07-01|1.5\n2026-07-02|2", simple},
		"byte order mark":      {"\xef\xbb\xbfdate,cost\n2026-07-01,1.5\n2026-07-02,2\n", simple},
		"UTF-16":               {utf16, simple},
		"windows-1251":         {cyrillic, `{"version":1,"period":"day","currency":"RUB",` + columns},
		"sep line":             {"sep=;\ndate;cost\n2026-07-01;1.5\n2026-07-02;2\n", simple},
		"title above":          {"Отчёт за июль\n\ndate,cost\n2026-07-01,1.5\n2026-07-02,2\n", strings.Replace(simple, `"period"`, `"header_row":3,"period"`, 1)},
		"blank lines":          {"date,cost\n\n2026-07-01,1.5\n , \n2026-07-02,2\n\n", simple},
		"blanks in names":      {" Date ,\u00a0COST\n2026-07-01,1.5\n2026-07-02,2\n", simple},
		"empty extra cells":    {"date,cost\n2026-07-01,1.5,,\n2026-07-02,2\n", simple},
		"a column of each":     {"date,cost,cost,x,x\n2026-07-01,1.5,9,,\n2026-07-02,2,9,,\n", strings.Replace(simple, `"cost":"cost"`, `"cost":"cost (1)"`, 1)},
		"no header":            {"2026-07-01,1.5\n2026-07-02,2\n", `{"version":1,"no_header":true,"period":"day","currency":"RUB","columns":{"start":"#1","cost":"#2"}}`},
		"negated":              {"date,cost\n2026-07-01,-1.5\n2026-07-02,-2\n", strings.Replace(simple, `"period"`, `"sign":"negated","period"`, 1)},
		"totals left out":      {"date,cost\n2026-07-01,1.5\n2026-07-02,2\nTOTAL:,3.5\n", strings.Replace(simple, `"columns"`, `"leave_out":[{"column":"date","prefix":"total"}],"columns"`, 1)},
		"bad rows left out":    {"date,cost\n2026-07-01,1.5\nx,y\n2026-07-02,2\n,9\n", strings.Replace(simple, `"columns"`, `"bad_rows":"leave_out","columns"`, 1)},
		"an unpriced row":      {"date,cost\n2026-07-01,1.5\n2026-07-03,\n2026-07-03,-\n2026-07-02,2\n", simple},
		"tag column not there": {"date,cost\n2026-07-01,1.5\n2026-07-02,2\n", strings.Replace(simple, `"columns"`, `"tags":[{"column":"env","key":"env"}],"columns"`, 1)},
	} {
		_, r, err := readAll(t, name, []byte(c.content), mapping(t, c.mapping))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r.Totals["RUB"].String() != "3.5" {
			t.Errorf("%s: totals %v", name, r.Totals)
		}
		for _, n := range r.Notes {
			if n.Text.RU == "" || n.Text.EN == "" || strings.Contains(n.Text.RU+n.Text.EN, "%!") {
				t.Errorf("%s: note %+v", name, n)
			}
		}
		left := int64(0)
		for _, l := range r.LeftOut {
			left += l.Rows
		}
		if r.Rows != r.Lines+left {
			t.Errorf("%s: %d rows, but %d lines and %d left out", name, r.Rows, r.Lines, left)
		}
	}
}

func TestLeftOutIsToldAndSummed(t *testing.T) {
	m := mapping(t, strings.Replace(simple, `"columns"`, `"bad_rows":"leave_out","leave_out":[{"column":"date","prefix":"итого"},{"column":"date","empty":true}],"columns"`, 1))
	_, r, err := readAll(t, "a.csv", []byte("date,cost\n2026-07-01,1\nИтого по проекту,1\n,0.25\nкогда-то,7\nИТОГО,1\n"), m)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range r.LeftOut {
		got[l.Reason.EN] = fmt.Sprint(l.Rows, " ", l.Totals["RUB"])
	}
	want := map[string]string{`column "date" begins with "итого"`: "2 2", `column "date" is empty`: "1 0.25", "the row could not be read": "1 7"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if r.ProblemCount != 1 || r.Problems[0].Row != 5 || r.Totals["RUB"].String() != "1" {
		t.Errorf("report %+v", r)
	}
}

// TestRefused are files that cannot be taken; the sentence says why.
func TestRefused(t *testing.T) {
	one := func(row string) string { return "date,cost\n2026-07-01,1\n" + row + "\n" }
	for name, c := range map[string]struct {
		content, mapping, says string
	}{
		"empty":                {"", simple, "is empty"},
		"blanks":               {" \n\n", simple, "is empty"},
		"binary":               {"date,cost\n\x00\x01\x02", simple, "neither a CSV"},
		"old Excel":            {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest of it", simple, "old Excel"},
		"a torn workbook":      {"PK\x03\x04 torn", simple, "damaged or no XLSX"},
		"wrong delimiter":      {"date;cost\n2026-07-01;1\n", strings.Replace(simple, `"period"`, `"delimiter":",","period"`, 1), "only one column"},
		"columns missing":      {"day,price\n2026-07-01,1\n", simple, "lacks the columns date, cost. It has: day, price"},
		"a column twice":       {"date,cost,cost\n2026-07-01,1,1\n", simple, "more than once"},
		"no header row":        {"date,cost\n", strings.Replace(simple, `"period"`, `"header_row":7,"period"`, 1), "no row 7"},
		"ragged":               {one("2026-07-02"), simple, `row 3, column "—": "2026-07-02" is a row of 1 cells under a header of 2`},
		"not a date":           {one("Total,5"), simple, `row 3, column "date": "Total" is not a date`},
		"no date":              {one(",5"), simple, `row 3, column "date": "" is empty`},
		"an ambiguous date":    {one("7/1/2026,5"), simple, "swapped"},
		"not a number":         {one("2026-07-02,abc"), simple, `row 3, column "cost": "abc" is not a number`},
		"another point":        {one(`2026-07-02,"1,5"`), simple, "decimals (a point now)"},
		"another currency":     {one("2026-07-02,$5"), simple, "in another currency than RUB"},
		"an Excel error":       {one("2026-07-02,#REF!"), simple, "an error of the spreadsheet"},
		"an open quote":        {one(`2026-07-02,"5`), simple, "quotes are wrong"},
		"an endless row":       {one(`2026-07-02,"` + strings.Repeat("5", 3<<20)), simple, "over 1024 KB"},
		"only formulas":        {"date,cost\n2026-07-01,\n2026-07-02,\n", simple, "not one amount"},
		"a backward period":    {"a,b,cost\n2026-07-02,2026-07-01,5\n", `{"version":1,"currency":"RUB","columns":{"start":"a","end":"b","cost":"cost"}}`, "before the period's start"},
		"a period of no days":  {"a,b,cost\n2026-07-02,2026-07-02,5\n", `{"version":1,"currency":"RUB","columns":{"start":"a","end":"b","cost":"cost"}}`, "tick that the last day"},
		"a month for a day":    {"date,cost\n2026-07,5\n", simple, "a month without a day"},
		"not a currency":       {"date,cost,cur\n2026-07-01,5,??\n", `{"version":1,"period":"day","columns":{"start":"date","cost":"cost","currency":"cur"}}`, "no currency"},
		"too many columns":     {strings.Repeat("a,", 2500) + "\n", simple, "over 2000 columns"},
		"not UTF-8":            {"date,cost\n2026-07-01,1\n" + strings.Repeat("2026-07-01,1\n", 8000) + "2026-07-01,\xff\n", simple, "another encoding"},
		"UTF-16 without a BOM": {"date,cost\n", strings.Replace(simple, `"period"`, `"encoding":"utf-16","period"`, 1), "not UTF-16"},
	} {
		f := faultOf(t, name, []byte(c.content), mapping(t, c.mapping))
		if !strings.Contains(f.Text.EN, c.says) || f.Code != pipeline.FaultMalformed || f.Retry {
			t.Errorf("%s: %s, %q; want %q", name, f.Code, f.Text.EN, c.says)
		}
	}
}

func TestWrongMappings(t *testing.T) {
	for _, text := range []string{
		"", "{", "null", "[]", simple + "x", `{"version":2,"columns":{}}`, `{"version":1}`,
		`{"version":1,"period":"day","currency":"RUB","columns":{"cost":"c"}}`, `{"version":1,"period":"day","currency":"RUB","columns":{"start":"s"}}`,
		`{"version":1,"period":"day","columns":{"start":"s","cost":"c"}}`, `{"version":1,"currency":"RUB","columns":{"start":"s","cost":"c"}}`,
		strings.Replace(simple, "RUB", "рубли", 1), strings.Replace(simple, "RUB", "rub", 1), strings.Replace(simple, `"day"`, `"week"`, 1),
		strings.Replace(simple, `"period"`, `"zone":"Mars/Phobos","period"`, 1), strings.Replace(simple, `"period"`, `"zone":"Local","period"`, 1),
		strings.Replace(simple, `"period"`, `"decimal":",","group":",","period"`, 1), strings.Replace(simple, `"period"`, `"group":".","period"`, 1),
		strings.Replace(simple, `"period"`, `"delimiter":"x","period"`, 1), strings.Replace(simple, `"period"`, `"header_row":-1,"period"`, 1),
		strings.Replace(simple, `"period"`, `"sign":"positive_credits","period"`, 1), strings.Replace(simple, `"period"`, `"unknown":1,"period"`, 1),
		strings.Replace(simple, `"cost":"cost"`, `"cost":"cost","mood":"x"`, 1),
		strings.Replace(simple, `"period"`, `"leave_out":[{"column":"a"}],"period"`, 1), strings.Replace(simple, `"period"`, `"leave_out":[{"column":"a","equals":"b","empty":true}],"period"`, 1),
		strings.Replace(simple, `"period"`, `"tags":[{"key":"a"}],"period"`, 1), strings.Replace(simple, `"period"`, `"categories":{"a":"Gift"},"period"`, 1),
		strings.Replace(simple, `"date"`, `"`+strings.Repeat("d", 40<<10)+`"`, 1),
	} {
		_, err := table.ParseMapping(text)
		var f *pipeline.Fault
		if !errors.As(err, &f) || f.Code != pipeline.FaultSettings || f.Scope != "mapping" || f.Text.RU == "" || strings.Contains(f.Text.RU+f.Text.EN, "%!") {
			t.Errorf("%.80s: %v", text, err)
		}
	}
}

func TestTooLargeAndCancelled(t *testing.T) {
	long := io.MultiReader(strings.NewReader("date,cost,text\n"), &rowsReader{row: "2026-07-01,1," + strings.Repeat("x", 2000) + "\n", left: table.MaxBytes})
	_, err := table.Read(t.Context(), long, "long.csv", mapping(t, simple), time.UTC, func(pipeline.Charge) error { return nil })
	if f := pipeline.AsFault(err); f.Code != pipeline.FaultTooLarge {
		t.Errorf("too long: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	_, err = table.Read(ctx, &rowsReader{row: "date,cost\n", left: 1 << 20}, "a.csv", mapping(t, strings.Replace(simple, `"period"`, `"bad_rows":"leave_out","period"`, 1)), time.UTC, func(pipeline.Charge) error { return nil })
	if err != nil {
		t.Errorf("rows that are all left out: %v", err)
	}
	_, err = table.Read(ctx, io.MultiReader(strings.NewReader("date,cost\n"), &rowsReader{row: "2026-07-01,1\n", left: 1 << 20}), "a.csv", mapping(t, simple), time.UTC, func(pipeline.Charge) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	})
	if f := pipeline.AsFault(err); !errors.Is(err, context.Canceled) || !f.Retry {
		t.Errorf("cancelled: %v", err)
	}
	full := errors.New("the store is full")
	_, err = table.Read(t.Context(), strings.NewReader("date,cost\n2026-07-01,1\n"), "a.csv", mapping(t, simple), time.UTC, func(pipeline.Charge) error { return full })
	if err != full { //nolint:errorlint // it must pass as it is
		t.Errorf("the caller's own error: %v", err)
	}
}

// rowsReader repeats a row.
type rowsReader struct {
	row  string
	left int
	rest string
}

func (r *rowsReader) Read(p []byte) (int, error) {
	if r.rest == "" {
		if r.left <= 0 {
			return 0, io.EOF
		}
		r.rest = strings.Repeat(r.row, 1000)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	r.left -= n
	return n, nil
}

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

// TestRoundingIsTold: more digits than the ledger keeps are rounded, and the whole difference is told.
func TestRoundingIsTold(t *testing.T) {
	_, r, err := readAll(t, "a.csv", []byte("date,cost\n2026-07-01,0.1234567890123456789\n2026-07-01,0.0000000000000000001\n"), mapping(t, simple))
	if err != nil {
		t.Fatal(err)
	}
	if r.Totals["RUB"].String() != "0.123456789012345679" {
		t.Errorf("total %s", r.Totals["RUB"])
	}
	if len(r.Notes) != 1 || r.Notes[0].Code != table.NoteRounded || r.Notes[0].Count != 2 || !strings.Contains(r.Notes[0].Text.EN, "the whole difference is 0") {
		t.Errorf("notes %+v", r.Notes)
	}
}
