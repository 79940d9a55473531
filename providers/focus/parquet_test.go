package focus_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
)

// typedRow has each column in a type that some exporter gives it.
type typedRow struct {
	BilledCost         int64             `parquet:"BilledCost,decimal(10:18)"`
	EffectiveCost      float64           `parquet:"EffectiveCost"`
	ListCost           *string           `parquet:"ListCost,optional"`
	ContractedCost     [16]byte          `parquet:"ContractedCost,decimal(6:38)"`
	ConsumedQuantity   float32           `parquet:"ConsumedQuantity"`
	PricingQuantity    *uint32           `parquet:"PricingQuantity,optional"`
	BillingCurrency    string            `parquet:"BillingCurrency,dict"`
	ChargePeriodStart  time.Time         `parquet:"ChargePeriodStart,timestamp(millisecond)"`
	ChargePeriodEnd    time.Time         `parquet:"ChargePeriodEnd,timestamp(microsecond)"`
	BillingPeriodStart deprecated.Int96  `parquet:"BillingPeriodStart"`
	ChargeCategory     string            `parquet:"ChargeCategory,enum"`
	ServiceName        *string           `parquet:"ServiceName,optional,snappy"`
	SkuID              int32             `parquet:"SkuId"`
	ListUnitPrice      *int32            `parquet:"ListUnitPrice,optional,decimal(4:9)"`
	Tags               map[string]string `parquet:"Tags,optional"`
	XPayload           []string          `parquet:"x_Payload,list"`
}

func writeParquet[T any](t testing.TB, rows []T, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b, options...)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ptr[T any](v T) *T { return &v }

func fixed(v int64) (out [16]byte) {
	n := big.NewInt(v)
	if v < 0 {
		n.Add(n, new(big.Int).Lsh(big.NewInt(1), 128))
	}
	n.FillBytes(out[:])
	return out
}

func int96(t time.Time) deprecated.Int96 {
	days := t.Unix() / 86400
	nanos := uint64(t.Sub(time.Unix(days*86400, 0)))
	return deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(days + 2440588)}
}

func TestParquetTypes(t *testing.T) {
	start := instant("2026-10-01T05:00:00Z")
	row := typedRow{
		BilledCost: -12_345_678_901, EffectiveCost: 0.1, ListCost: ptr("5.64902E-05"), ContractedCost: fixed(-2_500_000),
		ConsumedQuantity: 0.3, PricingQuantity: ptr(uint32(4_000_000_000)), BillingCurrency: "RUB",
		ChargePeriodStart: start, ChargePeriodEnd: start.Add(90 * time.Minute), BillingPeriodStart: int96(instant("2026-10-01T00:00:00Z")),
		ChargeCategory: "Usage", ServiceName: ptr("Вычисления"), SkuID: -7, ListUnitPrice: ptr(int32(12500)),
		Tags: map[string]string{"env": "prod", "команда": `a"b`}, XPayload: []string{"a", "b"},
	}
	bare := row
	bare.ListCost, bare.PricingQuantity, bare.ServiceName, bare.ListUnitPrice, bare.Tags, bare.XPayload = nil, nil, nil, nil, nil, nil
	other := row
	other.Tags = map[string]string{"one": ""}

	charges, outcome, fault := loadOne(t, "x.parquet", writeParquet(t, []typedRow{row, bare, other}), focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	first := pipeline.Charge{
		Line: pipeline.Line{
			BillingCurrency: "RUB", ChargeCategory: pipeline.Usage, ServiceName: "Вычисления", SkuID: "-7", ListUnitPrice: "1.25",
			CostStatus: pipeline.Billed, Tags: map[string]string{"env": "prod", "команда": `a"b`},
			BillingPeriodStart: instant("2026-10-01T00:00:00Z"),
		},
		Start: start, End: instant("2026-10-01T06:30:00Z"),
		Measures: pipeline.Measures{
			LineCount: 1, BilledCost: dec("-1.2345678901"), EffectiveCost: dec("0.1"), ListCost: dec("0.0000564902"),
			ContractedCost: dec("-2.5"), ConsumedQuantity: dec("0.3"), PricingQuantity: dec("4000000000"),
		},
	}
	second := first
	second.ServiceName, second.ListUnitPrice, second.Tags = "", "", nil
	second.ListCost, second.PricingQuantity = dec("0"), dec("0")
	third := first
	third.Tags = map[string]string{"one": ""}
	if diff := cmp.Diff([]pipeline.Charge{first, second, third}, charges); diff != "" {
		t.Error(diff)
	}
	codes := noteCodes(outcome)
	delete(codes, focus.NoteMissingColumns)
	want := map[string]int64{focus.NoteFloatColumns: 2, focus.NoteCustomColumns: 1, focus.NoteEmptyCost: 1}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Error(diff)
	}
}

