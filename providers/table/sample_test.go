package table_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/infrazen/infrazen/pipeline"
	"github.com/infrazen/infrazen/providers/table"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
		add(t, totals, row[at[key]], row[at[column]])
	}
	return texts(totals)
}

func add(t testing.TB, totals map[string]*big.Rat, key, value string) {
	t.Helper()
	v, ok := new(big.Rat).SetString(value)
	if !ok {
		t.Fatalf("%q is no number", value)
	}
	if totals[key] == nil {
		totals[key] = new(big.Rat)
	}
	totals[key].Add(totals[key], v)
}

func texts(totals map[string]*big.Rat) map[string]string {
	out := make(map[string]string)
	for k, v := range totals {
		out[k] = v.FloatString(18)
	}
	return out
}

func sumBy(t testing.TB, cs []pipeline.Charge, key func(*pipeline.Charge) string) map[string]string {
	t.Helper()
	totals := make(map[string]*big.Rat)
	for i := range cs {
		add(t, totals, key(&cs[i]), cs[i].BilledCost.String())
	}
	return texts(totals)
}

// readAll reads content by a mapping and keeps its charges.
func readAll(t testing.TB, name string, content []byte, m table.Mapping) ([]pipeline.Charge, table.Report, error) {
	t.Helper()
	var charges []pipeline.Charge
	r, err := table.Read(context.Background(), bytes.NewReader(content), name, m, time.UTC, func(c pipeline.Charge) error {
		charges = append(charges, c)
		return nil
	})
	return charges, r, err
}

func mapping(t testing.TB, text string) table.Mapping {
	t.Helper()
	m, err := table.ParseMapping(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const awsMapping = `{"version":1,"provider":"AWS","columns":{
	"start":"lineItem/UsageStartDate","end":"lineItem/UsageEndDate","cost":"lineItem/UnblendedCost","currency":"lineItem/CurrencyCode",
	"service":"product/ProductName","region":"product/regionCode","project_id":"lineItem/UsageAccountId","account":"bill/PayerAccountId",
	"sku":"product/sku","quantity":"lineItem/UsageAmount","unit":"pricing/unit","category":"lineItem/LineItemType"}}`

const azureMapping = `{"version":1,"provider":"Microsoft","date_order":"mdy","period":"day","columns":{
	"start":"Date","cost":"CostInBillingCurrency","currency":"BillingCurrencyCode","service":"MeterCategory","region":"ResourceLocation",
	"project_id":"SubscriptionId","project_name":"SubscriptionName","resource_id":"ResourceId","sku":"MeterId","quantity":"Quantity",
	"unit":"UnitOfMeasure","category":"ChargeType","account":"BillingAccountId"},"tags":[{"column":"Tags"},{"column":"CostCenter","key":"cost_center"}]}`

func TestRealBillsByMappingAlone(t *testing.T) {
	for _, c := range []struct {
		file, mapping, total, currency string
		rows                           int
		keys                           map[string]func(*pipeline.Charge) string
		cost                           string
	}{
		{
			"aws-cur-sample.csv", awsMapping, "1.6823086974", "USD", 1281, map[string]func(*pipeline.Charge) string{
				"product/ProductName":   func(c *pipeline.Charge) string { return c.ServiceName },
				"product/regionCode":    func(c *pipeline.Charge) string { return c.RegionID },
				"lineItem/LineItemType": func(c *pipeline.Charge) string { return string(c.ChargeCategory) },
			}, "lineItem/UnblendedCost",
		},
		{
			"azure-ea-sample.csv", azureMapping, "1.26136926505726", "CAD", 27, map[string]func(*pipeline.Charge) string{
				"MeterCategory":    func(c *pipeline.Charge) string { return c.ServiceName },
				"SubscriptionId":   func(c *pipeline.Charge) string { return c.SubAccountID },
				"ResourceLocation": func(c *pipeline.Charge) string { return c.RegionID },
			}, "CostInBillingCurrency",
		},
	} {
		t.Run(c.file, func(t *testing.T) {
			content := shared(t, "data/bills/"+c.file)
			charges, report, err := readAll(t, c.file, content, mapping(t, c.mapping))
			if err != nil {
				t.Fatal(err)
			}
			if len(charges) != c.rows || report.Lines != int64(c.rows) || report.Rows != int64(c.rows) {
				t.Errorf("%d charges, report %d of %d", len(charges), report.Lines, report.Rows)
			}
			if got := report.Totals[c.currency].String(); len(report.Totals) != 1 || got != c.total {
				t.Errorf("totals %v, want %s %s", report.Totals, c.total, c.currency)
			}
			for column, key := range c.keys {
				if diff := cmp.Diff(sums(t, content, column, c.cost), sumBy(t, charges, key)); diff != "" {
					t.Errorf("by %s (-file +read):\n%s", column, diff)
				}
			}
		})
	}
}
