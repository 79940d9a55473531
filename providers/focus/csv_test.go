package focus_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
)

// head and body are the smallest FOCUS file; %s of a row is its BilledCost.
const (
	head    = "BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory,ServiceName,Tags,ListUnitPrice\n"
	oneRow  = "%s,USD,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,Usage,Compute,,\n"
	goodRow = "1.5,USD,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,Usage,Compute,,\n"
)

func costs(cs []pipeline.Charge) string {
	var out []string
	for _, c := range cs {
		out = append(out, c.BilledCost.String())
	}
	return strings.Join(out, " ")
}

func gz(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func inUTF16(s string, big bool) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		if big {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestFormsThatAreCopedWith(t *testing.T) {
	f := func(name string, content []byte, wantCosts string, wantNotes ...string) {
		t.Helper()
		charges, outcome, fault := loadOne(t, name, content, focus.Options{})
		if fault != nil {
			t.Fatalf("%s: %v", name, fault)
		}
		if got := costs(charges); got != wantCosts {
			t.Errorf("%s: costs %q, want %q", name, got, wantCosts)
		}
		codes := noteCodes(outcome)
		delete(codes, focus.NoteMissingColumns) // head leaves many out
		got := make(map[string]bool)
		for code := range codes {
			got[code] = true
		}
		want := make(map[string]bool)
		for _, code := range wantNotes {
			want[code] = true
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", name, diff)
		}
		for _, n := range outcome.Notes {
			if n.Text.RU == "" || n.Text.EN == "" || n.Scope != name {
				t.Errorf("%s: a note without text or scope: %+v", name, n)
			}
		}
	}
	plain := head + goodRow + fmt.Sprintf(oneRow, "-0.25")
	f("plain.csv", []byte(plain), "1.5 -0.25")
	f("crlf.csv", []byte(strings.ReplaceAll(plain, "\n", "\r\n")), "1.5 -0.25")
	f("noend.csv", []byte(strings.TrimSuffix(plain, "\n")), "1.5 -0.25")
	f("blank.csv", []byte(head+"\n\r\n"+goodRow+"\n\n"), "1.5")
	f("bom.csv", []byte("\ufeff"+plain), "1.5 -0.25", focus.NoteBOM)
	f("le.csv", inUTF16(plain, false), "1.5 -0.25", focus.NoteEncoding)
	f("be.csv", inUTF16(plain, true), "1.5 -0.25", focus.NoteEncoding)
	f("p.csv.gz", gz(t, []byte(plain)), "1.5 -0.25")
	f("two.csv.gz", append(gz(t, []byte(head+goodRow)), gz(t, []byte(goodRow))...), "1.5 1.5")
	f("really-gz.csv", gz(t, []byte(plain)), "1.5 -0.25")
	f("not-gz.csv.gz", []byte(plain), "1.5 -0.25")
	f("semi.csv", []byte(strings.ReplaceAll(plain, ",", ";")), "1.5 -0.25", focus.NoteDelimiter)
	f("tab.tsv", []byte(strings.ReplaceAll(plain, ",", "\t")), "1.5 -0.25", focus.NoteDelimiter)
	f("sep.csv", []byte("sep=;\r\n"+strings.ReplaceAll(plain, ",", ";")), "1.5 -0.25", focus.NoteDelimiter)
	f("excel.csv", []byte("\ufeff"+strings.ReplaceAll(strings.ReplaceAll(plain, ",", ";"), ".", ",")), "1.5 -0.25",
		focus.NoteBOM, focus.NoteDelimiter, focus.NoteCommaDecimals)
	f("header-only.csv", []byte(head), "", focus.NoteNoRows)
	f("header-only-noend.csv", []byte(strings.TrimSpace(head)), "", focus.NoteNoRows)
	f("case.csv", []byte(strings.ToLower(head)+goodRow), "1.5")
	f("snake.csv", []byte("billed_cost,Billing Currency,charge_period_start,charge-period-end,Charge Category,,X_Foo,x_bar\n"+
		"1.5,usd,2026-10-01,2026-10-02,usage,1,2,3\n"), "1.5", focus.NoteUnknownColumns, focus.NoteCustomColumns, focus.NoteCurrencyCase)
	f("old.csv", []byte("BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeType,Provider,ServiceProviderName,AmortizedCost\n"+
		"1.5,USD,2026-10-01,2026-10-02,Usage,A,B,1.5\n"), "1.5", focus.NoteRenamedColumns, focus.NoteUnknownColumns)
	f("round.csv", []byte(head+fmt.Sprintf(oneRow, "0.0000000000000000005")+fmt.Sprintf(oneRow, "0.0000000000000000015")), "0 0.000000000000000002", focus.NoteRounded)
	f("exp.csv", []byte(head+fmt.Sprintf(oneRow, "5.64902E-05")+fmt.Sprintf(oneRow, "1e3")), "0.0000564902 1000")
	f("null.csv", []byte(head+fmt.Sprintf(oneRow, "NULL")+fmt.Sprintf(oneRow, "")+fmt.Sprintf(oneRow, "null")), "0 0 0", focus.NoteUnpriced)
	f("tags.csv", []byte(head+`1,USD,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,Usage,Compute,{torn,`+"\n"), "1", focus.NoteBadTags)
	f("moment.csv", []byte(head+`1,USD,2026-10-01T00:00:00Z,2026-10-01T00:00:00Z,Usage,Compute,,`+"\n"), "1", focus.NoteEmptyPeriod)
	f("odd.csv", []byte(head+`1,USD,2026-10-01T00:00:00.25Z,2026-10-01T01:00:00Z,Refund,Compute,,`+"\n"), "1", focus.NoteSubsecond, focus.NoteCategory)
	f("quoted.csv", []byte(head+`"1",USD,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,Usage,"a ""b"",`+"\n"+`c",,"2.50"`+"\n"+goodRow), "1 1.5")
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	f("z.csv.zst", z.EncodeAll([]byte(plain), nil), "1.5 -0.25")
}

func TestFilesThatAreRefused(t *testing.T) {
	f := func(name string, content []byte, code pipeline.FaultCode, wantEN ...string) {
		t.Helper()
		charges, _, fault := loadOne(t, name, content, focus.Options{})
		if fault == nil {
			t.Fatalf("%s was loaded: %s", name, costs(charges))
		}
		if fault.Code != code || fault.Scope != name || fault.Text.RU == "" {
			t.Errorf("%s: %+v", name, fault)
		}
		for _, want := range append(wantEN, name) {
			if !strings.Contains(strings.ToLower(fault.Text.EN), strings.ToLower(want)) {
				t.Errorf("%s: %q lacks %q", name, fault.Text.EN, want)
			}
		}
	}
	malformed := pipeline.FaultMalformed
	plain := head + goodRow
	f("empty.csv", nil, malformed, "is empty")
	f("blank.csv", []byte("\r\n \n"), malformed, "is empty")
	f("empty.csv.gz", gz(t, nil), malformed, "is empty")
	f("bom.csv", []byte("\ufeff"), malformed, "is empty")
	f("missing.csv", []byte("BilledCost,ServiceName,ChargeCategory,Tags\n1,a,Usage,\n"), malformed,
		"BillingCurrency, ChargePeriodStart, ChargePeriodEnd")
	f("cur.csv", []byte("identity/LineItemId,lineItem/UsageAmount\n1,2\n"), malformed, "not FOCUS", "identity/LineItemId")
	f("twice.csv", []byte(strings.Replace(plain, "ServiceName", "billedcost", 1)), malformed, "twice", "billedcost")
	f("short.csv", []byte(plain+"1,USD\n"), malformed, "row 3", "2 cells", "header of 8")
	f("long.csv", []byte(plain+strings.TrimSpace(goodRow)+",x\n"), malformed, "row 3", "9 cells")
	f("torn.csv", []byte(plain+goodRow[:30]), malformed, "row 3")
	f("word.csv", []byte(plain+fmt.Sprintf(oneRow, "abc")+goodRow+fmt.Sprintf(oneRow, "NaN")+fmt.Sprintf(oneRow, "inf")), malformed,
		"wrong values: 3", `row 3, BilledCost: "abc"`, `row 5, BilledCost: "NaN"`, `row 6, BilledCost: "inf"`)
	f("thousands.csv", []byte(plain+fmt.Sprintf(oneRow, `"1,234.50"`)+fmt.Sprintf(oneRow, "1 234")), malformed, "row 4", "thousands separator")
	f("comma.csv", []byte(plain+fmt.Sprintf(oneRow, `"0,5"`)), malformed, "row 3", "comma")
	f("mixed.csv", []byte(strings.ReplaceAll(plain, ",", ";")+strings.ReplaceAll(fmt.Sprintf(oneRow, "x"), ",", ";")), malformed, "row 3")
	f("point-and-comma.csv", []byte(strings.ReplaceAll(plain, ",", ";")+fmt.Sprintf(strings.ReplaceAll(oneRow, ",", ";"), "2,25")), malformed, "row 3", "another decimal point")
	f("ambiguous.csv", []byte(strings.ReplaceAll(head, ",", ";")+fmt.Sprintf(strings.ReplaceAll(oneRow, ",", ";"), "2,250")), malformed, "row 2", "not clear")
	f("huge.csv", []byte(head+fmt.Sprintf(oneRow, "1e999")), malformed, "row 2", "out of bounds")
	f("date.csv", []byte(strings.Replace(plain, "2026-10-01T00:00:00Z", "10/01/2026", 1)), malformed, "row 2", "10/01/2026", "not a date")
	f("backwards.csv", []byte(strings.Replace(plain, "2026-10-01T00", "2026-10-02T00", 1)), malformed, "row 2", "before the period's start")
	f("nocurrency.csv", []byte(strings.Replace(plain, ",USD", ",NULL", 1)), malformed, "row 2", "BillingCurrency", "required")
	f("rub.csv", []byte(strings.Replace(plain, ",USD", ",руб.", 1)), malformed, "row 2", "ISO 4217")
	f("noend.csv", []byte(strings.Replace(plain, "2026-10-01T01:00:00Z", "", 1)), malformed, "row 2", "ChargePeriodEnd")
	f("cp1251.csv", append([]byte(head), strings.Replace(goodRow, "Compute", "\xcc\xee\xf1\xea\xe2\xe0", 1)...), malformed, "row 2", "UTF-8", "Windows-1251", "Москва")
	f("cp1251-head.csv", []byte(strings.Replace(plain, "ListUnitPrice", "\xcc\xee\xf1", 1)), malformed, "header", "Windows-1251")
	f("open.csv", []byte(plain+strings.Replace(goodRow, "Compute", `"Compute`, 1)+goodRow), malformed, "row 3", "not closed")
	f("bare.csv", []byte(plain+strings.Replace(goodRow, "Compute", `Comp"u"te`, 1)), malformed, "row 3", "quote within a field")
	f("after.csv", []byte(plain+strings.Replace(goodRow, "Compute", `"Comp"ute`, 1)), malformed, "row 3", "after a closing quote")
	packed := gz(t, []byte(plain+strings.Repeat(goodRow, 1000)))
	f("torn.csv.gz", packed[:len(packed)/2], malformed, "breaks off")
	f("nosum.csv.gz", packed[:len(packed)-4], malformed, "breaks off")
	f("flipped.csv.gz", append(append(bytes.Clone(packed[:len(packed)-6]), packed[len(packed)-6]^1), packed[len(packed)-5:]...), malformed, "damaged")
	f("tail.csv.gz", append(bytes.Clone(packed), "garbage"...), malformed, "damaged")
	f("book.csv", []byte("PK\x03\x04rest of a workbook"), malformed, "Excel")
	f("binary.csv", []byte("a,b\x00\x01\x02"), malformed, "binary")
	f("torn.parquet", []byte("PAR1 and nothing else here"), malformed, "breaks off")
	f("tiny.parquet", []byte("PAR1"), malformed, "breaks off")
}

func TestFirstFiveWrongCellsAreShown(t *testing.T) {
	var b strings.Builder
	b.WriteString(head)
	for i := range 3000 {
		fmt.Fprintf(&b, oneRow, fmt.Sprintf("x%d", i))
	}
	_, _, fault := loadOne(t, "bad.csv", []byte(b.String()), focus.Options{})
	if fault == nil {
		t.Fatal("loaded")
	}
	if strings.Count(fault.Text.EN, "BilledCost") != 5 || !strings.Contains(fault.Text.EN, "wrong values: 1000+") {
		t.Error(fault.Text.EN)
	}
}

func TestLimits(t *testing.T) {
	content := []byte(head + strings.Repeat(goodRow, 1000))
	f := func(o focus.Options, name string, content []byte, want string) {
		t.Helper()
		_, _, fault := loadOne(t, name, content, o)
		if fault == nil || fault.Code != pipeline.FaultTooLarge || !strings.Contains(fault.Text.EN, want) {
			t.Errorf("%s: %v", name, fault)
		}
	}
	f(focus.Options{MaxBytes: 10_000}, "a.csv", content, "10000 bytes")
	f(focus.Options{MaxBytes: 10_000}, "a.csv.gz", gz(t, content), "10000 bytes")
	f(focus.Options{MaxRows: 999}, "a.csv", content, "999 rows")
	if charges, _, fault := loadOne(t, "a.csv", content, focus.Options{MaxRows: 1000, MaxBytes: int64(len(content))}); fault != nil || len(charges) != 1000 {
		t.Errorf("%d charges, %v", len(charges), fault)
	}
	bomb := gz(t, bytes.Repeat([]byte("a"), 64<<20))
	_, _, fault := loadOne(t, "bomb.csv.gz", bomb, focus.Options{})
	if fault == nil || !strings.Contains(fault.Text.EN, "longer than 4 MiB") {
		t.Errorf("a row of 64 MiB: %v", fault)
	}
}

func TestRowsAreKeptExactly(t *testing.T) {
	content := head +
		`0.1,USD,2026-10-01 00:30:15,2026-10-01T03:00:00+03:00,Credit,"Имя, с запятой","{""a"": 1, ""b"": null, ""c"": [1], ""d"": ""é""}",0.0100` + "\n"
	charges, _, fault := loadOne(t, "x.csv", []byte(strings.Replace(content, "2026-10-01T03:00:00+03:00", "2026-10-01T04:00:00+03:00", 1)), focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	want := []pipeline.Charge{{
		Line: pipeline.Line{
			BillingCurrency: "USD", ChargeCategory: pipeline.Credit, ServiceName: "Имя, с запятой", ListUnitPrice: "0.01",
			CostStatus: pipeline.Billed, Tags: map[string]string{"a": "1", "b": "", "c": "[1]", "d": "é"},
		},
		Start: instant("2026-10-01T00:30:15Z"), End: instant("2026-10-01T01:00:00Z"),
		Measures: pipeline.Measures{LineCount: 1, BilledCost: dec("0.1")},
	}}
	if diff := cmp.Diff(want, charges); diff != "" {
		t.Error(diff)
	}
}

func TestRoundingTellsTheWholeDifference(t *testing.T) {
	content := head + fmt.Sprintf(oneRow, "1.0000000000000000014") + fmt.Sprintf(oneRow, "0.00000000000000000012")
	_, outcome, fault := loadOne(t, "x.csv", []byte(content), focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	for _, n := range outcome.Notes {
		if n.Code == focus.NoteRounded && n.Count == 2 && strings.HasSuffix(n.Text.EN, "is -0.00000000000000000052.") {
			return
		}
	}
	t.Errorf("%+v", outcome.Notes)
}

func TestUnpricedRowAddsNoCost(t *testing.T) {
	content := "BilledCost,EffectiveCost,ConsumedQuantity,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,ChargeCategory\n" +
		"NULL,5,3,USD,2026-10-01,2026-10-02,Usage\n"
	charges, _, fault := loadOne(t, "x.csv", []byte(content), focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	want := pipeline.Measures{LineCount: 1, UnpricedCount: 1, ConsumedQuantity: dec("3")}
	if diff := cmp.Diff(want, charges[0].Measures); diff != "" {
		t.Error(diff)
	}
}

func TestFolder(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "bills")
	put(t, root, "secret.csv", []byte(head+goodRow))
	put(t, dir, "2026/10/a.csv", []byte(head+goodRow))
	put(t, dir, "x.csv/inner.csv", []byte(head+goodRow+goodRow))
	put(t, dir, "manifest.json", []byte("{}"))
	put(t, dir, "m.json.gz", []byte("{}"))
	put(t, dir, "_SUCCESS.csv", nil)
	put(t, dir, ".hidden.csv", nil)
	put(t, dir, "readme.txt", nil)
	for link, to := range map[string]string{"out.csv": "../secret.csv", "dirout": "..", "in.csv": "2026/10/a.csv"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	s := openWith(t, pipeline.Settings{"source": "folder", "folder": "bills"}, focus.Options{FolderRoot: root})
	objects, err := s.Objects(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]bool)
	for _, o := range objects {
		keys[o.Key] = true
	}
	if diff := cmp.Diff(map[string]bool{"2026/10/a.csv": true, "x.csv/inner.csv": true, "in.csv": true}, keys); diff != "" {
		t.Error(diff)
	}
	out, err := s.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var refused []string
	for _, scope := range out.Scopes {
		if scope.Fault != nil {
			refused = append(refused, scope.Scope+" "+string(scope.Fault.Code))
		}
	}
	if diff := cmp.Diff([]string{"file:out.csv forbidden"}, refused); diff != "" {
		t.Error(diff)
	}
	_, err = s.Collect(context.Background(), pipeline.Task{Feed: pipeline.FeedFiles, Object: pipeline.Object{Key: "../secret.csv"}}, newLedger())
	if err == nil {
		t.Error("a file outside the folder was read")
	}
}

func TestFolderFaults(t *testing.T) {
	root := t.TempDir()
	put(t, root, "file.csv", []byte(head))
	if err := os.Mkdir(filepath.Join(root, "empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(root, "away")); err != nil {
		t.Fatal(err)
	}
	f := func(folder string, code pipeline.FaultCode, want string) {
		t.Helper()
		s, err := focus.New(focus.Variants()[0], focus.Options{FolderRoot: root}).Open(
			pipeline.Settings{"source": "folder", "folder": folder}, testEnv(t))
		if err == nil {
			defer func() { _ = s.Close(context.Background()) }()
			_, err = s.Check(context.Background())
		}
		if err == nil {
			t.Fatalf("%q is accepted", folder)
		}
		fault := pipeline.AsFault(err)
		if fault.Code != code || !strings.Contains(fault.Text.EN, want) {
			t.Errorf("%q: %v", folder, fault)
		}
		if strings.Contains(fault.Error(), root) {
			t.Errorf("%q: the fault names the server's path: %v", folder, fault)
		}
	}
	f("none", pipeline.FaultNotFound, "There is no folder")
	f("empty", pipeline.FaultNotFound, "no FOCUS files")
	f("file.csv", pipeline.FaultSettings, "no folder within")
	f("away", pipeline.FaultSettings, "leads out")
	f("../x", pipeline.FaultSettings, "outside")
	f("/etc", pipeline.FaultSettings, "outside")
	f("", pipeline.FaultSettings, "No folder")
	if _, err := focus.New(focus.Variants()[0], focus.Options{}).Open(pipeline.Settings{"source": "folder", "folder": "."}, testEnv(t)); err == nil {
		t.Error("folders are open without a root")
	}
}