type pair struct {
	Key   string  `parquet:"key"`
	Value *string `parquet:"value,optional"`
}

type pairsRow struct {
	BilledCost        string `parquet:"billedcost"`
	BillingCurrency   string `parquet:"billingcurrency"`
	ChargePeriodStart string `parquet:"chargeperiodstart"`
	ChargePeriodEnd   int32  `parquet:"chargeperiodend,date"`
	ChargeCategory    string `parquet:"chargecategory"`
	Tags              []pair `parquet:"tags,list"`
}

func TestParquetTagsAsListOfPairs(t *testing.T) {
	var rows []pairsRow
	var want []map[string]string
	for i := range 5000 {
		r := pairsRow{BilledCost: "1", BillingCurrency: "USD", ChargePeriodStart: "2026-10-01", ChargePeriodEnd: 20728, ChargeCategory: "Tax"}
		var tags map[string]string
		for j := range i % 4 {
			if tags == nil {
				tags = make(map[string]string)
			}
			k, v := fmt.Sprintf("k%d", j), fmt.Sprintf("v%d", i)
			r.Tags = append(r.Tags, pair{Key: k, Value: &v})
			tags[k] = v
		}
		rows, want = append(rows, r), append(want, tags)
	}
	content := writeParquet(t, rows, parquet.PageBufferSize(500), parquet.MaxRowsPerRowGroup(700))
	charges, _, fault := loadOne(t, "x.parquet", content, focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	var got []map[string]string
	for _, c := range charges {
		got = append(got, c.Tags)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestParquetEqualsCSV loads the sample once as it is and once as Parquet of strings: the charges are the same.
func TestParquetEqualsCSV(t *testing.T) {
	content := shared(t, "data/focus/sample-1.0.csv")
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns := parquet.Group{}
	for _, name := range rows[0] {
		columns[name] = parquet.Optional(parquet.String())
	}
	schema := parquet.NewSchema("focus", columns)
	var b bytes.Buffer
	w := parquet.NewWriter(&b, schema, parquet.MaxRowsPerRowGroup(300))
	for _, row := range rows[1:] {
		record := make(map[string]any)
		for i, name := range rows[0] {
			if row[i] != "NULL" {
				record[name] = row[i]
			}
		}
		if err := w.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want, _, fault := loadOne(t, "a.csv", content, focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	got, _, fault := loadOne(t, "a.parquet", b.Bytes(), focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParquetThatIsRefused(t *testing.T) {
	good := writeParquet(t, []pairsRow{{BilledCost: "1", BillingCurrency: "USD", ChargePeriodStart: "2026-10-01", ChargePeriodEnd: 20728, ChargeCategory: "Tax"}})
	f := func(content []byte, want string) {
		t.Helper()
		_, _, fault := loadOne(t, "x.parquet", content, focus.Options{})
		if fault == nil || fault.Code != pipeline.FaultMalformed || !strings.Contains(fault.Text.EN, want) {
			t.Errorf("%v, want %q", fault, want)
		}
	}
	f(good[:len(good)-1], "breaks off")
	f(good[:len(good)/2], "breaks off")
	type nan struct {
		BilledCost        float64 `parquet:"BilledCost"`
		BillingCurrency   string
		ChargePeriodStart string
		ChargePeriodEnd   string
		ChargeCategory    string
	}
	f(writeParquet(t, []nan{
		{BilledCost: 1, BillingCurrency: "USD", ChargePeriodStart: "2026-10-01", ChargePeriodEnd: "2026-10-02", ChargeCategory: "Tax"},
		{BilledCost: nanValue(), BillingCurrency: "USD", ChargePeriodStart: "2026-10-01", ChargePeriodEnd: "2026-10-02", ChargeCategory: "Tax"},
	}),
		`Row 2, BilledCost: "NaN"`)
	f(writeParquet(t, []pairsRow{{BilledCost: "1"}}, parquet.Compression(&parquet.Lz4Raw)), "LZ4_RAW")
	type nested struct {
		BilledCost        []string `parquet:"BilledCost,list"`
		BillingCurrency   string
		ChargePeriodStart string
		ChargePeriodEnd   string
		ChargeCategory    string
	}
	f(writeParquet(t, []nested{{}}), "nested")
}

// TestParquetDamagedAnywhere turns over each byte of a file in turn: it may load or not, but it may not panic.
func TestParquetDamagedAnywhere(t *testing.T) {
	good := writeParquet(t, []pairsRow{{
		BilledCost: "1", BillingCurrency: "USD", ChargePeriodStart: "2026-10-01", ChargePeriodEnd: 20728, ChargeCategory: "Tax",
		Tags: []pair{{Key: "a", Value: ptr("b")}},
	}})
	dir := t.TempDir()
	s := openFolder(t, dir, focus.Options{})
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x55
		put(t, dir, "x.parquet", bad)
		collectAll(t, s, newLedger())
	}
}
