package focus_test

import (
	"bytes"
	"encoding/csv"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/focus"
)

// shared gives a file of the folder "shared" beside the project's root.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("cannot find go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	content, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "shared", filepath.FromSlash(name)))
	if os.IsNotExist(err) && os.Getenv("CI") != "true" {
		t.Skip("no shared folder beside the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// sums adds up a column of a CSV by a key column, without any code of the importer.
func sums(t testing.TB, content []byte, key, column string) map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := make(map[string]int)
	for i, name := range rows[0] {
		at[name] = i
	}
	totals := make(map[string]*big.Rat)
	for _, row := range rows[1:] {
		v, ok := new(big.Rat).SetString(row[at[column]])
		if !ok {
			v = new(big.Rat)
		}
		k := row[at[key]]
		if totals[k] == nil {
			totals[k] = new(big.Rat)
		}
		totals[k].Add(totals[k], v)
	}
	out := make(map[string]string)
	for k, v := range totals {
		out[k] = v.FloatString(18)
	}
	return out
}

func sumCharges(cs []pipeline.Charge, key func(*pipeline.Charge) string, value func(*pipeline.Charge) string) map[string]string {
	totals := make(map[string]*big.Rat)
	for i := range cs {
		v, _ := new(big.Rat).SetString(value(&cs[i]))
		k := key(&cs[i])
		if totals[k] == nil {
			totals[k] = new(big.Rat)
		}
		totals[k].Add(totals[k], v)
	}
	out := make(map[string]string)
	for k, v := range totals {
		out[k] = v.FloatString(18)
	}
	return out
}

func TestSampleLoadsWhole(t *testing.T) {
	content := shared(t, "data/focus/sample-1.0.csv")
	charges, outcome, fault := loadOne(t, "sample-1.0.csv", content, focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	if len(charges) != 1000 {
		t.Fatalf("%d charges, want 1000", len(charges))
	}
	provider := func(c *pipeline.Charge) string { return c.ProviderName }
	service := func(c *pipeline.Charge) string { return c.ServiceName }
	currency := func(c *pipeline.Charge) string { return c.BillingCurrency }
	columns := map[string]func(*pipeline.Charge) string{
		"BilledCost":       func(c *pipeline.Charge) string { return c.BilledCost.String() },
		"EffectiveCost":    func(c *pipeline.Charge) string { return c.EffectiveCost.String() },
		"ListCost":         func(c *pipeline.Charge) string { return c.ListCost.String() },
		"ContractedCost":   func(c *pipeline.Charge) string { return c.ContractedCost.String() },
		"ConsumedQuantity": func(c *pipeline.Charge) string { return c.ConsumedQuantity.String() },
		"PricingQuantity":  func(c *pipeline.Charge) string { return c.PricingQuantity.String() },
	}
	for column, value := range columns {
		for name, key := range map[string]func(*pipeline.Charge) string{
			"ProviderName": provider, "ServiceName": service, "BillingCurrency": currency,
		} {
			if diff := cmp.Diff(sums(t, content, name, column), sumCharges(charges, key, value)); diff != "" {
				t.Errorf("%s by %s (-file +loaded):\n%s", column, name, diff)
			}
		}
	}
	if got := sumCharges(charges, currency, columns["BilledCost"])["USD"]; got != "20.520226728990000000" {
		t.Errorf("BilledCost %s", got)
	}
	counts := make(map[string]int)
	for _, c := range charges {
		counts[c.ProviderName]++
	}
	if diff := cmp.Diff(map[string]int{"AWS": 942, "Microsoft": 51, "Oracle": 7}, counts); diff != "" {
		t.Error(diff)
	}
	want := map[string]int64{focus.NoteUnknownColumns: 1, focus.NoteEmptyCost: 7}
	if diff := cmp.Diff(want, noteCodes(outcome)); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if want := time.Date(2024, 10, 1, 0, 0, 0, 0, time.UTC); !outcome.CompleteThrough.Equal(want) {
		t.Errorf("complete through %s, want %s", outcome.CompleteThrough, want)
	}
}

func TestSampleRow(t *testing.T) {
	charges, _, fault := loadOne(t, "s.csv", shared(t, "data/focus/sample-1.0.csv"), focus.Options{})
	if fault != nil {
		t.Fatal(fault)
	}
	want := pipeline.Charge{
		Line: pipeline.Line{
			ProviderName: "AWS", PublisherName: "Amazon Web Services, Inc.", InvoiceIssuerName: "Amazon Web Services, Inc.",
			BillingAccountID: "1234567890123", BillingAccountName: "SunBird", BillingCurrency: "USD",
			SubAccountID: "43883916739", SubAccountName: "Zenith Eclipse", ServiceCategory: "Networking",
			ServiceName: "Elastic Load Balancing",
			ResourceID:  "arn:ats:emastilmoalfamanling:us-test-2:586597448978:moalfamanler/app/tungsten-lonbmuenle-amf/l365455f461l4e4a",
			RegionID:    "us-west-2", RegionName: "US West (Oregon)",
			SkuID: "2ETY8Y426S4237JU", SkuPriceID: "2ETY8Y426S4237JU.JRTCKXETXF.6YS6EN2CT7",
			ChargeCategory: pipeline.Usage, ChargeDescription: "$0.008 per used Application load balancer capacity unit-hour (or partial hour)",
			ChargeFrequency: "Usage-Based", PricingCategory: "Standard", PricingUnit: "LCU-Hours", ConsumedUnit: "LCU-Hours",
			ListUnitPrice: "0.008", ContractedUnitPrice: "0", CostStatus: pipeline.Billed,
			Tags:               map[string]string{"application": "BrightLensMatrix", "environment": "dev", "business_unit": "ViennaAI"},
			BillingPeriodStart: instant("2024-09-01T00:00:00Z"),
		},
		Start: instant("2024-09-30T22:00:00Z"), End: instant("2024-09-30T23:00:00Z"),
		Measures: pipeline.Measures{
			LineCount: 1, BilledCost: dec("0.0000160599"), ListCost: dec("0.0000160599"),
			ConsumedQuantity: dec("0.00200749"), PricingQuantity: dec("0.00200749"),
		},
	}
	if diff := cmp.Diff(want, charges[1]); diff != "" {
		t.Errorf("second row (-want +got):\n%s", diff)
	}
}
